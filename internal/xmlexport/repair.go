package xmlexport

import (
	"html"
	"strings"
)

// repairCDATA undoes what an export does to the CDATA sections of a body, which is itself written as one: "]]>" inside
// becomes "]] >", and "]]" before something else may get a blank too. An end is put back where markup or nothing follows;
// the other is undone only inside a section, where no markup can be meant, and never so that it ends the section. A text
// that truly held "]] " there loses its blank.
func repairCDATA(body string) string {
	if !strings.Contains(body, "]] ") {
		return body
	}
	var b strings.Builder
	b.Grow(len(body))
	for {
		start := strings.Index(body, "<![CDATA[")
		if start < 0 {
			break
		}
		start += len("<![CDATA[")
		b.WriteString(body[:start])
		body = body[start:]
		end, length := sectionEnd(body)
		writeSection(&b, body[:end])
		if length > 0 {
			b.WriteString("]]>")
		}
		body = body[end+length:]
	}
	b.WriteString(body)
	return b.String()
}

// sectionEnd returns where a CDATA section's end mark begins, damaged or not, and how long it is: 0 where there is none.
func sectionEnd(s string) (at, length int) {
	for at < len(s) {
		i := strings.Index(s[at:], "]]")
		if i < 0 {
			break
		}
		at += i
		rest := s[at+2:]
		if strings.HasPrefix(rest, ">") {
			return at, 3
		}
		if after, ok := strings.CutPrefix(rest, " >"); ok {
			if after = strings.TrimLeft(after, " \t\n"); after == "" || after[0] == '<' {
				return at, 4
			}
		}
		at++
	}
	return len(s), 0
}

// writeSection writes the text of a section without the blanks that the export put behind "]]".
func writeSection(b *strings.Builder, s string) {
	for {
		i := strings.Index(s, "]] ")
		if i < 0 {
			break
		}
		b.WriteString(s[:i+2])
		s = s[i+2:]
		if strings.HasPrefix(s, " >") {
			b.WriteByte(' ')
		}
		s = s[1:]
	}
	b.WriteString(s)
}

// paragraph makes a body in storage format of plain text.
func paragraph(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	return "<p>" + html.EscapeString(string(raw)) + "</p>"
}

// plainText returns the text of a description, which older exports write with markup.
func plainText(s string) string {
	var b strings.Builder
	for {
		lt := strings.IndexByte(s, '<')
		if lt < 0 {
			break
		}
		gt := strings.IndexByte(s[lt:], '>')
		if gt < 0 {
			break
		}
		b.WriteString(s[:lt])
		s = s[lt+gt+1:]
	}
	b.WriteString(s)
	return strings.TrimSpace(html.UnescapeString(b.String()))
}
