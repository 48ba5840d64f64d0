package markup

import (
	"slices"
	"strings"
)

// wikiMacro is a macro as written: {name:params}, with a body where a closing {name} follows.
type wikiMacro struct {
	name   string
	params []Attr
	body   string
	bodied bool
	rest   string // what comes behind it
}

// plainMacros have a body of plain text.
var plainMacros = []string{"code", "noformat", "html", "style", "latex", "sql"}

// bodiless macros never have a body, however often they occur.
var bodiless = []string{
	"toc", "children", "anchor", "include", "jira", "gallery", "status", "contentbylabel", "recently-updated", "pagetree",
	"attachments", "livesearch", "blog-posts", "index", "change-history", "search", "viewfile", "widget", "profile",
}

// cutMacro reads a macro at the start of the text.
func cutMacro(text string) (wikiMacro, bool) {
	m := macroOpen.FindStringSubmatch(text)
	if m == nil {
		return wikiMacro{}, false
	}
	out := wikiMacro{name: m[1], params: macroParams(m[2]), rest: text[len(m[0]):]}
	if slices.Contains(bodiless, strings.ToLower(m[1])) {
		return out, true
	}
	end := "{" + m[1] + "}"
	if i := strings.Index(out.rest, end); i >= 0 {
		out.body, out.bodied, out.rest = out.rest[:i], true, out.rest[i+len(end):]
	}
	return out, true
}

// blockMacro reads a macro that stands on a line of its own, or whose body has lines.
func blockMacro(text string) (wikiMacro, bool) {
	trimmed := strings.TrimLeft(text, " \t")
	m, ok := cutMacro(trimmed)
	if !ok {
		return m, false
	}
	line, _, _ := strings.Cut(m.rest, "\n")
	alone := strings.TrimSpace(line) == ""
	inText := !alone || strings.EqualFold(m.name, "color")
	if inText && !strings.Contains(m.body, "\n") {
		return m, false
	}
	if alone {
		m.rest = strings.TrimPrefix(strings.TrimLeft(m.rest, " \t"), "\n")
	}
	return m, true
}

// macroParams reads a=b|c=d; a value without a name has the empty name.
func macroParams(src string) []Attr {
	var out []Attr
	if src == "" {
		return nil
	}
	for part := range strings.SplitSeq(src, "|") {
		name, value, named := strings.Cut(part, "=")
		if !named {
			name, value = "", part
		}
		if value != "" || name != "" {
			out = append(out, Attr{strings.TrimSpace(name), value})
		}
	}
	return out
}

// macro writes a macro as a block.
func (w *wikiWriter) macro(m wikiMacro, depth int) {
	switch strings.ToLower(m.name) {
	case "quote":
		if m.bodied {
			w.out.WriteString("<blockquote>" + nested(m.body, depth) + "</blockquote>")
			return
		}
	case "color":
		if m.bodied && len(m.params) == 1 {
			w.blocks(m.body, depth+1)
			return
		}
	}
	w.out.WriteString(macroElement(m, func(body string) string { return nested(body, depth) }))
}

func nested(body string, depth int) string {
	var inner wikiWriter
	inner.blocks(strings.TrimPrefix(body, "\n"), depth+1)
	return inner.out.String()
}

// macroElement writes a macro; rich converts the body of one that has rich text.
func macroElement(m wikiMacro, rich func(string) string) string {
	var b strings.Builder
	b.WriteString(`<ac:structured-macro ac:name="`)
	escape(&b, m.name, true)
	b.WriteString(`">`)
	for _, p := range m.params {
		name := p.Name
		if name == "" && strings.EqualFold(m.name, "code") {
			name = "language"
		}
		b.WriteString(`<ac:parameter ac:name="`)
		escape(&b, name, true)
		b.WriteString(`">` + EscapeText(p.Value) + "</ac:parameter>")
	}
	switch {
	case !m.bodied:
	case slices.Contains(plainMacros, strings.ToLower(m.name)):
		body := strings.TrimSuffix(strings.TrimPrefix(m.body, "\n"), "\n")
		b.WriteString("<ac:plain-text-body>" + (&Node{CDATA: true, Text: body}).String() + "</ac:plain-text-body>")
	default:
		b.WriteString("<ac:rich-text-body>" + rich(m.body) + "</ac:rich-text-body>")
	}
	b.WriteString("</ac:structured-macro>")
	return b.String()
}
