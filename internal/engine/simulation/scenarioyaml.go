package simulation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// part is one part of a scenario file while it is read.
type part struct {
	file  string // name of the scenario file, to show
	name  string
	above int // lines of the scenario file above the part
	text  []byte
}

// bad is T-1003 at a place of the part.
func (p *part) bad(line, column int, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	return confluence.Errorf(confluence.CodeBadFile, "the scenario cannot be read: %s, line %d, column %d", p.name, line, column).
		At(confluence.Where{File: p.file, Line: p.above + line}).Because(errors.New(what))
}

// wrong is T-1003 at a node.
func (p *part) wrong(n ast.Node, format string, args ...any) error {
	line, column := 1, 1
	switch x := n.(type) {
	case *ast.MappingNode:
		if len(x.Values) > 0 {
			n = x.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = x.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		line, column = t.Position.Line, t.Position.Column
	}
	return p.bad(line, column, format, args...)
}

// root reads the part's one document; nil where it is empty. The YAML package panics on some malformed input.
func (p *part) root() (n ast.Node, err error) {
	defer func() {
		if recover() != nil {
			n, err = nil, p.bad(1, 1, "this is no YAML")
		}
	}()
	file, err := parser.ParseBytes(p.text, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		line, column := 1, 1
		if at := syntax.GetToken(); at != nil && at.Position != nil {
			line, column = at.Position.Line, at.Position.Column
		}
		return nil, p.bad(line, column, "%s", syntax.GetMessage())
	case err != nil:
		return nil, p.bad(1, 1, "%v", err)
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		return nil, p.wrong(file.Docs[1].Body, "a part is one document")
	case len(file.Docs) == 0:
		return nil, nil
	}
	if _, empty := file.Docs[0].Body.(*ast.CommentGroupNode); empty {
		return nil, nil
	}
	return file.Docs[0].Body, nil
}

// keys are the keys of a mapping with what reads the value of each.
type keys map[string]func(ast.Node) error

// mapping reads a mapping in the order of the file. A key that is unknown or there twice is an error at its place.
func (p *part) mapping(n ast.Node, what string, known keys) error {
	return p.entries(n, what, func(key string, at, value ast.Node) error {
		read, ok := known[key]
		if !ok {
			return p.wrong(at, "%s has no key %q; there are %s", what, key, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		return read(value)
	})
}

// entries goes through a mapping of any keys.
func (p *part) entries(n ast.Node, what string, each func(key string, at, value ast.Node) error) error {
	if _, null := n.(*ast.NullNode); null || n == nil {
		return nil
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		return p.wrong(n, "%s must be a mapping", what)
	}
	seen := map[string]bool{}
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken().Value
		if seen[key] {
			return p.wrong(it.Key(), "%s has the key %q twice", what, key)
		}
		seen[key] = true
		if err := each(key, it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// items goes through a list.
func (p *part) items(n ast.Node, what string, each func(ast.Node) error) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return p.wrong(n, "%s must be a list", what)
	}
	for _, v := range list.Values {
		if err := each(v); err != nil {
			return err
		}
	}
	return nil
}

// word is a scalar as it is written.
func (p *part) word(n ast.Node) (string, error) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, nil
	case *ast.LiteralNode:
		return x.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	case *ast.MappingNode:
		if len(x.Values) == 1 {
			return p.word(x.Values[0])
		}
	case *ast.MappingValueNode:
		// A colon without a blank behind it belongs to the text, as in [group:g1]; the YAML package takes it for a mapping.
		value, err := p.word(x.Value)
		key, at := x.Key.GetToken(), x.Value.GetToken()
		if err == nil && key.Position.Line == at.Position.Line && key.Position.Column+len(key.Value)+1 == at.Position.Column {
			return key.Value + ":" + value, nil
		}
	}
	return "", p.wrong(n, "this must be a text or a number")
}

// words is a scalar, or a list of scalars, which may be empty.
func (p *part) words(n ast.Node) ([]string, error) {
	if _, list := n.(*ast.SequenceNode); !list {
		one, err := p.word(n)
		return []string{one}, err
	}
	out := []string{}
	err := p.items(n, "this", func(v ast.Node) error {
		one, err := p.word(v)
		out = append(out, one)
		return err
	})
	return out, err
}

func (p *part) text1(to *string, valid ...string) func(ast.Node) error {
	return func(n ast.Node) error {
		s, err := p.word(n)
		if err != nil {
			return err
		}
		if len(valid) > 0 && !slices.Contains(valid, s) {
			return p.wrong(n, "%q: this must be one of %s", s, strings.Join(valid, ", "))
		}
		*to = s
		return nil
	}
}

func (p *part) texts(to *[]string) func(ast.Node) error {
	return func(n ast.Node) (err error) {
		*to, err = p.words(n)
		return err
	}
}

func (p *part) flag(to *bool) func(ast.Node) error {
	return func(n ast.Node) error {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			return p.wrong(n, "this must be true or false")
		}
		*to = b.Value
		return nil
	}
}

func (p *part) count(to *int, least int) func(ast.Node) error {
	return func(n ast.Node) error {
		s, err := p.word(n)
		if err != nil {
			return err
		}
		v, err := strconv.Atoi(s)
		if err != nil || v < least {
			return p.wrong(n, "%q: this must be a whole number from %d", s, least)
		}
		*to = v
		return nil
	}
}

func (p *part) duration(to *time.Duration) func(ast.Node) error {
	return func(n ast.Node) error {
		s, err := p.word(n)
		if err != nil {
			return err
		}
		v, err := time.ParseDuration(s)
		if err != nil || v <= 0 {
			return p.wrong(n, "%q: this must be a duration above zero, such as 30s", s)
		}
		*to = v
		return nil
	}
}

// span reads n or "n..m".
func (p *part) spanOf(n ast.Node) (span, error) {
	s, err := p.word(n)
	if err != nil {
		return span{}, err
	}
	low, high, ranged := strings.Cut(s, "..")
	if !ranged {
		high = low
	}
	a, errA := strconv.Atoi(low)
	b, errB := strconv.Atoi(high)
	if errA != nil || errB != nil || a < 0 || b < a {
		return span{}, p.wrong(n, "%q: this must be a number, or a range such as 1..2", s)
	}
	return span{a, b}, nil
}

func (p *part) side(to *confluence.Side) func(ast.Node) error {
	return func(n ast.Node) error {
		var s string
		if err := p.text1(&s, sideNames[:]...)(n); err != nil {
			return err
		}
		*to = confluence.Side(slices.Index(sideNames[:], s))
		return nil
	}
}

// sideNames are the keys of the two sides in scenario files; siteNames what people see.
var (
	sideNames = [2]string{"dc", "cloud"}
	siteNames = [2]string{"DC", "Cloud"}
)

func number(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0
}

func padded(n, width int) string { return fmt.Sprintf("%0*d", width, n) }
