package engine_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

var marker = regexp.MustCompile(`<ac:inline-comment-marker ac:ref="([^"]*)">([^<]*)</ac:inline-comment-marker>`)

// TestInlineCommentsSurviveEditsFromTheOtherSide lets people comment on words of a page on both sides, and edit it on
// one. The comments of the other stay on their words; none of the sender's dangles there.
func TestInlineCommentsSurviveEditsFromTheOtherSide(t *testing.T) {
	for name, to := range bothSides {
		t.Run(name, func(t *testing.T) {
			w := newHands(t)
			from := to.Other()
			w.act(int(to), `{"comment":{"page":"A","on":"one alpha","text":"<p>about one</p>"}}`)
			w.act(int(from), `{"comment":{"page":"A","on":"two beta","text":"<p>about two</p>"}}`)
			before := marker.FindAllStringSubmatch(w.shown(to, "A").Body, -1)
			if len(before) != 1 {
				t.Fatalf("no marker: %s", w.shown(to, "A").Body)
			}
			theirs := marker.FindStringSubmatch(w.shown(from, "A").Body)
			w.play(from, `{"insert":{"page":"A","text":"a new end"}}`, `{"create":{"title":"Copy","under":"A","text":"<p>c</p>"}}`)
			after := w.shown(to, "A").Body
			if got := marker.FindAllStringSubmatch(after, -1); len(got) != 1 || got[0][0] != before[0][0] || strings.Contains(after, theirs[1]) {
				t.Errorf("markers %q, were %q: %s", got, before, after)
			}
			if !strings.Contains(after, "a new end") {
				t.Errorf("the edit is not there: %s", after)
			}
			if own := w.shown(from, "A").Body; !strings.Contains(own, theirs[0]) {
				t.Errorf("the sender's own marker is gone: %s", own)
			}
			w.play(from, `{"rename":{"page":"A","to":"A renamed"}}`)
			if got := w.shown(to, "A renamed").Body; got != after {
				t.Errorf("a rename made %s of %s", got, after)
			}
			w.nothingLeft()
		})
	}
}

// TestANewPageComesWithoutMarkers carries a page that has an inline comment already.
func TestANewPageComesWithoutMarkers(t *testing.T) {
	for name, to := range bothSides {
		t.Run(name, func(t *testing.T) {
			w := newHands(t)
			from := to.Other()
			w.act(int(from), `{"create":{"title":"New","under":"A","text":"<p>New one alpha</p>"}}`)
			w.act(int(from), `{"comment":{"page":"New","on":"one alpha","text":"<p>hm</p>"}}`)
			w.play(from)
			if got := w.shown(to, "New").Body; got != "<p>New one alpha</p>" {
				t.Errorf("it arrived as %s", got)
			}
			w.nothingLeft()
		})
	}
}

// TestReferencesLeadToTheSameThings carries a body that mentions a person, links by title, by page id and by short link,
// names the space, and shows a file of its own.
func TestReferencesLeadToTheSameThings(t *testing.T) {
	for name, to := range bothSides {
		t.Run(name, func(t *testing.T) {
			w := newHands(t)
			from := to.Other()
			var user struct{ UserKey string }
			w.ask(0, "GET", "/rest/api/user?username=bob", nil, &user)
			mention := [2]string{`ri:userkey="` + user.UserKey + `"`, `ri:account-id="bob"`}
			base := func(side confluence.Side) string {
				return "https://" + siteNames[side] + ".example.test" + w.sites[side].Context()
			}
			text := func(side confluence.Side) string {
				b := w.shown(side, "B")
				return fmt.Sprintf(`<p><ac:link><ri:user %s/></ac:link> <ac:link><ri:page ri:content-title="A1"/></ac:link>`+
					` <a href="%s/pages/viewpage.action?pageId=%s">by id</a> <a href="%[2]s/x/%[4]s">short</a>`+
					` <ac:link><ri:page ri:space-key="K" ri:content-title="B"/></ac:link> <ac:image><ri:attachment ri:filename="f.txt"/></ac:image></p>`,
					mention[side], base(side), b.ID, shortOf(t, b.ID))
			}
			w.play(from, fmt.Sprintf(`{"body":{"page":"A","text":%q}}`, text(from)))
			got, want := w.shown(to, "A").Body, text(to)
			squeeze := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, " />", "/>"), "&#47;", "/") }
			for _, part := range []string{mention[to], `pageId=` + w.shown(to, "B").ID, "/x/" + shortOf(t, w.shown(to, "B").ID), base(to), `ri:content-title="A1"`} {
				if !strings.Contains(squeeze(got), part) {
					t.Errorf("no %s in %s, which should be %s", part, got, want)
				}
			}
			w.nothingLeft()
		})
	}
}

// shortOf is the short link of a page id, by hand: little-endian bytes in base64, without what ends it.
func shortOf(t *testing.T, id string) string {
	t.Helper()
	short, ok := body.ShortLink(confluence.ID(id))
	if !ok {
		t.Fatalf("%q has no short link", id)
	}
	return short
}

