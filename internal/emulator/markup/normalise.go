package markup

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Ref is a reference to a page, blog post or attachment as written in a body.
type Ref struct {
	Element  string // ri:page, ri:blog-post or ri:attachment
	SpaceKey string // empty: the space of the body
	Title    string // of the page; empty in an attachment of the content itself
	File     string // ri:attachment only
	Day      string // ri:blog-post only, yyyy/mm/dd
}

// Rules are the parts of the normalisation that need the server's state or are instance options.
type Rules struct {
	// ID makes the n-th identifier that this body needs, a UUID. It must give the same for the same body.
	ID func(n int) string
	// Target returns the current version of what a reference names, and whether it is there. May be nil.
	Target func(Ref) (version int, found bool)
	// User returns how the server writes an account that a body names in an older way, and whether it does. May be nil.
	User func(kind, id string) (newKind, newID string, ok bool)
	// DataCenter leaves out the rules that only Cloud has (rows 11, 12, 13; register row ST-01).
	DataCenter bool
	// DropEmptyHeadings removes headings without content (cloud-api.md 8.3 row 30; open-facts OF-35: off).
	DropEmptyHeadings bool
}

// Normalise returns what a server gives back after a REST write of raw (cloud-api.md section 8.3, the rows marked REST).
// It is idempotent and never changes visible text. An error is a *SyntaxError.
func Normalise(raw string, rules Rules) (string, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", err
	}
	n := normaliser{rules: rules, nextTask: highestTask(root) + 1, macros: map[string]bool{}}
	n.element(root)
	return root.String(), nil
}

type normaliser struct {
	rules    Rules
	ids      int
	nextTask int
	macros   map[string]bool // ids of macros so far
}

func (z *normaliser) id() string {
	z.ids++
	return z.rules.ID(z.ids)
}

func (z *normaliser) element(n *Node) {
	if !z.rules.DataCenter {
		n.Kids = unwrapMarks(n.Kids)
	}
	z.plain(n)
	n.Kids = joinText(z.dropped(n.Kids))
	for _, k := range n.Kids {
		if k.Name != "" {
			z.element(k)
		}
	}
	n.Kids = dropBlankText(n)
	z.attributes(n)
	z.task(n)
	z.savedVersion(n)
	z.user(n)
	sortAttrs(n)
}

// user names an account as the server does (row 21).
func (z *normaliser) user(n *Node) {
	if n.Name != "ri:user" || z.rules.User == nil {
		return
	}
	kind, id := userOf(n)
	if newKind, newID, ok := z.rules.User(kind, id); ok && kind != newKind {
		n.Attrs = slices.DeleteFunc(n.Attrs, func(a Attr) bool { return a.Name == "ri:"+kind })
		n.Set("ri:"+newKind, newID)
	}
}

// plain makes the content of a plain text body one CDATA section, and CDATA elsewhere ordinary text.
func (z *normaliser) plain(n *Node) {
	if n.Name == "ac:plain-text-body" || n.Name == "ac:plain-text-link-body" {
		var text strings.Builder
		for _, k := range n.Kids {
			if k.Name != "" {
				return
			}
			text.WriteString(k.Text)
		}
		n.Kids = []*Node{{Text: text.String(), CDATA: true}}
		return
	}
	var kids []*Node
	for _, k := range n.Kids {
		if k.CDATA && k.Text == "" {
			continue
		}
		k.CDATA = false
		if k.Name == "" && len(kids) > 0 && kids[len(kids)-1].Name == "" {
			kids[len(kids)-1].Text += k.Text
			continue
		}
		kids = append(kids, k)
	}
	n.Kids = kids
}

// unwrapMarks takes mark elements away and leaves their content (row 12).
func unwrapMarks(kids []*Node) []*Node {
	if !slices.ContainsFunc(kids, func(k *Node) bool { return k.Name == "mark" }) {
		return kids
	}
	var out []*Node
	for _, k := range kids {
		if k.Name == "mark" {
			out = append(out, unwrapMarks(k.Kids)...)
			continue
		}
		out = append(out, k)
	}
	return out
}

