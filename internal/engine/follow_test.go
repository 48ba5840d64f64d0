package engine_test

import (
	"fmt"
	"testing"
	"time"
)

// A cycle that carries an edit of a body reads what it writes into the space as it has loaded it. That the views which
// come of it are what is stored, all tests of cycles make sure of.
func TestACycleFollowsItsWrites(t *testing.T) {
	t.Parallel()
	for from := range 2 {
		w := acquainted(t)
		before := w.views.Load()
		w.act(from, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
		w.tick(30 * time.Second)
		if got := w.views.Load() - before; got == 0 {
			t.Errorf("after an edit on %s nothing followed what was written: %s", siteNames[from], w.story())
		}
	}
}

// What reaches further than its own row is seen as it is, whatever was written besides.
func TestViewsAreWhatIsStored(t *testing.T) {
	t.Parallel()
	for from := range 2 {
		w := acquainted(t)
		for i, action := range []string{
			`{"rename":{"page":"C","to":"C2"}}`, `{"create":{"title":"C","under":"A","text":"<p>C p1</p>"}}`, `{"trash":"B"}`,
			`{"edit":{"page":"A","block":"p1","to":"A p1 once more"}}`, `{"label":{"page":"A","add":["y"]}}`, `{"comment":{"page":"A","text":"<p>A c2</p>"}}`,
			`{"attach":{"page":"A","name":"g.txt","bytes":"new"}}`, `{"restrict":{"page":"A2","read":["group:g1","user:svc-tandem"]}}`, `{"move":{"page":"A1","under":"C"}}`,
		} {
			w.act(from, action)
			w.act(1-from, fmt.Sprintf(`{"edit":{"page":"A2","block":"p1","to":"A2 p1 edited %d times"}}`, i))
			w.tick(30 * time.Second)
		}
		w.sweep()
	}
}
