package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Site is one emulated site. All its methods are safe for concurrent use.
type Site struct {
	opts    Options
	clock   *clock
	cloudID string
	routes  *routeTree
	gates   []gate
	heap    *heap
	books   *books
	faults  *faults
	late    *late

	due atomic.Int64 // the stamp at which the next long task ends; 0 = none is under way

	mu     sync.RWMutex // guards what follows
	set    settings
	world  *world
	people people
	past   past
}

// New makes an empty site with the default accounts and groups.
func New(opts Options) (*Site, error) {
	switch {
	case opts.Personality != "" && opts.Personality != "cloud":
		return nil, fmt.Errorf("emulator: no personality %q; there is cloud", opts.Personality)
	case opts.Import != "":
		return nil, errors.New("emulator: importing an export is not built yet")
	}
	s := &Site{opts: opts, clock: newClock(opts.Now), set: defaults(), world: newWorld(opts.Seed)}
	file, err := parseFaults(opts.Faults)
	if err != nil {
		return nil, fmt.Errorf("emulator: fault rules: %w", err)
	}
	if err := errors.Join(s.set.apply(opts.Options), s.set.apply(file.options)); err != nil {
		return nil, err
	}
	s.faults = &faults{seed: opts.Seed, start: s.clock.start, file: file}
	s.useFaults(file)
	s.late = &late{after: opts.After}
	if s.late.after == nil {
		s.late.after = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	s.opts.BaseURL = strings.TrimSuffix(strings.TrimSuffix(opts.BaseURL, "/"), "/wiki")
	if s.heap, err = newHeap(opts.StateDir); err != nil {
		return nil, err
	}
	if s.books, err = newBooks(opts.StateDir); err != nil {
		return nil, errors.Join(err, s.heap.close())
	}
	s.cloudID = s.uuid("cloud")
	s.routes = newRouteTree(allRoutes())
	s.gates = []gate{faultGate{}, newRateGate(opts.Rate, s.clock)}
	s.people = people{byID: map[string]*user{}, byLogin: map[string]*user{}}
	for _, name := range []string{"atlassian-addons-admin", "site-admins", "system-administrators"} {
		s.addGroup(name)
	}
	service := s.addUser(serviceID, "tandem service account", serviceID+"@example.test")
	s.join(s.addGroup(adminsGroup), service)
	return s, nil
}

// Account returns the e-mail and API token of the default service account, an administrator.
func (s *Site) Account() (email, token string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.people.byID[serviceID]
	return u.email, u.token
}

// CloudID returns what /_edge/tenant_info tells.
func (s *Site) CloudID() string { return s.cloudID }

// Handler serves the product's routes: everything under /wiki, and /_edge/tenant_info.
func (s *Site) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Close gives the files back. The site must not be used afterwards.
func (s *Site) Close() error {
	s.late.close()
	return errors.Join(s.heap.close(), s.books.close())
}
