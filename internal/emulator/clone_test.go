package emulator

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRow_DL_12: a server that is restored has an older state and the same identity; edits that came later are gone
// there, and children of what was deleted later stand where they stood.
func TestRow_DL_12(t *testing.T) {
	for _, personality := range []string{"cloud", "dc"} {
		b := &bench{t: t, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), user: serviceID}
		b.site = keptSite(t, Options{
			Personality: personality, Seed: 7, Size: 40, BaseURL: "https://emulated.example.test", Now: func() time.Time { return b.now },
			StateDir: t.TempDir(),
		})
		act := func(action string) {
			t.Helper()
			b.wait(time.Minute)
			if _, err := b.site.Act(serviceID, []byte(action)); err != nil {
				t.Fatal(err)
			}
		}
		home := b.site.world.spaces[0].home
		act(fmt.Sprintf(`{"create":{"title":"Above","under":"%d","text":"<p>one</p>"}}`, home.id))
		act(`{"create":{"title":"Below","under":"Above","text":"<p>two</p>"}}`)
		backup, then := b.now, string(b.site.Dump("neutral"))
		act(`{"body":{"page":"Below","text":"<p>late</p>"}}`)
		act(`{"trash":"Above"}`)
		now := string(b.site.Dump("neutral"))
		b.wait(time.Minute)

		restored, err := b.site.Clone(CloneOptions{At: backup})
		if err != nil {
			t.Fatal(err)
		}
		staging, err := b.site.Clone(CloneOptions{BaseURL: "https://staging.example.test", Tenant: true, Dir: filepath.Join(t.TempDir(), "staging")})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "restored", string(restored.Dump("neutral")) == then, true)
		equal(t, "staging", string(staging.Dump("neutral")) == now, true)
		equal(t, "the original stays", string(b.site.Dump("neutral")) == now, true)
		equal(t, "identity of the restored server", restored.CloudID(), b.site.CloudID())
		equal(t, "same id of a staging copy", staging.CloudID() == b.site.CloudID(), personality == "dc")
		if _, err := staging.Act(serviceID, []byte(`{"rename":{"page":"Below","to":"Elsewhere"}}`)); err != nil {
			t.Error(err)
		}
		equal(t, "a clone is a site of its own", string(b.site.Dump("neutral")) == now, true)
		_, token := b.site.Account()
		_, same := staging.Account()
		equal(t, "token", same, token)
		for _, s := range []*Site{restored, staging} {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := b.site.Clone(CloneOptions{At: b.now.Add(-24 * time.Hour)}); err == nil || !strings.Contains(err.Error(), "earliest") {
			t.Errorf("a clone of yesterday: %v", err)
		}
	}
}

func TestCloneByControlPlane(t *testing.T) {
	b := newBench(t)
	b.space("C")
	control := func(body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		b.site.Control().ServeHTTP(w, httptest.NewRequest("POST", "/clone", strings.NewReader(body)))
		return w
	}
	dir := filepath.Join(t.TempDir(), "copy")
	made := control(`{"dir":"` + dir + `","tenant":true}`)
	equal(t, "made", made.Code, 201)
	again, err := New(Options{StateDir: dir, Now: b.site.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	equal(t, "same contents", string(again.Dump("full")), string(b.site.Dump("full")))
	equal(t, "another tenant", again.CloudID() != b.site.CloudID() && strings.Contains(made.Body.String(), again.CloudID()), true)
	equal(t, "a folder that is taken", control(`{"dir":"`+dir+`"}`).Code, 400)
	equal(t, "no folder", control(`{}`).Code, 400)
}

// TestStateUnderConcurrentWrites takes copies of the folder while many write: whatever was acknowledged before a copy
// began is in the site that starts from it.
func TestStateUnderConcurrentWrites(t *testing.T) {
	b := newBench(t)
	space, home := b.space("K")
	var mu sync.Mutex
	var acknowledged []string
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			mine := *b
			for i := range 30 {
				id := mine.page(space, home, fmt.Sprintf("Page %d of %d", i, w), "<p>text</p>")
				if i%3 == 0 {
					mine.put(200, id, fmt.Sprintf("Page %d of %d", i, w), "<p>more</p>", 2)
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				mu.Unlock()
			}
		})
	}
	for range 4 {
		mu.Lock()
		before := append([]string(nil), acknowledged...)
		mu.Unlock()
		killed, err := New(Options{StateDir: copyFolder(t, b.site.opts.StateDir), Now: b.site.clock.now})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range before {
			c := call{Site: killed}
			if p, err := c.stored(id); err != nil || killed.heap.text(p.body) == "" {
				t.Errorf("page %s was acknowledged and is gone: %v", id, err)
			}
		}
		if err := killed.Close(); err != nil {
			t.Error(err)
		}
	}
	writers.Wait()
}
