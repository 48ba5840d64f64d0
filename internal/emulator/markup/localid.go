package markup

// HasMacroWithoutLocalID reports whether a body holds a macro that the editor of Cloud has given no ac:local-id.
func HasMacroWithoutLocalID(raw string) (bool, error) {
	root, err := Parse(raw)
	if err != nil {
		return false, err
	}
	found := false
	walk(root, func(n *Node) {
		if n.Name == "ac:structured-macro" {
			if id, _ := n.Attr("ac:local-id"); id == "" {
				found = true
			}
		}
	})
	return found, nil
}
