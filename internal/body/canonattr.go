package body

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// startTag appends the canonical start tag of an element: attributes that count, sorted by name.
func (w *writer) startTag(out []byte, i int32, in context) []byte {
	out = append(append(out, '<'), canonicalName(w.t.name(i))...)
	if w.t.nodes[i].count > 0 {
		out = w.attributes(out, i, in, false)
	}
	return append(out, '>')
}

// attributes appends the attributes that count, without those that identify the target if asSlot is set.
func (w *writer) attributes(out []byte, i int32, in context, asSlot bool) []byte {
	var few [12]*attr
	sorted := few[:0]
	as := w.t.attrsOf(i)
	for k := range as {
		// Insertion keeps the few attributes of an element sorted.
		sorted = append(sorted, &as[k])
		for j := k; j > 0 && w.t.attrName(sorted[j]) < w.t.attrName(sorted[j-1]); j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	for _, a := range sorted {
		if asSlot && (a.fate == fateIdentifies || a.fate == fateAddress) || !w.counts(i, a) {
			continue
		}
		out = w.attribute(out, i, a, in)
	}
	return out
}

// counts reports whether an attribute is part of the content; one of presentation goes to drift.
func (w *writer) counts(i int32, a *attr) bool {
	tr := w.t.nodes[i].traits
	switch a.fate {
	case fateKept:
		return tr&bare == 0 || w.t.name(i) != "div" || knownOnDiv(w.t.attrName(a))
	case fateIdentity, fateBookkeeping:
		return false
	case fatePresentation:
		w.present(i, a, w.t.value(a))
		return false
	case fateData:
		return tr&bare == 0 && meaningfulData(w.t.attrName(a))
	case fateClasses:
		return !isBlank(w.t.raw[a.value:a.valueEnd])
	case fateStyle:
		return w.style(i, a, true) != ""
	case fateSingle:
		return strings.TrimSpace(w.t.value(a)) != "1"
	case fateWidth:
		if tr&column == 0 {
			return true
		}
		v := w.t.value(a)
		if isWidth(v) {
			w.present(i, a, v)
			return false
		}
		return true
	case fateHTMLID:
		return tr&anchored == 0 && w.t.name(i) != "div"
	}
	return true
}

// present notes an attribute for the presentation digest.
func (w *writer) present(i int32, a *attr, value string) {
	w.drift = append(append(w.drift, w.t.name(i)...), ' ')
	w.drift = append(append(w.drift, w.t.attrName(a)...), '=')
	w.drift = append(append(w.drift, value...), '\n')
}

// attribute appends one attribute. An address that leads into a site becomes a slot.
func (w *writer) attribute(out []byte, i int32, a *attr, in context) []byte {
	out = append(append(append(out, ' '), w.t.attrName(a)...), '=', '"')
	if a.fate == fateKept && a.marks == 0 {
		return append(append(out, w.t.raw[a.value:a.valueEnd]...), '"')
	}
	value := w.t.value(a)
	switch {
	case a.fate == fateStyle:
		value = w.style(i, a, false)
	case a.fate == fateAddress && in&inPlain == 0:
		if slot, ok := w.t.addressSlot(i, a); ok {
			if !w.written {
				w.slots = append(w.slots, slot)
				return append(out, slotMark+`"`...)
			}
			value = slot.Written
		}
	}
	if a.marks != 0 && !norm.NFC.IsNormalString(value) {
		value = norm.NFC.String(value)
	}
	return append(appendValue(out, value, '"'), '"')
}

// style returns the declarations of a style that count, each trimmed, in their order. Widths of columns go to drift if
// note is set.
func (w *writer) style(i int32, a *attr, note bool) string {
	columns := w.t.nodes[i].traits&column != 0
	var b strings.Builder
	for declaration := range declarations(w.t.value(a)) {
		property, value, ok := strings.Cut(declaration, ":")
		property, value = strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value)
		switch {
		case property == "" && value == "":
			continue
		case property == "text-align" && strings.EqualFold(value, "start"):
			continue
		case columns && property == "width" && isWidth(value):
			if note {
				w.present(i, a, value)
			}
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(property)
		if ok {
			b.WriteString(": " + value)
		}
	}
	return b.String()
}

// declarations yields the parts of a style between semicolons that stand outside quotes and brackets.
func declarations(style string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		from, depth, quote := 0, 0, byte(0)
		for i := 0; i < len(style); i++ {
			switch c := style[i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '(':
				depth++
			case c == ')' && depth > 0:
				depth--
			case c == ';' && depth == 0:
				if !yield(style[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(style[from:])
	}
}

// isWidth reports whether v is a width in pixels or percent.
func isWidth(v string) bool {
	v = strings.TrimSpace(v)
	number, ok := strings.CutSuffix(v, "px")
	if !ok {
		number = strings.TrimSuffix(v, "%")
	}
	number = strings.TrimSpace(number)
	return number != "" && strings.Trim(number, "0123456789.") == ""
}
