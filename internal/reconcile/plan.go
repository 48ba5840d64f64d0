package reconcile

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Plan decides what each side must do so that both agree. base gives the baseline in any order and may be nil: nothing
// was agreed. snaps are complete snapshots of the two sides in any order, with twins assigned. Contents without a twin
// are never touched, but their titles and file names are respected; so are, in a migration, those of the receiver alone.
// The result depends on the sets alone, not on their order. Zero statuses count as current. docs/reconcile.md has the
// rules.
//
// Contract with the caller, who records in the baseline what was written and read back:
//   - The presence of an Agreed says that both contents belong together. A facet missing from its Facets was never
//     compared; in a mode of one direction the sender wins there.
//   - Title and parent are compared by value: Node.Title with Agreed.Title of its side, Node.Parent with Agreed.Parent.
//   - A body with an outstanding Relink is not agreed on; between two sides that both write it is Owed to the one.
//   - Facets among Change.Merged do not move the baseline; Result.Settled does, once both sides show the same. A change of
//     labels moves it by its difference, not by what is read back.
//   - After a restore, Title and Parent are Owed to the side: where a restored page lands is not known before.
//   - Orders are planned only for parents all of whose ordered children stand under them on both sides; so the caller
//     plans again after creating. Result.Ordered says what to record once they agree. A page that was moved among its
//     siblings has no agreed place until then: the caller takes Order out of its facets.
//   - A twin in Result.Joined is recorded before any change is carried out.
func Plan(base iter.Seq[Agreed], snaps [2][]Node, policy Policy) Result {
	return new(Desk).Plan(base, snaps, policy)
}

// visits shows nodes one by one. Each is valid until the next.
type visits func(visit func(*Node))

func listed(nodes []Node) visits {
	return func(visit func(*Node)) {
		for i := range nodes {
			visit(&nodes[i])
		}
	}
}

func made(nodes iter.Seq[Node]) visits {
	return func(visit func(*Node)) {
		var now Node
		for n := range nodes {
			now = n
			visit(&now)
		}
	}
}

// PlanEach is Plan over contents that are made one by one: it keeps of each what planning needs. Each sequence is walked
// once, those of the snapshots before the baseline.
func PlanEach(base iter.Seq[Agreed], snaps [2]iter.Seq[Node], policy Policy) Result {
	return plan(new(memory), base, [2]visits{made(snaps[0]), made(snaps[1])}, policy, 0)
}

// plan decides; about so many contents are to be expected.
func plan(m *memory, base iter.Seq[Agreed], snaps [2]visits, policy Policy, expect int) Result {
	p := newPlanner(policy)
	if p == nil {
		return Result{} // no direction, no change
	}
	m.begin(expect)
	p.memory, p.expect = m, expect
	p.take(base, snaps)
	p.join()
	p.met = true
	p.detect()
	p.decide()
	p.giveBack()
	p.holdContended()
	p.refuseFiles()
	p.arrange()
	p.countRows()
	p.brake()
	p.makeSteps()
	p.orderSiblings()
	p.removals()
	p.loosenLast()
	p.breakCycles()
	p.renamedFirst()
	p.homeFirst()
	return p.finish()
}

// arrange settles places and titles, which depend on each other: in a migration a page without a title is not made, in a
// sync what stands where decides who needs a title.
func (p *planner) arrange() {
	if p.migrating {
		for settled := false; !settled; settled = !p.holdExposed() {
			p.refuseTitles()
			p.buildTrees()
		}
		return
	}
	for settled := false; !settled; settled = !p.settleTitles() {
		for p.buildTrees(); p.holdExposed(); {
			p.buildTrees()
		}
	}
}

// presence says what is known of a content on one side.
type presence uint8

const (
	never    presence = iota // not there, as far as anybody knows
	unseen                   // should be there and was not seen, without evidence that it is gone
	here                     // current
	archived                 // kept, and not to be edited
	away                     // seen outside the pair's scope
	trashed                  // in the trash
	purged                   // gone for good
	along                    // gone with the page it belongs to
)

// gone reports whether there is evidence of a deletion.
func (s presence) gone() bool { return s >= trashed }

