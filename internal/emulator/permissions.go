package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// all targets and keys of the classic permissions that a new space gives.
var fullGrants = []struct{ key, target string }{
	{"read", "space"}, {"administer", "space"}, {"archive", "page"}, {"create", "attachment"}, {"create", "blogpost"},
	{"create", "comment"}, {"create", "page"}, {"delete", "attachment"}, {"delete", "blogpost"}, {"delete", "comment"},
	{"delete", "page"}, {"delete", "space"}, {"export", "space"}, {"restrict_content", "space"},
}

// openTo gives a new space its permissions: all to the creator; unless private, all but administration to everyone. Roles
// that were asked for stand instead of all that.
func (c *call) openTo(s *space, private bool, roles []assignment) {
	me := "user:" + c.user.id
	switch {
	case len(roles) > 0:
		s.roles = append(s.roles, roles...)
		return
	case c.set.roleMode == "ROLES":
		s.roles = append(s.roles, assignment{principalType: "USER", principal: me, role: "admin"})
		if !private {
			s.roles = append(s.roles, assignment{principalType: "GROUP", principal: "group:" + everyone, role: "collaborator"})
		}
		return
	}
	for _, g := range fullGrants {
		s.grants = append(s.grants, &grant{c.world.newID(), me, g.key, g.target})
		if !private && g.key != "administer" && g.target != "space" || !private && g.key == "read" {
			s.grants = append(s.grants, &grant{c.world.newID(), "group:" + everyone, g.key, g.target})
		}
	}
}

// strangeGrants are permissions of words that the documents do not have, which real answers show and which decide
// nothing that can be done over REST (register row ID-13).
func strangeGrants(s *space) []*grant {
	const above = 1 << 49 // no other id comes there
	return []*grant{
		{above + s.id*4, "class:all-product-admins", "manage_users", "space"},
		{above + s.id*4 + 1, "class:all-product-admins", "archive_space", "space"},
	}
}

// grantsV2 are the permissions of a space as REST v2 shows them.
func (c *call) grantsV2(s *space) []object {
	var out []object
	for _, g := range s.grants {
		out = append(out, object{
			"id": text(g.id), "principal": c.principalV2(g.principal), "operation": object{"key": g.key, "targetType": g.target},
		})
	}
	return out
}

func (c *call) principalV2(p string) object {
	if name, ok := strings.CutPrefix(p, "group:"); ok {
		id := name
		if g := c.people.group(name); g != nil {
			id = g.id
		}
		return object{"type": "group", "id": id}
	}
	if name, ok := strings.CutPrefix(p, "class:"); ok {
		return object{"type": "access-class", "id": name}
	}
	return object{"type": "user", "id": strings.TrimPrefix(p, "user:")}
}

func listGrants(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	rows, cursor := pick(slices.Concat(s.grants, strangeGrants(s)), func(*grant) bool { return true }, order[*grant]{
		key: func(g *grant) sortKey { return sortKey{ID: g.id} },
	}, w)
	view := *s
	view.grants = rows
	return c.listing(c.grantsV2(&view), cursor)
}

// grantRequest is the body of POST space/{key}/permission.
type grantRequest struct {
	Subject struct {
		Type       string `json:"type"`
		Identifier string `json:"identifier"`
	} `json:"subject"`
	Operation struct {
		Key    string `json:"key"`
		Target string `json:"target"`
	} `json:"operation"`
}

func prepareGrant(c *call) (any, error) {
	var q grantRequest
	return &q, c.decode(&q)
}

// grantTargets are what each classic permission can be about (cloud-v1.json SpacePermissionV2; which go together is
// general knowledge, but for those of a new space).
var grantTargets = map[string][]string{
	"administer": {"space"}, "archive": {"page", "blogpost"}, "copy": allTargets, "create": allTargets,
	"delete": append([]string{"space"}, allTargets...), "export": {"space", "page"}, "move": allTargets, "purge": allTargets,
	"purge_version": allTargets, "read": {"space"}, "restore": allTargets, "restrict_content": {"space"}, "update": allTargets,
	"use": {"space"},
}

var allTargets = []string{"page", "blogpost", "comment", "attachment"}

// errRolesOnly is what a site with roles only says to every classic write (register row SP-07).
var errRolesOnly = invalid("InvalidRbacOperationException: Space permission updates that are not from RBAC are not supported in roles-only mode")

