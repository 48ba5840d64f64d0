package engine_test

import (
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// What both sides did to one content, or one side undid, ends as the decision table says; the next cycle writes nothing. What
// comes out of the trash stands at the root, and is put back to where it was.
func TestBothSides(t *testing.T) {
	type act struct {
		side   int
		action string
	}
	for _, tt := range []struct {
		name string
		acts []act
		want [2]string
		then []act // after a sweep
		last [2]string
	}{
		{"edit against trash", []act{{0, `{"edit":{"page":"A2","block":"p1","to":"A2 p1 edited"}}`}, {1, `{"trash":"A2"}`}},
			[2]string{"null", `{"PUT":1,"RST":1}`}, nil, [2]string{}},
		{"both trash", []act{{0, `{"trash":"C"}`}, {1, `{"trash":"C"}`}}, [2]string{"null", "null"}, nil, [2]string{}},
		{"equal edits", []act{{0, `{"edit":{"page":"A","block":"p1","to":"same"}}`}, {1, `{"edit":{"page":"A","block":"p1","to":"same"}}`}},
			[2]string{"null", "null"}, nil, [2]string{}},
		{"a file trashed here, a new version there", []act{{0, `{"detach":{"page":"A","name":"f.png"}}`}, {1, `{"attach":{"page":"A","name":"f.png","bytes":"other"}}`}},
			[2]string{`{"AT+":1}`, "null"}, nil, [2]string{}},
		{"labels of both", []act{{0, `{"label":{"page":"A","add":["y"]}}`}, {1, `{"label":{"page":"A","add":["z"]}}`}},
			[2]string{`{"LB+":1}`, `{"LB+":1}`}, nil, [2]string{}},
		{"trash and restore", []act{{1, `{"trash":"C"}`}}, [2]string{`{"DEL":1}`, "null"}, []act{{1, `{"restore":"C"}`}}, [2]string{`{"RST":1}`, "null"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			for n, acts := range [][]act{tt.acts, tt.then} {
				if acts == nil {
					continue
				}
				w.clock.Advance(time.Minute)
				for _, a := range acts {
					w.act(a.side, a.action)
				}
				r, want := w.sweep(), tt.want
				if n == 1 {
					want = tt.last
				}
				for side := range r.Writes {
					delete(r.Writes[side], confluence.VerbMove)
				}
				if got := [2]string{verbs(r, 0), verbs(r, 1)}; got != want || r.Open != 0 || r.Failed != 0 {
					t.Errorf("wrote %v, %d conflicts, %d failed; want %v: %s", got, r.Open, r.Failed, want, w.story())
				}
			}
			w.clock.Advance(time.Minute)
			w.reset()
			if r := w.sweep(); w.writes(0)+w.writes(1) != 0 {
				t.Errorf("the next sweep wrote %s and %s: %s", verbs(r, 0), verbs(r, 1), w.story())
			}
		})
	}
}
