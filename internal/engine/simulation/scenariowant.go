package simulation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// wantFile is what must hold when all steps are done.
type wantFile struct {
	Pages     [2]map[string]*pageWant // by name; nil: nowhere, not in the trash either
	Unequal   bool                    // the sides need not be equal
	Conflicts []conflictWant
	Pair      string // active, halted, paused, retired
	Brake     string // of a halted pair; empty: any
	Calls     *callsWant
	Refused   span
	Then      span
	Readers   []readersWant
}

// span is a number of calls, ends included.
type span struct{ Low, High int }

func (s span) holds(n int) bool { return n >= s.Low && n <= s.High }

// String writes the span as want.yaml does.
func (s span) String() string {
	if s.Low == s.High {
		return strconv.Itoa(s.Low)
	}
	return fmt.Sprintf("%d..%d", s.Low, s.High)
}

// pageWant is what is known of one page on one side. Nil members are as at the start, unless people changed them.
type pageWant struct {
	Line                        int
	Title, Under, After, Status *string
	SameID                      bool
	Blocks                      map[string]string
	Without                     []string
	Body                        string // a part
	Labels, Comments            *[]string
	Read, Update                *[]string
	Files                       *map[string]string
	Version                     int // versions more than at the start; -1: not said
}

// conflictWant is a conflict that must be open. Range texts are not compared until bodies are merged.
type conflictWant struct {
	Page, Facet string
	Ranges      int
	Retrievable bool
	Line        int
}

// callsWant bounds the mutating calls of all cycles.
type callsWant struct {
	Sides [2]verbsWant
	AnyOf [][2]verbsWant // alternatives for both sides
	Sums  []sumWant      // over both sides; their verbs are not counted elsewhere
	Order [][2]sideVerb  // the first one's first call comes before the second one's first
}

// verbsWant bounds the calls of one side.
type verbsWant struct {
	Counts map[confluence.Verb]span
	AnyOf  []map[confluence.Verb]span
	Sums   []sumWant
	Line   int
}

// sumWant bounds several verbs together.
type sumWant struct {
	Verbs []confluence.Verb
	Span  span
}

// sideVerb is a verb on a side.
type sideVerb struct {
	Side confluence.Side
	Verb confluence.Verb
}

// readersWant says who must not read what is written to a page.
type readersWant struct {
	Page  string
	Never []string
	Since int // step number from 1: writes after it count
	Line  int
}

func (s *Scenario) readWant(p *part) error {
	n, err := p.root()
	if err != nil {
		return err
	}
	w := &s.Want
	w.Pages = [2]map[string]*pageWant{{}, {}}
	w.Pair = "active"
	equal := true
	pages := func(sides ...confluence.Side) func(ast.Node) error {
		return func(n ast.Node) error { return s.wantPages(p, n, sides) }
	}
	err = p.mapping(n, p.name, keys{
		"both": pages(confluence.A, confluence.B), "dc": pages(confluence.A), "cloud": pages(confluence.B), "equal": p.flag(&equal),
		"conflicts": func(n ast.Node) error {
			return p.items(n, "conflicts", func(v ast.Node) error { return s.wantConflict(p, v) })
		},
		"pair":    func(n ast.Node) error { return s.wantPair(p, n) },
		"calls":   func(n ast.Node) error { return s.wantCalls(p, n) },
		"refused": func(n ast.Node) (err error) { w.Refused, err = p.spanOf(n); return err },
		"then":    func(n ast.Node) (err error) { w.Then, err = p.spanOf(n); return err },
		"readers": func(n ast.Node) error {
			return p.items(n, "readers", func(v ast.Node) error { return s.wantReaders(p, v) })
		},
	})
	w.Unequal = !equal
	return err
}

func (s *Scenario) wantPages(p *part, n ast.Node, sides []confluence.Side) error {
	return p.entries(n, "pages", func(name string, at, value ast.Node) error {
		var w *pageWant
		if _, nowhere := value.(*ast.NullNode); !nowhere {
			w = &pageWant{Version: -1, Line: p.above + at.GetToken().Position.Line}
			if err := p.mapping(value, "a page", s.pageKeys(p, w)); err != nil {
				return err
			}
		}
		for _, side := range sides {
			if _, twice := s.Want.Pages[side][name]; twice {
				return p.wrong(at, "page %q is named twice for the same side", name)
			}
			s.Want.Pages[side][name] = w
		}
		return nil
	})
}