// item is all that is known and decided about one twin.
type item struct {
	twin confluence.TwinID
	kind confluence.Kind
	node [2]*node // nil: not seen there
	base *agreed  // nil: never agreed
	at   [2]act

	title string   // the title it is to have, where that is no side's own
	seat  *item    // of pages: parent in the merged tree; nil at the root
	above [2]*item // see planner.up

	n         int32 // place in planner.items, once they are grouped
	mark      int32 // of whoever walks over the items
	order     int32 // place in a walk over the merged tree, parents first, siblings by rank
	ordered   int32 // place from 1 to be recorded; noPlace: none any more
	survivors int32 // pages kept though it is deleted

	changed [2]Facets // since both agreed
	covered Facets    // facets for which a row that says more was counted
	settled Facets
	sets    Facets // of Labels and Restrictions those of which the values are known

	state     [2]presence
	worked    [2]bool // of a page: its body, files or comments changed on that side
	upKnown   [2]bool
	astray    bool // its parent in the merged tree is in no snapshot
	contested bool // no ancestor: both bodies count as changed
	skip      bool // nothing is decided about it
	decided   bool
	collided  bool  // its title was another's, and row 33 or 34 decided
	heir      bool  // deleted, and a page was made below it
	row       int32 // of the decision table, of a deletion
	ring      bool  // its move was taken back, because it would close a ring
	clashed   bool
	noted     bool // converged
	unlent    bool // title is the one it had before it got a temporary one
}

// act is what happens to a content on one side.
type act struct {
	fresh   bool   // is created
	restore bool   // comes out of the trash
	trash   bool   // goes into the trash
	archive bool   // with trash: goes into the archive instead
	late    bool   // waits for a later plan
	awaited bool   // pages come out of the trash below it
	touched bool   // has a step
	away    bool   // has a temporary title until the next plan
	lend    bool   // gives its title up for the moment in which another comes back with it
	kept    bool   // would go, and stays because of what stands below it
	barred  Facets // are not written: somebody would see them who is shut out where they come from
	send    Facets // are written with the other side's values, or with those of merged
	merged  Facets
	dest    *item  // the final parent of a page; the holder of a file or comment; nil at the root
	does    *doing // nil: nothing so far
}

// doing is the steps that are about a content on one side: most contents have none.
type doing struct {
	place    *step // creates it, or gives it its parent
	revive   *step
	retitle  *step // of a page: takes a title
	temp     *step // takes a temporary title
	restrict *step
	remove   *step
	body     *step // writes its body, where it exists
	loosen   bool  // restrict shuts nobody out
	letsIn   bool  // restrict lets somebody in
}

// idle is what is done to most contents. It is never written.
var idle doing

// did is to be read only; begin is to be written.
func (a *act) did() *doing {
	if a.does == nil {
		return &idle
	}
	return a.does
}

func (a *act) begin() *doing {
	if a.does == nil {
		a.does = new(doing)
	}
	return a.does
}

// planner is one call of Plan.
type planner struct {
	policy Policy
	// receives says which sides are written to. In a mode of one direction from is the sender and to the receiver.
	receives  [2]bool
	oneWay    bool
	mirror    bool
	migrating bool // one way, and nothing is ever deleted
	from, to  confluence.Side
	fold      [2]func(string) string

	*memory
	authors map[confluence.UserID]int32 // see node.by
	expect  int                         // about so many contents on a side
	guess   int                         // which of the items comes next
	met     bool                        // contents of both sides have been joined
	root    item                        // stands for the root of the space, in clashes
	// strangers are nodes without a twin, by side.
	strangers [2][]*node
	// Of the few contents whose sets changed: the sets, and what becomes of them by side.
	labels    map[*item]*labelSets
	relabel   map[*item]*[2]labelChange
	newLabels map[*item][2][]string // agreed on from now on
	access    map[*item]*accessSets
	finals    map[*item]*[2]access
	copies    map[*item]conflictCopy
	partners  map[*item]confluence.TwinID // joined with what side B had under this twin
	wary      map[*item]bool              // restrictions stay different: what is new there may be seen by too many
	copyCount map[confluence.TwinID]int   // conflict copies below a page
	quiet     [2]map[*item]*item          // the next page upwards of a side's final tree with anything to look at

	given bool // up, in settling titles

	steps  []*step
	result Result
}

var directions = map[Mode]planner{
	TwoWay:     {receives: [2]bool{true, true}},
	SafeAToB:   {receives: [2]bool{false, true}, oneWay: true, from: confluence.A, to: confluence.B},
	MirrorAToB: {receives: [2]bool{false, true}, oneWay: true, mirror: true, from: confluence.A, to: confluence.B},
	SafeBToA:   {receives: [2]bool{true, false}, oneWay: true, from: confluence.B, to: confluence.A},
	MirrorBToA: {receives: [2]bool{true, false}, oneWay: true, mirror: true, from: confluence.B, to: confluence.A},
}

