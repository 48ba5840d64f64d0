package emulator

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
)

// number text of an id.
func text(id int64) string { return strconv.FormatInt(id, 10) }

// versionV2 is the version object of REST v2.
func versionV2(number int, v *version) object {
	return object{
		"number": number, "message": v.message, "minorEdit": v.minor, "authorId": v.by.id, "createdAt": v.at.String(),
		"ncsStepVersion": nil, // undocumented, as real answers have it (register row ID-13)
	}
}

// pageVersion is a version of a page or blog post: what was sent as minorEdit is kept but not told (open-facts OF-13).
func (c *call) pageVersion(number int, v *version) object {
	o := versionV2(number, v)
	o["minorEdit"] = v.minor && c.set.toldMinor
	return o
}

// pageV2 is a page or blog post as lists of REST v2 show it.
func (c *call) pageV2(p *content) object {
	o := object{
		"id": p.idText(), "status": p.status.String(), "title": p.title, "spaceId": text(p.space.id),
		"authorId": p.creator.id, "createdAt": p.created.String(), "version": c.pageVersion(p.number(), &p.last),
		"body": object{}, "_links": c.pageLinks(p),
	}
	if p.kind == page {
		o["parentId"], o["parentType"], o["position"] = c.parentV2(p)
		o["ownerId"], o["lastOwnerId"] = p.owner().id, nil
	}
	return o
}

// parentV2 returns parent id, parent type and position: null at the root, and all three in the trash.
func (c *call) parentV2(p *content) (id, kind, position any) {
	if p.status == trashed {
		return nil, nil, nil
	}
	if p.position != unset {
		position = p.position
	}
	if p.parent == nil {
		return nil, nil, position
	}
	return p.parent.idText(), p.parent.kind.String(), position
}

func (c *content) owner() *user {
	if c.more != nil && c.more.owner != nil {
		return c.more.owner
	}
	return c.creator
}

// pageLinks are the links of a page or blog post.
func (c *call) pageLinks(p *content) object {
	return object{
		"webui": p.webUI(), "editui": "/pages/resumedraft.action?draftId=" + p.idText(), "tinyui": "/x/" + shortLink(p.id),
		"edituiv2": "/spaces/" + p.space.key + "/pages/edit-v2/" + p.idText(),
	}
}

// webUI is the address of a content for people, below the context path.
func (c *content) webUI() string {
	root := "/spaces/" + c.space.key
	switch {
	case c.kind == attachment:
		return "/pages/viewpageattachments.action?pageId=" + c.parent.idText() + "&preview=/" + c.parent.idText() + "/" + text(c.id) + "/" + url.PathEscape(c.title)
	case c.kind == comment:
		on := c.root()
		return on.webUI() + "?focusedCommentId=" + text(c.id)
	case c.status == draft:
		return root + "/pages/edit-v2/" + c.idText() + "?draftShareId=" + c.idText()
	case c.kind == folder || c.kind.opaque():
		return root + "/" + c.kind.String() + "/" + c.idText()
	case c.kind == customContent:
		return root + "/custom-content/" + c.idText()
	case c.kind == blogPost:
		return root + "/blog/" + c.created.time().Format("2006/01/02") + "/" + c.idText() + "/" + url.QueryEscape(c.title)
	case c.space.home == c:
		return root + "/overview"
	}
	return root + "/pages/" + c.idText() + "/" + url.QueryEscape(c.title)
}

// shortLink is the end of the short address of a content: its id in little-endian bytes, in base 64 without the zeros
// at the end (cloud-api.md: tinyui).
func shortLink(id int64) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(id))
	size := 4
	if id >= 1<<32 {
		size = 8
	}
	s := strings.TrimRight(base64.StdEncoding.EncodeToString(b[:size]), "=")
	return strings.TrimRight(strings.NewReplacer("/", "-", "+", "_").Replace(s), "A")
}

// single makes a list row an answer for one content: with the base of the links.
func (c *call) single(o object) object {
	links, _ := o["_links"].(object)
	links["base"] = c.base()
	return o
}
