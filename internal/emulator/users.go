package emulator

import (
	"net/http"
	"net/url"
	"strconv"
)

// accountType is app for service accounts (cloud-api.md section 9).
func (u *user) accountType() string {
	if u.service {
		return "app"
	}
	return "atlassian"
}

// userV1 is an account as REST v1 shows it.
func (c *call) userV1(u *user) object {
	state := "active"
	if !u.active {
		state = "inactive"
	}
	return object{
		"type": "known", "accountId": u.id, "accountType": u.accountType(), "email": u.email, "publicName": u.name,
		"displayName": u.name, "timeZone": u.zone.String(), "isExternalCollaborator": false, "isGuest": false, "locale": "en_US",
		"accountStatus":  state,
		"profilePicture": object{"path": "/wiki/aa-avatar/" + u.id, "width": 48, "height": 48, "isDefault": false},
		"_expandable":    object{"operations": "", "personalSpace": ""},
		"_links":         object{"self": c.base() + "/rest/api/user?accountId=" + url.QueryEscape(u.id)},
	}
}

// whole adds the links of an answer that is one object.
func (c *call) whole(o object) object {
	links := o["_links"].(object)
	links["base"], links["context"] = c.base(), "/wiki"
	return o
}

func currentUser(c *call) (answer, error) { return ok(c.whole(c.userV1(c.user))) }

func getUser(c *call) (answer, error) {
	id := c.query.Get("accountId")
	u := c.people.byID[id]
	if u == nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No user found with account id: "+id)
	}
	return ok(c.whole(c.userV1(u)))
}

// bulkUsers leaves unknown accounts out.
func bulkUsers(c *call) (answer, error) {
	ids := c.list("accountId")
	if len(ids) > 100 {
		return answer{}, invalid("At most 100 account ids in one call")
	}
	rows := []object{}
	for _, id := range ids {
		if u := c.people.byID[id]; u != nil {
			rows = append(rows, c.userV1(u))
		}
	}
	return c.rowsV1(rows, 0, 100, false)
}

type usersRequest struct {
	IDs []string `json:"accountIds"`
}

func prepareUsers(c *call) (any, error) {
	var q usersRequest
	return &q, c.decode(&q)
}

func usersBulkV2(c *call) (answer, error) {
	q := c.prepared.(*usersRequest)
	if len(q.IDs) > 250 {
		return answer{}, invalid("At most 250 account ids in one call")
	}
	var rows []object
	for _, id := range q.IDs {
		u := c.people.byID[id]
		if u == nil {
			continue
		}
		o := c.userV1(u)
		rows = append(rows, object{
			"accountId": u.id, "accountType": o["accountType"], "accountStatus": o["accountStatus"], "email": u.email,
			"publicName": u.name, "displayName": u.name, "timeZone": u.zone.String(), "isExternalCollaborator": false,
			"profilePicture": object{"path": "/wiki/aa-avatar/" + u.id, "isDefault": false},
		})
	}
	return c.listing(rows, "")
}

// offset reads start and limit of a v1 listing.
func (c *call) offset(def int) (start, limit int, err error) {
	limit = def
	for name, to := range map[string]*int{"start": &start, "limit": &limit} {
		if v := c.query.Get(name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 {
				return 0, 0, invalid("Invalid " + name + ": " + v)
			}
			*to = min(n, map[string]int{"start": 1 << 30, "limit": 200}[name])
		}
	}
	return start, limit, nil
}

// rowsV1 answers a v1 listing; the way to the next page is relative to the context path.
func (c *call) rowsV1(rows []object, start, limit int, more bool) (answer, error) {
	links := object{"base": c.base(), "context": "/wiki", "self": c.base() + trimContext(c.r.URL.RequestURI())}
	if more {
		query := url.Values{}
		for k, v := range c.query {
			query[k] = v
		}
		query.Set("start", strconv.Itoa(start+limit))
		query.Set("limit", strconv.Itoa(limit))
		links["next"] = trimContext(c.r.URL.Path) + "?" + query.Encode()
	}
	return ok(object{"results": rows, "start": start, "limit": limit, "size": len(rows), "_links": links})
}

func (c *call) groupV1(g *group) object {
	managed := "ADMINS"
	return object{
		"type": "group", "name": g.name, "id": g.id, "usageType": "USERBASE_GROUP", "managedBy": managed,
		"_links": object{"self": c.base() + "/rest/api/group/by-id?id=" + g.id},
	}
}

// page of a slice by start and limit.
func slicePage[T any](rows []T, start, limit int) ([]T, bool) {
	start = min(start, len(rows))
	end := min(start+limit, len(rows))
	return rows[start:end], end < len(rows)
}

func (c *call) groupRows(groups []*group) (answer, error) {
	start, limit, err := c.offset(200)
	if err != nil {
		return answer{}, err
	}
	picked, more := slicePage(groups, start, limit)
	rows := []object{}
	for _, g := range picked {
		rows = append(rows, c.groupV1(g))
	}
	return c.rowsV1(rows, start, limit, more)
}

func listGroups(c *call) (answer, error) { return c.groupRows(c.people.groups) }

func memberOf(c *call) (answer, error) {
	u := c.people.byID[c.query.Get("accountId")]
	if u == nil {
		return c.groupRows(nil)
	}
	return c.groupRows(u.groups)
}

func groupByID(c *call) (answer, error) {
	g := c.people.groupByID(c.query.Get("id"))
	if g == nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No group found with id: "+c.query.Get("id"))
	}
	return ok(c.whole(c.groupV1(g)))
}

// pickGroups finds groups whose name contains the query.
func pickGroups(c *call) (answer, error) {
	var found []*group
	for _, g := range c.people.groups {
		if containsFold(g.name, c.query.Get("query")) {
			found = append(found, g)
		}
	}
	return c.groupRows(found)
}

// groupMembers answers an empty list for a group that does not exist (register row US-03).
func groupMembers(c *call) (answer, error) {
	start, limit, err := c.offset(200)
	if err != nil {
		return answer{}, err
	}
	rows := []object{}
	more := false
	if g := c.people.groupByID(c.params[0]); g != nil {
		var picked []*user
		picked, more = slicePage(g.members, start, limit)
		for _, u := range picked {
			rows = append(rows, c.userV1(u))
		}
	}
	return c.rowsV1(rows, start, limit, more)
}

type groupRequest struct {
	Name      string `json:"name"`
	AccountID string `json:"accountId"`
}

func prepareGroup(c *call) (any, error) {
	var q groupRequest
	return &q, c.decode(&q)
}

func createGroup(c *call) (answer, error) {
	name := c.prepared.(*groupRequest).Name
	switch {
	case !c.user.admin:
		return answer{}, c.forbidden("group", name)
	case name == "" || c.people.group(name) != nil:
		return answer{}, invalid("A group with this name exists already: " + name)
	}
	return answer{status: http.StatusCreated, json: c.whole(c.groupV1(c.addGroup(name)))}, nil
}

func addMember(c *call) (answer, error) {
	g, u := c.people.groupByID(c.query.Get("groupId")), c.people.byID[c.prepared.(*groupRequest).AccountID]
	switch {
	case !c.user.admin:
		return answer{}, c.forbidden("group", c.query.Get("groupId"))
	case g == nil || u == nil:
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No such group or user")
	}
	c.join(g, u)
	return answer{status: http.StatusCreated}, nil
}