// TestAnEditInBetweenIsNotOverwritten lets somebody edit the receiving page between the plan and the call. An edit of what
// is carried wins until it is decided about; one of something else is kept, and the change arrives with it.
func TestAnEditInBetweenIsNotOverwritten(t *testing.T) {
	for name, to := range bothSides {
		for edit, act := range map[string]string{
			"the same":       `{"body":{"page":"A","text":"<p>theirs</p>"}}`,
			"something else": `{"rename":{"page":"A","to":"A renamed"}}`,
		} {
			t.Run(name+", "+edit, func(t *testing.T) {
				w := newHands(t)
				from := to.Other()
				w.act(int(from), `{"insert":{"page":"A","text":"a new end"}}`)
				w.readAll()
				r, err := w.hand.Plan(t.Context(), reconcile.TwoWay)
				if err != nil || len(r.Changes) != 1 {
					t.Fatal(r.Changes, err)
				}
				w.act(int(to), act)
				again, err := w.hand.Apply(t.Context(), r.Changes...)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.hand.ReadWritten(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.refusals()
				if edit == "the same" {
					if !again || w.shown(to, "A").Body != "<p>theirs</p>" {
						t.Errorf("overwritten: %s", w.shown(to, "A").Body)
					}
					return
				}
				if got := w.shown(to, "A renamed"); again || !strings.Contains(got.Body, "a new end") {
					t.Errorf("again %t, %+v", again, got)
				}
				w.play(to)
				w.nothingLeft()
			})
		}
	}
}

// TestNothingIsRemovedThatSomebodyTouched lets somebody work on a page between the decision to trash it and the call.
func TestNothingIsRemovedThatSomebodyTouched(t *testing.T) {
	for name, to := range bothSides {
		for _, act := range []string{
			`{"insert":{"page":"B","text":"a new end"}}`,
			`{"comment":{"page":"B","text":"<p>wait</p>"}}`,
			`{"create":{"title":"Child","under":"B","text":"<p>c</p>"}}`,
		} {
			t.Run(name+" "+act[2:8], func(t *testing.T) {
				w := newHands(t)
				w.act(int(to.Other()), `{"trash":"B"}`)
				w.readAll()
				r, err := w.hand.Plan(t.Context(), reconcile.TwoWay)
				if err != nil || len(r.Changes) != 1 || r.Changes[0].Verb != confluence.VerbTrash {
					t.Fatal(r.Changes, err)
				}
				w.act(int(to), act)
				again, err := w.hand.Apply(t.Context(), r.Changes...)
				if err != nil || !again {
					t.Errorf("again %t, %v", again, err)
				}
				w.refusals()
				if s := w.shown(to, "B"); s.Status != "current" {
					t.Errorf("it was removed: %+v", s)
				}
			})
		}
	}
}

// TestWhatTheOtherSideCannotHoldIsLeftAlone has a folder with a page in it, and a live doc, on Cloud.
func TestWhatTheOtherSideCannotHoldIsLeftAlone(t *testing.T) {
	w := newHands(t)
	var space struct {
		Results []struct{ ID, HomepageID string }
	}
	w.ask(1, "GET", "/api/v2/spaces?keys=K", nil, &space)
	var folder, page struct{ ID string }
	id, home := space.Results[0].ID, space.Results[0].HomepageID
	if status := w.ask(1, "POST", "/api/v2/folders", map[string]any{"spaceId": id, "title": "Folder", "parentId": home}, &folder); status != http.StatusOK {
		t.Fatal(status)
	}
	text := map[string]any{"representation": "storage", "value": "<p>in it</p>"}
	w.ask(1, "POST", "/api/v2/pages", map[string]any{"spaceId": id, "title": "In folder", "parentId": folder.ID, "body": text}, &page)
	w.ask(1, "POST", "/api/v2/pages", map[string]any{"spaceId": id, "title": "Live", "parentId": home, "subtype": "live", "body": text}, nil)
	w.play(confluence.B)
	if s := w.shown(confluence.A, "In folder"); s.Body != "<p>in it</p>" || s.Parent != w.shown(confluence.A, w.home).ID {
		t.Errorf("the page in the folder: %+v", s)
	}
	if s := w.shown(confluence.A, "Live"); s.ID != "" {
		t.Errorf("the live doc was carried: %+v", s)
	}
	if s := w.shown(confluence.B, "In folder"); s.Parent != folder.ID {
		t.Errorf("moved out of its folder: %+v", s)
	}
	left := w.hand.Left(t.Context(), confluence.B)
	if len(left) != 2 {
		t.Errorf("left out: %q", left)
	}
	w.play(confluence.A, `{"body":{"page":"In folder","text":"<p>from the other side</p>"}}`)
	if s := w.shown(confluence.B, "In folder"); s.Parent != folder.ID || s.Body != "<p>from the other side</p>" {
		t.Errorf("after an edit: %+v", s)
	}
	w.nothingLeft()
}
