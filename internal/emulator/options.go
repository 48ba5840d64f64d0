package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
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
	Import   string        // export to start from
	StateDir string        // where bodies and files are kept; empty: unnamed temporary files
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
	maxFile       int64  // AT-07: bytes
	maxPut        int64  // ER-18: bytes of a v2 PUT, 0 = no limit
	free          bool   // OF-19: plan without restrictions
	premium       bool   // DL-07: plan that archives many pages in one call
	moveBumps     bool   // OF-06: the move call to another parent makes a version
	draftRestrict string // OF-22: refused, kept, lost

	chosen map[string]string // the value of each option as it was given
}

func defaults() settings {
	s := settings{chosen: map[string]string{}}
	start := map[string]string{}
	for _, o := range optionRows {
		start[o.name] = o.start
	}
	if err := s.apply(start); err != nil {
		panic(err)
	}
	return s
}

// optionRow is an option with its start value.
type optionRow struct {
	name, start, values, what string
	set                       func(*settings, string) error
}

// optionRows are the rows of the register that are instance options.
var optionRows = []optionRow{
	{"AT-07", "104857600", "bytes", "largest file; more is answered 404",
		bytesOption(func(s *settings, n int64) { s.maxFile = n })},
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
	{"DL-07", "standard", "free, standard or premium", "plan of the site, which limits archiving",
		oneOf(func(s *settings, v string) { s.free, s.premium = v == "free", v == "premium" }, "free", "standard", "premium")},
	{"ER-18", "5242880", "bytes, 0 = no limit", "largest body of an update",
		bytesOption(func(s *settings, n int64) { s.maxPut = n })},
	{"OF-01", "last", "last, first or alphabetical", "place of a new page among its siblings",
		oneOf(func(s *settings, v string) { s.freshPosition = v }, "last", "first", "alphabetical")},
	{"OF-06", "no", "no or bumps", "whether a move to another parent makes a version",
		oneOf(func(s *settings, v string) { s.moveBumps = v == "bumps" }, "no", "bumps")},
	{"OF-22", "refused", "refused, kept or lost", "restrictions of a draft",
		oneOf(func(s *settings, v string) { s.draftRestrict = v }, "refused", "kept", "lost")},
	{"OF-35", "kept", "kept or dropped", "headings without text in a written body",
		oneOf(func(s *settings, v string) { s.emptyHeadings = v == "dropped" }, "kept", "dropped")},
	{"PA-09", "no", "no or yes", "whether a trashed page holds its title",
		oneOf(func(s *settings, v string) { s.trashHolds = v == "yes" }, "no", "yes")},
	{"SP-07", "ROLES_TRANSITION", "PRE_ROLES, ROLES_TRANSITION or ROLES", "role mode of the site",
		oneOf(func(s *settings, v string) { s.roleMode = v }, "PRE_ROLES", "ROLES_TRANSITION", "ROLES")},
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
