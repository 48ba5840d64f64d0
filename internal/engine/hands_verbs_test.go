package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// deed is something that a person does on one side, and what the other is to show for it.
type deed struct {
	verb  confluence.Verb
	first []string // what both sides have before, done and carried first
	acts  []string
	holds func(w *hands, to confluence.Side) string // empty, or what is wrong
}

func has(title string, ok func(shown) bool) func(*hands, confluence.Side) string {
	return func(w *hands, to confluence.Side) string {
		if s := w.shown(to, title); !ok(s) {
			return fmt.Sprintf("%s is %+v", title, s)
		}
		return ""
	}
}

// deeds has one for each verb that changes what both sides can hold.
var deeds = []deed{
	{verb: confluence.VerbPut, acts: []string{`{"body":{"page":"A","text":"<p>other</p>"}}`},
		holds: has("A", func(s shown) bool { return s.Body == "<p>other</p>" })},
	{verb: confluence.VerbPost, acts: []string{`{"create":{"title":"New","under":"A1","text":"<p>n</p>"}}`},
		holds: has("New", func(s shown) bool { return s.Body == "<p>n</p>" })},
	{verb: confluence.VerbMove, acts: []string{`{"move":{"page":"A1","under":"B"}}`},
		holds: func(w *hands, to confluence.Side) string {
			if got, want := w.shown(to, "A1").Parent, w.shown(to, "B").ID; got != want {
				return fmt.Sprintf("A1 is below %s, not %s", got, want)
			}
			return ""
		}},
	{verb: confluence.VerbTrash, acts: []string{`{"trash":"B"}`}, holds: has("B", func(s shown) bool { return s.Status == "trashed" })},
	{verb: confluence.VerbRestore, first: []string{`{"trash":"B"}`}, acts: []string{`{"restore":"B"}`},
		holds: has("B", func(s shown) bool { return s.Status == "current" && strings.Contains(s.Body, "B two beta") })},
	{verb: confluence.VerbLabel, acts: []string{`{"label":{"page":"A","add":["y"]}}`},
		holds: has("A", func(s shown) bool { return slices.Equal(s.Labels, []string{"global:x", "global:y"}) })},
	{verb: confluence.VerbUnlabel, acts: []string{`{"label":{"page":"A","remove":["x"]}}`}, holds: has("A", func(s shown) bool { return len(s.Labels) == 0 })},
	{verb: confluence.VerbRestrict, acts: []string{`{"restrict":{"page":"A","read":["user:alice","user:ME"]}}`},
		holds: has("A", func(s shown) bool { return slices.Contains(s.Restrictions.Read, "user:alice") })},
	{verb: confluence.VerbAttach, acts: []string{`{"attach":{"page":"B","name":"g.txt","bytes":"gg"}}`},
		holds: has("g.txt", func(s shown) bool { return s.Status == "current" })},
	{verb: confluence.VerbReplace, acts: []string{`{"attach":{"page":"A","name":"f.txt","bytes":"second"}}`},
		holds: has("f.txt", func(s shown) bool { return s.Version == 2 })},
	{verb: confluence.VerbDetach, acts: []string{`{"detach":{"page":"A","name":"f.txt"}}`}, holds: has("f.txt", func(s shown) bool { return s.Status == "trashed" })},
	{verb: confluence.VerbComment, acts: []string{`{"comment":{"page":"A","reply":"c1","text":"<p>answer</p>"}}`},
		holds: func(w *hands, to confluence.Side) string { return w.comments(to, "answer", "c1", "c2") }},
	{verb: confluence.VerbRecomment, acts: []string{`{"editComment":{"page":"A","comment":"c1","text":"<p>c9</p>"}}`},
		holds: func(w *hands, to confluence.Side) string { return w.comments(to, "c2", "c9") }},
}

// comments compares the texts of all comments of a side.
func (w *hands) comments(side confluence.Side, want ...string) string {
	var got []string
	for _, c := range w.all(side) {
		if c.Kind == "comment" && c.Status == "current" {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(c.Body, "<p>"), "</p>"))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Sprintf("comments %q, not %q", got, want)
	}
	return ""
}

// me is tandem's own user on a side, as actions name it.
func (w *hands) me(side confluence.Side) string {
	login, _ := w.sites[side].Account()
	return [2]string{login, w.hand.Me(side)}[side]
}

// personDoes lets a person do something, by an action that may name tandem's own user as ME.
func (w *hands) personDoes(side confluence.Side, action string) {
	w.t.Helper()
	w.act(int(side), strings.ReplaceAll(action, "ME", w.me(side)))
}

// play does what people do and carries it across, until planning has nothing left.
func (w *hands) play(from confluence.Side, acts ...string) (verbs []confluence.Verb) {
	w.t.Helper()
	for _, a := range acts {
		w.personDoes(from, a)
	}
	w.readAll()
	for range 4 {
		r, err := w.hand.Plan(w.t.Context(), reconcile.TwoWay)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range r.Clashes {
			if c.Kind != "kind" { // a record of what one side cannot hold
				w.t.Errorf("clash: %+v", c)
			}
		}
		if len(r.Changes) == 0 {
			return verbs
		}
		for _, c := range r.Changes {
			verbs = append(verbs, c.Verb)
			if c.Side == from {
				w.t.Errorf("carried back: %+v", c)
			}
		}
		w.apply(r.Changes...)
	}
	w.t.Errorf("never done: %v", verbs)
	return verbs
}

// TestEveryVerbOnBothSides lets a person do one thing of each kind on either side. It arrives on the other by the verb of
// that name, whatever becomes of the answer of the call, and nothing else is written.
func TestEveryVerbOnBothSides(t *testing.T) {
	for name, to := range bothSides {
		for _, d := range deeds {
			for _, answer := range []string{"answered", "made, answer lost", "lost"} {
				t.Run(fmt.Sprintf("%s %s, %s", d.verb, name, answer), func(t *testing.T) {
					t.Parallel()
					w := newHands(t)
					from := to.Other()
					w.play(from, d.first...)
					w.tombs()
					if answer != "answered" {
						hit := w.spoilNext(to, answer != "lost")
						t.Cleanup(func() {
							if hit() == "" {
								t.Error("no call was hit")
							}
						})
					}
					verbs := w.play(from, d.acts...)
					if !slices.Contains(verbs, d.verb) {
						t.Errorf("carried by %v", verbs)
					}
					if wrong := d.holds(w, to); wrong != "" {
						t.Error(wrong)
					}
					w.nothingLeft()
				})
			}
		}
	}
}