func newPlanner(policy Policy) *planner {
	d, known := directions[policy.Mode]
	if !known {
		return nil
	}
	p := &d
	p.policy, p.migrating = policy, d.oneWay && policy.Deletes == ""
	if !p.oneWay {
		p.from, p.to = policy.Primary, policy.Primary.Other()
	}
	if p.migrating {
		p.policy.Sweep = true
	}
	p.fold = policy.FoldTitle
	for side := range p.fold {
		if p.fold[side] == nil {
			p.fold[side] = strings.ToLower
		}
	}
	p.result.Rows = map[int]int{}
	return p
}

// put sets a value of a map that is made with its first one: most plans need none of them.
func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// take puts the baseline and both snapshots together by twin.
func (p *planner) take(base iter.Seq[Agreed], snaps [2]visits) {
	for _, side := range confluence.Sides {
		p.guess = 0
		snaps[side](func(shown *Node) {
			n := p.keep(shown)
			if shown.Twin == "" {
				p.strangers[side] = append(p.strangers[side], n)
				return
			}
			it := p.item(shown.Twin)
			if other := it.node[side.Other()]; other != nil && other.Title == n.Title {
				n.Title = other.Title // one text for both
			}
			if was := it.node[side]; was == nil || alive(n) > alive(was) || alive(n) == alive(was) && n.Version > was.Version {
				it.node[side], it.kind = n, shown.Kind
			}
		})
	}
	if p.guess = 0; base != nil {
		for a := range base {
			if a.Twin == "" || a.Tomb && p.migrating {
				continue
			}
			it := p.item(a.Twin)
			if it.kind == "" {
				it.kind = a.Kind
			}
			p.learn(it, &a)
		}
	}
	if len(p.items) > 4096 {
		p.digests = nil // the rest of planning needs the room
	}
	slices.SortFunc(p.items, compareTwin)
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			it.state[side] = it.presence(side)
		}
	}
	p.followPages()
}

// alive orders the nodes of one twin on one side: what was purged and made anew is listed twice.
func alive(n *node) int {
	switch {
	case n.Status() == Purged:
		return 0
	case n.Status() == confluence.Trashed:
		return 1
	case n.Away:
		return 2
	case n.Status() == confluence.Archived:
		return 3
	}
	return 4
}

// item returns the item of a twin. Snapshots and baseline mostly come in one order, so the next one is tried first.
func (p *planner) item(twin confluence.TwinID) *item {
	if p.guess < len(p.items) && p.items[p.guess].twin == twin {
		p.guess++
		return p.items[p.guess-1]
	}
	it := p.byTwin(twin)
	if it == nil {
		p.slab = room(p.slab, p.expect-len(p.items), len(p.items))
		p.slab = append(p.slab, item{twin: twin, n: int32(len(p.items))})
		it = &p.slab[len(p.slab)-1]
		p.named.add(it)
		p.items = append(p.items, it)
	}
	p.guess = int(it.n) + 1
	return it
}

// presence classifies what a side shows of a content by itself.
func (it *item) presence(side confluence.Side) presence {
	n := it.node[side]
	switch {
	case n == nil && (it.base == nil || !it.base.there[side]):
		return never
	case n == nil:
		return unseen
	case n.Away:
		return away
	}
	switch n.Status() {
	case confluence.Current, "":
		return here
	case confluence.Archived:
		return archived
	case confluence.Trashed:
		return trashed
	case Purged:
		return purged
	}
	return never // drafts are their authors' own
}

// followPages finds files and comments that are not listed because their page is gone: they are neither unknown nor
// deleted by themselves. A file in the trash whose page is there is gone for good: no API takes it out.
func (p *planner) followPages() {
	if p.migrating {
		return
	}
	for _, it := range p.items {
		if !it.attached() {
			continue
		}
		for _, side := range confluence.Sides {
			thrown := it.state[side] == trashed && it.kind == confluence.Attachment
			switch {
			case it.state[side] != unseen && !thrown:
			case p.underGone(it, side):
				it.state[side] = along
			case thrown:
				it.state[side] = purged
			}
		}
	}
}

