package body

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tandem-sync/tandem/internal/body/bodytest"
	"github.com/tandem-sync/tandem/internal/confluence"
)

func parse(t interface{ Fatalf(string, ...any) }, raw string) *Tree {
	tree, err := Parse(raw)
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return tree
}

func none(Slot) string { return "" }

func content(tree *Tree) confluence.Digest { return tree.Form().Content(none) }

// P17, P18: what servers rewrite changes nothing; presentation changes the presentation digest alone; what a reader
// sees changes the content digest.
func TestEditsHaveTheirEffect(t *testing.T) {
	for effect, name := range map[bodytest.Effect]string{bodytest.Nothing: "nothing", bodytest.Looks: "looks", bodytest.Meaning: "meaning"} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				b := bodytest.Generate(t)
				edited, what := b.Edit(effect, bodytest.Drawn(t))
				if edited == nil {
					t.Skip("no place for such an edit")
				}
				checkEffect(t, effect, what, b.String(), edited.String())
			})
			seen := map[string]int{}
			for seed := range uint64(600) {
				b := bodytest.Random(seed, 5)
				edited, what := b.Edit(effect, bodytest.Seeded(seed))
				if edited != nil {
					seen[what]++
					checkEffect(t, effect, what, b.String(), edited.String())
				}
			}
			t.Log(seen)
		})
	}
}

func checkEffect(t interface{ Fatalf(string, ...any) }, effect bodytest.Effect, what, before, after string) {
	a, b := parse(t, before), parse(t, after)
	sameContent := content(a) == content(b)
	sameLooks := a.Form().Presentation == b.Form().Presentation
	if sameContent != (effect != bodytest.Meaning) || effect == bodytest.Nothing && !sameLooks || effect == bodytest.Looks && sameLooks {
		t.Fatalf("%s: content equal %v, presentation equal %v\nbefore %s\nafter  %s\ncanonical\n%s\n%s",
			what, sameContent, sameLooks, before, after, a.Canonical(), b.Canonical())
	}
}

// P11: the tokens make the body; the canonical form is its own canonical form and says the same.
func TestCanonicalFormIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkForm(t, bodytest.Generate(t).String()) })
}

func checkForm(t interface{ Fatalf(string, ...any) }, raw string) {
	tree := parse(t, raw)
	var tokens strings.Builder
	concat(tree, 0, &tokens)
	if tokens.String() != raw {
		t.Fatalf("the tokens do not make the body\n%s\n%s", raw, tokens.String())
	}
	c := tree.Canonical()
	again := parse(t, c)
	if got := again.Canonical(); got != c {
		t.Fatalf("not its own canonical form\nraw   %s\nonce  %s\ntwice %s", raw, c, got)
	}
	a, b := tree.Form(), again.Form()
	if a.Skeleton != b.Skeleton || a.Content(none) != b.Content(none) || a.Empty != b.Empty {
		t.Fatalf("the canonical form says something else\nraw %s\n%s", raw, c)
	}
}

// concat writes the tokens of a node, which are ranges of the input.
func concat(t *Tree, i int32, b *strings.Builder) {
	n := &t.nodes[i]
	if n.kind != element {
		b.WriteString(t.raw[n.start:n.end])
		return
	}
	b.WriteString(t.raw[n.start:n.inner])
	for c := i + 1; c < n.next; c = t.nodes[c].next {
		concat(t, c, b)
	}
	b.WriteString(t.raw[n.tail:n.end])
}

func TestRewriteChangesSlotsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkRewrite(t, bodytest.Generate(t).String()) })
}