// joinText makes neighbouring runs of text one.
func joinText(kids []*Node) []*Node {
	var out []*Node
	for _, k := range kids {
		if k.Name == "" && !k.CDATA && len(out) > 0 && out[len(out)-1].Name == "" && !out[len(out)-1].CDATA {
			out[len(out)-1] = &Node{Text: out[len(out)-1].Text + k.Text}
			continue
		}
		out = append(out, k)
	}
	return out
}

// dropped removes unnamed empty macro parameters (row 4) and, where the instance does so, empty headings (row 30).
func (z *normaliser) dropped(kids []*Node) []*Node {
	return slices.DeleteFunc(kids, func(k *Node) bool {
		if k.Name == "ac:parameter" && len(k.Kids) == 0 {
			name, _ := k.Attr("ac:name")
			return name == ""
		}
		return z.rules.DropEmptyHeadings && heading(k.Name) && len(k.Kids) == 0
	})
}

func heading(name string) bool {
	return len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6'
}

// containers hold elements only: white space between them is never text.
var containers = map[string]bool{
	"table": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "colgroup": true, "ul": true, "ol": true,
	"dl": true, "ac:layout": true, "ac:layout-section": true, "ac:structured-macro": true, "ac:task-list": true,
	"ac:task": true, "ac:image": true, "ac:link": true, "ri:attachment": true,
}

// blocks begin on a line of their own: white space beside them is never text.
var blocks = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "li": true,
	"dl": true, "dt": true, "dd": true, "table": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "td": true,
	"th": true, "div": true, "blockquote": true, "hr": true, "pre": true, "caption": true, "ac:layout": true,
	"ac:layout-section": true, "ac:layout-cell": true, "ac:task-list": true, "ac:task": true, "ac:task-body": true,
	"ac:rich-text-body": true,
}

// keepsSpace are elements in which all white space counts.
var keepsSpace = map[string]bool{"pre": true, "ac:parameter": true, "ac:plain-text-body": true, "ac:plain-text-link-body": true}

// dropBlankText drops white space between blocks (row 10). A no-break space is text.
func dropBlankText(n *Node) []*Node {
	if keepsSpace[n.Name] {
		return n.Kids
	}
	var out []*Node
	for i, k := range n.Kids {
		if k.Name == "" && !k.CDATA && strings.Trim(k.Text, " \t\r\n") == "" {
			before := i > 0 && blocks[n.Kids[i-1].Name]
			after := i+1 < len(n.Kids) && blocks[n.Kids[i+1].Name]
			edge := (i == 0 || i+1 == len(n.Kids)) && (n.Name == "" || blocks[n.Name] || n.Name == "ac:layout-cell")
			if containers[n.Name] || before || after || edge {
				continue
			}
		}
		out = append(out, k)
	}
	return out
}

// attributes adds and removes attributes as the server does (rows 2, 3, 11, 13).
func (z *normaliser) attributes(n *Node) {
	if n.Name == "ac:structured-macro" {
		if _, ok := n.Attr("ac:schema-version"); !ok {
			n.Set("ac:schema-version", "1")
		}
		if id, _ := n.Attr("ac:macro-id"); id == "" || z.macros[id] { // one that stands twice is given anew
			n.Set("ac:macro-id", z.id())
		}
		id, _ := n.Attr("ac:macro-id")
		z.macros[id] = true
	}
	if z.rules.DataCenter {
		return
	}
	if n.Name == "div" || n.Name == "span" {
		n.Attrs = slices.DeleteFunc(n.Attrs, func(a Attr) bool { return stray(n.Name, a.Name) })
	}
	if style, ok := n.Attr("style"); ok && startAligned(style) {
		n.Set("style", "")
	}
}

// divAttributes are those that survive on a div.
var divAttributes = map[string]bool{
	"class": true, "style": true, "title": true, "id": true, "dir": true, "lang": true, "align": true, "local-id": true,
}

func stray(element, attr string) bool {
	if strings.HasPrefix(attr, "data-") && attr != "data-layout" {
		return true
	}
	return element == "div" && !divAttributes[attr] && !strings.Contains(attr, ":") && attr != "data-layout"
}

