package company

import (
	"crypto/sha256"
	"fmt"
	"html"
	"strings"
)

// The notation of the texts, block by block, blank lines between them:
//
//	## heading                  - item, -- nested item     1. item
//	| cell | cell |             |= heads of columns |      [] task, [x] done task
//	> quotation                 ----                       <anything that is storage format already>
//	:::info Title … :::         also note, warning, tip, panel, expand, excerpt, details
//	:::code language … :::      :::layout two_equal … +++ … :::
//
// Everything else is a paragraph. What may stand inside of lines is in inline.go.

// renderer turns one text into storage format.
type renderer struct {
	*library
	d      *document
	seed   uint64
	site   string // address of the site
	macros int
	tasks  int
	err    error
}

func (l *library) storage(d *document, seed uint64, site string) (string, error) {
	r := &renderer{library: l, d: d, seed: seed, site: site}
	out := r.blocks(strings.Split(d.text, "\n"))
	if r.err != nil {
		return "", fmt.Errorf("%s %q: %w", d.space, d.title, r.err)
	}
	return strings.ReplaceAll(out, "</ac:layout><ac:layout>", ""), nil
}

func (l *library) remark(d *document, text string, seed uint64, site string) (string, error) {
	r := &renderer{library: l, d: d, seed: seed, site: site}
	out := r.blocks(strings.Split(text, "\n"))
	return out, r.err
}

func (r *renderer) fail(format string, args ...any) string {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	return ""
}

// blocks renders lines.
func (r *renderer) blocks(lines []string) string {
	var b strings.Builder
	for i := 0; i < len(lines); {
		line := lines[i]
		n := 1
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, ":::"):
			n = fence(lines[i:])
			if n == 0 {
				return r.fail("no end of %q", line)
			}
			b.WriteString(r.fenced(line[3:], lines[i+1:i+n-1]))
		case strings.HasPrefix(line, "----"):
			b.WriteString("<hr/>")
		case strings.HasPrefix(line, "#"):
			level := len(line) - len(strings.TrimLeft(line, "#"))
			fmt.Fprintf(&b, "<h%d>%s</h%d>", level, r.inline(strings.TrimSpace(line[level:])), level)
		default:
			n = 1
			for i+n < len(lines) && strings.TrimSpace(lines[i+n]) != "" && !strings.HasPrefix(lines[i+n], ":::") {
				n++
			}
			b.WriteString(r.block(lines[i : i+n]))
		}
		i += n
	}
	return b.String()
}

func (r *renderer) block(lines []string) string {
	first := lines[0]
	switch {
	case strings.HasPrefix(first, "<"):
		return r.raw(strings.Join(lines, "\n"))
	case strings.HasPrefix(first, "- "):
		return r.list("ul", "- ", lines)
	case strings.HasPrefix(first, "1. "):
		return r.list("ol", "1. ", lines)
	case strings.HasPrefix(first, "|"):
		return r.table(lines)
	case strings.HasPrefix(first, "[] "), strings.HasPrefix(first, "[x] "):
		return r.taskList(lines)
	case strings.HasPrefix(first, "> "):
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], "> ")
		}
		return "<blockquote><p>" + r.inline(strings.Join(lines, " ")) + "</p></blockquote>"
	}
	return "<p>" + r.inline(strings.Join(lines, " ")) + "</p>"
}

// fence is the number of lines of a fenced block, its end included.
func fence(lines []string) int {
	open := 0
	for i, l := range lines {
		switch {
		case strings.TrimSpace(l) == ":::":
			open--
		case strings.HasPrefix(l, ":::"):
			open++
		}
		if open == 0 {
			return i + 1
		}
	}
	return 0
}

