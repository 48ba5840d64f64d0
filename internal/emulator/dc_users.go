package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// dcUserRoutes look at accounts and groups (dc-api.md section 9).
var dcUserRoutes = []route{
	{method: "GET", template: "/rest/api/user", api: dc, handle: getUserDC},
	{method: "GET", template: "/rest/api/user/current", api: dc, handle: currentUserDC},
	{method: "PUT", template: "/rest/api/user/current", api: dc, guard: forKnown, prepare: prepareAccount, handle: updateCurrent},
	{method: "POST", template: "/rest/api/user/current/password", api: dc, guard: forKnown, prepare: prepareAccount, handle: changePassword},
	{method: "GET", template: "/rest/api/user/anonymous", api: dc, handle: anonymousDC},
	{method: "GET", template: "/rest/api/user/list", api: dc, handle: listUsersDC},
	{method: "GET", template: "/rest/api/user/memberof", api: dc, handle: memberOfDC},
	{method: "GET", template: "/rest/api/admin/users/list/active", api: dc, guard: forAdmin, since: since93, handle: activeUsers, gap: "answers at once what real instances take from an index"},
	{method: "GET", template: "/rest/api/group", api: dc, handle: listGroupsDC},
	{method: "GET", template: "/rest/api/group/{groupName}", api: dc, handle: getGroupDC},
	{method: "GET", template: "/rest/api/group/{groupName}/member", api: dc, guard: forAdmin, handle: groupMembersDC},
	{method: "GET", template: "/rest/api/group/{groupName}/groupmember", api: dc, guard: forAdmin, handle: groupRelatives((*group).nested)},
	{method: "GET", template: "/rest/api/group/{groupName}/groupparent", api: dc, guard: forAdmin, since: since94, handle: groupRelatives(func(g *group) []*group { return g.parents })},
	{method: "GET", template: "/rest/api/group/{groupName}/groupancestor", api: dc, guard: forAdmin, since: since94, handle: groupRelatives((*group).ancestors)},
}

// mayViewUsers says whether the caller sees other accounts: anonymous callers need a permission of the site for it.
func (c *call) mayViewUsers() error {
	if c.anonymous() && !slices.ContainsFunc(c.instance.global, func(g *grant) bool {
		return g.principal == anonymousPrincipal && g.target == "user" && g.key == "read"
	}) {
		return fail(http.StatusForbidden, "", "You are not permitted to view users")
	}
	return nil
}

// accountOf finds an account by the parameters key or username; nil is the caller.
func (c *call) accountOf() (*user, error) {
	key, name := c.query.Get("key"), c.query.Get("username")
	u := c.user
	switch {
	case key != "":
		u = c.people.keyed(key)
	case name != "":
		u = c.people.named(name)
	}
	if u == nil {
		return nil, fail(http.StatusNotFound, "", "No user found with "+strings.TrimSpace("key "+key+" username "+name))
	}
	return u, nil
}

// accountDC is an account as an answer of its own: with the e-mail address from version 9 on, unless the site hides it
// (register row US-08).
func (c *call) accountDC(u *user) object {
	o := c.userDC(u, c.expand()["status"])
	if u != c.people.nobody && !u.removed && c.set.tellsMail(c.product.release) {
		o["email"] = u.email
	}
	return o
}

// tellsMail reports whether answers about an account hold its e-mail address.
func (s *settings) tellsMail(r release) bool {
	return s.mail == "shown" || s.mail == "by version" && r >= since9
}

func getUserDC(c *call) (answer, error) {
	if err := c.mayViewUsers(); err != nil {
		return answer{}, err
	}
	if c.query.Get("key") == "" && c.query.Get("username") == "" {
		return answer{}, invalid("Either key or username must be given")
	}
	u, err := c.accountOf()
	if err != nil {
		return answer{}, err
	}
	return ok(c.wholeDC(c.accountDC(u), ""))
}

// currentUserDC tells who the caller is taken for: the anonymous one too (register row AU-14).
func currentUserDC(c *call) (answer, error) { return ok(c.wholeDC(c.accountDC(c.user), "")) }

func anonymousDC(c *call) (answer, error) {
	return ok(c.wholeDC(c.userDC(c.people.nobody, false), ""))
}

func (c *call) userRow(u *user) object { return c.userDC(u, c.expand()["status"]) }

// listUsersDC lists all accounts, disabled ones too.
func listUsersDC(c *call) (answer, error) {
	if err := c.mayViewUsers(); err != nil {
		return answer{}, err
	}
	rows := slices.DeleteFunc(slices.Clone(c.people.users), func(u *user) bool { return u.removed })
	return rowsDC(c, rows, 100, 1000, nil, c.userRow)
}

func activeUsers(c *call) (answer, error) {
	rows := slices.DeleteFunc(slices.Clone(c.people.users), func(u *user) bool { return !u.active || u.removed })
	return rowsDC(c, rows, 100, 1000, nil, c.userRow)
}

// groupRow is a group in a listing.
func (c *call) groupRow(g *group) object { return c.groupDC(g.name) }

func memberOfDC(c *call) (answer, error) {
	if err := c.mayViewUsers(); err != nil {
		return answer{}, err
	}
	u, err := c.accountOf()
	if err != nil {
		return answer{}, err
	}
	return rowsDC(c, u.groups, 200, 200, nil, c.groupRow)
}

func listGroupsDC(c *call) (answer, error) {
	if err := c.mayViewUsers(); err != nil {
		return answer{}, err
	}
	return rowsDC(c, c.people.groups, 200, 200, nil, c.groupRow)
}

// groupOf finds the group of the call. The document knows no 404 for it; what a missing group answers is not verified.
func (c *call) groupOf(name string) (*group, error) {
	if g := c.people.group(name); g != nil {
		return g, nil
	}
	return nil, fail(http.StatusNotFound, "", "No group found with name: "+name)
}

func getGroupDC(c *call) (answer, error) {
	if err := c.mayViewUsers(); err != nil {
		return answer{}, err
	}
	g, err := c.groupOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.wholeDC(c.groupDC(g.name), ""))
}

func groupMembersDC(c *call) (answer, error) {
	g, err := c.groupOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return rowsDC(c, g.members, 200, 200, nil, c.userRow)
}

func groupRelatives(of func(*group) []*group) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		g, err := c.groupOf(c.params[0])
		if err != nil {
			return answer{}, err
		}
		return rowsDC(c, of(g), 200, 200, nil, c.groupRow)
	}
}

// nested are the groups directly inside a group.
func (g *group) nested() []*group { return g.groups }

// ancestors are the groups that a group is in, directly or not, the nearest first.
func (g *group) ancestors() []*group {
	var out []*group
	for next := slices.Clone(g.parents); len(next) > 0; next = next[1:] {
		if p := next[0]; !slices.Contains(out, p) {
			out = append(out, p)
			next = append(next, p.parents...)
		}
	}
	return out
}

// NestGroup puts a group into another; its members then have what the other group has. Unknown groups are made.
func (s *Site) NestGroup(parent, child string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("nest", parent, child)
	p, g := s.addGroup(parent), s.addGroup(child)
	if !slices.Contains(p.groups, g) && p != g {
		p.groups, g.parents = append(p.groups, g), append(g.parents, p)
	}
}
