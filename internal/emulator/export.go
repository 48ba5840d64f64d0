package emulator

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// Export writes an XML export as the product does: of the spaces named, or of the whole site where none is. A Data Center
// from 8.3 on writes the newer generation, an older one and Cloud the older one. It holds the site's lock all the while.
func (s *Site) Export(w io.Writer, keys ...string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.export(w, exportOptions{keys: keys})
}

// exportOptions say what an export holds.
type exportOptions struct {
	keys         []string // of spaces; none = the whole site
	withoutFiles bool
	defects      []backup.Defect    // planted, by fault rules
	generation   *backup.Generation // nil: that of the product
}

// export is Export with the lock held.
func (s *Site) export(w io.Writer, what exportOptions) error {
	keys := what.keys
	o := backup.Options{
		At: s.clock.Now(), Zone: s.set.dateZone, Seed: s.opts.Seed, Site: len(keys) == 0, Cloud: !s.dc(), FirstID: s.world.next + 1<<30,
		Defects: what.defects, Last: s.set.entitiesLast, Layout: s.set.fileLayout,
	}
	if r := s.product.release; s.dc() {
		o.Version, o.Build = r.String(), r.build()
	}
	if !s.dc() || s.product.release < since83 {
		o.Generation = backup.Old
	}
	if what.generation != nil {
		o.Generation = *what.generation
	}
	out, err := backup.Create(w, o)
	if err != nil {
		return err
	}
	x := exporting{s, out, what.withoutFiles}
	spaces := s.world.spaces
	if len(keys) > 0 {
		spaces = nil
		for _, key := range keys {
			in := s.world.keys[foldKey(key)]
			if in == nil {
				return fmt.Errorf("emulator: no space %q", key)
			}
			spaces = append(spaces, in)
		}
	}
	x.people(o.Site)
	for _, in := range spaces {
		x.space(in)
	}
	return out.Close()
}

// exporting writes the objects of an export.
type exporting struct {
	*Site
	out          *backup.Writer
	withoutFiles bool
}

// keyOf is how an export names an account.
func (x exporting) keyOf(u *user) string {
	switch {
	case u == nil:
		return ""
	case x.dc():
		return u.key
	}
	return u.id
}

func (x exporting) people(site bool) {
	for _, u := range x.Site.people.users {
		account := ""
		if !x.dc() {
			account = u.id
		}
		x.out.User(backup.User{
			Key: x.keyOf(u), Name: cmp.Or(u.username, u.id), FullName: u.name, Email: u.email, AccountID: account, Inactive: !u.active,
		})
	}
	if !site {
		return
	}
	written := map[*group]bool{}
	for _, g := range x.Site.people.groups {
		x.group(g, written)
	}
	if x.instance != nil {
		for _, g := range x.instance.global {
			for _, k := range globalPermissionKinds {
				if k.key == g.key && k.target == g.target {
					x.out.GlobalPermission(backup.Permission{Type: k.name, Principal: x.principal(g.principal)})
				}
			}
		}
	}
	x.templates(nil)
}

// group writes a group, after those in it.
func (x exporting) group(g *group, written map[*group]bool) {
	if _, begun := written[g]; begun {
		return
	}
	written[g] = false
	row := backup.Group{Name: g.name, Members: []string{}}
	for _, u := range g.members {
		row.Members = append(row.Members, cmp.Or(u.username, u.id))
	}
	for _, below := range g.groups {
		if x.group(below, written); written[below] { // of a circle one link is left out
			row.Groups = append(row.Groups, below.name)
		}
	}
	x.out.Group(row)
	written[g] = true
}

// templates writes the templates of a space, or those of the site.
func (x exporting) templates(in *space) {
	id, key := int64(0), ""
	if in != nil {
		id, key = in.id, in.key
	}
	for _, t := range x.world.annex.templates {
		if t.space == id {
			x.out.Template(backup.Template{
				Name: t.name, Description: t.description, Space: key, Body: backup.Storage(x.heap.text(t.body)), Labels: x.labels(t.labels),
			})
		}
	}
}

// principal is a user or group of the export; neither is everybody, anonymous callers included.
func (x exporting) principal(principal string) backup.Principal {
	if id := trimPrincipal(principal, "user:"); id != "" {
		return backup.Principal{User: x.keyOf(x.Site.people.byID[id])}
	}
	return backup.Principal{Group: trimPrincipal(principal, "group:")}
}

func (x exporting) principals(list []string) []backup.Principal {
	var out []backup.Principal
	for _, p := range list {
		out = append(out, x.principal(p))
	}
	return out
}

// exportName is the name of a space's permission in an export; empty where it has none.
func (s *Site) exportName(key, target string) string {
	for name, g := range s.grantNames() {
		if g == [2]string{key, target} {
			return name
		}
	}
	return ""
}

func (x exporting) space(in *space) {
	home := int64(0)
	if in.home != nil {
		home = in.home.id
	}
	s := backup.Space{
		ID: in.id, Key: in.key, Name: in.name, Type: in.kind, Status: strings.ToUpper(in.status), Home: home, Description: in.description,
		Categories: x.labels(in.labels), Creator: x.keyOf(in.creator), Created: in.created.time(), Modified: in.created.time(),
	}
	for _, g := range in.grants {
		if name := x.exportName(g.key, g.target); name != "" {
			s.Permissions = append(s.Permissions, backup.Permission{Type: name, Principal: x.principal(g.principal)})
		}
	}
	x.out.Space(s)
	for _, root := range in.roots {
		x.tree(root)
	}
	for _, p := range slices.Concat(in.pages, in.blogs) { // what stands in no tree: blog posts, and pages in the trash
		if p.kind == blogPost || p.status == trashed {
			x.piece(p, nil)
		}
	}
	x.templates(in)
}

