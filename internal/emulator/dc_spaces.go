package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// dcSpaceRoutes are the spaces themselves (dc-api.md section 3).
var dcSpaceRoutes = []route{
	{method: "GET", template: "/rest/api/space", api: dc, handle: listSpacesDC, gap: "the filters favourite, hasRetentionPolicy and contentLabel match nothing or everything"},
	{method: "POST", template: "/rest/api/space", api: dc, guard: forKnown, prepare: prepareSpaceDC, handle: createSpaceDC(false)},
	{method: "POST", template: "/rest/api/space/_private", api: dc, guard: forKnown, prepare: prepareSpaceDC, handle: createSpaceDC(true)},
	{method: "POST", template: "/rest/api/space/personal", api: dc, guard: forKnown, prepare: preparePersonal, handle: createPersonal},
	{method: "POST", template: "/rest/api/admin/space/personal/{username}", api: dc, guard: forAdmin, since: since93, prepare: preparePersonal, handle: createPersonal},
	{method: "GET", template: "/rest/api/space/{spaceKey}", api: dc, handle: getSpaceDC},
	{method: "PUT", template: "/rest/api/space/{spaceKey}", api: dc, guard: forKnown, prepare: prepareSpaceUpdate, handle: updateSpaceDC},
	{method: "DELETE", template: "/rest/api/space/{spaceKey}", api: dc, guard: forKnown, handle: deleteSpaceDC},
	{method: "PUT", template: "/rest/api/space/{spaceKey}/archive", api: dc, guard: forKnown, handle: setSpaceStatus("archived")},
	{method: "PUT", template: "/rest/api/space/{spaceKey}/restore", api: dc, guard: forKnown, handle: setSpaceStatus("current")},
	{method: "POST", template: "/rest/api/space/{spaceKey}/category/{labelName}", api: dc, guard: forKnown, handle: addCategory},
	{method: "DELETE", template: "/rest/api/space/{spaceKey}/category/{labelName}", api: dc, guard: forKnown, handle: removeCategory},
	{method: "GET", template: "/rest/api/space/{spaceKey}/content", api: dc, handle: spaceContent, gap: "the form of the answer, by type, is general knowledge", evidence: byMemory},
	{method: "GET", template: "/rest/api/space/{spaceKey}/content/{type}", api: dc, handle: spaceContentOf},
	{method: "GET", template: "/rest/api/space/{spaceKey}/trash", api: dc, guard: forKnown, handle: spaceTrash},
	{method: "DELETE", template: "/rest/api/space/{spaceKey}/trash", api: dc, guard: forKnown, handle: emptyTrash},
	{method: "GET", template: "/rest/api/space/{spaceKey}/watchers", api: dc, guard: forKnown, handle: spaceWatchers},
}

// spaceKeyed returns the space of the call if the caller sees it.
func (c *call) spaceKeyed(key string) (*space, error) {
	s := c.world.keys[foldKey(key)]
	if s == nil || !c.seesSpace(s) {
		return nil, fail(http.StatusNotFound, "", "No space found with key : "+key)
	}
	return s, nil
}

// seesSpace reports whether the caller sees the space; administrators of the site can look at any space's settings but
// see only what they were given.
func (c *call) seesSpace(s *space) bool { return s.sees(c.user) }

// administers returns the space of the call if the caller administers it.
func (c *call) administers(key string) (*space, error) {
	s, err := c.spaceKeyed(key)
	if err == nil && !s.allowed(c.user, "administer", "space") {
		err = fail(http.StatusForbidden, "", "You do not have permission to administer the space "+key)
	}
	return s, err
}

