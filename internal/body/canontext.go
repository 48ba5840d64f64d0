package body

import (
	"bytes"

	"golang.org/x/text/unicode/norm"
)

// text takes the characters of a text or CDATA node.
func (w *writer) text(i int32, in context) {
	n := &w.t.nodes[i]
	s := w.t.chars(i)
	if n.kind == text && n.marks&hasReference != 0 {
		w.decoded = appendDecoded(w.decoded[:0], s)
		takeText(w, w.decoded, in, hasHigh|hasOdd)
		return
	}
	m := n.marks
	if n.kind == cdata {
		m |= hasOdd
	}
	takeText(w, s, in, m)
}

// takeText takes decoded characters; m tells if some are outside ASCII (hasHigh) or need escaping (hasOdd).
func takeText[T string | []byte](w *writer, s T, in context, m marks) {
	switch {
	case in&inPlain != 0:
		w.endRun()
		w.visible = w.visible || !isBlank(s)
		if hasReturn(s) {
			w.out = appendEscaped(w.out, unixLines(s))
			return
		}
		w.out = appendEscaped(w.out, s)
	case in&inStructure != 0 && isBlank(s):
	case in&inKeeps != 0:
		if hasReturn(s) {
			addWords(w, unixLines(s), m)
			return
		}
		addWords(w, s, m)
	default:
		collapse(w, s, m)
	}
}

func hasReturn[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '\r' {
			return true
		}
	}
	return false
}

// unixLines ends lines as XML parsers do. A carriage return that was written as a reference has been decoded by now; it
// is taken as a line end too.
func unixLines[T string | []byte](s T) []byte {
	b := bytes.ReplaceAll([]byte(s), []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
}

// collapse takes text in which a run of white space counts as one blank.
func collapse[T string | []byte](w *writer, s T, m marks) {
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			for i < len(s) && isSpace(s[i]) {
				i++
			}
			w.blank()
			continue
		}
		j := i + 1
		for j < len(s) {
			switch c := s[j]; {
			case c > ' ':
				j++
				continue
			case c == ' ' && j+1 < len(s) && s[j+1] > ' ':
				j += 2
				continue
			}
			break
		}
		addWords(w, s[i:j], m)
		i = j
	}
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

// addWords takes text whose white space is settled.
func addWords[T string | []byte](w *writer, s T, m marks) {
	if len(w.ends) > 0 {
		w.endRun()
	}
	if len(s) == 0 {
		return
	}
	if !w.running {
		w.running, w.start, w.marks = true, len(w.out), 0
	}
	if w.space {
		w.out = append(w.out, ' ')
		w.space = false
	}
	if m&hasOdd != 0 {
		w.out = appendEscaped(w.out, s)
	} else {
		w.out = append(w.out, s...)
	}
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
		if w.marks&hasHigh != 0 {
			w.normalise()
		}
		w.visible = w.visible || isVisible(w.out[w.start:])
	}
	for _, e := range w.ends {
		w.out = endTag(w.out, e.to, e.name)
	}
	w.ends = w.ends[:0]
}

// normalise brings the text just ended into NFC. What is escaped may compose with what follows it.
func (w *writer) normalise() {
	s := w.out[w.start:]
	if norm.NFC.IsNormal(s) && (w.marks&hasOdd == 0 || bytes.IndexByte(s, '&') < 0) {
		return
	}
	s = norm.NFC.Bytes(appendDecoded(nil, string(s)))
	w.out = appendEscaped(w.out[:w.start], s)
}

// isVisible reports whether text shows: white space, no-break and zero-width spaces alone do not.
func isVisible(s []byte) bool {
	return len(bytes.Trim(s, " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff")) > 0
}
