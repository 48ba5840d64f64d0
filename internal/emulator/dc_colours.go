package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// dcColourRoutes are the colours of the site and of spaces. No migration carries them; a client that walks the document
// of the vendor meets them.
var dcColourRoutes = []route{
	{method: "GET", template: "/rest/api/color-scheme", api: dc, guard: forKnown, handle: getColours},
	{method: "PUT", template: "/rest/api/color-scheme", api: dc, guard: forAdmin, prepare: prepareColours, handle: putColours},
	{method: "GET", template: "/rest/api/color-scheme/default", api: dc, guard: forKnown, handle: defaultColours},
	{method: "PUT", template: "/rest/api/color-scheme/reset", api: dc, guard: forAdmin, handle: resetColours},
	{method: "GET", template: "/rest/api/space/{spaceKey}/color-scheme", api: dc, guard: forKnown, handle: getColours},
	{method: "PUT", template: "/rest/api/space/{spaceKey}/color-scheme", api: dc, guard: forKnown, prepare: prepareColours, handle: putColours},
	{method: "PUT", template: "/rest/api/space/{spaceKey}/color-scheme/reset", api: dc, guard: forKnown, handle: resetColours},
	{method: "GET", template: "/rest/api/space/{spaceKey}/color-scheme/type", api: dc, guard: forKnown, handle: getColourType},
	{method: "PUT", template: "/rest/api/space/{spaceKey}/color-scheme/type", api: dc, guard: forKnown, prepare: prepareColourType, handle: putColourType},
}

// colours are those of one mode of the product, by what they are for.
type colours map[string]string

// colourScheme are the colours of both modes.
type colourScheme struct {
	Light colours `json:"colorSchemeModelLight,omitempty"`
	Dark  colours `json:"colorSchemeModelDark,omitempty"`
}

// plainColours are those of a new site.
var plainColours = colours{
	"topBarColor": "#0747a6", "topBarMenuSelectedBgColor": "#deebff", "topBarMenuSelectedTextColor": "#deebff", "breadcrumbsTextColor": "#ffffff",
	"headerButtonBgColor": "#0052cc", "headerButtonTextColor": "#ffffff", "searchFieldTextColor": "#deebff", "searchFieldBgColor": "#0747a6",
	"menuItemSelectedBgColor": "#0052cc", "menuItemSelectedTextColor": "#ffffff", "menuItemTextColor": "#172b4d", "headingTextColor": "#172b4d",
	"linkColor": "#0052cc",
}

func (s colourScheme) object() object {
	return object{"colorSchemeModelLight": s.Light, "colorSchemeModelDark": s.Dark}
}

// colouredSpace is the space of the call by its key, empty for the site; change says that it must be administered.
func (c *call) colouredSpace(change bool) (key string, err error) {
	if len(c.params) == 0 {
		return "", nil
	}
	find := c.spaceKeyed
	if change {
		find = c.administers
	}
	s, err := find(c.params[0])
	if err != nil {
		return "", err
	}
	return foldKey(s.key), nil
}

// coloursOf are the colours in force: a space that chose none has those of the site.
func (s *Site) coloursOf(key string) colourScheme {
	scheme := colourScheme{maps.Clone(plainColours), maps.Clone(plainColours)}
	for _, layer := range slices.Compact([]string{"", key}) {
		var chosen colourScheme
		if raw := s.instance.colours[layer]; raw != nil && json.Unmarshal(raw, &chosen) == nil {
			maps.Copy(scheme.Light, chosen.Light)
			maps.Copy(scheme.Dark, chosen.Dark)
		}
	}
	return scheme
}

func getColours(c *call) (answer, error) {
	key, err := c.colouredSpace(false)
	if err != nil {
		return answer{}, err
	}
	return ok(c.coloursOf(key).object())
}

func defaultColours(*call) (answer, error) {
	return ok(colourScheme{plainColours, plainColours}.object())
}

func prepareColours(c *call) (any, error) {
	var q colourScheme
	return &q, c.decode(&q)
}

func putColours(c *call) (answer, error) {
	key, err := c.colouredSpace(true)
	if err != nil {
		return answer{}, err
	}
	q := c.prepared.(*colourScheme)
	for _, mode := range []colours{q.Light, q.Dark} {
		for name, value := range mode {
			if plainColours[name] == "" || len(value) != 7 || value[0] != '#' {
				return answer{}, invalid("Invalid colour: " + name + " " + value)
			}
		}
	}
	c.instance.colours[key] = encode(q)
	return ok(c.coloursOf(key).object())
}

func resetColours(c *call) (answer, error) {
	key, err := c.colouredSpace(true)
	if err != nil {
		return answer{}, err
	}
	delete(c.instance.colours, key)
	return ok(c.coloursOf(key).object())
}

// getColourType says whether a space has colours of its own.
func getColourType(c *call) (answer, error) {
	key, err := c.colouredSpace(false)
	if err != nil {
		return answer{}, err
	}
	kind := "global"
	if c.instance.colours[key] != nil {
		kind = "custom"
	}
	return ok(object{"type": kind})
}

type colourType struct {
	Type string `json:"type"`
}

func prepareColourType(c *call) (any, error) {
	var q colourType
	return &q, c.decode(&q)
}

func putColourType(c *call) (answer, error) {
	key, err := c.colouredSpace(true)
	if err != nil {
		return answer{}, err
	}
	switch kind := c.prepared.(*colourType).Type; {
	case kind == "global":
		delete(c.instance.colours, key)
	case kind == "custom" && c.instance.colours[key] == nil:
		c.instance.colours[key] = encode(c.coloursOf(key))
	case kind != "custom":
		return answer{}, fail(http.StatusBadRequest, "", "The type is global or custom: "+kind)
	}
	return getColourType(c)
}
