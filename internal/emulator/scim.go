package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// scimRoutes are the directory for identity providers, SCIM 2.0 (RFC 7643, 7644), as far as provisioning of accounts,
// groups and memberships needs it. The key of the directory opens it and nothing else.
var scimRoutes = []route{
	{method: "GET", template: "/scim/directory/{directoryId}/Users", api: edge, evidence: byDocumentation, handle: keyed(directoryKey, scimUsers)},
	{method: "POST", template: "/scim/directory/{directoryId}/Users", api: edge, evidence: byDocumentation, prepare: prepareSCIM, handle: keyed(directoryKey, scimCreateUser)},
	{method: "GET", template: "/scim/directory/{directoryId}/Users/{userId}", api: edge, evidence: byDocumentation, handle: keyed(directoryKey, scimOneUser(nil))},
	{method: "PUT", template: "/scim/directory/{directoryId}/Users/{userId}", api: edge, evidence: byDocumentation, prepare: prepareSCIM, handle: keyed(directoryKey, scimOneUser(scimReplace))},
	{method: "PATCH", template: "/scim/directory/{directoryId}/Users/{userId}", api: edge, evidence: byDocumentation, gap: "only active is changed", prepare: prepareSCIM, handle: keyed(directoryKey, scimOneUser(scimPatch))},
	{method: "DELETE", template: "/scim/directory/{directoryId}/Users/{userId}", api: edge, evidence: byDocumentation, handle: keyed(directoryKey, scimDeleteUser)},
	{method: "GET", template: "/scim/directory/{directoryId}/Groups", api: edge, evidence: byDocumentation, handle: keyed(directoryKey, scimGroups)},
	{method: "POST", template: "/scim/directory/{directoryId}/Groups", api: edge, evidence: byDocumentation, prepare: prepareSCIM, handle: keyed(directoryKey, scimCreateGroup)},
	{method: "GET", template: "/scim/directory/{directoryId}/Groups/{groupId}", api: edge, evidence: byDocumentation, handle: keyed(directoryKey, scimOneGroup)},
	{method: "PATCH", template: "/scim/directory/{directoryId}/Groups/{groupId}", api: edge, evidence: byDocumentation, gap: "only members are changed", prepare: prepareSCIM, handle: keyed(directoryKey, scimOneGroup)},
}

type scimMember struct {
	Value string `json:"value"`
}

// scimRequest holds the members of all requests.
type scimRequest struct {
	UserName    string       `json:"userName"`
	DisplayName string       `json:"displayName"`
	Active      *bool        `json:"active"`
	Members     []scimMember `json:"members"`
	Operations  []struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	} `json:"Operations"`
}

func prepareSCIM(c *call) (any, error) {
	var q scimRequest
	return &q, c.decode(&q)
}

func scimError(status int, detail string) (answer, error) {
	return answer{status: status, json: object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": text(int64(status)), "detail": detail,
	}, form: scimForm}, nil
}

const scimForm = "application/scim+json"

func scim(status int, o object) (answer, error) {
	return answer{status: status, json: o, form: scimForm}, nil
}

func scimUser(u *user) object {
	return object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": u.id, "userName": u.email, "displayName": u.name,
		"active": u.active, "emails": []object{{"value": u.email, "type": "work", "primary": true}},
		"meta": object{"resourceType": "User"},
	}
}

func scimGroup(g *group) object {
	members := []object{}
	for _, u := range g.members {
		members = append(members, object{"value": u.id, "display": u.name, "type": "User"})
	}
	return object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "id": g.id, "displayName": g.name, "members": members,
		"meta": object{"resourceType": "Group"},
	}
}

// scimFilter is the value of a filter by that attribute, the only kind that is understood, and whether there is one.
func scimFilter(c *call, attribute string) (string, bool) {
	rest, ok := strings.CutPrefix(c.query.Get("filter"), attribute+" eq ")
	return strings.Trim(rest, `"`), ok
}

func scimList(rows []object) (answer, error) {
	return scim(http.StatusOK, object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}, "totalResults": len(rows), "startIndex": 1,
		"itemsPerPage": len(rows), "Resources": rows,
	})
}

func scimUsers(c *call) (answer, error) {
	name, filtered := scimFilter(c, "userName")
	rows := []object{}
	for _, u := range c.people.users {
		if !filtered || strings.EqualFold(u.email, name) {
			rows = append(rows, scimUser(u))
		}
	}
	return scimList(rows)
}

