package engine_test

import (
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tandem-sync/tandem/internal/migration"
)

// TestNothingIsLeftRunning ends the engine in the middle of a run, starts it again, pauses, resumes, proves and closes:
// no goroutine of it is left.
func TestNothingIsLeftRunning(t *testing.T) {
	w := newWorld(t, nil)
	before := goleak.IgnoreCurrent()
	w.front = func(next http.RoundTripper) http.RoundTripper {
		next.(*http.Transport).DisableKeepAlives = true
		return next
	}
	w.open()
	w.addSite()
	w.plan("P", exportOf(t, w.dir, "cross.zip", crossing), migration.NewScope("ONE", ""), migration.NewScope("TWO", ""))
	id, err := w.engine.Start(t.Context(), "P")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond) // somewhere in the middle
	w.close()
	w.open()
	if err := w.engine.Pause(t.Context(), id, "test"); err == nil {
		if run := w.wait(id); run.Status == migration.PlanPaused {
			if err := w.engine.Resume(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.mustFinish(w.wait(id))
	if err := w.engine.Verify(t.Context(), id, "everything"); err != nil {
		t.Fatal(err)
	}
	w.close()
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("net/http.(*conn).serve"), goleak.IgnoreAnyFunction("net/http/httptest.(*Server).goServe.func1"))
}
