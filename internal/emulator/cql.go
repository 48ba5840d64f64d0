package emulator

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// clause is a node of a query: a comparison, or AND, OR, NOT over others.
type clause struct {
	op     string // and, or, not; else the operator of a comparison
	kids   []*clause
	field  string
	values []string
}

// query is a parsed CQL query.
type query struct {
	where *clause // nil: everything
	order []orderBy
}

type orderBy struct {
	field string
	desc  bool
}

// parseCQL reads a query of the Confluence query language.
func parseCQL(src string) (query, error) {
	toks, err := lexCQL(src)
	if err != nil {
		return query{}, err
	}
	p := &cqlParser{toks: toks}
	var q query
	if !p.keyword("order") && p.peek().kind != cqlEnd {
		if q.where, err = p.or(); err != nil {
			return query{}, err
		}
	} else if p.peek().kind != cqlEnd {
		p.pos--
	}
	if p.keyword("order") {
		if !p.keyword("by") {
			return query{}, errors.New("expected BY")
		}
		if q.order, err = p.orders(); err != nil {
			return query{}, err
		}
	}
	if p.peek().kind != cqlEnd {
		return query{}, fmt.Errorf("unexpected %q", p.peek().text)
	}
	if q.where == nil && len(q.order) == 0 {
		return query{}, errors.New("the query is empty")
	}
	return q, nil
}

type cqlKind uint8

const (
	cqlEnd cqlKind = iota
	cqlWord
	cqlString
	cqlSymbol
)

type cqlToken struct {
	kind cqlKind
	text string
}

func lexCQL(src string) ([]cqlToken, error) {
	var toks []cqlToken
	for i := 0; i < len(src); {
		switch ch := src[i]; {
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			i++
		case ch == '"' || ch == '\'':
			text, n, err := quoted(src[i:])
			if err != nil {
				return nil, err
			}
			toks, i = append(toks, cqlToken{cqlString, text}), i+n
		case strings.ContainsRune("()=,!<>~", rune(ch)):
			n := 1
			if i+1 < len(src) && (src[i+1] == '=' && strings.ContainsRune("!<>", rune(ch)) || ch == '!' && src[i+1] == '~') {
				n = 2
			}
			toks, i = append(toks, cqlToken{cqlSymbol, src[i : i+n]}), i+n
		default:
			n := strings.IndexAny(src[i:], " \t\r\n()=,!<>~\"'")
			if n < 0 {
				n = len(src) - i
			}
			toks, i = append(toks, cqlToken{cqlWord, src[i : i+n]}), i+n
		}
	}
	return toks, nil
}

func quoted(src string) (text string, length int, err error) {
	var b strings.Builder
	for i := 1; i < len(src); i++ {
		switch {
		case src[i] == '\\' && i+1 < len(src):
			i++
			b.WriteByte(src[i])
		case src[i] == src[0]:
			return b.String(), i + 1, nil
		default:
			b.WriteByte(src[i])
		}
	}
	return "", 0, errors.New("a string is not closed")
}

type cqlParser struct {
	toks  []cqlToken
	pos   int
	depth int
}

func (p *cqlParser) peek() cqlToken {
	if p.pos < len(p.toks) {
		return p.toks[p.pos]
	}
	return cqlToken{}
}

func (p *cqlParser) next() cqlToken {
	t := p.peek()
	p.pos++
	return t
}

func (p *cqlParser) keyword(word string) bool {
	if t := p.peek(); t.kind == cqlWord && strings.EqualFold(t.text, word) {
		p.pos++
		return true
	}
	return false
}

func (p *cqlParser) symbol(s string) bool {
	if t := p.peek(); t.kind == cqlSymbol && t.text == s {
		p.pos++
		return true
	}
	return false
}

func (p *cqlParser) or() (*clause, error) { return p.chain("or", p.and) }

func (p *cqlParser) and() (*clause, error) { return p.chain("and", p.unary) }

