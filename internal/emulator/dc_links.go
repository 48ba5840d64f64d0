package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// idDC is the id of a content; attachments have the prefix att on some versions only (register row ID-12).
func (c *call) idDC(p *content) string {
	if c.set.barePrefix {
		return text(p.id)
	}
	return p.idText()
}

func (c *call) selfDC(p *content) string { return "/rest/api/content/" + c.idDC(p) }

// dateDC writes a time with the server's offset (register row ID-15).
func (c *call) dateDC(s stamp) string {
	return s.time().In(c.set.dateZone).Format("2006-01-02T15:04:05.000Z07:00")
}

// plainTitle reports whether an old address can hold the title.
func plainTitle(title string) bool {
	for _, r := range title {
		if r >= 0x80 || strings.ContainsRune(`?&\;"%+/#:<>|`, r) {
			return false
		}
	}
	return title != "." && title != ".."
}

// webDC is the address of a content for people (register row ID-10).
func (c *call) webDC(p *content) string {
	recent := c.product.release >= since9
	byID := "/pages/viewpage.action?pageId=" + text(p.id)
	switch {
	case p.kind == comment:
		on := c.webDC(p.root())
		sep := "?"
		if strings.Contains(on, "?") {
			sep = "&"
		}
		return on + sep + "focusedCommentId=" + text(p.id) + "#comment-" + text(p.id)
	case p.kind == attachment:
		on := c.webDC(p.root())
		sep := "?"
		if strings.Contains(on, "?") {
			sep = "&"
		}
		return on + sep + "preview=" + url.QueryEscape("/"+text(p.parent.id)+"/"+text(p.id)+"/"+p.title)
	case p.status == draft:
		return "/pages/resumedraft.action?draftId=" + text(p.id) + "&draftShareId=" + c.uuid("draft", text(p.id))
	case p.status == trashed:
		return byID
	case p.kind == blogPost && recent:
		return "/spaces/" + p.space.key + "/blog/" + p.created.time().Format("2006/01/02") + "/" + text(p.id) + "/" + url.QueryEscape(p.title)
	case recent:
		return "/spaces/" + p.space.key + "/pages/" + text(p.id) + "/" + url.QueryEscape(p.title)
	case !plainTitle(p.title):
		return byID
	case p.kind == blogPost:
		return "/display/" + p.space.key + "/" + p.created.time().Format("2006/01/02") + "/" + url.QueryEscape(p.title)
	}
	return "/display/" + p.space.key + "/" + url.QueryEscape(p.title)
}

// linksDC are the links of a content.
func (c *call) linksDC(p *content) object {
	links := object{"webui": c.webDC(p), "self": c.base() + c.selfDC(p)}
	if p.kind == page || p.kind == blogPost {
		edit := "/pages/resumedraft.action?draftId=" + text(p.id)
		if p.more != nil && p.more.pending != nil {
			edit += "&draftShareId=" + c.uuid("draft", text(p.id))
		}
		links["edit"], links["tinyui"] = edit, "/x/"+shortLink(p.id)
	}
	if p.kind == attachment {
		links["download"] = c.downloadDC(p, p.number(), p.last.at)
	}
	return links
}

// downloadDC is the way to the bytes of a version of an attachment, below the base (register row AT-06).
func (c *call) downloadDC(p *content, number int, at stamp) string {
	return "/download/attachments/" + text(p.parent.id) + "/" + url.PathEscape(p.title) + "?version=" + text(int64(number)) +
		"&modificationDate=" + text(int64(at)) + "&api=v2"
}

// wholeDC adds the links of an answer that is one object.
func (c *call) wholeDC(o object, collection string) object {
	links, _ := o["_links"].(object)
	if links == nil {
		links = object{}
		o["_links"] = links
	}
	links["base"], links["context"] = c.base(), c.context
	if collection != "" {
		links["collection"] = collection
	}
	return o
}

// followShort leads a short address to the page (register row ID-11).
func followShort(c *call) (answer, error) {
	p := c.world.contents[longID(c.params[0])]
	if p == nil || !c.sees(p) {
		return htmlAnswer(http.StatusNotFound, "Not Found"), nil
	}
	a := answer{status: http.StatusFound}
	a.set("Location", c.base()+c.webDC(p))
	return a, nil
}
