package emulator

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
)

// maxRules bounds the text of fault rules in bytes.
const maxRules = 1 << 20

// placedError says where in the fault rules something is wrong.
type placedError struct {
	line, column int
	what         string
}

func (e *placedError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.what)
}

// wrong is an error at a place of the file.
func wrong(n ast.Node, format string, args ...any) error {
	e := &placedError{1, 1, fmt.Sprintf(format, args...)}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		e.line, e.column = t.Position.Line, t.Position.Column
	}
	return e
}

// document reads one YAML document; nil for an empty one. The parser panics on some malformed input.
func document(data []byte) (n ast.Node, err error) {
	if len(data) > maxRules {
		return nil, fmt.Errorf("fault rules have at most %d bytes", maxRules)
	}
	defer func() {
		if recover() != nil {
			n, err = nil, &placedError{1, 1, "this is no YAML"}
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		at := syntax.GetToken()
		if at == nil || at.Position == nil {
			return nil, &placedError{1, 1, syntax.GetMessage()}
		}
		return nil, &placedError{at.Position.Line, at.Position.Column, syntax.GetMessage()}
	case err != nil:
		return nil, &placedError{1, 1, err.Error()}
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		return nil, wrong(file.Docs[1].Body, "fault rules are one document")
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		return nil, nil
	}
	return file.Docs[0].Body, nil
}

// fields are the keys of a mapping with what reads each.
type fields map[string]func(ast.Node) error

// read reads a mapping; a key that is not among the fields, or there twice, is an error at its place.
func (f fields) read(n ast.Node, what string) error {
	return entries(n, what, func(key string, at, value ast.Node) error {
		read, ok := f[key]
		if !ok {
			return wrong(at, "%s has no key %q; there are %s", what, key, strings.Join(slices.Sorted(maps.Keys(f)), ", "))
		}
		return read(value)
	})
}

// entries goes through a mapping in the order of the file.
func entries(n ast.Node, what string, each func(key string, at, value ast.Node) error) error {
	m, ok := n.(ast.MapNode)
	if !ok {
		return wrong(n, "%s must be a mapping", what)
	}
	seen := map[string]bool{}
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken().Value
		if seen[key] {
			return wrong(it.Key(), "%s has the key %q twice", what, key)
		}
		seen[key] = true
		if err := each(key, it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// word returns a scalar as it is written.
func word(n ast.Node) (string, error) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, nil
	case *ast.LiteralNode:
		return x.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	}
	return "", wrong(n, "this must be a text or a number")
}

// words returns a scalar or a list of scalars.
func words(n ast.Node) ([]string, error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		one, err := word(n)
		return []string{one}, err
	}
	var out []string
	for _, v := range list.Values {
		one, err := word(v)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, wrong(n, "this list is empty")
	}
	return out, nil
}

// parsed reads a scalar into to and checks it.
func parsed[T any](to *T, parse func(string) (T, error), check func(T) bool, want string) func(ast.Node) error {
	return func(n ast.Node) error {
		s, err := word(n)
		if err != nil {
			return err
		}
		v, err := parse(s)
		if err != nil || !check(v) {
			return wrong(n, "%q: this must be %s", s, want)
		}
		*to = v
		return nil
	}
}

func readCount(to *int, least int) func(ast.Node) error {
	return parsed(to, strconv.Atoi, func(n int) bool { return n >= least }, fmt.Sprintf("a whole number from %d", least))
}

func readDuration(to *time.Duration) func(ast.Node) error {
	return parsed(to, time.ParseDuration, func(d time.Duration) bool { return d > 0 }, "a duration above zero, such as 30s")
}

func readSkew(to *time.Duration) func(ast.Node) error {
	return parsed(to, time.ParseDuration, func(d time.Duration) bool { return d != 0 }, "a duration that is not zero, such as -5m")
}

func readShare(to *float64) func(ast.Node) error {
	number := func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
	return parsed(to, number, func(f float64) bool { return f > 0 && f <= 1 }, "a share above 0, at most 1")
}

func readFlag(to *bool) func(ast.Node) error {
	return parsed(to, strconv.ParseBool, func(bool) bool { return true }, "true or false")
}

func readText(to *string, valid ...string) func(ast.Node) error {
	same := func(s string) (string, error) { return s, nil }
	fits := func(s string) bool { return len(valid) == 0 || slices.Contains(valid, s) }
	return parsed(to, same, fits, "one of "+strings.Join(valid, ", "))
}
