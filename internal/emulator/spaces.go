package emulator

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// foldKey is how space keys are compared.
func foldKey(key string) string { return strings.ToUpper(key) }

// spaceByKey returns the space if the caller sees it.
func (c *call) spaceByKey(key string) (*space, error) {
	s := c.world.keys[foldKey(key)]
	if s == nil || !s.sees(c.user) {
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No space with key : %s", key)
	}
	return s, nil
}

// spaceByID returns the space if the caller sees it.
func (c *call) spaceByID(id string) (*space, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, invalid("Provided value {" + id + "} for 'id' is not the correct type. Expected type is SpaceId")
	}
	at, found := slices.BinarySearchFunc(c.world.spaces, n, func(s *space, id int64) int { return cmp.Compare(s.id, id) })
	if !found || !c.world.spaces[at].sees(c.user) {
		return nil, missing("space", id)
	}
	return c.world.spaces[at], nil
}

func (c *call) spaceV2(s *space) object {
	o := object{
		"id": text(s.id), "key": s.key, "name": s.name, "type": s.kind, "status": s.status, "authorId": s.creator.id,
		"spaceOwnerId": s.creator.id, "currentActiveAlias": s.activeAlias(), "createdAt": s.created.String(), "homepageId": nil,
		"description": nil, "icon": nil, "_links": object{"webui": "/spaces/" + s.key},
	}
	if s.home != nil {
		o["homepageId"] = s.home.idText()
	}
	if c.flag("include-icon", false) {
		path := "/images/logo/default-space-logo.svg"
		o["icon"] = object{"path": path, "apiDownloadLink": "/rest/api/space/" + s.key + "/icon"}
	}
	if form := c.query.Get("description-format"); form != "" {
		o["description"] = object{form: object{"representation": form, "value": s.description}}
	}
	return o
}

func listSpaces(c *call) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	ids, err := c.ids("ids", 250)
	if err != nil {
		return answer{}, err
	}
	keys := map[string]bool{}
	for _, k := range c.list("keys") {
		keys[foldKey(k)] = true
	}
	o := order[*space]{key: func(s *space) sortKey { return sortKey{ID: s.id} }, sorted: true}
	switch sort := strings.TrimPrefix(c.query.Get("sort"), "-"); sort {
	case "", "id":
	case "key":
		o = order[*space]{key: func(s *space) sortKey { return sortKey{S: s.key, ID: s.id} }}
	case "name":
		o = order[*space]{key: func(s *space) sortKey { return sortKey{S: s.name, ID: s.id} }}
	default:
		return answer{}, invalid("Provided value {" + sort + "} for 'sort' is not valid")
	}
	if strings.HasPrefix(c.query.Get("sort"), "-") {
		o.desc, o.sorted = true, false
	}
	labels := c.list("labels")
	kind, status := c.query.Get("type"), cmp.Or(c.query.Get("status"), "current")
	rows, cursor := pick(c.world.spaces, func(s *space) bool {
		return (ids == nil || ids[s.id]) && (len(keys) == 0 || keys[foldKey(s.key)] || keys[foldKey(s.alias)]) && (kind == "" || kind == s.kind) &&
			status == s.status && s.labelledAny(labels) && c.query.Get("favorited-by") == "" && s.sees(c.user)
	}, o, w)
	var out []object
	for _, s := range rows {
		out = append(out, c.spaceV2(s))
	}
	return c.listing(out, cursor)
}

func getSpace(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	o := c.single(c.spaceV2(s))
	delete(o, "currentActiveAlias")
	include := func(name, member string, results []object) {
		if c.flag(name, false) {
			o[member] = c.included(results, "/wiki/api/v2/spaces/"+text(s.id)+"/"+member)
		}
	}
	include("include-permissions", "permissions", c.grantsV2(s))
	include("include-properties", "properties", c.spaceProperties(s))
	include("include-labels", "labels", labelsV2(s.labels))
	include("include-role-assignments", "roleAssignments", c.assignments(s))
	include("include-operations", "operations", c.spaceOperations(s))
	return ok(o)
}

