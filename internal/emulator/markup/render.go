package markup

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Form is a rendering of a body.
type Form string

// The renderings that servers offer beside storage format and ADF (cloud-api.md section 6.2, dc-api.md section 4).
const (
	View          Form = "view"
	ExportView    Form = "export_view"
	StyledView    Form = "styled_view"
	AnonymousView Form = "anonymous_export_view"
	EditorView    Form = "editor"
)

// maxIncludes is how deep pages that include each other are followed.
const maxIncludes = 4

// Render returns a stored body as HTML for readers, or for the legacy editor. Links, names and files are those of the
// scene; addresses are below the context path in view and editor, and absolute in the other forms. An error is a
// *SyntaxError. Nothing in a rendering is fit for comparison: it depends on theme, address and place (register row
// ST-12).
func Render(stored string, form Form, scene *Scene) (string, error) {
	root, err := Parse(stored)
	if err != nil {
		return "", err
	}
	r := renderer{form: form, scene: scene}
	r.findHeadings(root)
	r.kids(root)
	if form == StyledView {
		return styledPage(scene.Self.Title, r.out.String()), nil
	}
	return r.out.String(), nil
}

func styledPage(title, body string) string {
	return `<!DOCTYPE html><html><head><title>` + EscapeText(title) + `</title><style>body{font-family:sans-serif;font-size:14px}` +
		`table.confluenceTable{border-collapse:collapse}th.confluenceTh,td.confluenceTd{border:1px solid #ddd;padding:7px 10px}` +
		`</style></head><body>` + body + `</body></html>`
}

// outline is a heading as a table of contents shows it.
type outline struct {
	level    int
	id, text string
}

type renderer struct {
	out      strings.Builder
	form     Form
	scene    *Scene
	toc      []outline
	heading  int // how many headings are written
	includes int
}

// findHeadings notes the headings before anything is written, for the table of contents may stand above them.
func (r *renderer) findHeadings(root *Node) {
	given := map[string]int{}
	walk(root, func(n *Node) {
		if !heading(n.Name) {
			return
		}
		text := plainText(n)
		id := anchorOf(r.scene.Self.Title) + "-" + anchorOf(text)
		if given[id]++; given[id] > 1 {
			id += "." + strconv.Itoa(given[id]-1)
		}
		r.toc = append(r.toc, outline{int(n.Name[1] - '0'), id, text})
	})
}

// anchorOf is how the legacy renderer makes a name of a text: without its white space.
func anchorOf(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, text)
}

func (r *renderer) editor() bool { return r.form == EditorView }

// address makes a path below the context path an address of this rendering.
func (r *renderer) address(path string) string {
	if r.form == View || r.editor() {
		return r.scene.Context + path
	}
	return r.scene.Base + path
}

func (r *renderer) kids(n *Node) {
	for _, k := range n.Kids {
		r.node(k)
	}
}

// tag writes an element of HTML with attributes given as name, value, …; an empty value leaves the attribute out.
func (r *renderer) tag(name string, pairs ...string) {
	r.out.WriteString("<" + name)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			r.out.WriteString(" " + pairs[i] + `="`)
			escape(&r.out, pairs[i+1], true)
			r.out.WriteByte('"')
		}
	}
	r.out.WriteByte('>')
}

func (r *renderer) end(name string) { r.out.WriteString("</" + name + ">") }

func (r *renderer) node(n *Node) {
	if n.Name == "" {
		escape(&r.out, n.Text, false)
		return
	}
	if do := elementRenderer(n.Name); do != nil {
		do(r, n)
		return
	}
	if strings.Contains(n.Name, ":") { // what is unknown shows its content
		r.kids(n)
		return
	}
	r.copied(n)
}

// htmlClass are the classes that the legacy renderer gives.
var htmlClass = map[string]string{"table": "confluenceTable", "th": "confluenceTh", "td": "confluenceTd", "tr": ""}

// void elements have no end tag in HTML.
var void = map[string]bool{"br": true, "hr": true, "col": true, "img": true}

func (r *renderer) copied(n *Node) {
	if n.Name == "table" && !r.editor() {
		r.tag("div", "class", "table-wrap")
		defer r.end("div")
	}
	var pairs []string
	class := htmlClass[n.Name]
	for _, a := range n.Attrs {
		switch {
		case a.Name == "class" && class != "":
			class += " " + a.Value
		case strings.Contains(a.Name, ":") || a.Name == "local-id":
		default:
			pairs = append(pairs, a.Name, a.Value)
		}
	}
	if class != "" {
		pairs = append(pairs, "class", class)
	}
	if heading(n.Name) && r.heading < len(r.toc) {
		pairs = append([]string{"id", r.toc[r.heading].id}, pairs...)
		r.heading++
	}
	if href, _ := n.Attr("href"); n.Name == "a" && href != "" {
		class = "external-link"
		if r.scene.Base != "" && strings.HasPrefix(href, r.scene.Base+"/") {
			class = ""
		}
		pairs = append(pairs, "class", class)
		if class != "" {
			pairs = append(pairs, "rel", "nofollow")
		}
	}
	if void[n.Name] {
		r.tag(n.Name, pairs...)
		return
	}
	r.tag(n.Name, pairs...)
	r.kids(n)
	r.end(n.Name)
}