func scimCreateUser(c *call) (answer, error) {
	q := c.prepared.(*scimRequest)
	switch {
	case !strings.Contains(q.UserName, "@"):
		return scimError(http.StatusBadRequest, "userName must be an e-mail address")
	case c.people.withEmail(q.UserName) != nil:
		return scimError(http.StatusConflict, "Resource "+q.UserName+" already exists")
	}
	u := c.addUser(c.accountID(q.UserName), q.DisplayName, q.UserName)
	return scim(http.StatusCreated, scimUser(u))
}

// scimOneUser answers an account, after a change where there is one.
func scimOneUser(change func(*scimRequest, *user)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u := c.people.byID[c.params[1]]
		if u == nil {
			return scimError(http.StatusNotFound, "Resource "+c.params[1]+" not found")
		}
		if change != nil {
			change(c.prepared.(*scimRequest), u)
		}
		return scim(http.StatusOK, scimUser(u))
	}
}

func scimReplace(q *scimRequest, u *user) {
	if q.DisplayName != "" {
		u.name = q.DisplayName
	}
	if q.Active != nil {
		u.active = *q.Active
	}
}

// scimPatch understands active by path and as a member of the value.
func scimPatch(q *scimRequest, u *user) {
	for _, op := range q.Operations {
		value := op.Value
		if o, ok := value.(map[string]any); ok && op.Path == "" {
			value = o["active"]
		} else if op.Path != "active" {
			continue
		}
		if active, ok := value.(bool); ok && strings.EqualFold(op.Op, "replace") {
			u.active = active
		}
	}
}

// scimDeleteUser deactivates: accounts outlive the directory.
func scimDeleteUser(c *call) (answer, error) {
	u := c.people.byID[c.params[1]]
	if u == nil {
		return scimError(http.StatusNotFound, "Resource "+c.params[1]+" not found")
	}
	u.active = false
	return status204()
}

func scimGroups(c *call) (answer, error) {
	name, filtered := scimFilter(c, "displayName")
	rows := []object{}
	for _, g := range c.people.groups {
		if !filtered || g.name == name {
			rows = append(rows, scimGroup(g))
		}
	}
	return scimList(rows)
}

func scimCreateGroup(c *call) (answer, error) {
	q := c.prepared.(*scimRequest)
	switch {
	case q.DisplayName == "":
		return scimError(http.StatusBadRequest, "displayName is needed")
	case c.people.group(q.DisplayName) != nil:
		return scimError(http.StatusConflict, "Group "+q.DisplayName+" already exists")
	}
	g := c.addGroup(q.DisplayName)
	for _, m := range q.Members {
		if u := c.people.byID[m.Value]; u != nil {
			c.join(g, u)
		}
	}
	return scim(http.StatusCreated, scimGroup(g))
}

// scimOneGroup answers a group, after a change of its members where the request is a PATCH.
func scimOneGroup(c *call) (answer, error) {
	g := c.people.groupByID(c.params[1])
	if g == nil {
		return scimError(http.StatusNotFound, "Resource "+c.params[1]+" not found")
	}
	if q, ok := c.prepared.(*scimRequest); ok {
		for _, op := range q.Operations {
			c.changeMembers(g, op.Op, op.Path, op.Value)
		}
	}
	return scim(http.StatusOK, scimGroup(g))
}

// changeMembers does one operation: add, replace or remove of members, also in the form members[value eq "id"].
func (s *Site) changeMembers(g *group, op, path string, value any) {
	var ids []string
	if rows, ok := value.([]any); ok {
		for _, row := range rows {
			if m, ok := row.(map[string]any); ok {
				ids = append(ids, scalar(m["value"]))
			}
		}
	}
	if one, ok := strings.CutPrefix(path, `members[value eq "`); ok {
		ids = append(ids, strings.TrimSuffix(one, `"]`))
	} else if path != "members" {
		return
	}
	op = strings.ToLower(op)
	for _, u := range slices.Clone(g.members) {
		if op == "remove" && slices.Contains(ids, u.id) || op == "replace" && !slices.Contains(ids, u.id) {
			s.part(g, u)
		}
	}
	for _, id := range ids {
		if u := s.people.byID[id]; u != nil && op != "remove" {
			s.join(g, u)
		}
	}
}
