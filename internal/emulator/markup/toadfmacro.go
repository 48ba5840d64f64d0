package markup

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// macroCore is the kind of extension that macros are.
const macroCore = "com.atlassian.confluence.macro.core"

// macro converts a macro that stands as a block: to a node of its own where there is one, else to an extension.
func (d *docWriter) macro(n *Node) *docNode {
	name, _ := n.Attr("ac:name")
	body := n.Kid("ac:rich-text-body")
	switch {
	case name == "code":
		text := ""
		if plain := n.Kid("ac:plain-text-body"); plain != nil {
			text = rawText(plain)
		}
		return codeBlock(param(n, "language"), text)
	case panels[name] != "" && body != nil:
		return &docNode{Type: "panel", Attrs: attrs{"panelType": panels[name]}, Content: d.titled(n, d.blocks(body.Kids, "panel"))}
	case name == "expand" && body != nil:
		out := &docNode{Type: "expand", Attrs: attrs{"title": param(n, "title")}, Content: d.blocks(body.Kids, "expand")}
		return orParagraph(out)
	case body != nil:
		out := d.macroNode(n, "bodiedExtension")
		out.Content = d.blocks(body.Kids, "bodiedExtension")
		return orParagraph(out)
	}
	return d.macroNode(n, "extension")
}

// orParagraph gives an empty paragraph to what may not be empty.
func orParagraph(n *docNode) *docNode {
	if len(n.Content) == 0 {
		n.Content = []*docNode{{Type: "paragraph"}}
	}
	return n
}

// titled puts the title of a panel before its content, as a bold paragraph (row 22).
func (d *docWriter) titled(n *Node, content []*docNode) []*docNode {
	if title := param(n, "title"); title != "" {
		bold := &docNode{Type: "paragraph", Content: []*docNode{{Type: "text", Text: title, Marks: []docMark{{Type: "strong"}}}}}
		content = append([]*docNode{bold}, content...)
	}
	if len(content) == 0 {
		content = []*docNode{{Type: "paragraph"}}
	}
	return content
}

// macroNode is a macro as an extension, with its parameters as text.
func (d *docWriter) macroNode(n *Node, kind string) *docNode {
	name, _ := n.Attr("ac:name")
	params := attrs{}
	for _, k := range n.Kids {
		switch k.Name {
		case "ac:parameter":
			own, _ := k.Attr("ac:name")
			value := attrs{"value": rawText(k)}
			if len(k.Kids) > 0 && resource(k) != nil || k.Kid("ac:link") != nil { // a reference, which is no text
				value["cxhtml"] = (&Node{Kids: k.Kids}).String()
			}
			params[own] = value
		case "ac:plain-text-body":
			params["__bodyContent"] = attrs{"value": rawText(k)}
		}
	}
	meta := attrs{"schemaVersion": attrs{"value": "1"}, "title": name}
	if id, _ := n.Attr("ac:macro-id"); id != "" {
		meta["macroId"] = attrs{"value": id}
	}
	if v, _ := n.Attr("ac:schema-version"); v != "" {
		meta["schemaVersion"] = attrs{"value": v}
	}
	a := attrs{
		"extensionType": macroCore, "extensionKey": name, "localId": d.localID(n),
		"parameters": attrs{"macroParams": params, "macroMetadata": meta},
	}
	if kind != "inlineExtension" {
		a["layout"] = "default"
		if layout, _ := n.Attr("data-layout"); layout != "" {
			a["layout"] = layout
		}
	}
	return &docNode{Type: kind, Attrs: a}
}

// statusColours are the colours of a status by the parameter of its macro.
var statusColours = map[string]string{
	"": "neutral", "Grey": "neutral", "Green": "green", "Yellow": "yellow", "Red": "red", "Blue": "blue", "Purple": "purple",
}

func (d *docWriter) inlineMacro(n *Node) *docNode {
	if name, _ := n.Attr("ac:name"); name == "status" {
		colour := statusColours[param(n, "colour")]
		if colour == "" {
			colour = "neutral"
		}
		return &docNode{Type: "status", Attrs: attrs{"text": param(n, "title"), "color": colour, "style": "", "localId": d.localID(n)}}
	}
	return d.macroNode(n, "inlineExtension")
}

// mediaAttrs are the attributes of a file; one that is not there gets an id of its own (row 33).
func (d *docWriter) mediaAttrs(at *Node) attrs {
	if at.Name == "ri:url" {
		value, _ := at.Attr("ri:value")
		return attrs{"type": "external", "url": value}
	}
	ref := refOf(at)
	if f, ok := d.scene.file(ref); ok {
		return attrs{"type": "file", "id": f.FileID, "collection": f.Collection, "__fileName": f.Name}
	}
	return attrs{"type": "file", "id": "UNKNOWN_MEDIA_ID", "collection": "", "__fileName": ref.File}
}

