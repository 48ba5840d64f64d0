package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// dcUserAdminRoutes change accounts and groups (dc-api.md section 9).
var dcUserAdminRoutes = []route{
	{method: "POST", template: "/rest/api/admin/user", api: dc, guard: forAdmin, prepare: prepareAccount, handle: createUser},
	{method: "PUT", template: "/rest/api/admin/user/{username}", api: dc, guard: forAdmin, prepare: prepareAccount, handle: updateUser},
	{method: "DELETE", template: "/rest/api/admin/user/{username}", api: dc, guard: forAdmin, handle: deleteUser},
	{method: "PUT", template: "/rest/api/admin/user/{username}/disable", api: dc, guard: forAdmin, handle: setUserActive(false)},
	{method: "PUT", template: "/rest/api/admin/user/{username}/enable", api: dc, guard: forAdmin, handle: setUserActive(true)},
	{method: "POST", template: "/rest/api/admin/user/{username}/password", api: dc, guard: forAdmin, prepare: prepareAccount, handle: setPassword},
	{method: "POST", template: "/rest/api/admin/group", api: dc, guard: forAdmin, prepare: prepareGroup, handle: createGroupDC},
	{method: "DELETE", template: "/rest/api/admin/group/{groupName}", api: dc, guard: forAdmin, handle: deleteGroupDC},
	{method: "PUT", template: "/rest/api/user/{username}/group/{groupName}", api: dc, guard: forAdmin, handle: changeMember(true)},
	{method: "DELETE", template: "/rest/api/user/{username}/group/{groupName}", api: dc, guard: forAdmin, handle: changeMember(false)},
}

// accountRequest holds the members of all calls that change accounts.
type accountRequest struct {
	UserName        string `json:"userName"`
	FullName        string `json:"fullName"`
	Email           string `json:"email"`
	Password        string `json:"password"`
	NotifyViaEmail  bool   `json:"notifyViaEmail"`
	CurrentPassword string `json:"currentPassword"`
	OldPassword     string `json:"oldPassword"`
	NewPassword     string `json:"newPassword"`
}

func prepareAccount(c *call) (any, error) {
	var q accountRequest
	return &q, c.decode(&q)
}

// checkName refuses what the vendor's document says a full name and an address cannot be.
func (q *accountRequest) checkName() error {
	switch {
	case strings.TrimSpace(q.FullName) == "" || strings.ContainsAny(q.FullName, "<>") || strings.EqualFold(q.FullName, "anonymous"):
		return invalid("The full name is not valid: " + q.FullName)
	case !strings.Contains(strings.Trim(q.Email, "@"), "@"):
		return invalid("The e-mail address is not valid: " + q.Email)
	}
	return nil
}

func createUser(c *call) (answer, error) {
	q := c.prepared.(*accountRequest)
	switch {
	case strings.TrimSpace(q.UserName) == "" || strings.ContainsAny(q.UserName, "\\,+<>'\" \t\n"):
		return answer{}, invalid("The username is not valid: " + q.UserName)
	case (q.Password == "") != q.NotifyViaEmail:
		return answer{}, invalid("Either a password or notifyViaEmail must be given")
	}
	if err := q.checkName(); err != nil {
		return answer{}, err
	}
	if c.people.named(q.UserName) != nil {
		return answer{}, fail(http.StatusConflict, "", "A user with the username "+q.UserName+" exists already")
	}
	if c.set.licences > 0 && c.licensed() >= c.set.licences { // register row ER-10
		return answer{}, fail(http.StatusPaymentRequired, "", "No more licences are available")
	}
	id := q.UserName
	for c.people.byID[id] != nil { // the account of that name was renamed or removed
		id += "'"
	}
	u := c.addUser(id, q.FullName, q.Email)
	c.renameUser(u, q.UserName)
	if q.Password != "" {
		delete(c.people.pats, u.token)
		u.token = q.Password
	}
	c.raise("user_created", userEvent(u), nil)
	c.audit("Users and groups", "User created", affected{"User", u.name, u.key})
	return answer{status: http.StatusCreated, json: object{"userKey": u.key}}, nil
}

// licensed counts the accounts that take a licence seat.
func (s *Site) licensed() int {
	n := 0
	for _, u := range s.people.users {
		if u.active && !u.removed {
			n++
		}
	}
	return n
}

func userEvent(u *user) object { return object{"user": object{"key": u.key, "username": u.username}} }

// renameUser changes the username; the key stays (register row US-07).
func (s *Site) renameUser(u *user, name string) {
	if s.people.byName[strings.ToLower(u.username)] == u {
		delete(s.people.byName, strings.ToLower(u.username))
	}
	u.username = name
	s.people.byName[strings.ToLower(name)] = u
}

// RenameUser changes the username of an account of a Data Center, as an administrator does in the browser.
func (s *Site) RenameUser(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("rename user", id, name)
	if u := s.people.byID[id]; u != nil && s.people.named(name) == nil {
		s.renameUser(u, name)
	}
}

// managed is the account that an administrator's call is about.
func (c *call) managed() (*user, error) {
	u := c.people.named(c.params[0])
	if u == nil || u.removed {
		return nil, fail(http.StatusNotFound, "", "No user found with username: "+c.params[0])
	}
	return u, nil
}

func updateUser(c *call) (answer, error) {
	q := c.prepared.(*accountRequest)
	u, err := c.managed()
	if err != nil { // the document has no 404 here
		return answer{}, invalid(err.Error())
	}
	if err := q.checkName(); err != nil {
		return answer{}, err
	}
	c.describe(u, q)
	return status204()
}

