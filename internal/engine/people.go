package engine

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// people maps accounts and groups of side A to those of side B and back. It is read-only after loading.
type people struct {
	table   migration.People
	byName  map[string]confluence.UserID // log-in name on side A to key
	back    map[confluence.UserID]confluence.UserID
	groups  [2]map[string]bool // groups that exist on a side
	backGrp map[string]string
	ours    [2]confluence.UserID // tandem's own accounts: each is the other's counterpart; empty where a side has none
}

// loadPeople reads the people file of two sites and what both directories say about the principals that are used on
// each side.
func (e *Engine) loadPeople(ctx context.Context, names [2]string, sites [2]*site, used [2]usedPeople) (*people, error) {
	csv, err := e.storedPeople(ctx, names[confluence.A], names[confluence.B])
	if err != nil {
		return nil, err
	}
	p := &people{
		byName: map[string]confluence.UserID{}, back: map[confluence.UserID]confluence.UserID{},
		groups: [2]map[string]bool{{}, {}}, backGrp: map[string]string{},
	}
	if len(csv) > 0 {
		if p.table, err = migration.ParsePeople(csv, "people of "+names[confluence.A]); err != nil {
			return nil, err
		}
	}
	asked := used[confluence.A].users
	for _, row := range p.table.Rows { // who is meant on side B may be written by a log-in name
		if slices.Contains(used[confluence.B].users, confluence.UserID(row.Account)) {
			asked = append(asked, confluence.UserID(row.SourceKey))
		}
	}
	slices.Sort(asked)
	if err := p.readNames(ctx, sites[confluence.A], slices.Compact(asked)); err != nil {
		return nil, err
	}
	p.turn(used[confluence.A])
	return p, p.readGroups(ctx, sites, used)
}

// knownPeople remembers the people of pairs between cycles, so that a directory is asked once for each name.
type knownPeople struct {
	mu sync.Mutex
	of map[int64]knownOf
}

type knownOf struct {
	people *people
	used   [2]usedPeople
	csv    confluence.Digest
	at     time.Time
}

// peopleAge is how long what a directory said is believed.
const peopleAge = time.Hour

// pairPeople is loadPeople for a pair that is kept equal: what was asked within the last hour is not asked again.
func (e *Engine) pairPeople(ctx context.Context, p store.Pair, sites [2]*site, used [2]usedPeople) (*people, error) {
	csv, err := e.storedPeople(ctx, p.Sites[confluence.A], p.Sites[confluence.B])
	if err != nil {
		return nil, err
	}
	sum, now := confluence.Sum(csv), e.opt.Now()
	e.known.mu.Lock()
	was, ok := e.known.of[p.ID]
	e.known.mu.Unlock()
	if ok && was.csv == sum && now.Sub(was.at) < peopleAge && used[0].within(was.used[0]) && used[1].within(was.used[1]) {
		return was.people, nil
	}
	x, err := e.loadPeople(ctx, p.Sites, sites, used)
	if err != nil {
		return nil, err
	}
	e.known.mu.Lock()
	defer e.known.mu.Unlock()
	if e.known.of == nil {
		e.known.of = map[int64]knownOf{}
	}
	e.known.of[p.ID] = knownOf{x, used, sum, now}
	return x, nil
}

// within reports whether all of them are among others. Both are sorted.
func (u usedPeople) within(others usedPeople) bool {
	for _, id := range u.users {
		if _, ok := slices.BinarySearch(others.users, id); !ok {
			return false
		}
	}
	for _, g := range u.groups {
		if _, ok := slices.BinarySearch(others.groups, g); !ok {
			return false
		}
	}
	return true
}

// usedPeople are the principals that occur in what is carried.
type usedPeople struct {
	users  []confluence.UserID
	groups []string
}

