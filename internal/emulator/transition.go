package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// combination is a set of classic permissions that principals hold in spaces and that no role is (cloud-api.md 6.1).
type combination struct {
	id      string
	grants  []string // "key/target", sorted
	holders []holding
}

// holding is one principal in one space with its permissions.
type holding struct {
	in        *space
	principal string
}

// principalType is how the transition calls kinds of principals.
func principalType(principal string) string {
	switch kind, name, _ := strings.Cut(principal, ":"); {
	case kind == "group":
		return "GROUP"
	case principal == anonymousPrincipal || name == "anonymous-users":
		return "ANONYMOUS"
	case name == "all-product-admins":
		return "ALL_PRODUCT_ADMINS_USER_CLASS"
	case kind == "class":
		return "ALL_LICENSED_USERS_USER_CLASS"
	}
	return "USER"
}

// combinations are the combinations of the site, those that most principals hold first.
func (s *Site) combinations() []*combination {
	byID := map[string]*combination{}
	for _, in := range s.world.spaces {
		held := map[string][]string{}
		for _, g := range in.grants {
			held[g.principal] = append(held[g.principal], g.key+"/"+g.target)
		}
		for principal, grants := range held {
			slices.Sort(grants)
			id := s.uuid("combination", strings.Join(grants, " "))
			if byID[id] == nil {
				byID[id] = &combination{id: id, grants: grants}
			}
			byID[id].holders = append(byID[id].holders, holding{in, principal})
		}
	}
	var out []*combination
	for _, k := range byID {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *combination) int {
		return cmp.Or(cmp.Compare(len(b.holders), len(a.holders)), strings.Compare(a.id, b.id))
	})
	return out
}

func (k *combination) v2() object {
	spaces := map[*space]bool{}
	var types []string
	for _, h := range k.holders {
		spaces[h.in] = true
		types = append(types, principalType(h.principal))
	}
	slices.Sort(types)
	permissions := []object{}
	for _, g := range k.grants {
		key, target, _ := strings.Cut(g, "/")
		permissions = append(permissions, object{"id": g, "displayName": permissionName(key, target)})
	}
	return object{
		"combinationId": k.id, "spaceCount": len(spaces), "principalCount": len(k.holders), "permissions": permissions,
		"principalTypes": slices.Compact(types),
	}
}

// inTransition refuses what only an administrator may do while a site moves from permissions to roles.
func (c *call) inTransition() error {
	if !c.user.admin || c.set.roleMode != "ROLES_TRANSITION" {
		return bare()
	}
	return nil
}

func listCombinations(c *call) (answer, error) {
	if err := c.inTransition(); err != nil {
		return answer{}, err
	}
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	rows, cursor := pick(c.combinations(), func(*combination) bool { return true }, order[*combination]{
		key: func(k *combination) sortKey { return sortKey{N: -int64(len(k.holders)), S: k.id} }, sorted: true,
	}, w)
	results := []object{}
	for _, k := range rows {
		results = append(results, k.v2())
	}
	o := object{"results": results, "generatedAt": c.stamp().String()}
	if cursor != "" {
		o["cursor"] = cursor
	}
	return ok(o)
}

const transitionTask = "spacePermissionTransition"

func (c *call) transition(effect func(stamp) error) (answer, error) {
	t := c.later(transitionTask, longTaskTime, effect)
	return answer{status: http.StatusAccepted, json: object{
		"taskId": t.id, "status": "IN_PROGRESS", "statusUrl": c.base() + "/api/v2/space-permissions/transition/tasks/" + t.id,
	}}, nil
}

func generateCombinations(c *call) (answer, error) {
	if err := c.inTransition(); err != nil {
		return answer{}, err
	}
	return c.transition(func(stamp) error { return nil })
}

func transitionStatus(c *call) (answer, error) {
	if err := c.inTransition(); err != nil {
		return answer{}, err
	}
	for _, t := range c.world.tasks {
		if t.id == c.params[0] && t.key == transitionTask {
			state := map[bool]string{true: "COMPLETED", false: "IN_PROGRESS"}[t.finished]
			return ok(object{"taskId": t.id, "status": state})
		}
	}
	return answer{}, missing("task", c.params[0])
}

