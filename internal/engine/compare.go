package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// comparison is a baseline of two spaces that nobody migrated, or that have come apart: every content of both is read and
// compared with its counterpart.
type comparison struct {
	c     *cycle
	v     *view
	m     *matching
	began [2]time.Time
	rows  *rows[store.AgreedRow] // as they will be
	b     BaselinePreview
	sum   summing
}

// compareSpaces shows how two spaces belong together. The preview reads both spaces whole; taking it effect does not read
// them again: what people wrote since shows as their edits.
func (e *Engine) compareSpaces(ctx context.Context, row store.PairRow, confirmed bool) (BaselinePreview, func(context.Context) error, error) {
	x := &comparison{c: &cycle{row: row, meter: e.cycleMeter(row.Spec.Name)}}
	x.b = BaselinePreview{Pair: row.Spec.Name, State: row.State}
	x.c.init(e, store.Slice{})
	x.c.owner = asBaseline
	if err := x.c.load(ctx); err != nil {
		x.c.release()
		if errors.Is(err, errBusyPair) {
			err = confluence.Errorf(confluence.CodeOtherMigration, "the spaces of pair %s are being worked on: pause it, or wait", row.Spec.Name)
		}
		return x.b, nil, err
	}
	defer x.c.release()
	if !confirmed || x.c.pair.Pass[0] == 0 || x.c.pair.Pass[1] == 0 {
		if err := x.read(ctx); err != nil {
			return x.b, nil, err
		}
	}
	if err := x.compare(ctx); err != nil {
		return x.b, nil, err
	}
	return x.b, x.take, nil
}

// asBaseline marks the lease of a baseline beside asCycle.
const asBaseline = "baseline"

// read lists both spaces whole, with bodies.
func (x *comparison) read(ctx context.Context) error {
	for _, side := range confluence.Sides {
		x.began[side] = x.c.siteNow(side)
		for done := false; !done; {
			var err error
			if done, err = x.c.scan(ctx, side); err != nil {
				return err
			}
		}
	}
	return x.c.e.changePair(ctx, x.c.row.Spec.Name, func(r *store.PairRow) error {
		r.Sync.Scanned = x.began
		return nil
	})
}

// compare matches contents and compares the facets of each pair of them.
func (x *comparison) compare(ctx context.Context) (err error) {
	if x.v, err = x.c.look(ctx); err != nil {
		return err
	}
	m := &matching{v: x.v, c: x.c, twin: map[confluence.TwinID]confluence.TwinID{}, taken: map[confluence.TwinID]bool{}}
	m.known()
	x.b.Matched.Map = m.pages
	m.byTitle()
	x.b.Matched.Title = m.pages - x.b.Matched.Map
	m.rename()
	m.belongings()
	x.m = m
	x.sum, x.rows = summing{}, newAgreed(x.v.roster)
	x.sum.add("compare", fmt.Sprint(x.c.row.ID, x.c.row.Sync.Epoch))
	met := x.c.met(ctx, x.v)
	for _, a := range sortedKeys(m.twin) {
		x.agree(met, [2]confluence.TwinID{a, m.twin[a]})
	}
	x.lonely(confluence.A, func(t confluence.TwinID) bool { return m.twin[t] != "" })
	x.lonely(confluence.B, func(t confluence.TwinID) bool { return m.taken[t] })
	x.b.Digest = x.sum.short()
	return nil
}

// comparedFacets are the facets by kind that a baseline compares.
var comparedFacets = map[confluence.Kind]reconcile.Facets{
	confluence.Page:       reconcile.Title | reconcile.Parent | reconcile.Body | reconcile.Labels | reconcile.Restrictions,
	confluence.BlogPost:   reconcile.Title | reconcile.Body | reconcile.Labels | reconcile.Restrictions,
	confluence.Attachment: reconcile.Title | reconcile.Parent | reconcile.File,
	confluence.Comment:    reconcile.Parent | reconcile.Body,
}

