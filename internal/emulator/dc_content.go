package emulator

import "encoding/json"

// shown is a content as it is answered: as it is now, as one of its versions, or as the draft over it.
type shown struct {
	*content
	version *version
	n       int
	as      string // status
	called  string
	text    span
}

// now shows a content as it is.
func (p *content) now() shown {
	return shown{p, &p.last, p.number(), p.status.String(), p.title, p.body}
}

// then shows one version of a content.
func (p *content) then(number int) (shown, bool) {
	v, body, found := p.versionAt(number)
	if !found {
		return shown{}, false
	}
	s := shown{p, v, number, p.status.String(), p.title, body}
	if number != p.number() {
		s.as = "historical"
		if v.title != "" {
			s.called = v.title
		}
	}
	return s, true
}

// draftOf shows the draft over a published content.
func (p *content) draftOf() shown {
	d := p.more.pending
	return shown{p, &version{at: d.at, by: d.by}, p.number(), "draft", d.title, d.body}
}

// contentDC is a content as Data Center shows it; what is not expanded is only named (register row ID-14).
func (c *call) contentDC(v shown, e expansions) object {
	p, self := v.content, c.selfDC(v.content)
	title := v.called
	if p.kind == comment {
		title = "Re: " + p.root().title
	}
	o := object{"id": c.idDC(p), "type": p.kind.String(), "status": v.as, "title": title, "_links": c.linksDC(p)}
	expandable := object{
		"container": c.containerLinkDC(p), "metadata": "", "operations": "", "children": self + "/child",
		"restrictions": self + "/restriction/byOperation", "history": self + "/history", "ancestors": "", "body": "", "version": "",
		"descendants": self + "/descendant", "space": "/rest/api/space/" + p.space.key,
	}
	if c.product.release >= since9 {
		expandable["relevantViewRestrictions"] = self + "/restriction/relevantViewRestrictions"
		o["position"] = -1
		if p.tree() && p.position != unset {
			o["position"] = p.position
		}
	}
	o["_expandable"] = expandable
	o["extensions"] = c.extensionsDC(p, e.below("extensions"))
	if p.kind == attachment {
		o["metadata"] = c.metadataDC(p, e.below("metadata"))
		delete(expandable, "metadata")
	}
	for _, member := range memberNamesDC {
		if e[member] {
			o[member] = c.memberDC(v, member, e.below(member))
			delete(expandable, member)
		}
	}
	return o
}

func (c *call) containerLinkDC(p *content) string {
	if p.kind == comment || p.kind == attachment {
		return c.selfDC(p.parent)
	}
	return "/rest/api/space/" + p.space.key
}

// memberNamesDC are the members that can be expanded.
var memberNamesDC = []string{
	"version", "history", "space", "container", "ancestors", "body", "metadata", "restrictions", "relevantViewRestrictions",
	"operations", "children", "descendants",
}

// memberDC is one member that is expanded, with what is expanded below it.
func (c *call) memberDC(v shown, member string, below expansions) any {
	p := v.content
	switch member {
	case "version":
		return c.versionDC(v, below)
	case "history":
		return c.historyDC(v, below)
	case "space":
		return c.spaceDC(p.space, below)
	case "container":
		return c.containerDC(p, below)
	case "ancestors":
		return c.ancestorsDC(p, below)
	case "body":
		return c.bodyDC(v, below)
	case "metadata":
		return c.metadataDC(p, below)
	case "restrictions":
		return c.restrictionsDC(p, below)
	case "relevantViewRestrictions":
		return object{"viewContentRestrictions": object{"results": c.viewRestrictionsDC(p)}}
	case "operations":
		return c.operationsV1(p)
	case "children":
		return c.childrenDC(p, below, 0, 25)
	}
	return c.descendantsDC(p, below)
}

// versionDC is a version; its own address is the experimental one until that was given up (open-facts OF-39).
func (c *call) versionDC(v shown, e expansions) object {
	self := "/rest/experimental/content/"
	if c.product.release >= since11 {
		self = "/rest/api/content/"
	}
	o := object{
		"by": c.userDC(v.version.by, false), "when": c.dateDC(v.version.at), "message": v.version.message, "number": v.n,
		"minorEdit": v.version.minor && c.set.toldMinor, "hidden": false,
		"_links":      object{"self": c.base() + self + c.idDC(v.content) + "/version/" + text(int64(v.n))},
		"_expandable": object{"content": c.selfDC(v.content)},
	}
	if e["content"] {
		o["content"], o["_expandable"] = c.contentDC(v, e.below("content")), object{}
	}
	return o
}

