package bodytest

import (
	"fmt"
	"strings"
)

// text makes a few words. They hold letters of many languages, some in decomposed form, and all that needs escaping.
func (g *generator) text() string {
	var out []string
	for range 1 + g.pick(4) {
		out = append(out, g.one("the", "page", "über", "naïve", "e\u0301tude", "日本語", "a\u00a0b", "x<y", "R&D", "“quoted”",
			"—", "100%", "don't", "\"so\"", "a>b", "🙂", "plan", "review", "Ωmega", "²"))
	}
	return strings.Join(out, " ")
}

func (g *generator) run() *Node {
	return &Node{Text: g.text(), Form: Form(g.pick(3))}
}

// inline makes formatted text whose formatting nests depth deep.
func (g *generator) inline(depth int) []*Node {
	var out []*Node
	for i := range 1 + g.pick(3) {
		if i > 0 {
			out = append(out, words(" "))
		}
		out = append(out, g.piece(depth))
	}
	return out
}

func (g *generator) piece(depth int) *Node {
	if depth == 0 {
		return g.run()
	}
	switch g.pick(14) {
	case 0, 1:
		return el(g.one("strong", "em", "u", "code", "b", "i", "sub", "del"), nil, g.inline(depth-1)...)
	case 2:
		return el("span", attrs("style", g.one("color: red;", "color: rgb(0,1,2);")), g.inline(depth-1)...)
	case 3:
		return el("ac:inline-comment-marker", attrs("ac:ref", g.id()), g.run())
	case 4, 5:
		return g.link()
	case 6:
		return el("a", attrs("href", g.address()), g.run())
	case 7:
		return el("br", nil)
	case 8:
		return el("time", attrs("datetime", fmt.Sprintf("2026-11-%02d", 1+g.pick(28))))
	case 9:
		return el("ac:emoticon", attrs("ac:name", g.one("smile", "tick", "cross")))
	case 10:
		return g.macro("status", g.parameter("title", words(g.text())), g.parameter("colour", words(g.one("Green", "Red"))))
	}
	return g.run()
}

func (g *generator) address() string {
	return g.one("https://example.com/a?b=c&d=e", "https://wiki.example.com/display/KEY/Some+Page",
		"https://wiki.example.com/pages/viewpage.action?pageId=1234", "/wiki/spaces/KEY/pages/5678/Title",
		"https://wiki.example.com/x/AwAB", "/download/attachments/77/file+name.png", "#anchor", "mailto:a@example.com")
}

func (g *generator) link() *Node {
	link := el("ac:link", nil)
	switch g.pick(5) {
	case 0:
		return el("ac:link", nil, el("ri:user", attrs("ri:userkey", fmt.Sprintf("%032x", g.pick(9)))))
	case 1:
		link.Kids = append(link.Kids, g.attachment())
	case 2:
		link.Kids = append(link.Kids, el("ri:space", attrs("ri:space-key", g.one("KEY", "~someone"))))
	case 3:
		link.Kids = append(link.Kids, el("ri:blog-post",
			attrs("ri:space-key", "KEY", "ri:content-title", g.text(), "ri:posting-day", "2026/11/05")))
	default:
		link.Kids = append(link.Kids, g.page())
		if g.chance(4) {
			link.Set("ac:anchor", "part")
		}
	}
	switch g.pick(3) {
	case 0:
		link.Kids = append(link.Kids, el("ac:plain-text-link-body", nil, &Node{Text: g.text(), Form: Section}))
	case 1:
		link.Kids = append(link.Kids, el("ac:link-body", nil, g.run()))
	}
	return link
}

func (g *generator) page() *Node {
	p := el("ri:page", attrs("ri:content-title", g.text()))
	if g.chance(2) {
		p.Set("ri:space-key", g.one("KEY", "OTHER"))
	}
	if g.chance(3) {
		p.Set("ri:version-at-save", "3")
	}
	return p
}

func (g *generator) attachment() *Node {
	a := el("ri:attachment", attrs("ri:filename", g.text()+g.one(".png", ".pdf")))
	if g.chance(3) {
		a.Kids = append(a.Kids, g.page())
	}
	return a
}

func (g *generator) image() *Node {
	image := el("ac:image", attrs("ac:alt", g.text(), "ac:width", fmt.Sprint(100+g.pick(500))))
	if g.chance(3) {
		image.Kids = append(image.Kids, el("ri:url", attrs("ri:value", g.address())))
	} else {
		image.Kids = append(image.Kids, g.attachment())
	}
	if g.chance(4) {
		image.Kids = append(image.Kids, el("ac:caption", nil, g.inline(1)...))
	}
	return image
}

func (g *generator) macro(name string, kids ...*Node) *Node {
	m := el("ac:structured-macro", attrs("ac:name", name), kids...)
	if g.chance(2) {
		m.Set("ac:schema-version", "1")
		m.Set("ac:macro-id", g.id())
	}
	return m
}

func (g *generator) parameter(name string, kids ...*Node) *Node {
	return el("ac:parameter", attrs("ac:name", name), kids...)
}

func (g *generator) panel(depth int) *Node {
	m := g.macro(g.one("info", "note", "tip", "expand", "panel", "excerpt", "my-app-macro"))
	if g.chance(2) {
		m.Kids = append(m.Kids, g.parameter("title", words(g.text())), g.parameter("icon", words(g.one("true", "false"))))
	}
	m.Kids = append(m.Kids, el("ac:rich-text-body", nil, g.blocks(1+g.pick(2), depth-1)...))
	return m
}

func (g *generator) code() *Node {
	return g.macro("code",
		g.parameter("language", words(g.one("go", "java", "sql"))),
		g.parameter("linenumbers", words("true")),
		el("ac:plain-text-body", nil, &Node{Form: Section, Text: g.one("if a < b && c {\n\treturn\n}", "x := \"]]>\"", "SELECT 1;\n", "")}))
}

func (g *generator) bodiless() *Node {
	switch g.pick(4) {
	case 0:
		return g.macro("toc", g.parameter("maxLevel", words(fmt.Sprint(1+g.pick(5)))))
	case 1:
		return g.macro("include", g.parameter("", el("ac:link", nil, g.page())))
	case 2:
		return g.macro("view-file", g.parameter("name", g.attachment()), g.parameter("height", words("250")))
	}
	return g.macro("pagetree", g.parameter("root", el("ac:link", nil, g.page())), g.parameter("user", el("ri:user", attrs("ri:userkey", "ab"))))
}

func (g *generator) tasks() *Node {
	list := el("ac:task-list", nil)
	for range 1 + g.pick(3) {
		g.ids++
		list.Kids = append(list.Kids, el("ac:task", nil,
			el("ac:task-id", nil, words(fmt.Sprint(g.ids))),
			el("ac:task-status", nil, words(g.one("incomplete", "complete"))),
			el("ac:task-body", nil, g.inline(1)...)))
	}
	return list
}
