package simulation

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/migration"
)

// Prepared is a world at rest: a space migrated without mishap, a pair made of it, and a first silent cycle. Many lives
// begin from copies of it, because making one costs more than living. It is not changed by them, and safe for concurrent
// use.
type Prepared struct {
	files  map[string][]byte // of the data directory and the key beside it, by path
	state  string            // the data directory among them
	sites  [2]*Site
	now    time.Time
	births int
	mode   string
	crowd  *crowd
	// outside are contents of each side that belong to no pair.
	outside [2][]string
}

// flavours is how many prepared worlds there are at a time, and generation how many seeds live in the same ones: more
// seeds see more worlds.
const (
	flavours   = 16
	generation = 3200
)

// Flavour is the number of the prepared world that the life of a seed begins from.
func Flavour(seed uint64) int { return int(seed/generation)*flavours + int(seed%flavours) }

// modesOf are the modes of the pairs, by flavour.
var modesOf = [flavours]string{
	"both", "both", "to:B safe", "both", "both", "to:B mirror", "both", "both",
	"both", "to:A safe", "both", "both", "both", "to:A mirror", "both", "both",
}

// productsOf are the sides of the pairs that are not of a Data Center and a Cloud, by flavour.
var productsOf = map[int][2]string{3: {"cloud", "cloud"}, 8: {"dc", "dc"}, 11: {"cloud", "cloud"}}

// Prepare makes the world of a flavour. Quiet is that of Options.
func Prepare(flavour int, quiet func()) (p *Prepared, err error) {
	l := &life{
		Case:   Case{Seed: 1<<40 + uint64(flavour), Quiet: quiet, Pair: true},
		rand:   rand.New(rand.NewPCG(uint64(flavour), 17)),
		counts: map[string]int{}, mode: modesOf[flavour%flavours], small: true, products: usual,
	}
	if products, ok := productsOf[flavour%flavours]; ok {
		l.products = products
	}
	defer func() {
		if l.w != nil {
			err = errors.Join(err, l.w.Close())
		}
		if err != nil {
			err = fmt.Errorf("preparing flavour %d: %w", flavour, err)
		}
	}()
	if err := l.rest(); err != nil {
		return nil, err
	}
	if len(l.broken) > 0 {
		return nil, errors.New(strings.Join(l.broken, "\n"))
	}
	return l.keep()
}

// rest brings the world of a life to where a prepared one begins.
func (l *life) rest() error {
	if err := l.begin(); err != nil {
		return err
	}
	if err := l.strangeLands(); err != nil {
		return err
	}
	if err := l.plan(); err != nil {
		return err
	}
	if err := l.migrateOnce(); err != nil {
		return err
	}
	if status, err := l.lastRun(); err != nil || status != migration.PlanFinished {
		return errors.Join(err, fmt.Errorf("the migration ends %s: %s", status, l.failures()))
	}
	if err := l.pairUp(); err != nil {
		return err
	}
	// Two pages lie in the trash of both sides, so that they can come back.
	l.crowd.sides = []confluence.Side{l.sender()}
	for range 2 {
		if err := l.crowd.one("trash leaf"); err != nil {
			return err
		}
	}
	for range 2 {
		if err := l.sync(); err != nil {
			return err
		}
	}
	before := len(l.w.calls)
	if err := l.sync(); err != nil {
		return err
	}
	l.still("I2", before)
	return l.guard()
}

// strangeLands makes a space on each side that belongs to no pair.
func (l *life) strangeLands() error {
	for side := range l.w.sites {
		if err := l.w.AddSpace(confluence.Side(side), otherSpace, "Home of "+otherSpace); err != nil {
			return err
		}
		p, err := l.w.look(confluence.Side(side), otherSpace)
		if err != nil {
			return err
		}
		for range 2 {
			ids, err := l.w.Act(confluence.Side(side), "alice", map[string]any{"create": map[string]any{"title": l.crowd.title(), "under": p.home, "text": "<p>foreign</p>"}})
			if err != nil {
				return err
			}
			l.outside[side] = append(l.outside[side], ids...)
		}
	}
	return nil
}

// sender is the side that a pair of one direction carries from; side A of one of both.
func (l *life) sender() confluence.Side {
	if l.mode == "both" {
		return confluence.A
	}
	return l.receiver().Other()
}