// historyDC tells who made a content and its versions.
func (c *call) historyDC(v shown, e expansions) object {
	p := v.content
	o := object{
		"latest": v.n == p.number(), "createdBy": c.userDC(p.creator, false), "createdDate": c.dateDC(p.created),
		"_links": object{"self": c.base() + c.selfDC(p) + "/history"},
	}
	expandable := object{}
	for _, member := range []string{"lastUpdated", "previousVersion", "contributors", "nextVersion"} {
		if !e[member] {
			expandable[member] = ""
		}
	}
	o["_expandable"] = expandable
	neighbour := func(step int) any {
		for n := v.n + step; n >= int(p.firstAt) && n <= p.number(); n += step {
			if other, found := p.then(n); found {
				return c.versionDC(other, nil)
			}
		}
		return nil
	}
	if e["lastUpdated"] {
		o["lastUpdated"] = c.versionDC(p.now(), nil)
	}
	for member, step := range map[string]int{"previousVersion": -1, "nextVersion": 1} {
		if other := neighbour(step); e[member] && other != nil {
			o[member] = other
		}
	}
	if e["contributors"] {
		o["contributors"] = c.contributorsDC(p, e.below("contributors"))
	}
	return o
}

func (c *call) contributorsDC(p *content, e expansions) object {
	if !e["publishers"] {
		return object{"_expandable": object{"publishers": ""}}
	}
	seen := map[*user]bool{}
	users, keys := []object{}, []string{}
	add := func(u *user) {
		if u != nil && !seen[u] {
			seen[u] = true
			users, keys = append(users, c.userDC(u, false)), append(keys, u.key)
		}
	}
	add(p.creator)
	for _, v := range p.older {
		add(v.by)
	}
	add(p.last.by)
	publishers := object{"userKeys": keys}
	if e["publishers.users"] {
		publishers["users"], publishers["_expandable"] = users, object{}
	} else {
		publishers["_expandable"] = object{"users": ""}
	}
	return object{"publishers": publishers}
}

func (c *call) containerDC(p *content, e expansions) object {
	if p.kind == comment || p.kind == attachment {
		return c.contentDC(p.parent.now(), e)
	}
	return c.spaceDC(p.space, e)
}

// ancestorsDC are what stands above, root first, the parent last (register row TR-08): of a page its pages, of a reply
// the comment it answers.
func (c *call) ancestorsDC(p *content, e expansions) []object {
	out := []object{}
	if p.kind == comment {
		for at := p.more.remark.replyTo; at != nil; at = at.more.remark.replyTo {
			out = append([]object{c.contentDC(at.now(), e)}, out...)
		}
		return out
	}
	if !p.tree() {
		return out
	}
	for at := p.parent; at != nil; at = at.parent {
		if !c.hides(at) {
			out = append([]object{c.contentDC(at.now(), e)}, out...)
		}
	}
	return out
}

// formsDC are the forms of a body that can be expanded.
var formsDC = []string{"storage", "editor", "view", "export_view", "styled_view", "anonymous_export_view"}

func (c *call) bodyDC(v shown, e expansions) object {
	out, expandable := object{}, object{}
	for _, form := range formsDC {
		if !e[form] {
			expandable[form] = ""
			continue
		}
		out[form] = c.formDC(v.content, c.heap.text(v.text), form)
	}
	out["_expandable"] = expandable
	return out
}

// formDC is a body in one form.
func (c *call) formDC(p *content, stored, form string) object {
	expandable := object{}
	if p != nil {
		expandable["content"] = c.selfDC(p)
	}
	if form != "storage" && form != "editor" {
		expandable["webresource"] = ""
	}
	return object{"value": c.rendered(p, stored, form), "representation": form, "_expandable": expandable}
}

// rendered is a stored body in one form; one that came in broken by an act shows as it is.
func (c *call) rendered(p *content, stored, form string) string {
	var in *space
	if p != nil {
		in = p.space
	}
	out, err := c.rendering(stored, form, in, p)
	if err != nil {
		return stored
	}
	return out
}

