package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// The properties of contents as REST v1 had them: by key.

func prepareLegacyProperty(c *call) (any, error) {
	var q propertyRequest
	return &q, c.decode(&q)
}

func (c *call) propertyV1(p *content, prop *property) object {
	self := "/rest/api/content/" + p.idText() + "/property/" + prop.key
	return object{
		"id": text(prop.id), "key": prop.key, "value": json.RawMessage(prop.value),
		"version": object{
			"by": c.userV1(prop.by), "when": prop.at.String(), "message": prop.message, "number": prop.number, "minorEdit": false,
			"contentTypeModified": false,
		},
		"_links": object{"self": c.base() + self}, "_expandable": object{"content": "/rest/api/content/" + p.idText()},
	}
}

// legacyHolder finds the content and the property of a call; -1 where there is none of that key.
func (c *call) legacyHolder(toWrite bool) (*content, int, error) {
	p, err := c.any(c.params[0])
	switch {
	case err != nil:
		return nil, 0, err
	case toWrite && !p.edits(c.user):
		return nil, 0, c.forbidden(nouns[p.kind], c.params[0])
	case len(c.params) < 2:
		return p, -1, nil
	}
	return p, slices.IndexFunc(p.properties(), func(o *property) bool { return o.key == c.params[1] }), nil
}

func noPropertyV1(key string) error {
	return fail(http.StatusNotFound, "NOT_FOUND", "Cannot find a property with key "+key)
}

func legacyProperties(c *call) (answer, error) {
	p, _, err := c.legacyHolder(false)
	if err != nil {
		return answer{}, err
	}
	start, limit, err := c.offset(10)
	if err != nil {
		return answer{}, err
	}
	keys := c.list("key")
	rows := []object{}
	for _, prop := range p.properties() {
		if len(keys) == 0 || slices.Contains(keys, prop.key) {
			rows = append(rows, c.propertyV1(p, prop))
		}
	}
	slices.SortFunc(rows, func(a, b object) int { return strings.Compare(a["key"].(string), b["key"].(string)) })
	picked, more := slicePage(rows, start, limit)
	return c.rowsV1(picked, start, limit, more)
}

func legacyProperty(c *call) (answer, error) {
	p, at, err := c.legacyHolder(false)
	if err == nil && at < 0 {
		err = noPropertyV1(c.params[1])
	}
	if err != nil {
		return answer{}, err
	}
	return ok(c.whole(c.propertyV1(p, p.more.props[at])))
}

func legacyCreateProperty(c *call) (answer, error) {
	q := c.prepared.(*propertyRequest)
	p, _, err := c.legacyHolder(true)
	if err == nil {
		err = checkProperty(q)
	}
	if err == nil && slices.ContainsFunc(p.properties(), func(o *property) bool { return o.key == q.Key }) {
		err = fail(http.StatusConflict, "CONFLICT", "A property with the key "+q.Key+" already exists")
	}
	if err != nil {
		return answer{}, err
	}
	prop := &property{id: c.world.newID(), key: q.Key, value: slices.Clone(q.Value), number: 1, at: c.stamp(), created: c.stamp(), by: c.user}
	p.extra().props = append(p.more.props, prop)
	return ok(c.whole(c.propertyV1(p, prop)))
}

func legacyUpdateProperty(c *call) (answer, error) {
	q := c.prepared.(*propertyRequest)
	q.Key = c.params[1]
	p, at, err := c.legacyHolder(true)
	if err == nil && at < 0 {
		err = noPropertyV1(q.Key)
	}
	if err == nil {
		err = checkProperty(q)
	}
	if err != nil {
		return answer{}, err
	}
	next := *p.more.props[at]
	if q.Version.Number != next.number+1 {
		return answer{}, failf(http.StatusConflict, "CONFLICT",
			"com.atlassian.confluence.api.service.exceptions.ConflictException: the version of the property must be %d", next.number+1)
	}
	next.value, next.number, next.message, next.at, next.by = slices.Clone(q.Value), next.number+1, q.Version.Message, c.stamp(), c.user
	p.more.props[at] = &next
	return ok(c.whole(c.propertyV1(p, &next)))
}

func legacyDeleteProperty(c *call) (answer, error) {
	p, at, err := c.legacyHolder(true)
	if err == nil && at < 0 {
		err = noPropertyV1(c.params[1])
	}
	if err != nil {
		return answer{}, err
	}
	p.more.props = slices.Concat(p.more.props[:at], p.more.props[at+1:])
	return status204()
}