// agree makes the row of two contents: what is equal is agreed on, what differs is not.
func (x *comparison) agree(met func([2]confluence.TwinID, reconcile.Facets) bool, twins [2]confluence.TwinID) {
	a, b := x.v.seen[confluence.A].get(twins[confluence.A]), x.v.seen[confluence.B].get(twins[confluence.B])
	row := store.AgreedRow{Agreed: reconcile.Agreed{Twin: twins[confluence.A], Kind: a.Content.Kind}}
	known := x.before(twins)
	if known != nil {
		row = *known
	}
	var equal, differ reconcile.Facets
	for _, f := range reconcile.AllFacets {
		if !comparedFacets[row.Kind].Has(f) {
			continue
		}
		same := met(twins, f)
		if f == reconcile.Parent {
			same = x.sameParent(twins)
		}
		if same {
			equal |= f
		} else {
			differ |= f
		}
	}
	if known == nil {
		x.c.join(x.v, &row, reconcile.Joined{Twins: twins, Kind: row.Kind, Contested: differ&(reconcile.Body|reconcile.File) != 0})
	}
	labels := [2][]string{labelNames(a.Content.Labels), labelNames(b.Content.Labels)}
	contested := row.Contested
	x.c.settleFacets(x.v, &row, twins, reconcile.Settled{Twin: row.Twin, Facets: equal, Labels: labels})
	row.Contested = contested
	if equal.Has(reconcile.Parent) {
		i := reconcile.Parent.Index()
		row.Digest[confluence.B][i] = row.Digest[confluence.A][i] // places are named by twins, which have one name from now on
	}
	x.rows.put(row.Twin, &row)
	x.count(row, a, b, differ)
}

// before is what was agreed on of two contents in the epoch before, where that still counts: when a pair is kept in another
// way, and neither site was found to be another than it was. What differs since is an edit.
func (x *comparison) before(twins [2]confluence.TwinID) *store.AgreedRow {
	if !x.goesOn() || twins[confluence.A] != twins[confluence.B] {
		return nil
	}
	row := x.v.agreed.get(twins[confluence.A])
	if row == nil || row.Tomb {
		return nil
	}
	kept := *row
	return &kept
}

// goesOn reports whether the pair was kept before and is to be kept in another way.
func (x *comparison) goesOn() bool {
	return x.c.row.State == migration.PairBaselining && x.c.row.Sync.Epoch > 0
}

// sameParent reports whether both contents stand below twins, or both at the root.
func (x *comparison) sameParent(twins [2]confluence.TwinID) bool {
	a, b := x.v.nodeOf(confluence.A, twins[confluence.A]), x.v.nodeOf(confluence.B, twins[confluence.B])
	if a.Home || b.Home {
		return a.Home && b.Home
	}
	return x.m.twin[a.Parent] == b.Parent
}

func (x *comparison) count(row store.AgreedRow, a, b *store.Observed, differ reconcile.Facets) {
	x.sum.add(string(row.Twin), fmt.Sprint(row.ID, row.Version, differ))
	if row.Kind == confluence.Page || row.Kind == confluence.BlogPost {
		if differ == 0 {
			x.b.Equal++
		} else {
			x.b.Differing++
		}
	}
	if differ != 0 && len(x.b.Rows) < maxBaselineRows {
		x.b.Rows = append(x.b.Rows, BaselineRow{Twin: row.Twin, Kind: row.Kind, Title: a.Content.Title,
			ID: [2]confluence.ID{a.Content.ID, b.Content.ID}, Facets: differ, Differ: differ.Names()})
	}
}

// lonely lists what one side alone has.
func (x *comparison) lonely(side confluence.Side, matched func(confluence.TwinID) bool) {
	for twin, o := range x.v.seen[side].all() {
		if matched(twin) || statusOrCurrent(o.Content) != confluence.Current {
			continue
		}
		x.sum.add(fmt.Sprint(side, o.Content.ID, o.Content.Version.Number))
		if o.Content.Kind == confluence.Page || o.Content.Kind == confluence.BlogPost {
			x.b.Only[side]++
		}
		if len(x.b.Rows) < maxBaselineRows {
			r := BaselineRow{Kind: o.Content.Kind, Title: o.Content.Title, Only: x.c.row.Sites[side]}
			r.ID[side] = o.Content.ID
			x.b.Rows = append(x.b.Rows, r)
		}
	}
}

