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
		takeText(w, w.decoded, in, true)
		return
	}
	takeText(w, s, in, n.marks&hasHigh != 0)
}

func takeText[T string | []byte](w *writer, s T, in context, high bool) {
	switch {
	case in&inPlain != 0:
		w.endRun()
		if len(s) > 0 {
			w.visible = w.visible || !isBlank(s)
			w.out = appendEscaped(w.out, unixLines(s))
		}
	case in&inStructure != 0 && isBlank(s):
	case in&inKeeps != 0:
		if len(s) > 0 {
			addWords(w, unixLines(s), high)
		}
	default:
		collapse(w, s, high)
	}
}

// unixLines ends lines as XML parsers do. A carriage return that was written as a reference has been decoded by now; it
// is taken as a line end too.
func unixLines[T string | []byte](s T) []byte {
	b := []byte(s)
	if bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
}

// collapse takes text in which a run of white space counts as one blank.
func collapse[T string | []byte](w *writer, s T, high bool) {
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
		addWords(w, s[i:j], high)
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
func addWords[T string | []byte](w *writer, s T, high bool) {
	if len(w.ends) > 0 {
		w.endRun()
	}
	if w.space {
		w.run = append(w.run, ' ')
		w.space = false
	}
	w.run = append(w.run, s...)
	w.high = w.high || high
	w.edge, w.soft = false, false
}

// endRun writes the text collected, white space at its end included, and then the end tags that wait.
func (w *writer) endRun() {
	if w.space {
		w.run = append(w.run, ' ')
		w.space = false
	}
	w.flush()
}

// endLine is endRun where a line begins or ends: white space at its end is no text.
func (w *writer) endLine() {
	w.space = false
	w.flush()
	w.edge, w.soft = true, false
}

func (w *writer) flush() {
	if len(w.run) > 0 {
		if w.high && !norm.NFC.IsNormal(w.run) {
			w.run = norm.NFC.Bytes(w.run)
		}
		w.visible = w.visible || isVisible(w.run)
		w.out = appendEscaped(w.out, w.run)
		w.run, w.high = w.run[:0], false
	}
	if len(w.ends) > 0 {
		for _, e := range w.ends {
			w.out = endTag(w.out, e.to, e.name)
		}
		w.ends = w.ends[:0]
	}
}

// isVisible reports whether text shows: white space, no-break and zero-width spaces alone do not.
func isVisible(s []byte) bool {
	return len(bytes.Trim(s, " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff")) > 0
}