// keep ends the process and takes the world as it stands.
func (l *life) keep() (*Prepared, error) {
	w := l.w
	p := &Prepared{files: map[string][]byte{}, sites: w.sites, now: w.Now(), births: w.births, mode: l.mode, crowd: l.crowd, outside: l.outside}
	state := w.proc.dir
	if err := w.proc.end(); err != nil {
		return nil, err
	}
	w.proc = nil
	var err error
	if p.state, err = filepath.Rel(w.dir, state); err != nil {
		return nil, err
	}
	for _, root := range []string{state, filepath.Join(w.dir, "key")} {
		if err := p.read(w.dir, root); err != nil {
			return nil, err
		}
	}
	w.sites = [2]*Site{} // not closed with the world
	p.crowd.w, p.crowd.rand, p.crowd.count = nil, nil, nil
	return p, nil
}

func (p *Prepared) read(base, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		rel, err := filepath.Rel(base, path)
		if err != nil {
			return err
		}
		p.files[rel], err = os.ReadFile(path)
		return err
	})
}

// Close gives back what a prepared world keeps.
func (p *Prepared) Close() error {
	var errs []error
	for _, s := range p.sites {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// fork makes a world of its own that goes on from a prepared one.
func fork(p *Prepared, opt Options) (*World, error) {
	w, err := forkSites(p, opt)
	if err != nil {
		return nil, err
	}
	if err = p.write(w.dir); err == nil {
		err = w.startProcess(filepath.Join(w.dir, p.state))
	}
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// forkSites makes a world with copies of the sites of a prepared one, and no engine yet.
func forkSites(p *Prepared, opt Options) (*World, error) {
	w, err := empty(opt)
	if err != nil {
		return nil, err
	}
	w.births = p.births
	w.clock.set(p.now)
	for side, s := range p.sites {
		copied, err := s.Clone(emulator.CloneOptions{Now: w.clock.Now, After: w.after})
		if err != nil {
			return nil, errors.Join(err, w.Close())
		}
		w.sites[side] = &Site{Site: copied, Side: s.Side, Name: s.Name, URL: s.URL, handler: copied.Handler()}
	}
	return w, nil
}

func (p *Prepared) write(dir string) error {
	for rel, data := range p.files {
		to := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// goOn lets a life begin where a prepared world stands.
func (l *life) goOn(p *Prepared) error {
	opt := l.options()
	var err error
	if l.w, err = fork(p, opt); err != nil {
		return err
	}
	return l.settleIn(p)
}

// settleIn gives a life the people and the lot of a prepared world.
func (l *life) settleIn(p *Prepared) error {
	lag := map[string]string{"CQ-01": []string{"0s", "5s", "60s"}[l.rand.IntN(3)]}
	for _, s := range l.w.sites {
		if err := s.SetOptions(lag); err != nil {
			return err
		}
	}
	l.mode, l.outside, l.small = p.mode, p.outside, true
	l.crowd = p.crowd.copied(l.w, rand.New(rand.NewPCG(l.Seed, 11)), l.count)
	l.acted = len(l.crowd.acts)
	return nil
}

// guard notes the pages that only alice may read on both sides.
func (l *life) guard() error {
	var sides [2]map[string][]*item
	for side := range sides {
		p, err := l.w.look(confluence.Side(side), spaceKey)
		if err != nil {
			return err
		}
		sides[side] = p.byOrigin()
	}
	for o, list := range sides[0] {
		if len(list) == 1 && len(sides[1][o]) == 1 && closed(list[0]) && closed(sides[1][o][0]) {
			l.crowd.guarded[o] = true
		}
	}
	return nil
}

func closed(i *item) bool { return principals(i.Restrictions.Read) == "user:alice" }

// copied is a crowd that remembers what another one did, in another world.
func (c *crowd) copied(w *World, r *rand.Rand, count func(string)) *crowd {
	out := *c
	out.w, out.rand, out.count = w, r, count
	out.acts = slices.Clone(c.acts)
	out.titles, out.trashed, out.everTrashed = maps.Clone(c.titles), maps.Clone(c.trashed), maps.Clone(c.everTrashed)
	out.gone, out.guarded, out.hidden, out.doubled = maps.Clone(c.gone), maps.Clone(c.guarded), maps.Clone(c.hidden), map[string]bool{}
	out.renewed, out.secret = map[string]bool{}, map[string]string{}
	out.written = make(map[string]*word, len(c.written))
	for t, word := range c.written {
		copied := *word
		out.written[t] = &copied
	}
	return &out
}
