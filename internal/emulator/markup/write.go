package markup

import (
	"encoding/xml"
	"slices"
	"strings"
	"unicode/utf8"
)

// entityNames gives the name of each character beyond ASCII that HTML 4 has a name for.
var entityNames = func() map[rune]string {
	names := make(map[rune]string, len(xml.HTMLEntity))
	var keys []string
	for name := range xml.HTMLEntity {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	for _, name := range keys {
		r, size := utf8.DecodeRuneInString(xml.HTMLEntity[name])
		if size == len(xml.HTMLEntity[name]) && r > 127 && names[r] == "" {
			names[r] = name
		}
	}
	return names
}()

// EscapeText writes text as the server does: characters with an HTML 4 name as named entities, all others literally.
func EscapeText(s string) string {
	var b strings.Builder
	escape(&b, s, false)
	return b.String()
}

func escape(b *strings.Builder, s string, attr bool) {
	start := 0
	flush := func(i, width int, with string) {
		b.WriteString(s[start:i])
		b.WriteString(with)
		start = i + width
	}
	for i, r := range s {
		switch {
		case r == '<':
			flush(i, 1, "&lt;")
		case r == '>':
			flush(i, 1, "&gt;")
		case r == '&':
			flush(i, 1, "&amp;")
		case attr && r == '"':
			flush(i, 1, "&quot;")
		case attr && (r == '\n' || r == '\t'):
			flush(i, 1, "&#"+map[rune]string{'\n': "10", '\t': "9"}[r]+";")
		case r == '\r':
			flush(i, 1, "&#13;")
		case r > 127:
			if name := entityNames[r]; name != "" {
				flush(i, utf8.RuneLen(r), "&"+name+";")
			}
		}
	}
	b.WriteString(s[start:])
}

// String writes the tree as the server does.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Node) write(b *strings.Builder) {
	switch {
	case n.CDATA:
		b.WriteString("<![CDATA[")
		b.WriteString(strings.ReplaceAll(n.Text, "]]>", "]]]]><![CDATA[>"))
		b.WriteString("]]>")
		return
	case n.quoted && strings.Contains(n.Text, "'"):
		b.WriteString(strings.ReplaceAll(EscapeText(n.Text), "'", "&#039;"))
		return
	case n.Text != "":
		escape(b, n.Text, false)
		return
	}
	if n.Name != "" {
		b.WriteByte('<')
		b.WriteString(n.Name)
		for _, a := range n.Attrs {
			b.WriteByte(' ')
			b.WriteString(a.Name)
			b.WriteString(`="`)
			escape(b, a.Value, true)
			b.WriteByte('"')
		}
		if len(n.Kids) == 0 {
			b.WriteString(" />")
			return
		}
		b.WriteByte('>')
	}
	for _, k := range n.Kids {
		k.write(b)
	}
	if n.Name != "" {
		b.WriteString("</" + n.Name + ">")
	}
}
