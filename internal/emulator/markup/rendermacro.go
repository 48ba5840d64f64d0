package markup

import (
	"slices"
	"strconv"
	"strings"
)

// boxes are the macros that are shown as a coloured box, with the class that the renderer gives.
var boxes = map[string]string{"info": "information", "tip": "tip", "note": "note", "warning": "warning"}

func (r *renderer) macro(n *Node) {
	if r.editor() {
		r.editorMacro(n)
		return
	}
	name, _ := n.Attr("ac:name")
	body := n.Kid("ac:rich-text-body")
	if boxes[name] != "" {
		r.box(n, name, body)
		return
	}
	switch name {
	case "code", "noformat":
		r.code(n, name)
	case "panel":
		r.wrapped(n, "panel conf-macro output-block", "panelHeader", "panelContent", body)
	case "expand":
		r.wrapped(n, "expand-container conf-macro output-block", "expand-control-text", "expand-content", body)
	case "status":
		r.status(n)
	case "toc":
		r.contents(n)
	case "anchor":
		r.tag("span", "class", "confluence-anchor-link conf-macro output-inline", "id", anchorOf(r.scene.Self.Title)+"-"+anchorOf(param(n, "")))
		r.end("span")
	case "children":
		r.children(n)
	case "include", "excerpt-include":
		r.include(n, name)
	case "excerpt":
		if param(n, "hidden") != "true" && body != nil {
			r.kids(body)
		}
	case "jira":
		r.tag("span", "class", "jira-issue conf-macro output-block", "data-jira-key", param(n, "key"), "data-macro-name", "jira")
		r.out.WriteString(EscapeText(param(n, "key") + param(n, "jqlQuery")))
		r.end("span")
	default:
		r.otherMacro(n, name, body)
	}
}

func (r *renderer) box(n *Node, name string, body *Node) {
	r.tag("div", "class", "confluence-information-macro confluence-information-macro-"+boxes[name]+" conf-macro output-block",
		"data-hasbody", "true", "data-macro-name", name)
	if title := param(n, "title"); title != "" {
		r.tag("p", "class", "title")
		r.out.WriteString(EscapeText(title))
		r.end("p")
	}
	r.tag("span", "class", "aui-icon aui-icon-small aui-iconfont-info confluence-information-macro-icon")
	r.end("span")
	r.tag("div", "class", "confluence-information-macro-body")
	if body != nil {
		r.kids(body)
	}
	r.end("div")
	r.end("div")
}

func (r *renderer) wrapped(n *Node, class, headClass, bodyClass string, body *Node) {
	name, _ := n.Attr("ac:name")
	r.tag("div", "class", class, "data-hasbody", "true", "data-macro-name", name)
	title := param(n, "title")
	if title == "" && name == "expand" {
		title = "Click here to expand..."
	}
	if title != "" {
		r.tag("div", "class", headClass)
		r.out.WriteString(EscapeText(title))
		r.end("div")
	}
	r.tag("div", "class", bodyClass)
	if body != nil {
		r.kids(body)
	}
	r.end("div")
	r.end("div")
}

// code shows a plain text body. A language that the renderer does not know is shown as Java (row 37).
func (r *renderer) code(n *Node, name string) {
	language := param(n, "language")
	if !slices.Contains(brushes, language) {
		language = "java"
	}
	r.tag("div", "class", "code panel pdl conf-macro output-block", "data-hasbody", "true", "data-macro-name", name)
	if title := param(n, "title"); title != "" {
		r.tag("div", "class", "codeHeader panelHeader pdl")
		r.tag("b")
		r.out.WriteString(EscapeText(title))
		r.end("b")
		r.end("div")
	}
	r.tag("div", "class", "codeContent panelContent pdl")
	if name == "noformat" {
		r.tag("pre")
	} else {
		r.tag("pre", "class", "syntaxhighlighter-pre", "data-syntaxhighlighter-params", "brush: "+language+"; gutter: false; theme: Confluence",
			"data-theme", "Confluence")
	}
	if body := n.Kid("ac:plain-text-body"); body != nil {
		r.out.WriteString(EscapeText(rawText(body)))
	}
	r.end("pre")
	r.end("div")
	r.end("div")
}

// brushes are the languages of the legacy renderer.
var brushes = []string{
	"actionscript3", "bash", "c#", "coldfusion", "cpp", "css", "delphi", "diff", "erlang", "groovy", "xml", "java", "jfx", "js",
	"php", "text", "powershell", "py", "ruby", "scala", "sql", "vb", "yml", "none",
}

var lozenges = map[string]string{"Green": "success", "Yellow": "current", "Red": "error", "Blue": "complete", "Purple": "progress"}

func (r *renderer) status(n *Node) {
	class := "status-macro aui-lozenge conf-macro output-inline"
	if kind := lozenges[param(n, "colour")]; kind != "" {
		class = "status-macro aui-lozenge aui-lozenge-" + kind + " conf-macro output-inline"
	}
	r.tag("span", "class", class, "data-hasbody", "false", "data-macro-name", "status")
	r.out.WriteString(EscapeText(param(n, "title")))
	r.end("span")
}

