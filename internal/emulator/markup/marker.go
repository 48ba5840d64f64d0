package markup

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
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

// Mark wraps the index-th occurrence (from 0) of the selected text in a marker: in each text that it spans, inside
// whatever other marks are there (register row ST-11). White space counts as a reader sees it. It returns the new body
// and how often the text occurs; with an index out of range the body is returned as it is.
func Mark(raw, selection string, index int, ref string) (string, int, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", 0, err
	}
	var runs []run
	collectRuns(root, &runs)
	seen, at := seenText(runs)
	selection = strings.Join(strings.FieldsFunc(selection, blankRune), " ")
	count := strings.Count(seen, selection)
	if selection == "" || index < 0 || index >= count {
		if selection == "" {
			count = 0
		}
		return raw, count, nil
	}
	from := 0
	for i := 0; ; i++ {
		hit := strings.Index(seen[from:], selection) + from
		if i == index {
			from = hit
			break
		}
		from = hit + len(selection)
	}
	first, last := at[from], at[from+len(selection)-1]
	for i := first.run; i <= last.run; i++ {
		if runs[i].node == nil {
			continue
		}
		start, end := 0, len(runs[i].node.Text)
		if i == first.run {
			start = first.from
		}
		if i == last.run {
			end = last.until
		}
		if start < end && strings.Trim(runs[i].node.Text[start:end], " \t\r\n") != "" {
			wrap(runs[i], start, end, ref)
		}
	}
	return root.String(), count, nil
}

// origin says from which bytes of which run a byte of the text that a reader sees is.
type origin struct{ run, from, until int }

func blankRune(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\u00a0' }

// seenText is the text of the runs as a reader sees it, each run of white space one blank, with the origin of each byte.
// Borders of blocks are a zero byte, which no selection holds.
func seenText(runs []run) (string, []origin) {
	var text []byte
	var at []origin
	for i, r := range runs {
		if r.node == nil {
			text, at = append(text, 0), append(at, origin{i, 0, 0})
			continue
		}
		for j, c := range r.node.Text {
			size := utf8.RuneLen(c)
			if blankRune(c) {
				if n := len(text); n > 0 && text[n-1] == ' ' {
					continue
				}
				text, at = append(text, ' '), append(at, origin{i, j, j + size})
				continue
			}
			text = append(text, r.node.Text[j:j+size]...)
			for range size {
				at = append(at, origin{i, j, j + size})
			}
		}
	}
	return string(text), at
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
