package markup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// textBlocks are the elements that a person edits the text of.
var textBlocks = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "li": true, "td": true, "th": true,
	"ac:task-body": true, "caption": true,
}

// found is a block with its parent.
type found struct{ parent, node *Node }

// block finds a block by name: the innermost text block whose text, behind its first word, begins with the words of
// the name ("p3", or "t 2 1" for a cell); else "pN" is the N-th paragraph.
func block(root *Node, name string) (found, error) {
	words := strings.Fields(strings.NewReplacer(".", " ", ",", " ").Replace(name))
	var named, numbered []found
	var visit func(n *Node)
	visit = func(n *Node) {
		for _, k := range n.Kids {
			if textBlocks[k.Name] {
				if have := strings.Fields(plainText(k)); len(have) > len(words) && slices.Equal(have[1:1+len(words)], words) {
					named = append(named, found{n, k})
				}
			}
			if k.Name == "p" {
				numbered = append(numbered, found{n, k})
			}
			visit(k)
		}
	}
	visit(root)
	if len(named) > 0 {
		best := named[0]
		for _, f := range named[1:] {
			if slices.Contains(best.node.Kids, f.node) {
				best = f
			}
		}
		return best, nil
	}
	if number, err := strconv.Atoi(strings.TrimPrefix(name, "p")); err == nil && number >= 1 && number <= len(numbered) {
		return numbered[number-1], nil
	}
	return found{}, fmt.Errorf("no block %q", name)
}

func plainText(n *Node) string {
	var b strings.Builder
	visible(&b, n, false)
	return strings.TrimSpace(b.String())
}

// change parses, edits and writes a body.
func change(raw string, edit func(root *Node) error) (string, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", err
	}
	if err := edit(root); err != nil {
		return "", err
	}
	return root.String(), nil
}

// BlockText returns the visible text of a block, with runs of white space as one blank.
func BlockText(raw, name string) (string, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", err
	}
	f, err := block(root, name)
	if err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(plainText(f.node)), " "), nil
}

// EditInMacro gives a block inside a macro another text. The macro is named as for SetMacro; a block without a name of its
// own is counted from the macro's beginning.
func EditInMacro(raw, macro, name, to string) (string, error) {
	return change(raw, func(root *Node) error {
		m := findMacro(root, macro)
		if m == nil {
			return fmt.Errorf("no macro %q", macro)
		}
		f, err := block(m, name)
		if err != nil {
			return err
		}
		f.node.Kids = []*Node{{Text: to}}
		return nil
	})
}

// EditBlock gives a block another text. With word set, only that word: its number from 1, or "last".
func EditBlock(raw, name, word, to string) (string, error) {
	return change(raw, func(root *Node) error {
		f, err := block(root, name)
		if err != nil {
			return err
		}
		if word != "" {
			words := strings.Fields(plainText(f.node))
			at := len(words)
			if word != "last" {
				if at, err = strconv.Atoi(word); err != nil || at < 1 || at > len(words) {
					return fmt.Errorf("block %q has no word %q", name, word)
				}
			}
			words[at-1] = to
			to = strings.Join(words, " ")
		}
		f.node.Kids = []*Node{{Text: to}}
		return nil
	})
}

// InsertAfter puts a new paragraph behind a block; with no block, at the end.
func InsertAfter(raw, name, text string) (string, error) {
	return change(raw, func(root *Node) error {
		paragraph := &Node{Name: "p", Kids: []*Node{{Text: text}}}
		if name == "" {
			root.Kids = append(root.Kids, paragraph)
			return nil
		}
		f, err := block(root, name)
		if err != nil {
			return err
		}
		f.parent.Kids = slices.Insert(f.parent.Kids, slices.Index(f.parent.Kids, f.node)+1, paragraph)
		return nil
	})
}

// DropBlock removes a block.
func DropBlock(raw, name string) (string, error) {
	return change(raw, func(root *Node) error {
		f, err := block(root, name)
		if err != nil {
			return err
		}
		f.parent.Kids = slices.DeleteFunc(f.parent.Kids, func(k *Node) bool { return k == f.node })
		return nil
	})
}

// SetMacro gives a parameter of a macro a value. The macro is named by the last word of its title parameter, or by its
// own name.
func SetMacro(raw, macro, param, to string) (string, error) {
	return change(raw, func(root *Node) error {
		m := findMacro(root, macro)
		if m == nil {
			return fmt.Errorf("no macro %q", macro)
		}
		for _, k := range m.Kids {
			if name, _ := k.Attr("ac:name"); k.Name == "ac:parameter" && name == param {
				k.Kids = []*Node{{Text: to}}
				return nil
			}
		}
		set := &Node{Name: "ac:parameter", Attrs: []Attr{{"ac:name", param}}, Kids: []*Node{{Text: to}}}
		m.Kids = slices.Insert(m.Kids, 0, set)
		return nil
	})
}

func findMacro(root *Node, name string) *Node {
	var hit *Node
	walk(root, func(n *Node) {
		if hit != nil || n.Name != "ac:structured-macro" {
			return
		}
		own, _ := n.Attr("ac:name")
		title := ""
		for _, k := range n.Kids {
			if p, _ := k.Attr("ac:name"); k.Name == "ac:parameter" && p == "title" {
				title = strings.TrimSpace(rawText(k))
			}
		}
		if own == name || title == name || strings.HasSuffix(title, " "+name) {
			hit = n
		}
	})
	return hit
}

func rawText(n *Node) string {
	if n.Name == "" {
		return n.Text
	}
	var b strings.Builder
	for _, k := range n.Kids {
		b.WriteString(rawText(k))
	}
	return b.String()
}
