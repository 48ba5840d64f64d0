package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

const pairOfLife = "life"

// pairUp makes a pair of the two spaces and takes the baseline that the last run left, or compares them.
func (l *life) pairUp() error {
	spec := migration.NewPair()
	spec.Name = pairOfLife
	ends := l.ends()
	spec.A = migration.PairEnd{Site: ends[confluence.A].Name, Space: spaceKey}
	spec.B = migration.PairEnd{Site: ends[confluence.B].Name, Space: spaceKey}
	spec.Deletes = "propagate"
	spec.Brakes = map[string]string{"deletes": "0.9", "least": "20", "mass-change": "1"}
	if l.mode == "" {
		l.mode = []string{"both", "both", "both", "both", "to:B safe", "to:B mirror", "to:A safe", "to:A mirror"}[l.rand.IntN(8)]
	}
	if l.mode != "both" {
		direction, strict, _ := strings.Cut(l.mode, " ")
		spec.Strict = strict
		spec.Direction = "to:" + l.w.sites[confluence.A].Name
		if direction == "to:B" {
			spec.Direction = "to:" + l.w.sites[confluence.B].Name
		}
	}
	// A feed costs the same whether anything happened or not; a life has better things to do than to read many.
	spec.Feed, spec.Sweep = "2m", "10m"
	spec.Primary = l.w.sites[confluence.A].Name
	var err error
	if spec.Adopt, err = l.lastFinished(); err != nil {
		return err
	}
	l.count("pair " + l.mode)
	return l.w.Do(func(e *engine.Engine) error {
		ctx := l.w.Context()
		if _, err := e.CreatePair(ctx, spec); err != nil {
			return err
		}
		preview, err := e.BaselinePair(ctx, pairOfLife, "")
		if err != nil {
			return err
		}
		_, err = e.BaselinePair(ctx, pairOfLife, preview.Digest)
		return err
	})
}

func (l *life) lastFinished() (string, error) {
	runs, err := l.w.Store().Runs(l.w.Context(), "")
	id, at := "", time.Time{}
	for _, r := range runs {
		if r.Status == migration.PlanFinished && r.Started.After(at) {
			id, at = r.ID, r.Started
		}
	}
	return id, err
}

// sync asks for a sweep and lets it end.
func (l *life) sync() error {
	err := l.w.Do(func(e *engine.Engine) error {
		_, err := e.SyncPair(l.w.Context(), pairOfLife, engine.SyncOptions{})
		return err
	})
	if err != nil {
		return err
	}
	return l.w.Settle()
}

// live lets people work on both sides while the pair is kept and things go wrong.
func (l *life) live() error {
	l.crowd.may = nil
	l.crowd.sides = []confluence.Side{confluence.A, confluence.B}
	if l.From == nil {
		before := len(l.w.calls)
		if err := l.sync(); err != nil {
			return fmt.Errorf("the first cycle: %w", err)
		}
		l.still("I2", before)
	}
	if l.feedsOnly() {
		if err := l.feedRound(); err != nil {
			return err
		}
	}
	for range 1 + l.rand.IntN(4)/3 {
		if err := l.round(); err != nil {
			return err
		}
	}
	if err := l.calm(); err != nil {
		return err
	}
	return l.release()
}

// round lets people act on both sides, and one cycle or more follow while things go wrong.
func (l *life) round() error {
	if err := l.play(5 + l.rand.IntN(5)); err != nil {
		return err
	}
	for range l.rand.IntN(3) {
		if err := l.crowd.step(); err != nil {
			return err
		}
	}
	l.blow(6, 2)
	if l.rand.IntN(3) == 0 {
		if err := l.w.Advance(time.Duration(2+l.rand.IntN(3)) * time.Minute); err != nil {
			return err
		}
	}
	if err := l.sync(); err != nil && !tolerable(err) {
		return err
	}
	return l.storm.err
}

// play acts recipes, each about pages of its own.
func (l *life) play(n int) error {
	s := &scene{c: l.crowd, one: l.sender(), used: map[string]bool{}, without: l.without}
	for range n {
		r, err := s.act(deck[l.rand.IntN(len(deck))])
		if err != nil {
			return err
		}
		if r != nil {
			l.count(fmt.Sprintf("recipe %d %s", r.row, r.name))
		}
	}
	return nil
}

