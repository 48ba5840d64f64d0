package cli

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// opsWiki is a wiki of many pages, so that there is a middle to be interrupted in.
func opsWiki() string {
	var b strings.Builder
	b.WriteString("spaces:\n  - key: OPS\n    name: Operations\n    pages:\n      - {title: Home}\n")
	for _, r := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" {
		b.WriteString("      - {title: Page " + string(r) + string(r) + string(r) + "}\n")
	}
	return b.String()
}

// TestInterruptedRunGoesOn presses Ctrl-C while pages are written, in every way a run can be at work in the foreground.
func TestInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.write("ops.yaml", []byte(opsWiki()))
	s.play(`export ops.zip ops.yaml
tandem site add cloud --url $CLOUD --email $EMAIL --secret-file token
tandem site limit cloud --concurrent 1
tandem plan create OPS --from ops.zip --to cloud --space OPS`)
	for _, args := range [][]string{{"run", "start", "OPS"}, {"run", "resume", "OPS"}, {"run", "watch", "OPS"}} {
		ctx, cancel := context.WithCancel(t.Context())
		inner := s.cloud.Handler()
		written := 0
		s.product.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(w, r)
			if r.Method == http.MethodPost || r.Method == http.MethodPut {
				if written++; written == 5 {
					cancel()
				}
			}
		})
		if args[1] == "watch" {
			s.resumeElsewhere()
		}
		code, stdout, stderr := runCommand(ctx, s.env(), "", args...)
		cancel()
		if code != 130 || !strings.Contains(stderr, "tandem run resume OPS#1") || args[1] != "watch" && stdout != "" {
			t.Fatalf("tandem %v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		s.product.Config.Handler = inner
		s.play("tandem run status OPS\nshows PAUSED\nexits 130 tandem run status OPS --exit-code")
	}
	s.play(`tandem run resume OPS
shows "run OPS#1: FINISHED"
cloud holds currentPages=53
tandem verify run --run OPS
cloud save
cloud mark
tandem run start OPS
shows "run OPS#2: FINISHED"
cloud wrote 0
cloud unchanged`)
}

// resumeElsewhere lets the run go on in a process that ends at once, so that the next one finds it RUNNING.
func (s *story) resumeElsewhere() {
	s.t.Helper()
	a := &app{env: Env{Getenv: func(string) string { return "" }, Now: timeNow}, settings: settings{DataDir: s.path("state"), KeyFile: s.path("state.key")}}
	c, err := a.local(s.t.Context(), false)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Call(s.t.Context(), http.MethodPost, "/runs/OPS/resume", nil, nil); err != nil {
		s.t.Fatal(err)
	}
	if err := c.close(); err != nil {
		s.t.Fatal(err)
	}
}

// TestStopIsFinalForTheRun stops a paused run and starts the plan again: the new run takes over what arrived.
func TestStopIsFinalForTheRun(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.write("ops.yaml", []byte(opsWiki()))
	s.play(`export ops.zip ops.yaml
tandem site add cloud --url $CLOUD --email $EMAIL --secret-file token
tandem plan create OPS --from ops.zip --to cloud --space OPS`)
	ctx, cancel := context.WithCancel(t.Context())
	inner := s.cloud.Handler()
	s.product.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			cancel()
		}
	})
	if code, _, stderr := runCommand(ctx, s.env(), "", "run", "start", "OPS"); code != 130 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	s.product.Config.Handler = inner
	s.play(`exits 2 tandem run stop OPS
shows T-1002
exits 2 tandem run start OPS
shows "tandem run resume OPS#1"
tandem run stop OPS --yes
shows STOPPED
exits 4 tandem run status OPS --exit-code
exits 2 tandem run resume OPS
tandem run start OPS
shows "run OPS#2: FINISHED"
cloud holds currentPages=53`)
}

// TestTimeoutGivesUpWaiting: without a server the run is paused as by Ctrl-C.
func TestTimeoutGivesUpWaiting(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.write("ops.yaml", []byte(opsWiki()))
	s.play(`export ops.zip ops.yaml
tandem site add cloud --url $CLOUD --email $EMAIL --secret-file token
tandem site limit cloud --concurrent 1
tandem plan create OPS --from ops.zip --to cloud --space OPS`)
	inner := s.cloud.Handler()
	slow := make(chan struct{})
	release := sync.OnceFunc(func() { close(slow) })
	defer release()
	s.product.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-slow // the answer comes only after the command has given up waiting
		}
		inner.ServeHTTP(w, r)
	})
	done := make(chan struct{})
	out := &readyWriter{ready: make(chan struct{})}
	var code int
	go func() {
		defer close(done)
		code = Run(Env{
			Args: []string{"run", "start", "OPS", "--timeout", "3s"}, Stdin: strings.NewReader(""), Stdout: &readyWriter{ready: make(chan struct{})},
			Stderr: &onText{text: "ending after", then: release, to: out},
			Getenv: func(k string) string { return s.env()[k] }, Interrupt: t.Context(), Now: timeNow,
		})
	}()
	<-done
	if code != 130 {
		t.Errorf("exit code %d: %s", code, out)
	}
	release()
	s.product.Config.Handler = inner
	s.play("tandem run resume OPS\nshows FINISHED\ncloud holds currentPages=53")
}

// TestTimeoutOfACall: a call that is given up ends the command with 130, not with an error nobody understands.
func TestTimeoutOfACall(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.product.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s.play("exits 130 tandem site add cloud --url $CLOUD --email $EMAIL --secret-file token --timeout 100ms\nshows gave up waiting\ntandem site list --output json\nshows []")
}

// onText passes on what is written and acts once when a text stands in it.
type onText struct {
	text string
	then func()
	to   *readyWriter
	done bool
}

// Write passes b on.
func (w *onText) Write(b []byte) (int, error) {
	if !w.done && strings.Contains(string(b), w.text) {
		w.done = true
		w.then()
	}
	return w.to.Write(b)
}
