package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/demo/company"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// mutationRuns is how many mutations of each of the two sorts are tried.
const mutationRuns = 500

// proved is a migrated space of the sample company whose destination is then tampered with.
type proved struct {
	*world
	t     *testing.T
	run   string
	pair  int64
	twins map[string]confluence.TwinID // by id at the destination
	pages []dumped
	files []dumped
	notes []dumped
	rng   *rand.Rand
}

// dumped is a content of the state dump.
type dumped struct {
	ID, Kind, Title, Body, Parent string
	Position                      int
	Labels                        []string
	Restrictions                  struct{ Read, Update []string }
}

func newProved(t *testing.T) *proved {
	w := newWorld(t, nil)
	for _, u := range company.Users() {
		w.site.AddUser("acc-"+u.Name, u.FullName, u.Email)
	}
	w.site.AddUser("stranger", "A Stranger", "stranger@example.com")
	for _, g := range company.Groups() {
		w.site.AddGroup(g.Name)
	}
	path := filepath.Join(w.dir, "company.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := company.Write(f, 1); err != nil {
		t.Fatal(err)
	}
	f.Close()
	w.open()
	w.addSite()
	w.plan("C", path, migration.NewScope("HR", ""))
	run := w.migrate("C")
	w.mustFinish(run)
	p := &proved{world: w, t: t, run: run.ID, twins: map[string]confluence.TwinID{}, rng: rand.New(rand.NewPCG(1, 2))}
	p.load()
	return p
}

