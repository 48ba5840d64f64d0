package cloud

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type spaceV2 struct {
	ID          id     `json:"id"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Status      string `json:"status"`
	AuthorID    string `json:"authorId"`
	CreatedAt   stamp  `json:"createdAt"`
	HomepageID  id     `json:"homepageId"`
	Description struct {
		Plain struct {
			Value string `json:"value"`
		} `json:"plain"`
	} `json:"description"`
}

func (w spaceV2) space() confluence.Space {
	return confluence.Space{
		ID: w.ID.ID(), Key: w.Key, Name: w.Name, Type: w.Type, Status: w.Status, Description: w.Description.Plain.Value,
		HomeID: w.HomepageID.ID(), Creator: confluence.UserID(w.AuthorID), Created: w.CreatedAt.Time(), Pages: -1,
	}
}

// Spaces lists spaces, sorted by key. Keys are compared without regard to case, as the site does. Permissions are read,
// by one call more for each space, only where keys are named.
func (c *Connector) Spaces(ctx context.Context, keys []string) ([]confluence.Space, error) {
	base := wire.Get(v2+"/spaces", "the spaces could not be listed").With("limit", "250", "description-format", "plain")
	var out []confluence.Space
	seen := map[confluence.ID]bool{}
	take := func(got []spaceV2) bool {
		for _, w := range got {
			if s := w.space(); s.ID != "" && !seen[s.ID] {
				seen[s.ID] = true
				out = append(out, s)
			}
		}
		return true
	}
	if len(keys) == 0 {
		if err := listAll(ctx, c, base, take); err != nil {
			return nil, err
		}
	}
	for chunk := range slices.Chunk(keys, 100) {
		if err := listAll(ctx, c, base.With("keys", strings.Join(chunk, ",")), take); err != nil {
			return nil, err
		}
	}
	if len(keys) > 0 {
		out = slices.DeleteFunc(out, func(s confluence.Space) bool { return !named(keys, s.Key) })
		if err := c.permit(ctx, out); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		if err := c.nothing(ctx, len(keys) > 0); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b confluence.Space) int { return cmp.Compare(a.Key, b.Key) })
	c.learn(out...)
	return out, nil
}

// nothing is what an empty list of spaces means: nothing there, or nobody asking. The account decides which. Who asked for
// a key that is free may be about to create a space of it, which needs the site's mode.
func (c *Connector) nothing(ctx context.Context, mode bool) error {
	ask := []func(context.Context) error{c.confirm}
	if mode {
		ask = append(ask, func(ctx context.Context) error {
			_, _ = c.roleMode(ctx) // whoever needs it will be told
			return nil
		})
	}
	return c.each(ctx, len(ask), func(ctx context.Context, i int) error { return ask[i](ctx) })
}

func named(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) })
}

func (c *Connector) learn(spaces ...confluence.Space) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range spaces {
		if s.ID != "" && s.Key != "" {
			c.keys[s.ID] = s.Key
		}
	}
}

type permissionV2 struct {
	Principal struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"principal"`
	Operation struct {
		Key        string `json:"key"`
		TargetType string `json:"targetType"`
	} `json:"operation"`
}

// permit reads the permissions of spaces. Principals other than users, groups and everybody are left out: roles and
// access classes have no name in the seam.
func (c *Connector) permit(ctx context.Context, spaces []confluence.Space) error {
	if len(spaces) == 0 {
		return nil
	}
	mode, err := c.roleMode(ctx)
	if err != nil {
		return err
	}
	return c.each(ctx, len(spaces), func(ctx context.Context, i int) error {
		if mode == "ROLES" {
			return c.permitByRoles(ctx, &spaces[i])
		}
		k := wire.Get(v2+"/spaces/{id}/permissions", "the permissions of the space could not be read", string(spaces[i].ID)).
			With("limit", "250").At(confluence.Where{Space: spaces[i].Key})
		var held []permissionV2
		if err := listAll(ctx, c, k, func(got []permissionV2) bool { held = append(held, got...); return true }); err != nil {
			return err
		}
		for _, p := range held {
			who, err := c.principal(ctx, p.Principal.Type, p.Principal.ID)
			if err != nil {
				return err
			}
			if who != "" {
				spaces[i].Permissions = append(spaces[i].Permissions,
					confluence.Permission{Principal: who, Operation: p.Operation.Key + "/" + p.Operation.TargetType})
			}
		}
		spaces[i].Permissions = sorted(spaces[i].Permissions)
		return nil
	})
}

func sorted(ps []confluence.Permission) []confluence.Permission {
	slices.SortFunc(ps, func(a, b confluence.Permission) int {
		return cmp.Or(cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Operation, b.Operation))
	})
	return slices.Compact(ps)
}

func (c *Connector) principal(ctx context.Context, kind, id string) (confluence.Principal, error) {
	switch strings.ToLower(kind) {
	case "user":
		if id == "anonymous" {
			return confluence.Anonymous, nil
		}
		return confluence.UserPrincipal(confluence.UserID(id)), nil
	case "group":
		name, err := c.groupName(ctx, id)
		if err != nil {
			return "", err
		}
		return confluence.GroupPrincipal(name), nil
	case "anonymous":
		return confluence.Anonymous, nil
	}
	return "", nil
}

// space completes a space of which only the key, or only the id, is known.
func (c *Connector) space(ctx context.Context, s confluence.Space) (confluence.Space, error) {
	c.mu.Lock()
	if s.Key == "" {
		s.Key = c.keys[s.ID]
	}
	for id, key := range c.keys {
		if s.ID == "" && strings.EqualFold(key, s.Key) {
			s.ID = id
		}
	}
	c.mu.Unlock()
	if s.ID != "" && s.Key != "" {
		return s, nil
	}
	filter := []string{"keys", s.Key}
	if s.ID != "" {
		filter = []string{"ids", string(s.ID)}
	}
	k := wire.Get(v2+"/spaces", "the space could not be read").With(filter...).At(confluence.Where{Space: s.Key})
	var found []spaceV2
	if err := listAll(ctx, c, k, func(got []spaceV2) bool { found = append(found, got...); return true }); err != nil {
		return s, err
	}
	for _, w := range found {
		if w.ID.ID() == s.ID || strings.EqualFold(w.Key, s.Key) {
			c.learn(w.space())
			return w.space(), nil
		}
	}
	return s, confluence.Errorf(confluence.CodeNotThere, "there is no such space").At(k.Where)
}

// name fills in the keys of the spaces that contents stand in.
func (c *Connector) name(ctx context.Context, contents []confluence.Content) error {
	var unknown []confluence.ID
	c.mu.Lock()
	for i := range contents {
		if s := contents[i].SpaceID; s != "" && c.keys[s] == "" && !slices.Contains(unknown, s) {
			unknown = append(unknown, s)
		}
	}
	c.mu.Unlock()
	for chunk := range slices.Chunk(unknown, 100) {
		k := wire.Get(v2+"/spaces", "the spaces could not be read").With("ids", join(chunk), "limit", "250")
		err := listAll(ctx, c, k, func(got []spaceV2) bool {
			for _, w := range got {
				c.learn(w.space())
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range contents {
		if contents[i].SpaceKey == "" {
			contents[i].SpaceKey = c.keys[contents[i].SpaceID]
		}
	}
	return nil
}
