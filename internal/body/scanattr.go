package body

import "math"

// attribute reads the attribute of node i that starts at from, and returns where it ends.
func (s *scanner) attribute(i int32, from int) (int, error) {
	raw := s.raw
	name := nameEnd(raw, from)
	if name == from {
		return 0, s.fault(from, "ill-formed start tag")
	}
	at := skipSpace(raw, name)
	if at >= len(raw) || raw[at] != '=' {
		return 0, s.fault(from, "attribute %s without a value", raw[from:name])
	}
	at = skipSpace(raw, at+1)
	if at >= len(raw) || raw[at] != '"' && raw[at] != '\'' {
		return 0, s.fault(at, "attribute %s without quotes", raw[from:name])
	}
	quote, start := raw[at], at+1
	end, m, err := s.attributeValue(start, quote)
	if err != nil {
		return 0, err
	}
	s.attrs = append(s.attrs, attr{
		name: int32(from), nameEnd: int32(name), value: int32(start), valueEnd: int32(end),
		fate: fateOf(raw[from:name]), marks: m,
	})
	if s.nodes[i].count++; s.nodes[i].count == math.MaxUint16 {
		return 0, s.fault(from, "element with %d attributes", math.MaxUint16)
	}
	return end + 1, nil
}

func (s *scanner) attributeValue(start int, quote byte) (int, marks, error) {
	raw := s.raw
	var m marks
	for i := start; i < len(raw); i++ {
		switch charClasses[raw[i]] {
		case charPlain, charBlank, charBracket:
		case charQuote:
			if raw[i] == quote {
				if m&hasHigh != 0 {
					if valid, _ := lookAt(raw[start:i]); !valid {
						return 0, 0, s.badChar(start, i)
					}
				}
				return i, m, nil
			}
			m |= hasOdd
		case charTag:
			return 0, 0, s.fault(i, "'<' inside a value")
		case charHigh:
			m |= hasHigh
		case charGreater, charBreak:
			m |= hasOdd
		case charReference:
			_, length := reference(raw[i:])
			if length == 0 {
				return 0, 0, s.badReference(i)
			}
			m |= hasReference
			i += length - 1
		case charControl:
			return 0, 0, s.fault(i, "character U+%04X is not allowed", s.raw[i])
		}
	}
	return 0, 0, s.fault(start-1, "value without an end")
}

// unique refuses an element with two attributes of one name.
func (s *scanner) unique(i int32) error {
	n := &s.nodes[i]
	as := s.attrs[n.attrs : n.attrs+int32(n.count)]
	if len(as) > 16 {
		seen := make(map[string]bool, len(as))
		for _, a := range as {
			name := s.raw[a.name:a.nameEnd]
			if seen[name] {
				return s.fault(int(a.name), "attribute %s twice", name)
			}
			seen[name] = true
		}
		return nil
	}
	for k := 1; k < len(as); k++ {
		name := s.raw[as[k].name:as[k].nameEnd]
		for j := range k {
			if s.raw[as[j].name:as[j].nameEnd] == name {
				return s.fault(int(as[k].name), "attribute %s twice", name)
			}
		}
	}
	return nil
}
