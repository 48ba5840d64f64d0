package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// dcPermissionRoutes are the permissions of spaces, from 9.1.1 on, and of the site, from 9.3 on (register row SP-09).
var dcPermissionRoutes = slices.Concat(permissionRoutes("/rest/api/space/{spaceKey}/permissions", since911, true),
	permissionRoutes("/rest/api/permissions", since93, false))

// permissionRoutes are the calls below a base, which look alike for spaces and for the site.
func permissionRoutes(base string, since release, ofSpace bool) []route {
	guard, method := forKnown, "POST"
	user := "/user/{userKey}"
	if !ofSpace {
		guard, method, user = forAdmin, "PUT", "/user/{user}"
	}
	shape := "what a subject shows besides type and displayName is general knowledge"
	out := []route{
		{method: "GET", template: base, handle: listPermissionsDC(ofSpace, ""), gap: shape},
		{method: method, template: base, prepare: preparePermissionSets, handle: setPermissions(ofSpace)},
	}
	subjects := [][2]string{{"anonymous", "/anonymous"}, {"group", "/group/{groupName}"}, {"user", user}}
	if !ofSpace {
		subjects = append(subjects, [2]string{"unlicensed", "/unlicensed"})
	}
	for _, s := range subjects {
		kind, path := s[0], s[1]
		out = append(out,
			route{method: "GET", template: base + path, handle: listPermissionsDC(ofSpace, kind), gap: shape},
			route{method: "PUT", template: base + path + "/grant", prepare: prepareOperations, handle: changePermissions(ofSpace, kind, true)},
			route{method: "PUT", template: base + path + "/revoke", prepare: prepareOperations, handle: changePermissions(ofSpace, kind, false)},
		)
	}
	for i := range out {
		out[i].api, out[i].guard, out[i].since = dc, guard, since
	}
	return out
}

// spacePermissionKinds are the permissions of a space, with the names that JSON-RPC and exports have for them.
var spacePermissionKinds = []struct{ target, key, name string }{
	{"space", "read", "VIEWSPACE"}, {"space", "administer", "SETSPACEPERMISSIONS"}, {"space", "export", "EXPORTSPACE"},
	{"space", "restrict", "SETPAGEPERMISSIONS"}, {"space", "delete_own", "REMOVEOWNCONTENT"}, {"space", "delete_mail", "REMOVEMAIL"},
	{"page", "create", "EDITSPACE"}, {"page", "delete", "REMOVEPAGE"}, {"blogpost", "create", "EDITBLOG"},
	{"blogpost", "delete", "REMOVEBLOG"}, {"comment", "create", "COMMENT"}, {"comment", "delete", "REMOVECOMMENT"},
	{"attachment", "create", "CREATEATTACHMENT"}, {"attachment", "delete", "REMOVEATTACHMENT"},
}

// globalPermissionKinds are the permissions of the site.
var globalPermissionKinds = []struct{ target, key, name string }{
	{"application", "use", "USECONFLUENCE"}, {"application", "administer", "ADMINISTRATECONFLUENCE"},
	{"system", "administer", "SYSTEMADMINISTRATOR"}, {"personal_space", "create", "PERSONALSPACE"}, {"space", "create", "CREATESPACE"},
	{"user", "read", "VIEWUSERPROFILES"}, {"application", "use_unlicensed", "LIMITEDUSECONFLUENCE"},
}

// unlicensedPrincipal are the accounts without a licence seat.
const unlicensedPrincipal = "unlicensed"

// openDC gives a new space its permissions: all to the creator and, unless private, what users usually have to them.
func (c *call) openDC(s *space, private bool) {
	for _, o := range spacePermissionKinds {
		s.grants = append(s.grants, &grant{c.world.newID(), "user:" + s.creator.id, o.key, o.target})
		usual := o.key == "read" || o.key == "create" || o.key == "export" || o.key == "delete_own"
		if !private && usual {
			s.grants = append(s.grants, &grant{c.world.newID(), "group:" + everyone, o.key, o.target})
		}
	}
}

