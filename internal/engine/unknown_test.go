package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/migration"
)

// hostile stands between tandem and the site and does something to the n-th write.
type hostile struct {
	next http.RoundTripper
	nth  int
	only string // counted are the writes to this path; empty: all
	mode string

	mu    sync.Mutex
	count int
	hit   string // method and path of the write that was hit
	late  sync.WaitGroup
}

// The modes: what becomes of the n-th write and of its answer.
const (
	lostBefore = "lost before it arrived"
	lostAfter  = "applied, answer lost"
	failBefore = "answered 500, not applied"
	failAfter  = "answered 500, applied"
	lateInTime = "timed out, then applied before the timeout was over"
	lateAfter  = "timed out, then applied after the timeout was over"
	htmlAfter  = "applied, answered with an HTML page"
	cutAfter   = "applied, answer cut off"
)

var errCut = errors.New("connection reset by peer")

func (h *hostile) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || h.only != "" && !strings.HasSuffix(r.URL.Path, h.only) {
		return h.next.RoundTrip(r)
	}
	h.mu.Lock()
	h.count++
	mine := h.count == h.nth
	if mine {
		h.hit = r.Method + " " + r.URL.Path
	}
	h.mu.Unlock()
	if !mine {
		return h.next.RoundTrip(r)
	}
	return h.spoil(r)
}

func (h *hostile) spoil(r *http.Request) (*http.Response, error) {
	switch h.mode {
	case lostBefore:
		drain(r)
		return nil, errCut
	case failBefore:
		drain(r)
		return answer(r, 500, "application/json", `{"message":"Internal server error"}`), nil
	case lateInTime, lateAfter:
		return nil, h.applyLate(r)
	}
	resp, err := h.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	switch h.mode {
	case failAfter:
		return answer(r, 500, "application/json", `{"message":"Internal server error"}`), nil
	case htmlAfter:
		return answer(r, 200, "text/html", "<html><body>Please log in</body></html>"), nil
	case cutAfter:
		resp.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
		resp.ContentLength = int64(len(body))
		return resp, nil
	}
	return nil, errCut
}

// applyLate answers at once with a broken connection and lets the request through later.
func (h *hostile) applyLate(r *http.Request) error {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	delay := testTimeout / 3
	if h.mode == lateAfter {
		delay = testTimeout + testTimeout/2
	}
	again := r.Clone(newDetached())
	again.Body = io.NopCloser(bytes.NewReader(body))
	again.ContentLength = int64(len(body))
	h.late.Add(1)
	time.AfterFunc(delay, func() {
		defer h.late.Done()
		if resp, err := h.next.RoundTrip(again); err == nil {
			resp.Body.Close()
		}
	})
	return errCut
}

func drain(r *http.Request) {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
}

func answer(r *http.Request, status int, kind, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

const testTimeout = 300 * time.Millisecond

// TestEachWriteHasOneEffect hits every write of a migration in turn, in every way an answer can be lost, and wants the
// same site as after an undisturbed run.
func TestEachWriteHasOneEffect(t *testing.T) {
	calm := newWorld(t, nil)
	calm.site.AddGroup("confluence-users")
	counter := &hostile{}
	calm.front = func(next http.RoundTripper) http.RoundTripper { counter.next = next; return counter }
	calm.open()
	calm.addSite()
	calm.plan("P", smallExport(t, calm.dir, ""), migration.NewScope("SMALL", ""))
	calm.mustFinish(calm.migrate("P"))
	want := calm.site.Dump("neutral")
	for _, mode := range []string{lostBefore, lostAfter, failBefore, failAfter, lateInTime, lateAfter, htmlAfter, cutAfter} {
		for n := 1; n <= counter.count; n++ {
			t.Run(fmt.Sprintf("%s/%d", mode, n), func(t *testing.T) {
				t.Parallel()
				oneEffect(t, mode, n, want)
			})
		}
	}
}

func oneEffect(t *testing.T, mode string, n int, want []byte) {
	w := newWorld(t, nil)
	w.site.AddGroup("confluence-users")
	w.timeout = testTimeout
	h := &hostile{mode: mode, nth: n}
	w.front = func(next http.RoundTripper) http.RoundTripper { h.next = next; return h }
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	run := w.migrate("P")
	h.late.Wait()
	if mode == lateAfter {
		// What was applied after its timeout may leave one surplus copy until the site is read again.
		if run.Status == migration.PlanFinished {
			run = w.migrate("P")
		}
	}
	for tries := 0; run.Status != migration.PlanFinished && tries < 2; tries++ {
		run = w.goOn(run.ID)
	}
	w.mustFinish(run)
	if got := w.site.Dump("neutral"); !bytes.Equal(got, want) {
		t.Errorf("another site than after an undisturbed run (hit %s)\n%s", h.hit, dumpDiff(want, got))
	}
}

// TestSurplusIsGone removes a second copy of a comment, and hears that there is none: somebody was quicker, or the answer to
// an earlier try was lost.
func TestSurplusIsGone(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddGroup("confluence-users")
	w.timeout = testTimeout
	h := &hostile{mode: lateAfter, nth: 1, only: "/footer-comments"}
	removed := 0
	w.front = func(next http.RoundTripper) http.RoundTripper {
		h.next = next
		return transport(func(r *http.Request) (*http.Response, error) {
			resp, err := h.RoundTrip(r)
			if err == nil && r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/footer-comments/") {
				removed++
				resp.Body.Close()
				return answer(r, 404, "application/json", `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found"}]}`), nil
			}
			return resp, err
		})
	}
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	run := w.migrate("P")
	h.late.Wait()
	if run.Status == migration.PlanFinished {
		run = w.migrate("P")
	} else { // the copy came while the proof was read, which shows it
		run = w.goOn(run.ID)
	}
	w.mustFinish(run)
	if removed == 0 {
		t.Errorf("no surplus comment was removed (hit %s)", h.hit)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// goOn resumes or retries a run that did not finish.
func (w *world) goOn(id string) (run storeRun) {
	w.t.Helper()
	ctx := w.t.Context()
	run, err := w.store.Run(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	if run.Status == migration.PlanPaused {
		err = w.engine.Resume(ctx, id)
	} else {
		_, err = w.engine.Retry(ctx, id, "")
	}
	if err != nil {
		w.t.Fatalf("%v: %s", err, w.story(id))
	}
	return w.wait(id)
}

// dumpDiff shows the contents that differ between two neutral dumps.
func dumpDiff(want, got []byte) string {
	split := func(b []byte) map[string]bool {
		lines := map[string]bool{}
		for _, l := range bytes.Split(b, []byte("},{")) {
			lines[string(l)] = true
		}
		return lines
	}
	a, b := split(want), split(got)
	var out strings.Builder
	for l := range a {
		if !b[l] {
			fmt.Fprintf(&out, "- %.400s\n", l)
		}
	}
	for l := range b {
		if !a[l] {
			fmt.Fprintf(&out, "+ %.400s\n", l)
		}
	}
	return out.String()
}
