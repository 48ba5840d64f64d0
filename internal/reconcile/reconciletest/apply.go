package reconciletest

import (
	"errors"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// apply does one change at its site and records what both sides agree on by it. It returns false where nothing was done.
func (p *Pair) apply(c *carrier, change reconcile.Change) bool {
	site, twin := p.Sites[change.Side], p.number(change.Twin)
	id := p.find(change.Side, twin)
	if !p.addressed(c, change, id) {
		return false
	}
	if change.CopyOf == "" && !creating(change.Verb) && c.racing && p.moved(change, id) {
		return false
	}
	var before Content
	if id != none {
		before = site.Contents[id]
	}
	p.guard(c, change, id)
	err := p.call(c, change, id, twin)
	var refusal Refusal
	switch {
	case errors.As(err, &refusal) && (c.racing || c.unseen(change)):
		return false
	case err != nil:
		p.breaks("%s of %s at side %d (%v) was refused: %v", change.Verb, change.Twin, change.Side, change.Facets.Names(), err)
		return false
	}
	if creating(change.Verb) {
		id = len(site.Contents) - 1
	} else if !c.racing && !c.back[place{change.Side, change.Twin}] && p.idle(change, &before, id) {
		p.breaks("%s of %s at side %d (%v) changes nothing", change.Verb, change.Twin, change.Side, change.Facets.Names())
	}
	if change.Verb == confluence.VerbRestore {
		c.back[place{change.Side, change.Twin}] = true
	}
	p.readBack(c, change, id)
	// What people wrote in between is no version of ours: whoever expects one must not write over it.
	if now := site.Contents[id].Version; creating(change.Verb) || now != before.Version && before.Version == c.expect(change) {
		c.left[place{change.Side, change.Twin}] = now
	}
	p.agree(c, change, twin, id)
	return true
}

func creating(v confluence.Verb) bool {
	return v == confluence.VerbPost || v == confluence.VerbAttach || v == confluence.VerbComment
}

// addressed checks that a change names its content as it must: by server id if the snapshot showed it.
func (p *Pair) addressed(c *carrier, change reconcile.Change, id int) bool {
	at := place{change.Side, change.Twin}
	there := id != none && !p.Sites[change.Side].Contents[id].Purged && !p.Sites[change.Side].Contents[id].Away
	switch {
	case change.N < 0 || change.N >= len(c.r.Changes) || c.r.Changes[change.N].Twin != change.Twin:
		p.breaks("change %d of %s is not where it says", change.N, change.Twin)
	case creating(change.Verb):
		if change.Target != "" || there && p.Sites[change.Side].Shown(id) && !c.racing {
			p.breaks("%s of %s at side %d, which is there", change.Verb, change.Twin, change.Side)
			return false
		}
		return true
	case id == none:
		p.breaks("%s of %s at side %d, which is not there", change.Verb, change.Twin, change.Side)
		return false
	case c.created[at] != (change.Target == ""):
		p.breaks("%s of %s at side %d with target %q", change.Verb, change.Twin, change.Side, change.Target)
	case change.Target != "" && change.Target != IDOf(id):
		p.breaks("%s of %s at side %d is to be done to %s, which is %s", change.Verb, change.Twin, change.Side, change.Target, IDOf(id))
	}
	return true
}

// moved reports whether people have changed what a change without a version would overwrite or delete, as the engine
// finds out by reading once more.
func (p *Pair) moved(change reconcile.Change, id int) bool {
	s := p.Sites[change.Side]
	now := &s.Contents[id]
	if id >= len(p.seen[change.Side]) {
		return false // made by this result, and known to nobody
	}
	was := &p.seen[change.Side][id]
	switch change.Verb {
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbArchive:
		return now.Version != was.Version || now.Status != was.Status || now.Purged || len(now.Children) > 0 && change.Kind == confluence.Page ||
			p.below(s.Contents, id) != p.below(p.seen[change.Side], id)
	case confluence.VerbRestrict:
		return now.Readers != was.Readers || now.Editors != was.Editors
	case confluence.VerbLabel, confluence.VerbUnlabel:
		return now.Labels != was.Labels
	case confluence.VerbReplace:
		return now.Version != was.Version
	case confluence.VerbMove:
		return now.Parent != was.Parent
	case confluence.VerbRestore:
		return now.Status != was.Status || now.Purged
	}
	return false
}

// below sums up the files and comments of a content, and answers to them: how many there are, and their versions.
func (p *Pair) below(contents []Content, id int) (sum [2]int) {
	for i := range contents {
		if c := &contents[i]; c.Parent == id && c.Kind != confluence.Page && !c.Purged && c.Status == confluence.Current {
			deeper := p.below(contents, i)
			sum[0], sum[1] = sum[0]+1+deeper[0], sum[1]+c.Version+deeper[1]
		}
	}
	return sum
}

// call does the call.
func (p *Pair) call(c *carrier, change reconcile.Change, id, twin int) error {
	s := p.Sites[change.Side]
	switch change.Verb {
	case confluence.VerbPost, confluence.VerbAttach, confluence.VerbComment:
		return p.create(c, change, twin)
	case confluence.VerbPut, confluence.VerbRecomment:
		return p.update(c, change, id, twin)
	case confluence.VerbMove:
		return p.move(change, id)
	case confluence.VerbReplace:
		source := p.source(change, twin)
		if source == nil {
			return errNoSource
		}
		return s.ReplaceFile(id, source.File, account)
	case confluence.VerbTrash:
		if n := s.visibleChildren(id); n > 0 && !c.racing {
			p.breaks("%s is trashed at side %d with %d pages below it", change.Twin, change.Side, n)
		}
		return s.Trash(id)
	case confluence.VerbDetach:
		return s.Trash(id)
	case confluence.VerbUncomment:
		if s.hasReplies(id) && !c.racing {
			p.breaks("comment %s is deleted at side %d with answers to it", change.Twin, change.Side)
		}
		return s.Trash(id)
	case confluence.VerbRestore:
		return s.Restore(id, account)
	case confluence.VerbArchive:
		return s.Archive(id)
	case confluence.VerbLabel, confluence.VerbUnlabel:
		return p.label(change, id)
	case confluence.VerbRestrict:
		return p.restrict(change, id)
	}
	return errors.New("the model knows no such call")
}

// visibleChildren counts the pages below a page that our account can see.
func (s *Site) visibleChildren(id int) int {
	n := 0
	for _, child := range s.Contents[id].Children {
		if !s.Contents[child].Hidden {
			n++
		}
	}
	return n
}

// errNoSource is a change that carries what the other side did not show.
var errNoSource = errors.New("what it carries was not there")

func (s *Site) hasReplies(id int) bool {
	for i := range s.Contents {
		if c := &s.Contents[i]; c.Parent == id && c.Kind == confluence.Comment && !c.Purged {
			return true
		}
	}
	return false
}

// source is the content whose values a change carries, as the snapshot showed it.
func (p *Pair) source(change reconcile.Change, twin int) *Content {
	side := change.Side.Other()
	if change.CopyOf != "" {
		twin, side = p.number(change.CopyOf), change.CopyFrom
	}
	id := p.find(side, twin)
	if id == none || id >= len(p.seen[side]) {
		return nil
	}
	return &p.seen[side][id]
}

// parentID returns the server id of the content that a change puts something under.
func (p *Pair) parentID(change reconcile.Change) int {
	if change.Parent == "" {
		return Nowhere
	}
	if id := p.find(change.Side, p.number(change.Parent)); id != none {
		return id
	}
	return len(p.Sites[change.Side].Contents) // refused: it is not there
}

func (p *Pair) create(c *carrier, change reconcile.Change, twin int) error {
	source := p.source(change, twin)
	if source == nil {
		return errNoSource
	}
	s := p.Sites[change.Side]
	made := Content{Birth: twin, Kind: change.Kind, Title: change.Title, Parent: p.parentID(change), Body: source.Body, File: source.File}
	if change.Kind == confluence.Comment {
		made.Title = ""
	}
	id, err := s.Create(made, account)
	if err != nil {
		return err
	}
	c.created[place{change.Side, change.Twin}] = true
	p.join(change.Side, id, twin)
	return nil
}

func (p *Pair) update(c *carrier, change reconcile.Change, id, twin int) error {
	var e Edit
	if change.Facets.Has(reconcile.Title) {
		e.Title = &change.Title
	}
	if change.Facets.Has(reconcile.Parent) {
		parent := p.parentID(change)
		if parent == Nowhere {
			return errors.New("an update cannot put a page at the root")
		}
		e.Parent = &parent
	}
	if change.Facets.Has(reconcile.Body) {
		source := p.source(change, twin)
		if source == nil {
			return errNoSource
		}
		e.Body = &source.Body
	}
	if change.Verb == confluence.VerbPut && change.Title == "" {
		p.breaks("an update of %s without a title", change.Twin)
	}
	return p.Sites[change.Side].Update(id, c.expect(change), e, account)
}

func (p *Pair) move(change reconcile.Change, id int) error {
	s := p.Sites[change.Side]
	if change.Facets.Has(reconcile.Parent) {
		return s.Move(id, p.parentID(change), account)
	}
	if parent := p.twin(change.Side, s.Contents[id].Parent); parent != change.Parent {
		return refuse("it stands under %q and not %q", parent, change.Parent)
	}
	sibling := change.After
	if change.First {
		sibling = change.Before
	}
	return s.MoveBeside(id, p.find(change.Side, p.number(sibling)), !change.First)
}

func (p *Pair) label(change reconcile.Change, id int) error {
	add, known := LabelSet(change.Add)
	remove, also := LabelSet(change.Remove)
	if !known || !also {
		p.breaks("labels %v and %v of %s are nobody's", change.Add, change.Remove, change.Twin)
	}
	s := p.Sites[change.Side]
	if change.Verb == confluence.VerbLabel && remove != 0 || change.Verb == confluence.VerbUnlabel && add != 0 {
		p.breaks("%s of %s adds %v and removes %v", change.Verb, change.Twin, change.Add, change.Remove)
	}
	if remove != 0 {
		return s.RemoveLabels(id, remove)
	}
	return s.AddLabels(id, add)
}

func (p *Pair) restrict(change reconcile.Change, id int) error {
	readers, known := PrincipalSet(change.Readers)
	editors, also := PrincipalSet(change.Editors)
	if !known || !also {
		p.breaks("restrictions %v and %v of %s are nobody's", change.Readers, change.Editors, change.Twin)
	}
	return p.Sites[change.Side].Restrict(id, readers, editors)
}

// idle reports whether a call left everything as it was.
func (p *Pair) idle(change reconcile.Change, before *Content, id int) bool {
	now := &p.Sites[change.Side].Contents[id]
	switch change.Verb {
	case confluence.VerbPut, confluence.VerbRecomment:
		return now.Title == before.Title && now.Parent == before.Parent && now.Body == before.Body
	case confluence.VerbReplace:
		return now.File == before.File
	case confluence.VerbLabel, confluence.VerbUnlabel:
		return now.Labels == before.Labels
	case confluence.VerbRestrict:
		return now.Readers == before.Readers && now.Editors == before.Editors
	case confluence.VerbMove:
		return change.Facets.Has(reconcile.Parent) && now.Parent == before.Parent
	}
	return false
}

// readBack takes what a call wrote into what is known of the side. People may have changed other facets since: of those
// nothing is known yet.
func (p *Pair) readBack(c *carrier, change reconcile.Change, id int) {
	now := &p.Sites[change.Side].Contents[id]
	seen := &p.seen[change.Side]
	if id >= len(*seen) {
		for n := len(*seen); n <= id; n++ {
			*seen = append(*seen, p.Sites[change.Side].Contents[n])
		}
	} else {
		was := &(*seen)[id]
		for f, take := range map[reconcile.Facets]func(){
			reconcile.Title: func() { was.Title = now.Title }, reconcile.Parent: func() { was.Parent = now.Parent },
			reconcile.Body: func() { was.Body = now.Body }, reconcile.File: func() { was.File = now.File },
			reconcile.Labels:       func() { was.Labels = now.Labels },
			reconcile.Restrictions: func() { was.Readers, was.Editors = now.Readers, now.Editors },
			reconcile.Status:       func() { was.Status, was.Purged, was.Parent = now.Status, now.Purged, now.Parent },
		} {
			if change.Facets.Has(f) || f == reconcile.Status && lifeVerb(change.Verb) {
				take()
			}
		}
		was.Version = now.Version
	}
}

func lifeVerb(v confluence.Verb) bool {
	switch v {
	case confluence.VerbTrash, confluence.VerbRestore, confluence.VerbArchive, confluence.VerbDetach, confluence.VerbUncomment:
		return true
	}
	return false
}

// agree records what both sides agree on by a change.
func (p *Pair) agree(c *carrier, change reconcile.Change, twin, id int) {
	switch change.Verb {
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbArchive:
		return // the next plan sees both sides
	case confluence.VerbLabel, confluence.VerbUnlabel:
		add, _ := LabelSet(change.Add)
		remove, _ := LabelSet(change.Remove)
		p.recordLabels(twin, add, remove)
		return
	case confluence.VerbMove:
		if !change.Facets.Has(reconcile.Parent) {
			p.agreeOn(twin).Facets &^= reconcile.Order
			return
		}
	}
	a := p.agreeOn(twin)
	if change.Verb == confluence.VerbRestore {
		a.Owed[change.Side] |= reconcile.Title | reconcile.Parent
	}
	if change.Kind == confluence.Page && (change.Verb == confluence.VerbPost || change.Verb == confluence.VerbRestore || change.Facets.Has(reconcile.Parent)) {
		a.Landed[change.Side] = true
	}
	a.Owed[change.Side] &^= change.Facets &^ change.Merged
	for _, f := range singleFacets {
		if !change.Facets.Has(f) || change.Merged.Has(f) {
			continue
		}
		if f == reconcile.Title && p.temporary(change) {
			continue
		}
		p.record(twin, f)
	}
}

// temporary reports whether a change gives a page a title that it is not to keep: nothing is agreed on by it.
func (p *Pair) temporary(change reconcile.Change) bool {
	for _, side := range confluence.Sides {
		if id := p.find(side, p.number(change.Twin)); id != none && id < len(p.seen[side]) && side != change.Side && p.seen[side][id].Title == change.Title {
			return false
		}
	}
	return change.Merged == 0 && !creating(change.Verb)
}