// openGlobally gives a new site its permissions.
func (s *Site) openGlobally() {
	for _, o := range globalPermissionKinds {
		switch {
		case o.key == "use_unlicensed" || o.target == "user":
			continue
		case o.key == "use" || o.key == "create":
			s.instance.global = append(s.instance.global, &grant{s.world.newID(), "group:" + everyone, o.key, o.target})
		}
		s.instance.global = append(s.instance.global, &grant{s.world.newID(), "group:" + dcAdminsGroup, o.key, o.target})
	}
}

// globally reports whether a user has a permission of the site.
func (s *Site) globally(u *user, key, target string) bool {
	return slices.ContainsFunc(s.instance.global, func(g *grant) bool { return g.key == key && g.target == target && u.is(g.principal) })
}

// operationDC is one permission as requests name it.
type operationDC struct {
	Target string `json:"targetType"`
	Key    string `json:"operationKey"`
}

// permissionSet is what one subject is to have; without a user and a group it is the anonymous one.
type permissionSet struct {
	UserKey    string        `json:"userKey"`
	GroupName  string        `json:"groupName"`
	Operations []operationDC `json:"operations"`
}

func preparePermissionSets(c *call) (any, error) {
	var q []permissionSet
	err := c.decode(&q)
	return q, err
}

func prepareOperations(c *call) (any, error) {
	var q []operationDC
	err := c.decode(&q)
	return q, err
}

// principal is the subject of a set.
func (q *permissionSet) principal(c *call) (string, error) {
	switch {
	case q.UserKey != "" && q.GroupName != "":
		return "", invalid("A subject is a user or a group, not both")
	case q.UserKey != "":
		return c.principalDC("user", q.UserKey)
	case q.GroupName != "":
		return c.principalDC("group", q.GroupName)
	}
	return anonymousPrincipal, nil
}

// granted is what permissions are about: a space, or the site.
type granted struct {
	on      *space
	grants  *[]*grant
	allowed []struct{ target, key, name string }
	subject []string // path parameters that name the subject
}

func (c *call) granted(ofSpace bool) (granted, error) {
	if !ofSpace {
		return granted{nil, &c.instance.global, globalPermissionKinds, c.params}, nil
	}
	s, err := c.administers(c.params[0])
	if err != nil {
		return granted{}, err
	}
	return granted{s, &s.grants, spacePermissionKinds, c.params[1:]}, nil
}

// principal reads who permissions are for; what does not exist is 404 (register row LB-11).
func (c *call) principalDC(kind, name string) (string, error) {
	switch kind {
	case "user":
		u := c.people.keyed(name)
		if u == nil {
			u = c.people.named(name)
		}
		if u != nil {
			return "user:" + u.id, nil
		}
	case "group":
		if g := c.people.group(name); g != nil {
			return "group:" + g.name, nil
		}
	case "unlicensed":
		return unlicensedPrincipal, nil
	default:
		return anonymousPrincipal, nil
	}
	return "", fail(http.StatusNotFound, "", "No "+kind+" found with name or key: "+name)
}

func (g granted) subjectOf(c *call, kind string) (string, error) {
	name := ""
	if len(g.subject) > 0 {
		name = g.subject[0]
	}
	return c.principalDC(kind, name)
}

// permissionsOf shows permissions, a row for each.
func (c *call) permissionsOf(grants []*grant, keep func(*grant) bool) []object {
	out := []object{}
	for _, g := range grants {
		if keep(g) {
			out = append(out, object{
				"operation": object{"targetType": g.target, "operationKey": g.key}, "subject": c.subjectDC(g.principal),
			})
		}
	}
	return out
}

// subjectDC is who a permission is for.
func (c *call) subjectDC(principal string) object {
	if id, ok := strings.CutPrefix(principal, "user:"); ok {
		o := c.userDC(c.people.byID[id], false)
		delete(o, "_expandable")
		delete(o, "_links")
		return o
	}
	if name, ok := strings.CutPrefix(principal, "group:"); ok {
		return object{"type": "group", "name": name, "displayName": name}
	}
	return object{"type": principal, "displayName": strings.ToUpper(principal[:1]) + principal[1:]}
}