func (r *renderer) contents(n *Node) {
	least, most := 1, 7
	if v, err := strconv.Atoi(param(n, "minLevel")); err == nil {
		least = v
	}
	if v, err := strconv.Atoi(param(n, "maxLevel")); err == nil {
		most = v
	}
	r.tag("div", "class", "toc-macro client-side-toc-macro conf-macro output-block", "data-hasbody", "false", "data-macro-name", "toc")
	r.tag("ul", "class", "toc-indentation")
	for _, h := range r.toc {
		if h.level < least || h.level > most {
			continue
		}
		r.tag("li")
		r.tag("a", "href", "#"+h.id)
		r.out.WriteString(EscapeText(h.text))
		r.end("a")
		r.end("li")
	}
	r.end("ul")
	r.end("div")
}

func (r *renderer) children(n *Node) {
	of := Ref{Element: "ri:page"}
	if p := paramNode(n, "page"); p != nil {
		walk(p, func(k *Node) {
			if k.Name == "ri:page" {
				of = refOf(k)
			}
		})
	}
	r.tag("ul", "class", "childpages-macro conf-macro output-block", "data-hasbody", "false", "data-macro-name", "children")
	if r.scene.Children != nil {
		for _, t := range r.scene.Children(of) {
			r.tag("li")
			r.tag("a", "href", r.address(t.Path))
			r.out.WriteString(EscapeText(t.Title))
			r.end("a")
			r.end("li")
		}
	}
	r.end("ul")
}

// include shows another page, or the excerpt of one.
func (r *renderer) include(n *Node, name string) {
	var ref Ref
	walk(n, func(k *Node) {
		if (k.Name == "ri:page" || k.Name == "ri:blog-post") && ref.Element == "" {
			ref = refOf(k)
		}
	})
	if ref.Title == "" {
		ref = Ref{Element: "ri:page", Title: param(n, "")}
	}
	whole := func(root *Node) *Node { return root }
	if name == "excerpt-include" {
		whole = excerptOf
	}
	if ref.Title == "" || !r.included(ref, whole) {
		r.tag("div", "class", "error")
		r.tag("span", "class", "error")
		r.out.WriteString(EscapeText("Unable to render {" + name + "} The included page could not be found."))
		r.end("span")
		r.end("div")
	}
}

func excerptOf(root *Node) *Node {
	var hit *Node
	walk(root, func(n *Node) {
		if name, _ := n.Attr("ac:name"); hit == nil && n.Name == "ac:structured-macro" && name == "excerpt" {
			hit = n.Kid("ac:rich-text-body")
		}
	})
	return hit
}

// knownMacros have a rendering of their own that depends on more than the body and is not made here, or show their body.
var knownMacros = []string{
	"align", "attachments", "blog-posts", "bgcolor", "center", "change-history", "chart", "column", "contentbylabel", "contributors",
	"create-from-template", "details", "detailssummary", "div", "drawio", "gallery", "html", "iframe", "index", "livesearch", "loremipsum",
	"markdown", "multimedia", "pagetree", "pagetreesearch", "profile", "profile-picture", "recently-updated", "roadmap", "section",
	"space-details", "style", "tasks-report-macro", "userlister", "view-file", "viewdoc", "viewfile", "viewpdf", "viewppt", "viewxls", "widget",
}

// otherMacro shows the body of a macro; a macro that is not installed is an error for the reader.
func (r *renderer) otherMacro(n *Node, name string, body *Node) {
	if !slices.Contains(knownMacros, name) {
		r.tag("div", "class", "error")
		r.tag("span", "class", "error")
		r.out.WriteString(EscapeText("Unknown macro: '" + name + "'"))
		r.end("span")
		r.end("div")
		if body == nil {
			return
		}
	}
	r.tag("div", "class", "conf-macro output-block", "data-hasbody", strconv.FormatBool(body != nil), "data-macro-name", name)
	if body != nil {
		r.kids(body)
	} else if plain := n.Kid("ac:plain-text-body"); plain != nil {
		r.out.WriteString(EscapeText(rawText(plain)))
	}
	r.end("div")
}

// editorMacro writes a macro as the legacy editor holds it: a table with its body, or a picture.
func (r *renderer) editorMacro(n *Node) {
	name, _ := n.Attr("ac:name")
	id, _ := n.Attr("ac:macro-id")
	version, _ := n.Attr("ac:schema-version")
	var params []string
	for _, k := range n.Kids {
		if own, _ := k.Attr("ac:name"); k.Name == "ac:parameter" && own != "" {
			params = append(params, own+"="+strings.NewReplacer("|", `\|`, "=", `\=`).Replace(rawText(k)))
		}
	}
	pairs := []string{
		"data-macro-name", name, "data-macro-id", id, "data-macro-schema-version", version,
		"data-macro-parameters", strings.Join(params, "|"), "data-macro-default-parameter", param(n, ""),
	}
	rich, plain := n.Kid("ac:rich-text-body"), n.Kid("ac:plain-text-body")
	if rich == nil && plain == nil {
		r.tag("img", append([]string{"class", "editor-inline-macro", "src", r.address("/plugins/servlet/confluence/placeholder/macro?name=" + slug(name))}, pairs...)...)
		return
	}
	kind := "RICH_TEXT"
	if plain != nil {
		kind = "PLAIN_TEXT"
	}
	r.tag("table", append([]string{"class", "wysiwyg-macro", "data-macro-body-type", kind}, pairs...)...)
	r.out.WriteString(`<tbody><tr><td class="wysiwyg-macro-body">`)
	if plain != nil {
		r.out.WriteString("<pre>" + EscapeText(rawText(plain)) + "</pre>")
	} else {
		r.kids(rich)
	}
	r.out.WriteString("</td></tr></tbody></table>")
}
