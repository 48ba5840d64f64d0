package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// sampleSize is how many contents a brake names.
const sampleSize = 20

// limits are the brakes' limits with their defaults.
func (l Limits) limits() Limits {
	l.DeleteShare = cmp.Or(l.DeleteShare, 0.10)
	l.DeleteLeast = cmp.Or(l.DeleteLeast, 5)
	l.Listing = cmp.Or(l.Listing, 0.5)
	l.MassChange = cmp.Or(l.MassChange, 0.30)
	return l
}

// brake looks for what is more likely an accident than a wish (algorithms A6.4). A migration deletes nothing, and has no
// brakes.
func (p *planner) brake() {
	if p.migrating {
		return
	}
	l := p.policy.Brakes.limits()
	for _, side := range confluence.Sides {
		if p.policy.Sweep {
			p.brakeEmptied(side, l)
		}
		p.brakeDeletes(side, l)
		if p.receives[side.Other()] || p.mirror {
			p.brakeMassChange(side, l)
		}
	}
	slices.SortFunc(p.result.Brakes, func(a, b Brake) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Side, b.Side)) })
}

func (p *planner) halt(b Brake) {
	if p.policy.Allowed[b.Name] {
		return
	}
	slices.Sort(b.Sample)
	b.Sample = b.Sample[:min(len(b.Sample), sampleSize)]
	p.result.Brakes = append(p.result.Brakes, b)
}

// brakeEmptied halts when a side shows less than half of the pages that were agreed on. What it shows in its trash is
// not missing, as long as anything is left: the brake on deletes is about that.
func (p *planner) brakeEmptied(side confluence.Side, l Limits) {
	b := Brake{Name: "emptied", Side: side}
	shown, left := 0, 0
	for _, it := range p.items {
		if it.attached() || it.base == nil || it.base.tomb || it.base.detached || !it.base.there[side] {
			continue
		}
		b.Of++
		if it.state[side] == here {
			left++
		}
		switch it.state[side] {
		case here, archived, away, trashed, along:
			shown++
		default:
			b.Sample = append(b.Sample, it.twin)
		}
	}
	b.Count = b.Of - shown
	if b.Of >= 2 && (left == 0 || float64(shown) < l.Listing*float64(b.Of)) {
		b.What = fmt.Sprintf("%s shows %d of %d pages", p.name(side), shown, b.Of)
		p.halt(b)
	}
}

// brakeDeletes halts when a cycle would delete many pages on a side, or many files and comments.
func (p *planner) brakeDeletes(side confluence.Side, l Limits) {
	kinds := [2]Brake{{Name: "deletes", Side: side}, {Name: "deletes", Side: side}}
	for _, it := range p.items {
		b := &kinds[0]
		if it.attached() {
			b = &kinds[1]
		}
		if it.state[side] == here && it.base != nil {
			b.Of++
		}
		if it.at[side].trash {
			b.Count++
			b.Sample = append(b.Sample, it.twin)
		}
	}
	for i, b := range kinds {
		if b.Count > l.DeleteLeast && float64(b.Count) > l.DeleteShare*float64(b.Of) {
			b.What = fmt.Sprintf("%d of %d %s would be deleted at %s", b.Count, b.Of, [2]string{"pages", "files and comments"}[i], p.name(side))
			p.halt(b)
			return
		}
	}
}

// brakeMassChange halts when a large part of the pages changed at once by the hand of no user: all by one app, or all at
// the same moment. New versions without a change do not count.
func (p *planner) brakeMassChange(side confluence.Side, l Limits) {
	b := Brake{Name: "mass-change", Side: side}
	author, moment := int32(0), int64(0)
	oneApp, oneMoment := true, true
	for _, it := range p.items {
		n := it.live(side)
		if n == nil || it.attached() || it.base == nil {
			continue
		}
		b.Of++
		if it.changed[side]&(Body|Title|Parent) == 0 || it.settled&(Body|Title|Parent) == it.changed[side]&(Body|Title|Parent) {
			continue
		}
		if b.Count == 0 {
			author, moment = n.by, n.at
		}
		b.Count++
		b.Sample = append(b.Sample, it.twin)
		oneApp = oneApp && n.ByApp && n.by == author
		oneMoment = oneMoment && n.at != 0 && n.at == moment
	}
	if b.Count > l.DeleteLeast && float64(b.Count) > l.MassChange*float64(b.Of) && (oneApp || oneMoment) {
		b.What = fmt.Sprintf("%d of %d pages changed at %s, all by one app", b.Count, b.Of, p.name(side))
		if !oneApp {
			b.What = fmt.Sprintf("%d of %d pages changed at %s, all at the same moment", b.Count, b.Of, p.name(side))
		}
		p.halt(b)
	}
}