func addGrant(c *call) (answer, error) {
	s, err := c.administered()
	if err != nil {
		return answer{}, err
	}
	q := c.prepared.(*grantRequest)
	if !slices.Contains(grantTargets[q.Operation.Key], q.Operation.Target) {
		return answer{}, invalid("Invalid operation: " + q.Operation.Key + "/" + q.Operation.Target)
	}
	principal, err := c.subject(q.Subject.Type, q.Subject.Identifier)
	if err != nil {
		return answer{}, err
	}
	has := func(key, target string) bool {
		return slices.ContainsFunc(s.grants, func(g *grant) bool { return g.principal == principal && g.key == key && g.target == target })
	}
	if has(q.Operation.Key, q.Operation.Target) {
		return answer{}, invalid("Permission already exists")
	}
	if !has("read", "space") && (q.Operation.Key != "read" || q.Operation.Target != "space") {
		return answer{}, invalid("The read/space permission must be granted to the subject first")
	}
	g := &grant{c.world.newID(), principal, q.Operation.Key, q.Operation.Target}
	s.grants = append(s.grants, g)
	c.touch(visibleSamples(s)...)
	c.note("Permissions", "Space permission added", auditObject{s.name, "Space"}, auditObject{q.Subject.Identifier, q.Subject.Type})
	return ok(object{
		"id": g.id, "subject": object{"type": q.Subject.Type, "identifier": q.Subject.Identifier},
		"operation": object{"key": g.key, "target": g.target},
		"_links":    object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/space/" + s.key + "/permission/" + text(g.id)},
	})
}

// visibleSamples is what a change of a space's permissions is shown by in the log of readers: the home page.
func visibleSamples(s *space) []*content {
	if s.home == nil {
		return nil
	}
	return []*content{s.home}
}

// administered returns the space of the call if the caller administers it and it takes classic permissions.
func (c *call) administered() (*space, error) {
	s, err := c.spaceByKey(c.params[0])
	switch {
	case err != nil:
		return nil, err
	case c.set.roleMode == "ROLES":
		return nil, errRolesOnly
	case c.oauth(): // register row SP-08: apps cannot use this, not even for a user
		return nil, c.forbidden("space", text(s.id))
	case !s.allowed(c.user, "administer", "space"):
		return nil, c.forbidden("space", text(s.id))
	}
	return s, nil
}

// subject reads the principal of a permission: a user by account id, a group by id or name.
func (c *call) subject(kind, id string) (string, error) {
	switch kind {
	case "user":
		if u := c.people.byID[id]; u != nil {
			return "user:" + id, nil
		}
	case "access_class":
		if slices.Contains(accessClasses, id) {
			return "class:" + id, nil
		}
	case "group":
		if g := c.people.groupByID(id); g != nil {
			return "group:" + g.name, nil
		}
		if g := c.people.group(id); g != nil {
			return "group:" + g.name, nil
		}
	}
	return "", invalid("No " + kind + " found with identifier: " + id)
}

// customGrant is the body of POST space/{key}/permission/custom-content.
type customGrant struct {
	Subject struct {
		Type       string `json:"type"`
		Identifier string `json:"identifier"`
	} `json:"subject"`
	Operations []struct {
		Key    string `json:"key"`
		Target string `json:"target"`
		Access bool   `json:"access"`
	} `json:"operations"`
}

func prepareCustomGrant(c *call) (any, error) {
	var q customGrant
	return &q, c.decode(&q)
}

// addCustomGrants gives or takes permissions on the content of an app; only apps may call it (cloud-v1.json).
func addCustomGrants(c *call) (answer, error) {
	q := c.prepared.(*customGrant)
	s, err := c.spaceByKey(c.params[0])
	switch {
	case err != nil:
		return answer{}, err
	case !c.oauth() || !s.allowed(c.user, "administer", "space"):
		return answer{}, c.forbidden("space", text(s.id))
	}
	principal, err := c.subject(q.Subject.Type, q.Subject.Identifier)
	if err != nil {
		return answer{}, err
	}
	for _, op := range q.Operations {
		if op.Key != "read" && op.Key != "create" && op.Key != "delete" || op.Target == "" {
			return answer{}, invalid("Invalid operation: " + op.Key + "/" + op.Target)
		}
	}
	for _, op := range q.Operations {
		s.grants = slices.DeleteFunc(slices.Clone(s.grants), func(g *grant) bool {
			return g.principal == principal && g.key == op.Key && g.target == op.Target
		})
		if op.Access {
			s.grants = append(s.grants, &grant{c.world.newID(), principal, op.Key, op.Target})
		}
	}
	return answer{status: http.StatusOK}, nil
}

func removeGrant(c *call) (answer, error) {
	s, err := c.administered()
	if err != nil {
		return answer{}, err
	}
	n := len(s.grants)
	s.grants = slices.DeleteFunc(s.grants, func(g *grant) bool { return text(g.id) == c.params[1] })
	if len(s.grants) == n {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No permission with id "+c.params[1])
	}
	c.note("Permissions", "Space permission removed", auditObject{s.name, "Space"})
	c.touch(visibleSamples(s)...)
	return status204()
}
