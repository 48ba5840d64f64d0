package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// dcRestrictionRoutes say who may read and change a page or blog post (dc-api.md section 7). The experimental ones are
// what versions before 10 were written to.
var dcRestrictionRoutes = slices.Concat([]route{
	{method: "PUT", template: "/rest/api/content/{id}/restriction", api: dc, guard: forKnown, prepare: prepareRestrictions, handle: writeRestrictionsDC(false)},
	{method: "GET", template: "/rest/api/content/{id}/restriction/byOperation", api: dc, handle: byOperationDC},
	{method: "GET", template: "/rest/api/content/{id}/restriction/byOperation/{operationKey}", api: dc, handle: oneOperationDC},
	{method: "GET", template: "/rest/api/content/{id}/restriction/relevantViewRestrictions", api: dc, handle: relevantViews, since: at(8, 0, 0), gap: "no recording is known; the restrictions of all levels are one list, as the document has no place for more"},
	{method: "GET", template: "/rest/experimental/content/{id}/restriction", api: dc, handle: listRestrictionsDC, evidence: byMemory},
	{method: "PUT", template: "/rest/experimental/content/{id}/restriction", api: dc, guard: forKnown, prepare: prepareRestrictions, handle: writeRestrictionsDC(false), evidence: byMemory},
	{method: "POST", template: "/rest/experimental/content/{id}/restriction", api: dc, guard: forKnown, prepare: prepareRestrictions, handle: writeRestrictionsDC(true), evidence: byMemory},
	{method: "DELETE", template: "/rest/experimental/content/{id}/restriction", api: dc, guard: forKnown, handle: clearRestrictionsDC, evidence: byMemory},
	{method: "GET", template: "/rest/experimental/content/{id}/restriction/byOperation", api: dc, handle: byOperationDC, evidence: byMemory},
	{method: "GET", template: "/rest/experimental/content/{id}/restriction/byOperation/{operationKey}", api: dc, handle: oneOperationDC, evidence: byMemory},
}, oneRestrictionRoutes("/user", "user"), oneRestrictionRoutes("/group/{groupName}", "group"), oneRestrictionRoutes("/group", "group"))

// oneRestrictionRoutes probe, add and remove one user or group. A group name with a slash goes by the query (register
// row US-10).
func oneRestrictionRoutes(path, kind string) []route {
	var out []route
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		guard := forKnown
		if method == http.MethodGet {
			guard = byContent
		}
		out = append(out, route{
			method: method, template: "/rest/experimental/content/{id}/restriction/byOperation/{operationKey}" + path, api: dc, guard: guard,
			handle: oneRestrictionDC(kind), evidence: byMemory,
		})
	}
	return out
}

// restrictableDC returns the content of a restriction call.
func (c *call) restrictableDC() (*content, error) {
	p, err := c.findDC(c.params[0])
	switch {
	case err != nil:
		return nil, err
	case p.status == trashed || p.status == draft:
		return nil, noContent(c.params[0])
	case p.kind != page && p.kind != blogPost && c.route.writes():
		return nil, invalid("Only pages and blog posts can be restricted")
	}
	return p, nil
}

// mayRestrictDC takes the right to edit the content and that to restrict in its space.
func (c *call) mayRestrictDC(p *content) error {
	if !p.edits(c.user) || !p.space.allowed(c.user, "restrict", "space") {
		return notAllowed("You do not have permission to set restrictions on the content with id " + p.idText())
	}
	return nil
}

// named are users by username or key, and groups by name.
type subjectRequest struct {
	Username string `json:"username"`
	UserKey  string `json:"userKey"`
	Name     string `json:"name"`
}

// principalsDC reads the users or groups of one operation; a missing list is nil.
func (c *call) principalsDC(raw json.RawMessage, kind string) ([]string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	rows, err := rowsOf[subjectRequest](raw)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, q := range rows {
		name := q.Name
		if kind == "user" {
			if name = q.UserKey; name == "" {
				name = q.Username
			}
		}
		who, err := c.principalDC(kind, name)
		if err != nil {
			return nil, invalid(err.Error())
		}
		out = append(out, who)
	}
	return out, nil
}

// writeRestrictionsDC replaces the lists that are named, or with add puts to them: an empty list clears, a missing one
// stays. Who would shut himself out is refused (register rows LB-07, LB-08).
func writeRestrictionsDC(add bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.restrictableDC()
		if err == nil {
			err = c.mayRestrictDC(p)
		}
		if err != nil {
			return answer{}, err
		}
		read, update := p.restricted()
		next := map[string][]string{"read": slices.Clone(read), "update": slices.Clone(update)}
		for _, q := range c.prepared.([]restrictionRequest) {
			if next[q.Operation] == nil && q.Operation != "read" && q.Operation != "update" {
				return answer{}, invalid("Restrictions are for read and update, not for " + q.Operation)
			}
			for kind, raw := range map[string]json.RawMessage{"user": q.Restrictions.User, "group": q.Restrictions.Group} {
				who, err := c.principalsDC(raw, kind)
				if err != nil {
					return answer{}, err
				}
				if who == nil {
					continue
				}
				kept := next[q.Operation]
				if !add {
					kept = slices.DeleteFunc(kept, func(w string) bool { return principalKind(w) == kind })
				}
				next[q.Operation] = append(kept, who...)
			}
		}
		if err := c.restrict(p, next["read"], next["update"]); err != nil {
			return answer{}, err
		}
		return listRestrictionsDC(c)
	}
}

