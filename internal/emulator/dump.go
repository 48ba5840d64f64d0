package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Counts are what a dump counts, with the rules of the columns of the expected table: all spaces together, comments
// and labels on current pages and blog posts only.
type Counts struct {
	Archived, AttachmentsCurrent, AttachmentsWithBinary, BlogPosts, CurrentPages, Drafts int
	FooterComments, InlineComments, Labels, Replies, RestrictedPages, Spaces, Trashed    int
}

func (n Counts) object() object {
	return object{
		"archived": n.Archived, "attachmentsCurrent": n.AttachmentsCurrent, "attachmentsWithBinary": n.AttachmentsWithBinary,
		"blogPosts": n.BlogPosts, "currentPages": n.CurrentPages, "drafts": n.Drafts, "footerComments": n.FooterComments,
		"inlineComments": n.InlineComments, "labels": n.Labels, "replies": n.Replies, "restrictedPages": n.RestrictedPages,
		"spaces": n.Spaces, "trashed": n.Trashed,
	}
}

// Counts counts the site's contents without dumping them.
func (s *Site) Counts() Counts {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.counts()
}

func (s *Site) counts() Counts {
	n := Counts{Spaces: len(s.world.spaces)}
	for _, in := range s.world.spaces {
		for _, p := range slices.Concat(in.pages, in.blogs) {
			if p.more != nil && p.more.pending != nil {
				n.Drafts++
			}
			switch p.status {
			case draft:
				n.Drafts++
			case archived:
				n.Archived++
			case trashed:
				n.Trashed++
			case current:
				n.current(p)
			}
		}
	}
	return n
}

func (n *Counts) current(p *content) {
	if p.kind == page {
		n.CurrentPages++
	} else {
		n.BlogPosts++
	}
	n.Labels += len(p.labels)
	if read, update := p.restricted(); len(read)+len(update) > 0 {
		n.RestrictedPages++
	}
	for _, f := range p.files() {
		if f.status == current {
			n.AttachmentsCurrent++
			if !f.more.file.missing {
				n.AttachmentsWithBinary++
			}
		}
	}
	for _, m := range p.comments() {
		switch r := m.more.remark; {
		case r.replyTo != nil:
			n.Replies++
		case r.inline:
			n.InlineComments++
		default:
			n.FooterComments++
		}
	}
}

// Dump returns the state of the whole site as canonical JSON, in form "full" or "neutral". Neutral leaves out what
// differs between two runs with the same result: ids, times, authors, versions.
func (s *Site) Dump(form string) []byte {
	s.settleLate()
	s.settleDue(s.clock.Now())
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := dumper{site: s, paths: map[*content]string{}}
	out := object{
		"dump": 1, "form": form, "personality": s.product.name, "version": s.opts.Version, "counts": s.counts().object(),
		"users": d.users(), "groups": d.groups(),
	}
	contents := d.contents()
	if form == "neutral" {
		d.neutral = newNeutral(d, contents)
	} else {
		out["clock"] = stampOf(s.clock.Now()).String()
	}
	rows, spaces := []object{}, []object{}
	for _, c := range contents {
		rows = append(rows, d.content(c))
	}
	for _, in := range s.world.spaces {
		spaces = append(spaces, d.space(in))
	}
	slices.SortFunc(spaces, func(a, b object) int { return strings.Compare(a["key"].(string), b["key"].(string)) })
	out["content"], out["spaces"] = rows, spaces
	if s.instance != nil {
		s.instance.dump(out, form == "neutral")
	}
	return append(encode(out), '\n')
}

// dumper makes the rows of a dump.
type dumper struct {
	site    *Site
	paths   map[*content]string
	neutral *neutral // nil: the full form
}

func (d *dumper) users() []object {
	out := []object{}
	for _, u := range d.site.people.users {
		out = append(out, object{"active": u.active, "email": u.email, "id": u.id, "name": u.name})
	}
	slices.SortFunc(out, func(a, b object) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
	return out
}

func (d *dumper) groups() []object {
	out := []object{}
	for _, g := range d.site.people.groups {
		members := []string{}
		for _, u := range g.members {
			members = append(members, u.id)
		}
		slices.Sort(members)
		out = append(out, object{"name": g.name, "members": members})
	}
	return out
}

// contents are all contents, sorted by space, kind, path of titles, date and id.
func (d *dumper) contents() []*content {
	var out []*content
	for _, in := range d.site.world.spaces {
		for _, c := range slices.Concat(in.pages, in.blogs, in.folders) {
			out = append(out, c)
			for _, f := range c.files() {
				out = append(append(out, f), f.comments()...)
			}
			out = append(out, c.comments()...)
		}
	}
	slices.SortFunc(out, func(a, b *content) int {
		return cmp.Or(strings.Compare(a.space.key, b.space.key), strings.Compare(a.kind.String(), b.kind.String()),
			strings.Compare(d.path(a), d.path(b)), cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id))
	})
	return out
}