// transitionRequest is the body of both bulk changes.
type transitionRequest struct {
	Assignments []struct {
		Combination string `json:"permissionCombinationId"`
		Types       []struct {
			Type   string `json:"principalType"`
			Remove bool   `json:"removeAccess"`
			Role   string `json:"roleId"`
		} `json:"principalTypeAssignments"`
	} `json:"assignments"`
	Combinations []string `json:"permissionCombinationIds"`
	Selection    *struct {
		Type   string `json:"spaceType"`
		Spaces []struct {
			ID  string `json:"id"`
			Key string `json:"key"`
		} `json:"selectedSpaces"`
	} `json:"spaceSelection"`
}

func prepareTransition(c *call) (any, error) {
	var q transitionRequest
	return &q, c.decode(&q)
}

// selected tells which spaces a bulk change is about.
func (q *transitionRequest) selected() (func(*space) bool, error) {
	if q.Selection == nil {
		return nil, invalid("'spaceSelection' is required")
	}
	named := func(s *space) bool {
		for _, ref := range q.Selection.Spaces {
			if ref.ID == text(s.id) {
				return true
			}
		}
		return false
	}
	switch q.Selection.Type {
	case "ALL":
		return func(*space) bool { return true }, nil
	case "ALL_EXCEPT_PERSONAL":
		return func(s *space) bool { return s.kind != "personal" }, nil
	case "PERSONAL":
		return func(s *space) bool { return s.kind == "personal" }, nil
	case "SPECIFIC":
		return named, nil
	case "ALL_EXCEPT_SPECIFIC":
		return func(s *space) bool { return !named(s) }, nil
	}
	return nil, invalid("Provided value {" + q.Selection.Type + "} for 'spaceType' is not valid")
}

// change says what becomes of the holders of one combination of one type of principals: a role, or nothing.
type accessChange struct {
	combination, principalType string // principalType empty = all
	assign                     func(holding)
}

// bulkAssign gives roles to all who hold a combination of permissions, in place of those permissions.
func bulkAssign(c *call) (answer, error) {
	q := c.prepared.(*transitionRequest)
	var changes []accessChange
	for _, a := range q.Assignments {
		for _, t := range a.Types {
			change := accessChange{a.Combination, t.Type, func(holding) {}}
			if !t.Remove {
				given, err := c.withRole(assignment{}, t.Role)
				if err != nil {
					return answer{}, err
				}
				change.assign = func(h holding) {
					given := given
					given.principal, given.principalType = h.principal, map[bool]string{true: "GROUP", false: "USER"}[strings.HasPrefix(h.principal, "group:")]
					h.in.assign(given)
				}
			}
			changes = append(changes, change)
		}
	}
	return c.changeAccess(q, changes)
}

// bulkRemove takes a combination of permissions away from all who hold it.
func bulkRemove(c *call) (answer, error) {
	q := c.prepared.(*transitionRequest)
	var changes []accessChange
	for _, id := range q.Combinations {
		changes = append(changes, accessChange{id, "", func(holding) {}})
	}
	return c.changeAccess(q, changes)
}

func (c *call) changeAccess(q *transitionRequest, changes []accessChange) (answer, error) {
	if err := c.inTransition(); err != nil {
		return answer{}, err
	}
	in, err := q.selected()
	if err != nil {
		return answer{}, err
	}
	known := c.combinations()
	for _, change := range changes {
		if !slices.ContainsFunc(known, func(k *combination) bool { return k.id == change.combination }) {
			return answer{}, invalid("No permission combination with id " + change.combination)
		}
	}
	if len(changes) == 0 {
		return answer{}, invalid("Nothing to change")
	}
	return c.transition(func(stamp) error {
		for _, k := range c.combinations() {
			for _, change := range changes {
				if change.combination == k.id {
					change.apply(k, in)
				}
			}
		}
		return nil
	})
}

func (a accessChange) apply(k *combination, in func(*space) bool) {
	for _, h := range k.holders {
		if !in(h.in) || a.principalType != "" && a.principalType != principalType(h.principal) {
			continue
		}
		h.in.grants = slices.DeleteFunc(slices.Clone(h.in.grants), func(g *grant) bool { return g.principal == h.principal })
		a.assign(h)
	}
}
