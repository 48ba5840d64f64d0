package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// people maps accounts and groups of one side to those of the other. It is read-only after loading.
type people struct {
	table   migration.People
	byName  map[string]confluence.UserID // source log-in name to source key
	back    map[confluence.UserID]confluence.UserID
	groups  map[string]bool // groups that exist at the destination
	backGrp map[string]string
}

// loadPeople reads the people file of a plan and what both directories say about the principals that are used.
func (e *Engine) loadPeople(ctx context.Context, from, to string, src, dst *site, used usedPeople) (*people, error) {
	csv, err := e.storedPeople(ctx, from, to)
	if err != nil {
		return nil, err
	}
	p := &people{
		byName: map[string]confluence.UserID{}, back: map[confluence.UserID]confluence.UserID{},
		groups: map[string]bool{}, backGrp: map[string]string{},
	}
	if len(csv) > 0 {
		if p.table, err = migration.ParsePeople(csv, "people of "+from); err != nil {
			return nil, err
		}
	}
	if err := p.readNames(ctx, src, used); err != nil {
		return nil, err
	}
	p.turn(used)
	return p, p.readGroups(ctx, dst, used)
}

// usedPeople are the principals that occur in what is carried.
type usedPeople struct {
	users  []confluence.UserID
	groups []string
}

func (p *people) readNames(ctx context.Context, src *site, used usedPeople) error {
	dir, ok := src.reader.(confluence.Directory)
	if !ok || len(used.users) == 0 {
		return nil
	}
	users, err := dir.Users(ctx, used.users)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Name != "" {
			p.byName[u.Name] = u.ID
		}
	}
	return nil
}

// turn builds the way back. Of several source accounts that map to one account the smallest key stands for all.
func (p *people) turn(used usedPeople) {
	users := slices.Clone(used.users)
	slices.SortFunc(users, cmp.Compare[confluence.UserID])
	for _, u := range users {
		if account, ok := p.account(u); ok {
			if _, taken := p.back[account]; !taken {
				p.back[account] = p.key(u)
			}
		}
	}
}

func (p *people) readGroups(ctx context.Context, dst *site, used usedPeople) error {
	if len(used.groups) == 0 {
		return nil
	}
	targets := make([]string, 0, len(used.groups))
	for _, g := range used.groups {
		targets = append(targets, p.groupName(g))
	}
	dir, ok := dst.reader.(confluence.Directory)
	if !ok {
		return nil
	}
	slices.Sort(targets)
	found, err := dir.Groups(ctx, slices.Compact(targets))
	if err != nil {
		return err
	}
	for _, g := range found {
		p.groups[g] = true
	}
	for _, g := range used.groups {
		if t := p.groupName(g); p.groups[t] {
			if was, taken := p.backGrp[t]; !taken || g < was {
				p.backGrp[t] = g
			}
		}
	}
	return nil
}

func (p *people) groupName(g string) string {
	if t, ok := p.table.Group(g); ok {
		return t
	}
	return g
}

// key returns the source key of a user who may be given by log-in name.
func (p *people) key(u confluence.UserID) confluence.UserID {
	if k, ok := p.byName[string(u)]; ok {
		return k
	}
	return u
}

// account returns the destination's account of a source user given by key or log-in name.
func (p *people) account(u confluence.UserID) (confluence.UserID, bool) {
	if a, ok := p.table.Account(u); ok {
		return a, true
	}
	return p.table.Account(p.key(u))
}

// source returns the source key that stands for an account or a source user on either side.
func (p *people) source(u confluence.UserID) confluence.UserID {
	if a, ok := p.account(u); ok {
		if k, ok := p.back[a]; ok {
			return k
		}
	}
	if k, ok := p.back[u]; ok {
		return k
	}
	return p.key(u)
}

// principals maps a list of principals to the destination; missing holds those that have no counterpart there.
func (p *people) principals(list []confluence.Principal) (mapped, missing []confluence.Principal) {
	for _, x := range list {
		if t, ok := p.principal(x); ok {
			mapped = append(mapped, t)
		} else {
			missing = append(missing, x)
		}
	}
	slices.Sort(mapped)
	return slices.Compact(mapped), missing
}

func (p *people) principal(x confluence.Principal) (confluence.Principal, bool) {
	if u, ok := x.User(); ok {
		a, ok := p.account(u)
		return confluence.UserPrincipal(a), ok
	}
	if g, ok := x.Group(); ok {
		t := p.groupName(g)
		return confluence.GroupPrincipal(t), p.groups[t]
	}
	return x, false
}

// neutral names a principal of either side by its source name, for parity.
func (p *people) neutral(x confluence.Principal) string {
	if u, ok := x.User(); ok {
		return string(confluence.UserPrincipal(p.source(u)))
	}
	if g, ok := x.Group(); ok {
		if s, ok := p.backGrp[g]; ok {
			g = s
		} else if s, ok := p.backGrp[p.groupName(g)]; ok {
			g = s
		}
		return string(confluence.GroupPrincipal(g))
	}
	return string(x)
}

// storedPeople returns the people file of two sites, nil where none was given.
func (e *Engine) storedPeople(ctx context.Context, from, to string) ([]byte, error) {
	csv, err := e.store.People(ctx, from, to)
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		return nil, nil
	}
	return csv, err
}
