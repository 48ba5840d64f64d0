package body

import (
	"strings"
)

// startTag appends the canonical start tag of an element: attributes that count, sorted by name.
func (w *writer) startTag(out []byte, i int32, in context) []byte {
	n := &w.t.nodes[i]
	if length := int32(n.name) + 2; n.traits&mark == 0 && n.inner-n.start == length {
		return append(out, w.t.raw[n.start:n.inner]...) // <name>
	}
	if n.traits&mark != 0 {
		out = append(append(out, '<'), canonicalName(w.t.name(i))...)
	} else {
		out = append(out, w.t.raw[n.start:n.start+1+int32(n.name)]...)
	}
	if n.count > 0 {
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
		a := &as[k]
		if a.fate == fateIdentity || a.fate == fateBookkeeping || asSlot && (a.fate == fateIdentifies || a.fate == fateAddress) {
			continue
		}
		// Insertion keeps the few attributes of an element sorted.
		sorted = append(sorted, a)
		for j := len(sorted) - 1; j > 0 && w.t.attrName(sorted[j]) < w.t.attrName(sorted[j-1]); j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	always := w.t.nodes[i].traits&bare == 0 // fateKept is final
	for _, a := range sorted {
		if (a.fate != fateKept || !always) && !w.counts(i, a) {
			continue
		}
		if a.fate == fateKept && a.marks == 0 && a.value == a.nameEnd+2 && w.t.raw[a.valueEnd] == '"' {
			// name="value" stands as it is to be written.
			out = append(append(out, ' '), w.t.raw[a.name:a.valueEnd+1]...)
			continue
		}
		out = append(append(append(out, ' '), w.t.attrName(a)...), '=', '"')
		out = append(w.attributeValue(out, i, a, in), '"')
	}
	return out
}

// counts reports whether an attribute that is no id is part of the content; one of presentation goes to drift.
func (w *writer) counts(i int32, a *attr) bool {
	tr := w.t.nodes[i].traits
	switch a.fate {
	case fateKept:
		return w.t.name(i) != "div" || knownOnDiv(w.t.attrName(a))
	case fatePresentation:
		w.present(i, a, w.t.value(a))
		return false
	case fateData:
		return tr&bare == 0 && meaningfulData(w.t.attrName(a))
	case fateClasses:
		return !isBlank(w.t.raw[a.value:a.valueEnd])
	case fateStyle:
		w.styles = w.style(w.styles[:0], i, a)
		return len(w.styles) > 0
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

// attributeValue appends the value of an attribute that counts. An address that leads into a site becomes a slot.
func (w *writer) attributeValue(out []byte, i int32, a *attr, in context) []byte {
	var value string
	switch {
	case a.fate == fateStyle && a.marks == 0:
		return appendValue(out, w.styles, '"')
	case a.fate == fateStyle:
		value = string(w.styles)
	default:
		value = w.t.value(a)
	}
	if a.fate == fateAddress && in&inPlain == 0 {
		if slot, ok := w.t.addressSlot(i, a); ok {
			if !w.written {
				w.slots = append(w.slots, slot)
				return append(out, slotMark...)
			}
			value = slot.Written
		}
	}
	if a.marks != 0 {
		value = composed(value)
	}
	return appendValue(out, value, '"')
}

// style appends the declarations of a style that count, each trimmed, in their order. Widths of columns go to drift.
func (w *writer) style(dst []byte, i int32, a *attr) []byte {
	columns := w.t.nodes[i].traits&column != 0
	for rest := w.t.value(a); rest != ""; {
		var declaration string
		declaration, rest = cutDeclaration(rest)
		property, value, ok := strings.Cut(declaration, ":")
		property, value = strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value)
		switch {
		case property == "" && value == "":
			continue
		case property == "text-align" && strings.EqualFold(value, "start"):
			continue
		case columns && property == "width" && isWidth(value):
			w.present(i, a, value)
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(dst, property...)
		if ok {
			dst = append(append(dst, ": "...), value...)
		}
	}
	return dst
}

// cutDeclaration cuts a style after the first semicolon that stands outside quotes and brackets.
func cutDeclaration(style string) (declaration, rest string) {
	depth, quote := 0, byte(0)
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
			return style[:i], style[i+1:]
		}
	}
	return style, ""
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
