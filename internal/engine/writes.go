package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// restriction writes a content's own restrictions. A reader who has no counterpart is left out, the list never becomes
// empty, and tandem's own account stays in it (decision D28).
func (a *applier) restriction(c reconcile.Change) (*write, error) {
	d, ok := a.destOf(c.Side, c.Twin)
	if !ok {
		return nil, errNeed
	}
	want, missing, err := a.restrictions(c)
	if err != nil {
		return nil, err
	}
	if planted.On(planted.EmptyRestriction) {
		want = confluence.Restrictions{}
	}
	w := &write{
		side: c.Side, change: confluence.Restrict{ID: d.id, Kind: c.Kind, Restrictions: want},
		twin: c.Twin, kind: c.Kind, facets: reconcile.Restrictions, target: d.id, key: naturalKey("restrict", string(d.id)),
	}
	w.note = func() []migration.Finding { return a.s.unmappedReaders(c.Side, a.view.contentOf(c), missing) }
	if a.s.paired {
		a.setWritten(w, c, reconcile.Restrictions, func(x *confluence.Content) { x.Restrictions = want }, func(row *store.AgreedRow) {
			from := a.nodeFrom(c)
			row.Readers[c.Side.Other()], row.Editors[c.Side.Other()] = from.Readers, from.Editors
			row.Readers[c.Side], row.Editors[c.Side] = a.s.neutral(c.Side, want.Read), a.s.neutral(c.Side, want.Update)
			if planted.On(planted.NotWhatWasSeen) {
				row.Readers[c.Side], row.Editors[c.Side] = from.Readers, from.Editors
			}
			digestSets(row, reconcile.Restrictions)
		})
		return w, nil
	}
	w.skip = a.restrictedAlready(c)
	w.learned = a.learner(c, reconcile.Restrictions, nil)
	return w, nil
}

// restrictions are those that the side of a change is to have; missing names whom they lack.
func (a *applier) restrictions(c reconcile.Change) (want confluence.Restrictions, missing []confluence.Principal, err error) {
	if !a.s.paired {
		src, err := a.origin(c)
		if err != nil {
			return want, nil, err
		}
		want, missing = a.s.mapRestrictions(c.Side, src.Content.Restrictions)
		return want, missing, nil
	}
	var there confluence.Restrictions
	if own := a.shown(c.Side, c.Twin); own != nil {
		there = own.Content.Restrictions
	}
	var lost []confluence.Principal
	want.Read, missing = a.s.named(c.Side, c.Readers, there.Read)
	want.Update, lost = a.s.named(c.Side, c.Editors, there.Update)
	missing = append(missing, lost...)
	slices.Sort(missing)
	return want, slices.Compact(missing), nil
}

// restrictedAlready reports whether exactly this was written since the last reading.
func (a *applier) restrictedAlready(c reconcile.Change) bool {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row, from := a.view.agreed.get(c.Twin), c.Side.Other()
	i := reconcile.Restrictions.Index()
	return row != nil && row.Pending[c.Side].Has(reconcile.Restrictions) && row.Digest[from][i] == a.nodeFrom(c).Digest[i]
}

// mapRestrictions maps both lists of the other side to the side to; missing names whom they lack.
func (s *work) mapRestrictions(to confluence.Side, r confluence.Restrictions) (confluence.Restrictions, []confluence.Principal) {
	me := confluence.UserPrincipal(s.ids[to].Me.ID)
	var missing []confluence.Principal
	mapList := func(list []confluence.Principal) []confluence.Principal {
		if len(list) == 0 {
			return nil
		}
		mapped, lost := s.people.principals(to, list)
		missing = append(missing, lost...)
		if !slices.Contains(mapped, me) {
			mapped = append(mapped, me)
		}
		slices.Sort(mapped)
		return mapped
	}
	out := confluence.Restrictions{Read: mapList(r.Read), Update: mapList(r.Update)}
	slices.Sort(missing)
	return out, slices.Compact(missing)
}

