package bodytest

import (
	"slices"
	"strings"
	"unicode"
)

// counted are texts whose every letter counts.
func counted(p place) bool { return isText(p) && strings.ContainsFunc(p.node.Text, isLetter) }

func isLetter(r rune) bool { return r < 0x80 && unicode.IsLetter(r) }

// atLetter applies do to one letter of a text.
func atLetter(do func(r rune) string) func(place, Chooser) {
	return func(p place, pick Chooser) {
		r := []rune(p.node.Text)
		var letters []int
		for i := range r {
			if isLetter(r[i]) {
				letters = append(letters, i)
			}
		}
		i := letters[pick(len(letters))]
		p.node.Text = string(r[:i]) + do(r[i]) + string(r[i+1:])
	}
}

// longer changes the value of an attribute.
func longer(name string) func(place, Chooser) {
	return func(p place, _ Chooser) { p.node.Set(name, p.node.Attr(name)+"7") }
}

// readdress makes an address lead elsewhere. The title behind a page id is decoration: servers drop it and add it.
func readdress(name string) func(place, Chooser) {
	return func(p place, _ Chooser) {
		old := p.node.Attr(name)
		to := strings.Replace(old, "/pages/5678", "/pages/56787", 1)
		if to == old {
			to += "7"
		}
		p.node.Set(name, to)
	}
}

func with(attr string, names ...string) func(place) bool {
	return func(p place) bool { return named(names...)(p) && p.node.Attr(attr) != "" }
}

// meanings are edits that a reader sees, or that lead elsewhere.
var meanings = []change{
	{"a letter replaced", counted, atLetter(func(r rune) string {
		if r == 'q' {
			return "k"
		}
		return "q"
	})},
	{"a letter added", counted, atLetter(func(r rune) string { return string(r) + "x" })},
	{"a letter gone", counted, atLetter(func(rune) string { return "" })},
	{"a word broken", func(p place) bool { return isProse(p) && strings.Contains(p.node.Text, "page") },
		func(p place, _ Chooser) { p.node.Text = strings.Replace(p.node.Text, "page", "pa ge", 1) }},
	{"a blank in code", func(p place) bool { return p.node.Form == Section && p.node.Text != "" && !p.uncounted() },
		func(p place, _ Chooser) { p.node.Text = " " + p.node.Text }},
	{"a blank in a parameter", func(p place) bool { return isText(p) && p.parent() == "ac:parameter" },
		func(p place, _ Chooser) { p.node.Text += " " }},
	{"the name of a parameter", with("ac:name", "ac:parameter"), longer("ac:name")},
	{"the name of a macro", with("ac:name", "ac:structured-macro"), longer("ac:name")},
	{"a page linked to", with("ri:content-title", "ri:page", "ri:blog-post"), longer("ri:content-title")},
	{"a space linked to", with("ri:space-key", "ri:page", "ri:blog-post", "ri:space"), longer("ri:space-key")},
	{"a file shown", with("ri:filename", "ri:attachment"), longer("ri:filename")},
	{"a user mentioned", with("ri:userkey", "ri:user"), longer("ri:userkey")},
	{"an address", with("href", "a"), readdress("href")},
	{"the address of an image", with("ri:value", "ri:url"), readdress("ri:value")},
	{"an anchor", with("ac:anchor", "ac:link"), longer("ac:anchor")},
	{"an alternative text", with("ac:alt", "ac:image"), longer("ac:alt")},
	{"the width of an image", with("ac:width", "ac:image"), longer("ac:width")},
	{"a date", with("datetime", "time"), longer("datetime")},
	{"an emoticon", with("ac:name", "ac:emoticon"), longer("ac:name")},
	{"a colour", named("span"), set("style", "color: #123456;")},
	{"an alignment", with("style", "p"), set("style", "text-align: justify;")},
	{"the colour of a cell", named("td", "th"), longer("data-highlight-colour")},
	{"the span of a cell", named("td", "th"), set("colspan", "3")},
	{"the level of a heading", named("h1", "h2", "h3", "h4", "h5", "h6"), func(p place, _ Chooser) {
		p.node.Name = map[string]string{"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h1"}[p.node.Name]
	}},
	{"the kind of a list", named("ul", "ol"), func(p place, _ Chooser) {
		p.node.Name = map[string]string{"ul": "ol", "ol": "ul"}[p.node.Name]
	}},
	{"formatting taken away", func(p place) bool {
		return named("strong", "em", "u", "code", "sub", "del")(p) && len(p.node.Kids) > 0 && !isBlank(p.node.Words()) &&
			!p.inside("strong", "em", "u", "code", "sub", "del", "b", "i", "span")
	}, func(p place, _ Chooser) { p.replace(p.node.Kids...) }},
	{"a task ticked", func(p place) bool { return isText(p) && p.parent() == "ac:task-status" }, func(p place, _ Chooser) {
		p.node.Text = map[string]string{"complete": "incomplete", "incomplete": "complete"}[p.node.Text]
	}},
	{"a block deleted", isBlock, func(p place, _ Chooser) { p.replace() }},
	{"a block doubled", isBlock, func(p place, _ Chooser) { p.replace(p.node, clone([]*Node{p.node})[0]) }},
	{"a block added", isBlock, func(p place, _ Chooser) {
		if slices.Contains([]string{"", "ac:layout-cell", "ac:rich-text-body", "blockquote", "div", "ac:adf-content"}, p.parent()) {
			p.replace(p.node, el("p", nil, words("added")))
			return
		}
		added := el(p.node.Name, nil)
		if p.node.Name == "li" || p.node.Name == "td" {
			added.Kids = []*Node{words("added")}
		}
		p.replace(p.node, added)
	}},
	{"two blocks exchanged", func(p place) bool {
		return isBlock(p) && p.at+1 < len(*p.kids) && (*p.kids)[p.at+1].Name != "" &&
			(*p.kids)[p.at+1].Name == p.node.Name && (*p.kids)[p.at+1].Words() != p.node.Words() &&
			!isBlank((*p.kids)[p.at+1].Words()) && !isBlank(p.node.Words())
	}, func(p place, _ Chooser) {
		(*p.kids)[p.at], (*p.kids)[p.at+1] = (*p.kids)[p.at+1], (*p.kids)[p.at]
	}},
}
