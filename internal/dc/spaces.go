package dc

import (
	"cmp"
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type spaceW struct {
	ID          id     `json:"id"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Status      string `json:"status"`
	Creator     userW  `json:"creator"`
	Created     stamp  `json:"creationDate"`
	Description struct {
		Plain textW `json:"plain"`
	} `json:"description"`
	Homepage *struct {
		ID id `json:"id"`
	} `json:"homepage"`
	Expandable struct {
		Homepage string `json:"homepage"`
	} `json:"_expandable"`
}

func (w spaceW) space() confluence.Space {
	s := confluence.Space{
		ID: w.ID.ID(), Key: w.Key, Name: w.Name, Type: w.Type, Status: w.Status, Description: w.Description.Plain.Value,
		Creator: w.Creator.key(), Created: w.Created.Time(), Pages: -1,
	}
	if w.Homepage != nil {
		s.HomeID = w.Homepage.ID.ID()
	} else if h := w.Expandable.Homepage; h != "" {
		s.HomeID = confluence.ID(path.Base(h))
	}
	if s.Status == "" {
		s.Status = "current"
	}
	return s
}

const spaceExpand = "description.plain,homepage"

// Spaces lists spaces, sorted by key. Keys are compared without regard to case. Archived spaces are asked for by
// themselves: whether a listing without a status holds them is not settled. Permissions are read, by one call more for each
// space, only where keys are named; Guarded says that the account may not see them.
func (c *Connector) Spaces(ctx context.Context, keys []string) ([]confluence.Space, error) {
	var out []confluence.Space
	var err error
	if len(keys) == 0 {
		out, err = c.allSpaces(ctx)
	} else {
		out, err = c.namedSpaces(ctx, keys)
	}
	if err != nil {
		return nil, err
	}
	if err := c.confirm(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b confluence.Space) int { return cmp.Compare(a.Key, b.Key) })
	c.learn(out...)
	return out, nil
}

func (c *Connector) allSpaces(ctx context.Context) ([]confluence.Space, error) {
	var out []confluence.Space
	seen := map[confluence.ID]bool{}
	for _, status := range []string{"current", "archived"} {
		k := wire.Get(api+"/space", "the spaces could not be listed").With("status", status, "expand", spaceExpand, "limit", "200")
		err := listAll(ctx, c, k, func(got []spaceW) bool {
			for _, w := range got {
				if s := w.space(); s.ID != "" && !seen[s.ID] {
					seen[s.ID] = true
					out = append(out, s)
				}
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Connector) namedSpaces(ctx context.Context, keys []string) ([]confluence.Space, error) {
	got := make([]confluence.Space, len(keys))
	err := c.each(ctx, len(keys), func(ctx context.Context, i int) error {
		s, err := c.look(ctx, keys[i])
		if err != nil || s.ID == "" {
			return err
		}
		got[i] = s
		return c.permit(ctx, &got[i])
	})
	if err != nil {
		return nil, err
	}
	var out []confluence.Space
	for _, s := range got {
		if s.ID != "" && !slices.ContainsFunc(out, func(o confluence.Space) bool { return o.ID == s.ID }) {
			out = append(out, s)
		}
	}
	return out, nil
}

// look reads a space by key, whatever is known of it. The zero Space says that none is visible.
func (c *Connector) look(ctx context.Context, key string) (confluence.Space, error) {
	k := wire.Get(api+"/space/{spaceKey}", "the space could not be read", key).With("expand", spaceExpand).At(confluence.Where{Space: key})
	var w spaceW
	_, err := c.do(ctx, k, &w)
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Space{}, nil
	}
	if err != nil {
		return confluence.Space{}, err
	}
	if !strings.EqualFold(w.Key, key) {
		return confluence.Space{}, wire.Unusable(k, "another space than asked for came: "+wire.Line(w.Key))
	}
	return w.space(), nil
}

func (c *Connector) learn(spaces ...confluence.Space) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range spaces {
		if s.ID != "" && s.Key != "" {
			c.spaceID[s.ID] = s.Key
		}
	}
}

// space completes a space of which only the key, or only the id, is known.
func (c *Connector) space(ctx context.Context, s confluence.Space) (confluence.Space, error) {
	c.mu.Lock()
	if s.Key == "" {
		s.Key = c.spaceID[s.ID]
	}
	for id, key := range c.spaceID {
		if s.ID == "" && strings.EqualFold(key, s.Key) {
			s.ID = id
		}
	}
	c.mu.Unlock()
	if s.ID != "" && s.Key != "" {
		return s, nil
	}
	absent := confluence.Errorf(confluence.CodeNotThere, "there is no such space").At(confluence.Where{Space: s.Key})
	if s.Key != "" {
		got, err := c.look(ctx, s.Key)
		if err != nil {
			return s, err
		}
		if got.ID == "" {
			return s, absent
		}
		c.learn(got)
		return got, nil
	}
	// There is no resource by id.
	all, err := c.Spaces(ctx, nil)
	if err != nil {
		return s, err
	}
	if i := slices.IndexFunc(all, func(o confluence.Space) bool { return o.ID == s.ID }); i >= 0 {
		return all[i], nil
	}
	return s, absent
}

type permissionW struct {
	Operation struct {
		TargetType   string `json:"targetType"`
		OperationKey string `json:"operationKey"`
	} `json:"operation"`
	Subject *subjectW `json:"subject"`
}

// subjectW is who holds a permission. The document leaves its members open.
type subjectW struct {
	Type      string `json:"type"`
	Username  string `json:"username"`
	UserKey   string `json:"userKey"`
	Name      string `json:"name"`
	GroupName string `json:"groupName"`
	Display   string `json:"displayName"`
}

func (s *subjectW) principal() confluence.Principal {
	switch {
	case s == nil, s.Type == "anonymous":
		return confluence.Anonymous
	case s.Type == "group", s.GroupName != "":
		return confluence.GroupPrincipal(wire.First(s.GroupName, s.Name, s.Display))
	case s.UserKey != "" || s.Username != "":
		return confluence.UserPrincipal(confluence.UserID(wire.First(s.UserKey, s.Username)))
	case s.Name != "":
		return confluence.GroupPrincipal(s.Name)
	}
	return ""
}

// seamWords and siteWords translate what the two products call the same right.
var seamWords = map[string]string{"restrict/space": "restrict_content/space"}

func operationOf(key, target string) string {
	op := strings.ToLower(key) + "/" + strings.ToLower(target)
	return cmp.Or(seamWords[op], op)
}

// permit reads the permissions of a space. Versions before 9.1.1 have no resource for them, which Capabilities.Permissions
// tells; who may not see them is told by Guarded.
func (c *Connector) permit(ctx context.Context, s *confluence.Space) error {
	v, err := c.version(ctx)
	if err != nil {
		return err
	}
	if v.before(9, 1, 1) {
		s.Guarded = true
		return nil
	}
	var held []permissionW
	k := wire.Get(api+"/space/{spaceKey}/permissions", "the permissions of the space could not be read", s.Key).At(confluence.Where{Space: s.Key})
	if _, err = c.do(ctx, k, &held); err != nil {
		e := confluence.AsError(err)
		if e.Status == http.StatusUnauthorized && e.Code != confluence.CodeCredential || e.Status == http.StatusForbidden || e.Status == http.StatusNotFound {
			s.Guarded = true
			return nil
		}
		return err
	}
	for _, p := range held {
		if who := p.Subject.principal(); who != "" {
			s.Permissions = append(s.Permissions, confluence.Permission{Principal: who, Operation: operationOf(p.Operation.OperationKey, p.Operation.TargetType)})
		}
	}
	slices.SortFunc(s.Permissions, func(a, b confluence.Permission) int {
		return cmp.Or(cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Operation, b.Operation))
	})
	s.Permissions = slices.Compact(s.Permissions)
	return nil
}