// tree writes a page and what stands below it, parents first. Folders are no part of an export; what stands in one is
// written below the nearest page.
func (x exporting) tree(p *content) {
	parent := p.parent
	for parent != nil && parent.kind != page {
		parent = parent.parent
	}
	if p.kind == page && p.status != trashed {
		x.piece(p, parent)
	}
	for _, kid := range p.kids {
		x.tree(kid)
	}
}

func (x exporting) labels(labels []*label) []backup.Label {
	var out []backup.Label
	for _, l := range labels {
		out = append(out, backup.Label{Namespace: l.prefix, Name: l.name})
	}
	return out
}

// exportStatus is the word of the export for a status.
var exportStatus = map[status]string{current: "current", draft: "draft", archived: "archived", trashed: "deleted"}

// piece writes a page or blog post with its versions, comments, files and properties.
func (x exporting) piece(p, parent *content) {
	read, update := p.restricted()
	c := backup.Content{
		ID: p.id, Space: p.space.key, Title: p.title, Status: exportStatus[p.status], Version: p.number(), Message: p.last.message,
		Creator: x.keyOf(p.creator), Modifier: x.keyOf(p.last.by), Created: p.created.time(), Modified: p.last.at.time(),
		Body: backup.Storage(x.heap.text(p.body)), Labels: x.labels(p.labels), Readers: x.principals(read), Editors: x.principals(update),
	}
	if parent != nil {
		c.Parent = parent.id
	}
	if p.position != unset && p.kind == page {
		c.Position, c.Positioned = int(p.position), true
	}
	for _, u := range p.likers() {
		c.Likes = append(c.Likes, x.keyOf(u))
	}
	if p.status != trashed {
		for _, u := range x.watchers(watched{"content", p.id}) {
			c.Watchers = append(c.Watchers, x.keyOf(u))
		}
	}
	write := x.out.Page
	if p.kind == blogPost {
		write = x.out.BlogPost
	}
	write(c)
	for i, v := range p.older {
		write(backup.Content{
			Original: p.id, Space: p.space.key, Title: cmp.Or(v.title, p.title), Version: int(p.firstAt) + i, Message: v.message,
			Creator: x.keyOf(p.creator), Modifier: x.keyOf(v.by), Created: p.created.time(), Modified: v.at.time(),
			Body: backup.Storage(x.heap.text(v.body)),
		})
	}
	if p.more != nil && p.more.pending != nil { // a draft of a page that is there has the page as its original
		d := p.more.pending
		write(backup.Content{
			Original: p.id, Space: p.space.key, Title: d.title, Status: "draft", Creator: x.keyOf(d.by), Modifier: x.keyOf(d.by),
			Created: d.at.time(), Modified: d.at.time(), Body: backup.Storage(x.heap.text(d.body)),
		})
	}
	on := backup.OnPage
	if p.kind == blogPost {
		on = backup.OnBlogPost
	}
	x.comments(p, on)
	for _, f := range p.files() {
		x.file(f, on)
		x.comments(f, backup.OnAttachment)
	}
	for _, prop := range p.properties() {
		x.out.Custom(backup.Custom{Container: p.id, Space: p.space.key, Key: prop.key, JSON: string(prop.value), Creator: x.keyOf(prop.by)})
	}
}

func (x exporting) comments(p *content, on backup.Kind) {
	for _, m := range p.comments() {
		r := m.more.remark
		c := backup.Comment{
			ID: m.id, Container: p.id, On: on, Body: backup.Storage(x.heap.text(m.body)), Creator: x.keyOf(m.creator), Created: m.created.time(),
			Modified: m.last.at.time(), Version: m.number(), Status: exportStatus[m.status],
		}
		if r.replyTo != nil {
			c.Parent = r.replyTo.id
		}
		if r.inline {
			c.Inline = &backup.Inline{Marker: r.marker, Selection: r.selection, Status: r.state()}
			if r.replyTo != nil {
				c.Inline = &backup.Inline{}
			}
		}
		x.out.Comment(c)
		for i, v := range m.older {
			x.out.Comment(backup.Comment{
				Original: m.id, Container: p.id, On: on, Body: backup.Storage(x.heap.text(v.body)), Creator: x.keyOf(m.creator),
				Created: m.created.time(), Modified: v.at.time(), Version: int(m.firstAt) + i,
			})
		}
	}
}

func (x exporting) file(f *content, on backup.Kind) {
	write := func(original int64, number int, v *file, at version) {
		a := backup.Attachment{
			Original: original, Container: f.parent.id, On: on, Space: f.space.key, Name: f.title, MediaType: v.mediaType, Version: number,
			Comment: v.comment, Status: exportStatus[f.status], Size: v.size, Creator: x.keyOf(f.creator), Created: f.created.time(),
			Modifier: x.keyOf(at.by), Modified: at.at.time(), Labels: x.labels(f.labels),
		}
		if original == 0 {
			a.ID = f.id
		} else {
			a.Labels = nil
		}
		if !x.withoutFiles && !v.missing {
			a.Open = func() (io.Reader, error) { return x.heap.open(v.stored), nil }
		}
		x.out.Attachment(a)
	}
	write(0, f.number(), f.more.file, f.last)
	for i, v := range f.older {
		if v.file != nil {
			write(f.id, int(f.firstAt)+i, v.file, v)
		}
	}
}
