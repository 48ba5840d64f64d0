package bodytest

import (
	"slices"
	"strings"
)

func set(name, value string) func(place, Chooser) {
	return func(p place, _ Chooser) { p.node.Set(name, value) }
}

// nothings are edits that change nothing of what a body says.
var nothings = []change{
	{"characters as such or as entities", func(p place) bool {
		return isText(p) && p.node.Form != Section && strings.ContainsFunc(p.node.Text, func(r rune) bool { return r >= 0x80 })
	}, func(p place, pick Chooser) { p.node.Form = (p.node.Form + 1 + Form(pick(2))) % 3 }},
	{"attributes in another order", func(p place) bool { return len(p.node.Attrs) > 1 },
		func(p place, _ Chooser) { slices.Reverse(p.node.Attrs) }},
	{"a macro id", named("ac:structured-macro"), set("ac:macro-id", "99999999-0000-4000-8000-000000000001")},
	{"a schema version", named("ac:structured-macro"), set("ac:schema-version", "2")},
	{"a local id", named("p", "h1", "h2", "li", "ul", "td", "th"), set("local-id", "99999999-0000-4000-8000-000000000002")},
	{"a local id of the new editor", named("table", "ac:link", "ac:image", "ac:structured-macro"),
		set("ac:local-id", "99999999-0000-4000-8000-000000000003")},
	{"a saved version", named("ri:page", "ri:attachment", "ri:blog-post"), set("ri:version-at-save", "77")},
	{"an empty style", func(p place) bool { return named("p", "td", "li")(p) && p.node.Attr("style") == "" }, set("style", "")},
	{"an empty class", named("p", "td"), set("class", "")},
	{"a span of one", func(p place) bool { return named("td", "th")(p) && p.node.Attr("colspan") == "" }, set("rowspan", "1")},
	{"alignment to the start", func(p place) bool { return named("p")(p) && p.node.Attr("style") == "" }, set("style", "text-align: start;")},
	{"style written tightly", func(p place) bool { return p.node.Attr("style") != "" },
		func(p place, _ Chooser) {
			p.node.Set("style", " "+strings.ReplaceAll(p.node.Attr("style"), ": ", ":")+" ")
		}},
	{"an id on a heading", named("h1", "h2", "h3", "h4", "h5", "h6", "li"), set("id", "made-up")},
	{"a data attribute", named("span", "div"), set("data-colorid", "x")},
	{"an unknown attribute on a div", named("div"), set("contenteditable", "true")},
	{"an empty element written wide", func(p place) bool { return p.node.Name != "" && len(p.node.Kids) == 0 },
		func(p place, _ Chooser) { p.node.Wide = !p.node.Wide }},
	{"bold by another name", named("strong", "b", "em", "i"), func(p place, _ Chooser) {
		p.node.Name = map[string]string{"strong": "b", "b": "strong", "em": "i", "i": "em"}[p.node.Name]
	}},
	{"formatting by another name", named("del", "s", "strike", "code", "tt"), func(p place, _ Chooser) {
		p.node.Name = map[string]string{"del": "s", "s": "strike", "strike": "del", "code": "tt", "tt": "code"}[p.node.Name]
	}},
	{"a paragraph around a macro", func(p place) bool {
		return named("ac:structured-macro")(p) && slices.Contains([]string{"", "ac:rich-text-body", "ac:layout-cell"}, p.parent()) && p.onLine()
	}, func(p place, _ Chooser) { p.replace(el("p", nil, p.node)) }},
	{"a panel as a macro", func(p place) bool { return named("ac:adf-extension")(p) && panelMacro(p.node) != "" },
		func(p place, _ Chooser) {
			content := p.node.Kids[0].Kids[1].Kids
			p.replace(el("ac:structured-macro", attrs("ac:name", panelMacro(p.node)), el("ac:rich-text-body", nil, content...)))
		}},
	{"a comment", isBlock, func(p place, _ Chooser) { p.replace(&Node{Comment: true, Text: " nothing "}, p.node) }},
	{"white space between blocks", isBlock, func(p place, pick Chooser) {
		p.replace(words([]string{"\n", " ", "\n\t\t", "\r\n"}[pick(4)]), p.node)
	}},
	{"white space stretched", func(p place) bool { return isProse(p) && strings.Contains(p.node.Text, " ") },
		func(p place, _ Chooser) { p.node.Text = strings.Replace(p.node.Text, " ", " \n ", 1) }},
	{"a comment within text", isProse, func(p place, pick Chooser) {
		a, b := split(p.node, pick)
		p.replace(a, &Node{Comment: true, Text: "x"}, b)
	}},
	{"a comment marker", isProse, func(p place, pick Chooser) {
		a, b := split(p.node, pick)
		p.replace(a, el("ac:inline-comment-marker", attrs("ac:ref", "99999999-0000-4000-8000-000000000004"), b))
	}},
	{"a marker taken away", named("ac:inline-comment-marker"), func(p place, _ Chooser) { p.replace(p.node.Kids...) }},
	{"formatting in two pieces", func(p place) bool {
		return named("strong", "em", "u", "code", "sub", "span")(p) && len(p.node.Kids) == 1 && p.node.Kids[0].Name == ""
	}, func(p place, pick Chooser) {
		a, b := split(p.node.Kids[0], pick)
		p.replace(el(p.node.Name, p.node.Attrs, a), el(p.node.Name, slices.Clone(p.node.Attrs), b))
	}},
	{"a parameter without name and value", named("ac:structured-macro"), func(p place, _ Chooser) {
		p.node.Kids = append([]*Node{el("ac:parameter", attrs("ac:name", ""))}, p.node.Kids...)
	}},
	{"parameters in another order", func(p place) bool {
		return named("ac:structured-macro")(p) && len(p.node.Kids) > 1 && p.node.Kids[1].Name == "ac:parameter"
	}, func(p place, _ Chooser) { p.node.Kids[0], p.node.Kids[1] = p.node.Kids[1], p.node.Kids[0] }},
	{"another task id", func(p place) bool { return p.node.Name == "ac:task-id" }, func(p place, _ Chooser) {
		p.node.Kids = []*Node{words("4711")}
	}},
	{"a task's unique id", func(p place) bool { return named("ac:task")(p) && len(p.node.Kids) > 0 }, func(p place, _ Chooser) {
		p.node.Kids = slices.Insert(p.node.Kids, 1, el("ac:task-uuid", nil, words("u")))
	}},
	{"another fallback", func(p place) bool { return p.node.Name == "ac:adf-fallback" }, func(p place, _ Chooser) {
		p.node.Kids = []*Node{el("p", nil, words("something else"))}
	}},
	{"CDATA in two sections", func(p place) bool { return p.node.Form == Section && len(p.node.Text) > 1 && !p.uncounted() },
		func(p place, pick Chooser) {
			a, b := split(p.node, pick)
			p.replace(a, b)
		}},
}

