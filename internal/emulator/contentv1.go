package emulator

import (
	"encoding/base64"
	"strings"
)

// expansions are the paths of an expand parameter, each with all paths above it.
type expansions map[string]bool

// expand reads the expand parameter.
func (c *call) expand() expansions {
	e := expansions{}
	for _, path := range c.list("expand") {
		for {
			e[path] = true
			i := strings.LastIndexByte(path, '.')
			if i < 0 {
				break
			}
			path = path[:i]
		}
	}
	return e
}

// below returns the expansions under a member.
func (e expansions) below(member string) expansions {
	out := expansions{}
	for path := range e {
		if rest, ok := strings.CutPrefix(path, member+"."); ok {
			out[rest] = true
		}
	}
	return out
}

// versionV1 is a version as REST v1 shows it.
func (c *call) versionV1(p *content) object {
	return object{
		"by": c.userV1(p.last.by), "when": p.last.at.String(), "friendlyWhen": p.last.at.time().Format("Jan 02, 2006"),
		"message": p.last.message, "number": p.number(), "minorEdit": p.last.minor, "contentTypeModified": false,
		"confRev":     "confluence$content$" + text(p.id) + "." + text(int64(p.number())),
		"_expandable": object{"collaborators": "", "content": "/rest/api/content/" + p.idText()},
		"_links":      object{"self": c.base() + "/rest/api/content/" + p.idText() + "/version/" + text(int64(p.number()))},
	}
}

func (c *call) historyV1(p *content) object {
	return object{
		"latest": true, "createdBy": c.userV1(p.creator), "createdDate": p.created.String(),
		"_expandable": object{"lastUpdated": "", "previousVersion": "", "contributors": "", "nextVersion": "", "ownedBy": "", "lastOwnedBy": ""},
		"_links":      object{"self": c.base() + "/rest/api/content/" + p.idText() + "/history"},
	}
}

// contentV1 is a content as REST v1 shows it. Members that are not expanded are only named.
func (c *call) contentV1(p *content, e expansions) object {
	self := "/rest/api/content/" + p.idText()
	title := p.title
	if p.kind == comment {
		title = "Re: " + p.root().title
	}
	ari := "ari:cloud:confluence:" + c.cloudID + ":" + p.kind.String() + "/" + text(p.id)
	o := object{
		"id": p.idText(), "type": p.kind.String(), "status": p.status.String(), "title": title, "ari": ari,
		"base64EncodedAri": base64.StdEncoding.EncodeToString([]byte(ari)), "macroRenderedOutput": object{},
	}
	if p.live() {
		o["subType"], o["subtype"] = "live", "live" // both, as recorded
	}
	expandable := object{
		"container": "/rest/api/space/" + p.space.key, "metadata": "", "restrictions": self + "/restriction/byOperation",
		"history": self + "/history", "version": "", "descendants": self + "/descendant", "space": "/rest/api/space/" + p.space.key,
		"childTypes": "", "schedulePublishInfo": "", "operations": "", "schedulePublishDate": "", "children": self + "/child",
		"draftVersion": "", "body": "", "ancestors": "",
	}
	for member, value := range c.membersV1(p, e) {
		if e[member] {
			o[member] = value()
			delete(expandable, member)
		}
	}
	c.extensionsV1(p, e, o, expandable)
	o["_expandable"], o["_links"] = expandable, c.linksV1(p)
	return o
}

// membersV1 are the members that can be expanded.
func (c *call) membersV1(p *content, e expansions) map[string]func() any {
	return map[string]func() any{
		"version":      func() any { return c.versionV1(p) },
		"history":      func() any { return c.historyV1(p) },
		"space":        func() any { return c.spaceV1(p.space, false) },
		"container":    func() any { return c.containerV1(p) },
		"ancestors":    func() any { return c.ancestorsV1(p) },
		"body":         func() any { return c.bodyV1(p, e.below("body")) },
		"metadata":     func() any { return c.metadataV1(p, e.below("metadata")) },
		"restrictions": func() any { return c.restrictionsV1(p, e.below("restrictions")) },
		"childTypes":   func() any { return c.childTypesV1(p, e.below("childTypes")) },
		"operations":   func() any { return c.operationsV1(p) },
		"children":     func() any { return c.familyV1(p, e.below("children"), "child", 1) },
		"descendants":  func() any { return c.familyV1(p, e.below("descendants"), "descendant", anyDepth) },
	}
}

