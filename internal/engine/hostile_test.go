package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// weather is a site that misbehaves from its n-th request on, for a number of requests or until it is lifted.
type weather struct {
	next http.RoundTripper
	from int
	last int // 0 = until lifted
	do   func(w *weather, r *http.Request) (*http.Response, error)

	mu     sync.Mutex
	count  int
	lifted bool
	hits   int
}

func (w *weather) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.count++
	bad := !w.lifted && w.count >= w.from && (w.last == 0 || w.count <= w.last)
	if bad {
		w.hits++
	}
	w.mu.Unlock()
	if !bad {
		return w.next.RoundTrip(r)
	}
	return w.do(w, r)
}

// begin lets the storm begin with the n-th request from now, and last for short requests, or until it is lifted.
func (w *weather) begin(n, short int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = w.count + n
	if short > 0 {
		w.last = w.from + short - 1
	}
}

func (w *weather) lift() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lifted = true
}

// refuse answers without letting the request through.
func refuse(status int, kind, body string, header http.Header) func(*weather, *http.Request) (*http.Response, error) {
	return func(_ *weather, r *http.Request) (*http.Response, error) {
		drain(r)
		resp := answer(r, status, kind, body)
		for k, v := range header {
			resp.Header[k] = v
		}
		return resp, nil
	}
}

