package emulator

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// life is where in its life an exported content is, and whether it is an old version. An original alone does not make
// a version: drafts of existing pages have one too (xml-export.md section 4).
func (r *exportedRow) life() (s status, original string) {
	original = r.first("originalVersion", "originalVersionId")
	switch strings.ToLower(r.get("contentStatus")) {
	case "draft":
		return draft, original
	case "deleted", "trashed":
		return trashed, original
	case "archived":
		return archived, ""
	}
	return current, original
}

// importContents imports pages and blog posts with their trees and versions.
func (im *importing) importContents() {
	old := map[string][]*exportedRow{}
	pendings := map[string][]*exportedRow{}
	for _, class := range []string{"Page", "BlogPost"} {
		for _, r := range im.rows[class] {
			if im.content(r.id) != r { // of two with one id the last counts
				continue
			}
			switch s, original := r.life(); {
			case original == "":
				im.piece(r, s)
			case s == draft:
				pendings[original] = append(pendings[original], r)
			default:
				old[original] = append(old[original], r) // a deleted version is a version that is not told about
			}
		}
	}
	for _, r := range im.rows["Draft"] { // drafts of a user as they were before shared ones
		if id := r.get("pageId"); number(id) > 0 {
			pendings[id] = append(pendings[id], r)
		} else {
			r.class = map[bool]string{true: "BlogPost", false: "Page"}[r.get("draftType") == "blogpost"]
			im.piece(r, draft)
		}
	}
	for _, original := range sortedKeys(pendings) {
		for i, r := range pendings[original] {
			if p := im.made[original]; p != nil && i == 0 {
				p.extra().pending = &pending{
					title: r.get("title"), body: im.bodyOf(r.id), at: im.date(r, "lastModificationDate"), by: im.person(r, "lastModifier"),
				}
			} else {
				im.piece(r, draft)
			}
		}
	}
	for original, rows := range old {
		if p := im.made[original]; p != nil {
			im.versions(p, rows)
		}
	}
	im.trees()
}

// spaceOf finds the space of a row: its own, that of its original, else the first one. It is nil where the row belongs
// to a space that was not asked for.
func (im *importing) spaceOf(r *exportedRow) *space {
	id := r.ref["space"]
	if head := im.content(r.first("originalVersion", "originalVersionId")); id == "" && head != nil {
		id = head.ref["space"]
	}
	if in, known := im.spaces[id]; known {
		return in
	}
	if key := r.get("draftSpaceKey"); key != "" && im.world.keys[foldKey(key)] != nil {
		return im.world.keys[foldKey(key)]
	}
	return im.fallback
}

func (im *importing) piece(r *exportedRow, s status) *content {
	in := im.spaceOf(r)
	if in == nil || r.id == "" || im.made[r.id] != nil {
		return nil
	}
	k := page
	if r.class == "BlogPost" {
		k = blogPost
	}
	p := im.base(r, k, in)
	p.status, p.title, p.position, p.body = s, r.get("title"), unset, im.bodyOf(r.id)
	if v := r.get("position"); v != "" {
		p.position = number(v)
	}
	switch k {
	case page:
		in.pages = append(in.pages, p)
	default:
		in.blogs = append(in.blogs, p)
	}
	return p
}

// base makes a content of a row with what all kinds share.
func (im *importing) base(r *exportedRow, k kind, in *space) *content {
	p := &content{
		id: number(r.id), kind: k, space: in, creator: im.person(r, "creator"), created: im.date(r, "creationDate"),
		firstAt: int32(max(1, number(r.first("version", "attachmentVersion")))),
	}
	p.last = version{at: im.date(r, "lastModificationDate"), by: im.person(r, "lastModifier"), message: r.first("versionComment", "comment")}
	im.world.contents[p.id], im.made[r.id] = p, p
	im.world.next = max(im.world.next, p.id)
	return p
}

// versions hangs old versions to a content. Numbers that lack are closed up from above; of two with one number the last
// counts, and what does not fit below the current number is left out.
func (im *importing) versions(p *content, rows []*exportedRow) {
	versionOf := func(r *exportedRow) int64 { return number(r.first("version", "attachmentVersion")) }
	slices.SortStableFunc(rows, func(a, b *exportedRow) int { return cmp.Compare(versionOf(a), versionOf(b)) })
	for i, r := range rows {
		if i+1 < len(rows) && versionOf(rows[i+1]) == versionOf(r) || versionOf(r) >= int64(p.firstAt) {
			continue
		}
		v := version{
			at: im.date(r, "lastModificationDate"), by: im.person(r, "lastModifier"), message: r.first("versionComment", "comment"),
			body: im.bodyOf(r.id),
		}
		if title := r.first("title", "fileName"); title != p.title {
			v.title = title
		}
		if p.kind == attachment {
			v.file = im.fileOf(p, r)
		}
		p.older = append(p.older, v)
	}
	if most := int(p.firstAt) - 1; len(p.older) > most {
		p.older = p.older[len(p.older)-most:]
	}
	p.firstAt -= int32(len(p.older))
}