func (p *cqlParser) chain(op string, sub func() (*clause, error)) (*clause, error) {
	first, err := sub()
	if err != nil {
		return nil, err
	}
	kids := []*clause{first}
	for p.keyword(op) {
		kid, err := sub()
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return &clause{op: op, kids: kids}, nil
}

func (p *cqlParser) unary() (*clause, error) {
	if p.depth++; p.depth > 200 {
		return nil, errors.New("the query is too deep")
	}
	defer func() { p.depth-- }()
	switch {
	case p.keyword("not"):
		kid, err := p.unary()
		return &clause{op: "not", kids: []*clause{kid}}, err
	case p.symbol("("):
		kid, err := p.or()
		if err == nil && !p.symbol(")") {
			err = errors.New("expected )")
		}
		return kid, err
	}
	return p.comparison()
}

func (p *cqlParser) comparison() (*clause, error) {
	t := p.next()
	if t.kind != cqlWord {
		return nil, fmt.Errorf("expected a field, found %q", t.text)
	}
	c := &clause{field: strings.ToLower(t.text)}
	if p.keyword("not") {
		c.op = "not "
	}
	if p.keyword("in") {
		c.op += "in"
		return c, p.values(c)
	}
	op := p.next()
	if op.kind != cqlSymbol || c.op != "" || op.text == "(" || op.text == ")" || op.text == "," {
		return nil, fmt.Errorf("expected an operator, found %q", op.text)
	}
	c.op = op.text
	v, err := p.value()
	c.values = []string{v}
	return c, err
}

func (p *cqlParser) values(c *clause) error {
	if !p.symbol("(") {
		return errors.New("expected (")
	}
	for {
		v, err := p.value()
		if err != nil {
			return err
		}
		c.values = append(c.values, v)
		if p.symbol(")") {
			return nil
		}
		if !p.symbol(",") {
			return errors.New("expected , or )")
		}
	}
}

// value reads a literal; a function comes back as "name(argument)".
func (p *cqlParser) value() (string, error) {
	t := p.next()
	if t.kind != cqlWord && t.kind != cqlString {
		return "", fmt.Errorf("expected a value, found %q", t.text)
	}
	if t.kind == cqlString || !p.symbol("(") {
		return t.text, nil
	}
	argument := ""
	if a := p.peek(); a.kind == cqlString || a.kind == cqlWord {
		argument = p.next().text
	}
	if !p.symbol(")") {
		return "", errors.New("expected )")
	}
	return "\x00" + strings.ToLower(t.text) + "(" + argument, nil
}

func (p *cqlParser) orders() ([]orderBy, error) {
	var out []orderBy
	for {
		t := p.next()
		if t.kind != cqlWord {
			return nil, errors.New("expected a field to order by")
		}
		o := orderBy{field: strings.ToLower(t.text)}
		if p.keyword("desc") {
			o.desc = true
		} else {
			p.keyword("asc")
		}
		out = append(out, o)
		if !p.symbol(",") {
			return out, nil
		}
	}
}

// cqlTime reads a date: in the zone of the account, to the minute; now() needs no zone (open-facts OF-24, OF-25).
func cqlTime(value string, zone *time.Location, now time.Time) (time.Time, error) {
	if call, ok := strings.CutPrefix(value, "\x00"); ok {
		name, argument, _ := strings.Cut(call, "(")
		if name != "now" {
			return time.Time{}, fmt.Errorf("unknown function %s()", name)
		}
		offset, err := cqlOffset(argument)
		return now.Add(offset), err
	}
	for _, layout := range []string{"2006/01/02 15:04", "2006-01-02 15:04", "2006/01/02", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, value, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("could not parse %q as a date", value)
}

func cqlOffset(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'M': 30 * 24 * time.Hour, 'y': 365 * 24 * time.Hour}
	unit, ok := units[s[len(s)-1]]
	number := s[:len(s)-1]
	var n int
	if _, err := fmt.Sscanf(number, "%d", &n); !ok || err != nil {
		return 0, fmt.Errorf("could not parse %q as an offset", s)
	}
	return time.Duration(n) * unit, nil
}
