package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// looks are the look and feel of the site and of spaces. What was sent is given back as it is, over the defaults.
type looks struct {
	custom map[int64]object // by space id, 0 = the site
	chosen map[int64]string // global, custom or theme
	themes map[int64]string // key of a space's theme
}

// spaceSettings are the settings of one space.
type spaceSettings struct {
	routeOverride bool
	contentMode   string // standard, compact or empty
}

// defaultLook is the look and feel of a site that nobody has changed (general knowledge).
func defaultLook() object {
	hover := object{"backgroundColor": "#0747a6", "color": "#ffffff"}
	container := object{
		"background": "#ffffff", "backgroundColor": "#ffffff", "backgroundImage": "", "backgroundSize": "", "padding": "", "borderRadius": "",
	}
	return object{
		"headings": object{"color": "#172b4d"}, "links": object{"color": "#0052cc"},
		"menus": object{"hoverOrFocus": object{"backgroundColor": "#deebff"}, "color": "#172b4d"},
		"header": object{
			"backgroundColor": "#0747a6", "button": object{"backgroundColor": "#0052cc", "color": "#ffffff"},
			"primaryNavigation":   object{"color": "#deebff", "highlightColor": nil, "hoverOrFocus": hover},
			"secondaryNavigation": object{"color": "#172b4d", "highlightColor": nil, "hoverOrFocus": hover},
			"search":              object{"backgroundColor": "#ffffff", "color": "#172b4d"},
		},
		"content": object{
			"screen":    object{"background": "#ffffff", "layer": object{}},
			"container": container, "header": container, "body": container,
		},
		"bordersAndDividers": object{"color": "#dfe1e6"},
	}
}

// look is the look and feel that was made for a space or the site, over the defaults.
func (c *call) look(id int64) object {
	o := defaultLook()
	for k, v := range c.world.annex.looks.custom[id] {
		o[k] = v
	}
	return o
}

// lookScope reads the space of a look and feel call, 0 for the site; toWrite takes its administrators.
func (c *call) lookScope(key string, toWrite bool) (int64, error) {
	if key == "" {
		if toWrite {
			return 0, c.administrator()
		}
		return 0, nil
	}
	s, err := c.spaceByKey(key)
	if err != nil {
		return 0, err
	}
	if toWrite && !s.allowed(c.user, "administer", "space") {
		return 0, c.forbidden("space", text(s.id))
	}
	return s.id, nil
}

func getLook(c *call) (answer, error) {
	id, err := c.lookScope(c.query.Get("spaceKey"), false)
	if err != nil {
		return answer{}, err
	}
	chosen := c.world.annex.looks.chosen[id]
	if chosen != "custom" {
		chosen = "global"
	}
	return ok(object{"selected": chosen, "global": c.look(0), "custom": c.look(id)})
}

func prepareObject(c *call) (any, error) {
	q := object{}
	return q, c.decode(&q)
}

// chooseLook selects global, custom or theme for a space. The latter two need a theme.
func chooseLook(c *call) (answer, error) {
	q := c.prepared.(object)
	key, _ := q["spaceKey"].(string)
	kind, _ := q["lookAndFeelType"].(string)
	if key == "" {
		return answer{}, invalid("spaceKey is required")
	}
	id, err := c.lookScope(key, true)
	l := &c.world.annex.looks
	switch {
	case err != nil:
		return answer{}, err
	case kind != "global" && kind != "custom" && kind != "theme":
		return answer{}, invalid("Invalid lookAndFeelType: " + kind)
	case kind != "global" && l.themes[id] == "":
		return answer{}, fail(http.StatusConflict, "CONFLICT", "There is no theme set for the space")
	}
	if l.chosen == nil {
		l.chosen = map[int64]string{}
	}
	l.chosen[id] = kind
	return ok(object{"spaceKey": key, "lookAndFeelType": kind})
}

func customLook(c *call) (answer, error) {
	q := c.prepared.(object)
	id, err := c.lookScope(c.query.Get("spaceKey"), true)
	if err != nil {
		return answer{}, err
	}
	known := defaultLook()
	for member, v := range q {
		if _, inside := v.(object); known[member] == nil && member != "horizontalHeader" || !inside {
			return answer{}, invalid("Invalid member of a look and feel: " + member)
		}
	}
	l := &c.world.annex.looks
	if l.custom == nil {
		l.custom = map[int64]object{}
	}
	l.custom[id] = q
	o := c.look(id)
	o["_links"] = object{"base": c.base(), "context": "/wiki", "self": c.base() + trimContext(c.r.URL.RequestURI())}
	return ok(o)
}

func resetLook(c *call) (answer, error) {
	id, err := c.lookScope(c.query.Get("spaceKey"), true)
	if err != nil {
		return answer{}, err
	}
	delete(c.world.annex.looks.custom, id)
	return status204()
}

// themeRow is a theme that the product comes with.
type themeRow struct{ key, name, description string }

// themes are the themes besides the default one (general knowledge).
var themes = []themeRow{{
	"com.atlassian.confluence.plugins.doctheme:documentation", "Documentation theme",
	"This theme has a navigation sidebar, and shows a search for the space.",
}}

func (t themeRow) v1() object {
	return object{"themeKey": t.key, "name": t.name, "description": t.description, "icon": object{
		"path": "/wiki/s/theme.png", "width": 110, "height": 73, "isDefault": false,
	}}
}

