package emulator

import (
	"time"
)

// adminKeyRoutes turn on reading past restrictions for a while (register row AU-09). Answers without a body are the
// document's.
var adminKeyRoutes = []route{
	{method: "GET", template: "/wiki/api/v2/admin-key", api: v2, handle: adminKey(getAdminKey)},
	{method: "POST", template: "/wiki/api/v2/admin-key", api: v2, prepare: prepareAdminKey, handle: adminKey(postAdminKey)},
	{method: "DELETE", template: "/wiki/api/v2/admin-key", api: v2, handle: adminKey(deleteAdminKey)},
}

const adminKeyHeader = "Atl-Confluence-With-Admin-Key"

// adminKey lets administrators of sites that have admin keys through; apps and scoped tokens have no access.
func adminKey(handle func(*call) (answer, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if !c.set.adminKeys || !c.user.admin || c.key != nil {
			return answer{}, bare()
		}
		return handle(c)
	}
}

type adminKeyRequest struct {
	Minutes int `json:"durationInMinutes"`
}

// prepareAdminKey reads the body, which may be missing.
func prepareAdminKey(c *call) (any, error) {
	var q adminKeyRequest
	if c.r.ContentLength == 0 {
		return &q, nil
	}
	return &q, c.decode(&q)
}

func (c *call) adminKeyAnswer(until stamp) (answer, error) {
	return ok(object{"accountId": c.user.id, "expirationTime": until.String()})
}

func getAdminKey(c *call) (answer, error) {
	until, on := c.people.keys.admin[c.user]
	if !on || until <= stampOf(c.now) {
		return answer{}, bare()
	}
	return c.adminKeyAnswer(until)
}

func postAdminKey(c *call) (answer, error) {
	minutes := c.prepared.(*adminKeyRequest).Minutes
	switch {
	case minutes < 0 || minutes > 60:
		return answer{}, invalid("durationInMinutes must be from 0 to 60")
	case minutes == 0:
		minutes = 10
	}
	until := stampOf(c.now.Add(time.Duration(minutes) * time.Minute))
	c.people.keys.admin[c.user] = until
	return c.adminKeyAnswer(until)
}

func deleteAdminKey(c *call) (answer, error) {
	delete(c.people.keys.admin, c.user)
	return status204()
}

// pastRestrictions reports whether the caller reads with an admin key.
func (c *call) pastRestrictions() bool {
	return c.r != nil && c.r.Header.Get(adminKeyHeader) == "true" && c.set.adminKeys && !c.route.writes() &&
		c.people.keys.admin[c.user] > stampOf(c.now)
}
