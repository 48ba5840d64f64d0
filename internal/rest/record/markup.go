package record

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

// plainAttributes are attributes of bodies whose values are of a closed vocabulary.
var plainAttributes = strings.Fields(`ac:name ac:schema-version ac:type ac:layout ac:align ac:width ac:height ac:thumbnail ac:border
 ac:breakout-mode ac:breakout-width ac:card-appearance colspan rowspan data-layout data-table-width scope ac:emoji-shortname type key
 data-card-appearance ac:original-width ac:original-height ac:custom-width charset`)

var attribute = regexp.MustCompile(`([A-Za-z_:][-A-Za-z0-9_:.]*)(\s*=\s*)("[^"]*"|'[^']*')`)

var spelled = regexp.MustCompile(`&(#\d+|#x[0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);`)

// markup masks a body: tags, names of attributes, entities and the marks of CDATA stay, texts and values of attributes are
// masked. An unfinished tag is masked as a text.
func (m *Mask) markup(s string) string {
	var out strings.Builder
	for s != "" {
		switch {
		case strings.HasPrefix(s, "<![CDATA["):
			inner, rest, ok := strings.Cut(s[len("<![CDATA["):], "]]>")
			out.WriteString("<![CDATA[" + m.Value(inner))
			if ok {
				out.WriteString("]]>")
			}
			s = rest
		case strings.HasPrefix(s, "<!--"):
			inner, rest, ok := strings.Cut(s[len("<!--"):], "-->")
			out.WriteString("<!--" + m.Value(inner))
			if ok {
				out.WriteString("-->")
			}
			s = rest
		case strings.HasPrefix(s, "<"):
			end := strings.IndexByte(s, '>')
			if end < 0 {
				out.WriteString("<" + m.Value(s[1:]))
				return out.String()
			}
			out.WriteString(m.tag(s[:end+1]))
			s = s[end+1:]
		default:
			end := strings.IndexByte(s, '<')
			if end < 0 {
				end = len(s)
			}
			out.WriteString(m.prose(s[:end]))
			s = s[end:]
		}
	}
	return out.String()
}

func (m *Mask) tag(tag string) string {
	return attribute.ReplaceAllStringFunc(tag, func(a string) string {
		p := attribute.FindStringSubmatch(a)
		name, quote, value := p[1], p[3][:1], p[3][1:len(p[3])-1]
		if slices.Contains(plainAttributes, name) && vocabulary.MatchString(value) {
			return a
		}
		plain := html.UnescapeString(value)
		masked := m.Value(plain)
		if strings.HasPrefix(plain, "http://") || strings.HasPrefix(plain, "https://") || strings.HasPrefix(plain, "/") {
			masked = m.Address(plain)
		}
		return name + p[2] + quote + html.EscapeString(masked) + quote
	})
}

// prose masks a text between tags and leaves its entities where they are.
func (m *Mask) prose(s string) string {
	if strings.TrimSpace(s) == "" {
		return s
	}
	at := 0
	var out strings.Builder
	for _, e := range spelled.FindAllStringIndex(s, -1) {
		out.WriteString(m.Value(s[at:e[0]]))
		out.WriteString(s[e[0]:e[1]])
		at = e[1]
	}
	out.WriteString(m.Value(s[at:]))
	return out.String()
}
