package simulation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// day is a working day of two sites kept together: authors on both sides, an edit a second, and a network of which every
// fiftieth request comes to harm.
type day struct {
	life
	length time.Duration
	pages  []*dayPage
	rows   int // sequence of what people write
	edits  int
	harmed int
	dice   *rand.Rand // of the network
	bad    bool       // it does harm
}

// dayPage is a page that authors work on, as both sides know it.
type dayPage struct {
	origin string
	ids    [2]string
}

const (
	dayAuthors = 50
	dayPages   = 150
	dayBlocks  = 8
)

// TestDay keeps a pair for a day, of 24 hours with TANDEM_DAY=24h (make day), else for a part of one, with 50 authors who
// make an edit a second on both sides, while 2 % of the requests come to harm. At the end both sides are equal but for
// named conflicts, and what tandem wrote is what it carried: one version for each update, none for its own echo.
func TestDay(t *testing.T) {
	length := 10 * time.Minute
	if text := os.Getenv("TANDEM_DAY"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d := &day{length: length}
		d.Seed, d.Quiet = *base, synctest.Wait
		d.rand, d.counts, d.mode = rand.New(rand.NewPCG(d.Seed, 7)), map[string]int{}, "both"
		d.dice = rand.New(rand.NewPCG(d.Seed, 23))
		err := d.run()
		if d.w != nil {
			defer d.w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(d.broken) > 0 {
			t.Errorf("%d things do not hold:\n%s", len(d.broken), strings.Join(d.broken[:min(30, len(d.broken))], "\n"))
		}
		t.Log(d.tell())
	})
}

func (d *day) run() error {
	if err := d.open(); err != nil {
		return err
	}
	if err := d.furnish(); err != nil {
		return err
	}
	if err := d.migrateAll(); err != nil {
		return err
	}
	if err := d.join(); err != nil {
		return err
	}
	d.bad = true
	for end := d.w.Now().Add(d.length); d.w.Now().Before(end); {
		if err := d.minutes(10); err != nil {
			return err
		}
	}
	d.bad = false
	return d.evening()
}

func (d *day) open() error {
	var err error
	d.w, err = New(Options{
		Seed: d.Seed + 1, Quiet: d.Quiet, Slice: 30 * time.Second, Before: d.harm,
		Sites: [2]emulator.Options{{Seed: 91, Options: map[string]string{"CQ-01": "5s"}}, {Seed: 92, Options: map[string]string{"CQ-01": "5s", "TR-03": "10s"}}},
	})
	if err != nil {
		return err
	}
	d.w.limit = 1 << 30
	for i := range dayAuthors {
		for _, s := range d.w.sites {
			s.AddUser(author(i), "Author "+author(i), author(i)+"@example.test")
		}
	}
	return d.w.AddSpace(confluence.A, spaceKey, "Home of K")
}

func author(i int) string { return fmt.Sprintf("author%02d", i) }

// harm is what the network does to every fiftieth request.
func (d *day) harm(e Event) Fate {
	if !d.bad || e.Kind != Request || d.dice.IntN(50) != 0 {
		return Fate{}
	}
	list := slices.Concat(misfortunes[faultTimeout], misfortunes[faultLimit], misfortunes[faultServer], misfortunes[faultStale], misfortunes[faultPaging])
	m := list[d.dice.IntN(len(list))]
	if m.fits != nil && !m.fits(e.Call) {
		return Fate{}
	}
	d.harmed++
	return m.fate
}

