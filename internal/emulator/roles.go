package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// role is a custom role of the site.
type role struct {
	id, name, description string
	permissions           []string // "key/target"
}

// accessClasses are the classes of accounts that roles can be given to beside users and groups.
var accessClasses = []string{"all-licensed-users", "all-product-admins", "anonymous-users", "authenticated-users"}

// permissionIDs are all space permissions, as roles name them: key/target.
var permissionIDs = func() []string {
	var out []string
	for _, g := range fullGrants {
		out = append(out, g.key+"/"+g.target)
	}
	return out
}()

func (a assignment) allows(key, target string) bool {
	if a.custom != nil {
		return slices.Contains(a.custom.permissions, key+"/"+target)
	}
	return roleAllows(a.role, key, target)
}

// roleID is how REST names the role of an assignment.
func (s *Site) roleID(a assignment) string {
	if a.custom != nil {
		return a.custom.id
	}
	return s.uuid("role", a.role)
}

func getRoleMode(c *call) (answer, error) { return ok(object{"mode": c.set.roleMode}) }

// withRoles refuses what a site without role-based access does not offer.
func (c *call) withRoles() error {
	if c.set.roleMode == "PRE_ROLES" {
		return invalid("Space roles are only available on sites with role-based access control")
	}
	return nil
}

func roleV2(r *role) object {
	return object{"id": r.id, "type": "CUSTOM", "name": r.name, "description": r.description, "spacePermissions": r.permissions}
}

// rolesV2 are all roles, those of the product first.
func (c *call) rolesV2() []object {
	var out []object
	for _, r := range roleKinds {
		permissions := []string{}
		for _, g := range fullGrants {
			if roleAllows(r.id, g.key, g.target) {
				permissions = append(permissions, g.key+"/"+g.target)
			}
		}
		out = append(out, object{
			"id": c.uuid("role", r.id), "type": "SYSTEM", "name": r.name, "description": r.description, "spacePermissions": permissions,
		})
	}
	for _, r := range c.world.roles {
		out = append(out, roleV2(r))
	}
	return out
}

// numbered are rows of a listing whose cursor is their number.
type numbered struct {
	at int
	object
}

// pageOf answers one page of rows that all stand ready.
func (c *call) pageOf(all []object) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	rows := make([]numbered, len(all))
	for i, o := range all {
		rows[i] = numbered{i + 1, o}
	}
	picked, cursor := pick(rows, func(numbered) bool { return true }, order[numbered]{
		key: func(n numbered) sortKey { return sortKey{N: int64(n.at)} }, sorted: true,
	}, w)
	var out []object
	for _, n := range picked {
		out = append(out, n.object)
	}
	return c.listing(out, cursor)
}

func listRoles(c *call) (answer, error) {
	all := c.rolesV2()
	if t := c.query.Get("role-type"); t != "" {
		all = slices.DeleteFunc(all, func(o object) bool { return o["type"] != strings.ToUpper(t) })
	}
	if id := c.query.Get("space-id"); id != "" {
		if _, err := c.spaceByID(id); err != nil {
			return answer{}, err
		}
	}
	return c.pageOf(all)
}

func getRole(c *call) (answer, error) {
	for _, o := range c.rolesV2() {
		if o["id"] == c.params[0] {
			o["_links"] = object{}
			return ok(c.single(o))
		}
	}
	return answer{}, missing("space role", c.params[0])
}

// listPermissionIDs lists the permissions that roles are made of.
func listPermissionIDs(c *call) (answer, error) {
	var out []object
	for _, g := range fullGrants {
		needs := []string{"read/space"}
		if g.key == "read" {
			needs = []string{}
		}
		out = append(out, object{
			"id": g.key + "/" + g.target, "displayName": permissionName(g.key, g.target),
			"description": "Lets a person " + g.key + " in the space: " + g.target, "requiredPermissionIds": needs,
		})
	}
	return c.pageOf(out)
}

func permissionName(key, target string) string {
	return strings.ToUpper(key[:1]) + strings.ReplaceAll(key[1:], "_", " ") + " " + target
}

// roleRequest is the body of create and update of a custom role.
type roleRequest struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Permissions []string `json:"spacePermissions"`
}

func prepareRole(c *call) (any, error) {
	var q roleRequest
	return &q, c.decode(&q)
}

// checkRole checks a role that is sent; self is the one it replaces.
func (c *call) checkRole(q *roleRequest, self *role) error {
	switch {
	case !c.user.admin:
		return c.forbidden("space role", "")
	case c.withRoles() != nil:
		return c.withRoles()
	case strings.TrimSpace(q.Name) == "" || q.Description == "" || len(q.Permissions) == 0:
		return invalid("'name', 'description' and 'spacePermissions' are required")
	}
	for _, p := range q.Permissions {
		if !slices.Contains(permissionIDs, p) {
			return invalid("No space permission with id " + p)
		}
	}
	taken := slices.ContainsFunc(roleKinds, func(r struct{ id, name, description string }) bool { return strings.EqualFold(r.name, q.Name) }) ||
		slices.ContainsFunc(c.world.roles, func(r *role) bool { return r != self && strings.EqualFold(r.name, q.Name) })
	if taken {
		return invalid("A role with this name exists already: " + q.Name)
	}
	return nil
}

