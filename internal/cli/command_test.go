package cli

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// runCommand runs one command in process, with nobody at a terminal.
func runCommand(ctx context.Context, env map[string]string, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = Run(Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err,
		Getenv: func(k string) string { return env[k] }, Interrupt: ctx, Now: time.Now,
	})
	return code, out.String(), err.String()
}

// inDir runs a command on a data directory of the test.
func inDir(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runCommand(t.Context(), map[string]string{"TANDEM_DATA_DIR": dir}, "", args...)
}

// readyWriter tells when something was written.
type readyWriter struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	once  sync.Once
	ready chan struct{}
	more  chan struct{} // closed by the next write; nil: nobody waits for it
}

// until waits until something holds of all that was written, or the context ends.
func (w *readyWriter) until(ctx context.Context, holds func(string) bool) error {
	for {
		w.mu.Lock()
		text := w.buf.String()
		if w.more == nil {
			w.more = make(chan struct{})
		}
		more := w.more
		w.mu.Unlock()
		if holds(text) {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Write keeps b.
func (w *readyWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.buf.Write(b)
	w.once.Do(func() { close(w.ready) })
	if w.more != nil {
		close(w.more)
		w.more = nil
	}
	return n, err
}

// String returns what was written.
func (w *readyWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

var timeNow = time.Now