func listSpacesDC(c *call) (answer, error) {
	keys, ids := map[string]bool{}, map[string]bool{}
	for _, name := range []string{"spaceKey", "spaceKeys", "spaceKeySingle"} {
		for _, k := range c.list(name) {
			keys[foldKey(k)] = true
		}
	}
	for _, name := range []string{"spaceId", "spaceIds"} {
		for _, id := range c.list(name) {
			ids[id] = true
		}
	}
	kind, state, labels := c.query.Get("type"), c.query.Get("status"), c.list("label")
	if kind != "" && kind != "global" && kind != "personal" || state != "" && !strings.EqualFold(state, "current") && !strings.EqualFold(state, "archived") {
		return answer{}, invalid("Invalid type or status: " + kind + " " + state)
	}
	var rows []*space
	for _, s := range c.world.spaces {
		if (len(keys) == 0 || keys[foldKey(s.key)]) && (len(ids) == 0 || ids[text(s.id)]) && (kind == "" || kind == s.kind) &&
			(state == "" || strings.EqualFold(state, s.status)) && s.ofCategory(labels) {
			rows = append(rows, s)
		}
	}
	e := c.expandDC("")
	if e["permissions"] && c.set.permissionsFail {
		return answer{}, fail(http.StatusInternalServerError, "", "Internal server error (CONFSERVER-99908)")
	}
	return rowsDC(c, rows, 25, 500, c.seesSpace, func(s *space) object { return c.spaceDC(s, e) })
}

// ofCategory reports whether the space is of one of the categories; without any, each is.
func (s *space) ofCategory(names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(s.labels, func(l *label) bool { return slices.Contains(names, l.name) })
}

func getSpaceDC(c *call) (answer, error) {
	s, err := c.spaceKeyed(c.params[0])
	if err != nil {
		return answer{}, err
	}
	e := c.expandDC("")
	if e["permissions"] && c.set.permissionsFail {
		return answer{}, fail(http.StatusInternalServerError, "", "Internal server error (CONFSERVER-99908)")
	}
	return ok(c.wholeDC(c.spaceDC(s, e), "/rest/api/space"))
}

// spaceRequestDC is the body of a create.
type spaceRequestDC struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description struct {
		Plain struct {
			Value string `json:"value"`
		} `json:"plain"`
	} `json:"description"`
	Private   bool `json:"private"`
	IsPrivate bool `json:"isPrivate"`
}

func prepareSpaceDC(c *call) (any, error) {
	var q spaceRequestDC
	return &q, c.decode(&q)
}

// preparePersonal takes an empty body too.
func preparePersonal(c *call) (any, error) {
	var q spaceRequestDC
	if c.r.ContentLength == 0 {
		return &q, nil
	}
	return &q, c.decode(&q)
}

func createSpaceDC(private bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*spaceRequestDC)
		switch {
		case !c.globally(c.user, "create", "space"):
			return answer{}, fail(http.StatusForbidden, "", "You do not have permission to create spaces")
		case strings.TrimSpace(q.Name) == "":
			return answer{}, invalid("A space must have a name")
		case !validKey.MatchString(q.Key):
			return answer{}, invalid("Invalid space key: " + q.Key + ". Space keys may only consist of letters and digits")
		case c.world.keys[foldKey(q.Key)] != nil:
			return answer{}, invalid("A space already exists with key " + q.Key)
		}
		s := c.makeSpace(q, q.Key, "global", c.user, private)
		return ok(c.wholeDC(c.spaceDC(s, expansions{"description": true, "description.plain": true, "homepage": true}), "/rest/api/space"))
	}
}

// createPersonal makes the personal space of the caller, or for an administrator that of another user.
func createPersonal(c *call) (answer, error) {
	q, owner := c.prepared.(*spaceRequestDC), c.user
	if len(c.params) > 0 {
		if owner = c.people.named(c.params[0]); owner == nil {
			return answer{}, fail(http.StatusNotFound, "", "No user found with username "+c.params[0])
		}
	}
	key := "~" + owner.username
	switch {
	case !c.globally(owner, "create", "personal_space"):
		return answer{}, fail(http.StatusForbidden, "", "The user may not have a personal space")
	case c.world.keys[foldKey(key)] != nil:
		return answer{}, fail(http.StatusConflict, "", "A personal space exists already for "+owner.username)
	}
	q.Name = cmp.Or(q.Name, owner.name)
	s := c.makeSpace(q, key, "personal", owner, q.Private || q.IsPrivate)
	return ok(c.wholeDC(c.spaceDC(s, expansions{}), "/rest/api/space"))
}

