package emulator

import (
	"strconv"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// scene is the site as a body of that space and content sees it. The site's lock must be held while it is used. Either
// may be nil: a body that belongs to nothing yet.
func (c *call) scene(in *space, on *content) *markup.Scene {
	context, base := c.product.context(&c.set), c.siteBase()
	if in == nil && on != nil {
		in = on.space
	}
	sc := &markup.Scene{Base: base, Context: context, Cloud: !c.dc()}
	if on != nil {
		sc.Self, sc.Comment = c.target(on), on.kind == comment
	}
	sc.Page = func(r markup.Ref) (markup.Target, bool) { return seenTarget(c, c.referred(in, on, r)) }
	sc.ByID = func(id string) (markup.Target, bool) {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return markup.Target{}, false
		}
		return seenTarget(c, c.world.contents[n])
	}
	sc.File = func(r markup.Ref) (markup.File, bool) {
		holder := on
		if r.Title != "" {
			holder = c.referred(in, on, markup.Ref{Element: "ri:page", SpaceKey: r.SpaceKey, Title: r.Title})
		}
		if holder == nil {
			return markup.File{}, false
		}
		return c.fileSeen(fileNamed(holder.root(), r.File))
	}
	sc.Media = func(id string) (markup.File, bool) { return c.mediaOf(on, id) }
	sc.User = c.personSeen
	sc.Stored = func(r markup.Ref) (string, bool) {
		p := c.referred(in, on, r)
		if p == nil || c.user != nil && !c.sees(p) {
			return "", false
		}
		return c.heap.text(p.body), true
	}
	sc.Children = func(r markup.Ref) []markup.Target {
		var out []markup.Target
		if p := c.referred(in, on, r); p != nil {
			for _, kid := range p.kids {
				if kid.kind == page && kid.status == current && (c.user == nil || c.sees(kid)) {
					out = append(out, c.target(kid))
				}
			}
		}
		return out
	}
	sc.ID = func(n int) string { return c.uuid("local", sc.Self.ID, strconv.Itoa(n)) }
	return sc
}

// referred finds the page or blog post that a reference names; no title names the content itself.
func (c *call) referred(in *space, on *content, r markup.Ref) *content {
	if r.Title == "" {
		if on == nil {
			return nil
		}
		return on.root()
	}
	if r.SpaceKey != "" {
		in = c.world.keys[foldKey(r.SpaceKey)]
	}
	if in == nil {
		return nil
	}
	if r.Element != "ri:blog-post" {
		return currentOnly(c.holder(page, in, r.Title, 0))
	}
	for _, b := range in.blogs {
		if fold(b.title) == fold(r.Title) && (r.Day == "" || b.created.time().Format("2006/01/02") == r.Day) && b.status == current {
			return b
		}
	}
	return nil
}

func currentOnly(p *content) *content {
	if p == nil || p.status != current {
		return nil
	}
	return p
}

// siteBase is the address of the site also where no request tells it.
func (c *call) siteBase() string {
	if c.r != nil {
		return c.base()
	}
	return c.opts.BaseURL + c.product.context(&c.set)
}

func (c *call) target(p *content) markup.Target {
	root := p.root()
	path := root.webUI()
	if c.dc() {
		path = c.webDC(root)
	}
	return markup.Target{ID: root.idText(), Title: root.title, SpaceKey: root.space.key, Path: path, Type: root.kind.String(), Version: root.number()}
}

// seenTarget leaves out what the caller may not read: a link to it looks as if nothing were there.
func seenTarget(c *call, p *content) (markup.Target, bool) {
	if p == nil || p.kind != page && p.kind != blogPost || c.user != nil && !c.sees(p) {
		return markup.Target{}, false
	}
	return c.target(p), true
}

func (c *call) fileSeen(f *content) (markup.File, bool) {
	if f == nil {
		return markup.File{}, false
	}
	path := f.downloadUI()
	if c.dc() {
		path = c.downloadDC(f, f.number(), f.last.at)
	}
	return markup.File{
		ID: text(f.id), Name: f.title, FileID: f.more.file.uuid, MediaType: f.more.file.mediaType,
		Collection: "contentId-" + f.parent.idText(), Path: path, Version: f.number(),
	}, true
}

// mediaOf finds an attachment by the id that documents of the new editor know it by: one of the content itself, or, as
// the body may have been copied, of any content that the caller may read.
func (c *call) mediaOf(on *content, id string) (markup.File, bool) {
	if on != nil {
		for _, f := range on.root().files() {
			if f.more.file.uuid == id && f.status != trashed {
				return c.fileSeen(f)
			}
		}
	}
	return markup.File{}, false
}

// personSeen finds an account as a body names it.
func (c *call) personSeen(kind, id string) (markup.Person, bool) {
	u := c.account(kind, id)
	switch {
	case u == nil:
		return markup.Person{}, false
	case c.dc():
		return markup.Person{ID: u.username, Name: u.name, Path: "/display/~" + u.username}, true
	}
	return markup.Person{ID: u.id, Name: u.name, Path: "/people/" + u.id + "?ref=confluence"}, true
}