func (p *people) readNames(ctx context.Context, src *site, asked []confluence.UserID) error {
	dir, ok := src.reader.(confluence.Directory)
	if !ok || len(asked) == 0 {
		return nil
	}
	users, err := dir.Users(ctx, asked)
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

// turn builds the way back. Of several accounts of side A that map to one account the smallest key stands for all, and
// one that is used comes before one that only stands in the file.
func (p *people) turn(used usedPeople) {
	listed := make([]confluence.UserID, 0, len(p.table.Rows))
	for _, row := range p.table.Rows {
		listed = append(listed, confluence.UserID(row.SourceKey))
	}
	for _, users := range [][]confluence.UserID{slices.Clone(used.users), listed} {
		slices.Sort(users)
		for _, u := range users {
			if account, ok := p.account(u); ok {
				if _, taken := p.back[account]; !taken {
					p.back[account] = p.key(u)
				}
			}
		}
	}
}

// readGroups asks each side which groups exist there, of those that are used on the other.
func (p *people) readGroups(ctx context.Context, sites [2]*site, used [2]usedPeople) error {
	for _, row := range p.table.Rows {
		if g, ok := strings.CutPrefix(row.SourceKey, "group:"); ok {
			if t, ok := p.table.Group(g); ok {
				p.turnGroup(g, t)
			}
		}
	}
	across := [2]func(string) string{p.groupBack, p.groupName}
	for _, to := range confluence.Sides {
		asked := make([]string, 0, len(used[to.Other()].groups))
		for _, g := range used[to.Other()].groups {
			asked = append(asked, across[to](g))
		}
		dir, ok := sites[to].reader.(confluence.Directory)
		if !ok || len(asked) == 0 {
			continue
		}
		slices.Sort(asked)
		found, err := dir.Groups(ctx, slices.Compact(asked))
		if err != nil {
			return err
		}
		for _, g := range found {
			p.groups[to][g] = true
		}
	}
	for _, g := range used[confluence.A].groups {
		if t := p.groupName(g); p.groups[confluence.B][t] {
			p.turnGroup(g, t)
		}
	}
	return nil
}

// turnGroup notes the way back of a group. Of several the first name stands for all.
func (p *people) turnGroup(g, there string) {
	if was, taken := p.backGrp[there]; !taken || g < was {
		p.backGrp[there] = g
	}
}

func (p *people) groupBack(g string) string {
	if t, ok := p.backGrp[g]; ok {
		return t
	}
	return g
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

// weAre makes tandem's own accounts counterparts, whatever the people file says.
func (p *people) weAre(ours [2]confluence.UserID) {
	if ours[confluence.A] == "" || ours[confluence.B] == "" {
		return
	}
	p.ours = ours
	p.back[ours[confluence.B]] = ours[confluence.A]
}

// account returns the destination's account of a source user given by key or log-in name.
func (p *people) account(u confluence.UserID) (confluence.UserID, bool) {
	if u != "" && u == p.ours[confluence.A] {
		return p.ours[confluence.B], true
	}
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

// principals maps a list of principals to the other side; missing holds those that have no counterpart there.
func (p *people) principals(to confluence.Side, list []confluence.Principal) (mapped, missing []confluence.Principal) {
	for _, x := range list {
		if t, ok := p.principal(to, x); ok {
			mapped = append(mapped, t)
		} else {
			missing = append(missing, x)
		}
	}
	slices.Sort(mapped)
	return slices.Compact(mapped), missing
}

// principal maps one principal of the other side to the side to.
func (p *people) principal(to confluence.Side, x confluence.Principal) (confluence.Principal, bool) {
	if u, ok := x.User(); ok {
		a, ok := p.user(to, u)
		return confluence.UserPrincipal(a), ok
	}
	if g, ok := x.Group(); ok {
		t := p.groupName(g)
		if to == confluence.A {
			t = p.groupBack(g)
		}
		return confluence.GroupPrincipal(t), p.groups[to][t]
	}
	return x, false
}

// user maps one user of the other side to the side to.
func (p *people) user(to confluence.Side, u confluence.UserID) (confluence.UserID, bool) {
	if to == confluence.B {
		return p.account(u)
	}
	k, ok := p.back[u]
	return k, ok
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
