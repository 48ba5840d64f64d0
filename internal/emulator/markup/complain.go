package markup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// complaints are the words of the server's parser (Woodstox, whose messages clients print) by those of encoding/xml.
var complaints = []struct{ ours, theirs string }{
	{"attribute name without = in element", "Unexpected character '%c' (code %d) expected '='"},
	{"unquoted or missing attribute value in element", "Unexpected character '%c' (code %d) expected a quote for the attribute value"},
	{"unescaped < inside quoted string", "Unexpected character '<' (code 60) in attribute value"},
	{"unescaped ]]> not in CDATA section", "String ']]>' not allowed in textual content, except as the end marker of CDATA section"},
	{"unexpected EOF in CDATA section", "Unexpected end-of-input in CDATA section"},
	{"unexpected EOF", "Unexpected EOF"},
	{"expected element name after <", "Unexpected character '%c' (code %d) in prolog; expected an element name"},
	{"invalid UTF-8", "Invalid UTF-8 character"},
}

// fail makes an error of the parser the server's own.
func (p *parser) fail(err error) error {
	line, column := p.dec.InputPos()
	what := err.Error()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		what = p.complaint(syntax.Msg)
	}
	return &SyntaxError{Line: line, Column: column, What: what}
}

func (p *parser) complaint(ours string) string {
	if entity, ok := strings.CutPrefix(ours, "invalid character entity "); ok {
		name := strings.TrimSuffix(strings.TrimPrefix(entity, "&"), ";")
		name = strings.TrimSuffix(name, " (no semicolon)")
		if strings.HasSuffix(entity, ";") && name != "" && name[0] != '#' {
			return fmt.Sprintf("Undeclared general entity %q", name)
		}
		return "Unexpected character in entity " + entity + " (missing name?)"
	}
	if _, ok := strings.CutPrefix(ours, "illegal character code "); ok {
		return "Illegal character: " + strings.TrimPrefix(ours, "illegal character code ")
	}
	for _, c := range complaints {
		if c.ours != ours {
			continue
		}
		if strings.Contains(c.theirs, "%c") {
			at := ' '
			if i := p.dec.InputOffset() - 1; i >= 0 && i < int64(len(p.raw)) {
				at = rune(p.raw[i])
			}
			return fmt.Sprintf(c.theirs, at, at)
		}
		return c.theirs
	}
	return ours
}

// refused is a complaint in the server's words.
type refused string

func (r refused) Error() string { return string(r) }

func closedWrong(name, open string) error {
	if open == "" {
		return refused("Unexpected close tag </" + name + ">; nothing is open")
	}
	return refused("Unexpected close tag </" + name + ">; expected </" + open + ">")
}
