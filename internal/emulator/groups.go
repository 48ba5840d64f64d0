package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func (c *call) groupV1(g *group) object {
	managed := "ADMINS"
	if g.external {
		managed = "EXTERNAL"
	}
	return object{
		"type": "group", "name": g.name, "id": g.id, "usageType": "USERBASE_GROUP", "managedBy": managed,
		"_links": object{"self": c.base() + "/rest/api/group/by-id?id=" + g.id},
	}
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

// listGroups lists groups by name, or those of one access type.
func listGroups(c *call) (answer, error) {
	switch kind := c.query.Get("accessType"); kind {
	case "", "user":
		return c.groupRows(c.people.groups)
	case "admin", "site-admin":
		var found []*group
		for _, g := range c.people.groups {
			if g.name == adminsGroup && kind == "admin" || g.name == "site-admins" && kind == "site-admin" {
				found = append(found, g)
			}
		}
		return c.groupRows(found)
	default:
		return answer{}, invalid("Invalid accessType: " + kind)
	}
}

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

// genericGroups belong to the product and must not be changed (register row US-06).
var genericGroups = []string{"atlassian-addons", "atlassian-addons-admin", "site-admins", "system-administrators"}

// changeable refuses to change groups of the product, and members of those that an identity provider keeps (register
// rows US-03, US-06).
func (c *call) changeable(g *group) error {
	if slices.Contains(genericGroups, g.name) {
		return c.forbidden("group", g.id)
	}
	if g.external {
		return invalid("The group " + g.name + " is managed externally and cannot be changed")
	}
	return nil
}

func createGroup(c *call) (answer, error) {
	name := strings.TrimSpace(c.prepared.(*groupRequest).Name)
	switch {
	case !c.user.admin:
		return answer{}, c.forbidden("group", name)
	case name == "" || len(name) > 255:
		return answer{}, invalid("The name of a group has 1 to 255 characters")
	case c.people.group(name) != nil:
		return answer{}, invalid("A group with this name exists already: " + name)
	}
	g := c.addGroup(name)
	c.note("Users and groups", "Group created", auditObject{name, "Group"})
	return answer{status: http.StatusCreated, json: c.whole(c.groupV1(g))}, nil
}

// member finds the group and the account of a change of membership.
func (c *call) member(groupID, accountID string) (*group, *user, error) {
	g, u := c.people.groupByID(groupID), c.people.byID[accountID]
	switch {
	case !c.user.admin:
		return nil, nil, c.forbidden("group", groupID)
	case g == nil || u == nil:
		return nil, nil, fail(http.StatusNotFound, "NOT_FOUND", "No such group or user")
	}
	return g, u, c.changeable(g)
}

func addMember(c *call) (answer, error) {
	g, u, err := c.member(c.query.Get("groupId"), c.prepared.(*groupRequest).AccountID)
	if err != nil {
		return answer{}, err
	}
	c.join(g, u)
	c.note("Users and groups", "User added to group", auditObject{g.name, "Group"}, auditObject{u.name, "User"})
	return answer{status: http.StatusCreated}, nil
}

// removeMember answers 204 for somebody who is no member, too (cloud-v1.json).
func removeMember(c *call) (answer, error) {
	g, u, err := c.member(c.query.Get("groupId"), c.query.Get("accountId"))
	if err != nil {
		return answer{}, err
	}
	c.leaveGroup(g, u)
	c.note("Users and groups", "User removed from group", auditObject{g.name, "Group"}, auditObject{u.name, "User"})
	return status204()
}

func (s *Site) leaveGroup(g *group, u *user) {
	g.members = slices.DeleteFunc(slices.Clone(g.members), func(o *user) bool { return o == u })
	u.groups = slices.DeleteFunc(slices.Clone(u.groups), func(o *group) bool { return o == g })
	if g.name == adminsGroup || g.name == dcAdminsGroup {
		u.admin = false
	}
}

func deleteGroup(c *call) (answer, error) {
	id := c.query.Get("id")
	g := c.people.groupByID(id)
	switch {
	case id == "":
		return answer{}, invalid("The id of a group is required")
	case !c.user.admin:
		return answer{}, c.forbidden("group", id)
	case g == nil:
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No group found with id: "+id)
	}
	if err := c.changeable(g); err != nil {
		return answer{}, err
	}
	c.dropGroup(g)
	c.note("Users and groups", "Group deleted", auditObject{g.name, "Group"})
	return status204()
}

// dropGroup removes a group and what it was granted in spaces. A restriction that names it stays, and lets nobody in.
func (s *Site) dropGroup(g *group) {
	for _, u := range slices.Clone(g.members) {
		s.leaveGroup(g, u)
	}
	s.people.groups = slices.DeleteFunc(slices.Clone(s.people.groups), func(o *group) bool { return o == g })
	for _, in := range s.world.spaces {
		in.grants = slices.DeleteFunc(slices.Clone(in.grants), func(o *grant) bool { return o.principal == "group:"+g.name })
		in.roles = slices.DeleteFunc(slices.Clone(in.roles), func(o assignment) bool { return o.principal == "group:"+g.name })
	}
}

// actGroup makes a group, with members, or hands one over to an identity provider.
func actGroup(c *call, raw json.RawMessage) error {
	var q struct {
		Name     string   `json:"name"`
		Members  []string `json:"members"`
		External bool     `json:"external"`
	}
	if err := json.Unmarshal(raw, &q); err != nil {
		return err
	}
	if q.Name == "" {
		return errors.New("group needs a name")
	}
	g := c.addGroup(q.Name)
	g.external = q.External
	for _, id := range q.Members {
		u := c.people.byID[id]
		if u == nil {
			return fmt.Errorf("no user %q", id)
		}
		c.join(g, u)
	}
	return nil
}

// actLeave deactivates an account.
func actLeave(c *call, raw json.RawMessage) error {
	var id string
	if err := json.Unmarshal(raw, &id); err != nil {
		return err
	}
	u := c.people.byID[id]
	if u == nil {
		return fmt.Errorf("no user %q", id)
	}
	u.active = false
	return nil
}
