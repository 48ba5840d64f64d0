package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/emulator/vendorspec"
	"github.com/tandem-sync/tandem/internal/rest"
)

// soakFor is how long TestSoak lasts for both personalities at once: TANDEM_SOAK, or two seconds.
func soakFor(t *testing.T) time.Duration {
	t.Helper()
	v := os.Getenv("TANDEM_SOAK")
	if v == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// soakWorkers is how many accounts call each site.
const soakWorkers = 4

// soaked is a site that is soaked: emulated, on a socket, with an account for each worker.
type soaked struct {
	t           *testing.T
	personality string
	site        *emulator.Site
	server      *httptest.Server
	answers     string
	space       confluence.Space
	home        confluence.ID

	mu       sync.Mutex
	counts   map[string]int // by verb and class of error, empty for a success
	renewals int
}

func soak(t *testing.T, personality string) *soaked {
	t.Helper()
	s := &soaked{t: t, personality: personality, answers: t.TempDir(), counts: map[string]int{}}
	options := emulator.Options{Personality: personality, Seed: 21, Answers: s.answers, Options: map[string]string{"CQ-01": "1s", "TR-03": "500ms"}}
	site, err := emulator.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s.site, s.server = site, httptest.NewServer(site.Handler())
	var workers []string
	for n := range soakWorkers {
		id := fmt.Sprint("worker", n)
		site.AddUser(id, "Worker "+strconv.Itoa(n), id+"@example.test")
		workers = append(workers, id)
	}
	site.AddGroup("workers", workers...)
	s.furnish()
	if err := site.SetFaults([]byte(everyFault(personality))); err != nil {
		t.Fatal(err)
	}
	return s
}

// everyFault are rules that make each row of the register happen in a twentieth of the requests that it can happen to,
// all its variants in equal shares.
func everyFault(personality string) string {
	variants := map[string]int{}
	for _, f := range emulator.Faults() {
		variants[f.ID]++
	}
	var b strings.Builder
	b.WriteString("rules:\n")
	for _, f := range emulator.Faults() {
		if f.Personality != "" && f.Personality != personality {
			continue
		}
		do := "fault: " + f.ID
		if f.Variant != "" {
			do += ", variant: " + f.Variant
		}
		fmt.Fprintf(&b, "  - {name: %s %s, match: {probability: %.4f}, do: {%s}}\n", f.ID, f.Variant, 0.05/float64(variants[f.ID]), do)
	}
	return b.String()
}

// connector is what both connectors are.
type connector interface {
	confluence.Reader
	confluence.Writer
	Close() error
}

// open connects as an account, with waits that are cut short so that there is traffic.
func (s *soaked) open(ctx context.Context, user string, budget *rest.Budget) connector {
	clock := rest.Clock{Now: time.Now, Wait: func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(min(d, 20*time.Millisecond))
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	var c connector
	var err error
	if s.personality == "dc" {
		c, err = dc.Open(ctx, dc.Options{BaseURL: s.server.URL, User: user, Token: s.site.Token(user), Budget: budget, Clock: clock, Timeout: 5 * time.Second})
	} else {
		c, err = cloud.Open(ctx, cloud.Options{BaseURL: s.server.URL, Email: user + "@example.test", Token: s.site.Token(user), Budget: budget, Clock: clock, Timeout: 5 * time.Second, IndexWait: time.Second})
	}
	if err != nil {
		s.t.Fatalf("%s: %v", s.personality, err)
	}
	return c
}

// furnish makes a space before the faults begin.
func (s *soaked) furnish() {
	s.t.Helper()
	ctx := s.t.Context()
	c := s.open(ctx, "svc-tandem", nil)
	defer func() { _ = c.Close() }()
	if _, err := c.Apply(ctx, confluence.CreateSpace{Key: "SOAK", Name: "Soak"}, confluence.Payload{}); err != nil {
		s.t.Fatalf("%s: %v", s.personality, err)
	}
	spaces, err := c.Spaces(ctx, []string{"SOAK"})
	if err != nil || len(spaces) != 1 {
		s.t.Fatalf("%s: %v %v", s.personality, spaces, err)
	}
	s.space, s.home = spaces[0], spaces[0].HomeID
}

// count notes how an operation ended.
func (s *soaked) count(verb string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := verb
	if err != nil {
		key += " " + string(confluence.ClassOf(err))
	}
	s.counts[key]++
}

// work calls the site as one account until ctx ends. A credential that was taken away is renewed.
func (s *soaked) work(ctx context.Context, n int, budget *rest.Budget) {
	user := fmt.Sprint("worker", n)
	w := &worker{soaked: s, rng: rand.New(rand.NewPCG(uint64(n), 3)), name: user}
	c := s.open(ctx, user, budget)
	defer func() { _ = c.Close() }()
	refused := 0
	for ctx.Err() == nil {
		verb, err := w.step(ctx, c)
		s.count(verb, err)
		switch confluence.ClassOf(err) {
		case confluence.ClassUnauthorized, confluence.ClassForbidden:
			refused++
		case "":
			refused = 0
		}
		if refused > 3 {
			refused = 0
			s.mu.Lock()
			s.renewals++
			s.mu.Unlock()
			s.site.Renew(user)
			_ = c.Close()
			c = s.open(ctx, user, budget)
		}
	}
}

// live makes people and operators of a site do things beside the connectors: dumps, counters, edits, and what only a
// Data Center has: webhooks and backups.
func (s *soaked) live(ctx context.Context) {
	_, token := s.site.Account()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer receiver.Close()
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	send := func(method, path string, body any) {
		data, _ := json.Marshal(body)
		r, err := http.NewRequestWithContext(ctx, method, s.server.URL+path, strings.NewReader(string(data)))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.SetBasicAuth("svc-tandem", token)
		if answer, err := client.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
	}
	for n := 0; ctx.Err() == nil; n++ {
		if s.personality == "dc" {
			token = s.site.Renew("svc-tandem")
			if n%20 == 0 {
				send("POST", "/rest/api/webhooks", map[string]any{"name": fmt.Sprint("w", n), "url": receiver.URL, "events": []string{"page_created", "page_updated", "label_added"}, "active": true})
				send("POST", "/rest/api/backup-restore/backup/space", map[string]any{"spaceKeys": []string{"SOAK"}})
			}
			send("GET", "/rest/api/backup-restore/jobs", nil)
			send("GET", "/rest/api/webhooks", nil)
		}
		_ = s.site.Dump([]string{"full", "neutral"}[n%2])
		_ = s.site.Counters()
		_ = s.site.Requests(io.Discard)
		_ = s.site.Readers(io.Discard)
		act, _ := json.Marshal(map[string]any{"create": map[string]any{"title": fmt.Sprint("By a person ", n), "text": "<p>x</p>"}})
		_, _ = s.site.Act("svc-tandem", act)
		if n%10 == 9 {
			if err := s.site.SetFaults([]byte(everyFault(s.personality))); err != nil {
				s.t.Errorf("%s: %v", s.personality, err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// verdict closes the site and judges its answers.
func (s *soaked) verdict() {
	s.t.Helper()
	s.server.Close()
	if err := s.site.Close(); err != nil {
		s.t.Error(err)
	}
	done, failed := 0, 0
	for key, n := range s.counts {
		if strings.Contains(key, " ") {
			failed += n
		} else {
			done += n
		}
	}
	if done == 0 {
		s.t.Errorf("%s: nothing succeeded: %v", s.personality, s.counts)
	}
	shapes, wrong := s.judge()
	s.t.Logf("conformance: %s %d operations succeeded, %d failed, %d credentials renewed, %d shapes of answers, %d not as documented",
		s.personality, done, failed, s.renewals, shapes, wrong)
	s.t.Logf("%s: %v", s.personality, s.counts)
}

// judge holds the answers that no fault had a hand in against the vendor's documents.
func (s *soaked) judge() (shapes, wrong int) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.answers, "*.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	if vendorspec.Shared() == "" {
		s.t.Log("the vendor's documents are not there")
		return len(files), 0
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		var a vendorspec.Answer
		if err = errors.Join(err, json.Unmarshal(data, &a)); err != nil {
			s.t.Fatal(err)
		}
		if err := vendorspec.Check(a); err != nil {
			wrong++
			s.t.Errorf("%s %s %s %d: %v\nfor example %s", a.Personality, a.Method, a.Template, a.Status, err, a.Target)
		}
	}
	return len(files), wrong
}

// TestSoak lets our connectors call both personalities at once, each with every fault of the register in a twentieth of
// the requests: no data race (under -race), no goroutine is left, no answer is outside the vendor's documents. It lasts
// as long as TANDEM_SOAK says. Where TANDEM_SOAK_CLIENTS names a folder with the public clients installed
// (conformance/clients/run.sh does that), they call as well.
func TestSoak(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, stop := context.WithTimeout(t.Context(), soakFor(t))
	defer stop()
	var g sync.WaitGroup
	var sites []*soaked
	for _, personality := range []string{"cloud", "dc"} {
		s := soak(t, personality)
		sites = append(sites, s)
		budget := rest.NewBudget(rest.BudgetOptions{Concurrent: soakWorkers})
		for n := range soakWorkers {
			g.Go(func() { s.work(ctx, n, budget) })
		}
		g.Go(func() { s.live(ctx) })
	}
	if clients := os.Getenv("TANDEM_SOAK_CLIENTS"); clients != "" {
		g.Go(func() { publicClients(ctx, t, clients, sites) })
	}
	g.Wait()
	for _, s := range sites {
		s.verdict()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	left := runtime.NumGoroutine()
	for range 100 {
		if left <= before {
			return
		}
		time.Sleep(20 * time.Millisecond) // connections end on their own time
		left = runtime.NumGoroutine()
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines before, %d after\n%s", before, left, stacks[:runtime.Stack(stacks, true)])
}

// publicClients runs conformance/clients/soak.mjs until ctx ends.
func publicClients(ctx context.Context, t *testing.T, folder string, sites []*soaked) {
	script, err := os.ReadFile(filepath.Join("..", "..", "..", "conformance", "clients", "soak.mjs"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "soak.mjs"), script, 0o600)
	}
	if err != nil {
		t.Error(err)
		return
	}
	cmd := exec.CommandContext(ctx, "node", "soak.mjs")
	cmd.Dir, cmd.Env = folder, os.Environ()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	renewing := http.NewServeMux()
	for _, s := range sites {
		user := "client-" + s.personality
		s.site.AddUser(user, user, user+"@example.test")
		s.site.AddGroup("workers", user)
		name := strings.ToUpper(s.personality)
		cmd.Env = append(cmd.Env, name+"_HOST="+s.server.URL, name+"_USER="+user)
		renewing.HandleFunc("POST /"+s.personality, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, s.site.Renew(user)) // a client that went away asks again
		})
	}
	tokens := httptest.NewServer(renewing)
	defer tokens.Close()
	cmd.Env = append(cmd.Env, "RENEW="+tokens.URL)
	out, err := cmd.CombinedOutput()
	if ctx.Err() == nil {
		t.Errorf("the public clients ended early: %v\n%s", err, out)
		return
	}
	var answered, failed int
	if m := clientsSaid.FindSubmatch(out); m != nil {
		answered, _ = strconv.Atoi(string(m[1]))
		failed, _ = strconv.Atoi(string(m[2]))
	}
	// With every fault in a twentieth of the requests most fail, and some must not.
	if answered*10 < failed {
		t.Errorf("hardly any call of the public clients was answered: %s", out)
	}
	t.Logf("conformance: public clients: %d calls answered, %d failed", answered, failed)
}

var clientsSaid = regexp.MustCompile(`(\d+) calls answered, (\d+) failed`)
