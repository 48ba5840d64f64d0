package engine

import (
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// leftOut is a content that is not carried, and why.
type leftOut struct {
	row    *store.Observed
	code   confluence.Code
	reason string // a reason of parity exceptions, or empty where the proof does not cover it either
	effect confluence.Effect
	what   string
}

// refuse says of a content why it is not carried: the receiving side cannot hold it, it is not carried yet, or what it
// belongs to is left out itself. Of a pair that is kept equal, a document that its editor keeps by itself is left out too:
// what is written to it may be undone. Files come before their comments.
func (v *view) refuse(side confluence.Side, o *store.Observed, caps confluence.Capabilities, paired bool) (leftOut, bool) {
	c := o.Content
	switch c.Kind {
	case confluence.Comment:
		return v.refuseComment(side, o)
	case confluence.Attachment:
		if c.File == nil || c.File.Missing {
			return leftOut{o, confluence.CodeFileMissing, "", confluence.Lost,
				describe(c) + " has no bytes at the source"}, true
		}
		if caps.MaxFile > 0 && c.File.Size > caps.MaxFile {
			return leftOut{o, confluence.CodeTooLarge, "", confluence.Lost,
				describe(c) + " is larger than the destination takes"}, true
		}
	case confluence.Page, confluence.BlogPost:
		if paired && c.Live {
			return leftOut{o, confluence.CodeNotCapable, "", confluence.SkippedOver,
				describe(c) + " is a live doc, whose editor keeps the text by itself"}, true
		}
		return leftOut{}, false
	default:
		return leftOut{o, confluence.CodeNotCapable, "", confluence.SkippedOver,
			describe(c) + " is of a kind that is not carried"}, true
	}
	return leftOut{}, false
}

func (v *view) refuseComment(side confluence.Side, o *store.Observed) (leftOut, bool) {
	c := o.Content
	holder := v.seen[side].get(v.s.twinOf(side, c.Container))
	if holder == nil {
		if i := slices.IndexFunc(v.left[side], func(l leftOut) bool { return l.row.Content.ID == c.Container }); i >= 0 {
			holder = v.left[side][i].row
		}
	}
	if holder != nil && holder.Content.Kind == confluence.Attachment {
		return leftOut{o, confluence.CodeCommentNotMoved, "comment-on-attachment", confluence.Lost,
			"a comment on " + describe(holder.Content) + " is not carried"}, true
	}
	if c.Comment == nil {
		return leftOut{}, false
	}
	// Whatever the site takes: making inline comments on their text is feature F8, and no part of a migration yet (D25).
	if c.Comment.Kind == confluence.Inline {
		what := "an inline comment is not carried yet"
		if c.Comment.ReplyTo != "" {
			what = "a reply to an inline comment is not carried yet"
		}
		return leftOut{o, confluence.CodeCommentNotMoved, "inline-comments", confluence.Lost, what}, true
	}
	return leftOut{}, false
}

// carriedLabels are the labels that can be given to others' contents: personal ones belong to their owner.
func carriedLabels(labels []confluence.Label) []confluence.Label {
	var out []confluence.Label
	for _, l := range labels {
		if l.Prefix == "global" || l.Prefix == "" {
			out = append(out, confluence.Label{Prefix: "global", Name: strings.ToLower(l.Name)})
		}
	}
	return out
}

// personalLabels are the others.
func personalLabels(labels []confluence.Label) []confluence.Label {
	return slices.DeleteFunc(slices.Clone(labels), func(l confluence.Label) bool {
		return l.Prefix == "global" || l.Prefix == ""
	})
}

// chooseHome says which source page is, or becomes, the home page: the source's own, else the first root page.
func (s *work) chooseHome(v *view) confluence.TwinID {
	if id := s.pair.Homes[confluence.A]; id != "" {
		if t := s.twinOf(confluence.A, id); v.seen[confluence.A].has(t) {
			return t
		}
	}
	if s.paired {
		if t := s.twinOf(confluence.B, s.pair.Homes[confluence.B]); v.seen[confluence.A].has(t) {
			return t
		}
	}
	var first *store.Observed
	shown := func(o *store.Observed) sibling {
		return sibling{id: o.Content.ID, positioned: o.Content.Positioned, position: o.Content.Position}
	}
	for _, o := range v.seen[confluence.A].all() {
		root := o.Content.Kind == confluence.Page && s.parentOf(v, confluence.A, o.Content) == ""
		title := func(x sibling) string {
			if x.id == o.Content.ID {
				return o.Content.Title
			}
			return first.Content.Title
		}
		if root && (first == nil || bySibling(shown(o), shown(first), title) < 0) {
			first = o
		}
	}
	if first == nil {
		return ""
	}
	return first.Twin
}

// principalSet collects principals without repetition.
type principalSet struct {
	users  map[confluence.UserID]bool
	groups map[string]bool
}

func (p *principalSet) add(perms []confluence.Permission) {
	for _, x := range perms {
		p.put(x.Principal)
	}
}

func (p *principalSet) put(x confluence.Principal) {
	if u, ok := x.User(); ok {
		p.users[u] = true
	} else if g, ok := x.Group(); ok {
		p.groups[g] = true
	}
}

func (p *principalSet) sorted() usedPeople {
	var u usedPeople
	for id := range p.users {
		u.users = append(u.users, id)
	}
	for g := range p.groups {
		u.groups = append(u.groups, g)
	}
	slices.Sort(u.users)
	slices.Sort(u.groups)
	return u
}

// usedIn collects everybody who is mentioned or restricted in what a side showed.
func usedIn(v *view, side confluence.Side) (*principalSet, error) {
	used := &principalSet{users: map[confluence.UserID]bool{}, groups: map[string]bool{}}
	for _, o := range v.seen[side].all() {
		if err := used.addContent(o); err != nil {
			return nil, err
		}
	}
	return used, nil
}

// addContent adds everybody whom a content mentions or restricts.
func (p *principalSet) addContent(o *store.Observed) error {
	for _, list := range [][]confluence.Principal{o.Content.Restrictions.Read, o.Content.Restrictions.Update} {
		for _, x := range list {
			p.put(x)
		}
	}
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		if slot.Kind == body.SlotUser {
			p.users[slot.User] = true
		}
	}
	return nil
}

func keysOf[K ~string](m map[K]bool) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
