package markup

import (
	"strconv"
	"strings"
)

// linkBody writes what a link shows; without a body of its own, what it leads to.
func (r *renderer) linkBody(n *Node, otherwise string) {
	for _, name := range []string{"ac:link-body", "ac:plain-text-link-body"} {
		if body := n.Kid(name); body != nil && len(body.Kids) > 0 {
			r.kids(body)
			return
		}
	}
	r.out.WriteString(EscapeText(otherwise))
}

func (r *renderer) link(n *Node) {
	anchor, _ := n.Attr("ac:anchor")
	at := resource(n)
	if at == nil {
		if anchor == "" { // a link to nothing: broken (dc-api.md section 14)
			r.tag("span", "class", "error")
			r.linkBody(n, "")
			r.end("span")
			return
		}
		r.tag("a", "href", "#"+anchorOf(r.scene.Self.Title)+"-"+anchor)
		r.linkBody(n, anchor)
		r.end("a")
		return
	}
	switch at.Name {
	case "ri:user":
		r.mention(n, at)
	case "ri:page", "ri:blog-post":
		r.pageLink(n, at, anchor)
	case "ri:attachment":
		r.fileLink(n, at)
	case "ri:space":
		key, _ := at.Attr("ri:space-key")
		r.tag("a", "href", r.address("/spaces/"+key+"/overview"))
		r.linkBody(n, key)
		r.end("a")
	case "ri:url":
		value, _ := at.Attr("ri:value")
		r.tag("a", "href", value, "class", "external-link", "rel", "nofollow")
		r.linkBody(n, value)
		r.end("a")
	default:
		r.linkBody(n, "")
	}
}

func (r *renderer) mention(n, at *Node) {
	who, known := r.scene.user(at)
	name := who.Name
	if !known {
		name = "Unknown User (" + who.ID + ")"
		if r.scene.Cloud {
			name = "Former user"
		}
	}
	class, attr := "confluence-userlink user-mention", "data-account-id"
	if !r.scene.Cloud {
		class, attr = "confluence-userlink user-mention userlink-0", "data-username"
	}
	r.tag("a", "class", class, attr, who.ID, "href", r.address(who.Path))
	r.linkBody(n, name)
	r.end("a")
}

// pageLink leads to a page by its title. One by content id cannot be shown on Cloud (open-facts OF-37).
func (r *renderer) pageLink(n, at *Node, anchor string) {
	ref := refOf(at)
	if ref.Title == "" {
		r.tag("span", "class", "error")
		r.out.WriteString("Title must not be null or empty")
		r.end("span")
		return
	}
	to, ok := r.scene.page(ref)
	if !ok {
		path := "/pages/createpage.action?spaceKey=" + slug(ref.SpaceKey) + "&title=" + slug(ref.Title)
		r.tag("a", "class", "createlink", "href", r.address(path))
		r.linkBody(n, ref.Title)
		r.end("a")
		return
	}
	href := r.address(to.Path)
	if anchor != "" {
		href += "#" + anchorOf(to.Title) + "-" + anchor
	}
	pairs := []string{"href", href}
	if r.form == View || r.editor() {
		pairs = append(pairs, "data-linked-resource-id", to.ID, "data-linked-resource-version", strconv.Itoa(to.Version),
			"data-linked-resource-type", to.Type)
	}
	if r.editor() {
		pairs = append(pairs, "class", "confluence-link", "data-linked-resource-default-alias", to.Title, "data-base-url", r.scene.Base)
	}
	r.tag("a", pairs...)
	r.linkBody(n, to.Title)
	r.end("a")
}

func (r *renderer) fileLink(n, at *Node) {
	ref := refOf(at)
	f, ok := r.scene.file(ref)
	if !ok {
		r.tag("span", "class", "error")
		r.linkBody(n, ref.File)
		r.end("span")
		return
	}
	pairs := []string{"href", r.address(f.Path)}
	if r.form == View || r.editor() {
		pairs = append(pairs, "data-linked-resource-id", f.ID, "data-linked-resource-version", strconv.Itoa(f.Version),
			"data-linked-resource-type", "attachment", "data-linked-resource-default-alias", f.Name)
	}
	r.tag("a", pairs...)
	r.linkBody(n, f.Name)
	r.end("a")
}

func (r *renderer) image(n *Node) {
	at := resource(n)
	if at == nil {
		return
	}
	alt, _ := n.Attr("ac:alt")
	width, _ := n.Attr("ac:width")
	height, _ := n.Attr("ac:height")
	pairs := []string{"alt", alt, "width", width, "height", height}
	switch at.Name {
	case "ri:url":
		src, _ := at.Attr("ri:value")
		pairs = append(pairs, "class", "confluence-embedded-image confluence-external-resource", "src", src, "data-image-src", src)
	default:
		ref := refOf(at)
		f, ok := r.scene.file(ref)
		if !ok {
			r.tag("span", "class", "error")
			r.out.WriteString(EscapeText("Attachment not found: " + ref.File))
			r.end("span")
			return
		}
		src := r.address(f.Path)
		pairs = append(pairs, "class", "confluence-embedded-image", "src", src, "data-image-src", src)
		if r.form == View || r.editor() {
			pairs = append(pairs, "data-linked-resource-id", f.ID, "data-linked-resource-version", strconv.Itoa(f.Version),
				"data-linked-resource-type", "attachment", "data-linked-resource-default-alias", f.Name,
				"data-linked-resource-content-type", f.MediaType, "data-base-url", r.scene.Base)
		}
	}
	r.tag("span", "class", "confluence-embedded-file-wrapper")
	r.tag("img", pairs...)
	r.end("span")
	if caption := n.Kid("ac:caption"); caption != nil {
		r.tag("div", "class", "caption")
		r.kids(caption)
		r.end("div")
	}
}

// included renders the body of another page in place of a macro, its headings without ids.
func (r *renderer) included(ref Ref, pick func(*Node) *Node) bool {
	if r.scene.Stored == nil || r.includes >= maxIncludes {
		return false
	}
	stored, ok := r.scene.Stored(ref)
	if !ok {
		return false
	}
	root, err := Parse(stored)
	if err != nil {
		return false
	}
	if root = pick(root); root == nil {
		return false
	}
	inner := renderer{form: r.form, scene: r.scene, includes: r.includes + 1}
	inner.kids(root)
	r.out.WriteString(strings.TrimSpace(inner.out.String()))
	return true
}