func (c *call) themeAnswer(key string, status int) (answer, error) {
	for _, t := range themes {
		if t.key == key {
			o := t.v1()
			o["_links"] = object{"self": c.base() + "/rest/api/settings/theme/" + t.key}
			return ok(c.whole(o))
		}
	}
	return answer{}, fail(status, "NOT_FOUND", "No theme found with key: "+key)
}

func listThemes(c *call) (answer, error) {
	start, limit, err := c.offset(100)
	if err != nil {
		return answer{}, err
	}
	picked, more := slicePage(themes, start, limit)
	rows := []object{}
	for _, t := range picked {
		rows = append(rows, t.v1())
	}
	return c.rowsV1(rows, start, limit, more)
}

// globalTheme is the theme that the act "theme" gave the site; the default one has no name here.
func globalTheme(c *call) (answer, error) {
	return c.themeAnswer(c.world.annex.looks.themes[0], http.StatusNotFound)
}

// setTheme gives a space a theme, or the site (0).
func (l *looks) setTheme(id int64, key string) {
	if l.themes == nil {
		l.themes = map[int64]string{}
	}
	l.themes[id] = key
}

// actTheme lets an administrator choose the theme of the site.
func actTheme(c *call, raw json.RawMessage) error {
	var key string
	if err := json.Unmarshal(raw, &key); err != nil {
		return err
	}
	if !slices.ContainsFunc(themes, func(t themeRow) bool { return t.key == key }) {
		return fmt.Errorf("no theme %q", key)
	}
	c.world.annex.looks.setTheme(0, key)
	return nil
}

func getTheme(c *call) (answer, error) { return c.themeAnswer(c.params[0], http.StatusNotFound) }

func getSpaceTheme(c *call) (answer, error) {
	id, err := c.lookScope(c.params[0], false)
	if err != nil {
		return answer{}, err
	}
	return c.themeAnswer(c.world.annex.looks.themes[id], http.StatusNotFound)
}

// setSpaceTheme says 403 to a theme that there is not (cloud-v1.json).
func setSpaceTheme(c *call) (answer, error) {
	id, err := c.lookScope(c.params[0], true)
	if err != nil {
		return answer{}, err
	}
	key, _ := c.prepared.(object)["themeKey"].(string)
	a, err := c.themeAnswer(key, http.StatusForbidden)
	if err != nil {
		return answer{}, err
	}
	c.world.annex.looks.setTheme(id, key)
	return a, nil
}

func resetSpaceTheme(c *call) (answer, error) {
	id, err := c.lookScope(c.params[0], true)
	if err != nil {
		return answer{}, err
	}
	delete(c.world.annex.looks.themes, id)
	return status204()
}

func (c *call) settingsV1(s *space) object {
	o := object{
		"routeOverrideEnabled": s.settings.routeOverride, "spaceKey": s.key,
		"editor": object{"page": "v2", "blogpost": "v2", "default": "v2"},
		"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/space/" + s.key + "/settings"},
	}
	if s.settings.contentMode != "" {
		o["contentMode"] = s.settings.contentMode
	}
	return o
}

func getSpaceSettings(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.settingsV1(s))
}

// settingsRequest is the body of PUT space/{key}/settings.
type settingsRequest struct {
	RouteOverride *bool           `json:"routeOverrideEnabled"`
	ContentMode   json.RawMessage `json:"contentMode"`
}

func prepareSettings(c *call) (any, error) {
	var q settingsRequest
	return &q, c.decode(&q)
}

func updateSpaceSettings(c *call) (answer, error) {
	q := c.prepared.(*settingsRequest)
	s, err := c.spaceByKey(c.params[0])
	if err == nil && !s.allowed(c.user, "administer", "space") {
		err = failf(http.StatusNotFound, "NOT_FOUND", "No space with key : %s", c.params[0])
	}
	if err != nil {
		return answer{}, err
	}
	switch mode := string(q.ContentMode); mode {
	case "", "null":
	case `"standard"`, `"compact"`:
		s.settings.contentMode = mode[1 : len(mode)-1]
	default:
		return answer{}, invalid("Invalid contentMode: " + mode)
	}
	if q.RouteOverride != nil {
		s.settings.routeOverride = *q.RouteOverride
	}
	return ok(c.settingsV1(s))
}

// systemInfo is about the tenant; Data Center has no such call (register row ID-06).
func systemInfo(c *call) (answer, error) {
	edition := "standard"
	switch {
	case c.set.free:
		edition = "free"
	case c.set.premium:
		edition = "premium"
	}
	commit := c.digest("commit")
	return ok(object{
		"cloudId": c.cloudID, "commitHash": text(int64(commit[0])<<16 | int64(commit[1])<<8 | int64(commit[2])), "baseUrl": c.base(),
		"fallbackBaseUrl": c.base(), "edition": edition, "siteTitle": "Confluence", "defaultLocale": "en_US",
		"defaultTimeZone": c.set.zone.String(), "microsPerimeter": "commercial",
	})
}

// dynamicModules is for Connect apps, which do not exist here.
func dynamicModules(*call) (answer, error) {
	return answer{status: http.StatusUnauthorized, json: object{"message": "The request is not from a Connect app"}}, nil
}
