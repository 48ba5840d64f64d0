package simulation

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// wording says which members an action has.
type wording struct {
	pages bool     // PAGES: a name, a list, or a range
	need  []string // these must be there
	one   []string // one of these must be there
	may   []string
	lists []string // members that are lists
}

// actions are what people do, by name.
var actions = map[string]wording{
	"edit":        {need: []string{"page", "block", "to"}, may: []string{"word"}},
	"insert":      {need: []string{"page", "text"}, may: []string{"after"}},
	"drop":        {need: []string{"page", "block"}},
	"body":        {need: []string{"page", "file"}},
	"macro":       {need: []string{"page", "macro", "to"}, one: []string{"param", "block"}},
	"resave":      {pages: true},
	"editor":      {pages: true},
	"rename":      {need: []string{"page", "to"}},
	"move":        {need: []string{"page"}, may: []string{"under", "before", "after"}},
	"moveOut":     {need: []string{"page", "space"}},
	"trash":       {pages: true},
	"restore":     {pages: true},
	"purge":       {pages: true},
	"archive":     {pages: true},
	"create":      {need: []string{"title"}, may: []string{"under", "text", "file", "kind", "draft"}},
	"label":       {need: []string{"page"}, lists: []string{"add", "remove"}},
	"attach":      {need: []string{"page", "name"}, one: []string{"bytes", "file"}},
	"detach":      {need: []string{"page", "name"}},
	"comment":     {need: []string{"page", "text"}, may: []string{"as", "reply", "on"}},
	"editComment": {need: []string{"page", "comment", "text"}},
	"dropComment": {need: []string{"page", "comment"}},
	"restrict":    {need: []string{"page"}, lists: []string{"read", "update"}},
}

