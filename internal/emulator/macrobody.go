package emulator

import (
	"net/http"
	"strconv"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// macroOf finds the macro of the call: content, version (0 = the latest) and macro id.
func (c *call) macroOf() (*content, *markup.Node, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return nil, nil, err
	}
	number, err := strconv.Atoi(c.params[1])
	if err != nil {
		return nil, nil, invalid("Invalid version: " + c.params[1])
	}
	if number == 0 {
		number = p.number()
	}
	if _, body, found := p.versionAt(number); found {
		if n := markup.Macro(c.heap.text(body), c.params[2]); n != nil {
			return p, n, nil
		}
	}
	return nil, nil, failf(http.StatusNotFound, "NOT_FOUND", "No macro with id %s in version %d of content %s", c.params[2], number, c.params[0])
}

// macroBody is GET content/{id}/history/{version}/macro/id/{macroId}.
func macroBody(c *call) (answer, error) {
	_, n, err := c.macroOf()
	if err != nil {
		return answer{}, err
	}
	name, _ := n.Attr("ac:name")
	parameters := object{}
	body := ""
	for _, k := range n.Kids {
		switch k.Name {
		case "ac:parameter":
			key, _ := k.Attr("ac:name")
			parameters[key] = object{"value": k.Inner()}
		case "ac:rich-text-body", "ac:plain-text-body":
			body = k.Inner()
		}
	}
	return ok(object{
		"name": name, "body": body, "parameters": parameters,
		"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + trimContext(c.r.URL.EscapedPath())},
	})
}

// convertMacro is the synchronous conversion of a macro.
func convertMacro(c *call) (answer, error) {
	p, n, err := c.macroOf()
	if err != nil {
		return answer{}, err
	}
	to := c.params[3]
	if to != "view" && to != "export_view" && to != "styled_view" && to != "storage" {
		return answer{}, invalid("Cannot convert a macro to " + to)
	}
	value, err := c.converted(n.String(), "storage", to, p.space, p)
	if err != nil {
		return answer{}, err
	}
	return ok(object{
		"value": value, "representation": to, "embeddedContent": []object{},
		"_expandable": object{"content": "/rest/api/content/" + p.idText(), "webresource": "", "mediaToken": ""},
		"_links":      object{"base": c.base(), "context": "/wiki"},
	})
}

// convertMacroLater begins a conversion of a macro.
func convertMacroLater(c *call) (answer, error) {
	p, n, err := c.macroOf()
	if err != nil {
		return answer{}, err
	}
	q := &conversionRequest{To: c.params[3], cache: c.flag("allowCache", false)}
	q.Body.Value, q.Body.Representation = n.String(), "storage"
	if err := q.check("view", "export_view", "styled_view"); err != nil {
		return answer{}, err
	}
	return ok(object{"asyncId": c.convertLater(q, p.space, p)})
}
