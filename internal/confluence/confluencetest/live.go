package confluencetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// LiveSite is a real site that the suite may be run against. docs/live-testing.md says what is created there, what is
// touched, and how it is cleaned up.
type LiveSite struct {
	Kind                   confluence.SiteKind
	URL                    string
	User, Secret           string
	OtherUser, OtherSecret string            // a second account, for what it may not see; empty: not tested
	Other                  confluence.UserID // of that account
	Group                  string            // a group without the first account
	Large, Hostile         bool
	Settle                 time.Duration // for indexes to catch up
	ledger                 string
}

// prefix begins the key of every space that is made on a real site.
const prefix = "TDMLIVE"

// Live reads from the environment which real site to test, and skips the test if there is none of that kind. Secrets come
// from files alone.
func Live(t *testing.T, kind confluence.SiteKind) LiveSite {
	t.Helper()
	l := LiveSite{
		Kind: confluence.SiteKind(os.Getenv("TANDEM_LIVE_KIND")), URL: os.Getenv("TANDEM_LIVE_URL"), User: os.Getenv("TANDEM_LIVE_USER"),
		OtherUser: os.Getenv("TANDEM_LIVE_OTHER_USER"), Other: confluence.UserID(os.Getenv("TANDEM_LIVE_OTHER_ID")),
		Group: os.Getenv("TANDEM_LIVE_GROUP"), Large: os.Getenv("TANDEM_LIVE_LARGE") != "", Hostile: os.Getenv("TANDEM_LIVE_HOSTILE") != "",
		Settle: 15 * time.Second, ledger: os.Getenv("TANDEM_LIVE_LEDGER"),
	}
	if l.URL == "" || l.Kind != kind {
		t.Skipf("skipped: TANDEM_LIVE_URL and TANDEM_LIVE_KIND=%s name no site to test; see docs/live-testing.md", kind)
	}
	l.Secret = secretIn(t, "TANDEM_LIVE_SECRET_FILE")
	if l.Secret == "" || l.Other == "" || l.Group == "" {
		t.Fatal("TANDEM_LIVE_SECRET_FILE, TANDEM_LIVE_OTHER_ID and TANDEM_LIVE_GROUP are needed; see docs/live-testing.md")
	}
	l.OtherSecret = secretIn(t, "TANDEM_LIVE_OTHER_SECRET_FILE")
	if l.ledger == "" {
		dir, err := os.UserCacheDir()
		must(t, err, "finding a place for the ledger")
		u, err := url.Parse(l.URL)
		must(t, err, "TANDEM_LIVE_URL")
		l.ledger = filepath.Join(dir, "tandem-live", strings.ReplaceAll(u.Host, ":", "_")+".spaces")
	}
	if s := os.Getenv("TANDEM_LIVE_SETTLE"); s != "" {
		d, err := time.ParseDuration(s)
		must(t, err, "TANDEM_LIVE_SETTLE")
		l.Settle = d
	}
	return l
}

func secretIn(t *testing.T, name string) string {
	t.Helper()
	path := os.Getenv(name)
	if path == "" {
		return ""
	}
	text, err := os.ReadFile(path)
	must(t, err, name)
	return strings.TrimSpace(string(text))
}

// Remover deletes a space for good and returns when it is gone. A space that is not there is no error.
type Remover interface {
	RemoveSpace(ctx context.Context, key string) error
}

// OpenLive opens the site as one of its accounts. The Writer must be a Remover.
type OpenLive func(t *testing.T, user, secret string, wrap func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer)

// RunLive runs the suite against a real site. Every space it makes is written into the ledger before it is made, and taken
// out when it is gone: what a run that was killed left behind is removed when the next one begins.
func RunLive(t *testing.T, l LiveSite, open OpenLive) {
	g := &spaces{path: l.ledger}
	must(t, os.MkdirAll(filepath.Dir(l.ledger), 0o700), "making a place for the ledger")
	remove := func(t *testing.T, key string) {
		t.Helper()
		_, w := open(t, l.User, l.Secret, nil)
		// The test's context has ended when it cleans up.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Minute)
		defer cancel()
		if err := w.(Remover).RemoveSpace(ctx, key); err != nil {
			t.Errorf("the space %s could not be removed, the next run tries again: %v", key, err)
			return
		}
		must(t, g.change(key, false), "writing the ledger")
	}
	left, err := g.read()
	must(t, err, "reading the ledger")
	for _, key := range left {
		t.Logf("an earlier run left the space %s", key)
		remove(t, key)
	}
	run := Exercise
	if l.Hostile {
		run = Run
	}
	run(t, func(t *testing.T) Site {
		s := Site{
			Connect: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer) {
				return open(t, l.User, l.Secret, wrap)
			},
			Settle: func() { _ = wait(t.Context(), l.Settle) },
			Other:  l.Other, Group: l.Group, Absent: "999999999", Many: 60, Remove: remove,
			Key: func(name string) string {
				key := freshKey()
				must(t, g.change(key, true), "writing the ledger")
				t.Logf("the space %s is made as %s", name, key)
				return key
			},
		}
		if l.Large {
			s.Many = 0
		}
		if l.OtherSecret != "" {
			s.Blind = func(t *testing.T) confluence.Reader {
				r, _ := open(t, l.OtherUser, l.OtherSecret, nil)
				return r
			}
		}
		return s
	})
	if left, err = g.read(); err != nil || len(left) > 0 {
		t.Errorf("these spaces are left behind: %v, %v", left, err)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func freshKey() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + strings.ToUpper(hex.EncodeToString(b[:]))
}

// spaces is the ledger: a file with the keys of spaces that were made and are not yet known to be gone, one a line.
type spaces struct {
	mu   sync.Mutex
	path string
}

func (s *spaces) read() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load()
}

func (s *spaces) load() ([]string, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var keys []string
	for _, line := range strings.Fields(string(text)) {
		if !strings.HasPrefix(line, prefix) {
			return nil, fmt.Errorf("%s holds %q, which is no key of ours", s.path, line)
		}
		keys = append(keys, line)
	}
	return keys, err
}

func (s *spaces) change(key string, there bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys, err := s.load()
	if err != nil {
		return err
	}
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == key })
	if there {
		keys = append(keys, key)
	}
	return os.WriteFile(s.path, []byte(strings.Join(append(keys, ""), "\n")), 0o600)
}
