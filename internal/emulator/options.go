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
	Latency     time.Duration    // each answer leaves this long after its request came
	Rate        float64          // requests a second of the whole site before 429; 0 = no limit
	Faults      []byte           // fault rules, YAML
	Import      string           // export to start from
	StateDir    string           // where bodies and files are kept; empty: unnamed temporary files
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
}

func defaults() settings {
	return settings{
		roleMode: "ROLES_TRANSITION", indexLag: 5 * time.Second, treeLag: 10 * time.Second,
		zone: time.FixedZone("UTC+2", 2*60*60), freshPosition: "last", maxFile: 100 << 20, maxPut: 5 << 20,
		draftRestrict: "refused",
	}
}

// optionNames maps the name of an option to what setting it does.
var optionNames = map[string]func(*settings, string) error{
	"SP-07": oneOf(func(s *settings, v string) { s.roleMode = v }, "PRE_ROLES", "ROLES_TRANSITION", "ROLES"),
	"CQ-01": duration(func(s *settings, d time.Duration) { s.indexLag = d }),
	"TR-03": duration(func(s *settings, d time.Duration) { s.treeLag = d }),
	"CQ-02": func(s *settings, v string) error {
		zone, err := time.LoadLocation(v)
		s.zone = zone
		return err
	},
	"OF-01": oneOf(func(s *settings, v string) { s.freshPosition = v }, "last", "first", "alphabetical"),
	"PA-09": oneOf(func(s *settings, v string) { s.trashHolds = v == "yes" }, "no", "yes"),
	"OF-35": oneOf(func(s *settings, v string) { s.emptyHeadings = v == "dropped" }, "kept", "dropped"),
	"AT-07": bytesOption(func(s *settings, n int64) { s.maxFile = n }),
	"ER-18": bytesOption(func(s *settings, n int64) { s.maxPut = n }),
	"DL-07": oneOf(func(s *settings, v string) { s.free, s.premium = v == "free", v == "premium" }, "free", "standard", "premium"),
	"OF-06": oneOf(func(s *settings, v string) { s.moveBumps = v == "bumps" }, "no", "bumps"),
	"OF-22": oneOf(func(s *settings, v string) { s.draftRestrict = v }, "refused", "kept", "lost"),
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
	for _, name := range slices.Sorted(maps.Keys(options)) {
		set, ok := optionNames[name]
		if !ok {
			return fmt.Errorf("emulator: no option %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(optionNames)), ", "))
		}
		if err := set(s, options[name]); err != nil {
			return fmt.Errorf("emulator: option %s cannot be %q: %w", name, options[name], err)
		}
	}
	return nil
}
