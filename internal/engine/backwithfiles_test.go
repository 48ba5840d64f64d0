package engine_test

import (
	"testing"
	"time"
)

// TestFilesComeBackWithTheirPage deletes a page on one side while it is edited on the other: it comes back with its files,
// and neither side loses one for having been in the trash with its page.
func TestFilesComeBackWithTheirPage(t *testing.T) {
	for _, c := range []struct {
		name   string
		side   int
		before string
		feed   bool // a feed tells of it before a sweep does
		down   bool // the other side is away from before it was trashed
	}{
		{"trashed at A", 0, "", false, false}, {"trashed at B", 1, "", false, false},
		{"trashed at A, told by a feed", 0, "", true, false}, {"trashed at B, told by a feed", 1, "", true, false},
		{"new version, then trashed at A", 0, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, false, false},
		{"new version, then trashed at B", 1, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, false, false},
		{"new version, then trashed at A, told by a feed", 0, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, true, false},
		{"new version, then trashed at B, told by a feed", 1, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, true, false},
		{"new version, other side away, then trashed at A", 0, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, false, true},
		{"new version, other side away, then trashed at B", 1, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, false, true},
		{"new version, other side away, then trashed at A, told by a feed", 0, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, true, true},
		{"new version, other side away, then trashed at B, told by a feed", 1, `{"attach":{"page":"A2","name":"f.txt","bytes":"second"}}`, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			w.act(0, `{"attach":{"page":"A2","name":"f.txt","bytes":"first"}}`)
			w.clock.Advance(time.Minute)
			w.sweep()
			w.clock.Advance(time.Minute)
			if c.before != "" {
				w.act(c.side, c.before)
			}
			if c.down {
				w.down(1 - c.side)
				w.tick(3 * time.Minute)
			}
			w.act(c.side, `{"trash":"A2"}`)
			if c.down {
				w.up(1 - c.side)
			}
			w.act(1-c.side, `{"edit":{"page":"A2","block":"p1","to":"A2 p1 edited meanwhile"}}`)
			if c.feed {
				w.tick(3 * time.Minute)
			}
			for range 3 {
				w.clock.Advance(time.Minute)
				w.sweep()
			}
			for i := range w.sites {
				n := 0
				for _, x := range w.dump(i) {
					if file, ok := x["file"].(map[string]any); ok && file["name"] == "f.txt" && x["status"] == "current" {
						n++
					}
				}
				if page := w.page(i, "A2"); page == nil || page["status"] != "current" {
					t.Errorf("A2 is not there on %s", siteNames[i])
				}
				if n != 1 {
					t.Errorf("f.txt stands %d times on %s: %s", n, siteNames[i], w.story())
				}
			}
		})
	}
}
