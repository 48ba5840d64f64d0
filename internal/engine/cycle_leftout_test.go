package engine_test

import "testing"

// TestLeftOutCommentInAPair: an inline comment, which nothing carries, is no reason for a pair to fail or to write.
func TestLeftOutCommentInAPair(t *testing.T) {
	w := newSync(t)
	w.fill()
	w.act(0, `{"comment":{"page":"A2","text":"<p>A2 note</p>","on":"p1"}}`)
	w.act(0, `{"comment":{"page":"A2","text":"<p>A2 answer</p>","reply":"A2 note"}}`)
	w.adopt()
	w.reset()
	w.sweep()
	if n := w.writes(0) + w.writes(1); n != 0 {
		t.Errorf("%d writes\n%s", n, w.story())
	}
}