func (r *renderer) list(tag, mark string, lines []string) string {
	var b strings.Builder
	b.WriteString("<" + tag + ">")
	nested := false
	open := false
	for _, l := range lines {
		switch {
		case strings.HasPrefix(l, "-- "):
			if !nested {
				b.WriteString("<ul>")
				nested = true
			}
			b.WriteString("<li>" + r.inline(l[3:]) + "</li>")
		case strings.HasPrefix(l, mark):
			if nested {
				b.WriteString("</ul>")
				nested = false
			}
			if open {
				b.WriteString("</li>")
			}
			b.WriteString("<li>" + r.inline(l[len(mark):]))
			open = true
		default:
			return r.fail("list line %q", l)
		}
	}
	if nested {
		b.WriteString("</ul>")
	}
	b.WriteString("</li></" + tag + ">")
	return b.String()
}

func (r *renderer) table(lines []string) string {
	var b strings.Builder
	b.WriteString(`<table class="wrapped"><tbody>`)
	for _, l := range lines {
		tag, row := "td", strings.TrimPrefix(l, "|")
		if strings.HasPrefix(row, "=") {
			tag, row = "th", row[1:]
		}
		b.WriteString("<tr>")
		for cell := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(row), "|"), " |") {
			fmt.Fprintf(&b, "<%s><p>%s</p></%s>", tag, r.inline(strings.TrimSpace(strings.TrimPrefix(cell, "|"))), tag)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

func (r *renderer) taskList(lines []string) string {
	var b strings.Builder
	b.WriteString("<ac:task-list>\n")
	for _, l := range lines {
		status, text := "incomplete", strings.TrimPrefix(l, "[] ")
		if done, ok := strings.CutPrefix(l, "[x] "); ok {
			status, text = "complete", done
		}
		r.tasks++
		fmt.Fprintf(&b, "<ac:task>\n<ac:task-id>%d</ac:task-id>\n<ac:task-status>%s</ac:task-status>\n<ac:task-body>%s</ac:task-body>\n</ac:task>\n", r.tasks, status, r.inline(text))
	}
	b.WriteString("</ac:task-list>")
	return b.String()
}

// fenced renders a macro or a layout. head is what stands behind the colons.
func (r *renderer) fenced(head string, lines []string) string {
	name, title, _ := strings.Cut(head, " ")
	switch name {
	case "code":
		parameters := [][2]string{{"language", title}}
		if title == "" {
			parameters = nil
		}
		return r.macro(name, parameters, "<ac:plain-text-body><![CDATA["+strings.ReplaceAll(strings.Join(lines, "\n"), "]]>", "]]]]><![CDATA[>")+"]]></ac:plain-text-body>")
	case "layout":
		var b strings.Builder
		fmt.Fprintf(&b, `<ac:layout><ac:layout-section ac:type="%s">`, title)
		for cell := range strings.SplitSeq(strings.Join(lines, "\n"), "\n+++\n") {
			b.WriteString("<ac:layout-cell>" + r.blocks(strings.Split(cell, "\n")) + "</ac:layout-cell>")
		}
		return b.String() + "</ac:layout-section></ac:layout>"
	case "info", "note", "warning", "tip", "panel", "expand", "excerpt", "details":
		var parameters [][2]string
		if title != "" {
			parameters = [][2]string{{"title", title}}
		}
		return r.macro(name, parameters, "<ac:rich-text-body>"+r.blocks(lines)+"</ac:rich-text-body>")
	}
	return r.fail("no block %q", name)
}

// macro renders a macro with an id of its own, as the editor gives it one.
func (r *renderer) macro(name string, parameters [][2]string, body string) string {
	r.macros++
	var b strings.Builder
	fmt.Fprintf(&b, `<ac:structured-macro ac:name="%s" ac:schema-version="1" ac:macro-id="%s">`, name, uuid(r.seed, r.d, "macro", r.macros))
	for _, p := range parameters {
		value := html.EscapeString(p[1])
		if strings.HasPrefix(p[1], "<") {
			value = p[1]
		}
		fmt.Fprintf(&b, `<ac:parameter ac:name="%s">%s</ac:parameter>`, p[0], value)
	}
	b.WriteString(body)
	b.WriteString("</ac:structured-macro>")
	return b.String()
}

func uuid(seed uint64, d *document, what string, n int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %d", seed, d.space, d.title, what, n))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80 // version 4, variant 1
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func marker(d *document, n int, seed uint64) string { return uuid(seed, d, "marker", n) }