// furnish makes the pages, of blocks that each hold one word.
func (d *day) furnish() error {
	d.crowd = newCrowd(d.w, d.rand, spaceKey, d.count, confluence.A)
	d.crowd.users = []string{author(0)}
	p, err := d.w.look(confluence.A, spaceKey)
	if err != nil {
		return err
	}
	home := p.items[p.home]
	home.origin = d.crowd.fresh('o', confluence.A, "")
	d.crowd.titles[home.Title] = true
	if err := d.crowd.setBody(confluence.A, "body", home, "<p>"+home.origin+"</p>"); err != nil {
		return err
	}
	above := []string{p.home}
	for range dayPages {
		page := &dayPage{origin: d.crowd.fresh('o', confluence.A, "")}
		text := "<p>" + page.origin + "</p>"
		for range dayBlocks {
			text += "<p>" + d.crowd.fresh('w', confluence.A, page.origin) + " some words that stand here</p>"
		}
		ids, err := d.w.Act(confluence.A, author(d.rand.IntN(dayAuthors)), map[string]any{"create": map[string]any{
			"title": d.crowd.title(), "under": above[d.rand.IntN(len(above))], "text": text}})
		if err != nil {
			return err
		}
		page.ids[confluence.A] = ids[0]
		d.pages, above = append(d.pages, page), append(above, ids[0])
	}
	return nil
}

func (d *day) migrateAll() error {
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site = "k", d.w.sites[confluence.A].Name, d.w.sites[confluence.B].Name
	p.Spaces = []migration.SpaceScope{migration.NewScope(spaceKey, spaceKey)}
	err := d.w.Do(func(e *engine.Engine) error {
		_, err := e.CreatePlan(d.w.Context(), p)
		return err
	})
	if err != nil {
		return err
	}
	if err := d.migrateOnce(); err != nil {
		return err
	}
	status, err := d.lastRun()
	if err == nil && status != migration.PlanFinished {
		err = fmt.Errorf("the migration is %s: %s", status, d.failures())
	}
	return err
}

// join makes the pair on the baseline of the migration. Its intervals are the defaults.
func (d *day) join() error {
	run, err := d.lastFinished()
	if err != nil {
		return err
	}
	spec := migration.NewPair()
	spec.Name, spec.Deletes, spec.Adopt = pairOfLife, "propagate", run
	spec.A = migration.PairEnd{Site: d.w.sites[confluence.A].Name, Space: spaceKey}
	spec.B = migration.PairEnd{Site: d.w.sites[confluence.B].Name, Space: spaceKey}
	err = d.w.Do(func(e *engine.Engine) error {
		if _, err := e.CreatePair(d.w.Context(), spec); err != nil {
			return err
		}
		preview, err := e.BaselinePair(d.w.Context(), pairOfLife, "")
		if err != nil {
			return err
		}
		_, err = e.BaselinePair(d.w.Context(), pairOfLife, preview.Digest)
		return err
	})
	if err != nil {
		return err
	}
	return d.meet()
}

// meet learns the ids of pages on both sides.
func (d *day) meet() error {
	for side := range d.w.sites {
		p, err := d.w.look(confluence.Side(side), spaceKey)
		if err != nil {
			return err
		}
		at := p.byOrigin()
		for _, page := range d.pages {
			page.ids[side] = ""
			if list := at[page.origin]; len(list) == 1 && list[0].live() {
				page.ids[side] = list[0].ID
			}
		}
	}
	return nil
}

// minutes lets people work, an edit a second, and somebody settle what clashed.
func (d *day) minutes(n int) error {
	for range n * 60 {
		if err := d.edit(); err != nil {
			return err
		}
		if err := d.w.Advance(time.Second); err != nil {
			return err
		}
	}
	if err := d.release(); err != nil {
		return err
	}
	if err := d.decide(); err != nil {
		return err
	}
	return d.meet()
}

// edit is one thing that one of the authors does. Each has pages that are mostly theirs, on the side where they work.
func (d *day) edit() error {
	side := confluence.Side(d.rand.IntN(2))
	i := d.rand.IntN(len(d.pages))
	if d.rand.IntN(50) != 0 { // the pages of this side
		i = i/2*2 + int(side)
	}
	page := d.pages[i%len(d.pages)]
	id := page.ids[side]
	if id == "" {
		return nil
	}
	d.edits++
	who := author(d.rand.IntN(dayAuthors))
	d.rows++
	var action map[string]any
	switch n := d.rand.IntN(100); {
	case n < 80:
		w := d.crowd.fresh('w', side, page.origin)
		action = map[string]any{"edit": map[string]any{"page": id, "block": fmt.Sprintf("p%d", 2+d.rand.IntN(dayBlocks)), "to": w + " some words that stand here"}}
	case n < 86:
		action = map[string]any{"label": map[string]any{"page": id, "add": fmt.Sprintf("l%d", d.rand.IntN(6))}}
	case n < 90:
		action = map[string]any{"comment": map[string]any{"page": id, "text": d.crowd.fresh('c', side, page.origin)}}
	case n < 94:
		action = map[string]any{"rename": map[string]any{"page": id, "to": d.crowd.title()}}
	case n < 97:
		action = map[string]any{"attach": map[string]any{"page": id, "name": fmt.Sprintf("f%d.txt", d.rand.IntN(3)), "bytes": fmt.Sprintf("bytes %d", d.rows)}}
	default:
		action = map[string]any{"resave": id}
	}
	_, err := d.w.Act(side, who, action)
	return err
}

