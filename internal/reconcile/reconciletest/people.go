package reconciletest

import (
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Act is what a person does.
type Act uint8

// The acts.
const (
	EditBody  Act = iota // a new body
	EditAlike            // a new body, which is the same whoever writes it
	Revert               // the body of the version before
	Resave               // a version without a change
	Rename
	RenameAlike // to one of a few titles
	Swap        // two pages change titles
	Rotate      // three do
	MoveUnder
	MoveToRoot
	Reorder
	TrashOne
	TrashTree // leaf first
	Restore
	ArchiveOne
	MoveAway
	NewPage
	NewPageAlike // with one of a few titles, and perhaps the body that others give it too
	NewPost
	NewHidden // a page that our account cannot read
	NewFile
	NewVersion // of a file
	NewVersionAlike
	DropFile
	NewComment
	Reply
	EditComment
	DropComment
	Label
	Unlabel
	Tighten
	Loosen
	acts
)

var actNames = [acts]string{
	"edit", "edit alike", "revert", "resave", "rename", "rename alike", "swap", "rotate", "move", "move to root", "reorder", "trash",
	"trash tree", "restore", "archive", "move away", "new page", "new page alike", "new post", "new hidden page", "new file", "new version",
	"new version alike", "drop file", "comment", "reply", "edit comment", "drop comment", "label", "unlabel", "tighten", "loosen",
}

func (a Act) String() string { return actNames[a] }

// Op is one act of a person on one side. Contents are named by birth; an act on what is not there does nothing, so that
// any part of a script is a script.
type Op struct {
	Side   confluence.Side
	Act    Act
	At, To int // births
	N      int // which of few: titles, labels, principals, places
	New    int // birth of what it makes, and what it writes
}

func (o Op) String() string {
	return fmt.Sprintf("{Side: %d, Act: %d /* %s */, At: %d, To: %d, N: %d, New: %d}", o.Side, o.Act, o.Act, o.At, o.To, o.N, o.New)
}

// aliases is how many titles, bodies and files two people may come upon independently.
const aliases = 4

// do lets a person do something, and reports whether it did anything. A site refuses people as it refuses us.
func (p *Pair) do(o Op) bool {
	s := p.Sites[o.Side]
	s.clock += int64(o.N) * 40
	by := "person" + string(rune('0'+o.N%3))
	at, to := p.find(o.Side, o.At), p.find(o.Side, o.To)
	switch o.Act {
	case NewPost:
		_, err := s.Create(Content{Birth: o.New, Kind: confluence.BlogPost, Title: fmt.Sprint("Post ", o.New), Body: Token(o.New)}, by)
		return p.born(o, err)
	case NewPage, NewPageAlike, NewHidden:
		return p.newPage(o, at, by)
	}
	if at < 0 || !s.Live(at) && o.Act != Restore || s.Contents[at].Hidden {
		return false
	}
	switch c := &s.Contents[at]; c.Kind {
	case confluence.Page, confluence.BlogPost:
		return p.doPage(o, at, to, by)
	case confluence.Attachment:
		return p.doFile(o, at, by)
	default:
		return p.doComment(o, at, by)
	}
}

func (p *Pair) born(o Op, err error) bool {
	if err != nil {
		return false
	}
	id := len(p.Sites[o.Side].Contents) - 1
	p.join(o.Side, id, o.New)
	p.wrote(o.Side, id)
	return true
}

func (p *Pair) newPage(o Op, at int, by string) bool {
	c := Content{Birth: o.New, Kind: confluence.Page, Title: pageTitles[o.New], Parent: at, Body: Token(o.New)}
	if at < 0 {
		c.Parent = Nowhere
	}
	c.Hidden = o.Act == NewHidden
	if o.Act == NewPageAlike {
		c.Title = fmt.Sprint("Alike ", o.N%aliases)
		if o.N >= aliases {
			c.Body = Token(1 + o.N%aliases)
		}
	}
	_, err := p.Sites[o.Side].Create(c, by)
	return p.born(o, err)
}

// doPage acts on a page or post.
func (p *Pair) doPage(o Op, at, to int, by string) bool {
	s := p.Sites[o.Side]
	c := &s.Contents[at]
	page := c.Kind == confluence.Page
	switch o.Act {
	case EditBody, EditAlike, Revert, Resave:
		return p.writeBody(o, at, by)
	case Rename, RenameAlike, Swap, Rotate:
		return p.retitle(o, at, to, by)
	case MoveUnder, MoveToRoot, Reorder:
		return page && !c.Home && p.moveAbout(o, at, to, by)
	case TrashOne:
		return s.Trash(at) == nil
	case TrashTree:
		return page && !c.Home && p.trashTree(o.Side, at)
	case Restore:
		return s.Restore(at, by) == nil
	case ArchiveOne:
		return page && s.Archive(at) == nil
	case MoveAway:
		return page && s.Leave(at) == nil
	case NewFile:
		name := fmt.Sprintf("file%d.png", o.New)
		file := Token(o.New)
		if o.N < aliases {
			name, file = fmt.Sprintf("alike%d.png", o.N%2), Token(1+o.N)
		}
		_, err := s.Create(Content{Birth: o.New, Kind: confluence.Attachment, Parent: at, Title: name, File: file}, by)
		return p.born(o, err)
	case NewComment:
		_, err := s.Create(Content{Birth: o.New, Kind: confluence.Comment, Parent: at, Body: Token(o.New)}, by)
		return p.born(o, err)
	}
	return p.describe(o, at)
}

func (p *Pair) writeBody(o Op, at int, by string) bool {
	s := p.Sites[o.Side]
	c := &s.Contents[at]
	body := Token(o.New)
	switch o.Act {
	case EditAlike:
		body = Token(1 + o.N%aliases)
	case Resave:
		body = c.Body
	case Revert:
		if len(c.Past) == 0 || c.Past[len(c.Past)-1].Body == 0 {
			return false
		}
		body = c.Past[len(c.Past)-1].Body
	}
	if s.Update(at, -1, Edit{Body: &body}, by) != nil {
		return false
	}
	p.wrote(o.Side, at)
	return true
}

func (p *Pair) retitle(o Op, at, to int, by string) bool {
	s := p.Sites[o.Side]
	title := fmt.Sprint("Renamed ", o.New)
	switch o.Act {
	case RenameAlike:
		title = fmt.Sprint("Alike ", o.N%aliases)
	case Swap, Rotate:
		if to < 0 || to == at || !s.Live(to) || s.Contents[at].Kind != s.Contents[to].Kind || s.Contents[at].Kind != confluence.Page {
			return false
		}
		ring := []int{at, to}
		if third := s.Contents[to].Parent; o.Act == Rotate && third != Nowhere && third != at {
			ring = append(ring, third)
		}
		first := s.Contents[at].Title
		for i, id := range ring {
			title := first
			if i < len(ring)-1 {
				title = s.Contents[ring[i+1]].Title
			}
			s.remember(id)
			s.Contents[id].Title = title
			s.stamp(id, by)
		}
		return true
	}
	return s.Update(at, -1, Edit{Title: &title}, by) == nil
}

func (p *Pair) moveAbout(o Op, at, to int, by string) bool {
	s := p.Sites[o.Side]
	switch o.Act {
	case MoveToRoot:
		return s.Contents[at].Parent != Nowhere && s.Move(at, Nowhere, by) == nil
	case MoveUnder:
		return to >= 0 && s.Contents[at].Parent != to && s.Move(at, to, by) == nil
	}
	siblings := s.SiblingsOf(s.Contents[at].Parent)
	return len(siblings) > 1 && s.MoveBeside(at, siblings[o.N%len(siblings)], o.New%2 == 0) == nil
}

func (p *Pair) trashTree(side confluence.Side, at int) bool {
	s := p.Sites[side]
	for len(s.Contents[at].Children) > 0 {
		if !p.trashTree(side, s.Contents[at].Children[0]) {
			return false
		}
	}
	return s.Trash(at) == nil
}

// describe sets labels and restrictions.
func (p *Pair) describe(o Op, at int) bool {
	s := p.Sites[o.Side]
	c := &s.Contents[at]
	one := Set(1) << (o.N % len(labelNames))
	switch o.Act {
	case Label:
		return !c.Labels.Has(one) && s.AddLabels(at, one) == nil
	case Unlabel:
		return s.RemoveLabels(at, one) == nil
	case Tighten:
		few := Set(1+o.N*5) & Everybody
		if o.New%3 == 0 {
			return few != 0 && c.Editors != few && s.Restrict(at, c.Readers, few) == nil
		}
		if c.Readers != 0 {
			few &= c.Readers
		}
		return few != 0 && few != c.Readers && s.Restrict(at, few, c.Editors) == nil
	case Loosen:
		if c.Readers|c.Editors == 0 {
			return false
		}
		readers := c.Readers | Set(1)<<(o.N%principals)
		if o.New%2 == 0 || readers == c.Readers {
			readers = 0
		}
		return s.Restrict(at, readers, 0) == nil
	}
	return false
}

// doFile acts on an attachment.
func (p *Pair) doFile(o Op, at int, by string) bool {
	s := p.Sites[o.Side]
	switch o.Act {
	case NewVersion, NewVersionAlike:
		file := Token(o.New)
		if o.Act == NewVersionAlike {
			file = Token(1 + o.N%aliases)
		}
		if s.Contents[at].File == file || s.ReplaceFile(at, file, by) != nil {
			return false
		}
		p.wrote(o.Side, at)
		return true
	case DropFile:
		return s.Shown(at) && s.Trash(at) == nil
	case Restore:
		return s.Restore(at, by) == nil
	}
	return false
}

// doComment acts on a comment.
func (p *Pair) doComment(o Op, at int, by string) bool {
	s := p.Sites[o.Side]
	switch o.Act {
	case Reply:
		_, err := s.Create(Content{Birth: o.New, Kind: confluence.Comment, Parent: at, Body: Token(o.New)}, by)
		return p.born(o, err)
	case EditComment:
		body := Token(o.New)
		if s.Update(at, -1, Edit{Body: &body}, by) != nil {
			return false
		}
		p.wrote(o.Side, at)
		return true
	case DropComment:
		return s.Shown(at) && s.Trash(at) == nil
	}
	return false
}