// listPermissionsDC is a bare array (register row PG-13): all permissions, or those of one subject.
func listPermissionsDC(ofSpace bool, kind string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		on, err := c.granted(ofSpace)
		if err != nil {
			return answer{}, err
		}
		keep := func(*grant) bool { return true }
		if kind != "" {
			principal, err := on.subjectOf(c, kind)
			if err != nil {
				return answer{}, err
			}
			keep = func(g *grant) bool { return g.principal == principal }
		}
		rows := c.permissionsOf(*on.grants, keep)
		if ofSpace {
			for _, row := range rows {
				row["spaceKey"], row["spaceId"] = on.on.key, on.on.id
			}
		}
		return ok(rows)
	}
}

// check refuses permissions that there are not.
func (g granted) check(operations []operationDC) error {
	for _, o := range operations {
		if !slices.ContainsFunc(g.allowed, func(a struct{ target, key, name string }) bool { return a.target == o.Target && a.key == o.Key }) {
			return invalid("There is no permission " + o.Target + " " + o.Key)
		}
	}
	return nil
}

// maxSubjects is how many subjects one call may name.
const maxSubjects = 40

// setPermissions replaces the permissions of each subject that is named; the others keep theirs.
func setPermissions(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		on, err := c.granted(ofSpace)
		if err != nil {
			return answer{}, err
		}
		sets := c.prepared.([]permissionSet)
		if len(sets) > maxSubjects {
			return answer{}, invalid("At most 40 subjects in one call")
		}
		var named []string
		for _, q := range sets {
			principal, err := q.principal(c)
			if err == nil {
				err = on.check(q.Operations)
			}
			if err != nil {
				return answer{}, err
			}
			named = append(named, principal)
		}
		kept := slices.DeleteFunc(slices.Clone(*on.grants), func(g *grant) bool { return slices.Contains(named, g.principal) })
		for i, q := range sets {
			kept = c.addGrants(kept, named[i], q.Operations)
		}
		*on.grants = kept
		c.permissionsChanged(on)
		if ofSpace {
			return answer{status: http.StatusOK}, nil
		}
		return status204()
	}
}

// addGrants adds permissions that are not there.
func (c *call) addGrants(grants []*grant, principal string, operations []operationDC) []*grant {
	for _, o := range operations {
		same := func(g *grant) bool { return g.principal == principal && g.key == o.Key && g.target == o.Target }
		if !slices.ContainsFunc(grants, same) {
			grants = append(grants, &grant{c.world.newID(), principal, o.Key, o.Target})
		}
	}
	return grants
}

// changePermissions grants or revokes permissions of one subject.
func changePermissions(ofSpace bool, kind string, add bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		on, err := c.granted(ofSpace)
		if err != nil {
			return answer{}, err
		}
		operations := c.prepared.([]operationDC)
		principal, err := on.subjectOf(c, kind)
		if err == nil {
			err = on.check(operations)
		}
		if err != nil {
			return answer{}, err
		}
		if add {
			*on.grants = c.addGrants(slices.Clone(*on.grants), principal, operations)
		} else {
			*on.grants = slices.DeleteFunc(slices.Clone(*on.grants), func(g *grant) bool {
				return g.principal == principal && slices.Contains(operations, operationDC{g.target, g.key})
			})
		}
		c.permissionsChanged(on)
		return status204()
	}
}

func (c *call) permissionsChanged(on granted) {
	if on.on == nil {
		c.audit("Permissions", "Global permissions changed", affected{})
		return
	}
	c.raise("space_permissions_updated", spaceEvent(on.on), nil)
	c.audit("Permissions", "Space permissions changed", affected{"Space", on.on.name, text(on.on.id)})
	c.touch(visibleSamples(on.on)...)
}