// included is a list inside another answer: at most 50 rows, and whether there are more.
func (c *call) included(results []object, self string) object {
	more := len(results) > 50
	if more {
		results = results[:50]
	}
	if results == nil {
		results = []object{}
	}
	return object{"results": results, "meta": object{"hasMore": more, "count": len(results)}, "_links": object{"self": self}}
}

// spaceRequest is the body of both ways to create a space.
type spaceRequest struct {
	Key         string `json:"key"`
	Alias       string `json:"alias"`
	Name        string `json:"name"`
	Private     bool   `json:"createPrivateSpace"`
	CopyFrom    int64  `json:"copySpaceAccessConfiguration"`
	Description struct {
		Value string `json:"value"` // v2
		Plain struct {
			Value string `json:"value"`
		} `json:"plain"` // v1
	} `json:"description"`
	RoleAssignments []assignmentRequest `json:"roleAssignments"`
}

func prepareSpace(c *call) (any, error) {
	var q spaceRequest
	return &q, c.decode(&q)
}

var validKey = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

// newSpace creates a space and its home page (register row SP-01).
func (c *call) newSpace(q *spaceRequest, private bool) (*space, error) {
	key := cmp.Or(q.Key, q.Alias)
	switch {
	case strings.TrimSpace(q.Name) == "":
		return nil, invalid("Space name must not be empty")
	case !validKey.MatchString(key) && !strings.HasPrefix(key, "~"):
		return nil, invalid("Invalid space key: " + key)
	case c.world.keys[foldKey(key)] != nil:
		return nil, invalid("A space already exists with key " + key)
	}
	alias := cmp.Or(q.Alias, key)
	if !strings.EqualFold(alias, key) && (!validKey.MatchString(alias) || c.world.keys[foldKey(alias)] != nil) {
		return nil, invalid("Invalid space alias, or one that is taken: " + alias)
	}
	roles, err := c.assigned(q.RoleAssignments)
	if err != nil {
		return nil, err
	}
	s := &space{
		id: c.world.newID(), key: key, alias: alias, name: q.Name, kind: "global", status: "current", creator: c.user, created: c.stamp(),
		description: cmp.Or(q.Description.Plain.Value, q.Description.Value),
	}
	c.world.spaces = append(c.world.spaces, s)
	c.world.keys[foldKey(key)], c.world.keys[foldKey(alias)] = s, s
	if strings.HasPrefix(key, "~") {
		s.kind = "personal"
	}
	c.openTo(s, private, roles)
	home := &content{
		id: c.world.newID(), kind: page, space: s, title: q.Name, creator: c.user, created: c.stamp(), firstAt: 1,
		body: c.heap.putText("<h2>About this space</h2><p />"), last: version{at: c.stamp(), by: c.user},
	}
	c.add(home)
	c.link(home, nil)
	s.home = home
	c.touch(home)
	return s, nil
}

func createSpaceV1(private bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		s, err := c.newSpace(c.prepared.(*spaceRequest), private)
		if err != nil {
			return answer{}, err
		}
		c.note("Spaces", "Space created", auditObject{s.name, "Space"})
		return ok(c.spaceV1(s, true))
	}
}

func createSpaceV2(c *call) (answer, error) {
	q := c.prepared.(*spaceRequest)
	if c.set.roleMode == "PRE_ROLES" {
		return answer{}, invalid("Creating spaces is only available on sites with role-based access control")
	}
	like, err := c.accessLike(q)
	if err != nil {
		return answer{}, err
	}
	s, err := c.newSpace(q, q.Private)
	if err != nil {
		return answer{}, err
	}
	if like != nil {
		s.takeAccess(like, c.world)
	}
	return answer{status: http.StatusCreated, json: c.single(c.spaceV2(s))}, nil
}

