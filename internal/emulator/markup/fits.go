package markup

import "slices"

// FitsEditor reports whether the new editor can hold a body without keeping parts of it as they are: no table in a
// table, no macro with rich text inside another but for panels in an expand, none of the macros and elements that only
// the legacy editor has (cloud-api.md section 8.1; register row PA-17).
func FitsEditor(stored string) bool {
	root, err := Parse(stored)
	return err == nil && fits(root, false, false)
}

// legacyMacros are layouts of the legacy editor.
var legacyMacros = []string{"section", "column", "div", "span", "align", "center", "bgcolor", "highlight"}

func fits(n *Node, inTable, inMacro bool) bool {
	switch n.Name {
	case "table":
		if inTable {
			return false
		}
		inTable = true
	case "ac:macro":
		return false
	case "ac:structured-macro":
		name, _ := n.Attr("ac:name")
		if slices.Contains(legacyMacros, name) {
			return false
		}
		if n.Kid("ac:rich-text-body") != nil && panels[name] == "" {
			if inMacro {
				return false
			}
			inMacro = name != "expand"
		}
	}
	for _, k := range n.Kids {
		if !fits(k, inTable, inMacro) {
			return false
		}
	}
	return true
}
