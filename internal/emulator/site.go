package emulator

import (
	"cmp"
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
	product *personality
	gates   []gate
	heap    *heap
	books   *books
	faults  *faults
	late    *late
	courier *courier
	answers *answers     // nil unless asked for
	folder  *stateFolder // nil without one

	answered atomic.Int64 // answers whose latency varied
	due      atomic.Int64 // the stamp at which the next long task ends; 0 = none is under way

	mu       sync.RWMutex // guards what follows
	set      settings
	world    *world
	people   people
	instance *instance   // of a Data Center
	happened []happening // what webhooks are told of the call under way
	held     []delivery  // kept back by a fault rule until the next one has gone
	past     past
	links    linkMemo

	replaying bool // while a journal is followed, before the site is anybody's
}

// New makes a site: the one that the state folder holds, else one from an export, of generated pages, or empty, with the
// default accounts and groups. Of a site that the folder holds seed, import, size and options are as they were.
func New(opts Options) (*Site, error) { return newSite(opts, nil, time.Time{}) }

// newSite makes a site, of a saved state where one is given. The journal of a state folder is followed until that time,
// or to its end.
func newSite(opts Options, saved *savedState, until time.Time) (*Site, error) {
	var folder *stateFolder
	if opts.StateDir != "" {
		var err error
		if folder, saved, err = openState(opts.StateDir); err != nil {
			return nil, err
		}
	}
	if saved != nil {
		if want, err := newPersonality(opts, ""); err != nil || want.name != saved.Personality {
			return nil, errors.Join(fmt.Errorf("emulator: the state is that of another product (%s)", saved.Personality), err)
		}
		if !until.IsZero() && saved.At.After(until) {
			return nil, fmt.Errorf("emulator: the earliest state that is kept is that of %s", saved.At.Format(time.RFC3339))
		}
		opts.Seed = saved.Seed
		opts.Version = cmp.Or(opts.Version, saved.Version)
		if opts.Faults == nil {
			opts.Faults = saved.Faults
		}
	}
	s, err := newShell(opts, saved)
	if err != nil {
		return nil, err
	}
	if s.heap, err = newHeap(opts.StateDir); err != nil {
		return nil, err
	}
	s.heap.generated = s.generatedBody
	if s.books, err = newBooks(opts.StateDir); err != nil {
		return nil, errors.Join(err, s.heap.close())
	}
	if saved != nil {
		err = s.use(saved)
	} else {
		err = s.populate()
	}
	if err == nil && folder != nil {
		err = s.follow(folder, saved == nil, until)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// newShell makes a site without content.
func newShell(opts Options, saved *savedState) (*Site, error) {
	s := &Site{opts: opts, clock: newClock(opts.Now), set: defaults(opts.Personality), world: newWorld(opts.Seed), people: newPeople()}
	s.cloudID = s.uuid("cloud")
	if saved != nil {
		s.cloudID = saved.CloudID
	}
	product, err := newPersonality(opts, s.cloudID)
	if err != nil {
		return nil, err
	}
	s.product = product
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
	if s.answers, err = newAnswers(opts.Answers); err != nil {
		return nil, err
	}
	s.gates = []gate{faultGate{}, newRateGate(opts.Rate, s.clock)}
	s.courier = newCourier(opts.Deliver, s.clock)
	if s.dc() {
		s.gates = append(s.gates, &bucketGate{})
		s.newInstance()
	} else {
		s.gates = append(s.gates, &burstGate{}, &pointsGate{})
	}
	return s, nil
}

// populate gives a fresh site its first accounts and contents.
func (s *Site) populate() error {
	admins := adminsGroup
	if s.dc() {
		admins = dcAdminsGroup
	} else {
		for _, name := range genericGroups {
			s.addGroup(name)
		}
	}
	service := s.addUser(serviceID, "tandem service account", serviceID+"@example.test")
	s.join(s.addGroup(admins), service)
	s.seedPeople()
	switch {
	case s.opts.Import != "":
		return s.importFile(s.opts.Import)
	case s.opts.Size > 0:
		return s.generate(s.opts.Size)
	}
	return s.furnish()
}

// follow makes the changes of a folder's journal, and keeps what comes from now on.
func (s *Site) follow(folder *stateFolder, fresh bool, until time.Time) error {
	entries, err := folder.entries()
	if err == nil {
		err = s.replay(entries, until)
	}
	if err != nil {
		return err
	}
	s.folder = folder
	if fresh || len(entries) > 0 && s.world.quiet() || !until.IsZero() {
		return folder.write(s.save())
	}
	return nil
}

// Account returns the e-mail and API token of the default service account, an administrator. On Data Center it is the
// username and the password, which is a personal access token as well.
func (s *Site) Account() (login, token string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.people.byID[serviceID]
	if s.dc() {
		return u.username, u.token
	}
	return u.email, u.token
}

// Context returns the path of the product below the host: /wiki on Cloud, empty or /confluence on Data Center.
func (s *Site) Context() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.product.context(&s.set)
}

// CloudID returns what /_edge/tenant_info tells; on Data Center the id of the instance in its manifest.
func (s *Site) CloudID() string { return s.cloudID }

// Handler serves the product's routes: on Cloud everything under /wiki, and /_edge/tenant_info; on Data Center
// everything under the context path.
func (s *Site) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Product names the product and its version for people: "Cloud", "Data Center 9.2.17".
func (s *Site) Product() string {
	if s.dc() {
		return "Data Center " + s.product.release.String()
	}
	return "Cloud"
}

// Close gives the files back. The site must not be used afterwards.
func (s *Site) Close() error {
	s.late.close()
	s.courier.close()
	return errors.Join(s.closeState(), s.heap.close(), s.books.close())
}
