package reconcile

import (
	"slices"
	"strconv"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// node is what planning keeps of a Node. A large space has a hundred thousand of them on each side.
type node struct {
	Title    string
	Parent   confluence.TwinID
	*rest           // never nil
	num      uint64 // the id, if it is a number; else 0, and it is in rest
	at       int64  // nanoseconds since 1970; 0: not known
	digests  int32  // where in planner.digests those of full & digested begin, by bit, until the baseline has been compared
	by       int32  // in planner.authors; 0: not known
	Rank     int32
	Version  int32
	Read     Facets
	full     Facets // of Read, those with a digest
	kind     uint8  // in kinds; elsewhere: in rest
	status   uint8  // in statuses; elsewhere: in rest
	ByApp    bool
	Home     bool
	Inline   bool
	Resolved bool
	Away     bool
}

// rest is what few nodes have anything of.
type rest struct {
	Late, Files      []confluence.TwinID
	Labels           []string
	Readers, Editors []confluence.Principal
	id               confluence.ID
	kind             confluence.Kind
	status           confluence.Status
}

// What kinds and statuses are mostly.
var (
	kinds = [...]confluence.Kind{"", confluence.Page, confluence.BlogPost, confluence.Comment, confluence.Attachment,
		confluence.Folder, confluence.Whiteboard, confluence.Database, confluence.Embed}
	statuses = [...]confluence.Status{"", confluence.Current, confluence.Draft, confluence.Archived, confluence.Trashed, Purged}
)

// elsewhere stands for a value that is in no list.
const elsewhere = 0xff

func numberIn[T comparable](list []T, v T) uint8 {
	if i := slices.Index(list, v); i >= 0 {
		return uint8(i)
	}
	return elsewhere
}

// Kind is that of the content.
func (n *node) Kind() confluence.Kind {
	if n.kind == elsewhere {
		return n.rest.kind
	}
	return kinds[n.kind]
}

// Status is as the side shows it: zero counts as current.
func (n *node) Status() confluence.Status {
	if n.status == elsewhere {
		return n.rest.status
	}
	return statuses[n.status]
}

// ID is that on the node's side.
func (n *node) ID() confluence.ID {
	if n.num == 0 {
		return n.rest.id
	}
	return confluence.ID(strconv.FormatUint(n.num, 10))
}

// numeral returns the number that an id is written as, 0 where it is not written like one.
func numeral(id confluence.ID) uint64 {
	n, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil || id[0] == '0' || id[0] == '+' {
		return 0
	}
	return n
}

// noRest is shared by all nodes that have nothing of it, and never changed.
var noRest rest

// digested are the facets that are compared by their digests.
const digested = Body | Labels | Restrictions | File

// print is as much of a digest as tells it from any other.
type print [16]byte

func printOf(d *confluence.Digest) print { return print(d[:len(print{})]) }

// keep takes over what planning needs of a Node.
func (p *planner) keep(n *Node) *node {
	p.nodes = room(p.nodes, p.expect, len(p.items))
	p.nodes = append(p.nodes, node{num: numeral(n.ID), kind: numberIn(kinds[:], n.Kind), status: numberIn(statuses[:], n.Status), Title: n.Title, Parent: n.Parent, Rank: int32(n.Rank), Version: int32(n.Version),
		Home: n.Home, Inline: n.Inline, Resolved: n.Resolved, Away: n.Away, ByApp: n.ByApp, Read: n.Read, rest: &noRest, digests: int32(len(p.digests)), by: p.author(n.By)})
	k := &p.nodes[len(p.nodes)-1]
	spelled := k.num == 0 && n.ID != "" || k.kind == elsewhere || k.status == elsewhere
	if spelled || len(n.Late)+len(n.Files)+len(n.Labels)+len(n.Readers)+len(n.Editors) > 0 {
		k.rest = &rest{Late: n.Late, Files: n.Files, Labels: n.Labels, Readers: n.Readers, Editors: n.Editors, id: n.ID, kind: n.Kind, status: n.Status}
	}
	if !n.At.IsZero() {
		k.at = n.At.UnixNano()
	}
	for f := Facets(1); f < 1<<facetCount; f <<= 1 {
		if d := &n.Digest[f.Index()]; !d.IsZero() {
			k.full |= f
			if digested.Has(f) {
				p.digests = append(p.digests, printOf(d))
			}
		}
	}
	return k
}

// author numbers authors from 1.
func (p *planner) author(id confluence.UserID) int32 {
	if id == "" {
		return 0
	}
	n, known := p.authors[id]
	if !known {
		n = int32(len(p.authors)) + 1
		put(&p.authors, id, n)
	}
	return n
}

// time is when the version was made, zero where the site does not say.
func (n *node) time() time.Time {
	if n.at == 0 {
		return time.Time{}
	}
	return time.Unix(0, n.at)
}

// empty reports whether the side shows nothing of a facet.
func (n *node) empty(f Facets) bool { return !n.full.Has(f) }

// shows reports whether a node has this digest of one of the digested facets. It is known until all nodes have been
// compared with the baseline.
func (p *planner) shows(n *node, f Facets, was *confluence.Digest) bool {
	if n.empty(f) || was.IsZero() {
		return n.empty(f) && was.IsZero()
	}
	at := n.digests
	for before := n.full & digested & (f - 1); before != 0; before &= before - 1 {
		at++
	}
	return p.digests[at] == printOf(was)
}
