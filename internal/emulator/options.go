package emulator

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// Options say what a Site is. The zero value is an empty Cloud site on the system clock.
type Options struct {
	Personality string           // "cloud" (default)
	Version     string           // of Data Center; empty for Cloud
	Seed        uint64           // decides all ids, tokens and lags; same seed and same requests, same site
	BaseURL     string           // scheme and host of links, without /wiki; empty: the Host of each request
	Now         func() time.Time // default time.Now
	// After runs a function once a time has passed, as time.AfterFunc does, which is the default; it is what delayed
	// answers and late effects wait for where Now is no real clock. It must not call the function before it returns.
	After    func(time.Duration, func()) (stop func() bool)
	Latency  time.Duration // each answer leaves this long after its request came
	Rate     float64       // requests a second of the whole site before 429; 0 = no limit
	Faults   []byte        // fault rules, YAML; the options they name win over Options
	Size     int           // pages that an otherwise empty site is made of, by the seed (generate.go)
	Spaces   int           // that Size is spread over evenly; 0 = some spaces of several sizes
	Import   string        // export to start from
	StateDir string        // where the site is kept between runs; empty: unnamed temporary files
	Answers  string        // where one answer of each shape is kept, for checking; empty: AnswersEnv, or nowhere
	// Deliver sends the requests of webhooks; default an HTTP client of its own. It is called apart from the calls that
	// raised them, one at a time, and must give up when the request's context ends.
	Deliver func(*http.Request) (*http.Response, error)
	// Options are start values for rows of the register of behaviours marked option, for example "SP-07": "ROLES".
	Options map[string]string
}

// settings are the instance options in force.
type settings struct {
	roleMode      string        // SP-07: PRE_ROLES, ROLES_TRANSITION, ROLES
	indexLag      time.Duration // CQ-01: until a write is seen by CQL
	treeLag       time.Duration // TR-03: until a create or move is seen by child listings, at most
	zone          *time.Location
	freshPosition string // OF-01: last, first, alphabetical
	trashHolds    bool   // PA-09: a trashed page reserves its title
	emptyHeadings bool   // OF-35: dropped
	dropDrafts    bool   // PA-04: a write takes the draft of a person away
	specimens     bool   // ST-13: seed content
	oldContent    bool   // ST-10: seed content
	decorateMedia bool   // AT-10: an unknown media id makes a file that is not there, not a refusal
	userkeys      bool   // ST-02: a userkey or username sent to Cloud becomes an account id
	maxFile       int64  // AT-07: bytes
	maxPut        int64  // ER-18: bytes of a v2 PUT, 0 = no limit
	free          bool   // OF-19: plan without restrictions
	ownProperties string // OF-31: later, at once, none
	cloud         cloudChoices
	seats         int64  // US-12: accounts that a plan allows, 0 = no limit
	premium       bool   // DL-07: plan that archives many pages in one call
	moveBumps     bool   // OF-06: the move call to another parent makes a version
	draftRestrict string // OF-22: refused, kept, lost
	states        string // LB-12: which content states may be set: custom, space, none
	legacyV1      bool   // ER-16: removed operations of REST v1 answer to an API token
	emails        bool   // ER-09: user/email is enabled
	uploadBumps   bool   // AT-13: an upload that is no minor edit makes a version of the page
	noContext     bool   // OF-26: cqlcontext is ignored

	limits       limitSettings
	deadRefresh  string // AU-04: error of a dead refresh token
	adminKeys    bool   // AU-09
	organization bool   // US-05
	awkward      bool   // US-09

	// Data Center.
	contextPath     string // ID-03: empty or beginning with a slash
	anonymous       bool   // SP-12: callers without credentials are let in
	readOnly        bool   // AU-17
	oldErrors       bool   // ER-03: status code and message only, and no body at 405
	barePrefix      bool   // ID-12: ids of attachments without att
	dateZone        *time.Location
	oldChildren     bool   // PG-09: expanded children are always 25
	bodyNeeded      bool   // PA-14: an update without a body is refused
	minorSuppresses bool   // PA-16: of REST v2; Data Center always does
	spacesByPut     bool   // TR-07: an update moves a page to another space
	sameBumps       bool   // OF-10: an update that changes nothing makes a version
	bareWrites      bool   // OF-12: an update answers without the body
	toldMinor       bool   // OF-13: minorEdit is told as it was sent
	formerPlace     bool   // OF-16: a restored page comes back below its former parent
	refVersions     string // OF-29: version or silent; empty: silent on Cloud, version on Data Center
	nowRefused      bool   // CQ-05: the query language has no now()
	versionLists    string // DL-11: by version, both, api, experimental, neither
	dcSettings

	// Exports.
	entitiesLast bool          // XM-01
	fileLayout   backup.Layout // XM-16

	chosen map[string]string // the value of each option as it was given
}