// spaceV1 is a space as REST v1 shows it; full is what a write answers.
func (c *call) spaceV1(s *space, full bool) object {
	home := ""
	if s.home != nil {
		home = "/rest/api/content/" + s.home.idText()
	}
	o := object{
		"id": s.id, "key": s.key, "alias": s.key, "name": s.name, "type": s.kind, "status": s.status,
		"_expandable": object{
			"settings": "/rest/api/space/" + s.key + "/settings", "metadata": "", "operations": "",
			"lookAndFeel": "/rest/api/settings/lookandfeel?spaceKey=" + s.key, "identifiers": "", "permissions": "",
			"roles": "", "icon": "", "description": "", "theme": "/rest/api/space/" + s.key + "/theme", "history": "",
			"homepage": home,
		},
		"_links": object{"webui": "/spaces/" + s.key, "self": c.base() + "/rest/api/space/" + s.key},
	}
	if full {
		o["description"] = object{
			"plain":       object{"value": s.description, "representation": "plain", "embeddedContent": []object{}},
			"_expandable": object{"view": ""},
		}
		if s.home != nil {
			o["homepage"] = c.contentV1(s.home, nil)
		}
		links := o["_links"].(object)
		links["base"], links["context"], links["collection"] = c.base(), "/wiki", "/rest/api/space"
	}
	return o
}

// spaceUpdate is the body of PUT space/{key}.
type spaceUpdate struct {
	Name        *string `json:"name"`
	Description *struct {
		Plain struct {
			Value string `json:"value"`
		} `json:"plain"`
	} `json:"description"`
	Homepage *struct {
		ID any `json:"id"`
	} `json:"homepage"`
	Status *string `json:"status"`
}

func prepareSpaceUpdate(c *call) (any, error) {
	var q spaceUpdate
	return &q, c.decode(&q)
}

func updateSpace(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !s.allowed(c.user, "administer", "space") {
		return answer{}, c.forbidden("space", text(s.id))
	}
	q := c.prepared.(*spaceUpdate)
	if q.Status != nil && !strings.EqualFold(*q.Status, "current") && !strings.EqualFold(*q.Status, "archived") {
		return answer{}, invalid("Invalid status: " + *q.Status)
	}
	if q.Homepage != nil {
		id := strings.TrimSpace(strings.Trim(strings.TrimSuffix(string(encode(q.Homepage.ID)), ".0"), `"`))
		home, err := c.visible(id, page)
		if err != nil || home.space != s || home.status != current {
			return answer{}, invalid("The home page must be a page of the space: " + id)
		}
		s.home = home
		c.touch(home)
	}
	if q.Name != nil && *q.Name != "" {
		s.name = *q.Name
	}
	if q.Description != nil {
		s.description = q.Description.Plain.Value
	}
	if q.Status != nil {
		s.status = strings.ToLower(*q.Status)
	}
	return ok(c.spaceV1(s, true))
}

// deleteSpace removes a space for good, as a long task; its key stays taken until the task has ended.
func deleteSpace(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !s.allowed(c.user, "administer", "space") {
		return answer{}, c.forbidden("space", text(s.id))
	}
	c.note("Spaces", "Space deleted", auditObject{s.name, "Space"})
	return c.submit("deleteSpace", nil, func(stamp) error { c.dropSpace(s); return nil })
}

func (s *Site) dropSpace(in *space) {
	lists := [][]*content{in.pages, in.blogs, in.folders}
	in.pages, in.blogs, in.folders, in.roots, in.changes = nil, nil, nil, nil, nil // so that nothing is looked for in them
	for _, list := range lists {
		for _, c := range list {
			c.parent, c.kids = nil, nil
			s.erase(c)
		}
	}
	s.world.annex.templates = slices.DeleteFunc(slices.Clone(s.world.annex.templates), func(t *template) bool { return t.space == in.id })
	maps.DeleteFunc(s.world.keys, func(_ string, o *space) bool { return o == in })
	s.world.spaces = slices.DeleteFunc(s.world.spaces, func(o *space) bool { return o == in })
}
