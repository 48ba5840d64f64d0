package simulation

import (
	"fmt"
	"html"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// TestInlineCommentsSurvive lets people comment on words on both sides, in 100 edits in each direction. A comment stays on
// its words on the side that an edit is carried to, wherever the edit left those words standing; none dangles that an edit
// did not take the words from, none is lost, and none of the sender's markers arrives.
func TestInlineCommentsSurvive(t *testing.T) {
	var sum remarks
	for seed := range uint64(10) {
		for _, from := range confluence.Sides {
			t.Run(fmt.Sprintf("from %s, seed %d", siteNames[from], seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := &remarks{t: t, random: rand.New(rand.NewPCG(seed, uint64(from))), from: from}
					m.begin()
					for range 10 {
						m.round()
					}
					sum.kept, sum.freed, sum.edits = sum.kept+m.kept, sum.freed+m.freed, sum.edits+m.edits
					sum.told = sum.told + m.told
				})
			})
		}
	}
	t.Logf("%d edits carried, markers kept %d times, words taken away %d times, replies %d", sum.edits, sum.kept, sum.freed, sum.told)
	if sum.edits < 200 || sum.kept < 500 || sum.freed < 5 || sum.told < 20 {
		t.Error("too little has happened")
	}
}

// remarks is a pair on which people comment on words and edit.
type remarks struct {
	t      *testing.T
	p      *play
	random *rand.Rand
	from   confluence.Side // where people edit
	n      int             // of what was written, for texts that occur once

	edits, kept, freed, told int
}

func (m *remarks) begin() {
	marking := []string{"version", "none"}[m.random.IntN(2)] // whether a marker makes a version of its page on Data Center
	s, err := Parse([]byte("M1 markers\n-- start.yaml --\nuse: S0\n-- steps.yaml --\n- cycle: sweep\n-- faults.yaml --\noptions: {CO-03: "+marking+"}\n"+
		"-- want.yaml --\ncalls: {}\n"), "markers")
	if err != nil {
		m.t.Fatal(err)
	}
	m.p = &play{sc: s, opt: ScenarioOptions{Quiet: synctest.Wait}, cast: newCast(), at: map[*Call]*sent{}}
	m.p.tandem = m.p.engine()
	m.t.Cleanup(func() { _ = m.p.w.Close() })
	m.check(m.p.open())
}

