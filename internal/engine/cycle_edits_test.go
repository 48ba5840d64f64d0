package engine_test

import (
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// An edit of one side arrives at the other with one write, whatever it is, and the next cycle writes nothing.
func TestOneSidedEdits(t *testing.T) {
	for _, tt := range []struct{ name, action, want string }{
		{"body", `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`, `{"PUT":1}`},
		{"title", `{"rename":{"page":"C","to":"C2"}}`, `{"PUT":1}`},
		{"create", `{"create":{"title":"D","under":"A","text":"<p>D p1</p>"}}`, `{"POST":1}`},
		{"trash", `{"trash":"C"}`, `{"DEL":1}`},
		{"move", `{"move":{"page":"A1","under":"B"}}`, `{"MV":1}`},
		{"order", `{"move":{"page":"C","before":"A"}}`, `{"MV":1}`},
		{"label", `{"label":{"page":"A","add":["y"]}}`, `{"LB+":1}`},
		{"unlabel", `{"label":{"page":"A","remove":["x"]}}`, `{"LB-":1}`},
		{"restriction", `{"restrict":{"page":"A2","read":["group:g1","user:svc-tandem"]}}`, `{"RS":1}`},
		{"file", `{"attach":{"page":"A","name":"g.txt","bytes":"new"}}`, `{"AT+":1}`},
		{"new version of a file", `{"attach":{"page":"A","name":"f.png","bytes":"other bytes"}}`, `{"ATv":1}`},
		{"file away", `{"detach":{"page":"A","name":"f.png"}}`, `{"AT-":1}`},
		{"comment", `{"comment":{"page":"A","text":"<p>A c2</p>"}}`, `{"CM+":1}`},
		{"blog post", `{"create":{"title":"News","space":"K","kind":"blog","text":"<p>news</p>"}}`, `{"POST":1}`},
	} {
		for from := range 2 {
			t.Run(tt.name+" on "+siteNames[from], func(t *testing.T) {
				t.Parallel()
				w := kept(t)
				w.clock.Advance(time.Second)
				if tt.name == "order" {
					w.act(from, `{"move":{"page":"B","after":"A"}}`) // Cloud has them as they were made, side by side
					w.act(from, `{"move":{"page":"C","after":"B"}}`)
					w.sweep()
					w.clock.Advance(time.Second)
				}
				w.act(from, tt.action)
				r := w.sweep()
				got := verbs(r, 1-from)
				if got != tt.want || r.Written(confluence.Side(from)) != 0 || r.Open != 0 {
					t.Errorf("carried %s and back %s, %d conflicts, want %s: %s", got, verbs(r, from), r.Open, tt.want, w.story())
				}
				w.clock.Advance(time.Second)
				w.reset()
				if r := w.sweep(); w.writes(0)+w.writes(1) != 0 {
					t.Errorf("the next sweep wrote %s and %s: %s", verbs(r, 0), verbs(r, 1), w.story())
				}
			})
		}
	}
}
