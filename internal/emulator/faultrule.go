package emulator

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// faultFile is a file of fault rules after reading.
type faultFile struct {
	source  []byte
	options map[string]string
	rules   []*rule
}

// rule is one fault rule with what it has counted. The counts are guarded by the faults' lock.
type rule struct {
	number int // in the file, from 0
	name   string
	match  match
	do     effect

	fitting uint64 // requests so far that fit
	hits    int
}

// match says which requests a rule is about. The zero value fits each.
type match struct {
	site         string
	methods      []string
	path         *regexp.Regexp
	query        map[string]string
	nth, every   int
	probability  float64
	seed         *uint64
	times        int
	after, until time.Duration
}

// effect is what a hit does.
type effect struct {
	status    int
	body      *string
	header    map[string]*string // nil: removed
	apply     bool
	delay     time.Duration
	drop      string
	applyLate time.Duration
	truncate  *int
	html      string
	stale     time.Duration
	list      *listEffect
	hide      float64
	expire    bool
	clock     time.Duration

	fault   string
	variant string
	// What follows is set by fault only. suits narrows the requests that the rule fits, personality the sites; instead may
	// answer in place of the handler; alter changes the answer; slow says how long it waits; noise changes bodies as they
	// are stored; ghost makes what is created unreadable; hook is what becomes of webhooks (lost, twice, reordered,
	// unreachable), failBackup and defects of a backup that the request starts.
	personality string
	suits       func(*call) bool
	instead     func(*call) (answer, bool)
	alter       func(*call, *answer)
	slow        func(*call) time.Duration
	noise       bool
	ghost       bool
	hook        string
	failBackup  bool
	defects     []backup.Defect
}

type listEffect struct {
	duplicate, omit int
	empty           bool
}

// parseFaults reads fault rules strictly: what is not known is an error with line and column.
func parseFaults(data []byte) (*faultFile, error) {
	f := &faultFile{source: slices.Clone(data), options: map[string]string{}}
	doc, err := document(data)
	if err != nil || doc == nil {
		return f, err
	}
	return f, fields{"options": f.readOptions, "rules": f.readRules}.read(doc, "the file")
}

func (f *faultFile) readOptions(n ast.Node) error {
	return entries(n, "options", func(key string, at, value ast.Node) error {
		text, err := word(value)
		if err != nil {
			return err
		}
		scratch := defaults("")
		if err := scratch.apply(map[string]string{key: text}); err != nil {
			return wrong(at, "%s", strings.TrimPrefix(err.Error(), "emulator: "))
		}
		f.options[key] = text
		return nil
	})
}

func (f *faultFile) readRules(n ast.Node) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return wrong(n, "rules must be a list")
	}
	for i, row := range list.Values {
		r := &rule{number: i}
		done := false
		err := fields{
			"name":  readText(&r.name),
			"match": r.match.read,
			"do":    func(n ast.Node) error { done = true; return r.do.read(n) },
		}.read(row, "a rule")
		if err == nil && !done {
			err = wrong(row, "a rule must say what to do")
		}
		if err != nil {
			return err
		}
		if r.name == "" {
			r.name = "rule " + strconv.Itoa(i)
		}
		f.rules = append(f.rules, r)
	}
	return nil
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

func (m *match) read(n ast.Node) error {
	err := fields{
		"site": readText(&m.site, "dc", "cloud"),
		"method": func(n ast.Node) error {
			var err error
			if m.methods, err = words(n); err != nil {
				return err
			}
			for _, v := range m.methods {
				if !slices.Contains(methods, v) {
					return wrong(n, "%q: a method is one of %s", v, strings.Join(methods, ", "))
				}
			}
			return nil
		},
		"path": func(n ast.Node) error {
			s, err := word(n)
			m.path = glob(s)
			return err
		},
		"query":       m.readQuery,
		"nth":         readCount(&m.nth, 1),
		"every":       readCount(&m.every, 1),
		"probability": readShare(&m.probability),
		"seed": func(n ast.Node) error {
			var seed uint64
			m.seed = &seed
			number := func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) }
			return parsed(&seed, number, func(uint64) bool { return true }, "a whole number from 0")(n)
		},
		"times": readCount(&m.times, 1),
		"after": readDuration(&m.after),
		"until": readDuration(&m.until),
	}.read(n, "match")
	if err != nil {
		return err
	}
	given := 0
	for _, yes := range []bool{m.nth > 0, m.every > 0, m.probability > 0} {
		if yes {
			given++
		}
	}
	switch {
	case given > 1:
		return wrong(n, "at most one of nth, every and probability can be given")
	case m.until > 0 && m.until <= m.after:
		return wrong(n, "until must be later than after")
	}
	return nil
}

