package emulator

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// user is an account of the site.
type user struct {
	id, name, email string
	token           string // API token; on Data Center the password
	username, key   string // Data Center: the name can change, the key of 32 hex digits stays
	active, admin   bool
	service         bool // an account of an app, no person
	revoked         bool // the token holds no longer
	removed         bool // Data Center: the account was deleted
	zone            *time.Location
	groups          []*group
}

type group struct {
	id, name string
	members  []*user
	groups   []*group // Data Center: groups in it
	parents  []*group // Data Center: groups it is in
	external bool     // kept by an identity provider
}

// everyone is the group that each account is in and that a new space is open to.
const everyone = "confluence-users"

// adminsGroup may administer the site, dcAdminsGroup is its name on Data Center.
const (
	adminsGroup   = "confluence-admins"
	dcAdminsGroup = "confluence-administrators"
)

// people are the accounts and groups, guarded by the Site's lock.
type people struct {
	users   []*user // in order of creation
	byID    map[string]*user
	byLogin map[string]*user // "email:token" with the e-mail in lower case
	groups  []*group         // by name
	byName  map[string]*user // by username in lower case
	byKey   map[string]*user
	pats    map[string]*pat // by secret
	nobody  *user           // the anonymous caller of Data Center
	keys    *keyring        // what was issued beside the accounts' own tokens
}

func newPeople() people {
	return people{
		byID: map[string]*user{}, byLogin: map[string]*user{}, byName: map[string]*user{}, byKey: map[string]*user{},
		pats: map[string]*pat{}, nobody: &user{name: "Anonymous", zone: time.UTC}, keys: newKeyring(),
	}
}

const serviceID = "svc-tandem"

// AddUser adds an account that is in no group but the default one. Its API token is Token(id).
func (s *Site) AddUser(id, name, email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("user", id, name, email)
	s.addUser(id, name, email)
}

func (s *Site) addUser(id, name, email string) *user {
	token := s.digest("token", id)
	u := &user{id: id, name: name, email: email, token: "ATATT" + hex.EncodeToString(token[:20]), active: true, zone: s.set.zone}
	d := s.digest("user key", id)
	u.username, u.key = id, hex.EncodeToString(d[:16])
	s.people.users = append(s.people.users, u)
	s.people.byID[id], s.people.byName[strings.ToLower(id)], s.people.byKey[u.key] = u, u, u
	s.people.pats[u.token] = &pat{owner: u, name: "initial", secret: u.token}
	s.people.byLogin[login(email, u.token)] = u
	s.join(s.addGroup(everyone), u)
	return u
}

// seedPeople adds the accounts of register row US-09 where the site is to have them.
func (s *Site) seedPeople() {
	if !s.set.awkward || s.people.byID["twice-a"] != nil {
		return
	}
	s.addUser("twice-a", "Twice A", "twice@example.test")
	s.addUser("twice-b", "Twice B", "Twice@Example.test")
	s.addUser("broken", "Broken Address", "broken address@")
	s.addUser("leaver", "Long Gone", "").active = false
	s.addUser("disabled", "Disabled", "disabled@example.test").active = false
	unlicensed := s.addUser("unlicensed", "Reads the knowledge base", "unlicensed@example.test")
	s.part(s.addGroup(everyone), unlicensed)
}

func login(email, token string) string { return strings.ToLower(email) + ":" + token }

// SetActive deactivates an account or lets it in again. A deactivated account stays readable by its id.
func (s *Site) SetActive(id string, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("active", id, active)
	if u := s.people.byID[id]; u != nil {
		u.active = active
	}
}

// AddGroup adds a group, or members to a group that exists. Unknown members are left out.
func (s *Site) AddGroup(name string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	args := []any{name}
	for _, id := range members {
		args = append(args, id)
	}
	s.did("group", args...)
	g := s.addGroup(name)
	for _, id := range members {
		if u := s.people.byID[id]; u != nil {
			s.join(g, u)
		}
	}
}

func (s *Site) addGroup(name string) *group {
	if g := s.people.group(name); g != nil {
		return g
	}
	g := &group{id: s.uuid("group", name), name: name}
	at, _ := slices.BinarySearchFunc(s.people.groups, name, func(g *group, name string) int { return strings.Compare(g.name, name) })
	s.people.groups = slices.Insert(s.people.groups, at, g)
	return g
}

func (s *Site) join(g *group, u *user) {
	if !slices.Contains(g.members, u) {
		g.members = append(g.members, u)
		u.groups = append(u.groups, g)
	}
	if g.name == adminsGroup || g.name == dcAdminsGroup {
		u.admin = true
	}
}

// within reports whether a group is that one or in it.
func (g *group) within(name string) bool {
	return g.name == name || slices.ContainsFunc(g.parents, func(p *group) bool { return p.within(name) })
}

func (p *people) group(name string) *group {
	for _, g := range p.groups {
		if g.name == name {
			return g
		}
	}
	return nil
}

func (p *people) groupByID(id string) *group {
	for _, g := range p.groups {
		if g.id == id {
			return g
		}
	}
	return nil
}

// Token returns the API token of an account, or nothing if there is no such account.
func (s *Site) Token(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if u := s.people.byID[id]; u != nil {
		return u.token
	}
	return ""
}

// Revoke makes the account's token invalid from now on.
func (s *Site) Revoke(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("revoke", id)
	if u := s.people.byID[id]; u != nil {
		s.revoke(u)
	}
}

// revoke makes the account's token invalid, and with it its personal access tokens.
func (s *Site) revoke(u *user) {
	delete(s.people.byLogin, login(u.email, u.token))
	s.people.keys.withdrawAll(u)
	maps.DeleteFunc(s.people.pats, func(_ string, t *pat) bool { return t.owner == u })
	u.revoked = true
}

// Renew gives the account a new token and returns it; the old one is invalid from now on.
func (s *Site) Renew(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("renew", id)
	u := s.people.byID[id]
	if u == nil {
		return ""
	}
	s.revoke(u)
	next := s.digest("token", id, u.token)
	u.revoked = false
	u.token = "ATATT" + hex.EncodeToString(next[:20])
	s.people.byLogin[login(u.email, u.token)] = u
	s.people.pats[u.token] = &pat{owner: u, name: "renewed", secret: u.token}
	return u.token
}

// is reports whether the user is what the principal names.
func (u *user) is(principal string) bool {
	if principal == anonymousPrincipal || principal == "class:anonymous-users" {
		return u != nil // what anonymous callers may do, everybody may
	}
	if id, ok := strings.CutPrefix(principal, "user:"); ok {
		return u != nil && u.id == id
	}
	if class, ok := strings.CutPrefix(principal, "class:"); ok {
		return u != nil && (class != "all-product-admins" || u.admin)
	}
	name, ok := strings.CutPrefix(principal, "group:")
	return ok && u != nil && slices.ContainsFunc(u.groups, func(g *group) bool { return g.within(name) })
}