func startAligned(style string) bool {
	declaration := strings.TrimSuffix(strings.TrimSpace(style), ";")
	property, value, _ := strings.Cut(declaration, ":")
	return strings.TrimSpace(property) == "text-align" && strings.TrimSpace(value) == "start"
}

// task assigns the ids of a task (row 40).
func (z *normaliser) task(n *Node) {
	if n.Name != "ac:task" {
		return
	}
	at := 0
	if id := n.Kid("ac:task-id"); id == nil {
		n.Kids = slices.Insert(n.Kids, 0, textElement("ac:task-id", strconv.Itoa(z.nextTask)))
		z.nextTask++
	} else {
		at = slices.Index(n.Kids, id)
	}
	if n.Kid("ac:task-uuid") == nil && !z.rules.DataCenter {
		n.Kids = slices.Insert(n.Kids, at+1, textElement("ac:task-uuid", z.id()))
	}
}

func textElement(name, text string) *Node { return &Node{Name: name, Kids: []*Node{{Text: text}}} }

func highestTask(n *Node) int {
	highest := 0
	if n.Name == "ac:task-id" && len(n.Kids) == 1 {
		if number, err := strconv.Atoi(strings.TrimSpace(n.Kids[0].Text)); err == nil && number < 1<<30 {
			highest = number
		}
	}
	for _, k := range n.Kids {
		highest = max(highest, highestTask(k))
	}
	return highest
}

// savedVersion notes the version that a reference's target has now (row 20).
func (z *normaliser) savedVersion(n *Node) {
	if z.rules.Target == nil || (n.Name != "ri:page" && n.Name != "ri:blog-post" && n.Name != "ri:attachment") {
		return
	}
	if version, ok := z.rules.Target(refOf(n)); ok {
		n.Set("ri:version-at-save", strconv.Itoa(version))
	}
}

// attrOrder ranks the attributes that the server writes first; the others follow by name.
var attrOrder = map[string]int{
	"ac:name": 1, "ac:schema-version": 2, "data-layout": 3, "ac:local-id": 4, "ac:macro-id": 5,
	"ri:space-key": 1, "ri:content-title": 2, "ri:posting-day": 3, "ri:filename": 1, "ri:version-at-save": 9,
	"rowspan": 1, "colspan": 2, "class": 3, "href": 1,
}

func sortAttrs(n *Node) {
	rank := func(a Attr) int {
		if r := attrOrder[a.Name]; r > 0 {
			return r
		}
		return 6
	}
	slices.SortStableFunc(n.Attrs, func(a, b Attr) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// Text returns the visible text of a body: blocks on lines of their own, plain text bodies as they are, white space
// runs as one blank. Macro parameters and task ids are not text.
func Text(raw string) (string, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	visible(&b, root, false)
	return strings.TrimSpace(b.String()), nil
}

func visible(b *strings.Builder, n *Node, pre bool) {
	switch n.Name {
	case "ac:parameter", "ac:task-id", "ac:task-uuid", "ac:task-status", "ac:adf-fallback", "ac:placeholder":
		return
	case "":
		if n.CDATA || pre {
			b.WriteString(n.Text)
			return
		}
		writeCollapsed(b, n.Text)
	}
	block := blocks[n.Name] || n.Name == "br" || n.Name == "ac:structured-macro"
	if block {
		newline(b)
	}
	for _, k := range n.Kids {
		visible(b, k, pre || n.Name == "pre" || n.Name == "ac:plain-text-body")
	}
	if block {
		newline(b)
	}
}

func newline(b *strings.Builder) {
	if s := b.String(); s != "" && s[len(s)-1] != '\n' {
		b.WriteByte('\n')
	}
}

func writeCollapsed(b *strings.Builder, text string) {
	s := b.String()
	blank := s == "" || s[len(s)-1] == ' ' || s[len(s)-1] == '\n'
	for _, r := range text {
		if r != '\u00a0' && unicode.IsSpace(r) {
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		}
		blank = false
		b.WriteRune(r)
	}
}