// panelMacro returns the macro that holds a panel of the new editor as the generator makes them, or nothing.
func panelMacro(n *Node) string {
	if len(n.Kids) == 0 || len(n.Kids[0].Kids) != 2 || len(n.Kids[0].Kids[0].Kids) != 1 || n.Kids[0].Kids[0].Attr("key") != "panel-type" {
		return ""
	}
	return map[string]string{"info": "info", "success": "tip", "warning": "note", "error": "warning"}[n.Kids[0].Kids[0].Kids[0].Text]
}

// onLine reports whether no text stands beside a node.
func (p place) onLine() bool {
	for _, at := range []int{p.at - 1, p.at + 1} {
		if at < 0 || at >= len(*p.kids) {
			continue
		}
		if beside := (*p.kids)[at]; !slices.Contains(blockNames, beside.Name) {
			return false
		}
	}
	return true
}

// split cuts a text in two.
func split(n *Node, pick Chooser) (a, b *Node) {
	r := []rune(n.Text)
	cut := pick(len(r) + 1)
	return &Node{Text: string(r[:cut]), Form: n.Form}, &Node{Text: string(r[cut:]), Form: n.Form}
}

// looks are edits of presentation alone.
var looks = []change{
	{"the layout of a table", named("table"), func(p place, _ Chooser) { p.node.Set("data-layout", p.node.Attr("data-layout")+"wide") }},
	{"the width of a table", named("table"), func(p place, _ Chooser) { p.node.Set("data-table-width", p.node.Attr("data-table-width")+"7") }},
	{"the width of a column", func(p place) bool { return named("col")(p) && p.node.Attr("style") != "" },
		set("style", "width: 33.3%;")},
	{"columns with widths", func(p place) bool {
		return named("table")(p) && len(p.node.Kids) > 0 && p.node.Kids[0].Name != "colgroup"
	},
		func(p place, _ Chooser) {
			p.node.Kids = append([]*Node{el("colgroup", nil, el("col", attrs("style", "width: 77px;")))}, p.node.Kids...)
		}},
	{"the breakout of a section", named("ac:layout-section"), func(p place, _ Chooser) {
		p.node.Set("ac:breakout-width", p.node.Attr("ac:breakout-width")+"7")
	}},
}