// action reads {name: …}.
func (s *Scenario) action(p *part, n ast.Node) (deed, error) {
	a := deed{Args: map[string]string{}, Lists: map[string][]string{}, Line: p.above + n.GetToken().Position.Line}
	found := false
	err := p.entries(n, "an action", func(name string, at, value ast.Node) error {
		w, ok := actions[name]
		if !ok {
			return p.wrong(at, "there is no action %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(actions)), ", "))
		}
		if found {
			return p.wrong(at, "an action has one name")
		}
		found, a.Name = true, name
		if w.pages {
			names, err := p.words(value)
			for _, one := range names {
				a.Pages = append(a.Pages, ranged(one)...)
			}
			return err
		}
		return s.arguments(p, &a, w, at, value)
	})
	if err == nil && !found {
		err = p.wrong(n, "an action must have a name")
	}
	return a, err
}

// arguments reads the members of an action.
func (s *Scenario) arguments(p *part, a *deed, w wording, at, value ast.Node) error {
	fields := keys{}
	for _, name := range slices.Concat(w.need, w.one, w.may) {
		fields[name] = func(n ast.Node) (err error) {
			a.Args[name], err = p.word(n)
			return err
		}
	}
	for _, name := range w.lists {
		fields[name] = func(n ast.Node) (err error) {
			a.Lists[name], err = p.words(n)
			return err
		}
	}
	if err := p.mapping(value, a.Name, fields); err != nil {
		return err
	}
	for _, name := range w.need {
		if _, ok := a.Args[name]; !ok {
			return p.wrong(at, "%s needs %s", a.Name, name)
		}
	}
	given := 0
	for _, name := range w.one {
		if _, ok := a.Args[name]; ok {
			given++
		}
	}
	if len(w.one) > 0 && given != 1 {
		return p.wrong(at, "%s needs one of %s", a.Name, strings.Join(w.one, ", "))
	}
	if page, ok := a.Args["page"]; ok {
		a.Pages = []string{page}
	}
	return s.sound(p, a, at)
}

// sound checks what the members of an action say together.
func (s *Scenario) sound(p *part, a *deed, at ast.Node) error {
	_, file := a.Args["file"]
	_, text := a.Args["text"]
	switch {
	case a.Name == "move" && a.Args["under"]+a.Args["before"]+a.Args["after"] == "":
		return p.wrong(at, "move needs under, before or after")
	case a.Args["before"] != "" && a.Args["after"] != "":
		return p.wrong(at, "before and after cannot be given together")
	case file && text:
		return p.wrong(at, "file and text cannot be given together")
	case a.Name == "create" && a.Args["kind"] != "" && a.Args["kind"] != "page" && a.Args["kind"] != "blog":
		return p.wrong(at, "%q: kind is page or blog", a.Args["kind"])
	case a.Name == "create" && a.Args["draft"] != "" && a.Args["draft"] != "true" && a.Args["draft"] != "false":
		return p.wrong(at, "%q: draft is true or false", a.Args["draft"])
	case file:
		if _, err := s.named(a.Args["file"]); err != nil {
			return p.wrong(at, "%v", err)
		}
	}
	return nil
}

func (s *Scenario) readStart(p *part) error {
	n, err := p.root()
	if err != nil {
		return err
	}
	list := func(to *[]deed) func(ast.Node) error {
		return func(n ast.Node) error {
			return p.items(n, "this", func(v ast.Node) error {
				a, err := s.action(p, v)
				*to = append(*to, a)
				return err
			})
		}
	}
	err = p.mapping(n, p.name, keys{
		"use": p.text1(&s.Start.Use, "S0", "empty"), "add": list(&s.Start.Add), "change": list(&s.Start.Change),
		"fill": p.count(&s.Start.Fill, 1),
	})
	if err == nil && s.Start.Use == "" {
		err = p.bad(1, 1, "use is missing: S0 or empty")
	}
	return err
}

func (s *Scenario) readPolicy(p *part) error {
	n, err := p.root()
	if err != nil {
		return err
	}
	f := &s.Policy
	f.Facets, f.Brakes = map[string]string{}, map[string]string{}
	fields := keys{
		"mode": p.text1(&f.Mode, "two-way", "to-dc", "to-cloud"), "strict": p.text1(&f.Strict, "safe", "mirror"),
		"primary": p.text1(&f.Primary, sideNames[:]...), "deletes": p.text1(&f.Deletes, "propagate", "archive", "ignore"),
		"deleteVsEdit": p.text1(&f.DeleteVsEdit, "edit", "delete", "hold"), "renameProtects": p.flag(&f.RenameProtects),
		"resurrectAncestors": p.flag(&f.Resurrect), "prune": p.flag(&f.Prune), "outOfScope": p.text1(&f.OutOfScope, "keep", "trash"),
		"brakes": func(n ast.Node) error {
			return p.entries(n, "brakes", func(name string, _, value ast.Node) (err error) {
				f.Brakes[name], err = p.word(value)
				return err
			})
		},
	}
	for _, facet := range facetNames {
		fields[facet] = func(n ast.Node) error {
			var choice string
			err := p.text1(&choice, "hold", "merge", "dc", "cloud", "newer", "copy", "tighten")(n)
			f.Facets[facet] = choice
			return err
		}
	}
	return p.mapping(n, p.name, fields)
}

// facetNames are the facets as scenarios name them.
var facetNames = []string{"body", "title", "parent", "order", "labels", "attachments", "comments", "restrictions"}

func (s *Scenario) readSteps(p *part) error {
	n, err := p.root()
	if err != nil || n == nil {
		return err
	}
	s.Steps, err = s.steps(p, n)
	return err
}

func (s *Scenario) steps(p *part, n ast.Node) (out []scriptStep, err error) {
	err = p.items(n, "the steps", func(v ast.Node) error {
		step, err := s.step(p, v)
		out = append(out, step)
		return err
	})
	return out, err
}

// step reads one step: a mapping with one key, or the bare word pause, resume or retire.
func (s *Scenario) step(p *part, n ast.Node) (scriptStep, error) {
	st := scriptStep{Line: p.above + n.GetToken().Position.Line}
	order := func(name string) func(ast.Node) error {
		return func(ast.Node) error { st.Order = name; return nil }
	}
	act := func(side confluence.Side) func(ast.Node) error {
		return func(n ast.Node) error {
			a, err := s.action(p, n)
			st.Act = &sideDeed{side, a}
			return err
		}
	}
	fields := keys{
		"dc": act(confluence.A), "cloud": act(confluence.B), "cycle": p.text1(&st.Cycle, "sweep", "feed"), "wait": p.duration(&st.Wait),
		"repeat":     func(n ast.Node) error { return s.repeat(p, n, &st) },
		"crash":      func(n ast.Node) error { return s.crash(p, n, &st) },
		"during":     func(n ast.Node) error { return s.during(p, n, &st) },
		"engine":     p.count(&st.Engine, 2),
		"checkpoint": func(n ast.Node) error { return s.checkpoint(p, n, &st) },
		"allow":      p.text1(&st.Allow),
		"resolve":    func(n ast.Node) error { return s.resolve(p, n, &st) },
		"pause":      order("pause"), "resume": order("resume"), "retire": order("retire"),
	}
	if bare, ok := n.(*ast.StringNode); ok {
		if !slices.Contains([]string{"pause", "resume", "retire"}, bare.Value) {
			return st, p.wrong(n, "there is no step %q; there are %s", bare.Value, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		st.Order = bare.Value
		return st, nil
	}
	seen := 0
	err := p.entries(n, "a step", func(key string, at, value ast.Node) error {
		read, ok := fields[key]
		if seen++; !ok {
			return p.wrong(at, "there is no step %q; there are %s", key, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		return read(value)
	})
	if err == nil && seen != 1 {
		err = p.wrong(n, "a step has one key; make two steps of it")
	}
	return st, err
}

func (s *Scenario) repeat(p *part, n ast.Node, st *scriptStep) error {
	st.Repeat = &repeatStep{}
	err := p.mapping(n, "repeat", keys{"n": p.count(&st.Repeat.N, 1), "steps": func(n ast.Node) (err error) {
		st.Repeat.Steps, err = s.steps(p, n)
		return err
	}})
	if err == nil && (st.Repeat.N == 0 || len(st.Repeat.Steps) == 0) {
		err = p.wrong(n, "repeat needs n and steps")
	}
	return err
}

// crashPoints are where a crash can happen around a mutating call.
var crashPoints = []string{"before-call", "after-call", "after-outcome", "in-commit"}

func (s *Scenario) crash(p *part, n ast.Node, st *scriptStep) error {
	st.Crash = &crashStep{N: -1}
	err := p.mapping(n, "crash", keys{"at": p.text1(&st.Crash.At, crashPoints...), "n": func(n ast.Node) error {
		if word, err := p.word(n); err == nil && word == "all" {
			st.Crash.N = 0
			return nil
		}
		return p.count(&st.Crash.N, 1)(n)
	}})
	if err == nil && (st.Crash.At == "" || st.Crash.N < 0) {
		err = p.wrong(n, "crash needs at and n")
	}
	return err
}

func (s *Scenario) verb(p *part, to *confluence.Verb) func(ast.Node) error {
	return func(n ast.Node) error {
		word, err := p.word(n)
		if err != nil {
			return err
		}
		*to = confluence.Verb(strings.ReplaceAll(word, "−", "-"))
		if !slices.Contains(confluence.Verbs, *to) {
			return p.wrong(n, "%q is no verb", word)
		}
		return nil
	}
}

func (s *Scenario) during(p *part, n ast.Node, st *scriptStep) error {
	d := &duringStep{N: 1, When: "before"}
	st.During = d
	done := false
	err := p.mapping(n, "during", keys{
		"side": p.side(&d.Side), "verb": s.verb(p, &d.Verb), "n": p.count(&d.N, 1), "when": p.text1(&d.When, "before", "after"),
		"do": func(n ast.Node) (err error) {
			done = true
			d.Do, err = s.step(p, n)
			return err
		},
	})
	if err == nil && (!done || d.Verb == "") {
		err = p.wrong(n, "during needs side, verb and do")
	}
	return err
}

func (s *Scenario) checkpoint(p *part, n ast.Node, st *scriptStep) error {
	st.Checkpoint = &checkpointStep{}
	err := p.mapping(n, "checkpoint", keys{
		"side": p.side(&st.Checkpoint.Side), "pair": p.text1(&st.Checkpoint.Pair, "own", "older", "foreign", "none"),
	})
	if err == nil && st.Checkpoint.Pair == "" {
		err = p.wrong(n, "checkpoint needs side and pair")
	}
	return err
}

func (s *Scenario) resolve(p *part, n ast.Node, st *scriptStep) error {
	st.Resolve = &resolveStep{}
	err := p.mapping(n, "resolve", keys{
		"page": p.text1(&st.Resolve.Page), "facet": p.text1(&st.Resolve.Facet, facetNames...), "use": p.text1(&st.Resolve.Use),
	})
	if err != nil {
		return err
	}
	switch use := st.Resolve.Use; {
	case st.Resolve.Page == "" || st.Resolve.Facet == "" || use == "":
		return p.wrong(n, "resolve needs page, facet and use")
	case use == "dc" || use == "cloud" || use == "both":
	default:
		if _, err := s.named(use); err != nil {
			return p.wrong(n, "use is dc, cloud, both or a part bodies/NAME.xml: %v", err)
		}
	}
	return nil
}

// ranged is the pages of a range such as F001..F030, else the name itself.
func ranged(name string) []string {
	from, to, ok := strings.Cut(name, "..")
	prefix := strings.TrimRight(from, "0123456789")
	width := len(from) - len(prefix)
	low, okLow := number(from[len(prefix):])
	high, okHigh := number(strings.TrimPrefix(to, prefix))
	if !ok || !okLow || !okHigh || high < low {
		return []string{name}
	}
	var out []string
	for ; low <= high; low++ {
		out = append(out, prefix+padded(low, width))
	}
	return out
}