func (p *proved) load() {
	ctx := context.Background()
	tasks, err := p.store.Tasks(ctx, p.run)
	if err != nil {
		p.t.Fatal(err)
	}
	p.pair = tasks[0].Pair
	err = p.store.EachAgreed(ctx, p.pair, func(a store.AgreedRow) error {
		p.twins[string(a.ID[confluence.B])] = a.Twin
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	var dump struct{ Content []dumped }
	if err := json.Unmarshal(p.site.Dump("full"), &dump); err != nil {
		p.t.Fatal(err)
	}
	for _, c := range dump.Content {
		switch c.Kind {
		case "page", "blogpost":
			p.pages = append(p.pages, c)
		case "attachment":
			p.files = append(p.files, c)
		case "comment":
			p.notes = append(p.notes, c)
		}
	}
}

// differences proves parity anew and returns what differs.
func (p *proved) differences() []parity.Difference {
	p.t.Helper()
	ctx := context.Background()
	if err := p.engine.Verify(ctx, p.run, parity.Everything); err != nil {
		p.t.Fatal(err)
	}
	proof, err := p.store.Proof(ctx, p.run, p.pair)
	if err != nil {
		p.t.Fatal(err)
	}
	return proof.Differences
}

// mutation is one change at the destination, the leaf and field it must show at, and how to take it back.
type mutation struct {
	what  string
	twin  confluence.TwinID
	field string
	undo  func()
}

// body changes the stored body of a content and returns the way back; ok is false where change finds nothing to change.
func (p *proved) body(id string, change func(string) string) (undo func(), ok bool) {
	var was string
	if err := p.site.MutateBody(id, func(s string) string { was = s; return change(s) }); err != nil {
		p.t.Fatal(err)
	}
	undo = func() {
		if err := p.site.MutateBody(id, func(string) string { return was }); err != nil {
			p.t.Fatal(err)
		}
	}
	var now string
	p.site.MutateBody(id, func(s string) string { now = s; return s })
	return undo, now != was
}

func (p *proved) act(action map[string]any) {
	p.t.Helper()
	b, err := json.Marshal(action)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.site.Act("stranger", b); err != nil {
		p.t.Fatal(err)
	}
}

var (
	paramPattern = regexp.MustCompile(`<ac:parameter ac:name="[^"]+">[^<]+</ac:parameter>`)
	linkPattern  = regexp.MustCompile(`ri:content-title="[^"]+"|href="[^"]+"`)
	cellPattern  = regexp.MustCompile(`<td[^>]*>(?:<p>)?[^<]+`)
	wordPattern  = regexp.MustCompile(`>[^<>&]*[a-z][^<>&]*<`)
)

// within replaces one letter inside a random match of a pattern.
func (p *proved) within(pattern *regexp.Regexp) func(string) string {
	return func(s string) string {
		var at [][]int
		for _, m := range pattern.FindAllStringIndex(s, -1) {
			if !strings.HasSuffix(s[:m[0]+1], "<ac:task-uuid>") { // an id is no text
				at = append(at, m)
			}
		}
		if len(at) == 0 {
			return s
		}
		m := at[p.rng.IntN(len(at))]
		// The letter is taken from the value: behind the last '>' or '="' before the end of the match.
		start := m[0] + max(strings.Index(s[m[0]:m[1]], ">"), strings.LastIndex(s[m[0]:m[1]], `="`)+1)
		if pattern == cellPattern {
			start = m[0] + strings.LastIndex(s[m[0]:m[1]], ">")
		}
		var letters []int
		for i := start + 1; i < m[1]; i++ {
			if s[i] >= 'a' && s[i] <= 'z' && !strings.HasPrefix(s[m[0]:i], "<ac:parameter ac:name=\""+s[m[0]+1:i]) {
				letters = append(letters, i)
			}
			if s[i] == '<' {
				break
			}
		}
		if len(letters) == 0 {
			return s
		}
		i := letters[p.rng.IntN(len(letters))]
		return s[:i] + string('a'+(s[i]-'a'+byte(1+p.rng.IntN(25)))%26) + s[i+1:]
	}
}

func (p *proved) page() dumped { return p.pages[p.rng.IntN(len(p.pages))] }

// mutate makes one random single change; nil where the drawn content has nothing of the drawn sort.
func (p *proved) mutate(sort int) *mutation {
	page := p.page()
	m := &mutation{twin: p.twins[page.ID], field: parity.FieldContent}
	bodies := map[int]*regexp.Regexp{0: wordPattern, 1: paramPattern, 2: linkPattern, 3: cellPattern}
	if pattern := bodies[sort]; pattern != nil {
		m.what = fmt.Sprintf("a letter of %s in %q", pattern, page.Title)
		undo, ok := p.body(page.ID, p.within(pattern))
		m.undo = undo
		if !ok {
			return nil
		}
		return m
	}
	switch sort {
	case 4:
		return p.mutateLabel(m, page)
	case 5:
		return p.mutateOrder(m)
	case 6:
		return p.mutateRestriction(m, page)
	case 7:
		note := p.notes[p.rng.IntN(len(p.notes))]
		undo, ok := p.body(note.ID, p.within(wordPattern))
		m.what, m.undo, m.field = "a letter of a comment", undo, parity.FieldComments
		m.twin = p.twins[p.holder(note)]
		if !ok {
			return nil
		}
		return m
	}
	return p.mutateFile(m)
}

func (p *proved) mutateFile(m *mutation) *mutation {
	file := p.files[p.rng.IntN(len(p.files))]
	var was []byte
	at := p.rng.IntN(1 << 20)
	err := p.site.MutateFile(file.ID, func(b []byte) []byte {
		was = slices.Clone(b)
		if len(b) > 0 {
			b[at%len(b)] ^= 1
		}
		return b
	})
	if err != nil {
		p.t.Fatal(err)
	}
	m.what, m.field, m.twin = "a byte of "+file.Title, parity.FieldFiles, p.twins[file.Parent]
	m.undo = func() { p.site.MutateFile(file.ID, func([]byte) []byte { return was }) }
	return m
}

// holder is the page that a comment or reply belongs to.
func (p *proved) holder(note dumped) string {
	for {
		i := slices.IndexFunc(p.notes, func(n dumped) bool { return n.ID == note.Parent })
		if i < 0 {
			return note.Parent
		}
		note = p.notes[i]
	}
}

func (p *proved) mutateLabel(m *mutation, page dumped) *mutation {
	name := fmt.Sprintf("tampered%d", p.rng.IntN(1000))
	add, remove := "add", "remove"
	if len(page.Labels) > 0 && p.rng.IntN(2) == 0 {
		name, add, remove = page.Labels[0], "remove", "add"
	}
	p.act(map[string]any{"label": map[string]any{"page": page.ID, add: []string{name}}})
	m.what, m.field = "label "+name, parity.FieldLabels
	m.undo = func() { p.act(map[string]any{"label": map[string]any{"page": page.ID, remove: []string{name}}}) }
	return m
}

func (p *proved) mutateRestriction(m *mutation, page dumped) *mutation {
	with := slices.Concat(page.Restrictions.Update, []string{"user:stranger"})
	p.act(map[string]any{"restrict": map[string]any{"page": page.ID, "read": page.Restrictions.Read, "update": with}})
	m.what, m.field = "a restriction of "+page.Title, parity.FieldEditors
	m.undo = func() {
		p.act(map[string]any{"restrict": map[string]any{"page": page.ID, "read": page.Restrictions.Read, "update": page.Restrictions.Update}})
	}
	return m
}

// mutateOrder moves a page to the other end of its siblings where their order is explicit at the source.
func (p *proved) mutateOrder(m *mutation) *mutation {
	ranked := map[confluence.TwinID]bool{}
	err := p.store.EachObserved(context.Background(), p.pair, confluence.A, func(o store.Observed) error {
		if o.Content.Kind == confluence.Page && o.Content.Positioned {
			for id, twin := range p.twins {
				if p.sourceIDs()[twin] == o.Content.ID {
					ranked[p.twins[id]] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	groups := map[string][]dumped{}
	for _, page := range p.pages {
		if page.Kind == "page" && page.Parent != "" && ranked[p.twins[page.ID]] {
			groups[page.Parent] = append(groups[page.Parent], page)
		}
	}
	var parents []string
	for parent, list := range groups {
		if len(list) > 2 {
			parents = append(parents, parent)
		}
	}
	if len(parents) == 0 {
		return nil
	}
	slices.Sort(parents)
	list := groups[parents[p.rng.IntN(len(parents))]]
	slices.SortFunc(list, func(a, b dumped) int { return a.Position - b.Position })
	first, second, last := list[0], list[1], list[len(list)-1]
	p.act(map[string]any{"move": map[string]any{"page": first.ID, "after": last.ID}})
	m.what, m.field, m.twin = "the place of "+first.Title, parity.FieldRank, p.twins[first.ID]
	m.undo = func() { p.act(map[string]any{"move": map[string]any{"page": first.ID, "before": second.ID}}) }
	return m
}

func (p *proved) sourceIDs() map[confluence.TwinID]confluence.ID {
	ids := map[confluence.TwinID]confluence.ID{}
	p.store.EachAgreed(context.Background(), p.pair, func(a store.AgreedRow) error {
		ids[a.Twin] = a.ID[confluence.A]
		return nil
	})
	return ids
}

// TestParitySeesEverySingleMutation changes one thing at the destination at a time and wants exactly that leaf named.
func TestParitySeesEverySingleMutation(t *testing.T) {
	p := newProved(t)
	const sorts = 9
	seen := [sorts]int{}
	for done, tries := 0, 0; done < mutationRuns; tries++ {
		if tries > 100*mutationRuns {
			t.Fatalf("only %d mutations could be made", done)
		}
		sort := done % sorts
		m := p.mutate(sort)
		if m == nil {
			continue
		}
		diffs := p.differences()
		exact := len(diffs) == 1 && diffs[0].Twin == m.twin && strings.HasPrefix(diffs[0].Field, m.field)
		if !exact {
			t.Errorf("%s: want one difference at %s %s, got %+v", m.what, m.twin, m.field, diffs)
		}
		m.undo()
		seen[sort]++
		done++
	}
	for sort, n := range seen {
		if n < 10 {
			t.Errorf("sort %d was tried only %d times", sort, n)
		}
	}
	if diffs := p.differences(); len(diffs) != 0 {
		t.Errorf("taking everything back leaves %+v", diffs)
	}
	t.Logf("%d mutations by sort: %v", mutationRuns, seen)
}

// normalising are changes that a server makes to a body by itself.
var normalising = []struct {
	name   string
	change func(*rand.Rand, string) string
}{
	{"macro id", func(r *rand.Rand, s string) string {
		return regexp.MustCompile(`ac:macro-id="[^"]*"`).ReplaceAllString(s, fmt.Sprintf(`ac:macro-id="%08x-0000-4000-8000-000000000000"`, r.Uint32()))
	}},
	{"schema version", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, ` ac:schema-version="1"`, "") }},
	{"space before the slash", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, " />", "/>") }},
	{"comment", func(_ *rand.Rand, s string) string { return s + "<!-- saved -->" }},
	{"white space between blocks", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, "</p><p>", "</p>\n  <p>") }},
	{"local ids", func(r *rand.Rand, s string) string {
		return strings.ReplaceAll(s, "<p>", fmt.Sprintf(`<p local-id="%012x">`, r.Uint64()>>16))
	}},
	{"version at save", func(r *rand.Rand, s string) string {
		bare := regexp.MustCompile(` ri:version-at-save="[^"]*"`).ReplaceAllString(s, "")
		return regexp.MustCompile(`(<ri:(?:page|attachment)[^>]*?) ?/>`).ReplaceAllString(bare, fmt.Sprintf(`$1 ri:version-at-save="%d" />`, r.IntN(90)+10))
	}},
	{"entities", func(_ *rand.Rand, s string) string {
		return strings.NewReplacer("&uuml;", "ü", "&ouml;", "&#246;", "&mdash;", "—", "&ndash;", "&#8211;", "&auml;", "&#xe4;", "&rsquo;", "’").Replace(s)
	}},
	{"single cells", func(_ *rand.Rand, s string) string {
		return strings.ReplaceAll(s, "<td>", `<td colspan="1" rowspan="1">`)
	}},
	{"empty style", func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, "<td>", `<td style="">`) }},
	{"table width", func(_ *rand.Rand, s string) string {
		return strings.Replace(s, "<table", `<table data-table-width="760"`, 1)
	}},
	{"task ids", func(r *rand.Rand, s string) string {
		return regexp.MustCompile(`<ac:task-id>[^<]*</ac:task-id>`).ReplaceAllString(s, fmt.Sprintf("<ac:task-id>%d</ac:task-id>", r.IntN(1000)))
	}},
	{"attribute order", func(_ *rand.Rand, s string) string {
		return regexp.MustCompile(`<ac:structured-macro (ac:name="[^"]*") (ac:[a-z-]+="[^"]*")`).ReplaceAllString(s, "<ac:structured-macro $2 $1")
	}},
}

// TestParityIgnoresWhatServersDoByThemselves makes changes of normalisers and wants no difference.
func TestParityIgnoresWhatServersDoByThemselves(t *testing.T) {
	p := newProved(t)
	used := map[string]int{}
	for done, tries := 0, 0; done < mutationRuns; tries++ {
		if tries > 100*mutationRuns {
			t.Fatalf("only %d mutations could be made", done)
		}
		rule := normalising[done%len(normalising)]
		page := p.page()
		undo, ok := p.body(page.ID, func(s string) string { return rule.change(p.rng, s) })
		if !ok {
			continue
		}
		if diffs := p.differences(); len(diffs) != 0 {
			t.Errorf("%s in %q is taken for %+v", rule.name, page.Title, diffs)
		}
		undo()
		used[rule.name]++
		done++
	}
	for _, rule := range normalising {
		if used[rule.name] == 0 {
			t.Errorf("rule %q never fired", rule.name)
		}
	}
	t.Logf("%d changes by rule: %v", mutationRuns, used)
}
