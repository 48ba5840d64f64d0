package engine_test

import (
	"strings"
	"testing"
	"time"
)

// Where a page is put into the trash on one side and edited on the other, the edit wins, also if a feed carries it before
// anybody has looked into the trash: a write to a page in the trash may be refused, or take it out and be dropped.
func TestEditMeetsTrashBeforeASweep(t *testing.T) {
	for from := range 2 {
		t.Run("trashed on "+siteNames[1-from], func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			w.tick(15 * time.Second)
			w.act(1-from, `{"trash":"C"}`)
			w.act(from, `{"edit":{"page":"C","block":"p1","to":"C p1 edited"}}`)
			w.tick(15 * time.Second)
			w.sweep()
			w.sweep()
			for i := range 2 {
				if p := w.page(i, "C"); p == nil || p["status"] != "current" || !strings.Contains(w.text(i, "C"), "C p1 edited") {
					t.Errorf("%s shows %v: %s", siteNames[i], p, w.story())
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