func labelDC(l *label) object {
	name := l.name
	if l.prefix != "global" {
		name = l.prefix + ":" + l.name
	}
	return object{"prefix": l.prefix, "name": l.name, "id": text(l.id), "label": name}
}

// metadataDC is what is known about a content besides it.
func (c *call) metadataDC(p *content, e expansions) object {
	out, expandable := object{}, object{}
	if p.kind == attachment {
		f := p.more.file
		out["mediaType"] = f.mediaType
		if f.comment != "" {
			out["comment"] = f.comment
		}
	}
	for member, value := range map[string]func() any{
		"labels":      func() any { return c.labelsDC(p) },
		"properties":  func() any { return c.propertyMapDC(p, e.below("properties")) },
		"currentuser": func() any { return c.currentUserDC(p) },
		"likes":       func() any { return object{"count": 0} },
	} {
		if e[member] {
			out[member] = value()
		} else {
			expandable[member] = ""
		}
	}
	out["_expandable"] = expandable
	return out
}

func (c *call) labelsDC(p *content) object {
	rows := []object{}
	for _, l := range p.labels {
		if len(rows) < 200 {
			rows = append(rows, labelDC(l))
		}
	}
	return object{"results": rows, "start": 0, "limit": 200, "size": len(rows), "_links": object{"self": c.base() + c.selfDC(p) + "/label"}}
}

// propertyMapDC are the properties that are expanded by key.
func (c *call) propertyMapDC(p *content, e expansions) object {
	out, expandable := object{}, object{}
	if p.more != nil {
		for _, prop := range p.more.props {
			if !e[prop.key] {
				expandable[prop.key] = c.selfDC(p) + "/property/" + prop.key
				continue
			}
			out[prop.key] = object{
				"id": text(prop.id), "key": prop.key, "value": json.RawMessage(prop.value),
				"_links":      object{"self": c.base() + c.selfDC(p) + "/property/" + prop.key},
				"_expandable": object{"content": c.selfDC(p), "version": ""},
			}
		}
	}
	out["_expandable"] = expandable
	return out
}

// currentUserDC says what the caller did with a content.
func (c *call) currentUserDC(p *content) object {
	out := object{"_expandable": object{"favourited": "", "viewed": ""}}
	contributed := func(v shown) object {
		return object{"status": v.as, "when": c.dateDC(v.version.at)}
	}
	for n := p.number(); n >= int(p.firstAt); n-- {
		if v, found := p.then(n); found && v.version.by == c.user {
			out["lastcontributed"] = contributed(v)
			break
		}
	}
	out["lastmodified"] = object{"version": c.versionDC(p.now(), nil), "friendlyLastModified": p.last.at.time().Format("Jan 02, 2006")}
	return out
}

// extensionsDC is what only some kinds of content have.
func (c *call) extensionsDC(p *content, e expansions) object {
	switch p.kind {
	case attachment:
		f := p.more.file
		return object{"mediaType": f.mediaType, "fileSize": f.size, "comment": f.comment}
	case comment:
		return c.remarkDC(p, e)
	}
	if p.tree() && p.position != unset {
		return object{"position": p.position}
	}
	return object{"position": "none"}
}

// remarkDC says where a comment stands and whether it is resolved.
func (c *call) remarkDC(p *content, e expansions) object {
	r := p.more.remark
	out, expandable := object{"location": "footer"}, object{}
	if r.inline {
		out["location"] = "inline"
		if e["inlineProperties"] {
			out["inlineProperties"] = object{"originalSelection": r.selection, "markerRef": r.marker}
		} else {
			expandable["inlineProperties"] = ""
		}
	}
	if e["resolution"] {
		state := r.resolution
		switch {
		case r.dangling:
			state = "dangling"
		case state == "":
			state = "open"
		}
		resolution := object{"status": state}
		if r.changedBy != nil {
			resolution["lastModifier"], resolution["lastModifiedDate"] = c.userDC(r.changedBy, false), c.dateDC(r.changedAt)
		}
		out["resolution"] = resolution
	} else {
		expandable["resolution"] = ""
	}
	out["_expandable"] = expandable
	return out
}