// extensionsV1 adds what only some kinds of content have.
func (c *call) extensionsV1(p *content, e expansions, o, expandable object) {
	switch p.kind {
	case attachment:
		f := p.more.file
		metadata := c.metadataV1(p, e.below("metadata"))
		metadata["mediaType"] = f.mediaType
		if f.comment != "" {
			metadata["comment"] = f.comment
		}
		o["metadata"] = metadata
		delete(expandable, "metadata")
		o["extensions"] = object{
			"mediaType": f.mediaType, "fileSize": f.size, "comment": f.comment, "mediaTypeDescription": mediaName(f.mediaType),
			"fileId": f.uuid, "collectionName": "contentId-" + p.parent.idText(),
		}
	case comment:
		location := "footer"
		if p.more.remark.inline {
			location = "inline"
		}
		o["extensions"] = object{"location": location}
	default:
		o["extensions"] = object{"position": childPosition(p)}
	}
}

func (c *call) linksV1(p *content) object {
	links := object{"self": c.base() + "/rest/api/content/" + p.idText(), "webui": p.webUI()}
	if p.kind == page || p.kind == blogPost {
		for k, v := range c.pageLinks(p) {
			links[k] = v
		}
	}
	if p.kind == attachment {
		links["download"] = p.downloadUI()
	}
	return links
}

func (c *call) containerV1(p *content) object {
	if p.kind == comment || p.kind == attachment {
		return c.contentV1(p.parent, nil)
	}
	return c.spaceV1(p.space, false)
}

func (c *call) ancestorsV1(p *content) []object {
	out := []object{}
	for at := p.parent; at != nil && p.tree(); at = at.parent {
		if c.hides(at) {
			continue
		}
		out = append([]object{c.contentV1(at, nil)}, out...)
	}
	return out
}

// bodyV1 is the body in the forms expanded.
func (c *call) bodyV1(p *content, e expansions) object {
	out, expandable := object{}, object{}
	for _, form := range []string{
		"storage", "view", "export_view", "styled_view", "editor", "editor2", "anonymous_export_view", "atlas_doc_format", "dynamic",
	} {
		if !e[form] || form == "dynamic" {
			expandable[form] = ""
			continue
		}
		value, err := c.rendering(c.heap.text(p.body), form, p.space, p)
		if err != nil { // what came in by an import and is no storage format is shown as it is
			value = c.heap.text(p.body)
		}
		out[form] = c.bodyFormV1(value, form, object{"content": "/rest/api/content/" + p.idText()})
	}
	out["_expandable"] = expandable
	return out
}

func (c *call) bodyFormV1(value, form string, expandable object) object {
	return object{"value": value, "representation": form, "embeddedContent": []object{}, "_expandable": expandable}
}

func (c *call) metadataV1(p *content, e expansions) object {
	out := object{"_expandable": object{"currentuser": "", "comments": "", "simple": "", "properties": "", "frontend": "", "likes": ""}}
	if e["labels"] {
		labels := c.labelsV1(p.labels, "")
		labels["_links"] = object{"self": c.base() + "/rest/api/content/" + p.idText() + "/label"}
		out["labels"] = labels
	}
	return out
}

// restrictionsV1 is the expansion of restrictions: read and update, each with the lists asked for.
func (c *call) restrictionsV1(p *content, e expansions) object {
	out, expandable := object{}, object{}
	read, update := p.restricted()
	for operation, who := range map[string][]string{"read": read, "update": update} {
		if !e[operation] {
			expandable[operation] = ""
			continue
		}
		below := e.below(operation)
		out[operation] = c.restrictionV1(p, operation, who, below["restrictions.user"], below["restrictions.group"])
	}
	out["_expandable"] = expandable
	out["_links"] = object{"self": c.base() + "/rest/api/content/" + p.idText() + "/restriction/byOperation"}
	return out
}

func (c *call) childTypesV1(p *content, e expansions) object {
	has := map[string]bool{"attachment": len(p.files()) > 0, "comment": len(p.comments()) > 0, "page": false}
	for _, kid := range p.kids {
		has["page"] = has["page"] || kid.kind == page
	}
	out, expandable := object{}, object{}
	for kind, there := range has {
		if !e[kind] && !e["all"] {
			expandable[kind] = ""
			continue
		}
		out[kind] = object{"value": there, "_links": object{"self": c.base() + "/rest/api/content/" + p.idText() + "/child/" + kind}}
	}
	out["_expandable"] = expandable
	return out
}

func (c *call) operationsV1(p *content) []object {
	out := []object{}
	for _, o := range c.operations(p) {
		out = append(out, object{"operation": o["operation"], "targetType": o["targetType"]})
	}
	return out
}
