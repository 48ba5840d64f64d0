package emulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// faultRow is a row of the register of behaviours that happens only where a rule asks for it by its id.
type faultRow struct {
	id   string
	what string // what it does, on which requests
	// personality is the only one that it happens on; empty = both. Rules that name it do nothing on the other.
	personality string
	// variants are the ways it shows. The first is the default; a row with a single way names none.
	variants []faultVariant
}

type faultVariant struct {
	name, what string
	effect     effect
}

// faultRows are all rows of the register whose mode is or contains fault, in its order, and spurious refusals and other
// alternatives of open-facts.md that are no option.
var faultRows = []faultRow{
	{id: "ID-16", what: "the site's clock is off: Date and written dates", variants: []faultVariant{
		{"ahead", "by five minutes", effect{clock: 5 * time.Minute}},
		{"behind", "by five minutes", effect{clock: -5 * time.Minute}},
	}},
	{id: "AU-10", what: "the credential is refused: 403 on v1, bare 404 on v2", variants: []faultVariant{
		{"revoked", "from this request on", effect{expire: true}},
		{"once", "for this request only", effect{status: http.StatusUnauthorized, alter: refuseCredential}},
	}},
	{id: "AU-12", personality: "dc", what: "403 with X-Authentication-Denied-Reason: a person must solve a CAPTCHA first; nothing is applied", variants: []faultVariant{
		{"request", "to this request, if it has basic credentials", effect{instead: lockedOut(0)}},
		{"failures", "to all requests with basic credentials of an account, after three wrong passwords for it", effect{instead: lockedOut(3)}},
	}},
	{id: "AU-19", personality: "dc", what: "the login page in place of JSON or a file; nothing is applied", variants: []faultVariant{
		{"200", "as if all were well", effect{html: "login"}},
		{"302", "a redirect to it", effect{status: http.StatusFound, body: some(""), alter: toLogin}},
		{"refused", "where the answer would be 401", effect{alter: loginInsteadOf401}},
	}},
	{id: "ER-04", what: "an HTML page of a proxy; nothing is applied", variants: []faultVariant{
		{"502", "bad gateway", effect{status: 502, html: "proxy"}},
		{"403", "refused by the proxy", effect{status: 403, html: "proxy"}},
		{"200", "as if all were well", effect{html: "proxy"}},
	}},
	{id: "ER-11", what: "the site fails; nothing is applied", variants: []faultVariant{
		{"500", "internal server error", effect{status: 500}},
		{"502", "bad gateway", effect{status: 502}},
		{"503", "service unavailable", effect{status: 503}},
		{"503-retry-after", "service unavailable, with Retry-After: 1", effect{status: 503, header: header("Retry-After", "1")}},
		{"504", "gateway timeout", effect{status: 504}},
		{"starting", "503 with the page of a node that starts", effect{status: 503, html: "maintenance"}},
		{"reset", "the connection ends without an answer", effect{drop: "before-apply"}},
	}},
	{id: "ER-12", what: "a write's answer is lost", variants: []faultVariant{
		{"applied", "after it was applied", effect{drop: "after-apply", suits: writing}},
		{"not-applied", "and it was not applied", effect{drop: "before-apply", suits: writing}},
		{"late", "and it is applied ten seconds later", effect{applyLate: 10 * time.Second, suits: writing}},
	}},
	{id: "ER-15", personality: "dc", what: "404 to a request that is tolerated in other places", variants: []faultVariant{
		{"slash", "a path that ends with a slash", effect{status: http.StatusNotFound, suits: func(c *call) bool { return strings.HasSuffix(c.r.URL.Path, "/") }}},
		{"case", "a space key in other letters than the space's", effect{status: http.StatusNotFound, suits: otherCase}},
	}},
	{id: "ER-19", personality: "cloud", what: "a search is refused with 413 because its cursor is too long", variants: []faultVariant{
		{effect: effect{status: http.StatusRequestEntityTooLarge, suits: func(c *call) bool { return searching(c) && c.query.Get("cursor") != "" }}},
	}},
	{id: "RL-04", personality: "cloud", what: "429 of the gateway with X-Failure-Category, without Retry-After and without a body of the product", variants: []faultVariant{
		{effect: effect{status: 429, body: some(`{"code":429,"message":"Rate limit exceeded"}`), header: header("X-Failure-Category", "FAILURE_CLIENT_RATE_LIMITED", "Retry-After", "")}},
	}},
	{id: "RL-06", what: "429; nothing is applied", variants: []faultVariant{
		{"retry-after", "with Retry-After: 1", effect{status: 429, header: header("Retry-After", "1")}},
		{"without", "without Retry-After", effect{status: 429, header: header("Retry-After", "")}},
		{"either", "with or without, by the seed", effect{status: 429, alter: func(c *call, a *answer) {
			if c.fault.lot(fmt.Sprint("retry ", c.fault.k)) < 0.5 {
				a.set("Retry-After", "1")
			}
		}}},
	}},
	{id: "RL-08", personality: "dc", what: "a listing by start gets slower with its depth: 0.7 ms for each row before its first, 14 s at row 20,000", variants: []faultVariant{
		{effect: effect{slow: depth}},
	}},
	{id: "PG-11", personality: "dc", what: "listings have a tenth of the ids twice and leave a tenth out, always the same by id and seed", variants: []faultVariant{
		{effect: effect{alter: misreport}},
	}},
	{id: "PG-14", what: "totalSize of a search, and of Data Center's instance metrics the counts, are higher than what listing yields", variants: []faultVariant{
		{effect: effect{suits: func(c *call) bool { return searching(c) || strings.HasSuffix(c.route.template, "/instance-metrics") }, alter: miscount}},
	}},
	{id: "PA-02", what: "409 with an OptimisticLockException to a PUT although its version number is right; nothing is applied", variants: []faultVariant{
		{effect: effect{suits: func(c *call) bool { return writing(c) && c.r.Method == http.MethodPut }, status: http.StatusConflict, alter: lockFailed}},
	}},
	{id: "AT-12", what: "a file cannot be downloaded although its record is there", variants: []faultVariant{
		{"missing", "404", effect{status: http.StatusNotFound, suits: downloading}},
		{"truncated", "the connection ends half way", effect{suits: streaming, alter: func(_ *call, a *answer) { a.truncate = some(len(fileBytes(a)) / 2) }}},
		{"short", "half of it arrives as if it were all", effect{suits: streaming, alter: func(_ *call, a *answer) { give(a, fileBytes(a)[:len(fileBytes(a))/2]) }}},
		{"altered", "one bit is another", effect{suits: streaming, alter: func(_ *call, a *answer) { give(a, flipped(fileBytes(a))) }}},
	}},
	{id: "CQ-09", what: "a quarter of the contents, chosen by id and seed, is missing from searches", variants: []faultVariant{
		{effect: effect{hide: 0.25, suits: searching}},
	}},
	{id: "WH-05", personality: "dc", what: "the webhooks that a write raises", variants: []faultVariant{
		{"lost", "are not sent", effect{hook: "lost", suits: writing}},
		{"twice", "are sent twice", effect{hook: "twice", suits: writing}},
		{"reordered", "are kept back until the next event has been sent", effect{hook: "reordered", suits: writing}},
		{"unreachable", "do not reach their receiver", effect{hook: "unreachable", suits: writing}},
	}},
	{id: "LT-02", personality: "dc", what: "a backup that this request starts ends as FAILED, without a file", variants: []faultVariant{
		{effect: effect{failBackup: true, suits: startingBackup}},
	}},
	{id: "ST-14", what: "a written body is read back in another form of the same meaning, another one at every write", variants: []faultVariant{
		{effect: effect{noise: true, suits: writing}},
	}},
	{id: "XM-06", personality: "dc", what: backupText, variants: backupVariants(
		backup.DefectControlBody, backup.DefectControlTitle, backup.DefectInvalidUTF8, backup.DefectNoXMLDeclaration, backup.DefectLineSeparator,
		backup.DefectUnknownElement)},
	{id: "XM-07", personality: "dc", what: backupText, variants: backupVariants(
		backup.DefectMissingBinary, backup.DefectMissingParent, backup.DefectParentElsewhere, backup.DefectParentTrashed, backup.DefectZeroByteFile)},
	{id: "XM-08", personality: "dc", what: backupText, variants: backupVariants(backup.DefectExtraneousSpace)},
	{id: "XM-09", personality: "dc", what: backupText, variants: backupVariants(
		backup.DefectOrphanVersion, backup.DefectMissingBody, backup.DefectDuplicateObject, backup.DefectDeletedVersion,
		backup.DefectMissingVersion)},
	{id: "XM-17", personality: "dc", what: backupText, variants: backupVariants(
		backup.DefectNoEntities, backup.DefectPathTrick, backup.DefectDoctype, backup.DefectTruncated)},
	{id: "OF-03", personality: "cloud", what: "descendants come in another order than the tree's", variants: []faultVariant{
		{effect: effect{suits: ofRoute("/descendants"), alter: shuffle}},
	}},
	{id: "OF-30", personality: "cloud", what: "spurious refusals", variants: []faultVariant{
		{"flap403404", "of valid calls: 403 of the product or 404 of the network in front of it, by the seed; nothing is applied", effect{status: http.StatusNotFound, alter: flap}},
		{"ghostCreate", "a page that this request creates gets its id, and is 404 to every read until the rules are replaced", effect{suits: creating, ghost: true}},
		{"upload503Partial", "an upload is answered 503 although an attachment appears, whose file is not there until the rules are replaced", effect{suits: uploading, ghost: true, status: http.StatusServiceUnavailable, apply: true}},
	}},
}

