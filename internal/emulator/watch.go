package emulator

import (
	"net/http"
	"slices"
)

// watched is what somebody can watch: a page, blog post or folder, a space or a label, by its id.
type watched struct {
	kind string // content, space or label
	id   int64
}

// watching reports whether an account watches something. Who made a content watches it unless they said otherwise
// (register row LB-13).
func (s *Site) watching(w watched, u *user) bool {
	if on, said := s.world.annex.watches[w][u.id]; said {
		return on
	}
	p := s.world.contents[w.id]
	return w.kind == "content" && p != nil && p.creator == u
}

func (s *Site) watch(w watched, u *user, on bool) {
	by := s.world.annex.watches[w]
	if by == nil {
		by = map[string]bool{}
		s.world.annex.watches[w] = by
	}
	by[u.id] = on
}

// watchers lists who watches something, in the order of the accounts.
func (s *Site) watchers(w watched) []*user {
	var out []*user
	for _, u := range s.people.users {
		if s.watching(w, u) {
			out = append(out, u)
		}
	}
	return out
}

// watcherV1 is an account as lists of watchers show it.
func (c *call) watcherV1(u *user) object {
	o := c.userV1(u)
	for _, member := range []string{"_expandable", "_links", "locale", "accountStatus"} {
		delete(o, member)
	}
	o["operations"], o["externalCollaborator"], o["personalSpace"] = []object{}, false, nil
	return o
}

// watchRows answers a listing of watchers.
func (c *call) watchRows(w watched, row func(*user) object) (answer, error) {
	start, limit, err := c.offset(200)
	if err != nil {
		return answer{}, err
	}
	picked, more := slicePage(c.watchers(w), start, limit)
	rows := []object{}
	for _, u := range picked {
		rows = append(rows, row(u))
	}
	return c.rowsV1(rows, start, limit, more)
}

func pageWatches(c *call) (answer, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return c.watchRows(watched{"content", p.id}, func(u *user) object {
		return object{"type": p.kind.String(), "watcher": c.watcherV1(u), "contentId": p.id}
	})
}

func (c *call) spaceWatchRows(s *space) (answer, error) {
	return c.watchRows(watched{"space", s.id}, func(u *user) object {
		return object{"type": "space", "watcher": c.watcherV1(u), "spaceKey": s.key}
	})
}

// spaceWatchesOf lists who watches the space of a content.
func spaceWatchesOf(c *call) (answer, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return c.spaceWatchRows(p.space)
}

func spaceWatches(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return c.spaceWatchRows(s)
}

// watchTarget finds what a call of user/watch is about, and the space whose administrators may speak for others.
func (c *call) watchTarget(kind string) (watched, *space, error) {
	switch kind {
	case "space":
		s, err := c.spaceByKey(c.params[0])
		if err != nil {
			return watched{}, nil, err
		}
		return watched{kind, s.id}, s, nil
	case "label":
		l := c.labelInUse(c.params[0])
		if l == nil { // the live suite of confluence.js: 403, not 404
			return watched{}, nil, fail(http.StatusForbidden, "FORBIDDEN", "Requested label doesn't exist")
		}
		return watched{kind, l.id}, nil, nil
	}
	p, err := c.any(c.params[0])
	if err != nil {
		return watched{}, nil, err
	}
	return watched{kind, p.id}, p.space, nil
}

// watcher is the account that a call of user/watch is about: the caller, or another one for administrators.
func (c *call) watcher(in *space) (*user, error) {
	id := c.query.Get("accountId")
	if id == "" || id == c.user.id {
		return c.user, nil
	}
	if !c.user.admin && (in == nil || !in.allowed(c.user, "administer", "space")) {
		return nil, c.forbidden("user", id)
	}
	if u := c.people.byID[id]; u != nil {
		return u, nil
	}
	return nil, fail(http.StatusNotFound, "NOT_FOUND", "No user found with account id: "+id)
}

// userWatch asks, begins or ends a watch.
func userWatch(kind string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		w, in, err := c.watchTarget(kind)
		if err != nil {
			return answer{}, err
		}
		u, err := c.watcher(in)
		if err != nil {
			return answer{}, err
		}
		if c.r.Method == http.MethodGet {
			return ok(object{"watching": c.watching(w, u)})
		}
		c.watch(w, u, c.r.Method == http.MethodPost)
		return status204()
	}
}

// labelInUse returns a label that some content or space carries, by its name, with a prefix or without; a label that
// nothing carries does not exist.
func (c *call) labelInUse(name string) *label {
	l := c.labelNamed(name)
	if l == nil {
		return nil
	}
	for _, s := range c.world.spaces {
		if slices.Contains(s.labels, l) || slices.ContainsFunc(s.pages, l.on) || slices.ContainsFunc(s.blogs, l.on) {
			return l
		}
	}
	if slices.ContainsFunc(c.world.files, l.on) {
		return l
	}
	return nil
}

func (l *label) on(p *content) bool { return slices.Contains(p.labels, l) }
