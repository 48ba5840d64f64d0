package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/engine"
)

// A site that rewrites the links to a page that tandem renames makes versions in tandem's name. They are no edit of anybody,
// and a link that came before the renames leads where it leads on the other side afterwards.
func TestLinksThatASiteRewritesInOurName(t *testing.T) {
	for _, how := range []string{"version", "silent"} {
		for from := range 2 {
			t.Run(fmt.Sprintf("%s on %s", how, siteNames[1-from]), func(t *testing.T) {
				t.Parallel()
				w := kept(t)
				for _, s := range w.sites {
					if err := s.SetOptions(map[string]string{"OF-29": how}); err != nil {
						t.Fatal(err)
					}
				}
				const link = `<p>A p1 alpha</p><p>see <ac:link><ri:page ri:content-title="%s" /></ac:link></p>`
				w.act(from, fmt.Sprintf(`{"body":{"page":"A","text":%q}}`, fmt.Sprintf(link, "B")))
				w.sweep()
				w.act(from, `{"rename":{"page":"B","to":"X"}}`)
				w.act(from, `{"rename":{"page":"C","to":"B"}}`)
				w.act(from, `{"rename":{"page":"X","to":"C"}}`)
				w.act(from, fmt.Sprintf(`{"body":{"page":"A","text":%q}}`, fmt.Sprintf(link, "B")+"<p>new</p>"))
				w.sweep()
				w.sweep()
				for i := range 2 {
					if got := w.text(i, "A"); !strings.Contains(got, `ri:content-title="B"`) || !strings.Contains(got, "new") {
						t.Errorf("%s: %s", siteNames[i], got)
					}
					if p := w.page(i, "B"); !strings.Contains(fmt.Sprint(p["body"]), "C p1") {
						t.Errorf("%s: B is %v", siteNames[i], p["body"])
					}
				}
				w.reset()
				w.sweep()
				open, err := w.engine.Conflicts(context.Background(), engine.ConflictFilter{State: "open"})
				if n := w.writes(0) + w.writes(1); n != 0 || len(open) > 0 || err != nil {
					t.Errorf("%d writes, conflicts %+v, %v afterwards: %s", n, open, err, w.story())
				}
			})
		}
	}
}

// Where titles are swapped, the links of a site that rewrites them follow the pages, and those of the other side are made to
// follow as well; nothing is taken for an edit.
func TestLinksFollowSwappedTitles(t *testing.T) {
	for from := range 2 {
		t.Run("on "+siteNames[from], func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			w.act(from, `{"body":{"page":"A","text":"<p>A p1</p><p>see <ac:link><ri:page ri:content-title=\"B\" /></ac:link></p>"}}`)
			w.sweep()
			w.act(from, `{"rename":{"page":"B","to":"X"}}`)
			w.act(from, `{"rename":{"page":"C","to":"B"}}`)
			w.act(from, `{"rename":{"page":"X","to":"C"}}`)
			w.sweep()
			w.sweep()
			for i := range 2 {
				if got := w.text(i, "A"); !strings.Contains(got, `ri:content-title="C"`) {
					t.Errorf("%s: %s: %s", siteNames[i], got, w.story())
				}
				if p := w.page(i, "C"); !strings.Contains(fmt.Sprint(p["body"]), "B p1") {
					t.Errorf("%s: C is %v", siteNames[i], p["body"])
				}
			}
			w.reset()
			w.sweep()
			if n := w.writes(0) + w.writes(1); n != 0 {
				t.Errorf("%d writes afterwards: %s", n, w.story())
			}
		})
	}
}
