package dc

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Users reads accounts by user key, one call each, or by the name to log in with where no key is that. Removed accounts
// are left out. Email is there only where the version and the site's settings show it (US-08).
func (c *Connector) Users(ctx context.Context, ids []confluence.UserID) ([]confluence.User, error) {
	got := make([]confluence.User, len(ids))
	err := c.each(ctx, len(ids), func(ctx context.Context, i int) error {
		u, err := c.userOf(ctx, ids[i])
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			u, err = c.userNamed(ctx, string(ids[i]))
		}
		if err == nil && u.Type != "unknown" && u.Type != "anonymous" {
			got[i] = u.user()
		}
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(got, func(u confluence.User) bool { return u.ID == "" }), nil
}

// meet remembers how an author is called for people, which every version says.
func (c *Connector) meet(u userW) {
	if u.key() == "" || u.DisplayName == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.met[u.key()] = u.DisplayName
}

// Met returns the display name of an account that some answer named; see confluence.Acquainted.
func (c *Connector) Met(id confluence.UserID) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, ok := c.met[id]
	return name, ok
}

func (c *Connector) userOf(ctx context.Context, id confluence.UserID) (userW, error) {
	var u userW
	k := wire.Get(api+"/user", "the user could not be read").With("key", string(id), "expand", "status")
	if _, err := c.do(ctx, k, &u); err != nil {
		return u, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if u.key() == id && u.Username != "" {
		c.names[id] = u.Username
	}
	return u, nil
}

// userNamed reads an account by the name to log in with.
func (c *Connector) userNamed(ctx context.Context, name string) (userW, error) {
	var u userW
	_, err := c.do(ctx, wire.Get(api+"/user", "the user could not be read").With("username", name, "expand", "status"), &u)
	return u, err
}

// name returns the name of a user, which is what writes take. It may be changed by administrators, so it is asked once
// for each connector and not stored.
func (c *Connector) name(ctx context.Context, id confluence.UserID) (string, error) {
	c.mu.Lock()
	name := c.names[id]
	c.mu.Unlock()
	if name != "" {
		return name, nil
	}
	u, err := c.userOf(ctx, id)
	if confluence.ClassOf(err) == confluence.ClassNotFound || err == nil && u.Username == "" {
		return "", confluence.Errorf(confluence.CodeReaderUnmapped, "there is no user %q", id)
	}
	return u.Username, err
}

// Groups returns which of these groups exist, in the given order and spelling.
func (c *Connector) Groups(ctx context.Context, names []string) ([]string, error) {
	there := make([]bool, len(names))
	err := c.each(ctx, len(names), func(ctx context.Context, i int) (err error) {
		there[i], err = c.hasGroup(ctx, names[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for i, n := range names {
		if there[i] {
			out = append(out, n)
		}
	}
	return out, nil
}

// hasGroup asks for one group, or looks through all for a name that no path can carry (US-10).
func (c *Connector) hasGroup(ctx context.Context, name string) (bool, error) {
	if !strings.ContainsAny(name, `/\;%`) {
		var g groupW
		_, err := c.do(ctx, wire.Get(api+"/group/{groupName}", "the group could not be read", name), &g)
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			return false, nil
		}
		return err == nil && strings.EqualFold(g.Name, name), err
	}
	found := false
	err := listAll(ctx, c, wire.Get(api+"/group", "the groups could not be listed").With("limit", "200"), func(got []groupW) bool {
		found = found || slices.ContainsFunc(got, func(g groupW) bool { return strings.EqualFold(g.Name, name) })
		return !found
	})
	return found, err
}

// member reports whether tandem's account is in a group.
func (c *Connector) member(ctx context.Context, group string) (bool, error) {
	c.mu.Lock()
	mine, me := c.mine, c.me.ID
	c.mu.Unlock()
	if mine == nil {
		mine = []string{}
		k := wire.Get(api+"/user/memberof", "the groups of tandem's account could not be read").With("key", string(me), "limit", "200")
		err := listAll(ctx, c, k, func(got []groupW) bool {
			for _, g := range got {
				mine = append(mine, g.Name)
			}
			return true
		})
		if err != nil {
			return false, err
		}
		c.mu.Lock()
		c.mine = mine
		c.mu.Unlock()
	}
	return slices.ContainsFunc(mine, func(g string) bool { return strings.EqualFold(g, group) }), nil
}