// path is the space key and the titles down to a content. A comment ends in # and its number among those on the same
// content or answering the same comment.
func (d *dumper) path(c *content) string {
	if p, ok := d.paths[c]; ok {
		return p
	}
	var p string
	switch {
	case c.kind == comment:
		above, r := c.parent, c.more.remark
		if r.replyTo != nil {
			above = r.replyTo
		}
		n := 0
		for _, other := range c.parent.comments() {
			if other == c {
				break
			}
			if other.more.remark.replyTo == r.replyTo && other.more.remark.inline == r.inline {
				n++
			}
		}
		mark := "#"
		if r.inline && r.replyTo == nil {
			mark = "#inline"
		}
		p = fmt.Sprintf("%s/%s%05d", d.path(above), mark, n+1)
	case c.kind == blogPost:
		p = c.space.key + "/" + c.created.time().Format("2006-01-02") + "/" + c.title
	case c.parent != nil:
		p = d.path(c.parent) + "/" + c.title
	default:
		p = c.space.key + "/" + c.title
	}
	if c.status == trashed && c.kind != attachment {
		p += " (trashed)"
	}
	d.paths[c] = p
	return p
}

func (d *dumper) id(c *content) string {
	if d.neutral != nil {
		return d.neutral.name[c]
	}
	return c.idText()
}

func (d *dumper) space(in *space) object {
	permissions := []string{}
	for _, g := range in.grants {
		permissions = append(permissions, g.principal+" "+g.key+"/"+g.target)
	}
	for _, a := range in.roles {
		permissions = append(permissions, a.principal+" role/"+a.role)
	}
	slices.Sort(permissions)
	o := object{
		"id": text(in.id), "key": in.key, "name": in.name, "permissions": permissions, "properties": d.properties(in.props),
		"status": in.status, "type": in.kind,
	}
	if in.home != nil {
		o["home"] = d.id(in.home)
	}
	if d.neutral != nil {
		o["id"] = in.key
		if order := d.order(in.roots); len(order) > 1 {
			o["order"] = order
		}
	}
	return o
}

func (d *dumper) properties(props []*property) object {
	out := object{}
	for _, p := range props {
		row := object{"value": json.RawMessage(compact(p.value))}
		if d.neutral == nil {
			row["version"] = p.number
		}
		out[p.key] = row
	}
	return out
}

func compact(value []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return value
	}
	return b.Bytes()
}

func (d *dumper) order(list []*content) []string {
	out := []string{}
	for _, c := range list {
		if c.status != trashed {
			out = append(out, d.id(c))
		}
	}
	return out
}

func (d *dumper) content(c *content) object {
	o := object{"id": d.id(c), "kind": c.kind.String(), "space": c.space.key, "status": c.status.String()}
	if c.kind != comment {
		o["title"] = c.title
	}
	if c.kind != attachment && c.kind != folder && !c.kind.opaque() {
		o["body"] = d.body(c)
	}
	if parent := c.parent; parent != nil {
		if c.kind == comment && c.more.remark.replyTo != nil {
			parent = c.more.remark.replyTo
		}
		o["parent"] = d.id(parent)
	}
	if labels := labelTexts(c); len(labels) > 0 {
		o["labels"] = labels
	}
	if read, update := c.restricted(); len(read)+len(update) > 0 {
		o["restrictions"] = object{"read": sorted(read), "update": sorted(update)}
	}
	if c.more != nil {
		d.rare(c, o)
	}
	if d.neutral != nil {
		if order := d.order(c.kids); len(order) > 1 {
			o["order"] = order
		}
		return o
	}
	o["created"], o["creator"], o["version"], o["versions"] = c.created.String(), c.creator.id, c.number(), versionRows(c)
	if c.tree() && c.status != trashed && c.position != unset {
		o["position"] = c.position
	}
	return o
}

func (d *dumper) rare(c *content, o object) {
	if len(c.more.props) > 0 {
		o["properties"] = d.properties(c.more.props)
	}
	if f := c.more.file; f != nil {
		o["file"] = object{"comment": f.comment, "mediaType": f.mediaType, "name": c.title, "sha256": f.sha256, "size": f.size}
	}
	r := c.more.remark
	if r == nil {
		return
	}
	kind := "footer"
	if r.inline {
		kind = "inline"
	}
	info := object{"kind": kind}
	if r.replyTo != nil {
		info["parent"] = d.id(r.replyTo)
	}
	if r.inline {
		info["resolution"] = r.state()
		if d.neutral == nil {
			info["marker"] = r.marker
		}
	}
	o["comment"] = info
}

func labelTexts(c *content) []string {
	var out []string
	for _, l := range c.labels {
		out = append(out, l.prefix+":"+l.name)
	}
	slices.Sort(out)
	return out
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	if out == nil {
		out = []string{}
	}
	return out
}

func versionRows(c *content) []object {
	row := func(n int, v *version) object {
		return object{"at": v.at.String(), "by": v.by.id, "message": v.message, "minor": v.minor, "number": n}
	}
	out := []object{}
	for i := range c.older {
		out = append(out, row(int(c.firstAt)+i, &c.older[i]))
	}
	return append(out, row(c.number(), &c.last))
}

func (d *dumper) body(c *content) string {
	raw := d.site.heap.text(c.body)
	if d.neutral == nil {
		return raw
	}
	return d.neutral.body(raw)
}