// cloudChoices are answers of a Cloud site that public sources do not agree on, or do not give (open-facts.md).
type cloudChoices struct {
	sameBumps     bool   // OF-10: an update that changes nothing makes a version
	bodyNeeded    bool   // OF-11: an update must have a body
	bodyIn        string // OF-12: create, both, none
	strands       bool   // OF-14: pages below a deleted folder are archived without a parent
	toRoot        bool   // OF-16: a restored page comes back at the root of its space
	hideDrafts    bool   // OF-20
	nextPublishes bool   // OF-21: the next number publishes a draft, too
}

func defaults(personality string) settings {
	s := settings{chosen: map[string]string{}}
	start := map[string]string{}
	for _, o := range optionRows {
		start[o.name] = o.start
		if v, other := dcStarts[o.name]; other && personality == "dc" {
			start[o.name] = v
		}
	}
	if err := s.apply(start); err != nil {
		panic(err)
	}
	return s
}

// dcStarts are the start values that differ on Data Center.
var dcStarts = map[string]string{
	"OF-01": "by set", "TR-03": "0s",
}

// optionRow is an option with its start value.
type optionRow struct {
	name, start, values, what string
	set                       func(*settings, string) error
}

// optionRows are the rows of the register that are instance options, a table for each subject.
var optionRows = slices.Concat(coreOptions, limitOptions, dcOptions)

