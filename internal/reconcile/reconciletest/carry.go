package reconciletest

import (
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// account is what our own versions are made by.
const account = "tandem"

// carrier carries one result out.
type carrier struct {
	p      *Pair
	r      reconcile.Result
	choose func(int) int
	fail   int  // chance in percent that a call fails
	racing bool // people are at work: a call may be refused, and is dropped where what it changes has changed

	created map[place]bool // by this result
	back    map[place]bool // restored by this result, to wherever that was
	left    map[place]int  // version that our last write left
	state   []byte
}

// place is a content of a side.
type place struct {
	side confluence.Side
	twin confluence.TwinID
}

const (
	open = iota
	done
	failed
)

// carry does the changes of a result in a random order that respects Needs. Between any two of them step may do
// anything; nil: nothing happens.
func (p *Pair) carry(r reconcile.Result, choose func(int) int, fail int, step func()) {
	c := &carrier{p: p, r: r, choose: choose, fail: fail, racing: step != nil, state: make([]byte, len(r.Changes))}
	c.created, c.back, c.left = map[place]bool{}, map[place]bool{}, map[place]int{}
	waiting, dependents := make([]int, len(r.Changes)), make([][]int, len(r.Changes))
	var free []int
	for i, change := range r.Changes {
		waiting[i] = len(change.Needs)
		for _, n := range change.Needs {
			dependents[n] = append(dependents[n], i)
		}
		if len(change.Needs) == 0 {
			free = append(free, i)
		}
	}
	for len(free) > 0 {
		if step != nil {
			step()
		}
		pick := choose(len(free))
		i := free[pick]
		free[pick] = free[len(free)-1]
		free = free[:len(free)-1]
		c.one(i)
		for _, d := range dependents[i] {
			if waiting[d]--; waiting[d] == 0 {
				free = append(free, d)
			}
		}
	}
	if slices.Contains(c.state, open) {
		p.breaks("changes wait for each other: %v", r.Changes)
	}
	p.close(r)
}

// one does a change, unless what it needs has failed.
func (c *carrier) one(i int) {
	change := c.r.Changes[i]
	c.state[i] = failed
	for _, n := range change.Needs {
		if c.state[n] != done {
			return
		}
	}
	if c.fail > 0 && c.choose(100) < c.fail {
		return
	}
	if c.p.apply(c, change) {
		c.state[i] = done
		c.p.calls = append(c.p.calls, change)
	}
}

// expect returns the version that a versioned write is planned on: where the result wrote the content before, the one
// that this left.
func (c *carrier) expect(change reconcile.Change) int {
	if v, ours := c.left[place{change.Side, change.Twin}]; ours {
		return v
	}
	return change.Expect
}

// guard checks that what a call writes is seen by nobody whom the side that it comes from shuts out: at the moment it is
// written, whoever can read it here can read it there. A page that is created has its own restriction a moment later, as
// a draft that nobody sees before.
func (p *Pair) guard(c *carrier, change reconcile.Change, id int) {
	if change.Facets&(reconcile.Body|reconcile.File|reconcile.Title) == 0 || c.racing || p.temporary(change) ||
		!p.Policy.Facets.Has(reconcile.Restrictions) {
		return
	}
	from := change.Side.Other()
	source := p.find(from, p.number(change.Twin))
	if source == none || source >= len(p.observed[from]) || !p.Sites[from].Live(source) {
		return
	}
	at := id
	if creating(change.Verb) {
		at = p.parentID(change)
	} else if change.Facets == reconcile.Title && p.knownTitle(change, id) {
		return
	}
	here := Everybody
	if at != Nowhere && at < len(p.Sites[change.Side].Contents) {
		here = p.Sites[change.Side].ReadersOf(at)
	}
	if change.Facets.Has(reconcile.Parent) && change.Verb == confluence.VerbPut {
		here = Everybody
		if own := p.Sites[change.Side].Contents[id].Readers; own != 0 {
			here = own
		}
		if under := p.parentID(change); under != Nowhere && under < len(p.Sites[change.Side].Contents) {
			here &= p.Sites[change.Side].ReadersOf(under)
		}
	}
	if change.Verb == confluence.VerbPost {
		if own := p.Sites[from].Contents[source].Readers; own != 0 {
			here &= own
		}
	}
	if there := p.shutOut(from, source); here&^there != 0 {
		p.breaks("%s of %s (%v) at side %d can be read by %v, and where it comes from by %v only", change.Verb, change.Twin,
			change.Facets.Names(), change.Side, PrincipalsOf(here), PrincipalsOf(there))
	}
}

// knownTitle reports whether a page only gets a title back that it had: lent to another for a moment, or last agreed on;
// or the one that it has, with the name of a site behind it. A page that came out of the trash may get its title before
// its place; the guard lets that pass.
func (p *Pair) knownTitle(change reconcile.Change, id int) bool {
	list, base := p.observed[change.Side], &p.base[p.number(change.Twin)]
	plain := change.Title
	if at := strings.LastIndex(plain, " ("); at > 0 {
		plain = plain[:at]
	}
	return id < len(list) && (list[id].Title == change.Title || list[id].Title == plain) || base.Title[change.Side] == change.Title || base.Owed[change.Side].Has(reconcile.Title)
}

// shutOut returns who could read a content of a side when it was looked at, as far as it goes by what that side shuts
// out: see eased.
func (p *Pair) shutOut(from confluence.Side, id int) Set {
	all, list := Everybody, p.observed[from]
	for list[id].Kind == confluence.Attachment || list[id].Kind == confluence.Comment {
		id = list[id].Parent
	}
	for ; id != Nowhere; id = list[id].Parent {
		if p.Policy.Decided[reconcile.Question{Twin: p.twin(from, id), Facet: reconcile.Restrictions}] != "" {
			continue // a person has said who counts, whatever this side had
		}
		if own := p.eased[from][id]; own != 0 {
			all &= own
		}
	}
	return all
}

// ease sets who each content of a side lets in: where its people have left a restriction alone since both agreed, those
// of the other side may have loosened it.
func (p *Pair) ease(side confluence.Side) {
	other := side.Other()
	p.eased[side] = p.eased[side][:0]
	for id := range p.observed[side] {
		own := p.observed[side][id].Readers
		twin := p.twinOf[side][id]
		if there := p.find(other, twin); there != none && own != 0 && p.base[twin].Twin != "" {
			was, _ := PrincipalSet(p.base[twin].Readers[side])
			switch now := p.Sites[other].Contents[there].Readers; {
			case was != own:
			case now == 0:
				own = 0
			default:
				own |= now
			}
		}
		p.eased[side] = append(p.eased[side], own)
	}
}

// unseen reports whether a call may be refused for what no snapshot showed: a file of a page that was in the trash.
func (c *carrier) unseen(change reconcile.Change) bool {
	return change.Verb == confluence.VerbAttach && c.back[place{change.Side, change.Parent}]
}