func elementRenderer(name string) func(*renderer, *Node) {
	switch name {
	case "ac:structured-macro", "ac:macro":
		return (*renderer).macro
	case "ac:link":
		return (*renderer).link
	case "ac:image":
		return (*renderer).image
	case "ac:task-list":
		return (*renderer).tasks
	case "ac:layout", "ac:layout-section", "ac:layout-cell":
		return (*renderer).layout
	case "ac:emoticon", "ac:hipchat-emoticon":
		return (*renderer).emoticon
	case "ac:inline-comment-marker":
		return (*renderer).marker
	case "ac:placeholder", "ac:adf-node", "ac:parameter", "ac:task-id", "ac:task-uuid", "ac:task-status":
		return (*renderer).placeholder
	case "ac:adf-extension":
		return (*renderer).extension
	case "time":
		return (*renderer).time
	}
	return nil
}

// placeholder is seen in the editor only.
func (r *renderer) placeholder(n *Node) {
	if r.editor() && n.Name == "ac:placeholder" {
		r.tag("span", "class", "text-placeholder")
		r.kids(n)
		r.end("span")
	}
}

// extension shows the fallback, which may be stale (register row ST-06); without one, the content of the node.
func (r *renderer) extension(n *Node) {
	if fallback := n.Kid("ac:adf-fallback"); fallback != nil {
		r.kids(fallback)
		return
	}
	walk(n, func(k *Node) {
		if k.Name == "ac:adf-content" {
			r.kids(k)
		}
	})
}

func (r *renderer) marker(n *Node) {
	ref, _ := n.Attr("ac:ref")
	if r.form == View || r.editor() {
		r.tag("span", "class", "inline-comment-marker", "data-ref", ref)
		defer r.end("span")
	}
	r.kids(n)
}

func (r *renderer) time(n *Node) {
	at, _ := n.Attr("datetime")
	r.tag("time", "datetime", at, "class", "date-past")
	if len(n.Kids) > 0 {
		r.kids(n)
	} else {
		r.out.WriteString(EscapeText(shownDate(at)))
	}
	r.end("time")
}

var months = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// shownDate writes 2022-09-27 as readers of an English site see it.
func shownDate(at string) string {
	var y, m, d int
	if n, _ := fmt.Sscanf(at, "%d-%d-%d", &y, &m, &d); n != 3 || m < 1 || m > 12 {
		return at
	}
	return fmt.Sprintf("%02d %s %d", d, months[m-1], y)
}

func (r *renderer) emoticon(n *Node) {
	name, _ := n.Attr("ac:name")
	short, _ := n.Attr("ac:emoji-shortname")
	fallback, _ := n.Attr("ac:emoji-fallback")
	if fallback != "" && !r.editor() {
		r.tag("span", "class", "emoji", "data-emoji-short-name", short)
		r.out.WriteString(EscapeText(fallback))
		r.end("span")
		return
	}
	r.tag("img", "class", "emoticon emoticon-"+name, "data-emoticon-name", name, "alt", "("+name+")",
		"src", r.address("/images/icons/emoticons/"+name+".svg"))
}

func (r *renderer) tasks(n *Node) {
	r.tag("ul", "class", "inline-task-list", "data-inline-tasks-content-id", r.scene.Self.ID)
	for _, task := range n.Kids {
		if task.Name != "ac:task" {
			continue
		}
		class := ""
		if status := task.Kid("ac:task-status"); status != nil && strings.TrimSpace(rawText(status)) == "complete" {
			class = "checked"
		}
		id := ""
		if own := task.Kid("ac:task-id"); own != nil {
			id = rawText(own)
		}
		r.tag("li", "data-inline-task-id", id, "class", class)
		if body := task.Kid("ac:task-body"); body != nil {
			r.kids(body)
		}
		r.end("li")
	}
	r.end("ul")
}

// columns are the classes of sections by type.
var columns = map[string]string{
	"single": "single", "fixed-width": "fixed-width", "two_equal": "two-equal", "two_left_sidebar": "two-left-sidebar", "two_right_sidebar": "two-right-sidebar",
	"three_equal": "three-equal", "three_with_sidebars": "three-with-sidebars",
}

func (r *renderer) layout(n *Node) {
	switch n.Name {
	case "ac:layout":
		r.tag("div", "class", "contentLayout2")
	case "ac:layout-section":
		kind, _ := n.Attr("ac:type")
		class := columns[kind]
		r.tag("div", "class", "columnLayout "+class, "data-layout", class)
	default:
		r.tag("div", "class", "cell normal", "data-type", "normal")
		r.tag("div", "class", "innerCell")
		defer r.end("div")
	}
	r.kids(n)
	r.end("div")
}