var coreOptions = []optionRow{
	{"AT-07", "104857600", "bytes", "largest file; more is answered 404",
		bytesOption(func(s *settings, n int64) { s.maxFile = n })},
	{"AT-10", "refused", "refused or decorated", "a media id that no attachment has, in a written atlas_doc_format",
		oneOf(func(s *settings, v string) { s.decorateMedia = v == "decorated" }, "refused", "decorated")},
	{"AT-13", "no", "no or bumps", "whether an upload that is no minor edit makes a version of the page",
		oneOf(func(s *settings, v string) { s.uploadBumps = v == "bumps" }, "no", "bumps")},
	{"CQ-01", "5s", "a duration", "until a write is seen by searches",
		duration(func(s *settings, d time.Duration) { s.indexLag = d })},
	{"CQ-02", "UTC+2", "UTC+2 or a name of the time zone database", "zone in which searches read dates",
		func(s *settings, v string) error {
			if v == "UTC+2" {
				s.zone = time.FixedZone("UTC+2", 2*60*60)
				return nil
			}
			zone, err := time.LoadLocation(v)
			s.zone = zone
			return err
		}},
	{"AU-17", "READ_WRITE", "READ_WRITE or READ_ONLY", "access mode of a Data Center",
		oneOf(func(s *settings, v string) { s.readOnly = v == "READ_ONLY" }, "READ_WRITE", "READ_ONLY")},
	{"CQ-05", "accepted", "accepted or refused", "now() in queries to a Data Center",
		oneOf(func(s *settings, v string) { s.nowRefused = v == "refused" }, "accepted", "refused")},
	{"DL-11", "by version", "by version, both, api, experimental or neither", "where a Data Center lists versions",
		oneOf(func(s *settings, v string) { s.versionLists = v }, "by version", "both", "api", "experimental", "neither")},
	{"DL-07", "standard", "free, standard or premium", "plan of the site, which limits archiving",
		oneOf(func(s *settings, v string) { s.free, s.premium = v == "free", v == "premium" }, "free", "standard", "premium")},
	{"ER-03", "new", "new or old", "form of the errors of a Data Center",
		oneOf(func(s *settings, v string) { s.oldErrors = v == "old" }, "new", "old")},
	{"ID-03", "", "empty, or a path that begins with a slash", "context path of a Data Center",
		func(s *settings, v string) error {
			if v != "" && (v[0] != '/' || strings.HasSuffix(v, "/")) {
				return errors.New("empty, or a path such as /confluence")
			}
			s.contextPath = v
			return nil
		}},
	{"ID-12", "with", "with or without", "prefix att of the ids of attachments of a Data Center",
		oneOf(func(s *settings, v string) { s.barePrefix = v == "without" }, "with", "without")},
	{"ID-15", "UTC", "a name of the time zone database", "zone of the dates of a Data Center",
		func(s *settings, v string) error {
			zone, err := time.LoadLocation(v)
			s.dateZone = zone
			return err
		}},
	{"ER-09", "501", "501 or enabled", "the calls that give an account's e-mail address",
		oneOf(func(s *settings, v string) { s.emails = v == "enabled" }, "501", "enabled")},
	{"ER-16", "410", "410 or legacy-v1", "removed operations of REST v1, for a caller with an API token",
		oneOf(func(s *settings, v string) { s.legacyV1 = v == "legacy-v1" }, "410", "legacy-v1")},
	{"ER-18", "5242880", "bytes, 0 = no limit", "largest body of an update",
		bytesOption(func(s *settings, n int64) { s.maxPut = n })},
	{"LB-12", "custom", "custom, space or none", "content states that may be set",
		oneOf(func(s *settings, v string) { s.states = v }, "custom", "space", "none")},
	{"OF-01", "last", "last, first, alphabetical or by set", "place of a new page among its siblings; by set: sorted in where nobody ordered, else last",
		oneOf(func(s *settings, v string) { s.freshPosition = v }, "last", "first", "alphabetical", "by set")},
	{"OF-06", "no", "no or bumps", "whether a move to another parent makes a version",
		oneOf(func(s *settings, v string) { s.moveBumps = v == "bumps" }, "no", "bumps")},
	{"OF-10", "bumps", "bumps or no", "whether an update of a Data Center page that changes nothing makes a version",
		oneOf(func(s *settings, v string) { s.sameBumps = v == "bumps" }, "bumps", "no")},
	{"OF-12", "filled", "filled or absent", "body in what an update of a Data Center page answers",
		oneOf(func(s *settings, v string) { s.bareWrites = v == "absent" }, "filled", "absent")},
	{"OF-13", "false", "false or as sent", "minorEdit in the answers about pages",
		oneOf(func(s *settings, v string) { s.toldMinor = v == "as sent" }, "false", "as sent")},
	{"OF-16", "root", "root or former parent", "where a page of a Data Center comes back from the trash",
		oneOf(func(s *settings, v string) { s.formerPlace = v == "former parent" }, "root", "former parent")},
	{"OF-29", "", "version or silent; empty: silent on Cloud, version on Data Center", "whether rewriting the links of other pages makes a version",
		oneOf(func(s *settings, v string) { s.refVersions = v }, "", "version", "silent")},
	{"OF-10-Cloud", "no", "no or bumps", "whether an update of a Cloud page that changes nothing makes a version",
		oneOf(func(s *settings, v string) { s.cloud.sameBumps = v == "bumps" }, "no", "bumps")},
	{"OF-11-Cloud", "kept", "kept or refused", "an update of a Cloud page without a body",
		oneOf(func(s *settings, v string) { s.cloud.bodyNeeded = v == "refused" }, "kept", "refused")},
	{"OF-12-Cloud", "create", "create, both or none", "which writes of a Cloud page answer with the body",
		oneOf(func(s *settings, v string) { s.cloud.bodyIn = v }, "create", "both", "none")},
	{"OF-14", "up", "up or archived", "pages below a Cloud folder that is deleted: they move up, or are archived without a parent",
		oneOf(func(s *settings, v string) { s.cloud.strands = v == "archived" }, "up", "archived")},
	{"OF-16-Cloud", "home", "home or root", "where a Cloud page comes back from the trash",
		oneOf(func(s *settings, v string) { s.cloud.toRoot = v == "root" }, "home", "root")},
	{"OF-20", "shown", "shown or hidden", "drafts of the caller in listings of children",
		oneOf(func(s *settings, v string) { s.cloud.hideDrafts = v == "hidden" }, "shown", "hidden")},
	{"OF-21", "1", "1, or 1 or next", "version number that publishes a draft",
		oneOf(func(s *settings, v string) { s.cloud.nextPublishes = v != "1" }, "1", "1 or next")},
	{"OF-31", "later", "later, at once or none", "when a Cloud page has the properties that the server keeps itself",
		oneOf(func(s *settings, v string) { s.ownProperties = v }, "later", "at once", "none")},
	{"OF-22", "refused", "refused, kept or lost", "restrictions of a draft",
		oneOf(func(s *settings, v string) { s.draftRestrict = v }, "refused", "kept", "lost")},
	{"OF-26", "followed", "followed or ignored", "the context of a search",
		oneOf(func(s *settings, v string) { s.noContext = v == "ignored" }, "followed", "ignored")},
	{"OF-35", "kept", "kept or dropped", "headings without text in a written body",
		oneOf(func(s *settings, v string) { s.emptyHeadings = v == "dropped" }, "kept", "dropped")},
	{"PA-16", "ignored", "ignored or suppresses", "minorEdit of an update by REST v2; suppressed notifications are not counted",
		oneOf(func(s *settings, v string) { s.minorSuppresses = v == "suppresses" }, "ignored", "suppresses")},
	{"PA-14", "keeps", "keeps or refused", "an update of a Data Center page without a body",
		oneOf(func(s *settings, v string) { s.bodyNeeded = v == "refused" }, "keeps", "refused")},
	{"PG-09", "new", "new or old", "old: children expanded by a Data Center are always 25 at most",
		oneOf(func(s *settings, v string) { s.oldChildren = v == "old" }, "new", "old")},
	{"PA-04", "merged", "merged or dropped", "a person's unpublished draft of a page that is written over REST",
		oneOf(func(s *settings, v string) { s.dropDrafts = v == "dropped" }, "merged", "dropped")},
	{"PA-09", "no", "no or yes", "whether a trashed page holds its title",
		oneOf(func(s *settings, v string) { s.trashHolds = v == "yes" }, "no", "yes")},
	{"SP-12", "off", "off or on", "whether callers without credentials are let in",
		oneOf(func(s *settings, v string) { s.anonymous = v == "on" }, "off", "on")},
	{"TR-07", "refused", "refused or works", "whether an update moves a Data Center page to another space (open-facts OF-42)",
		oneOf(func(s *settings, v string) { s.spacesByPut = v == "works" }, "refused", "works")},
	{"ST-10", "off", "off or on", "whether a fresh Data Center begins with bodies from before Confluence 4.0, in the space ODDS",
		oneOf(func(s *settings, v string) { s.oldContent = v == "on" }, "off", "on")},
	{"ST-13", "off", "off or on", "whether a fresh site begins with a space ODDS of pages that products stumble over",
		oneOf(func(s *settings, v string) { s.specimens = v == "on" }, "off", "on")},
	{"ST-02", "kept", "kept or resolved", "a userkey or username in a body written to Cloud",
		oneOf(func(s *settings, v string) { s.userkeys = v == "resolved" }, "kept", "resolved")},
	{"XM-01", "first", "first or last", "place of entities.xml in an export",
		oneOf(func(s *settings, v string) { s.entitiesLast = v == "last" }, "first", "last")},
	{"XM-16", "original", "original, v4, ver003 or name", "where the files of attachments lie in an export",
		oneOf(func(s *settings, v string) {
			s.fileLayout = map[string]backup.Layout{"v4": backup.ByID, "ver003": backup.Nested, "name": backup.ByName}[v]
		}, "original", "v4", "ver003", "name")},
	{"SP-07", "ROLES_TRANSITION", "PRE_ROLES, ROLES_TRANSITION or ROLES", "role mode of the site",
		oneOf(func(s *settings, v string) { s.roleMode = v }, "PRE_ROLES", "ROLES_TRANSITION", "ROLES")},
	{"US-12", "0", "a number, 0 = no limit", "seats of the plan: no further account is let in where all are taken",
		bytesOption(func(s *settings, n int64) { s.seats = n })},
	{"TR-03", "10s", "a duration", "until a create or move is seen by child listings, at most",
		duration(func(s *settings, d time.Duration) { s.treeLag = d })},
}

