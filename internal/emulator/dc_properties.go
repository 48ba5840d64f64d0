package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// dcPropertyRoutes are properties of contents and of spaces (dc-api.md sections 3 and 7).
var dcPropertyRoutes = slices.Concat(propertyRoutesDC("/rest/api/content/{id}/property", false), propertyRoutesDC("/rest/api/space/{spaceKey}/property", true))

func propertyRoutesDC(base string, ofSpace bool) []route {
	out := []route{
		{method: "GET", template: base, handle: listPropertiesDC(ofSpace)},
		{method: "POST", template: base, prepare: prepareProperty, handle: createPropertyDC(ofSpace)},
		{method: "GET", template: base + "/{key}", handle: getPropertyDC(ofSpace)},
		{method: "PUT", template: base + "/{key}", prepare: prepareProperty, handle: updatePropertyDC(ofSpace)},
		{method: "POST", template: base + "/{key}", prepare: prepareProperty, handle: createPropertyDC(ofSpace)},
		{method: "DELETE", template: base + "/{key}", handle: deletePropertyDC(ofSpace)},
	}
	for i := range out {
		out[i].api = dc
	}
	return out
}

// propertiesDC are the properties that a call is about.
type propertiesDC struct {
	list  *[]*property
	self  string // address of what has them
	name  string // what has them: content or space
	write bool
	on    *content
	in    *space
}

func (c *call) propertiesDC(ofSpace bool) (propertiesDC, error) {
	if ofSpace {
		s, err := c.spaceKeyed(c.params[0])
		if err != nil {
			return propertiesDC{}, err
		}
		return propertiesDC{&s.props, "/rest/api/space/" + s.key, "space", s.allowed(c.user, "administer", "space"), nil, s}, nil
	}
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return propertiesDC{}, err
	}
	list := &[]*property{}
	if p.more != nil || c.route.writes() {
		list = &p.extra().props
	}
	return propertiesDC{list, c.selfDC(p), "content", p.edits(c.user), p, nil}, nil
}

// view is a property; its version and what has it are expanded on demand.
func (h propertiesDC) view(c *call, p *property, e expansions) object {
	self := h.self + "/property/" + p.key
	o := object{"key": p.key, "value": json.RawMessage(p.value), "_links": object{"self": c.base() + self}}
	if h.on != nil { // those of a space have none in the vendor's document
		o["id"] = text(p.id)
	}
	expandable := object{h.name: h.self, "version": ""}
	if e["version"] {
		o["version"] = object{
			"by": c.userDC(p.by, false), "when": c.dateDC(p.at), "message": p.message, "number": p.number, "minorEdit": false, "hidden": false,
			"_expandable": object{"content": ""},
		}
		delete(expandable, "version")
	}
	if e[h.name] {
		if h.on != nil {
			o[h.name] = c.contentDC(h.on.now(), e.below(h.name))
		} else {
			o[h.name] = c.spaceDC(h.in, e.below(h.name))
		}
		delete(expandable, h.name)
	}
	o["_expandable"] = expandable
	return o
}

func listPropertiesDC(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		h, err := c.propertiesDC(ofSpace)
		if err != nil {
			return answer{}, err
		}
		e := c.expandDC("version")
		return rowsDC(c, *h.list, 10, 200, nil, func(p *property) object { return h.view(c, p, e) })
	}
}

func (h propertiesDC) find(key string) int {
	return slices.IndexFunc(*h.list, func(p *property) bool { return p.key == key })
}

func getPropertyDC(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		h, err := c.propertiesDC(ofSpace)
		if err != nil {
			return answer{}, err
		}
		at := h.find(c.params[1])
		if at < 0 {
			return answer{}, noProperty(c.params[1])
		}
		return ok(c.wholeDC(h.view(c, (*h.list)[at], c.expandDC("version")), ""))
	}
}

func noProperty(key string) error {
	return fail(http.StatusNotFound, "", "Could not find property with key: "+key)
}

// writable is what a write needs: the right to it, a key and a value that fit (register row LB-05).
func (h propertiesDC) writable(q *propertyRequest) error {
	switch {
	case !h.write:
		return fail(http.StatusForbidden, "", "You do not have permission to change the properties of this "+h.name)
	case q.Key == "" || len(q.Key) > 255 || strings.TrimSpace(q.Key) == "":
		return invalid("A property key must have 1 to 255 characters")
	case len(q.Value) == 0 || string(q.Value) == "null":
		return invalid("A property value is required")
	case len(q.Value) > maxProperty:
		return fail(http.StatusRequestEntityTooLarge, "", "The property value is too long: at most 32768 bytes")
	}
	return nil
}

func createPropertyDC(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*propertyRequest)
		h, err := c.propertiesDC(ofSpace)
		if err != nil {
			return answer{}, err
		}
		if len(c.params) > 1 {
			q.Key = c.params[1]
		}
		if err := h.writable(q); err != nil {
			return answer{}, err
		}
		if h.find(q.Key) >= 0 {
			return answer{}, invalid("A property with the key " + q.Key + " exists already")
		}
		return c.newProperty(h, q)
	}
}

func (c *call) newProperty(h propertiesDC, q *propertyRequest) (answer, error) {
	p := &property{
		id: c.world.newID(), key: q.Key, value: slices.Clone(q.Value), number: 1, message: q.Version.Message,
		at: c.stamp(), created: c.stamp(), by: c.user,
	}
	*h.list = append(slices.Clone(*h.list), p)
	return ok(c.wholeDC(h.view(c, p, expansions{"version": true}), ""))
}

// updatePropertyDC takes the next version number; number 1 creates.
func updatePropertyDC(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*propertyRequest)
		h, err := c.propertiesDC(ofSpace)
		if err != nil {
			return answer{}, err
		}
		if q.Key == "" {
			q.Key = c.params[1]
		}
		if q.Key != c.params[1] {
			return answer{}, invalid("The key in the path is not the one that was sent")
		}
		if err := h.writable(q); err != nil {
			return answer{}, err
		}
		at := h.find(q.Key)
		switch {
		case at < 0 && q.Version.Number == 1:
			return c.newProperty(h, q)
		case at < 0:
			return answer{}, noProperty(q.Key)
		}
		p := (*h.list)[at]
		if q.Version.Number != p.number+1 {
			return answer{}, failf(http.StatusConflict, "", "Unable to update property with key %s: the version must be %d, not %d", q.Key, p.number+1, q.Version.Number)
		}
		next := *p
		next.value, next.number, next.message, next.at, next.by = slices.Clone(q.Value), p.number+1, q.Version.Message, c.stamp(), c.user
		*h.list = slices.Clone(*h.list)
		(*h.list)[at] = &next
		return ok(c.wholeDC(h.view(c, &next, expansions{"version": true}), ""))
	}
}

func deletePropertyDC(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		h, err := c.propertiesDC(ofSpace)
		if err != nil {
			return answer{}, err
		}
		at := h.find(c.params[1])
		switch {
		case at < 0:
			return answer{}, noProperty(c.params[1])
		case !h.write:
			return answer{}, fail(http.StatusForbidden, "", "You do not have permission to change the properties of this "+h.name)
		}
		*h.list = slices.Concat((*h.list)[:at], (*h.list)[at+1:])
		return status204()
	}
}
