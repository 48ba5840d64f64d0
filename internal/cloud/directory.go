package cloud

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type userV2 struct {
	AccountID     string `json:"accountId"`
	AccountType   string `json:"accountType"`
	AccountStatus string `json:"accountStatus"`
	DisplayName   string `json:"displayName"`
	PublicName    string `json:"publicName"`
	Email         string `json:"email"`
}

// Users reads accounts by id, 250 a call. Email is empty for those whose profile hides it.
func (c *Connector) Users(ctx context.Context, ids []confluence.UserID) ([]confluence.User, error) {
	known := map[confluence.UserID]confluence.User{}
	for chunk := range slices.Chunk(ids, batchSize) {
		var page rows[userV2]
		k := call{Method: "POST", Route: v2 + "/users-bulk", Repeat: true, What: "the users could not be read",
			Body: map[string]any{"accountIds": chunk}}
		if _, err := c.do(ctx, k, &page); err != nil {
			return nil, err
		}
		for _, w := range page.Results {
			known[confluence.UserID(w.AccountID)] = confluence.User{
				ID: confluence.UserID(w.AccountID), DisplayName: wire.First(w.DisplayName, w.PublicName), Email: w.Email,
				Active: w.AccountStatus == "" || w.AccountStatus == "active", App: strings.EqualFold(w.AccountType, "app"),
			}
		}
	}
	var out []confluence.User
	for _, id := range ids {
		if u, ok := known[id]; ok {
			out = append(out, u)
		}
	}
	return out, nil
}

// accountsAtOnce is how many accounts user/bulk looks at (US-02).
const accountsAtOnce = 100

// attribute marks the versions that were not made by people. An account is looked up once, 100 a call; where the site does
// not show accounts, nothing is marked.
func (c *Connector) attribute(ctx context.Context, contents []confluence.Content) error {
	var unknown []confluence.UserID
	c.mu.Lock()
	for i := range contents {
		by := contents[i].Version.By
		if _, known := c.apps[by]; !known && by != "" && by != c.me.ID && !slices.Contains(unknown, by) {
			unknown = append(unknown, by)
		}
	}
	c.mu.Unlock()
	for chunk := range slices.Chunk(unknown, accountsAtOnce) {
		k := wire.Get(v1+"/user/bulk", "the authors could not be looked up")
		for _, who := range chunk {
			k = k.With("accountId", string(who))
		}
		var page rows[userV1]
		_, err := c.do(ctx, k, &page)
		if err != nil && confluence.ClassOf(err) != confluence.ClassForbidden && confluence.ClassOf(err) != confluence.ClassNotFound {
			return err
		}
		c.mu.Lock()
		for _, who := range chunk {
			c.apps[who] = false // asked once, whatever the answer
		}
		for _, u := range page.Results {
			c.apps[confluence.UserID(u.AccountID)] = u.app()
			c.met[confluence.UserID(u.AccountID)] = u.user().DisplayName
		}
		c.mu.Unlock()
	}
	for i := range contents {
		contents[i] = c.authored(contents[i])
	}
	return nil
}

// Met returns the display name of an account that was looked up; see confluence.Acquainted.
func (c *Connector) Met(id confluence.UserID) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, ok := c.met[id]
	return name, ok
}

// authored marks the version of a content as far as its author is known.
func (c *Connector) authored(x confluence.Content) confluence.Content {
	c.mu.Lock()
	defer c.mu.Unlock()
	x.Version.App = x.Version.App || c.apps[x.Version.By]
	return x
}

// groups are all groups of the site, by name and by id. They are listed once and again when a name or id is not found.
type groups struct {
	byName map[string]string
	byID   map[string]string
	listed time.Time
}

// groupsAge is how long a list of groups is good for questions about which groups exist.
const groupsAge = time.Minute

// id returns the id of a group. Cloud's names are unique without regard to case.
func (g *groups) id(name string) (string, bool) {
	if id, ok := g.byName[name]; ok {
		return id, true
	}
	for n, id := range g.byName {
		if strings.EqualFold(n, name) {
			return id, true
		}
	}
	return "", false
}

func (c *Connector) allGroups(ctx context.Context, fresh bool) (*groups, error) {
	c.mu.Lock()
	known := c.groups
	c.mu.Unlock()
	if known != nil && !fresh {
		return known, nil
	}
	g := &groups{byName: map[string]string{}, byID: map[string]string{}, listed: c.clock.Now()}
	err := listByStart(ctx, c, wire.Get(v1+"/group", "the groups could not be listed"), func(got []groupV1) {
		for _, w := range got {
			g.byName[w.Name], g.byID[w.ID] = w.ID, w.Name
		}
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups = g
	return g, nil
}

// Groups returns which of these groups exist, in the given order and spelling. A group that is missing from a list of
// the last minute is looked for again.
func (c *Connector) Groups(ctx context.Context, names []string) ([]string, error) {
	began := c.clock.Now()
	g, err := c.allGroups(ctx, false)
	if err != nil {
		return nil, err
	}
	out := g.among(names)
	if g.listed.Before(began) && (len(out) < len(names) || began.Sub(g.listed) > groupsAge) {
		if g, err = c.allGroups(ctx, true); err != nil {
			return nil, err
		}
		out = g.among(names)
	}
	return out, nil
}

// among returns which of these groups exist.
func (g *groups) among(names []string) (out []string) {
	for _, n := range names {
		if _, ok := g.id(n); ok {
			out = append(out, n)
		}
	}
	return out
}

func (c *Connector) groupID(ctx context.Context, name string) (string, error) {
	for _, fresh := range []bool{false, true} {
		g, err := c.allGroups(ctx, fresh)
		if err != nil {
			return "", err
		}
		if id, ok := g.id(name); ok {
			return id, nil
		}
	}
	return "", confluence.Errorf(confluence.CodeReaderUnmapped, "there is no group %q", name)
}

// groupName returns the name of a group, or its id where the account may not list it.
func (c *Connector) groupName(ctx context.Context, id string) (string, error) {
	for _, fresh := range []bool{false, true} {
		g, err := c.allGroups(ctx, fresh)
		if err != nil {
			return "", err
		}
		c.mu.Lock()
		name, ok := g.byID[id]
		c.mu.Unlock()
		if ok {
			return name, nil
		}
		if _, ok := g.byName[id]; ok {
			return id, nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups.byID[id] = id
	return id, nil
}