func createRole(c *call) (answer, error) {
	q := c.prepared.(*roleRequest)
	if err := c.checkRole(q, nil); err != nil {
		return answer{}, err
	}
	r := &role{c.uuid("role", "custom", text(c.world.newID())), q.Name, q.Description, q.Permissions}
	c.world.roles = append(c.world.roles, r)
	return answer{status: http.StatusCreated, json: roleV2(r)}, nil
}

// customRole returns the role of the call, which roles of the product are not.
func (c *call) customRole() (*role, error) {
	for _, r := range c.world.roles {
		if r.id == c.params[0] {
			return r, nil
		}
	}
	for _, r := range roleKinds {
		if c.uuid("role", r.id) == c.params[0] {
			return nil, invalid("Roles of the product cannot be changed")
		}
	}
	return nil, missing("space role", c.params[0])
}

// updateRole changes a custom role, as a task that takes some time.
func updateRole(c *call) (answer, error) {
	q := c.prepared.(*roleRequest)
	r, err := c.customRole()
	if err != nil {
		return answer{}, err
	}
	if err := c.checkRole(q, r); err != nil {
		return answer{}, err
	}
	t := c.later("updateSpaceRole", longTaskTime, func(stamp) error {
		r.name, r.description, r.permissions = q.Name, q.Description, q.Permissions
		return nil
	})
	return answer{status: http.StatusAccepted, json: object{
		"id": r.id, "type": "CUSTOM", "name": q.Name, "description": q.Description, "taskId": t.id,
	}}, nil
}

// deleteRole removes a custom role and takes it from all who have it.
func deleteRole(c *call) (answer, error) {
	r, err := c.customRole()
	switch {
	case err != nil:
		return answer{}, err
	case !c.user.admin:
		return answer{}, c.forbidden("space role", c.params[0])
	}
	t := c.later("deleteSpaceRole", longTaskTime, func(stamp) error {
		c.world.roles = slices.DeleteFunc(slices.Clone(c.world.roles), func(o *role) bool { return o == r })
		for _, s := range c.world.spaces {
			s.roles = slices.DeleteFunc(slices.Clone(s.roles), func(a assignment) bool { return a.custom == r })
		}
		return nil
	})
	return answer{status: http.StatusAccepted, json: object{"taskId": t.id}}, nil
}

// assignmentRequest gives a role to a principal; without a role it takes it away.
type assignmentRequest struct {
	Principal struct {
		Type string `json:"principalType"`
		ID   string `json:"principalId"`
	} `json:"principal"`
	Role string `json:"roleId"`
}

func prepareAssignments(c *call) (any, error) {
	var q []assignmentRequest
	return &q, c.decode(&q)
}

// assignment checks what was sent; the role is empty where it is to be taken away.
func (c *call) assignment(q assignmentRequest) (assignment, error) {
	principal, err := c.subject(strings.ToLower(q.Principal.Type), q.Principal.ID)
	a := assignment{principalType: q.Principal.Type, principal: principal}
	if err != nil || q.Role == "" {
		return a, err
	}
	return c.withRole(a, q.Role)
}

// withRole gives an assignment the role of that id.
func (c *call) withRole(a assignment, id string) (assignment, error) {
	for _, r := range roleKinds {
		if id == c.uuid("role", r.id) {
			a.role = r.id
			return a, nil
		}
	}
	for _, r := range c.world.roles {
		if id == r.id {
			a.role, a.custom = r.name, r
			return a, nil
		}
	}
	return a, invalid("No role with id " + id)
}

// assigned checks a list of assignments.
func (c *call) assigned(rows []assignmentRequest) ([]assignment, error) {
	var out []assignment
	for _, q := range rows {
		a, err := c.assignment(q)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (c *call) assignments(s *space) []object {
	var out []object
	for _, a := range s.roles {
		out = append(out, object{
			"principal": object{"principalType": a.principalType, "principalId": c.principalV2(a.principal)["id"]},
			"roleId":    c.roleID(a),
		})
	}
	return out
}

func listAssignments(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	kind := func(a assignment) string {
		if a.custom != nil {
			return "CUSTOM"
		}
		return "SYSTEM"
	}
	view := *s
	view.roles = slices.DeleteFunc(slices.Clone(s.roles), func(a assignment) bool {
		for name, value := range map[string]any{
			"role-id": c.roleID(a), "role-type": kind(a), "principal-type": a.principalType, "principal-id": c.principalV2(a.principal)["id"],
		} {
			if want := c.query.Get(name); want != "" && !strings.EqualFold(want, value.(string)) {
				return true
			}
		}
		return false
	})
	return c.pageOf(c.assignments(&view))
}

func setAssignments(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !s.allowed(c.user, "administer", "space") {
		return answer{}, c.forbidden("space", text(s.id))
	}
	if err := c.withRoles(); err != nil {
		return answer{}, err
	}
	rows, err := c.assigned(*c.prepared.(*[]assignmentRequest))
	if err != nil {
		return answer{}, err
	}
	for _, a := range rows {
		s.assign(a)
	}
	c.touch(visibleSamples(s)...)
	return c.listing(c.assignments(s), "")
}

// assign gives a principal a role in place of the one it has; without a role it takes that away.
func (s *space) assign(a assignment) {
	s.roles = slices.DeleteFunc(slices.Clone(s.roles), func(o assignment) bool { return o.principal == a.principal })
	if a.role != "" {
		s.roles = append(s.roles, a)
	}
}
