package body

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// text takes the characters of a text or CDATA node.
func (w *writer) text(i int32, in context) {
	n := &w.t.nodes[i]
	s := w.t.chars(i)
	switch {
	case in&inPlain != 0:
		w.keep(s, n.kind, 0)
	case in&inStructure != 0 && isBlank(s):
	case in&inKeeps != 0:
		w.keep(s, n.kind, n.marks)
	case n.kind == text && n.marks&hasFold == 0:
		w.smooth(s, n.marks)
	default:
		w.collapse(s, n.kind, n.marks)
	}
}

// smooth takes text that stands as it is, but for its ends and references.
func (w *writer) smooth(s string, m marks) {
	if s[0] == ' ' {
		w.blank()
		s = s[1:]
	}
	trimmed := strings.TrimSuffix(s, " ")
	blank := len(trimmed) < len(s)
	s = trimmed
	if m&hasReference != 0 {
		s = w.referring(s, m)
	}
	w.piece(s, m)
	if blank {
		w.blank()
	}
}

// referring takes text up to its last reference that does not stand as it is, and returns the rest.
func (w *writer) referring(s string, m marks) string {
	from := 0
	for i := 0; ; {
		next := strings.IndexByte(s[i:], '&')
		if next < 0 {
			return s[from:]
		}
		i += next
		r, length, stands := characterAt(s[i:], text)
		if !stands {
			w.piece(s[from:i], m)
			if w.running && len(w.ends) == 0 && !w.space && r >= utf8.RuneSelf {
				w.out = utf8.AppendRune(w.out, r)
			} else {
				w.piece(escaped(r), m)
			}
			from = i + length
		}
		i += length
	}
}

// collapse takes text in which a run of white space counts as one blank. What is written as it will stand is taken in
// pieces as long as can be.
func (w *writer) collapse(s string, k kind, m marks) {
	i := skipSpace(s, 0)
	if i > 0 {
		w.blank()
	}
	from := i
	for i < len(s) {
		quiet, _ := quietBytes(s[i:])
		if i += quiet; i == len(s) {
			break
		}
		if quiet > 0 && s[i-1] == ' ' && isSpace(s[i]) {
			i-- // the blank before more white space
		}
		switch charClasses[s[i]] {
		case charBlank, charBreak:
			next := skipSpace(s, i)
			if next == i+1 && s[i] == ' ' && next < len(s) && s[next] != '&' && s[i-1] != ' ' {
				i++ // a single blank between words
				continue
			}
			w.piece(strings.TrimRight(s[from:i], " "), m)
			w.blank()
			from, i = next, next
		case charReference, charTag, charGreater:
			r, length, stands := characterAt(s[i:], k)
			if !stands {
				w.spaced(s[from:i], m)
				w.character(r, m)
				from = i + length
			}
			i += length
		default:
			i++
		}
	}
	w.spaced(s[from:], m)
}

// spaced takes a piece that may end with a blank.
func (w *writer) spaced(s string, m marks) {
	if trimmed := strings.TrimSuffix(s, " "); len(trimmed) < len(s) {
		w.piece(trimmed, m)
		w.blank()
		return
	}
	w.piece(s, m)
}

// keep takes text in which all white space counts.
func (w *writer) keep(s string, k kind, m marks) {
	from := 0
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\r':
			w.piece(s[from:i], m)
			i++
			from = i
			if !strings.HasPrefix(s[i:], "\n") {
				w.piece("\n", m)
			}
		case c == '&' || c == '<' || c == '>':
			r, length, stands := characterAt(s[i:], k)
			if !stands {
				w.piece(s[from:i], m)
				if r == '\r' {
					r = '\n'
				}
				w.piece(escaped(r), m)
				from = i + length
			}
			i += length
		default:
			i++
		}
	}
	w.piece(s[from:], m)
}

// characterAt returns the character that s begins with, which is a reference in a text, or needs one. stands is set if
// it is written as the canonical form writes it.
func characterAt(s string, k kind) (r rune, length int, stands bool) {
	if s[0] != '&' || k == cdata {
		return rune(s[0]), 1, false
	}
	switch {
	case strings.HasPrefix(s, "&amp;"):
		return '&', 5, true
	case strings.HasPrefix(s, "&lt;"):
		return '<', 4, true
	case strings.HasPrefix(s, "&gt;"):
		return '>', 4, true
	}
	r, length = reference(s)
	return r, length, false
}

// character takes a character that was written as a reference. White space is white space however it is written.
func (w *writer) character(r rune, m marks) {
	if r < utf8.RuneSelf && isSpace(byte(r)) {
		w.blank()
		return
	}
	w.piece(escaped(r), m)
}

func escaped(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// blank takes a run of white space. One that follows another, across the end of a mark, is one with it.
func (w *writer) blank() {
	if w.edge || w.space {
		return
	}
	if len(w.ends) > 0 {
		w.endRun()
	}
	w.space = true
}

// piece takes text as it is to stand.
func (w *writer) piece(s string, m marks) {
	if s == "" {
		return
	}
	if len(w.ends) > 0 {
		w.endRun()
	}
	if !w.running {
		w.running, w.start, w.marks = true, len(w.out), 0
	}
	if w.space {
		w.out = append(w.out, ' ')
		w.space = false
	}
	w.out = append(w.out, s...)
	w.marks |= m
	w.edge, w.soft = false, false
}

// endRun ends the text, white space at its end included, and writes the end tags that wait.
func (w *writer) endRun() {
	if w.space {
		w.out = append(w.out, ' ')
		w.space = false
	}
	if w.running || len(w.ends) > 0 {
		w.flush()
	}
}

// endLine is endRun where a line begins or ends: white space at its end is no text.
func (w *writer) endLine() {
	w.space = false
	if w.running || len(w.ends) > 0 {
		w.flush()
	}
	w.edge, w.soft = true, false
}

func (w *writer) flush() {
	if w.running {
		w.running = false
		if w.marks&hasComposing != 0 {
			w.normalise()
		}
		w.visible = w.visible || isVisible(w.out[w.start:])
	}
	for _, e := range w.ends {
		w.out = endTag(w.out, e.to, e.name)
	}
	w.ends = w.ends[:0]
}

// normalise brings the text just ended into NFC. It is escaped already; of what is escaped, '<' and '>' compose with one
// character, a stroke.
func (w *writer) normalise() {
	s := w.out[w.start:]
	stroke := bytes.IndexByte(s, '&') >= 0 && bytes.Contains(s, []byte("\u0338"))
	if norm.NFC.IsNormal(s) && !stroke {
		return
	}
	if !stroke {
		w.composed = norm.NFC.Append(w.composed[:0], s...)
		w.out = append(w.out[:w.start], w.composed...)
		return
	}
	s = norm.NFC.Bytes(appendDecoded(nil, string(s)))
	w.out = appendEscaped(w.out[:w.start], s)
}

// isVisible reports whether text shows: white space, no-break and zero-width spaces alone do not.
func isVisible(s []byte) bool {
	return len(bytes.Trim(s, " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff")) > 0
}