// release lets a pair go on that stopped for a reason that is over.
func (l *life) release() error {
	for range 4 {
		state, halt, err := l.standing()
		if err != nil {
			return err
		}
		l.count("pair ends " + string(state))
		if state == migration.PairActive {
			return nil
		}
		if halt != nil {
			l.count("halted " + halt.Brake)
		}
		err = l.w.Do(func(e *engine.Engine) error {
			if halt != nil && halt.Brake != "" {
				_, err := e.SyncPair(l.w.Context(), pairOfLife, engine.SyncOptions{AllowBrake: halt.Brake})
				return err
			}
			_, err := e.ResumePair(l.w.Context(), pairOfLife)
			return err
		})
		if err != nil && !tolerable(err) {
			return err
		}
		if err := l.w.Advance(time.Minute); err != nil {
			return err
		}
	}
	l.wrong("I1", "the pair does not go on")
	return nil
}

// judgePair holds both sides against each other once nobody acts and nothing fails. Within two cycles they are equal, and
// the next one does nothing; one before that does nothing and leaves both equal says the same.
func (l *life) judgePair() error {
	const cycles = 3
	calm := len(l.w.calls)
	for n := 1; ; n++ {
		before := len(l.w.calls)
		if err := l.sync(); err != nil {
			return fmt.Errorf("a cycle after all faults: %w", err)
		}
		silent := !l.wrote(before)
		if !silent && n < cycles {
			continue
		}
		if n == cycles {
			l.still("I2", before)
		}
		if silent {
			if err := l.judgeSweep(before); err != nil {
				return err
			}
		}
		kept := l.broken
		if err := l.judgeSides(); err != nil {
			return err
		}
		if len(l.broken) == len(kept) || n == cycles {
			break
		}
		l.broken, l.notes = kept, nil
	}
	return l.judgeCalls(calm)
}

// both are the spaces of the pair as they stand.
func (l *life) both() (sides [2]*picture, err error) {
	for side := range sides {
		if sides[side], err = l.w.look(confluence.Side(side), spaceKey); err != nil {
			return sides, err
		}
	}
	return sides, nil
}

func (l *life) judgeSides() error {
	sides, err := l.both()
	if err != nil {
		return err
	}
	open, err := l.conflicts(sides)
	if err != nil {
		return err
	}
	l.contested = map[string]bool{}
	for about := range open {
		origin, _, _ := strings.Cut(about, " ")
		l.contested[origin] = true
	}
	unseen := l.unseen(sides)
	excused := func(origin, facet string) bool {
		return open[origin+" "+facet] || open[origin+" *"] || l.crowd.gone[origin] || unseen[origin] || l.crowd.renewed[origin]
	}
	if either := excused; l.mode != "both" {
		excused = func(origin, facet string) bool {
			return either(origin, facet) || l.edited(origin)
		}
	}
	l.judgePages(sides, excused)
	l.judgeOwn(sides)
	l.judgeWords(sides, open)
	l.judgeTrash(sides, open)
	l.judgeHidden(sides)
	l.judgeWork(sides)
	return l.judgeReaders(sides)
}

// judgeCalls holds the calls of a life against what they may be. From calm on nobody acted and nothing failed.
func (l *life) judgeCalls(calm int) error {
	switch l.mode {
	case "to:B safe", "to:B mirror":
		l.unwrittenSince(confluence.A, 0)
	case "to:A safe", "to:A mirror":
		l.unwrittenSince(confluence.B, l.paired)
	}
	l.judgeDeletes()
	l.judgeScope()
	l.judgePosts()
	sides, err := l.both()
	if err == nil {
		l.judgeRefusals(calm, sides)
	}
	return err
}

// edited reports whether anybody touched a page on the receiving side of a pair of one direction.
func (l *life) edited(origin string) bool {
	to := confluence.A
	if strings.HasPrefix(l.mode, "to:B") {
		to = confluence.B
	}
	return slices.ContainsFunc(l.crowd.acts, func(a act) bool { return a.Side == to && a.Page == origin })
}

