package emulator

import "slices"

// allowed reports whether the user holds a permission in the space.
func (s *space) allowed(u *user, key, target string) bool {
	for _, g := range s.grants {
		if g.key == key && g.target == target && u.is(g.principal) {
			return true
		}
	}
	for _, a := range s.roles {
		if a.allows(key, target) && u.is(a.principal) {
			return true
		}
	}
	return false
}

// sees reports whether the user may see anything of the space; nobody does while it lies in the trash.
func (s *space) sees(u *user) bool { return s.status != "trashed" && s.allowed(u, "read", "space") }

// sees reports whether the user may read the content: the space is visible, no read restriction on the way up from it
// shuts the user out, and a draft is the user's own.
func (c *content) sees(u *user) bool {
	c = c.root()
	return c.space.sees(u) && c.open(u)
}

// sees reports whether the caller may read the content. The caller's rights in a space are looked up once a call.
func (c *call) sees(p *content) bool {
	if c.hides(p) {
		return false
	}
	p = p.root()
	visible, known := c.open[p.space]
	if !known {
		if c.open == nil {
			c.open = map[*space]bool{}
		}
		visible = p.space.sees(c.user)
		c.open[p.space] = visible
	}
	return visible && (p.open(c.user) || p.status != draft && c.pastRestrictions())
}

func (c *content) open(u *user) bool {
	if c.status == draft && c.creator != u {
		return false
	}
	for at := c; at != nil; at = at.parent {
		if read, _ := at.restricted(); len(read) > 0 && !slices.ContainsFunc(read, u.is) {
			return false
		}
	}
	return true
}

// target is what the permissions on the content are about: those of pages, where it has none of its own.
func (c *content) target() string {
	switch c.kind {
	case blogPost, comment, attachment:
		return c.kind.String()
	}
	return "page"
}

// edits reports whether the user may change the content.
func (c *content) edits(u *user) bool {
	on := c.root()
	if !on.sees(u) || !on.space.allowed(u, "create", c.target()) {
		return false
	}
	_, update := on.restricted()
	return len(update) == 0 || slices.ContainsFunc(update, u.is)
}

// removes reports whether the user may delete the content.
func (c *content) removes(u *user) bool {
	if c.creator == u && c.edits(u) {
		return true
	}
	return c.edits(u) && c.root().space.allowed(u, "delete", c.target())
}

// readers returns the sorted principals, as single users, that can read the content, or "everyone".
func (s *Site) readers(c *content) []string {
	var out []string
	all := true
	for _, u := range s.people.users {
		if !u.active {
			continue
		}
		if c.sees(u) {
			out = append(out, "user:"+u.id)
			continue
		}
		all = false
	}
	if all {
		return []string{"everyone"}
	}
	slices.Sort(out)
	return out
}

// roleKinds are the roles of a site with role-based access and what they allow.
var roleKinds = []struct{ id, name, description string }{
	{"admin", "Admin", "Can do everything in the space"},
	{"manager", "Manager", "Can manage content"},
	{"collaborator", "Collaborator", "Can create and edit content"},
	{"viewer", "Viewer", "Can view content"},
}

func roleAllows(role, key, target string) bool {
	switch role {
	case "admin":
		return true
	case "manager":
		return key != "administer"
	case "collaborator":
		return key == "read" || key == "create"
	case "viewer":
		return key == "read"
	}
	return false
}
