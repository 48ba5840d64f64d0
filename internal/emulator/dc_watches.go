package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// dcWatchRoutes say who is told about changes (dc-api.md section 7), and who likes a content.
var dcWatchRoutes = []route{
	{method: "GET", template: "/rest/api/content/{contentId}/watchers", api: dc, guard: forAdmin, handle: contentWatchers},
	{method: "GET", template: "/rest/api/user/watch/content/{contentId}", api: dc, guard: forKnown, handle: watchDC(false)},
	{method: "POST", template: "/rest/api/user/watch/content/{contentId}", api: dc, guard: forKnown, handle: watchDC(false)},
	{method: "DELETE", template: "/rest/api/user/watch/content/{contentId}", api: dc, guard: forKnown, handle: watchDC(false)},
	{method: "GET", template: "/rest/api/user/watch/space/{spaceKey}", api: dc, guard: forKnown, handle: watchDC(true)},
	{method: "POST", template: "/rest/api/user/watch/space/{spaceKey}", api: dc, guard: forKnown, handle: watchDC(true)},
	{method: "DELETE", template: "/rest/api/user/watch/space/{spaceKey}", api: dc, guard: forKnown, handle: watchDC(true)},
	{method: "GET", template: "/rest/likes/1.0/content/{id}/likes", api: dc, handle: likesDC, evidence: byClient, gap: "the form of the answer is general knowledge"},
	{method: "POST", template: "/rest/likes/1.0/content/{id}/likes", api: dc, guard: forKnown, handle: likeDC, evidence: byClient},
	{method: "DELETE", template: "/rest/likes/1.0/content/{id}/likes", api: dc, guard: forKnown, handle: likeDC, evidence: byClient},
}

func contentWatchers(c *call) (answer, error) {
	p, err := c.findDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return rowsDC(c, c.watchers(watched{"content", p.id}), 25, 200, nil, func(u *user) object { return c.userDC(u, false) })
}

// watcherDC is whose watch a call is about: the caller's own, or for an administrator anybody's.
func (c *call) watcherDC() (*user, error) {
	u, err := c.accountOf()
	if err == nil && u != c.user && !c.user.admin {
		err = fail(http.StatusForbidden, "", "Only administrators change the watches of others")
	}
	return u, err
}

// watchDC tells, begins or ends a watch.
func watchDC(ofSpace bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u, err := c.watcherDC()
		if err != nil {
			return answer{}, err
		}
		var w watched
		told := object{"watcher": c.userDC(u, false)}
		if ofSpace {
			s, err := c.spaceKeyed(c.params[0])
			if err != nil {
				return answer{}, err
			}
			kind := c.query.Get("contentType")
			w = watched{strings.TrimSpace("space " + kind), s.id}
			told["space"], told["contentTypes"] = c.spaceDC(s, nil), []string{cmp.Or(kind, "page")}
		} else {
			p, err := c.liveDC(c.params[0])
			if err != nil {
				return answer{}, err
			}
			w = watched{"content", p.id}
			told["contentId"] = c.idDC(p)
		}
		switch c.r.Method {
		case http.MethodGet:
			return ok(object{"watching": c.watching(w, u)})
		case http.MethodPost:
			c.watch(w, u, true)
			return ok(told)
		}
		c.watch(w, u, false)
		return status204()
	}
}

// likesDC lists who likes a content.
func likesDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	rows := []object{}
	for _, u := range p.likers() {
		rows = append(rows, object{"user": object{
			"name": u.username, "fullName": u.name, "avatarUrl": c.base() + "/images/icons/profilepics/default.svg", "followedByRemoteUser": false,
		}})
	}
	return ok(object{"likes": rows, "content_type": p.kind.String()})
}

// likeDC likes a content as the caller, or takes it back; for others it cannot be written.
func likeDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	m := p.extra()
	m.likes = slices.DeleteFunc(slices.Clone(m.likes), func(u *user) bool { return u == c.user })
	if c.r.Method == http.MethodPost {
		m.likes = append(m.likes, c.user)
	}
	return likesDC(c)
}
