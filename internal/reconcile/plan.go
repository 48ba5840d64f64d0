package reconcile

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Plan decides what each side must do so that both agree. base gives the baseline in any order and may be nil: nothing
// was agreed. snaps are complete snapshots of the two sides in any order, with twins assigned; contents of one side only
// have a twin of their own or none, and are never touched, but their titles and file names are respected. The result
// depends on the sets alone, not on their order. Zero statuses count as current. docs/reconcile.md has the rules.
//
// Contract with the caller, who records in the baseline what was written and read back:
//   - The presence of an Agreed says that the receiver's content was made or taken over by us. A facet missing from its
//     Facets was never compared; there the sender wins.
//   - Title and parent are compared by value: Node.Title with Agreed.Title of its side, Node.Parent with Agreed.Parent.
//   - A body with an outstanding Relink is not agreed on.
//   - Orders are planned only for parents all of whose ordered children stand under them on the receiver, with a known
//     Rank there; so the caller plans again after creating. Result.Ordered says what to record once they agree. A page
//     that was moved among its siblings has no agreed place until then: the caller takes Order out of its facets.
func Plan(base iter.Seq[Agreed], snaps [2][]Node, policy Policy) Result {
	if _, known := direction[policy.Mode]; !known {
		return Result{} // no direction, no change
	}
	p := newPlanner(base, snaps, policy)
	p.compare()
	p.holdContended()
	p.refuseFiles()
	for settled := false; !settled; settled = !p.holdExposed() {
		p.resolveTitles()
		p.buildTree()
	}
	p.makeSteps()
	p.orderSiblings()
	p.loosenLast()
	p.breakCycles()
	p.homeFirst()
	return p.finish()
}

// direction says which side sends in a mode, and which receives.
var direction = map[Mode][2]confluence.Side{
	SafeAToB: {confluence.A, confluence.B},
}

// item is all that is known and decided about one twin.
type item struct {
	twin confluence.TwinID
	node [2]*Node // nil: not there
	base *Agreed  // nil: never agreed

	fresh   bool   // to be created on the receiver
	send    Facets // of an existing twin: to be written on the receiver
	clashed bool
	noted   bool // converged

	dest  *item // the final parent on the receiver, of pages; nil at the root
	order int   // place in a walk over the sender's tree, parents first, siblings by rank

	// ordered is what is to be recorded about its place among its siblings, nil for nothing new.
	ordered *confluence.Digest

	place    *step // creates it, or gives it its parent
	retitle  *step // of a page: takes a title
	temp     *step // takes a temporary title
	restrict *step
	loosen   bool // restrict opens it
	touched  bool // has a step
}

// planner is one call of Plan.
type planner struct {
	policy   Policy
	from, to confluence.Side
	fold     func(string) string

	items  []*item // sorted by twin
	byTwin map[confluence.TwinID]*item
	// strangers are nodes of the receiver without a twin.
	strangers []*Node

	steps  []*step
	result Result
}

func newPlanner(base iter.Seq[Agreed], snaps [2][]Node, policy Policy) *planner {
	sides := direction[policy.Mode]
	p := &planner{
		policy: policy, from: sides[0], to: sides[1], fold: policy.FoldTitle[sides[1]],
		byTwin: make(map[confluence.TwinID]*item, max(len(snaps[0]), len(snaps[1]))),
	}
	if p.fold == nil {
		p.fold = strings.ToLower
	}
	for _, side := range confluence.Sides {
		for i := range snaps[side] {
			n := &snaps[side][i]
			switch {
			case n.Twin != "":
				p.item(n.Twin).node[side] = n
			case side == p.to:
				p.strangers = append(p.strangers, n)
			}
		}
	}
	if base != nil {
		for a := range base {
			if a.Twin != "" && !a.Tomb {
				p.item(a.Twin).base = &a
			}
		}
	}
	slices.SortFunc(p.items, func(a, b *item) int { return cmp.Compare(a.twin, b.twin) })
	return p
}

func (p *planner) item(twin confluence.TwinID) *item {
	it := p.byTwin[twin]
	if it == nil {
		it = &item{twin: twin}
		p.byTwin[twin] = it
		p.items = append(p.items, it)
	}
	return it
}

// clash records that a facet is left as it is.
func (p *planner) clash(it *item, facet Facets, what string) {
	it.clashed = true
	p.result.Clashes = append(p.result.Clashes, Clash{Twin: it.twin, Facet: facet, What: what})
}

// converge records that a facet is equal on both sides without having been agreed on.
func (p *planner) converge(it *item) {
	if !it.noted {
		it.noted = true
		p.result.Converged = append(p.result.Converged, it.twin)
	}
}

// live returns the node of a side if it is there and current.
func (it *item) live(side confluence.Side) *Node {
	if n := it.node[side]; n != nil && (n.Status == confluence.Current || n.Status == "") {
		return n
	}
	return nil
}

// kind returns what the content is.
func (it *item) kind() confluence.Kind {
	for _, n := range it.node {
		if n != nil {
			return n.Kind
		}
	}
	return ""
}

// there reports whether the content will be on the receiver.
func (p *planner) there(it *item) bool { return it.fresh || it.live(p.to) != nil }

// above returns the content that a node of the sender stands under; nil at the root and for what is not in the snapshot.
func (p *planner) above(it *item) *item {
	n := it.node[p.from]
	if n == nil || n.Parent == "" {
		return nil
	}
	return p.byTwin[n.Parent]
}