// truncate lets reads through and cuts their answers in half; writes are left alone.
func truncate(w *weather, r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet {
		return resp, err
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

const (
	jsonType = "application/json"
	bareV2   = `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`
	v1Denied = `{"statusCode":403,"data":{"authorized":false,"valid":true,"errors":[],"successful":false},"message":"Current user not permitted to use Confluence"}`
	login    = `<!DOCTYPE html><html><head><title>Log in</title></head><body><form action="/login"></form></body></html>`
)

// TestBadWeather lets every kind of refusal begin at several moments of a run. Whatever happens, nothing wrong is
// written, the run ends or halts with a code, and once the weather is fine it ends as if nothing had been.
func TestBadWeather(t *testing.T) {
	calm := newWorld(t, nil)
	calm.site.AddGroup("confluence-users")
	counter := &weather{from: 1 << 30}
	calm.front = func(next http.RoundTripper) http.RoundTripper { counter.next = next; return counter }
	calm.open()
	calm.addSite()
	calm.plan("P", smallExport(t, calm.dir, ""), migration.NewScope("SMALL", ""))
	prelude := counter.count
	calm.mustFinish(calm.migrate("P"))
	want, total := calm.site.Dump("neutral"), counter.count-prelude
	cases := []struct {
		name   string
		short  int // requests it lasts; 0 = until lifted
		do     func(*weather, *http.Request) (*http.Response, error)
		codes  []confluence.Code // with which the run may halt or fail; empty: it must not
		halted bool
	}{
		{"401 for good", 0, refuse(401, jsonType, `{"code":401,"message":"Unauthorized"}`, nil), []confluence.Code{confluence.CodeCredential, confluence.CodeNotConfluence}, true},
		{"401 in HTML", 0, refuse(401, "text/html", "<html>401</html>", nil), []confluence.Code{confluence.CodeCredential, confluence.CodeNotConfluence}, true},
		{"403 for good", 0, refuse(403, jsonType, v1Denied, nil), []confluence.Code{confluence.CodeCredential, confluence.CodeBlindAccount, confluence.CodeForbidden, confluence.CodeNotConfluence}, true},
		{"bare 404 for good", 0, refuse(404, jsonType, bareV2, nil), []confluence.Code{confluence.CodeCredential, confluence.CodeWrongUser, confluence.CodeNotThere, confluence.CodeNotConfluence, confluence.CodeUnusableAnswer}, true},
		{"429 with Retry-After", 3, refuse(429, jsonType, `{"message":"Rate limit exceeded"}`, http.Header{"Retry-After": {"0"}}), nil, false},
		{"429 without Retry-After", 2, refuse(429, jsonType, `{"message":"Rate limit exceeded"}`, nil), nil, false},
		{"login page for good", 0, refuse(200, "text/html", login, nil), []confluence.Code{confluence.CodeUnusableAnswer, confluence.CodeCredential, confluence.CodeNotConfluence, confluence.CodeUnknownOutcome}, true},
		{"login page once", 1, refuse(200, "text/html", login, nil), []confluence.Code{confluence.CodeUnusableAnswer, confluence.CodeNotConfluence, confluence.CodeUnknownOutcome}, false},
		{"503 for good", 0, refuse(503, "text/html", "<html>maintenance</html>", nil), []confluence.Code{confluence.CodeSiteFails, confluence.CodeUnusableAnswer, confluence.CodeUnknownOutcome}, true},
		{"truncated answers for good", 0, truncate, []confluence.Code{confluence.CodeUnusableAnswer, confluence.CodeNotConfluence, confluence.CodeUnknownOutcome}, true},
		{"truncated answer once", 1, truncate, nil, false},
	}
	for _, c := range cases {
		for _, from := range []int{1, total / 4, total / 2, 3 * total / 4, total - 1} {
			t.Run(fmt.Sprintf("%s/from %d", c.name, from), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.site.AddGroup("confluence-users")
				w.timeout = testTimeout
				storm := &weather{from: 1 << 30, do: c.do}
				w.front = func(next http.RoundTripper) http.RoundTripper { storm.next = next; return storm }
				w.open()
				w.addSite()
				w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
				storm.begin(from, c.short)
				w.throughStorm(storm, c.codes, c.halted, want)
			})
		}
	}
}

func (w *world) throughStorm(storm *weather, codes []confluence.Code, mustHalt bool, want []byte) {
	w.t.Helper()
	id, err := w.engine.Start(context.Background(), "P")
	if err != nil { // the storm hit the checks before the run
		w.mustCode(confluence.AsError(err).Code, codes)
		storm.lift()
		w.mustFinish(w.migrate("P"))
		w.mustEqual(want)
		return
	}
	run := w.wait(id)
	if run.Status != migration.PlanFinished {
		w.explained(run, codes)
		storm.lift()
		run = w.goOn(run.ID)
	} else if mustHalt && storm.hits > 0 {
		w.t.Errorf("finished in spite of it: %s", w.story(run.ID))
	}
	w.mustFinish(run)
	w.mustEqual(want)
}

func (w *world) mustEqual(want []byte) {
	w.t.Helper()
	if got := w.site.Dump("neutral"); !bytes.Equal(got, want) {
		w.t.Errorf("another site than after an undisturbed run\n%s", dumpDiff(want, got))
	}
}

func (w *world) mustCode(code confluence.Code, codes []confluence.Code) {
	w.t.Helper()
	for _, c := range codes {
		if c == code {
			return
		}
	}
	w.t.Errorf("code %s, want one of %v", code, codes)
}

// explained wants a run that did not finish to say why, with a code and with what to do.
func (w *world) explained(run store.Run, codes []confluence.Code) {
	w.t.Helper()
	if run.Status == migration.PlanPaused {
		if run.Error == nil || run.Error.Remedy == "" {
			w.t.Errorf("halted without saying why: %s", w.story(run.ID))
			return
		}
		w.mustCode(run.Error.Code, codes)
		return
	}
	findings, err := w.store.Findings(context.Background(), store.FindingFilter{Run: run.ID, Severity: migration.SeverityError})
	if err != nil {
		w.t.Fatal(err)
	}
	tasks, _ := w.store.Tasks(context.Background(), run.ID)
	for _, t := range tasks {
		if t.Task.Error != nil {
			findings = append(findings, *t.Task.Error)
		}
	}
	if len(findings) == 0 {
		w.t.Errorf("%s without saying why: %s", run.Status, w.story(run.ID))
	}
}