// underGone reports whether what a file or comment belongs to is gone on a side.
func (p *planner) underGone(it *item, side confluence.Side) bool {
	for up := p.holder(it); up != nil; up = p.holder(up) {
		if up.state[side].gone() {
			return true
		}
		if !up.attached() {
			return false
		}
	}
	return false
}

// attached reports whether the content belongs to a page or a comment.
func (it *item) attached() bool {
	return it.kind == confluence.Attachment || it.kind == confluence.Comment
}

// holder returns what a file or comment belongs to, whichever side says so.
func (p *planner) holder(it *item) *item {
	for _, side := range [2]confluence.Side{p.from, p.to} {
		if n := it.node[side]; n != nil && n.Parent != "" {
			return p.up(it, side)
		}
	}
	if it.base != nil {
		return p.byTwin(it.base.parent)
	}
	return nil
}

// page returns the page or blog post that a content belongs to, or is.
func (p *planner) page(it *item) *item {
	for it != nil && it.attached() {
		it = p.holder(it)
	}
	return it
}

// above returns the content that a node of the sender stands under; nil at the root and for what is not in the snapshot.
func (p *planner) above(it *item) *item { return p.up(it, p.from) }

// parentOf returns the twin under which a side shows a content. What stands in between and cannot be carried, such as a
// folder, counts as not there.
func (p *planner) parentOf(it *item, side confluence.Side) confluence.TwinID {
	if up := p.up(it, side); up != nil {
		return up.twin
	}
	if n := it.node[side]; n == nil || n.Parent == "" {
		return ""
	}
	_, parent := p.resolve(it, side)
	return parent
}

// up returns what parentOf names, nil where that is in no snapshot and no baseline. It is looked for once.
func (p *planner) up(it *item, side confluence.Side) *item {
	n := it.node[side]
	if n == nil || n.Parent == "" {
		return nil
	}
	if !it.upKnown[side] {
		if up := it.above[side.Other()]; up != nil && up.twin == n.Parent && it.node[side.Other()].Parent == n.Parent && carries(up.kind) != 0 {
			it.above[side], it.upKnown[side] = up, true // as on the other side
			return up
		}
		up, _ := p.resolve(it, side)
		if !p.met {
			return up // before contents are joined
		}
		it.above[side], it.upKnown[side] = up, true
	}
	return it.above[side]
}

// resolve finds under what a side shows a content that it shows under something.
func (p *planner) resolve(it *item, side confluence.Side) (*item, confluence.TwinID) {
	parent := it.node[side].Parent
	up := p.byTwin(parent)
	for range len(p.items) {
		if up == nil {
			break
		}
		parent = up.twin // it may be joined with another
		if p.migrating || it.kind != confluence.Page || up.node[side] == nil || carries(up.kind) != 0 {
			break
		}
		parent = up.node[side].Parent
		up = p.byTwin(parent)
	}
	return up, parent
}

// clash records that a facet is not carried as one side has it.
func (p *planner) clash(it *item, c Clash) {
	it.clashed = true
	c.Twin = it.twin
	if p.decided(it, c.Facet) != "" {
		c.Open = false // a person has decided, as far as there is anything to decide
	}
	p.result.Clashes = append(p.result.Clashes, c)
}

// unclash takes back what was said about a facet, where something else decided.
func (p *planner) unclash(it *item, f Facets) {
	p.result.Clashes = slices.DeleteFunc(p.result.Clashes, func(c Clash) bool { return c.Twin == it.twin && c.Facet == f })
}

// settle records that a facet is equal on both sides without having been agreed on.
func (p *planner) settle(it *item, facets Facets) {
	it.settled |= facets
	_, joined := p.partners[it]
	it.noted = !joined
}

// name is how people know a side: by its part in a mode of one direction, else by the name of its site.
func (p *planner) name(side confluence.Side) string {
	switch {
	case p.oneWay && side == p.from:
		return "the source"
	case p.oneWay:
		return "the destination"
	}
	return p.site(side)
}

func (p *planner) site(side confluence.Side) string {
	return cmp.Or(p.policy.Names[side], [2]string{"A", "B"}[side])
}

// live returns the node of a side if it is there and current.
func (it *item) live(side confluence.Side) *node {
	if it.state[side] == here {
		return it.node[side]
	}
	return nil
}

// will reports whether the content will be current on a side.
func (it *item) will(side confluence.Side) bool {
	a := &it.at[side]
	return a.fresh || a.restore || it.state[side] == here && !a.trash
}

func compareTwin(a, b *item) int { return cmp.Compare(a.twin, b.twin) }