// take writes the baseline in place of whatever was agreed on before, and begins an epoch.
func (x *comparison) take(ctx context.Context) error {
	if err := x.c.claimSpaces(ctx); err != nil {
		return err
	}
	defer x.c.release()
	err := x.c.e.store.Commit(ctx, x.c.lease, func(tx *store.Tx) error {
		var old []confluence.TwinID
		for twin := range x.v.agreed.all() {
			if !x.goesOn() { // else what only one side has, or none, was agreed on too
				old = append(old, twin)
			}
		}
		if err := tx.ForgetAgreed(x.c.row.ID, old...); err != nil {
			return err
		}
		if err := tx.ForgetFuses(x.c.row.ID, x.c.row.Cycle+1, true); err != nil {
			return err
		}
		for _, row := range x.rows.all() {
			if err := tx.PutAgreed(x.c.row.ID, *row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.c.e.takeBaseline(ctx, x.c.row.Spec.Name, x.b.Digest, func(r *store.PairRow) {
		r.Sync.Root, r.Sync.Next, r.Sync.Left = store.Checkpoint{}, store.Checkpoint{}, [2]store.Checkpoint{}
		r.Sync.LeftVersion, r.Sync.Carried = [2]int{}, [2]store.CarriedEntry{}
	})
}

// matching finds the counterpart of each content of side A on side B.
type matching struct {
	c     *cycle
	v     *view
	twin  map[confluence.TwinID]confluence.TwinID // of A to that of B
	taken map[confluence.TwinID]bool              // of B
	pages int
}

func (m *matching) join(a, b confluence.TwinID) {
	if m.twin[a] != "" || m.taken[b] {
		return
	}
	m.twin[a], m.taken[b] = b, true
	if k := m.v.seen[confluence.A].get(a).Content.Kind; k == confluence.Page || k == confluence.BlogPost {
		m.pages++
	}
}

func live(o *store.Observed) bool {
	return o != nil && statusOrCurrent(o.Content) == confluence.Current
}

// known takes over what both sides agreed on before, in a migration or in an earlier epoch.
func (m *matching) known() {
	for twin := range m.v.agreed.all() {
		if live(m.v.seen[confluence.A].get(twin)) && live(m.v.seen[confluence.B].get(twin)) {
			m.join(twin, twin)
		}
	}
}

// byTitle matches pages by their title, which is unique in a space, posts by title and day, and the two home pages with
// each other. A page that stands elsewhere is the same page all the same: its place differs.
func (m *matching) byTitle() {
	there := map[string]confluence.TwinID{}
	for twin, o := range m.v.seen[confluence.B].all() {
		if live(o) && !m.taken[twin] {
			if key := m.key(confluence.B, o); key != "" {
				there[key] = twin
			}
		}
	}
	for twin, o := range m.v.seen[confluence.A].all() {
		if !live(o) || m.twin[twin] != "" {
			continue
		}
		if other, ok := there[m.key(confluence.A, o)]; ok {
			m.join(twin, other)
		}
	}
}

// key is what a page or a post is found by on the other side.
func (m *matching) key(side confluence.Side, o *store.Observed) string {
	c := o.Content
	switch {
	case c.Kind == confluence.Page && c.ID == m.c.pair.Homes[side]:
		return "home"
	case c.Kind == confluence.Page:
		return "page/" + migration.FoldTitle(c.Title)
	case c.Kind == confluence.BlogPost:
		return "post/" + day(c) + "/" + migration.FoldTitle(c.Title)
	}
	return ""
}

// rename lets references of side B lead to the twins that were found, so that bodies can be compared.
func (m *matching) rename() {
	back := map[confluence.TwinID]confluence.TwinID{}
	for a, b := range m.twin {
		back[b] = a
	}
	m.v.index[confluence.B].rename(back)
}

// belongings matches files by name and comments by text, below contents that are matched.
func (m *matching) belongings() {
	for progress := true; progress; { // a reply is matched below its comment
		progress = false
		there := map[string][]confluence.TwinID{}
		for twin, o := range m.v.seen[confluence.B].all() {
			if live(o) && !m.taken[twin] {
				parent := m.v.nodeOf(confluence.B, twin).Parent
				there[m.below(confluence.B, o, parent)] = append(there[m.below(confluence.B, o, parent)], twin)
			}
		}
		for twin, o := range m.v.seen[confluence.A].all() {
			parent := m.twin[m.v.nodeOf(confluence.A, twin).Parent]
			if !live(o) || m.twin[twin] != "" || parent == "" {
				continue
			}
			key := m.below(confluence.A, o, parent)
			if list := there[key]; key != "" && len(list) > 0 {
				m.join(twin, list[0])
				there[key], progress = list[1:], true
			}
		}
	}
}

// below is what a file or a comment is found by below a content of side B.
func (m *matching) below(side confluence.Side, o *store.Observed, parent confluence.TwinID) string {
	switch o.Content.Kind {
	case confluence.Attachment:
		return string(parent) + "/file/" + o.Content.Title
	case confluence.Comment:
		d, err := m.c.neutralBody(m.v, side, o)
		if err != nil {
			return ""
		}
		return string(parent) + "/comment/" + d.String()
	}
	return ""
}
