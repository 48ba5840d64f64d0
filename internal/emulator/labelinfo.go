package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// labelNamed finds a label by its name, with its prefix or, for a global one, without.
func (c *call) labelNamed(name string) *label {
	name = strings.ToLower(name)
	if l := c.world.labels["global:"+name]; l != nil {
		return l
	}
	return c.world.labels[name]
}

func (l *label) v1() object {
	return object{"prefix": l.prefix, "name": l.name, "id": text(l.id), "label": l.name}
}

// labelInfo is GET label: what carries a label. One that nothing carries is not there.
func labelInfo(c *call) (answer, error) {
	name, kind := c.query.Get("name"), c.query.Get("type")
	switch {
	case name == "":
		return answer{}, invalid("A label name is required")
	case !slices.Contains([]string{"", "page", "blogpost", "attachment", "page_template"}, kind):
		return answer{}, invalid("Invalid content type: " + kind)
	}
	start, limit, err := c.offset(200)
	if err != nil {
		return answer{}, err
	}
	l := c.labelInUse(name)
	if l == nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No label found: "+name)
	}
	var hits []*content
	add := func(list []*content) {
		for _, p := range list {
			if l.on(p) && p.status == current && (kind == "" || kind == p.kind.String()) && c.sees(p) {
				hits = append(hits, p)
			}
		}
	}
	for _, s := range c.world.spaces {
		add(s.pages)
		add(s.blogs)
	}
	add(c.world.files)
	picked, _ := slicePage(hits, start, limit)
	rows := []object{}
	for _, p := range picked {
		rows = append(rows, object{"contentType": p.kind.String(), "contentId": p.id, "title": p.title})
	}
	return ok(object{
		"label":              l.v1(),
		"associatedContents": object{"results": rows, "start": start, "limit": limit, "size": len(rows)},
	})
}

// spaceLabels lists the labels of a space, of one prefix or of all.
func spaceLabels(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	prefix := c.query.Get("prefix")
	if !slices.Contains([]string{"", "global", "my", "team"}, prefix) {
		return answer{}, invalid("Invalid label prefix: " + prefix)
	}
	start, limit, err := c.offset(200)
	if err != nil {
		return answer{}, err
	}
	var labels []*label
	for _, l := range s.labels {
		if prefix == "" || l.prefix == prefix {
			labels = append(labels, l)
		}
	}
	picked, more := slicePage(labels, start, limit)
	rows := []object{}
	for _, l := range picked {
		rows = append(rows, l.v1())
	}
	return c.rowsV1(rows, start, limit, more)
}

// removeSpaceLabel takes a label off a space; one that is not there is gone already.
func removeSpaceLabel(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	name := strings.ToLower(c.query.Get("name"))
	switch {
	case name == "":
		return answer{}, invalid("A label name is required")
	case !s.allowed(c.user, "administer", "space"):
		return answer{}, c.forbidden("space", text(s.id))
	}
	prefix := cmp.Or(c.query.Get("prefix"), "global")
	s.labels = slices.DeleteFunc(slices.Clone(s.labels), func(l *label) bool { return l.name == name && l.prefix == prefix })
	return status204()
}
