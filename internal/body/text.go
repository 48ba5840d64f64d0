package body

import (
	"strings"
	"unicode/utf8"
)

// Macros returns how often each macro occurs, by name.
func (t *Tree) Macros() map[string]int {
	counts := map[string]int{}
	for i := int32(1); i < int32(len(t.nodes)); {
		n := &t.nodes[i]
		switch {
		case n.kind == element && n.traits&dropped != 0:
			i = n.next
			continue
		case n.kind == element && n.traits&macro != 0:
			counts[t.get(i, "ac:name")]++
		}
		i++
	}
	return counts
}

// Text returns the visible text: blocks on lines of their own, white space as a reader sees it. Code is text, macro
// parameters are not; a link without a text of its own shows its target's title.
func (t *Tree) Text() string {
	r := reader{t: t}
	r.children(0, inContainer)
	return strings.TrimSpace(r.b.String())
}

// Excerpt returns the beginning of the visible text on one line, of at most limit characters. Where text is left out it
// ends with an ellipsis, after a whole word if there is one.
func (t *Tree) Excerpt(limit int) string {
	s := strings.Join(strings.Fields(t.Text()), " ")
	if limit <= 0 || utf8.RuneCountInString(s) <= limit {
		return s[:len(s)*min(1, max(0, limit))]
	}
	cut := 0
	for n := range s {
		if limit--; limit == 0 {
			cut = n
			break
		}
	}
	if word := strings.LastIndexByte(s[:cut+1], ' '); word > 0 {
		cut = word
	}
	return strings.TrimRight(s[:cut], " ") + "…"
}

// reader collects visible text.
type reader struct {
	t     *Tree
	b     strings.Builder
	last  byte // written last, 0 at the beginning
	space bool
}

func (r *reader) children(i int32, in context) {
	for c := i + 1; c < r.t.nodes[i].next; c = r.t.nodes[c].next {
		switch r.t.nodes[c].kind {
		case element:
			r.element(c, in)
		case text:
			r.text(string(appendDecoded(nil, r.t.chars(c))), in)
		case cdata:
			r.text(r.t.chars(c), in)
		}
	}
}

func (r *reader) element(i int32, in context) {
	n := &r.t.nodes[i]
	switch {
	case n.traits&dropped != 0 || n.traits&(keeps|leaf) == keeps|leaf || r.t.name(i) == "ac:task-status" ||
		r.t.name(i) == "ac:placeholder":
		return
	case n.traits&(block|edge|soft) != 0 && n.traits&resource == 0 && r.t.name(i) != "ac:plain-text-link-body":
		r.line()
		defer r.line()
	case r.t.name(i) == "ac:link":
		before := r.b.Len()
		r.children(i, inside(n.traits, in))
		if r.b.Len() == before {
			r.text(r.title(i), 0)
		}
		return
	}
	r.children(i, inside(n.traits, in))
}

// title returns what a link without a text shows.
func (r *reader) title(i int32) string {
	for c := i + 1; c < r.t.nodes[i].next; c++ {
		if r.t.nodes[c].kind != element || r.t.nodes[c].traits&resource == 0 {
			continue
		}
		if s, ok := r.t.resourceSlot(c); ok && s.Kind == SlotAttachment {
			return s.File
		} else if ok {
			return s.Title
		}
	}
	return ""
}

func (r *reader) line() {
	r.space = false
	if r.last != 0 && r.last != '\n' {
		r.b.WriteByte('\n')
		r.last = '\n'
	}
}

func (r *reader) text(s string, in context) {
	if in&inStructure != 0 && isBlank(s) || s == "" {
		return
	}
	if in&inKeeps != 0 {
		r.b.WriteString(s)
		r.last = s[len(s)-1]
		return
	}
	for i := 0; i < len(s); i++ {
		if isSpace(s[i]) {
			r.space = r.last != 0 && r.last != '\n'
			continue
		}
		if r.space {
			r.b.WriteByte(' ')
			r.space = false
		}
		r.b.WriteByte(s[i])
		r.last = s[i]
	}
}