func (s *work) unmappedReaders(to confluence.Side, c confluence.Content, missing []confluence.Principal) []migration.Finding {
	if len(missing) == 0 {
		return nil
	}
	where := "at the source"
	if s.paired {
		where = "on " + s.sites[to.Other()].row.Name
	}
	f := s.finding(to.Other(), confluence.CodeReaderUnmapped, c, confluence.Changed, "restrictions",
		fmt.Sprintf("%s is restricted to fewer than %s: %d without a counterpart", describe(c), where, len(missing)))
	f.Severity = migration.SeverityWarning
	f.Count = len(missing)
	names := make([]string, len(missing))
	for i, p := range missing {
		names[i] = string(p)
	}
	f.Where.Detail = joinFew(names)
	return []migration.Finding{f}
}

// prepareLabels brings a content's labels to those that were decided: one call for all that are new, one for each that
// goes.
func (a *applier) prepareLabels(c reconcile.Change) []making {
	var have []confluence.Label
	if o := a.shown(c.Side, c.Twin); o != nil {
		have = carriedLabels(o.Content.Labels)
	}
	add, remove := a.labelChanges(c, have)
	var out []making
	if len(add) > 0 {
		have = append(slices.Clone(have), add...)
		out = append(out, a.labelMaking(c, labelling{key: "label", add: add, after: have, last: len(remove) == 0}))
	}
	for i, l := range remove {
		have = slices.DeleteFunc(slices.Clone(have), func(x confluence.Label) bool { return x == l })
		out = append(out, a.labelMaking(c, labelling{key: "unlabel " + l.Name, remove: l, after: have, last: i == len(remove)-1}))
	}
	return out
}

// labelChanges are the labels of a side that come and go: as decided, or in a migration all that the source has.
func (a *applier) labelChanges(c reconcile.Change, have []confluence.Label) (add, remove []confluence.Label) {
	if !a.s.paired {
		src := a.shown(c.Side.Other(), c.Twin)
		return labelChanges(carriedLabels(src.Content.Labels), have)
	}
	for _, name := range c.Add {
		if l := labelNamed(name); !slices.Contains(have, l) {
			add = append(add, l)
		}
	}
	for _, name := range c.Remove {
		if l := labelNamed(name); slices.Contains(have, l) {
			remove = append(remove, l)
		}
	}
	return add, remove
}

func labelNamed(name string) confluence.Label {
	prefix, rest, _ := strings.Cut(name, ":")
	return confluence.Label{Prefix: prefix, Name: rest}
}

func labelChanges(want, have []confluence.Label) (add, remove []confluence.Label) {
	for _, l := range want {
		if !slices.Contains(have, l) && !slices.Contains(add, l) {
			add = append(add, l)
		}
	}
	for _, l := range have {
		if !slices.Contains(want, l) {
			remove = append(remove, l)
		}
	}
	return add, remove
}

// labelling is one label call: labels that come, or one that goes.
type labelling struct {
	key    string
	add    []confluence.Label
	remove confluence.Label
	after  []confluence.Label // what the side has then
	last   bool               // of its content
}

func (l labelling) change(c reconcile.Change, d destination) confluence.Change {
	if len(l.add) > 0 {
		return confluence.AddLabels{ID: d.id, Kind: c.Kind, Labels: l.add}
	}
	return confluence.RemoveLabel{ID: d.id, Label: l.remove}
}

// agree takes the call into what was agreed on of both sides' labels.
func (l labelling) agree(row *store.AgreedRow) {
	for _, side := range confluence.Sides {
		set := slices.DeleteFunc(slices.Clone(row.Labels[side]), func(name string) bool { return name == l.remove.String() })
		set = append(set, labelNames(l.add)...)
		slices.Sort(set)
		row.Labels[side] = slices.Compact(set)
	}
	digestSets(row, reconcile.Labels)
}

