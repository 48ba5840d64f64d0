package cloud

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// grant gives a permission. One that is there already counts as given. On a classic site "read/space" must come first for
// each principal; the caller orders.
func (c *Connector) grant(ctx context.Context, x confluence.Grant) (confluence.Result, error) {
	space, err := c.space(ctx, x.Space)
	if err != nil {
		return confluence.Result{}, err
	}
	kind, holder, err := c.subject(ctx, x.Permission.Principal)
	if err != nil {
		return confluence.Result{}, err
	}
	mode, err := c.roleMode(ctx)
	if err != nil {
		return confluence.Result{}, err
	}
	if mode == "ROLES" {
		return c.assign(ctx, space, kind, holder, x.Permission.Operation)
	}
	key, target, _ := strings.Cut(x.Permission.Operation, "/")
	in := map[string]any{
		"subject":   map[string]string{"type": kind, "identifier": holder},
		"operation": map[string]string{"key": key, "target": target},
	}
	k := wire.Write(http.MethodPost, v1+"/space/{spaceKey}/permission", "the permission could not be given", in, space.Key).
		At(confluence.Where{Space: space.Key}).Repeatable()
	_, err = c.do(ctx, k, nil)
	if e := confluence.AsError(err); e != nil {
		if e.Status == http.StatusBadRequest && strings.Contains(strings.ToLower(e.Cause), "already exists") {
			return confluence.Result{}, nil
		}
		if strings.Contains(e.Cause, "InvalidRbacOperation") {
			// The site has been switched to roles since it was asked.
			c.mu.Lock()
			c.mode = "ROLES"
			c.mu.Unlock()
			return c.assign(ctx, space, kind, holder, x.Permission.Operation)
		}
		return confluence.Result{}, e
	}
	return confluence.Result{}, nil
}

// subject returns type and identifier of a principal: an account id, a group id, or the user called anonymous.
func (c *Connector) subject(ctx context.Context, p confluence.Principal) (kind, holder string, err error) {
	if p == confluence.Anonymous {
		return "user", "anonymous", nil
	}
	if id, ok := p.User(); ok {
		return "user", string(id), nil
	}
	name, _ := p.Group()
	holder, err = c.groupID(ctx, name)
	return "group", holder, err
}

type roleV2 struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Permissions []string `json:"spacePermissions"`
}

type assignmentV2 struct {
	Principal struct {
		Type string `json:"principalType"`
		ID   string `json:"principalId"`
	} `json:"principal"`
	RoleID string `json:"roleId,omitempty"`
}

// assign gives a principal the role with the fewest permissions among those that hold the permission asked for and all
// that its present role holds. Where no role does, the site cannot express it: T-2007.
func (c *Connector) assign(ctx context.Context, space confluence.Space, kind, holder, operation string) (confluence.Result, error) {
	c.grants.Take()
	defer c.grants.Give()
	where := confluence.Where{Space: space.Key}
	const what = "the role could not be assigned"
	roles, held, err := c.roles(ctx, space)
	if err != nil {
		return confluence.Result{}, err
	}
	var next assignmentV2
	next.Principal.Type, next.Principal.ID = strings.ToUpper(kind), holder
	if holder == "anonymous" {
		next.Principal.Type, next.Principal.ID = "ACCESS_CLASS", "anonymous-users"
	}
	need := []string{plainPermission(operation)}
	for _, a := range held {
		if strings.EqualFold(a.Principal.Type, next.Principal.Type) && a.Principal.ID == next.Principal.ID {
			for _, r := range roles {
				if r.ID == a.RoleID {
					need = append(need, r.plain()...)
				}
			}
		}
	}
	role, ok := smallest(roles, need)
	if !ok {
		return confluence.Result{}, confluence.Errorf(confluence.CodeNotCapable, "no role of the site holds %s", operation).At(where)
	}
	next.RoleID = role.ID
	k := wire.Write(http.MethodPost, v2+"/spaces/{id}/role-assignments", what, []assignmentV2{next}, string(space.ID)).At(where)
	_, err = c.do(ctx, k.Repeatable(), nil)
	return confluence.Result{}, err
}

// roles reads the roles of a site, and who holds which in a space.
func (c *Connector) roles(ctx context.Context, space confluence.Space) (roles []roleV2, held []assignmentV2, err error) {
	where := confluence.Where{Space: space.Key}
	k := wire.Get(v2+"/space-roles", "the roles could not be listed").With("space-id", string(space.ID), "limit", "250").At(where)
	err = listAll(ctx, c, k, func(got []roleV2) bool { roles = append(roles, got...); return true })
	if err != nil {
		return nil, nil, err
	}
	k = wire.Get(v2+"/spaces/{id}/role-assignments", "the roles of the space could not be read", string(space.ID)).
		With("limit", "250").At(where)
	err = listAll(ctx, c, k, func(got []assignmentV2) bool { held = append(held, got...); return true })
	return roles, held, err
}

// permitByRoles sets the permissions that the roles assigned in a space amount to.
func (c *Connector) permitByRoles(ctx context.Context, s *confluence.Space) error {
	roles, held, err := c.roles(ctx, *s)
	if err != nil {
		return err
	}
	for _, a := range held {
		kind, holder := a.Principal.Type, a.Principal.ID
		if holder == "anonymous-users" {
			kind = "anonymous"
		}
		who, err := c.principal(ctx, kind, holder)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if who == "" || r.ID != a.RoleID {
				continue
			}
			for _, p := range r.plain() {
				s.Permissions = append(s.Permissions, confluence.Permission{Principal: who, Operation: p})
			}
		}
	}
	s.Permissions = sorted(s.Permissions)
	return nil
}

func (r roleV2) plain() []string {
	out := make([]string, len(r.Permissions))
	for i, p := range r.Permissions {
		out[i] = plainPermission(p)
	}
	return out
}

// smallest returns the role with the fewest permissions that holds all of need; of equals, the first by id.
func smallest(roles []roleV2, need []string) (roleV2, bool) {
	roles = slices.Clone(roles)
	slices.SortFunc(roles, func(a, b roleV2) int {
		if d := len(a.Permissions) - len(b.Permissions); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	for _, r := range roles {
		have := r.plain()
		if !slices.ContainsFunc(need, func(p string) bool { return !slices.Contains(have, p) }) {
			return r, true
		}
	}
	return roleV2{}, false
}

// plainPermission makes the spellings of a permission comparable: "create/page" of classic permissions, and what roles may
// list, such as "create_page" or "create-page" (the published document leaves the spelling open). The target is the last
// word; keys such as restrict_content keep their underscore.
func plainPermission(s string) string {
	s = strings.NewReplacer("-", "_", ":", "_", "/", "_").Replace(strings.ToLower(s))
	if i := strings.LastIndexByte(s, '_'); i >= 0 {
		return s[:i] + "/" + s[i+1:]
	}
	return s
}