// makeSpace creates a space and its home page (register row SP-01).
func (c *call) makeSpace(q *spaceRequestDC, key, kind string, owner *user, private bool) *space {
	s := &space{
		id: c.world.newID(), key: key, name: q.Name, kind: kind, status: "current", creator: owner, created: c.stamp(),
		description: q.Description.Plain.Value,
	}
	c.world.spaces = append(c.world.spaces, s)
	c.world.keys[foldKey(key)] = s
	c.openDC(s, private)
	home := &content{
		id: c.world.newID(), kind: page, space: s, title: q.Name + " Home", creator: owner, created: c.stamp(), firstAt: 1,
		body: c.heap.putText("<h2>Welcome to your new space!</h2><p>This is the home page of the space.</p>"),
		last: version{at: c.stamp(), by: owner}, position: unset,
	}
	c.raise("space_created", spaceEvent(s), nil)
	c.add(home)
	c.link(home, nil)
	home.position = unset
	s.home = home
	c.touch(home)
	c.audit("Spaces", "Space created", affected{"Space", s.name, text(s.id)})
	return s
}

func spaceEvent(s *space) object { return object{"space": object{"key": s.key}} }

func updateSpaceDC(c *call) (answer, error) {
	s, err := c.administers(c.params[0])
	if err != nil {
		return answer{}, err
	}
	q := c.prepared.(*spaceUpdate)
	if q.Homepage != nil {
		id := strings.Trim(string(encode(q.Homepage.ID)), `"`)
		home, err := c.liveDC(id)
		if err != nil || home.kind != page || home.space != s || home.status != current {
			return answer{}, invalid("The home page must be a page of the space: " + id)
		}
		s.home = home
		c.touch(home)
	}
	if q.Name != nil {
		if strings.TrimSpace(*q.Name) == "" {
			return answer{}, invalid("A space must have a name")
		}
		s.name = *q.Name
	}
	if q.Description != nil {
		s.description = q.Description.Plain.Value
	}
	c.raise("space_updated", spaceEvent(s), nil)
	c.audit("Spaces", "Space configuration updated", affected{"Space", s.name, text(s.id)})
	return ok(c.wholeDC(c.spaceDC(s, expansions{"description": true, "description.plain": true, "homepage": true}), "/rest/api/space"))
}

// deleteSpaceDC removes a space as a long task; its key stays taken until the task has ended (register row SP-04).
func deleteSpaceDC(c *call) (answer, error) {
	s, err := c.administers(c.params[0])
	if err != nil {
		return answer{}, err
	}
	c.audit("Spaces", "Space deleted", affected{"Space", s.name, text(s.id)})
	by := c.user
	return c.submitDC("com.atlassian.confluence.extra.spacedelete", "Deleting space "+s.key, func(now stamp) {
		c.Site.dropSpace(s)
		c.Site.raise("space_removed", spaceEvent(s), nil)
	}, by)
}

func setSpaceStatus(state string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		s, err := c.administers(c.params[0])
		if err != nil {
			return answer{}, err
		}
		if s.status != state {
			s.status = state
			c.raise("space_updated", spaceEvent(s), nil)
		}
		return status204()
	}
}

// addCategory labels the space: its categories are labels with the prefix team (register row SP-15).
func addCategory(c *call) (answer, error) {
	s, err := c.administers(c.params[0])
	if err != nil {
		return answer{}, err
	}
	name, err := labelNameDC(c.params[1])
	if err != nil {
		return answer{}, err
	}
	if l := c.label("team", name); !slices.Contains(s.labels, l) {
		s.labels = append(slices.Clone(s.labels), l)
	}
	return status204()
}

