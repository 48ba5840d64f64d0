package markup

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inline converts the marks, links, images and macros of one line.
func inline(text string) string {
	s := inliner{src: text}
	s.run()
	return s.out.String()
}

// xmlRune drops the characters that XML does not know.
func xmlRune(r rune) rune {
	if r == '\t' || r == '\n' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 {
		return r
	}
	return -1
}

// wikiMarks are the marks that enclose text.
var wikiMarks = []struct{ mark, open, close string }{
	{"{{", "<code>", "</code>"}, {"??", "<cite>", "</cite>"}, {"*", "<strong>", "</strong>"}, {"_", "<em>", "</em>"},
	{"-", "<del>", "</del>"}, {"+", "<u>", "</u>"}, {"^", "<sup>", "</sup>"}, {"~", "<sub>", "</sub>"},
}

type inliner struct {
	src   string
	out   strings.Builder
	depth int
}

func (s *inliner) run() {
	for i := 0; i < len(s.src); {
		n := s.special(i)
		if n == 0 {
			_, n = utf8.DecodeRuneInString(s.src[i:])
			escape(&s.out, s.src[i:i+n], false)
		}
		i += n
	}
}

// special converts what begins at i and returns its length; 0 if it is plain text.
func (s *inliner) special(i int) int {
	rest := s.src[i:]
	switch {
	case strings.HasPrefix(rest, `\\`):
		s.out.WriteString("<br />")
		return 2
	case rest[0] == '\\' && len(rest) > 1 && strings.IndexByte(`*_-+^~{}[]!|#?\`, rest[1]) >= 0:
		escape(&s.out, rest[1:2], false)
		return 2
	case strings.HasPrefix(rest, "---") && s.spaced(i, 3):
		s.out.WriteString("&mdash;")
		return 3
	case strings.HasPrefix(rest, "--") && s.spaced(i, 2):
		s.out.WriteString("&ndash;")
		return 2
	case rest[0] == '[':
		return s.link(rest)
	case rest[0] == '!':
		return s.image(rest)
	case strings.HasPrefix(rest, "http://"), strings.HasPrefix(rest, "https://"):
		return s.address(rest)
	}
	if n := s.marked(i); n > 0 {
		return n
	}
	if rest[0] == '{' {
		return s.macro(rest)
	}
	return 0
}

func (s *inliner) spaced(i, n int) bool {
	return i > 0 && s.src[i-1] == ' ' && i+n < len(s.src) && s.src[i+n] == ' '
}

// marked converts a mark around text: it begins at the border of a word and before no blank, and ends the other way.
func (s *inliner) marked(i int) int {
	if s.depth > 8 {
		return 0
	}
	for _, m := range wikiMarks {
		rest, ok := strings.CutPrefix(s.src[i:], m.mark)
		if !ok || rest == "" || rest[0] == ' ' || strings.HasPrefix(rest, m.mark) || i > 0 && wordBefore(s.src[:i]) {
			continue
		}
		closing := m.mark
		if closing == "{{" {
			closing = "}}"
		}
		end := s.closing(rest, closing)
		if end <= 0 {
			continue
		}
		inner := inliner{src: rest[:end], depth: s.depth + 1}
		if closing == "}}" {
			escape(&inner.out, rest[:end], false)
		} else {
			inner.run()
		}
		s.out.WriteString(m.open + inner.out.String() + m.close)
		return len(m.mark) + end + len(closing)
	}
	return 0
}

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (s *inliner) closing(rest, mark string) int {
	for from := 1; from < len(rest); {
		i := strings.Index(rest[from:], mark)
		if i < 0 {
			return 0
		}
		i += from
		after, _ := utf8.DecodeRuneInString(rest[i+len(mark):])
		if rest[i-1] != ' ' && rest[i-1] != '\\' && (mark == "}}" || !unicode.IsLetter(after) && !unicode.IsDigit(after)) {
			return i
		}
		from = i + len(mark)
	}
	return 0
}

func (s *inliner) macro(rest string) int {
	m, ok := cutMacro(rest)
	if !ok || s.depth > 8 {
		return 0
	}
	if strings.EqualFold(m.name, "color") && m.bodied && len(m.params) == 1 {
		var b strings.Builder
		escape(&b, m.params[0].Value, true)
		inner := inliner{src: m.body, depth: s.depth + 1}
		inner.run()
		s.out.WriteString(`<span style="color: ` + b.String() + `;">` + inner.out.String() + "</span>")
		return len(rest) - len(m.rest)
	}
	s.out.WriteString(macroElement(m, func(body string) string {
		inner := inliner{src: body, depth: s.depth + 1}
		inner.run()
		return "<p>" + inner.out.String() + "</p>"
	}))
	return len(rest) - len(m.rest)
}

var urlText = regexp.MustCompile(`^https?://[^\s|\]{}<>"]+`)

func (s *inliner) address(rest string) int {
	url := strings.TrimRight(urlText.FindString(rest), ".,;:!?)*_'")
	if len(url) < len("http://x") {
		return 0
	}
	s.anchor(url, EscapeText(url))
	return len(url)
}

func (s *inliner) anchor(href, content string) {
	s.out.WriteString(`<a href="`)
	escape(&s.out, href, true)
	s.out.WriteString(`">` + content + "</a>")
}

// link converts [alias|target|tip], [alias|target] and [target].
func (s *inliner) link(rest string) int {
	end := strings.IndexByte(rest, ']')
	if end < 2 || s.depth > 8 {
		return 0
	}
	parts := strings.Split(rest[1:end], "|")
	target, alias := parts[0], ""
	if len(parts) > 1 {
		alias, target = parts[0], parts[1]
	}
	target = strings.TrimSpace(target)
	if target == "" || len(parts) > 3 || strings.ContainsAny(target, "[{") {
		return 0
	}
	inner := inliner{src: alias, depth: s.depth + 1}
	inner.run()
	s.target(target, inner.out.String())
	return end + 1
}

var schemes = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*://|mailto:|//|\\\\)`)

func (s *inliner) target(target, alias string) {
	if schemes.MatchString(target) {
		if alias == "" {
			alias = EscapeText(strings.TrimPrefix(target, "mailto:"))
		}
		s.anchor(target, alias)
		return
	}
	page, anchor, _ := strings.Cut(target, "#")
	key, title, spaced := strings.Cut(page, ":")
	if !spaced || !spaceKey.MatchString(key) {
		key, title = "", page
	}
	var open, inside Node
	open.Name = "ac:link"
	if anchor != "" {
		open.Attrs = append(open.Attrs, Attr{"ac:anchor", anchor})
	}
	switch {
	case strings.HasPrefix(target, "^"):
		open.Attrs = nil
		inside = Node{Name: "ri:attachment", Attrs: []Attr{{"ri:filename", target[1:]}}}
	case strings.HasPrefix(target, "~"):
		open.Attrs = nil
		inside = Node{Name: "ri:user", Attrs: []Attr{{"ri:username", target[1:]}}}
	case title != "":
		inside = Node{Name: "ri:page", Attrs: []Attr{{"ri:content-title", title}}}
		if key != "" {
			inside.Attrs = append([]Attr{{"ri:space-key", key}}, inside.Attrs...)
		}
	case key != "":
		inside = Node{Name: "ri:space", Attrs: []Attr{{"ri:space-key", key}}}
	}
	body := ""
	if alias != "" {
		body = "<ac:link-body>" + alias + "</ac:link-body>"
	}
	ref := ""
	if inside.Name != "" {
		ref = inside.String()
	}
	head := strings.TrimSuffix((&open).String(), " />")
	s.out.WriteString(head + ">" + ref + body + "</ac:link>")
}

var spaceKey = regexp.MustCompile(`^~?[A-Za-z0-9._-]+$`)

var imageText = regexp.MustCompile(`^!([^\s!|][^!|\n]*)(?:\|([^!\n]*))?!`)

// image converts !file.png! and !file.png|width=100!. Without a dot it is an exclamation.
func (s *inliner) image(rest string) int {
	m := imageText.FindStringSubmatch(rest)
	if m == nil || !strings.Contains(m[1], ".") {
		return 0
	}
	img := &Node{Name: "ac:image"}
	for part := range strings.SplitSeq(m[2], ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "width", "height", "align", "alt", "title", "border":
			img.Set("ac:"+name, strings.Trim(value, `"`))
		case "thumbnail":
			img.Set("ac:thumbnail", "true")
		}
	}
	ref := &Node{Name: "ri:attachment", Attrs: []Attr{{"ri:filename", m[1]}}}
	if schemes.MatchString(m[1]) {
		ref = &Node{Name: "ri:url", Attrs: []Attr{{"ri:value", m[1]}}}
	} else if page, file, ok := strings.Cut(m[1], "^"); ok {
		ref.Attrs[0].Value = file
		ref.Kids = []*Node{{Name: "ri:page", Attrs: []Attr{{"ri:content-title", page}}}}
	}
	img.Kids = []*Node{ref}
	s.out.WriteString(img.String())
	return len(m[0])
}
