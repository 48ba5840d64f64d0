package emulator

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// storageDC turns a body that was sent into what is stored. Wiki markup is converted and comes back as storage format
// only (open-facts OF-36); what readers see cannot be written. The lock must not be held.
func (c *call) storageDC(value, form, representation string, in func() *space, scope ...string) (string, error) {
	if representation != "" {
		form = representation
	}
	if form != "storage" && form != "editor" && form != "wiki" {
		return "", invalid("Content body in representation " + form + " cannot be stored")
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.storage(value, form, in, c.bodyOf(), scope...)
}

type convertRequest struct {
	Value          string `json:"value"`
	Representation string `json:"representation"`
	Content        *struct {
		ID idText `json:"id"`
	} `json:"content"`
}

// conversionsDC are the forms that each form can be converted to (dc-api.md section 4).
var conversionsDC = map[string][]string{
	"storage": {"storage", "view", "export_view", "styled_view", "editor", "anonymous_export_view"},
	"wiki":    {"storage", "view", "export_view", "styled_view", "editor"},
	"editor":  {"storage"},
}

func prepareConvertDC(c *call) (any, error) {
	var q convertRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	if !slices.Contains(conversionsDC[q.Representation], c.params[0]) {
		return nil, invalid("Cannot convert from " + q.Representation + " to " + c.params[0])
	}
	return &q, nil
}

// convertDC is the synchronous conversion of bodies (register row LT-04).
func convertDC(c *call) (answer, error) {
	q := c.prepared.(*convertRequest)
	var in *space
	var on *content
	expandable := object{"content": "", "webresource": ""}
	if q.Content != nil && q.Content.ID != "" {
		var err error
		if on, err = c.findDC(string(q.Content.ID)); err != nil {
			return answer{}, err
		}
		in, expandable["content"] = on.space, c.selfDC(on)
	}
	value, err := c.converted(q.Value, q.Representation, c.params[0], in, on)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"value": value, "representation": c.params[0], "_expandable": expandable})
}

// getMacroDC is one macro of a version of a body, by its id or by the hash of its content.
func getMacroDC(byHash bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		v, err := c.versionOf(c.params[0], c.params[1])
		if err != nil {
			return answer{}, err
		}
		for _, m := range macros(c.heap.text(v.text)) {
			sum := md5.Sum([]byte(m.body))
			if !byHash && m.id == c.params[2] || byHash && hex.EncodeToString(sum[:]) == c.params[2] {
				parameters := object{}
				for name, value := range m.parameters {
					parameters[name] = object{"value": value}
				}
				return ok(object{"name": m.name, "body": m.body, "parameters": parameters})
			}
		}
		return answer{}, fail(http.StatusNotFound, "", "No macro found on content id "+c.params[0]+" with macro id "+c.params[2])
	}
}

// versionOf finds a version of a content; 0 is the one there is now.
func (c *call) versionOf(id, number string) (shown, error) {
	p, err := c.findDC(id)
	if err != nil {
		return shown{}, err
	}
	n, err := strconv.Atoi(number)
	if err == nil && n == 0 {
		return p.now(), nil
	}
	v, found := p.then(n)
	if err != nil || !found {
		return shown{}, fail(http.StatusNotFound, "", "No version "+number+" of content with id "+id)
	}
	return v, nil
}

type macro struct {
	name, id, body string
	parameters     map[string]string
}

// macros are the macros of a body, outer ones before those inside.
func macros(stored string) []macro {
	root, err := markup.Parse(stored)
	if err != nil {
		return nil
	}
	var out []macro
	var walk func(n *markup.Node)
	walk = func(n *markup.Node) {
		if n.Name == "ac:structured-macro" {
			m := macro{parameters: map[string]string{}}
			m.name, _ = n.Attr("ac:name")
			m.id, _ = n.Attr("ac:macro-id")
			for _, kid := range n.Kids {
				switch kid.Name {
				case "ac:parameter":
					name, _ := kid.Attr("ac:name")
					m.parameters[name] = inside(kid, false)
				case "ac:plain-text-body":
					m.body = inside(kid, true)
				case "ac:rich-text-body":
					m.body = inside(kid, false)
				}
			}
			out = append(out, m)
		}
		for _, kid := range n.Kids {
			walk(kid)
		}
	}
	walk(root)
	return out
}

// inside is what stands in an element: its text, or its markup.
func inside(n *markup.Node, plain bool) string {
	var b strings.Builder
	for _, kid := range n.Kids {
		if plain {
			b.WriteString(kid.Text)
		} else {
			b.WriteString((&markup.Node{Kids: []*markup.Node{kid}}).String())
		}
	}
	return b.String()
}