// describe gives an account another name and address.
func (c *call) describe(u *user, q *accountRequest) {
	delete(c.people.byLogin, login(u.email, u.token))
	u.name, u.email = q.FullName, q.Email
	c.people.byLogin[login(u.email, u.token)] = u
	c.audit("Users and groups", "User details updated", affected{"User", u.name, u.key})
}

func updateCurrent(c *call) (answer, error) {
	q := c.prepared.(*accountRequest)
	if q.FullName == "" {
		q.FullName = c.user.name
	}
	if q.Email == "" {
		q.Email = c.user.email
	}
	if err := q.checkName(); err != nil {
		return answer{}, err
	}
	if q.Email != c.user.email && q.CurrentPassword != c.user.token {
		return answer{}, fail(http.StatusForbidden, "", "The current password is wrong")
	}
	c.describe(c.user, q)
	return status204()
}

func changePassword(c *call) (answer, error) {
	q := c.prepared.(*accountRequest)
	switch {
	case q.NewPassword == "":
		return answer{}, invalid("The new password must not be empty")
	case q.OldPassword != c.user.token:
		return answer{}, fail(http.StatusForbidden, "", "The old password is wrong")
	}
	c.password(c.user, q.NewPassword)
	return status204()
}

func setPassword(c *call) (answer, error) {
	u, err := c.managed()
	if err != nil {
		return answer{}, err
	}
	q := c.prepared.(*accountRequest)
	if q.Password == "" {
		return answer{}, invalid("The password must not be empty")
	}
	c.password(u, q.Password)
	return status204()
}

func (c *call) password(u *user, next string) {
	delete(c.people.byLogin, login(u.email, u.token))
	u.token, u.revoked = next, false
	c.people.byLogin[login(u.email, next)] = u
	c.audit("Users and groups", "User password changed", affected{"User", u.name, u.key})
}

func setUserActive(active bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u, err := c.managed()
		if err != nil {
			return answer{}, err
		}
		if u == c.user && !active {
			return answer{}, ownAccount()
		}
		u.active = active
		event := map[bool]string{true: "user_reactivated", false: "user_deactivated"}[active]
		c.raise(event, userEvent(u), nil)
		c.audit("Users and groups", map[bool]string{true: "User enabled", false: "User disabled"}[active], affected{"User", u.name, u.key})
		return status204()
	}
}

// ownAccount keeps an administrator from shutting himself out (general knowledge).
func ownAccount() error {
	return fail(http.StatusForbidden, "", "You cannot take your own account its access")
}

// deleteUser removes an account as a long task. What it wrote stays, by a user of type unknown.
func deleteUser(c *call) (answer, error) {
	u, err := c.managed()
	if err != nil {
		return answer{}, err
	}
	if u == c.user {
		return answer{}, ownAccount()
	}
	c.audit("Users and groups", "User deleted", affected{"User", u.name, u.key})
	site := c.Site
	return c.submitDC("com.atlassian.confluence.user.delete", "Deleting user "+u.username, func(stamp) {
		site.removeUser(u)
		site.raise("user_removed", userEvent(u), nil)
	}, c.user)
}

func (s *Site) removeUser(u *user) {
	s.revoke(u)
	u.active, u.removed, u.admin = false, true, false
	delete(s.people.byName, strings.ToLower(u.username))
	for _, g := range u.groups {
		g.members = slices.DeleteFunc(slices.Clone(g.members), func(m *user) bool { return m == u })
	}
	u.groups = nil
}

func createGroupDC(c *call) (answer, error) {
	name := c.prepared.(*groupRequest).Name
	switch {
	case strings.TrimSpace(name) == "":
		return answer{}, invalid("A group must have a name")
	case c.people.group(name) != nil:
		return answer{}, fail(http.StatusConflict, "", "A group with the name "+name+" exists already")
	}
	g := c.addGroup(name)
	c.raise("group_created", object{"group": object{"name": name}}, nil)
	c.audit("Users and groups", "Group created", affected{"Group", name, name})
	return ok(c.wholeDC(c.groupDC(g.name), ""))
}

func deleteGroupDC(c *call) (answer, error) {
	g, err := c.groupOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if g.name == dcAdminsGroup && c.user.is("group:"+g.name) {
		return answer{}, ownAccount()
	}
	c.dropGroup(g)
	for _, p := range g.parents {
		p.groups = slices.DeleteFunc(slices.Clone(p.groups), func(o *group) bool { return o == g })
	}
	for _, n := range g.groups {
		n.parents = slices.DeleteFunc(slices.Clone(n.parents), func(o *group) bool { return o == g })
	}
	c.instance.global = slices.DeleteFunc(slices.Clone(c.instance.global), func(o *grant) bool { return o.principal == "group:"+g.name })
	c.raise("group_removed", object{"group": object{"name": g.name}}, nil)
	c.audit("Users and groups", "Group deleted", affected{"Group", g.name, g.name})
	return status204()
}

func changeMember(add bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u, err := c.managed()
		if err != nil {
			return answer{}, err
		}
		g, err := c.groupOf(c.params[1])
		if err != nil {
			return answer{}, err
		}
		if !add && u == c.user && g.name == dcAdminsGroup {
			return answer{}, ownAccount()
		}
		if add {
			c.join(g, u)
		} else {
			c.leaveGroup(g, u)
		}
		c.audit("Users and groups", map[bool]string{true: "User added to group", false: "User removed from group"}[add],
			affected{"User", u.name, u.key}, affected{"Group", g.name, g.name})
		return status204()
	}
}