func checkRewrite(t interface{ Fatalf(string, ...any) }, raw string) {
	tree := parse(t, raw)
	var slots []Slot
	if got := tree.Rewrite(func(s Slot) (Slot, bool) { slots = append(slots, s); return s, true }); got != raw {
		t.Fatalf("replacing slots by themselves changes the body\n%s\n%s", raw, got)
	}
	changed := tree.Rewrite(elsewhere)
	after := parse(t, changed)
	// Between the slots, every byte stays.
	from, rest := 0, changed
	var now []Slot
	after.Rewrite(func(s Slot) (Slot, bool) { now = append(now, s); return s, false })
	if len(now) != len(slots) {
		t.Fatalf("%d slots became %d\n%s\n%s", len(slots), len(now), raw, changed)
	}
	shift := 0
	for k, s := range slots {
		want, _ := elsewhere(s)
		got := now[k]
		if got.Kind != want.Kind || got.Title != want.Title || got.User != want.User || got.UserAttr != want.UserAttr ||
			got.ID != want.ID || got.File != want.File || got.SpaceKey != want.SpaceKey && s.SpaceKey != "" || got.Base != want.Base {
			t.Fatalf("slot became\n%+v\nwant\n%+v", got, want)
		}
		between := raw[from:s.Start]
		if changed[from+shift:got.Start] != between {
			t.Fatalf("bytes beside slots changed\n%s\n%s", raw, changed)
		}
		from, shift = s.End, got.End-s.End
	}
	if raw[from:] != changed[from+shift:] {
		t.Fatalf("bytes behind slots changed\n%s\n%s", raw, changed)
	}
	_ = rest
}

// elsewhere gives a slot another target of the same kind.
func elsewhere(s Slot) (Slot, bool) {
	switch s.Kind {
	case SlotUser:
		s.User, s.UserAttr = `712020:"a"&<b>`, "account-id"
	case SlotPage, SlotBlogPost:
		s.Title += ` & "<é>`
	case SlotAttachment:
		s.File += "+ä.png"
	case SlotPageID, SlotShortLink:
		s.ID = "98765432101"
		s.Base = "https://new.example.com/wiki"
	case SlotTitleURL:
		s.Base = "https://new.example.com/wiki"
	}
	if s.SpaceKey != "" {
		s.SpaceKey = "NEWKEY"
	}
	return s, true
}

// P16 and the laws of Put.
func TestPutLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := bodytest.Generate(t)
		v := s
		for range rapid.IntRange(0, 4).Draw(t, "edits") {
			effect := rapid.SampledFrom([]bodytest.Effect{bodytest.Nothing, bodytest.Meaning, bodytest.Meaning}).Draw(t, "effect")
			if edited, _ := v.Edit(effect, bodytest.Drawn(t)); edited != nil {
				v = edited
			}
		}
		checkPut(t, v.String(), s.String())
	})
}

func TestPutUnrelated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkPut(t, bodytest.Generate(t).String(), bodytest.Generate(t).String()) })
}

// givenIDs returns the ids in a body that a site or an editor gave, wherever they count for nothing else.
func givenIDs(t *Tree) (ids []string) {
	for i := int32(1); i < int32(len(t.nodes)); i++ {
		if t.nodes[i].kind != element {
			continue
		}
		if t.isOwnID(i) {
			ids = append(ids, t.name(i)+" "+t.plain(i))
		}
		for _, a := range t.attrsOf(i) {
			if a.fate == fateIdentity {
				ids = append(ids, t.attrName(&a)+" "+t.value(&a))
			}
		}
	}
	return ids
}

func checkPut(t interface{ Fatalf(string, ...any) }, v, s string) {
	vt, st := parse(t, v), parse(t, s)
	if got := Put(st, st); got != s {
		t.Fatalf("Put(s, s) is not s\n%s\n%s", s, got)
	}
	out := Put(vt, st)
	ot := parse(t, out)
	if ot.Canonical() != vt.Canonical() {
		t.Fatalf("Put says something else\nv      %s\ntarget %s\nout    %s", v, s, out)
	}
	if got := Put(vt, ot); got != out {
		t.Fatalf("Put again changes\n%s\n%s", out, got)
	}
	given := map[string]int{}
	for _, id := range givenIDs(st) {
		given[id]++
	}
	for _, id := range givenIDs(ot) {
		if given[id]--; given[id] < 0 {
			t.Fatalf("%s is not the target's, or stands twice\nv      %s\ntarget %s\nout    %s", id, v, s, out)
		}
	}
}

// A parser that is not ours reads what we accept, once prefixes are declared.
func checkAgainstStandardParser(t interface{ Fatalf(string, ...any) }, raw string) {
	dec := xml.NewDecoder(strings.NewReader(`<x xmlns:ac="a" xmlns:ri="r" xmlns:at="t">` + raw + `</x>`))
	dec.Entity = xml.HTMLEntity
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("encoding/xml refuses what we accept: %v\n%q", err, raw)
		}
	}
}