func oneOf(set func(*settings, string), values ...string) func(*settings, string) error {
	return func(s *settings, v string) error {
		if !slices.Contains(values, v) {
			return fmt.Errorf("one of %s", strings.Join(values, ", "))
		}
		set(s, v)
		return nil
	}
}

func duration(set func(*settings, time.Duration)) func(*settings, string) error {
	return func(s *settings, v string) error {
		d, err := time.ParseDuration(v)
		if err == nil {
			set(s, d)
		}
		return err
	}
}

func bytesOption(set func(*settings, int64)) func(*settings, string) error {
	return func(s *settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil {
			set(s, n)
		}
		return err
	}
}

// apply sets options by name; an unknown name or value is an error that names what is valid.
func (s *settings) apply(options map[string]string) error {
	chosen := maps.Clone(s.chosen)
	for _, name := range slices.Sorted(maps.Keys(options)) {
		i := slices.IndexFunc(optionRows, func(o optionRow) bool { return o.name == name })
		if i < 0 {
			var names []string
			for _, o := range optionRows {
				names = append(names, o.name)
			}
			return fmt.Errorf("emulator: no option %q; there are %s", name, strings.Join(names, ", "))
		}
		if err := optionRows[i].set(s, options[name]); err != nil {
			return fmt.Errorf("emulator: option %s cannot be %q: %w", name, options[name], err)
		}
		chosen[name] = options[name]
	}
	s.chosen = chosen
	return nil
}
