package engine

import (
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// restriction writes a content's own restrictions. A reader who has no counterpart is left out, the list never becomes
// empty, and tandem's own account stays in it (decision D28).
func (a *applier) restriction(twin confluence.TwinID) (*write, error) {
	src := a.view.source[twin]
	d, ok := a.destOf(twin)
	if !ok {
		return nil, errNeed
	}
	want, missing := a.s.mapRestrictions(src.Content.Restrictions)
	w := &write{
		change: confluence.Restrict{ID: d.id, Kind: src.Content.Kind, Restrictions: want},
		twin:   twin, kind: src.Content.Kind, facets: reconcile.Restrictions, target: d.id, key: naturalKey("restrict", string(d.id)),
	}
	w.skip = a.restrictedAlready(twin)
	w.note = func() []migration.Finding { return a.s.unmappedReaders(src.Content, missing) }
	w.learned = a.learner(twin, reconcile.Restrictions, nil)
	return w, nil
}

// restrictedAlready reports whether exactly this was written since the last reading.
func (a *applier) restrictedAlready(twin confluence.TwinID) bool {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.view.agreed[twin]
	i := reconcile.Restrictions.Index()
	return row != nil && row.Pending.Has(reconcile.Restrictions) && row.Digest[confluence.A][i] == a.view.nodeOf(twin).Digest[i]
}

// mapRestrictions maps both lists; missing names whom they lack.
func (s *spaceRun) mapRestrictions(r confluence.Restrictions) (confluence.Restrictions, []confluence.Principal) {
	me := confluence.UserPrincipal(s.ids[confluence.B].Me.ID)
	var missing []confluence.Principal
	mapList := func(list []confluence.Principal) []confluence.Principal {
		if len(list) == 0 {
			return nil
		}
		mapped, lost := s.people.principals(list)
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

func (s *spaceRun) unmappedReaders(c confluence.Content, missing []confluence.Principal) []migration.Finding {
	if len(missing) == 0 {
		return nil
	}
	f := s.finding(confluence.CodeReaderUnmapped, c, confluence.Changed, "restrictions",
		fmt.Sprintf("%s is restricted to fewer than at the source: %d without a counterpart", describe(c), len(missing)))
	f.Severity = migration.SeverityWarning
	f.Count = len(missing)
	names := make([]string, len(missing))
	for i, p := range missing {
		names[i] = string(p)
	}
	f.Where.Detail = joinFew(names)
	return []migration.Finding{f}
}

// prepareLabels brings a content's labels to those of the source: one call for all that are new, one for each that goes.
func (a *applier) prepareLabels(c reconcile.Change) []making {
	src := a.view.source[c.Twin]
	want := carriedLabels(src.Content.Labels)
	var have []confluence.Label
	if o := a.view.target[c.Twin]; o != nil {
		have = carriedLabels(o.Content.Labels)
	}
	add, remove := labelChanges(want, have)
	var out []making
	if len(add) > 0 {
		have = append(slices.Clone(have), add...)
		out = append(out, a.labelMaking(c, "label", have, len(remove) == 0, func(d destination) confluence.Change {
			return confluence.AddLabels{ID: d.id, Kind: c.Kind, Labels: add}
		}))
	}
	for i, l := range remove {
		have = slices.DeleteFunc(slices.Clone(have), func(x confluence.Label) bool { return x == l })
		out = append(out, a.labelMaking(c, "unlabel "+l.Name, have, i == len(remove)-1, func(d destination) confluence.Change {
			return confluence.RemoveLabel{ID: d.id, Label: l}
		}))
	}
	return out
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

// labelMaking makes one label call, which leaves the destination with the labels after. The last of a content settles
// the facet; one before it notes how far the destination is, so that a failure in between reads as no edit of anybody.
func (a *applier) labelMaking(c reconcile.Change, key string, after []confluence.Label, last bool, change func(destination) confluence.Change) making {
	return func() (*write, error) {
		d, ok := a.destOf(c.Twin)
		if !ok {
			return nil, errNeed
		}
		w := &write{change: change(d), twin: c.Twin, kind: c.Kind, facets: reconcile.Labels, target: d.id, key: naturalKey(key, string(d.id))}
		if last {
			w.learned = a.learner(c.Twin, reconcile.Labels, nil)
			return w, nil
		}
		w.learned = func(confluence.Result) *store.AgreedRow { return a.halfLabelled(c.Twin, after) }
		w.after = func(tx *store.Tx) error {
			seen := a.view.target[c.Twin]
			if seen == nil {
				return nil
			}
			seen.Content.Labels = after
			return tx.PutObserved(*seen)
		}
		return w, nil
	}
}

func (a *applier) halfLabelled(twin confluence.TwinID, now []confluence.Label) *store.AgreedRow {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.row(twin)
	row.Digest[confluence.B][reconcile.Labels.Index()] = labelsDigest(now)
	row.Facets |= reconcile.Labels
	a.view.agreed[twin] = &row
	return &row
}

// sentAlready reports whether the body would be the very bytes that were sent last: a reference that stays unresolved is
// no reason to write again, nor is a second pass over a body that the first one found resolvable, nor a reference that
// leads astray and would be written as it stands.
func (a *applier) sentAlready(c reconcile.Change, r rendered) bool {
	if r.complete && !c.Relink && !a.view.mended[c.Twin] || c.Facets != reconcile.Body {
		return false
	}
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.view.agreed[c.Twin]
	return row != nil && !row.Sent.IsZero() && row.Sent == r.digest
}
