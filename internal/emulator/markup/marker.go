package markup

import (
	"fmt"
	"slices"
	"strings"
)

// Markers returns the refs of the inline comment markers in a body, in order, each once.
func Markers(raw string) []string {
	root, err := Parse(raw)
	if err != nil {
		return nil
	}
	var refs []string
	walk(root, func(n *Node) {
		if n.Name == "ac:inline-comment-marker" {
			if ref, _ := n.Attr("ac:ref"); ref != "" && !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	})
	return refs
}

func walk(n *Node, visit func(*Node)) {
	visit(n)
	for _, k := range n.Kids {
		walk(k, visit)
	}
}

// run is a text node with its parent; a nil node is the border of a block, which no selection crosses.
type run struct{ parent, node *Node }

// Mark wraps the index-th occurrence (from 0) of the selected text in a marker. It returns the new body and how often
// the text occurs; with an index out of range the body is returned as it is.
func Mark(raw, selection string, index int, ref string) (string, int, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", 0, err
	}
	var runs []run
	collectRuns(root, &runs)
	var text strings.Builder
	starts := make([]int, len(runs))
	for i, r := range runs {
		starts[i] = text.Len()
		if r.node == nil {
			text.WriteByte(0)
			continue
		}
		text.WriteString(r.node.Text)
	}
	count := strings.Count(text.String(), selection)
	if selection == "" || index < 0 || index >= count {
		return raw, count, nil
	}
	from := 0
	for i := 0; ; i++ {
		at := strings.Index(text.String()[from:], selection) + from
		if i == index {
			from = at
			break
		}
		from = at + len(selection)
	}
	until := from + len(selection)
	for i, r := range runs {
		if r.node == nil || starts[i] >= until || starts[i]+len(r.node.Text) <= from {
			continue
		}
		wrap(r, max(0, from-starts[i]), min(len(r.node.Text), until-starts[i]), ref)
	}
	return root.String(), count, nil
}

func collectRuns(n *Node, runs *[]run) {
	for _, k := range n.Kids {
		switch {
		case k.Name == "" && !k.CDATA:
			*runs = append(*runs, run{n, k})
		case k.Name == "" || k.Name == "ac:parameter" || k.Name == "ac:task-id" || k.Name == "ac:task-uuid" || k.Name == "ac:task-status":
		default:
			border := blocks[k.Name] || k.Name == "br" || k.Name == "ac:structured-macro"
			if border {
				*runs = append(*runs, run{})
			}
			collectRuns(k, runs)
			if border {
				*runs = append(*runs, run{})
			}
		}
	}
}

func wrap(r run, from, until int, ref string) {
	text := r.node.Text
	marker := &Node{Name: "ac:inline-comment-marker", Attrs: []Attr{{"ac:ref", ref}}, Kids: []*Node{{Text: text[from:until]}}}
	var parts []*Node
	if from > 0 {
		parts = append(parts, &Node{Text: text[:from]})
	}
	parts = append(parts, marker)
	if until < len(text) {
		parts = append(parts, &Node{Text: text[until:]})
	}
	i := slices.Index(r.parent.Kids, r.node)
	r.parent.Kids = slices.Replace(r.parent.Kids, i, i+1, parts...)
}

// MarkBlock wraps the first run of text of a block in a marker.
func MarkBlock(raw, name, ref string) (string, error) {
	return change(raw, func(root *Node) error {
		f, err := block(root, name)
		if err != nil {
			return err
		}
		var runs []run
		collectRuns(f.node, &runs)
		for _, r := range runs {
			if r.node != nil {
				wrap(r, 0, len(r.node.Text), ref)
				return nil
			}
		}
		return fmt.Errorf("block %q has no text", name)
	})
}