func (d *docWriter) media(n *Node) (attrs, bool) {
	at := resource(n)
	if at == nil {
		return nil, false
	}
	a := d.mediaAttrs(at)
	for attr, member := range map[string]string{"ac:original-width": "width", "ac:original-height": "height"} {
		if v, _ := n.Attr(attr); v != "" {
			if px, err := strconv.Atoi(v); err == nil {
				a[member] = px
			}
		}
	}
	if alt, _ := n.Attr("ac:alt"); alt != "" {
		a["alt"] = alt
	}
	return a, true
}

func (d *docWriter) image(n *Node) *docNode {
	a, ok := d.media(n)
	if !ok {
		return d.legacy(n)
	}
	out := &docNode{Type: "mediaSingle", Attrs: attrs{"layout": "center"}, Content: []*docNode{{Type: "media", Attrs: a}}}
	if layout, _ := n.Attr("ac:layout"); layout != "" {
		out.Attrs["layout"] = layout
	} else if align, _ := n.Attr("ac:align"); align == "left" || align == "right" {
		out.Attrs["layout"] = map[string]string{"left": "align-start", "right": "align-end"}[align]
	}
	if width, _ := n.Attr("ac:width"); width != "" {
		if px, err := strconv.Atoi(width); err == nil {
			out.Attrs["width"], out.Attrs["widthType"] = px, "pixel"
		}
	}
	if caption := n.Kid("ac:caption"); caption != nil {
		text, _ := d.taskText(caption.Kids)
		out.Content = append(out.Content, &docNode{Type: "caption", Content: text})
	}
	return out
}

func (d *docWriter) inlineImage(n *Node) *docNode {
	a, ok := d.media(n)
	if !ok || a.text("type") == "external" {
		return &docNode{Type: "inlineCard", Attrs: attrs{"url": a.text("url")}}
	}
	return &docNode{Type: "mediaInline", Attrs: a}
}

// extension reads a node of the new editor that storage format holds as such; what is no node stays as it is.
func (d *docWriter) extension(n *Node) []*docNode {
	var out []*docNode
	for _, k := range n.Kids {
		if k.Name == "ac:adf-node" {
			out = append(out, d.adfNode(k))
		}
	}
	if len(out) == 0 {
		return []*docNode{d.legacy(n)}
	}
	return out
}

// adfNode reads one such node. Names of attributes are written with hyphens in storage format.
func (d *docWriter) adfNode(n *Node) *docNode {
	kind, _ := n.Attr("type")
	out := &docNode{Type: camel(kind)}
	if _, known := holds[out.Type]; !known {
		return d.legacy(&Node{Name: "ac:adf-extension", Kids: []*Node{n}})
	}
	for _, k := range n.Kids {
		switch k.Name {
		case "ac:adf-attribute":
			key, _ := k.Attr("key")
			if out.Attrs == nil {
				out.Attrs = attrs{}
			}
			out.Attrs[camel(key)] = rawText(k)
		case "ac:adf-content":
			out.Content = append(out.Content, d.blocks(k.Kids, out.Type)...)
		case "ac:adf-node":
			out.Content = append(out.Content, d.adfNode(k))
		}
	}
	if len(out.Content) > 0 && out.Type == "decisionItem" {
		out.Content = d.lifted(&docNode{Content: out.Content}, "decisionItem")
	}
	return out
}

func camel(name string) string {
	parts := strings.Split(name, "-")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

// kebab is the other way.
func kebab(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// pageAddress is the address of a page by id below a site's address.
var pageAddress = regexp.MustCompile(`^/(?:spaces/[^/?#]+/pages/(\d+)(?:/[^?#]*)?|pages/viewpage\.action\?pageId=(\d+))(#.*)?$`)

// address writes the address of a page of this site in the form that servers give it when it passes the new editor:
// with the title where there is an anchor, without it elsewhere (row 19; open-facts OF-29).
func (d *docWriter) address(href string) string { return d.scene.pageAddress(href) }

func (s *Scene) pageAddress(href string) string {
	path, own := strings.CutPrefix(href, s.Base)
	m := pageAddress.FindStringSubmatch(path)
	if !own || s.Base == "" || m == nil || s.ByID == nil {
		return href
	}
	to, ok := s.ByID(m[1] + m[2])
	if !ok {
		return href
	}
	short := s.Base + "/spaces/" + url.PathEscape(to.SpaceKey) + "/pages/" + to.ID
	if m[3] == "" {
		return short
	}
	return short + "/" + slug(to.Title) + m[3]
}
