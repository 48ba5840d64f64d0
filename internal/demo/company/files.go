package company

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// attached is a file of a page. Its bytes are drawn or written when they are asked for.
type attached struct {
	name, kind, about, comment string
	text                       string
}

// appendFile reads "name kind what it shows | comment".
func appendFile(to []*attached, fact string) ([]*attached, error) {
	fact, comment, _ := strings.Cut(fact, " | ")
	words := strings.SplitN(fact, " ", 3)
	if len(words) < 2 {
		return to, fmt.Errorf("a file has a name and a kind")
	}
	f := &attached{name: words[0], kind: words[1], comment: comment}
	if len(words) == 3 {
		f.about = words[2]
	}
	return append(to, f), nil
}

func (f *attached) mediaType() string {
	switch path.Ext(f.name) {
	case ".png":
		return "image/png"
	case ".svg":
		return "image/svg+xml"
	case ".pdf":
		return "application/pdf"
	case ".csv":
		return "text/csv"
	case ".json":
		return "application/json"
	case ".yaml":
		return "application/yaml"
	}
	return "text/plain"
}

// bytes makes the file.
func (f *attached) bytes() ([]byte, error) {
	switch f.kind {
	case "text":
		if f.text == "" {
			return nil, fmt.Errorf("file %q has no text", f.name)
		}
		return []byte(f.text), nil
	case "pdf":
		return pdf(f.about, strings.Split(strings.TrimSpace(f.text), "\n")), nil
	case "svg":
		return svg(f.about), nil
	}
	draw, ok := pictures[f.kind]
	if !ok {
		return nil, fmt.Errorf("file %q: no picture %q", f.name, f.kind)
	}
	return picture(draw, f.name)
}

// pdf makes a document of one page: a title and lines.
func pdf(title string, lines []string) []byte {
	var page bytes.Buffer
	page.WriteString("BT /F1 18 Tf 60 780 Td (" + pdfText(title) + ") Tj /F1 11 Tf 0 -34 Td 16 TL\n")
	for _, l := range lines {
		page.WriteString("(" + pdfText(l) + ") Tj T*\n")
	}
	page.WriteString("ET\n0.2 0.45 0.4 RG 2 w 60 768 m 535 768 l S\n")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

// pdfText writes a text in the encoding of the font: Latin letters in one byte each.
func pdfText(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '(' || c == ')' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < 0x80:
			b.WriteRune(c)
		case c < 0x100:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// svg draws boxes in a row with arrows between them; their texts are separated by ">".
func svg(about string) []byte {
	steps := strings.Split(about, ">")
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="120" font-family="sans-serif" font-size="13">`+"\n", 20+len(steps)*170)
	for i, s := range steps {
		x := 20 + i*170
		fmt.Fprintf(&b, `<rect x="%d" y="30" width="130" height="60" rx="8" fill="#e3f1ee" stroke="#2f6f66"/><text x="%d" y="65" text-anchor="middle">%s</text>`+"\n", x, x+65, escape(strings.TrimSpace(s)))
		if i > 0 {
			fmt.Fprintf(&b, `<path d="M%d 60 h34 m-8 -6 l8 6 l-8 6" fill="none" stroke="#2f6f66" stroke-width="2"/>`+"\n", x-38)
		}
	}
	return []byte(b.String() + "</svg>\n")
}