func (s *Scenario) pageKeys(p *part, w *pageWant) keys {
	text := func(to **string) func(ast.Node) error {
		return func(n ast.Node) error {
			if _, null := n.(*ast.NullNode); null {
				*to = new(string)
				return nil
			}
			*to = new(string)
			return p.text1(*to)(n)
		}
	}
	list := func(to **[]string) func(ast.Node) error {
		return func(n ast.Node) error { *to = new([]string); return p.texts(*to)(n) }
	}
	var same string
	return keys{
		"title": text(&w.Title), "under": text(&w.Under), "after": text(&w.After),
		"status": func(n ast.Node) error {
			w.Status = new(string)
			return p.text1(w.Status, "current", "archived", "trashed", "draft")(n)
		},
		"id":      func(n ast.Node) error { w.SameID = true; return p.text1(&same, "start")(n) },
		"blocks":  func(n ast.Node) (err error) { w.Blocks, err = s.textMap(p, n); return err },
		"without": p.texts(&w.Without),
		"body": func(n ast.Node) error {
			if err := p.text1(&w.Body)(n); err != nil {
				return err
			}
			if _, err := s.named(w.Body); err != nil {
				return p.wrong(n, "%v", err)
			}
			return nil
		},
		"labels": list(&w.Labels), "comments": list(&w.Comments), "read": list(&w.Read), "update": list(&w.Update),
		"files": func(n ast.Node) error {
			files, err := s.textMap(p, n)
			w.Files = &files
			return err
		},
		"version": func(n ast.Node) error {
			var v string
			if err := p.text1(&v)(n); err != nil {
				return err
			}
			by, err := strconv.Atoi(strings.TrimPrefix(v, "+"))
			if err != nil || !strings.HasPrefix(v, "+") || by < 0 {
				return p.wrong(n, "%q: version must be +n", v)
			}
			w.Version = by
			return nil
		},
	}
}

func (s *Scenario) textMap(p *part, n ast.Node) (map[string]string, error) {
	out := map[string]string{}
	err := p.entries(n, "this", func(key string, _, value ast.Node) (err error) {
		out[key], err = p.word(value)
		return err
	})
	return out, err
}

func (s *Scenario) wantConflict(p *part, n ast.Node) error {
	c := conflictWant{Line: p.above + n.GetToken().Position.Line}
	var skip string
	err := p.mapping(n, "a conflict", keys{
		"page": p.text1(&c.Page), "facet": p.text1(&c.Facet), "retrievable": p.flag(&c.Retrievable),
		"ranges": func(n ast.Node) error {
			return p.items(n, "ranges", func(v ast.Node) error {
				c.Ranges++
				return p.mapping(v, "a range", keys{"base": p.text1(&skip), "dc": p.text1(&skip), "cloud": p.text1(&skip)})
			})
		},
	})
	if err == nil && (c.Page == "" || c.Facet == "") {
		err = p.wrong(n, "a conflict needs page and facet")
	}
	s.Want.Conflicts = append(s.Want.Conflicts, c)
	return err
}

func (s *Scenario) wantPair(p *part, n ast.Node) error {
	w := &s.Want
	if _, bare := n.(*ast.StringNode); bare {
		return p.text1(&w.Pair, "active", "paused", "retired", "halted")(n)
	}
	w.Pair = "halted"
	return p.mapping(n, "pair", keys{"halted": p.text1(&w.Brake)})
}

