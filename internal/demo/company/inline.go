package company

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Inside of lines:
//
//	**strong**  ''emphasis''  `code`  @login.name  \ at the end of a line breaks it
//	[[Title]]  [[Title|text]]  [[KEY:Title|text]]  [[Title#anchor|text]]  [[#anchor|text]]  [[file:name|text]]
//	[[id:…]] by page id  [[abs:…]] by page id at the old address  [[display:…]] by title at the old address
//	[[short:…]] by short link  [[blog:…]] a blog post  [[http…|text]] elsewhere
//	{status:Colour|text}  {jira:KEY}  {date:2026-01-12}  {emo:tick}  {anchor:name}  {img:file|width|text}
//	{mark:1|text of inline comment 1}  {include:Title}  {name|parameter=value|…} any other macro

var pieces = regexp.MustCompile("`[^`]+`" + `|\*\*.+?\*\*|''.+?''|\[\[.+?\]\]|\{[a-z-]+(?:[:|][^}]*)?\}|@[a-z]+[.-][a-z]+| \\\\ `)

// inline renders the inside of a block.
func (r *renderer) inline(text string) string {
	var b strings.Builder
	for {
		at := pieces.FindStringIndex(text)
		if at == nil {
			return b.String() + escape(text)
		}
		b.WriteString(escape(text[:at[0]]))
		b.WriteString(r.piece(text[at[0]:at[1]]))
		text = text[at[1]:]
	}
}

// raw renders storage format: only what is in double brackets or begins with @ is looked at.
func (r *renderer) raw(text string) string {
	return pieces.ReplaceAllStringFunc(text, func(p string) string {
		if strings.HasPrefix(p, "[[") || strings.HasPrefix(p, "@") || strings.HasPrefix(p, "{") {
			return r.piece(p)
		}
		return p
	})
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\u00a0", "&nbsp;", "–", "&ndash;", "’", "&rsquo;", "“", "&ldquo;", "”", "&rdquo;").Replace(s)
}

func (r *renderer) piece(p string) string {
	switch p[0] {
	case '`':
		return "<code>" + escape(p[1:len(p)-1]) + "</code>"
	case '*':
		return "<strong>" + r.inline(p[2:len(p)-2]) + "</strong>"
	case '\'':
		return "<em>" + r.inline(p[2:len(p)-2]) + "</em>"
	case '@':
		u, ok := lookUp(p[1:])
		if !ok {
			return r.fail("nobody is called %q", p[1:])
		}
		return `<ac:link><ri:user ri:userkey="` + u.Key + `"/></ac:link>`
	case ' ':
		return "<br/>"
	case '[':
		target, text, _ := strings.Cut(p[2:len(p)-2], "|")
		return r.link(target, text)
	}
	return r.braces(p[1 : len(p)-1])
}

// link renders a link.
func (r *renderer) link(target, text string) string {
	switch {
	case strings.HasPrefix(target, "http"):
		return `<a href="` + html.EscapeString(target) + `">` + escape(text) + `</a>`
	case strings.HasPrefix(target, "file:"):
		name := target[len("file:"):]
		if !r.d.has(name) {
			return r.fail("no file %q", name)
		}
		return linked("", `<ri:attachment ri:filename="`+html.EscapeString(name)+`"/>`, text)
	case strings.HasPrefix(target, "#"):
		return linked(target[1:], "", text)
	}
	for prefix, address := range map[string]func(*document) string{
		"id:": func(d *document) string {
			return "/pages/viewpage.action?pageId=" + strconv.FormatInt(d.id(r.seed), 10)
		},
		"abs:": func(d *document) string {
			return r.site + "/pages/viewpage.action?pageId=" + strconv.FormatInt(d.id(r.seed), 10)
		},
		"display:": func(d *document) string { return r.site + "/display/" + d.space + "/" + url.QueryEscape(d.title) },
		"short:":   func(d *document) string { return r.site + "/x/" + short(d.id(r.seed)) },
	} {
		if title, ok := strings.CutPrefix(target, prefix); ok {
			d := r.find(title)
			if d == nil {
				return r.fail("no page %q", title)
			}
			return `<a href="` + html.EscapeString(address(d)) + `">` + escape(or(text, d.title)) + `</a>`
		}
	}
	title, anchor, _ := strings.Cut(target, "#")
	d := r.find(title)
	if d == nil {
		return r.fail("no page %q", title)
	}
	return linked(anchor, r.resource(d), text)
}

