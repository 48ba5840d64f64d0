package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
)

// owned finds the account of a property call.
func (c *call) owned() (string, error) {
	if id := c.params[0]; c.people.byID[id] != nil {
		return id, nil
	}
	return "", fail(http.StatusNotFound, "NOT_FOUND", "No user found with account id: "+c.params[0])
}

func listUserProperties(c *call) (answer, error) {
	id, err := c.owned()
	if err != nil {
		return answer{}, err
	}
	start, limit, err := c.offset(5)
	if err != nil {
		return answer{}, err
	}
	picked, more := slicePage(c.world.annex.userProps[id], start, limit)
	rows := []object{}
	for _, p := range picked {
		rows = append(rows, object{"key": p.key})
	}
	return c.rowsV1(rows, start, limit, more)
}

// userProperty finds the property of a call, -1 where there is none.
func (c *call) userProperty() (string, int, error) {
	id, err := c.owned()
	if err != nil {
		return "", 0, err
	}
	if len(c.params[1]) > 127 {
		return "", 0, invalid("The key is too long")
	}
	return id, slices.IndexFunc(c.world.annex.userProps[id], func(p *property) bool { return p.key == c.params[1] }), nil
}

func noUserProperty(key string) error {
	return fail(http.StatusNotFound, "NOT_FOUND", "No user property found with key: "+key)
}

func getUserProperty(c *call) (answer, error) {
	id, at, err := c.userProperty()
	if err == nil && at < 0 {
		err = noUserProperty(c.params[1])
	}
	if err != nil {
		return answer{}, err
	}
	p := c.world.annex.userProps[id][at]
	return ok(object{
		"key": p.key, "value": json.RawMessage(p.value), "id": text(p.id), "lastModifiedDate": p.at.String(),
		"createdDate": p.created.String(), "_links": object{
			"base": c.base(), "context": "/wiki", "self": c.base() + trimContext(c.r.URL.EscapedPath()),
		},
	})
}

func prepareUserProperty(c *call) (any, error) {
	var q struct {
		Value json.RawMessage `json:"value"`
	}
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	switch {
	case !bytes.HasPrefix(bytes.TrimSpace(q.Value), []byte("{")):
		return nil, invalid("The value is empty")
	case len(q.Value) > maxProperty:
		return nil, invalid("The value is too long")
	}
	return []byte(q.Value), nil
}

func createUserProperty(c *call) (answer, error) {
	id, at, err := c.userProperty()
	if err == nil && at >= 0 {
		err = fail(http.StatusConflict, "CONFLICT", "The key already exists for the user: "+c.params[1])
	}
	if err != nil {
		return answer{}, err
	}
	c.world.annex.userProps[id] = append(c.world.annex.userProps[id], &property{
		id: c.world.newID(), key: c.params[1], value: c.prepared.([]byte), number: 1, at: c.stamp(), created: c.stamp(), by: c.user,
	})
	return answer{status: http.StatusCreated}, nil
}

func updateUserProperty(c *call) (answer, error) {
	id, at, err := c.userProperty()
	if err == nil && at < 0 {
		err = noUserProperty(c.params[1])
	}
	if err != nil {
		return answer{}, err
	}
	p := *c.world.annex.userProps[id][at]
	p.value, p.at, p.by, p.number = c.prepared.([]byte), c.stamp(), c.user, p.number+1
	c.world.annex.userProps[id][at] = &p
	return status204()
}

func deleteUserProperty(c *call) (answer, error) {
	id, at, err := c.userProperty()
	if err == nil && at < 0 {
		err = noUserProperty(c.params[1])
	}
	if err != nil {
		return answer{}, err
	}
	c.world.annex.userProps[id] = slices.Delete(slices.Clone(c.world.annex.userProps[id]), at, at+1)
	return status204()
}