func (s *Scenario) wantCalls(p *part, n ast.Node) error {
	c := &callsWant{}
	s.Want.Calls = c
	return p.mapping(n, "calls", keys{
		"dc":    func(n ast.Node) (err error) { c.Sides[confluence.A], err = s.verbs(p, n); return err },
		"cloud": func(n ast.Node) (err error) { c.Sides[confluence.B], err = s.verbs(p, n); return err },
		"anyOf": func(n ast.Node) error {
			return p.items(n, "anyOf", func(v ast.Node) error {
				var one [2]verbsWant
				err := p.mapping(v, "an alternative", keys{
					"dc":    func(n ast.Node) (err error) { one[confluence.A], err = s.verbs(p, n); return err },
					"cloud": func(n ast.Node) (err error) { one[confluence.B], err = s.verbs(p, n); return err },
				})
				c.AnyOf = append(c.AnyOf, one)
				return err
			})
		},
		"sum": func(n ast.Node) error { return s.sums(p, n, &c.Sums) },
		"order": func(n ast.Node) error {
			list, err := p.words(n)
			if err != nil {
				return err
			}
			var row []sideVerb
			for _, text := range list {
				one, ok := readSideVerb(text)
				if !ok {
					return p.wrong(n, "%q: this must be a side and a verb, such as: cloud PUT", text)
				}
				row = append(row, one)
			}
			for i := 1; i < len(row); i++ {
				c.Order = append(c.Order, [2]sideVerb{row[i-1], row[i]})
			}
			return nil
		},
	})
}

func readSideVerb(text string) (sideVerb, bool) {
	words := strings.Fields(strings.ReplaceAll(text, "−", "-"))
	if len(words) != 2 || !slices.Contains(sideNames[:], words[0]) || !slices.Contains(confluence.Verbs, confluence.Verb(words[1])) {
		return sideVerb{}, false
	}
	return sideVerb{confluence.Side(slices.Index(sideNames[:], words[0])), confluence.Verb(words[1])}, true
}

// verbs reads the calls of one side.
func (s *Scenario) verbs(p *part, n ast.Node) (verbsWant, error) {
	w := verbsWant{Counts: map[confluence.Verb]span{}, Line: p.above + n.GetToken().Position.Line}
	err := p.entries(n, "calls", func(key string, at, value ast.Node) (err error) {
		switch key {
		case "anyOf":
			return p.items(value, "anyOf", func(v ast.Node) error {
				one, err := s.verbs(p, v)
				w.AnyOf = append(w.AnyOf, one.Counts)
				return err
			})
		case "sum":
			return s.sums(p, value, &w.Sums)
		}
		verb, err := verbNamed(p, at, key)
		if err != nil {
			return err
		}
		w.Counts[verb], err = p.spanOf(value)
		return err
	})
	return w, err
}

func (s *Scenario) sums(p *part, n ast.Node, to *[]sumWant) error {
	return p.entries(n, "sum", func(key string, at, value ast.Node) error {
		sum := sumWant{}
		for _, name := range splitVerbs(key) {
			verb, err := verbNamed(p, at, name)
			if err != nil {
				return err
			}
			sum.Verbs = append(sum.Verbs, verb)
		}
		var err error
		sum.Span, err = p.spanOf(value)
		*to = append(*to, sum)
		return err
	})
}

func verbNamed(p *part, at ast.Node, name string) (confluence.Verb, error) {
	verb := confluence.Verb(strings.ReplaceAll(name, "−", "-"))
	if !slices.Contains(confluence.Verbs, verb) {
		return "", p.wrong(at, "%q is no verb", name)
	}
	return verb, nil
}

// splitVerbs cuts "PUT+MV" or "AT++RST" at the signs that join verbs.
func splitVerbs(key string) []string {
	var out []string
	rest := strings.ReplaceAll(key, "−", "-")
	for rest != "" {
		best := ""
		for _, v := range confluence.Verbs {
			after, ok := strings.CutPrefix(rest, string(v))
			if ok && len(v) > len(best) && (after == "" || after[0] == '+') {
				best = string(v)
			}
		}
		if best == "" {
			return append(out, rest)
		}
		out = append(out, best)
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, best), "+")
	}
	return out
}

func (s *Scenario) wantReaders(p *part, n ast.Node) error {
	r := readersWant{Line: p.above + n.GetToken().Position.Line}
	err := p.mapping(n, "readers", keys{"page": p.text1(&r.Page), "never": p.texts(&r.Never), "since": p.count(&r.Since, 0)})
	if err == nil && (r.Page == "" || len(r.Never) == 0) {
		err = p.wrong(n, "readers needs page and never")
	}
	s.Want.Readers = append(s.Want.Readers, r)
	return err
}