func (m *match) readQuery(n ast.Node) error {
	m.query = map[string]string{}
	return entries(n, "query", func(key string, _, value ast.Node) error {
		var err error
		m.query[key], err = word(value)
		return err
	})
}

// glob turns a pattern into an expression: * is anything but a slash, ** anything.
func glob(pattern string) *regexp.Regexp {
	s := regexp.QuoteMeta(pattern)
	s = strings.ReplaceAll(s, `\*\*`, `.*`)
	s = strings.ReplaceAll(s, `\*`, `[^/]*`)
	return regexp.MustCompile(`(?s)^` + s + `$`)
}

func (e *effect) read(n ast.Node) error {
	expire, given := "", map[string]bool{}
	f := fields{
		"status":    parsed(&e.status, strconv.Atoi, func(s int) bool { return s >= 200 && s <= 599 }, "a status from 200 to 599"),
		"body":      func(n ast.Node) error { e.body = new(string); return readText(e.body)(n) },
		"header":    e.readHeader,
		"apply":     readFlag(&e.apply),
		"delay":     readDuration(&e.delay),
		"drop":      readText(&e.drop, "before-apply", "after-apply"),
		"applyLate": readDuration(&e.applyLate),
		"truncate":  func(n ast.Node) error { e.truncate = new(int); return readCount(e.truncate, 0)(n) },
		"html":      readText(&e.html, "login", "proxy", "maintenance"),
		"stale":     readDuration(&e.stale),
		"list":      e.readList,
		"hide":      readShare(&e.hide),
		"expire":    readText(&expire, "token"),
		"clock":     readSkew(&e.clock),
		"fault":     readText(&e.fault),
		"variant":   readText(&e.variant),
	}
	for key, read := range f {
		f[key] = func(n ast.Node) error { given[key] = true; return read(n) }
	}
	if err := f.read(n, "do"); err != nil {
		return err
	}
	e.expire = expire != ""
	if err := consistent(given, e.apply); err != nil {
		return wrong(n, "%s", err)
	}
	if e.fault != "" || e.variant != "" {
		if err := e.become(e.fault, e.variant); err != nil {
			return wrong(n, "%s", err)
		}
	}
	return nil
}

func (e *effect) readHeader(n ast.Node) error {
	e.header = map[string]*string{}
	return entries(n, "header", func(key string, _, value ast.Node) error {
		name := http.CanonicalHeaderKey(key)
		if _, null := value.(*ast.NullNode); null {
			e.header[name] = nil
			return nil
		}
		text, err := word(value)
		e.header[name] = &text
		return err
	})
}

func (e *effect) readList(n ast.Node) error {
	e.list = &listEffect{}
	return fields{
		"duplicate": readCount(&e.list.duplicate, 0), "omit": readCount(&e.list.omit, 0), "empty": readFlag(&e.list.empty),
	}.read(n, "list")
}

// alone are the keys of do that say what becomes of the whole request: no two of them go together.
var alone = []string{"drop", "applyLate", "status or html", "stale", "fault"}

// consistent refuses keys that say nothing, or nothing together.
func consistent(given map[string]bool, apply bool) error {
	given["status or html"] = given["status"] || given["html"]
	var main []string
	for _, key := range alone {
		if given[key] {
			main = append(main, key)
		}
	}
	shaping := given["truncate"] || given["list"] || given["hide"] || given["expire"]
	switch {
	case len(given) == 1: // only the combined name
		return fmt.Errorf("do is empty")
	case len(main) > 1:
		return fmt.Errorf("%s cannot be done together", strings.Join(main, " and "))
	case given["body"] && !given["status"] && !given["html"]:
		return fmt.Errorf("body needs status")
	case given["body"] && given["html"]:
		return fmt.Errorf("body and html cannot be given together")
	case apply && !given["status or html"]:
		return fmt.Errorf("apply needs status or html")
	case given["variant"] && !given["fault"]:
		return fmt.Errorf("variant needs fault")
	case shaping && (given["fault"] || given["drop"] || given["applyLate"]):
		return fmt.Errorf("truncate, list, hide and expire cannot be given with fault, drop or applyLate")
	}
	return nil
}

// adds reports whether the effect leaves the decision to the rules that follow.
func (e *effect) adds() bool {
	return e.status == 0 && e.body == nil && e.drop == "" && e.applyLate == 0 && e.truncate == nil && e.html == "" &&
		e.stale == 0 && e.list == nil && e.hide == 0 && !e.expire && e.fault == ""
}
