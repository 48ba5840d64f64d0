package markup

import "strings"

// Macro returns the macro of that id in a body, by ac:macro-id or by the local id that Forge macros are known by; nil
// where there is none or the body is no storage format.
func Macro(raw, id string) *Node {
	root, err := Parse(raw)
	if err != nil {
		return nil
	}
	var found *Node
	walk(root, func(n *Node) {
		if n.Name != "ac:structured-macro" && n.Name != "ac:macro" {
			return
		}
		for _, name := range []string{"ac:macro-id", "ac:local-id"} {
			if have, there := n.Attr(name); there && have == id && found == nil {
				found = n
			}
		}
	})
	return found
}

// Inner writes what is inside an element: of a plain text body its text, else the storage format.
func (n *Node) Inner() string {
	var b strings.Builder
	for _, k := range n.Kids {
		if k.CDATA {
			b.WriteString(k.Text)
			continue
		}
		k.write(&b)
	}
	return b.String()
}