// resource is the reference to a content by title, with the space key where it is another one's.
func (r *renderer) resource(d *document) string {
	space := ""
	if d.space != r.d.space {
		space = ` ri:space-key="` + d.space + `"`
	}
	if d.kind == "blog" {
		return fmt.Sprintf(`<ri:blog-post%s ri:content-title="%s" ri:posting-day="%s"/>`, space, html.EscapeString(d.title), d.at.Format("2006/01/02"))
	}
	return fmt.Sprintf(`<ri:page%s ri:content-title="%s"/>`, space, html.EscapeString(d.title))
}

func linked(anchor, resource, text string) string {
	if anchor != "" {
		anchor = ` ac:anchor="` + anchor + `"`
	}
	if text == "" {
		return "<ac:link" + anchor + ">" + resource + "</ac:link>"
	}
	if strings.HasPrefix(text, "**") {
		return "<ac:link" + anchor + ">" + resource + "<ac:link-body><strong>" + escape(strings.Trim(text, "*")) + "</strong></ac:link-body></ac:link>"
	}
	return "<ac:link" + anchor + ">" + resource + "<ac:plain-text-link-body><![CDATA[" + text + "]]></ac:plain-text-link-body></ac:link>"
}

// find looks a document up: in its own space, or in the one before the colon.
func (r *renderer) find(title string) *document {
	if d := r.byTitle[r.d.space+":"+title]; d != nil {
		return d
	}
	return r.byTitle[title]
}

// short is a page id as short links write it: its bytes, lowest first, as base64 with two letters exchanged and without
// the As at the end.
func short(id int64) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(id))
	n := 4
	if id > 1<<32-1 {
		n = 8
	}
	s := base64.StdEncoding.EncodeToString(b[:n])
	return strings.TrimRight(strings.NewReplacer("/", "-", "+", "_").Replace(s), "A=")
}

func (r *renderer) braces(p string) string {
	name, rest, _ := strings.Cut(p, ":")
	first, second, _ := strings.Cut(rest, "|")
	switch name {
	case "status":
		return r.macro("status", [][2]string{{"colour", first}, {"title", second}}, "")
	case "jira":
		return r.macro("jira", [][2]string{{"server", "Lindgaard Jira"}, {"serverId", "5d1e0a8c-7c1f-3f2a-9a55-0c4f7b7ad101"}, {"key", first}}, "")
	case "date":
		return `<time datetime="` + first + `"/>`
	case "emo":
		return `<ac:emoticon ac:name="` + first + `"/>`
	case "anchor":
		return r.macro("anchor", [][2]string{{"", first}}, "")
	case "img":
		width, alt, _ := strings.Cut(second, "|")
		if !r.d.has(first) {
			return r.fail("no picture %q", first)
		}
		return fmt.Sprintf(`<ac:image ac:alt="%s" ac:width="%s"><ri:attachment ri:filename="%s"/></ac:image>`, html.EscapeString(alt), width, html.EscapeString(first))
	case "mark":
		n, _ := strconv.Atoi(first)
		return `<ac:inline-comment-marker ac:ref="` + marker(r.d, n, r.seed) + `">` + escape(second) + `</ac:inline-comment-marker>`
	case "include":
		d := r.find(rest)
		if d == nil {
			return r.fail("no page %q", rest)
		}
		return r.macro("excerpt-include", [][2]string{{"", "<ac:link>" + r.resource(d) + "</ac:link>"}, {"nopanel", "true"}}, "")
	}
	return r.anyMacro(p)
}

func (r *renderer) anyMacro(p string) string {
	parts := strings.Split(p, "|")
	var parameters [][2]string
	for _, x := range parts[1:] {
		name, value, _ := strings.Cut(x, "=")
		parameters = append(parameters, [2]string{name, value})
	}
	return r.macro(parts[0], parameters, "")
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (d *document) has(file string) bool {
	for _, f := range d.files {
		if f.name == file {
			return true
		}
	}
	return false
}