// trees puts pages below their parents, and the home page to its space.
func (im *importing) trees() {
	for _, in := range im.fresh {
		slices.SortFunc(in.pages, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
		slices.SortFunc(in.blogs, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
		for _, p := range slices.Concat(in.pages, in.blogs) {
			if p.status != trashed && p.kind == page {
				above := im.made[im.content(text(p.id)).first("parent")]
				if above != nil && above.kind == page && above.space == in && above.status != trashed && above.status != draft && !inSubtree(above, p) {
					p.parent = above
				}
				list := siblings(in, p.parent)
				*list = append(*list, p)
			}
			if holder := im.holder(p.kind, in, p.title, p.created); holder != nil && im.set.holds(p) {
				im.world.doubles = true
			}
			im.reserve(p)
		}
		for _, p := range in.pages {
			slices.SortStableFunc(p.kids, comparePlaces)
		}
		slices.SortStableFunc(in.roots, comparePlaces)
	}
	for _, r := range im.rows["Space"] {
		home := im.made[r.ref["homePage"]]
		if in := im.spaces[r.id]; in != nil && home != nil && home.status == current && home.kind == page {
			in.home = home
		}
	}
}

func (im *importing) importAttachments() {
	listed := map[string]string{}
	for id, p := range im.made {
		for _, a := range im.content(id).listOf("attachments") {
			listed[a] = text(p.id)
		}
	}
	old := map[string][]*exportedRow{}
	for _, r := range im.rows["Attachment"] {
		s, original := r.life()
		if original != "" {
			old[original] = append(old[original], r)
			continue
		}
		on := im.made[cmp.Or(r.ref["containerContent"], r.ref["content"], listed[r.id])]
		if on == nil || !on.tree() && on.kind != blogPost || im.made[r.id] != nil {
			continue
		}
		f := im.base(r, attachment, on.space)
		f.parent, f.title, f.status = on, r.first("title", "fileName"), s
		f.more = &more{}
		f.more.file = im.fileOf(f, r)
		on.extra().files = append(on.extra().files, f)
		im.world.files = append(im.world.files, f)
	}
	for original, rows := range old {
		if f := im.made[original]; f != nil && f.kind == attachment {
			im.versions(f, rows)
		}
	}
}

func (r *exportedRow) listOf(name string) []string {
	if r == nil {
		return nil
	}
	return r.list[name]
}

// fileOf reads the bytes of one version of an attachment. A file that lacks stays known, and cannot be downloaded.
func (im *importing) fileOf(f *content, r *exportedRow) *file {
	v := &file{
		mediaType: cmp.Or(im.fact(r.id, "MEDIA_TYPE"), r.get("contentType"), "application/octet-stream"),
		comment:   r.first("versionComment", "comment"), uuid: im.uuid("file", text(f.id), r.first("version", "attachmentVersion")),
	}
	data := im.binary(text(f.parent.id), text(f.id), r.id, cmp.Or(r.first("version", "attachmentVersion"), "1"), r.first("title", "fileName"))
	if data == nil {
		v.missing, v.size = true, number(cmp.Or(im.fact(r.id, "FILESIZE"), r.get("fileSize")))
		return v
	}
	kept, err := im.heap.putFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic("emulator: cannot keep an imported file: " + err.Error())
	}
	v.stored = kept
	return v
}

func (im *importing) importComments() {
	listed := map[string]string{}
	for id := range im.made {
		for _, m := range im.content(id).listOf("comments") {
			listed[m] = id
		}
	}
	rows := slices.Clone(im.rows["Comment"])
	slices.SortStableFunc(rows, func(a, b *exportedRow) int { return cmp.Compare(number(a.id), number(b.id)) })
	old := map[string][]*exportedRow{}
	for _, r := range rows {
		s, original := r.life()
		if original != "" {
			old[original] = append(old[original], r)
		} else if on := im.made[im.containerOf(r, listed)]; s == current && on != nil && on.kind != comment && im.made[r.id] == nil {
			im.comment(r, on)
		}
	}
	for _, r := range rows { // answers, once all comments are there
		m, above := im.made[r.id], im.made[r.ref["parent"]]
		if m != nil && above != nil && above.kind == comment && above.parent == m.parent && m.kind == comment {
			m.more.remark.replyTo = above
		}
	}
	for original, rows := range old {
		if m := im.made[original]; m != nil && m.kind == comment {
			im.versions(m, rows)
		}
	}
	for _, r := range rows {
		if m := im.made[r.id]; m != nil && m.kind == comment {
			im.settleComment(m, r)
		}
	}
}

// containerOf is what a comment stands on: what it says, else what lists it, else what its parent stands on.
func (im *importing) containerOf(r *exportedRow, listed map[string]string) string {
	for range 1000 {
		if r == nil {
			return ""
		}
		if on := cmp.Or(r.ref["containerContent"], r.ref["owner"], listed[r.id]); on != "" {
			return on
		}
		r = im.content(r.ref["parent"])
	}
	return ""
}

func (im *importing) comment(r *exportedRow, on *content) {
	m := im.base(r, comment, on.space)
	m.parent, m.body = on, im.bodyOf(r.id)
	m.more = &more{remark: &remark{}}
	on.extra().comments = append(on.extra().comments, m)
	im.world.comments = append(im.world.comments, m)
}

// settleComment reads the facts of an inline comment (register row XM-13): an answer has those of the comment above.
func (im *importing) settleComment(m *content, r *exportedRow) {
	about := m.more.remark
	if about.replyTo != nil {
		top := about.replyTo
		for top.more.remark.replyTo != nil {
			top = top.more.remark.replyTo
		}
		about.inline = im.inline(text(top.id))
		about.marker, about.selection = im.fact(text(top.id), "inline-marker-ref"), im.fact(text(top.id), "inline-original-selection")
		if about.inline {
			about.resolution = "open"
		}
		return
	}
	if about.inline = im.inline(r.id); !about.inline {
		return
	}
	about.marker, about.selection = im.fact(r.id, "inline-marker-ref"), im.fact(r.id, "inline-original-selection")
	about.resolution = cmp.Or(im.fact(r.id, "status"), "open")
	if about.resolution == "dangling" {
		about.resolution, about.dangling = "open", true
	}
	if who := im.users[im.fact(r.id, "status-lastmodifier")]; who != nil {
		about.changedBy, about.changedAt = who, stamp(number(im.fact(r.id, "status-lastmoddate")))
	}
}

func (im *importing) inline(id string) bool {
	return strings.EqualFold(im.fact(id, "inline-comment"), "true") || im.fact(id, "actualCommentType") == "inline" ||
		im.fact(id, "inline-marker-ref") != ""
}

func (im *importing) importLabels() {
	listed := map[string]string{}
	for id := range im.byID["content"] {
		for _, l := range im.content(id).list["labellings"] {
			listed[l] = id
		}
	}
	for _, r := range im.rows["Labelling"] {
		l := im.byID["Label"][r.ref["label"]]
		owner := cmp.Or(r.ref["content"], listed[r.id])
		if l == nil || r.ref["pageTemplate"] != "" {
			continue
		}
		stuck := im.label(cmp.Or(l.get("namespace"), "global"), l.get("name"))
		if p := im.made[owner]; p != nil {
			p.stick(stuck)
		} else if d := im.content(owner); d != nil && d.class == "SpaceDescription" {
			if in := im.spaceOf(d); in != nil && !slices.Contains(in.labels, stuck) {
				in.labels = append(in.labels, stuck)
			}
		}
	}
}

func (im *importing) importRestrictions() {
	listed := map[string]string{}
	for id := range im.made {
		for _, set := range im.content(id).listOf("contentPermissionSets") {
			listed[set] = id
		}
	}
	members := map[string][]*exportedRow{}
	for _, r := range im.rows["ContentPermission"] {
		members[r.ref["owningSet"]] = append(members[r.ref["owningSet"]], r)
	}
	for _, set := range im.rows["ContentPermissionSet"] {
		p := im.made[cmp.Or(set.ref["owningContent"], listed[set.id])]
		if p == nil {
			continue
		}
		rows := members[set.id]
		for _, id := range set.list["contentPermissions"] {
			if r := im.byID["ContentPermission"][id]; r != nil && !slices.Contains(rows, r) {
				rows = append(rows, r)
			}
		}
		var who []string
		for _, r := range rows {
			if principal := im.principal(r, "groupName"); principal != "" && !slices.Contains(who, principal) {
				who = append(who, principal)
			}
		}
		slices.Sort(who)
		switch set.get("type") {
		case "View":
			p.extra().read = who
		case "Edit":
			p.extra().update = who
		}
	}
}

// finish sorts what is indexed by id and by time.
func (im *importing) finish() {
	byNumber := func(a, b *content) int { return cmp.Compare(a.id, b.id) }
	slices.SortFunc(im.world.files, byNumber)
	slices.SortFunc(im.world.comments, byNumber)
	for _, p := range im.made {
		p.space.changes = append(p.space.changes, moment{p.last.at, p})
		if p.more != nil {
			slices.SortFunc(p.more.files, byNumber)
		}
	}
	for _, in := range im.fresh {
		slices.SortFunc(in.changes, moment.compare)
	}
}
