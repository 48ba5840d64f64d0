package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// faultRow is a row of the register of behaviours that happens only where a rule asks for it by its id.
type faultRow struct {
	id   string
	what string // what it does, on which requests
	lack string // why it cannot be asked for; such a row has no variants
	// variants are the ways it shows. The first is the default; a row with a single way names none.
	variants []faultVariant
}

type faultVariant struct {
	name, what string
	effect     effect
}

// faultRows are all rows of the register whose mode is or contains fault, in its order.
var faultRows = []faultRow{
	{id: "ID-16", what: "the site's clock is off: Date and written dates", variants: []faultVariant{
		{"ahead", "by five minutes", effect{clock: 5 * time.Minute}},
		{"behind", "by five minutes", effect{clock: -5 * time.Minute}},
	}},
	{id: "AU-10", what: "the credential is refused: 403 on v1, bare 404 on v2", variants: []faultVariant{
		{"revoked", "from this request on", effect{expire: true}},
		{"once", "for this request only", effect{status: http.StatusUnauthorized, alter: refuseCredential}},
	}},
	{id: "AU-12", lack: "Data Center is not emulated yet"},
	{id: "AU-19", lack: "Data Center is not emulated yet; html: login does the same on Cloud"},
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
		{"reset", "the connection ends without an answer", effect{drop: "before-apply"}},
	}},
	{id: "ER-12", what: "a write's answer is lost", variants: []faultVariant{
		{"applied", "after it was applied", effect{drop: "after-apply", suits: writing}},
		{"not-applied", "and it was not applied", effect{drop: "before-apply", suits: writing}},
		{"late", "and it is applied ten seconds later", effect{applyLate: 10 * time.Second, suits: writing}},
	}},
	{id: "ER-15", lack: "Data Center is not emulated yet"},
	{id: "ER-19", what: "a search is refused with 413 because its cursor is too long", variants: []faultVariant{
		{effect: effect{status: http.StatusRequestEntityTooLarge, suits: func(c *call) bool { return searching(c) && c.query.Get("cursor") != "" }}},
	}},
	{id: "RL-04", what: "429 of the gateway with X-Failure-Category, without Retry-After and without a body of the product", variants: []faultVariant{
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
	{id: "RL-08", lack: "Data Center is not emulated yet; delay does the same on Cloud"},
	{id: "PG-11", lack: "Data Center is not emulated yet; list does the same on Cloud"},
	{id: "PG-14", what: "totalSize of a search is higher than what listing yields", variants: []faultVariant{
		{effect: effect{suits: searching, alter: miscount}},
	}},
	{id: "PA-02", what: "409 with an OptimisticLockException to a PUT although its version number is right; nothing is applied", variants: []faultVariant{
		{effect: effect{suits: func(c *call) bool { return writing(c) && c.r.Method == http.MethodPut }, status: http.StatusConflict, alter: lockFailed}},
	}},
	{id: "AT-12", what: "a file cannot be downloaded although its record is there", variants: []faultVariant{
		{"missing", "404", effect{status: http.StatusNotFound, suits: ofRoute("/download")}},
		{"truncated", "the connection ends half way", effect{suits: ofRoute("/media/file/{id}/{version}"), alter: func(_ *call, a *answer) { a.truncate = some(len(fileBytes(a)) / 2) }}},
		{"short", "half of it arrives as if it were all", effect{suits: ofRoute("/media/file/{id}/{version}"), alter: func(_ *call, a *answer) { give(a, fileBytes(a)[:len(fileBytes(a))/2]) }}},
		{"altered", "one bit is another", effect{suits: ofRoute("/media/file/{id}/{version}"), alter: func(_ *call, a *answer) { give(a, flipped(fileBytes(a))) }}},
	}},
	{id: "CQ-09", what: "a quarter of the contents, chosen by id and seed, is missing from searches", variants: []faultVariant{
		{effect: effect{hide: 0.25, suits: searching}},
	}},
	{id: "WH-05", lack: "webhooks are not emulated yet"},
	{id: "LT-02", lack: "Data Center is not emulated yet"},
	{id: "ST-14", what: "a written body is read back in another form of the same meaning, another one at every write", variants: []faultVariant{
		{effect: effect{noise: true, suits: writing}},
	}},
	{id: "XM-06", lack: "it concerns exports, not a site"},
	{id: "XM-07", lack: "it concerns exports, not a site"},
	{id: "XM-08", lack: "it concerns exports, not a site"},
	{id: "XM-09", lack: "it concerns exports, not a site"},
	{id: "XM-17", lack: "it concerns exports, not a site"},
}

// become takes over what a row of the register does.
func (e *effect) become(id, variant string) error {
	i := slices.IndexFunc(faultRows, func(r faultRow) bool { return r.id == id })
	if i < 0 {
		var valid []string
		for _, r := range faultRows {
			if r.lack == "" {
				valid = append(valid, r.id)
			}
		}
		return fmt.Errorf("there is no fault %q; there are %s", id, strings.Join(valid, ", "))
	}
	row := faultRows[i]
	if row.lack != "" {
		return fmt.Errorf("fault %s is not built: %s", id, row.lack)
	}
	var names []string
	for n, v := range row.variants {
		names = append(names, v.name)
		if v.name != variant && (variant != "" || n > 0) {
			continue
		}
		taken := v.effect
		taken.fault, taken.variant = id, v.name
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

func writing(c *call) bool { return c.r.Method != http.MethodGet && c.r.Method != http.MethodHead }

func searching(c *call) bool {
	return c.route.template == "/wiki/rest/api/search" || c.route.template == "/wiki/rest/api/content/search"
}

func ofRoute(end string) func(*call) bool {
	return func(c *call) bool { return strings.HasSuffix(c.route.template, end) }
}

func refuseCredential(c *call, a *answer) { *a = c.refusal(c.noCredentials()) }

func lockFailed(c *call, a *answer) {
	*a = c.refusal(fail(http.StatusConflict, "CONFLICT", "com.atlassian.confluence.api.service.exceptions.ConflictException: "+
		"Could not update the content: org.springframework.orm.ObjectOptimisticLockingFailureException: OptimisticLockException"))
}

func miscount(c *call, a *answer) {
	if body, ok := a.json.(object); ok {
		if n, ok := body["totalSize"].(int); ok {
			body["totalSize"] = n + 1 + int(c.fault.lot(fmt.Sprint("total ", c.fault.k))*9)
		}
	}
}

// fileBytes reads the file that an answer streams; nothing where it streams none.
func fileBytes(a *answer) []byte {
	if a.stream == nil {
		return nil
	}
	data, err := io.ReadAll(a.stream)
	if _, err2 := a.stream.Seek(0, io.SeekStart); errors.Join(err, err2) != nil {
		panic(fmt.Sprintf("emulator: cannot read state: %v", errors.Join(err, err2)))
	}
	return data
}

// give puts other bytes in the place of a file.
func give(a *answer, data []byte) {
	if a.stream != nil {
		a.stream = bytes.NewReader(data)
		a.set("Content-Length", text(int64(len(data))))
	}
}

func flipped(data []byte) []byte {
	if len(data) > 0 {
		data[len(data)/2] ^= 1
	}
	return data
}
