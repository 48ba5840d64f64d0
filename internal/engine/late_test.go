package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/migration"
)

// belated holds the n-th write back, answers it with a broken connection, and lets it through just before the next write
// to the same address: after that one was probed for, and before it is sent again.
type belated struct {
	next http.RoundTripper
	nth  int

	mu    sync.Mutex
	count int
	held  *http.Request
	path  string
	met   bool
}

func (b *belated) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return b.next.RoundTrip(r)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count++; b.count == b.nth {
		var body []byte
		if r.Body != nil { // a move has none
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
		}
		b.held, b.path = r.Clone(newDetached()), r.Method+" "+r.URL.Path
		b.held.Body, b.held.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return nil, errCut
	}
	if b.held != nil && b.path == r.Method+" "+r.URL.Path {
		held := b.held
		b.held, b.met = nil, true
		resp, err := b.next.RoundTrip(held)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
	}
	return b.next.RoundTrip(r)
}

// TestAWriteThatComesBetween applies each write of a migration in turn after it was looked for and before it is sent
// again. There is one effect, and no person is needed.
func TestAWriteThatComesBetween(t *testing.T) {
	calm := newWorld(t, nil)
	calm.site.AddGroup("confluence-users")
	counter := &belated{}
	calm.front = func(next http.RoundTripper) http.RoundTripper { counter.next = next; return counter }
	calm.open()
	calm.addSite()
	calm.plan("P", smallExport(t, calm.dir, ""), migration.NewScope("SMALL", ""))
	calm.mustFinish(calm.migrate("P"))
	want := calm.site.Dump("neutral")
	met := make(chan bool, counter.count)
	t.Run("Each", func(t *testing.T) {
		for n := 1; n <= counter.count; n++ {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.site.AddGroup("confluence-users")
				w.timeout = testTimeout
				b := &belated{nth: n}
				w.front = func(next http.RoundTripper) http.RoundTripper { b.next = next; return b }
				w.open()
				w.addSite()
				w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
				run := w.migrate("P")
				w.mustFinish(run)
				if got := w.site.Dump("neutral"); !bytes.Equal(got, want) {
					t.Errorf("another site than after an undisturbed run (%s)\n%s", b.path, dumpDiff(want, got))
				}
				met <- b.met
			})
		}
	})
	close(met)
	hits := 0
	for m := range met {
		if m {
			hits++
		}
	}
	if hits < counter.count/2 {
		t.Errorf("only %d of %d writes came between", hits, counter.count)
	}
}