// principalKind is user or group.
func principalKind(principal string) string {
	if len(principal) > 5 && principal[:5] == "user:" {
		return "user"
	}
	return "group"
}

// restrict sets both lists, unless the caller could not read or change the content any more.
func (c *call) restrict(p *content, read, update []string) error {
	for _, list := range [][]string{read, update} {
		if len(list) > 0 && !slices.ContainsFunc(list, c.user.is) {
			return invalid("You cannot restrict the content so that you cannot view or edit it yourself")
		}
	}
	m := p.extra()
	m.read, m.update = sorted(read), sorted(update)
	c.raise("content_permissions_updated", object{eventNames[p.kind]: object{"id": p.id}}, p)
	c.auditDetail("Permissions", "Content restriction changed", affected{p.kind.String(), p.title, p.idText()})
	c.touch(p)
	return nil
}

func clearRestrictionsDC(c *call) (answer, error) {
	p, err := c.restrictableDC()
	if err == nil {
		err = c.mayRestrictDC(p)
	}
	if err == nil {
		err = c.restrict(p, nil, nil)
	}
	if err != nil {
		return answer{}, err
	}
	return listRestrictionsDC(c)
}

// everyRestriction expands both lists of an operation.
var everyRestriction = expansions{"restrictions": true, "restrictions.user": true, "restrictions.group": true}

// listRestrictionsDC answers both operations as a list.
func listRestrictionsDC(c *call) (answer, error) {
	p, err := c.restrictableDC()
	if err != nil {
		return answer{}, err
	}
	read, update := p.restricted()
	e := c.expandDC("restrictions.user,restrictions.group")
	rows := []object{c.restrictionDC(p, "read", read, e), c.restrictionDC(p, "update", update, e)}
	return rowsDC(c, rows, 100, 200, nil, func(o object) object { return o })
}

// byOperationDC answers read and update as members; some versions put them inside another (register row LB-10).
func byOperationDC(c *call) (answer, error) {
	p, err := c.restrictableDC()
	if err != nil {
		return answer{}, err
	}
	e := c.expandDC("update.restrictions.user,read.restrictions.group,read.restrictions.user,update.restrictions.group")
	read, update := p.restricted()
	out := object{"read": c.restrictionDC(p, "read", read, e.below("read")), "update": c.restrictionDC(p, "update", update, e.below("update"))}
	if c.set.wrappedRestrictions {
		out = object{"restrictions": out}
	}
	out["_links"] = object{"self": c.base() + c.selfDC(p) + "/restriction/byOperation"}
	return ok(c.wholeDC(out, ""))
}

func oneOperationDC(c *call) (answer, error) {
	p, err := c.restrictableDC()
	if err != nil {
		return answer{}, err
	}
	read, update := p.restricted()
	who := map[string][]string{"read": read, "update": update}
	if c.params[1] != "read" && c.params[1] != "update" {
		return answer{}, invalid("Unknown operation: " + c.params[1])
	}
	return ok(c.wholeDC(c.restrictionDC(p, c.params[1], who[c.params[1]], c.expandDC("restrictions.user,restrictions.group")), ""))
}

// relevantViews are the read restrictions of a content and of everything above it, by operation (register row LB-09).
func relevantViews(c *call) (answer, error) {
	p, err := c.restrictableDC()
	if err != nil {
		return answer{}, err
	}
	out := c.relevantDC(p)
	if c.set.wrappedRestrictions {
		out = object{"restrictions": out}
	}
	return ok(c.wholeDC(out, ""))
}

// relevantDC are the view restrictions of a content and of what stands above it (register row LB-09).
func (c *call) relevantDC(p *content) object {
	var who []string
	for at := p; at != nil; at = at.parent {
		read, _ := at.restricted()
		who = append(who, read...)
	}
	slices.Sort(who)
	return object{"read": c.restrictionDC(p, "read", slices.Compact(who), everyRestriction)}
}

// oneRestrictionDC probes, adds or removes one user or group of an operation.
func oneRestrictionDC(kind string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.restrictableDC()
		if err != nil {
			return answer{}, err
		}
		name := c.query.Get("key")
		switch {
		case len(c.params) > 2:
			name = c.params[2]
		case kind == "group":
			name = c.query.Get("groupName")
		case name == "":
			name = c.query.Get("userName")
		}
		who, err := c.principalDC(kind, name)
		if err != nil {
			return answer{}, err
		}
		read, update := p.restricted()
		lists := map[string][]string{"read": slices.Clone(read), "update": slices.Clone(update)}
		list, known := lists[c.params[1]]
		if !known {
			return answer{}, invalid("Unknown operation: " + c.params[1])
		}
		there := slices.Contains(list, who)
		if c.r.Method == http.MethodGet {
			if !there {
				return answer{}, fail(http.StatusNotFound, "", "Not restricted to "+name)
			}
			return answer{status: http.StatusOK}, nil
		}
		if err := c.mayRestrictDC(p); err != nil {
			return answer{}, err
		}
		list = slices.DeleteFunc(list, func(w string) bool { return w == who })
		if c.r.Method == http.MethodPut {
			list = append(list, who)
		}
		lists[c.params[1]] = list
		if err := c.restrict(p, lists["read"], lists["update"]); err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusOK}, nil
	}
}
