package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// faults are the fault rules in force. It is safe for concurrent use.
type faults struct {
	seed  uint64
	start time.Time // of the site's clock

	haunted atomic.Bool // there are ghosts

	mu     sync.Mutex
	file   *faultFile
	ghosts map[int64]bool // contents that no read finds, files that no download finds (OF-30)
	wrong  map[string]int // wrong passwords in a row, by account (AU-12)
}

// disturbance is what the rules do to one request.
type disturbance struct {
	effect
	seed    uint64
	k       uint64 // the number of the request among those that fit the deciding rule
	names   []string
	delays  time.Duration
	headers []map[string]*string
	skew    time.Duration
}

// Faults returns the fault rules in force as they were given.
func (s *Site) Faults() []byte {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.file.source)
}

// SetFaults replaces the fault rules, and sets the options that the file names. All counts begin anew. Where the file
// is not valid, the error says where and nothing changes.
func (s *Site) SetFaults(rules []byte) error {
	file, err := parseFaults(rules)
	if err != nil {
		return fmt.Errorf("emulator: fault rules: %w", err)
	}
	if err := s.SetOptions(file.options); err != nil {
		return err
	}
	s.useFaults(file)
	s.mu.Lock()
	s.did("faults", string(rules))
	s.mu.Unlock()
	return nil
}

func (s *Site) useFaults(file *faultFile) {
	var window time.Duration
	for _, r := range file.rules {
		if r.match.on(s.product.name) {
			window = max(window, r.do.stale)
		}
	}
	s.mu.Lock()
	s.past.keepFor(window)
	s.mu.Unlock()
	s.faults.mu.Lock()
	s.faults.file, s.faults.ghosts, s.faults.wrong = file, map[int64]bool{}, map[string]int{}
	s.faults.haunted.Store(false)
	s.faults.mu.Unlock()
}

// choose counts the request in every rule that it fits and gathers what the rules that hit do to it.
func (f *faults) choose(c *call) disturbance {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := disturbance{seed: f.seed}
	decided := false
	for _, r := range f.file.rules {
		if !r.fits(c) {
			continue
		}
		r.fitting++
		if decided || !r.hit(c.now.Sub(f.start), f.seed) {
			continue
		}
		r.hits++
		d.names = append(d.names, r.name)
		d.delays += r.do.delay
		d.skew += r.do.clock
		if r.do.header != nil {
			d.headers = append(d.headers, r.do.header)
		}
		if !r.do.adds() {
			decided = true
			d.effect, d.k = r.do, r.fitting
			if r.match.seed != nil {
				d.seed = *r.match.seed
			}
		}
	}
	return d
}

// rule is how the request log calls what was done.
func (d *disturbance) rule() string { return strings.Join(d.names, ", ") }

// on reports whether the rule is for a personality.
func (m *match) on(personality string) bool { return m.site == "" || m.site == personality }

// fits reports whether a request is one that the rule counts.
func (r *rule) fits(c *call) bool {
	m := &r.match
	if !m.on(c.product.name) || r.do.personality != "" && r.do.personality != c.product.name || len(m.methods) > 0 && !slices.Contains(m.methods, c.r.Method) ||
		m.path != nil && !m.path.MatchString(c.r.URL.EscapedPath()) {
		return false
	}
	if len(m.query) > 0 {
		sent := c.r.URL.Query()
		for name, want := range m.query {
			if !slices.Contains(sent[name], want) {
				return false
			}
		}
	}
	reads := c.r.Method == "GET" || c.r.Method == "HEAD"
	return (reads || r.do.stale == 0 && r.do.list == nil) && (r.do.suits == nil || c.route != nil && r.do.suits(c))
}

// hit decides about the fitting request that was counted last.
func (r *rule) hit(elapsed time.Duration, seed uint64) bool {
	m := &r.match
	switch {
	case m.times > 0 && r.hits >= m.times, m.after > 0 && elapsed < m.after, m.until > 0 && elapsed >= m.until:
		return false
	case m.nth > 0:
		return r.fitting == uint64(m.nth)
	case m.every > 0:
		return r.fitting%uint64(m.every) == 0
	case m.probability > 0:
		if m.seed != nil {
			seed = *m.seed
		}
		return lot(fmt.Sprintf("%d/%d/%d", seed, r.number, r.fitting)) < m.probability
	}
	return true
}

// lot is a number from 0 to below 1 that follows from a text.
func lot(text string) float64 {
	sum := sha256.Sum256([]byte(text))
	return min(float64(binary.BigEndian.Uint64(sum[:]))/math.Exp2(64), math.Nextafter(1, 0))
}

// lot of a content or row, the same for the same seed.
func (d *disturbance) lot(id string) float64 { return lot(fmt.Sprintf("%d/%s", d.seed, id)) }