func removeCategory(c *call) (answer, error) {
	s, err := c.administers(c.params[0])
	if err != nil {
		return answer{}, err
	}
	s.labels = slices.DeleteFunc(slices.Clone(s.labels), func(l *label) bool {
		return l.prefix == "team" && l.name == strings.ToLower(c.params[1])
	})
	return status204()
}

// spaceContent lists pages and blog posts apart (register row SP-13).
func spaceContent(c *call) (answer, error) {
	out := object{"_links": object{"base": c.base(), "context": c.context}}
	for _, k := range []kind{page, blogPost} {
		o, err := c.spaceRows(k)
		if err != nil {
			return answer{}, err
		}
		links := o["_links"].(object)
		for name, link := range links { // each kind is paged at its own address
			if name == "next" || name == "prev" || name == "self" {
				old := c.r.URL.EscapedPath()
				links[name] = strings.Replace(link.(string), strings.TrimPrefix(old, c.context), strings.TrimPrefix(old, c.context)+"/"+k.String(), 1)
			}
		}
		out[k.String()] = o
	}
	return ok(out)
}

func spaceContentOf(c *call) (answer, error) {
	for _, k := range []kind{page, blogPost} {
		if k.String() == c.params[1] {
			o, err := c.spaceRows(k)
			if err != nil {
				return answer{}, err
			}
			return ok(o)
		}
	}
	return answer{}, invalid("Contents of type " + c.params[1] + " cannot be listed for a space")
}

func (c *call) spaceRows(k kind) (object, error) {
	s, err := c.spaceKeyed(c.params[0])
	if err != nil {
		return nil, err
	}
	rows := s.blogs
	if k == page {
		rows = s.pages
	}
	depth := cmp.Or(c.query.Get("depth"), "all")
	if depth != "all" && depth != "root" {
		return nil, invalid("Invalid depth: " + depth)
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(p *content) bool {
		return p.status != current || depth == "root" && p.parent != nil
	})
	e := c.expandDC("")
	o, err := c.offsetsDC(25)
	if err != nil {
		return nil, err
	}
	o.limit = limitDC(o.limit, e, "")
	return listDC(c, rows, o, c.sees, func(p *content) object { return c.contentDC(p.now(), e) }), nil
}

// trashedIn are the pages, blog posts and attachments in the trash of a space, by id.
func (c *call) trashedIn(s *space) []*content {
	var out []*content
	for _, p := range slices.Concat(s.pages, s.blogs) {
		if p.status == trashed {
			out = append(out, p)
		}
		for _, f := range p.files() {
			if f.status == trashed && p.status != trashed {
				out = append(out, f)
			}
		}
	}
	slices.SortFunc(out, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
	return out
}

// spaceTrash lists what was deleted in a space, by cursor (register rows SP-14, PG-10).
func spaceTrash(c *call) (answer, error) {
	s, err := c.administers(c.params[0])
	if err != nil {
		return answer{}, err
	}
	e := c.expandDC("ancestors,container,space,metadata")
	k, err := c.keysetDC("content", 25)
	if err != nil {
		return answer{}, err
	}
	k.limit = limitDC(k.limit, e, "")
	every := func(*content) bool { return true }
	return ok(c.scanDC([][]*content{c.trashedIn(s)}, k, every, func(p *content) object { return c.contentDC(p.now(), e) }))
}

func emptyTrash(c *call) (answer, error) {
	s, err := c.administers(c.params[0])
	if err != nil {
		return answer{}, err
	}
	for _, p := range c.trashedIn(s) {
		c.orphan(p)
		c.erase(p)
	}
	return status204()
}

func spaceWatchers(c *call) (answer, error) {
	s, err := c.spaceKeyed(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !c.user.admin && !s.allowed(c.user, "administer", "space") {
		return answer{}, fail(http.StatusForbidden, "", "Only administrators see who watches a space")
	}
	return rowsDC(c, c.watchers(watched{"space", s.id}), 25, 200, nil, func(u *user) object { return c.userDC(u, false) })
}