// labelMaking makes one label call. The last of a content settles the facet; one before it notes how far the side is, so
// that a failure in between reads as no edit of anybody.
func (a *applier) labelMaking(c reconcile.Change, l labelling) making {
	return func() (*write, error) {
		d, ok := a.destOf(c.Side, c.Twin)
		if !ok {
			return nil, errNeed
		}
		w := &write{side: c.Side, change: l.change(c, d), twin: c.Twin, kind: c.Kind, facets: reconcile.Labels, target: d.id, key: naturalKey(l.key, string(d.id))}
		switch {
		case a.s.paired:
			a.setWritten(w, c, reconcile.Labels, func(x *confluence.Content) { x.Labels = append(personalLabels(x.Labels), l.after...) }, l.agree)
		case l.last:
			w.learned = a.learner(c, reconcile.Labels, nil)
		default:
			w.learned = func(confluence.Result) *store.AgreedRow { return a.halfLabelled(c, l.after) }
			w.after = func(tx *store.Tx) error {
				seen := a.alter(c.Side, c.Twin, func(x *confluence.Content) { x.Labels = l.after })
				if seen == nil {
					return nil
				}
				return tx.PutObserved(*seen)
			}
		}
		return w, nil
	}
}

func (a *applier) halfLabelled(c reconcile.Change, now []confluence.Label) *store.AgreedRow {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.row(c.Side, c.Twin)
	row.Digest[c.Side][reconcile.Labels.Index()] = labelsDigest(now)
	row.Facets |= reconcile.Labels
	a.view.agreed.put(c.Twin, &row)
	return &row
}

// setWritten lets a write of a set show at once in what the side is known to hold, because nothing else tells: a set has
// no version. What was carried counts as agreed from there on; agree says what that is.
func (a *applier) setWritten(w *write, c reconcile.Change, f reconcile.Facets, edit func(*confluence.Content), agree func(*store.AgreedRow)) {
	var seen *store.Observed
	w.learned = func(confluence.Result) *store.AgreedRow {
		a.rowMu.Lock()
		defer a.rowMu.Unlock()
		a.touch(c.Side, c.Twin)
		seen = a.alter(c.Side, c.Twin, edit)
		if c.Merged.Has(f) {
			return nil
		}
		row := a.row(c.Side, c.Twin)
		agree(&row)
		row.Facets |= f
		row.Owed[c.Side] &^= f
		a.view.agreed.put(c.Twin, &row)
		return &row
	}
	w.after = func(tx *store.Tx) error {
		if seen == nil {
			return nil
		}
		return tx.PutObserved(*seen)
	}
}

// sentAlready reports whether the body would be the very bytes that were sent last: a reference that stays unresolved is
// no reason to write again, nor is a second pass over a body that the first one found resolvable, nor a reference that
// leads astray and would be written as it stands.
func (a *applier) sentAlready(c reconcile.Change, r rendered) bool {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.view.agreed.get(c.Twin)
	astray := a.view.mended[c.Side][c.Twin] || row != nil && row.Owed[c.Side].Has(reconcile.Body)
	if r.complete && !c.Relink && !astray || c.Facets != reconcile.Body {
		return false
	}
	return row != nil && !row.Sent[c.Side].IsZero() && row.Sent[c.Side] == r.digest && !(astray && a.rewritten(c, r))
}

// rewritten reports whether the references of a body are written otherwise on the side than they would be sent: the site
// has rewritten them since.
func (a *applier) rewritten(c reconcile.Change, r rendered) bool {
	own := a.shown(c.Side, c.Twin)
	if own == nil || own.Form.Opaque {
		return false
	}
	there, err := decodeSlots(own.Form.Refs)
	if err != nil {
		return false
	}
	tree, err := body.Parse(r.body.Raw)
	if err != nil {
		return false
	}
	here := tree.Form().Slots
	return len(here) == len(there) && !slices.EqualFunc(here, there, func(x, y body.Slot) bool { return x.Written == y.Written })
}
