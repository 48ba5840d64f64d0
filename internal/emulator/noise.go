package emulator

import (
	"regexp"
	"strconv"
	"strings"
)

// disturbBody changes what is about to be stored as servers do by themselves, in a way that no reader of the page could
// tell (register row ST-14).
func (c *call) disturbBody() {
	switch q := c.prepared.(type) {
	case *pageRequest:
		q.sent.text = c.noisy(q.sent.text)
	case *commentRequest:
		q.sent.text = c.noisy(q.sent.text)
	case *contentRequest:
		q.sent.text = c.noisy(q.sent.text)
	}
}

var (
	literal  = regexp.MustCompile(`(?s)<!\[CDATA\[.*?\]\]>`)
	macroIDs = regexp.MustCompile(` ac:macro-id="[^"]*"`)
	named    = strings.NewReplacer("&uuml;", "ü", "&ouml;", "&#246;", "&auml;", "&#xe4;", "&mdash;", "—", "&ndash;", "&#8211;", "&rsquo;", "’")
)

// noises are what servers are seen to do to bodies between a write and the next read. id is fresh each time.
var noises = []func(text, id string) string{
	func(text, _ string) string { return strings.ReplaceAll(text, " />", "/>") },
	func(text, _ string) string { return strings.ReplaceAll(text, "</p><p>", "</p>\n  <p>") },
	func(text, _ string) string { return named.Replace(text) },
	func(text, _ string) string { return strings.ReplaceAll(text, ` ac:schema-version="1"`, "") },
	func(text, id string) string { return macroIDs.ReplaceAllString(text, ` ac:macro-id="`+id+`"`) },
	func(text, id string) string { return strings.ReplaceAll(text, "<p>", `<p local-id="`+id[:12]+`">`) },
}

// noisy returns a body that differs from the text and means the same. An empty body stays as it is.
func (c *call) noisy(body string) string {
	if body == "" {
		return body
	}
	draw := c.digest("noise", body, strconv.FormatUint(c.fault.k, 10))
	id := c.uuid("noise", body, strconv.FormatUint(c.fault.k, 10))
	var out strings.Builder
	at := 0
	change := func(text string) {
		for i, noise := range noises {
			if draw[i]&1 == 1 {
				text = noise(text, id)
			}
		}
		out.WriteString(text)
	}
	for _, span := range literal.FindAllStringIndex(body, -1) {
		change(body[at:span[0]])
		out.WriteString(body[span[0]:span[1]])
		at = span[1]
	}
	change(body[at:])
	if out.String() == body {
		return body + "\n"
	}
	return out.String()
}