// Fault names a row of the register that fault rules can ask for, or one of its variants.
type Fault struct {
	ID, Variant string
	Personality string // the only one that it happens on; empty = both
}

// Faults returns all faults in the order of the register.
func Faults() []Fault {
	var out []Fault
	for _, row := range faultRows {
		for _, v := range row.variants {
			out = append(out, Fault{row.id, v.name, row.personality})
		}
	}
	return out
}

const backupText = "an export that a backup started by this request makes has a defect"

// backupVariants are the defects of an export as variants; a single one has no name.
func backupVariants(defects ...backup.Defect) []faultVariant {
	var out []faultVariant
	for _, d := range defects {
		v := faultVariant{string(d), backup.Defects[d], effect{defects: []backup.Defect{d}, suits: startingBackup}}
		if len(defects) == 1 {
			v.name = ""
		}
		out = append(out, v)
	}
	return out
}

// become takes over what a row of the register does.
func (e *effect) become(id, variant string) error {
	i := slices.IndexFunc(faultRows, func(r faultRow) bool { return r.id == id })
	if i < 0 {
		var valid []string
		for _, r := range faultRows {
			valid = append(valid, r.id)
		}
		return fmt.Errorf("there is no fault %q; there are %s", id, strings.Join(valid, ", "))
	}
	row := faultRows[i]
	var names []string
	for n, v := range row.variants {
		names = append(names, v.name)
		if v.name != variant && (variant != "" || n > 0) {
			continue
		}
		taken := v.effect
		taken.fault, taken.variant, taken.personality = id, v.name, row.personality
		taken.delay, taken.clock = e.delay, e.clock+taken.clock
		taken.header = merged(taken.header, e.header)
		*e = taken
		return nil
	}
	if len(row.variants) == 1 {
		return fmt.Errorf("fault %s has no variants", id)
	}
	return fmt.Errorf("fault %s has no variant %q; there are %s", id, variant, strings.Join(names, ", "))
}

func merged(under, over map[string]*string) map[string]*string {
	if len(under)+len(over) == 0 {
		return nil
	}
	out := map[string]*string{}
	maps.Copy(out, under)
	maps.Copy(out, over)
	return out
}

func some[T any](v T) *T { return &v }

// header makes headers of pairs; an empty value removes one.
func header(pairs ...string) map[string]*string {
	out := map[string]*string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if out[pairs[i]] = nil; pairs[i+1] != "" {
			out[pairs[i]] = &pairs[i+1]
		}
	}
	return out
}