// conflicts are the open ones, as "token facet"; "token *" for one about all of a page.
func (l *life) conflicts(sides [2]*picture) (map[string]bool, error) {
	open := map[string]bool{}
	err := l.w.Do(func(e *engine.Engine) error {
		list, err := e.Conflicts(l.w.Context(), engine.ConflictFilter{Pair: pairOfLife, State: store.ConflictOpen})
		for _, c := range list {
			l.count("conflict " + c.Kind)
			l.notes = append(l.notes, fmt.Sprintf("conflict %s: %s, row %d, facet %b, ids %v: %s", c.Conflict.ID, c.Kind, c.Conflict.Row, c.Conflict.Facet, c.Conflict.ID, c.Conflict.What))
			ids := c.Conflict.ID
			if l.exchanged {
				ids[0], ids[1] = ids[1], ids[0]
			}
			if a, b := sides[0].items[bareID(ids[0])], sides[1].items[bareID(ids[1])]; a != nil && b != nil && a.origin != b.origin {
				sides[1].alias[b.origin] = a.origin
			}
			for side, id := range ids {
				p := sides[side]
				item := cmp.Or(p.items[string(id)], p.items[bareID(id)])
				if item == nil {
					continue
				}
				if !item.page() {
					item = p.items[p.container(item)]
				}
				if item == nil || blind(c) && !l.outOfSight(sides, p, item) {
					continue
				}
				for _, name := range excuses(c.Conflict.Facet, c.Conflict.Kind) {
					open[item.origin+" "+name] = true
				}
			}
		}
		return err
	})
	return open, err
}

// blind reports whether a conflict says that a side does not show a page, or the page above it.
func blind(c engine.ConflictReport) bool {
	return c.Kind == "unseen" || c.Kind == "parent" && c.Conflict.Row == 0
}

// outOfSight reports whether people hid a page, or one above it, from tandem, or purged it: else tandem has no reason not to
// see it.
func (l *life) outOfSight(sides [2]*picture, p *picture, page *item) bool {
	hidden := l.unseen(sides)
	for n := 0; page != nil && n < 100; page, n = p.items[page.Parent], n+1 {
		if hidden[page.origin] || l.crowd.renewed[page.origin] {
			return true
		}
	}
	return false
}

// bareID is a server id as a dump writes it.
func bareID(id confluence.ID) string { return strings.TrimPrefix(string(id), "att") }

// excuses are the facets of a page that a conflict may leave different.
func excuses(facet reconcile.Facets, kind string) []string {
	switch kind {
	case "delete-edit", "delete", "contested", "target-only", "detached", "archived", "kind", "held", "refused", "fuse":
		return []string{"*"}
	}
	return map[reconcile.Facets][]string{
		reconcile.Title: {"title"}, reconcile.Parent: {"parent"}, reconcile.Body: {"body", "comments"}, reconcile.Labels: {"labels"},
		// A held restriction holds all new content of its page.
		reconcile.Restrictions: {"*"},
		reconcile.File:         {"attachments"}, reconcile.Status: {"*"},
	}[facet]
}

// judgeWords: nothing that a person wrote is lost (I3). It stands on a side, or was taken out by somebody who saw it, or
// its page is in the trash, or it is named by a conflict.
func (l *life) judgeWords(sides [2]*picture, open map[string]bool) {
	there := map[string]bool{}
	for _, p := range sides {
		for _, c := range p.items {
			for _, t := range words(c.Body) {
				there[t] = true
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(l.crowd.written)) {
		w := l.crowd.written[t]
		if there[t] || w.dropped || l.crowd.gone[w.page] || open[w.page+" *"] {
			continue
		}
		if strings.HasSuffix(l.mode, "mirror") && w.side == l.receiver() {
			continue // what is written on a mirror is taken back
		}
		l.wrong("I3", "%s, which somebody wrote on side %s of %s, is nowhere", t, letter(w.side), w.page)
	}
}

func (l *life) receiver() confluence.Side {
	if strings.HasPrefix(l.mode, "to:A") {
		return confluence.A
	}
	return confluence.B
}

// judgeTrash: what nobody deleted is there (I4).
func (l *life) judgeTrash(sides [2]*picture, open map[string]bool) {
	if l.mode == "both" {
		l.judgeGone(sides, open)
	}
	for _, p := range sides {
		for _, c := range p.pages {
			if c.Status == "trashed" && c.origin != "" && l.crowd.everTrashed[c.origin] == 0 {
				l.wrong("I4", "%s is in the trash of side %s, and nobody put it there", c.origin, letter(p.side))
			}
		}
	}
}

// unwrittenSince: a side that only sends gets no write from that call on (I14).
func (l *life) unwrittenSince(side confluence.Side, since int) {
	for _, c := range l.w.calls[since:] {
		if c.Side == side && c.Writes() && c.Verb != confluence.VerbProperty {
			l.wrong("I14", "a write to a side that only sends: %s", c)
		}
	}
}
