package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// activeAlias is what addresses call the space.
func (s *space) activeAlias() string { return cmp.Or(s.alias, s.key) }

// labelledAny reports whether a space carries one of the labels; without any asked for, all do.
func (s *space) labelledAny(names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(s.labels, func(l *label) bool { return slices.Contains(names, l.name) })
}

// accessLike checks how a new space is to be opened, and returns the space whose access it takes over, if any. Where
// roles are named, one of them must be the administrator's (register row SP-02).
func (c *call) accessLike(q *spaceRequest) (*space, error) {
	if q.CopyFrom != 0 {
		s, err := c.spaceByID(text(q.CopyFrom))
		if err == nil && !s.allowed(c.user, "administer", "space") {
			err = c.forbidden("space", text(q.CopyFrom))
		}
		return s, err
	}
	if len(q.RoleAssignments) == 0 {
		return nil, nil
	}
	roles, err := c.assigned(q.RoleAssignments)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(roles, func(a assignment) bool { return a.allows("administer", "space") }) {
		return nil, invalid("At least one role assignment must be an Admin role")
	}
	return nil, nil
}

// takeAccess gives a space the permissions and roles of another.
func (s *space) takeAccess(like *space, w *world) {
	s.grants, s.roles = nil, slices.Clone(like.roles)
	for _, g := range like.grants {
		s.grants = append(s.grants, &grant{w.newID(), g.principal, g.key, g.target})
	}
}

// mostAliases is how often the key of a space can be changed.
const mostAliases = 10

// actAlias renames the key of a space: addresses use the new one, the key that the API shows stays, and no other space
// can ever take one of the old ones (register row SP-05).
func actAlias(c *call, raw json.RawMessage) error {
	q, err := readAct(raw)
	if err != nil {
		return err
	}
	s := c.world.keys[foldKey(q.Space)]
	switch {
	case s == nil:
		return fmt.Errorf("no space %q", q.Space)
	case !validKey.MatchString(q.To):
		return fmt.Errorf("%q is no space key", q.To)
	case c.world.keys[foldKey(q.To)] != nil:
		return fmt.Errorf("the key %q is taken, or was", q.To)
	case s.renamed >= mostAliases:
		return fmt.Errorf("the key of %q was changed %d times already", q.Space, mostAliases)
	}
	s.alias = q.To
	s.renamed++
	c.world.keys[foldKey(q.To)] = s
	c.touch(visibleSamples(s)...)
	return nil
}