func (m *remarks) check(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// round lets people comment on either side, one of them edit, and what was edited be carried.
func (m *remarks) round() {
	m.t.Helper()
	for _, side := range confluence.Sides {
		if m.random.IntN(3) > 0 {
			m.remark(side)
		}
	}
	before := m.look()
	page := m.page()
	e := m.edit(page)
	edited := m.look()
	m.check(m.p.cycle([]string{"sweep", "feed"}[m.random.IntN(2)]))
	after := m.look()
	m.edits++
	m.judge(before, edited, after, page, e)
}

// page chooses one of three pages, so that comments and edits meet.
func (m *remarks) page() string { return []string{"A", "B", "A1"}[m.random.IntN(3)] }

// remark lets somebody comment on one to three words, or answer.
func (m *remarks) remark(side confluence.Side) {
	m.t.Helper()
	name := m.page()
	state := m.state(side)
	c := state.byID[m.p.cast.ids[side][name]]
	all := blocksOf(m.t, c.Body)
	if len(all) == 0 {
		return
	}
	b := all[m.random.IntN(len(all))]
	words := strings.Fields(b.text)
	if len(words) < 3 {
		return
	}
	at := m.random.IntN(len(words) - 2)
	selection := strings.Join(words[at:at+1+m.random.IntN(3)], " ")
	_, count, err := markup.Mark(c.Body, selection, 0, "x")
	m.check(err)
	if count == 0 {
		return // it stands beside no other text, or crosses a border
	}
	index := m.random.IntN(count)
	m.n++
	text := fmt.Sprintf("<p>remark %d on %s</p>", m.n, html.EscapeString(selection))
	s := m.p.w.Site(side)
	if s.Product() == "Cloud" {
		_, err = s.Ask("POST", "/api/v2/inline-comments", map[string]any{
			"pageId": c.ID, "body": map[string]any{"representation": "storage", "value": text},
			"inlineCommentProperties": map[string]any{"textSelection": selection, "textSelectionMatchCount": count, "textSelectionMatchIndex": index},
		})
	} else {
		_, err = s.Ask("POST", "/rest/api/content", map[string]any{
			"type": "comment", "container": map[string]any{"id": c.ID, "type": "page"},
			"body": map[string]any{"storage": map[string]any{"representation": "storage", "value": text}},
			"extensions": map[string]any{"location": "inline", "inlineProperties": map[string]any{
				"originalSelection": selection, "numMatches": count, "matchIndex": index, "lastFetchTime": "1", "serializedHighlights": "[[\"x\"]]"}},
		})
	}
	m.check(err)
	if m.random.IntN(3) == 0 {
		m.told++
		m.act(side, map[string]any{"comment": map[string]any{"page": c.ID, "text": fmt.Sprintf("<p>answer %d</p>", m.n), "reply": fmt.Sprintf("remark %d ", m.n)}})
	}
}

func (m *remarks) act(side confluence.Side, action any) {
	m.t.Helper()
	_, err := m.p.w.Act(side, m.p.cast.accounts[side][actors[side]], action)
	m.check(err)
}

func (m *remarks) state(side confluence.Side) *siteState {
	m.t.Helper()
	s, err := m.p.state(side)
	m.check(err)
	return s
}

func (m *remarks) look() [2]*siteState {
	m.t.Helper()
	s, err := m.p.states()
	m.check(err)
	return s
}

// change is what somebody did to one block of a page.
type change struct {
	what string
	text string // of the block before
	word int    // that was replaced, -1 for none
	gone bool   // the block's text is there no more
}

var paragraph = regexp.MustCompile(`(?s)<p(?: [^>]*)?>.*?</p>`)

// edit changes the sender's page at random.
func (m *remarks) edit(name string) change {
	m.t.Helper()
	c := m.state(m.from).byID[m.p.cast.ids[m.from][name]]
	raw := c.Body
	spans := paragraph.FindAllStringIndex(raw, -1)
	at := m.random.IntN(len(spans))
	span := spans[at]
	block := raw[span[0]:span[1]]
	e := change{what: []string{"word", "bold", "insert", "drop", "replace", "move", "heading"}[m.random.IntN(7)], text: readable(block), word: -1}
	inMacro := strings.HasSuffix(raw[:span[0]], "<ac:rich-text-body>")
	if inMacro || len(spans) < 5 {
		e.what = "insert"
	}
	m.n++
	fresh := fmt.Sprintf("<p>%s n%d several new words in a row</p>", name, m.n)
	out := raw[:span[0]] + block + raw[span[1]:]
	switch e.what {
	case "word", "bold":
		by := fmt.Sprintf("w%d", m.n)
		words := strings.Fields(e.text)
		e.word = 2 + m.random.IntN(max(1, len(words)-2)) // the first two name the block
		e.word = min(e.word, len(words)-1)
		if e.what == "bold" {
			by = "<strong>" + html.EscapeString(words[e.word]) + "</strong>"
		}
		block = withWord(block, e.word, by)
	case "insert":
		block += fresh
	case "drop":
		block, e.gone = "", true
	case "replace":
		block, e.gone = fresh, true
	case "move":
		to := spans[m.random.IntN(len(spans))]
		if strings.HasSuffix(raw[:to[0]], "<ac:rich-text-body>") || to[0] == span[0] {
			to = spans[0]
		}
		if to[0] < span[0] {
			out = raw[:to[0]] + block + raw[to[0]:span[0]] + raw[span[1]:]
		} else {
			out = raw[:span[0]] + raw[span[1]:to[1]] + block + raw[to[1]:]
		}
	case "heading":
		block = "<h2>" + block[strings.Index(block, ">")+1:len(block)-len("</p>")] + "</h2>"
	}
	if e.what != "move" {
		out = raw[:span[0]] + block + raw[span[1]:]
	}
	m.act(m.from, map[string]any{"body": map[string]any{"page": c.ID, "text": out}})
	return e
}

// withWord replaces the n-th word of a block, wherever tags stand in between.
func withWord(block string, n int, by string) string {
	var out strings.Builder
	at, inside, tag := -1, false, false
	for _, r := range block {
		switch {
		case r == '<':
			tag = true
		case tag:
		case r == ' ':
			inside = false
		case !inside:
			inside = true
			if at++; at == n {
				out.WriteString(by)
			}
		}
		if tag || r == ' ' || at != n {
			out.WriteRune(r)
		}
		if r == '>' {
			tag = false
		}
	}
	return out.String()
}

// readable is the text of a body as people read it.
func readable(raw string) string {
	root, err := markup.Parse(raw)
	if err != nil {
		return raw
	}
	return textOf(root)
}

func textOf(n *markup.Node) string {
	var b strings.Builder
	var visit func(*markup.Node)
	visit = func(n *markup.Node) {
		b.WriteString(n.Text)
		for _, k := range n.Kids {
			visit(k)
		}
	}
	visit(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// marked is a block with what is marked in it.
type marked struct {
	text string
	refs map[string]string // ref -> marked text, pieces joined
}

// blocksOf are the paragraphs and headings of a body.
func blocksOf(t *testing.T, raw string) (out []marked) {
	t.Helper()
	root, err := markup.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	var inBlock func(n *markup.Node, into map[string]string)
	inBlock = func(n *markup.Node, into map[string]string) {
		if ref, _ := n.Attr("ac:ref"); n.Name == "ac:inline-comment-marker" {
			into[ref] = strings.Join(strings.Fields(into[ref]+" "+textOf(n)), " ")
		}
		for _, k := range n.Kids {
			inBlock(k, into)
		}
	}
	var visit func(n *markup.Node)
	visit = func(n *markup.Node) {
		if n.Name == "p" || n.Name == "h2" {
			b := marked{textOf(n), map[string]string{}}
			inBlock(n, b.refs)
			out = append(out, b)
			return
		}
		for _, k := range n.Kids {
			visit(k)
		}
	}
	visit(root)
	return out
}

// judge holds what a cycle left of the markers against what the edit left of the words.
func (m *remarks) judge(before, edited, after [2]*siteState, page string, e change) {
	m.t.Helper()
	to := m.from.Other()
	for _, name := range []string{"A", "B", "A1"} {
		here, there := m.p.cast.ids[m.from][name], m.p.cast.ids[to][name]
		if was, is := edited[m.from].byID[here], after[m.from].byID[here]; was.Body != is.Body || was.Version != is.Version {
			m.t.Errorf("%s: the sender's %s was written to: %s, was %s", e.what, name, is.Body, was.Body)
		}
		was, is := blocksOf(m.t, before[to].byID[there].Body), blocksOf(m.t, after[to].byID[there].Body)
		now := map[string]marked{}
		for _, b := range is {
			for ref := range b.refs {
				now[ref] = b
			}
		}
		for _, b := range was {
			for ref, words := range b.refs {
				m.held(e, name == page, b, words, now[ref], ref, after[to].byID[there].Body)
				delete(now, ref)
			}
		}
		for ref, b := range now {
			m.t.Errorf("%s: marker %s arrived on %q", e.what, ref, b.text)
		}
	}
	m.dangling(before[to], after[to])
	for _, side := range confluence.Sides {
		if a, b := inlineOf(edited[side]), inlineOf(after[side]); !slices.Equal(a, b) {
			m.t.Errorf("%s: %s has the inline comments %v, had %v", e.what, siteNames[side], b, a)
		}
	}
	uncarried := map[string]bool{"comments": true} // inline ones are not carried
	m.check(m.p.judgeSame(after, map[string]map[string]bool{"A": uncarried, "B": uncarried, "A1": uncarried}))
}

// held judges one marker: words is what it marked in block b, now the block that it marks something in, if there is one.
func (m *remarks) held(e change, onPage bool, b marked, words string, now marked, ref, body string) {
	m.t.Helper()
	is := now.refs[ref]
	touched := onPage && b.text == e.text
	switch {
	case touched && e.gone, touched && e.what == "word" && takes(b.text, e.word, words) && len(strings.Fields(words)) == 1:
		m.freed++ // its words are no more
	case touched && e.what == "word" && takes(b.text, e.word, words):
		if is == "" {
			m.t.Errorf("word: a marker on %q of %q is gone, although other words of it stay: %s", words, b.text, body)
		}
	case is != words:
		m.t.Errorf("%s of %q: a marker on %q of %q marks %q now: %s", e.what, e.text, words, b.text, is, body)
	default:
		m.kept++
	}
}

// takes reports whether the n-th word of a text may be one of those that are marked.
func takes(text string, n int, words string) bool {
	return slices.Contains(strings.Fields(words), strings.Fields(text)[n])
}

// dangling: whatever dangles on the receiving side has no marker any more, and what has one does not dangle.
func (m *remarks) dangling(before, after *siteState) {
	m.t.Helper()
	refs := map[string]bool{}
	for _, c := range after.Content {
		if c.Kind == "page" {
			for _, ref := range markup.Markers(c.Body) {
				refs[ref] = true
			}
		}
	}
	for _, c := range after.Content {
		if c.Kind != "comment" || c.Comment.Kind != "inline" || c.Comment.Marker == "" {
			continue
		}
		if dangles := c.Comment.Resolution == "dangling"; dangles == refs[c.Comment.Marker] {
			m.t.Errorf("comment %s on %s is %q, was %q", c.Body, c.Comment.Marker, c.Comment.Resolution, before.byID[c.ID].Comment.Resolution)
		}
	}
}

func inlineOf(s *siteState) (out []string) {
	for _, c := range s.Content {
		if c.Kind == "comment" && c.Comment.Kind == "inline" && c.Status == "current" {
			out = append(out, c.ID+" "+c.Body)
		}
	}
	slices.Sort(out)
	return out
}