// decide settles every open conflict about a body with the side that the dice name.
func (d *day) decide() error {
	return d.w.Do(func(e *engine.Engine) error {
		open, err := e.Conflicts(d.w.Context(), engine.ConflictFilter{Pair: pairOfLife, State: store.ConflictOpen})
		if err != nil {
			return err
		}
		for _, c := range open {
			use := d.w.sites[d.rand.IntN(2)].Name
			if _, err := e.ResolveConflict(d.w.Context(), c.ID, engine.Resolution{Use: use, Who: "admin"}); err != nil && !tolerable(err) {
				return err
			}
			d.count("settled " + c.Kind)
		}
		return nil
	})
}

// evening lets everything come to rest, and judges.
func (d *day) evening() error {
	if err := d.w.Advance(45 * time.Minute); err != nil {
		return err
	}
	if err := d.release(); err != nil {
		return err
	}
	for range 2 {
		if err := d.sync(); err != nil {
			return err
		}
	}
	before := len(d.w.calls)
	if err := d.sync(); err != nil {
		return err
	}
	d.still("I2", before)
	var sides [2]*picture
	for side := range sides {
		var err error
		if sides[side], err = d.w.look(confluence.Side(side), spaceKey); err != nil {
			return err
		}
	}
	open, err := d.conflicts(sides)
	if err != nil {
		return err
	}
	d.judgePages(sides, func(origin, facet string) bool { return open[origin+" "+facet] || open[origin+" *"] })
	d.judgeOwn(sides)
	return d.judgeVersions(sides)
}

var operation = regexp.MustCompile(`\[tandem ([^\]]+)\]`)

// judgeVersions: each update that the journal calls done is one version, and tandem made no other.
func (d *day) judgeVersions(sides [2]*picture) error {
	made := map[string]int{}
	for _, p := range sides {
		for _, c := range p.pages {
			for _, v := range c.Versions {
				if m := operation.FindStringSubmatch(v.Message); m != nil {
					made[m[1]]++
				}
			}
		}
	}
	rows, err := d.w.Store().Journal(d.w.Context(), store.JournalFilter{Verbs: []confluence.Verb{confluence.VerbPut}, States: []string{store.StateDone}})
	if err != nil {
		return err
	}
	carried := 0
	for _, r := range rows {
		if r.Cycle == 0 {
			continue // of the migration
		}
		carried++
		if made[r.Op] != 1 {
			d.wrong("I5", "update %s of %s on side %s made %d versions", r.Op, r.TargetID, letter(r.Side), made[r.Op])
		}
		delete(made, r.Op)
	}
	d.counts["versions carried"] = carried
	if carried > d.edits {
		d.wrong("I12", "%d updates were written for %d edits", carried, d.edits)
	}
	return nil
}

func (d *day) tell() string {
	perSide := [2][2]int{}
	for _, c := range d.w.calls {
		n := 0
		if c.Writes() {
			n = 1
		}
		perSide[c.Side][n]++
	}
	return fmt.Sprintf("%v: %d edits by %d authors, %d requests came to harm; %d updates carried, one version each; reads and writes at %s %d and %d, at %s %d and %d; %v",
		d.length, d.edits, 2*dayAuthors, d.harmed, d.counts["versions carried"],
		d.w.sites[0].Name, perSide[0][0], perSide[0][1], d.w.sites[1].Name, perSide[1][0], perSide[1][1], d.counts)
}
