package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxProperty is the largest value of a property in bytes (open-facts OF-32).
const maxProperty = 32768

func propertyV2(p *property) object {
	return object{
		"id": text(p.id), "key": p.key, "value": json.RawMessage(p.value),
		"version": object{
			"number": p.number, "message": p.message, "minorEdit": false, "authorId": p.by.id, "createdAt": p.at.String(),
		},
	}
}

// spacePropertyV2 is a property of a space. The document calls its author createdBy; a public live suite, written against
// real sites, finds authorId.
func spacePropertyV2(p *property) object {
	return object{
		"id": text(p.id), "key": p.key, "value": json.RawMessage(p.value), "createdAt": p.created.String(), "authorId": p.by.id,
		"version": object{"number": p.number, "message": p.message, "authorId": p.by.id, "createdAt": p.at.String()},
	}
}

func (c *content) properties() []*property {
	if c.more == nil {
		return nil
	}
	return c.more.props
}

func (c *call) propertiesV2(p *content) []object {
	var out []object
	for _, prop := range slices.Concat(p.properties(), c.serverProperties(p)) {
		out = append(out, propertyV2(prop))
	}
	return out
}

func (c *call) spaceProperties(s *space) []object {
	var out []object
	for _, prop := range s.props {
		out = append(out, spacePropertyV2(prop))
	}
	return out
}

// propertyRequest is the body of a create or update of a property.
type propertyRequest struct {
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
	Version struct {
		Number  int    `json:"number"`
		Message string `json:"message"`
	} `json:"version"`
}

func prepareProperty(c *call) (any, error) {
	var q propertyRequest
	return &q, c.decode(&q)
}

// holderOf finds the properties that a call is about: those of a space or of a content.
type holderOf struct {
	list   *[]*property
	view   func(*property) object
	create int // status of a create
	writes bool
	on     *content
	own    []*property // the server's, not in the list
}

func (h holderOf) all() []*property { return slices.Concat(*h.list, h.own) }

func (c *call) propertyHolder(k kind, ofSpace bool) (holderOf, error) {
	if ofSpace {
		s, err := c.spaceByID(c.params[0])
		if err != nil {
			return holderOf{}, err
		}
		return holderOf{&s.props, spacePropertyV2, http.StatusCreated, s.allowed(c.user, "administer", "space"), nil, nil}, nil
	}
	p, err := c.visible(numeric(c.params[0]), k)
	if err != nil {
		return holderOf{}, err
	}
	list := &[]*property{}
	if p.more != nil || c.route.writes() {
		list = &p.extra().props
	}
	return holderOf{list, propertyV2, http.StatusOK, p.edits(c.user), p, c.serverProperties(p)}, nil
}

func listProperties(k kind, ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		h, err := c.propertyHolder(k, ofSpace)
		if err != nil {
			return answer{}, err
		}
		w, err := c.window(25)
		if err != nil {
			return answer{}, err
		}
		key := c.query.Get("key")
		rows, cursor := pick(h.all(), func(p *property) bool { return key == "" || p.key == key }, order[*property]{
			key: func(p *property) sortKey { return sortKey{S: p.key, ID: p.id} }, desc: strings.HasPrefix(c.query.Get("sort"), "-"),
		}, w)
		var out []object
		for _, p := range rows {
			out = append(out, h.view(p))
		}
		if key == editorKey && len(rows) == 0 && h.on != nil && (k == page || k == blogPost) {
			out = append(out, h.view(c.editorProperty(h.on)))
		}
		return c.listing(out, cursor)
	}
}

// find returns the property of the call. One of the server's becomes one like any other.
func (h holderOf) find(id string) (int, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	for _, p := range h.own {
		if err == nil && p.id == n {
			*h.list = append(slices.Clone(*h.list), p)
		}
	}
	at := slices.IndexFunc(*h.list, func(p *property) bool { return p.id == n })
	if err != nil || at < 0 {
		return 0, missing("property", id)
	}
	return at, nil
}

func getProperty(k kind, ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		h, err := c.propertyHolder(k, ofSpace)
		if err != nil {
			return answer{}, err
		}
		all := h.all()
		h.list, h.own = &all, nil
		at, err := h.find(c.params[1])
		if err != nil {
			return answer{}, err
		}
		return ok(h.view(all[at]))
	}
}

func checkProperty(q *propertyRequest) error {
	switch {
	case q.Key == "" || len(q.Key) > 255:
		return invalid("Property key must have 1 to 255 characters")
	case len(q.Value) == 0 || string(q.Value) == "null":
		return invalid("Property value is required")
	case len(q.Value) > maxProperty:
		return fail(http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", "Property value is too long: at most 32768 bytes")
	}
	return nil
}

// createProperty adds a property; the content's version stays.
func createProperty(k kind, ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*propertyRequest)
		h, err := c.propertyHolder(k, ofSpace)
		if err != nil {
			return answer{}, err
		}
		if !h.writes {
			return answer{}, c.forbidden("content", c.params[0])
		}
		if err := checkProperty(q); err != nil {
			return answer{}, err
		}
		if err := c.checkEditor(h.on, q); err != nil {
			return answer{}, err
		}
		if slices.ContainsFunc(h.all(), func(p *property) bool { return p.key == q.Key }) {
			return answer{}, fail(http.StatusConflict, "CONFLICT", "A property with the key "+q.Key+" already exists")
		}
		p := &property{
			id: c.world.newID(), key: q.Key, value: slices.Clone(q.Value), number: 1, at: c.stamp(), created: c.stamp(), by: c.user,
		}
		*h.list = append(*h.list, p)
		a := answer{status: h.create, json: h.view(p)}
		if h.create == http.StatusCreated {
			a.set("Location", c.r.URL.Path+"/"+text(p.id))
		}
		return a, nil
	}
}

func updateProperty(k kind, ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*propertyRequest)
		h, err := c.propertyHolder(k, ofSpace)
		if err != nil {
			return answer{}, err
		}
		at, err := h.find(c.params[1])
		if err != nil {
			return answer{}, err
		}
		if !h.writes {
			return answer{}, c.forbidden("content", c.params[0])
		}
		if err := checkProperty(q); err != nil {
			return answer{}, err
		}
		if err := c.checkEditor(h.on, q); err != nil {
			return answer{}, err
		}
		p := (*h.list)[at]
		if q.Key != p.key {
			return answer{}, invalid("The key of a property cannot be changed")
		}
		if q.Version.Number != p.number+1 {
			return answer{}, failf(http.StatusConflict, "CONFLICT",
				"Version must be incremented when updating a property. Current Version: [%d]. Provided version: [%d]", p.number, q.Version.Number)
		}
		next := *p
		next.value, next.number, next.message, next.at, next.by = slices.Clone(q.Value), p.number+1, q.Version.Message, c.stamp(), c.user
		(*h.list)[at] = &next
		return ok(h.view(&next))
	}
}

func deleteProperty(k kind, ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		h, err := c.propertyHolder(k, ofSpace)
		if err != nil {
			return answer{}, err
		}
		at, err := h.find(c.params[1])
		if err != nil {
			return answer{}, err
		}
		if !h.writes {
			return answer{}, c.forbidden("content", c.params[0])
		}
		*h.list = slices.Concat((*h.list)[:at], (*h.list)[at+1:])
		return status204()
	}
}
