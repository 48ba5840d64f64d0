package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
)

// dcLabelRoutes are labels of contents and of spaces (dc-api.md section 7).
var dcLabelRoutes = []route{
	{method: "GET", template: "/rest/api/content/{id}/label", api: dc, handle: listLabelsDC},
	{method: "POST", template: "/rest/api/content/{id}/label", api: dc, prepare: prepareLabels, handle: addLabelsDC},
	{method: "DELETE", template: "/rest/api/content/{id}/label", api: dc, handle: removeLabelDC},
	{method: "DELETE", template: "/rest/api/content/{id}/label/{label}", api: dc, handle: removeLabelDC},
	{method: "GET", template: "/rest/api/label/labels", api: dc, handle: findLabels, gap: "the owner of a personal label is not kept"},
	{method: "GET", template: "/rest/api/label/popular", api: dc, handle: popularLabels},
	{method: "GET", template: "/rest/api/label/recent", api: dc, handle: recentLabels, gap: "recent is by the creation of the label, not by its last use"},
	{method: "GET", template: "/rest/api/label/{labelName}/related", api: dc, handle: relatedLabels},
	{method: "GET", template: "/rest/api/space/{spaceKey}/labels", api: dc, handle: spaceLabelsDC},
	{method: "GET", template: "/rest/api/space/{spaceKey}/labels/popular", api: dc, handle: popularLabels},
	{method: "GET", template: "/rest/api/space/{spaceKey}/labels/recent", api: dc, handle: recentLabels, gap: "as label/recent"},
	{method: "GET", template: "/rest/api/space/{spaceKey}/labels/{labelName}/related", api: dc, handle: relatedLabels},
}

// refusedInLabelsDC are the characters that no label has; a slash is none of them (register row LB-02).
const refusedInLabelsDC = " !#&()*,.:;<>?@[]^\t"

// labelNameDC folds and checks a name.
func labelNameDC(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch {
	case name == "":
		return "", invalid("The label is empty")
	case strings.ContainsAny(name, refusedInLabelsDC):
		return "", invalid("The label contains invalid characters: " + name)
	case len(utf16.Encode([]rune(name))) > 255:
		return "", invalid("The label is too long")
	}
	return name, nil
}

// labelRowsDC answers labels as a page of a listing.
func (c *call) labelRowsDC(labels []*label, def int) (answer, error) {
	return rowsDC(c, labels, def, 200, nil, labelDC)
}

func listLabelsDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	prefix := c.query.Get("prefix")
	rows := slices.DeleteFunc(slices.Clone(p.labels), func(l *label) bool { return prefix != "" && l.prefix != prefix })
	return c.labelRowsDC(rows, 200)
}

// editable returns the content of the call if the caller may change it.
func (c *call) editable(id string) (*content, error) {
	p, err := c.liveDC(id)
	if err == nil && (c.anonymous() && !p.edits(c.user) || !p.edits(c.user)) {
		err = fail(http.StatusForbidden, "", "You do not have permission to edit the content with id "+id)
	}
	return p, err
}

// addLabelsDC adds labels and answers all; neither the version nor the date of the content changes (register row LB-03).
func addLabelsDC(c *call) (answer, error) {
	p, err := c.editable(c.params[0])
	if err != nil {
		return answer{}, err
	}
	type named struct{ prefix, name string }
	var add []named
	for _, q := range c.prepared.([]labelRequest) {
		prefix, name := cmp.Or(q.Prefix, "global"), q.Name
		if before, after, found := strings.Cut(name, ":"); found && q.Prefix == "" {
			prefix, name = before, after
		}
		if !slices.Contains([]string{"global", "my", "team", "system"}, prefix) {
			return answer{}, invalid("Invalid label prefix: " + prefix)
		}
		if name, err = labelNameDC(name); err != nil {
			return answer{}, err
		}
		add = append(add, named{prefix, name})
	}
	for _, n := range add {
		fresh := c.world.labels[n.prefix+":"+n.name] == nil
		l := c.label(n.prefix, n.name)
		if fresh {
			c.labelHappens(p, l, "label_created")
		}
		if !slices.Contains(p.labels, l) {
			p.stick(l)
			c.labelHappens(p, l, "label_added")
		}
	}
	c.touch(p)
	return c.labelRowsDC(p.labels, 200)
}

func removeLabelDC(c *call) (answer, error) {
	p, err := c.editable(c.params[0])
	if err != nil {
		return answer{}, err
	}
	name := c.query.Get("name")
	if len(c.params) > 1 {
		name = c.params[1]
	}
	prefix, short, found := strings.Cut(strings.ToLower(name), ":")
	if !found {
		prefix, short = "", strings.ToLower(name)
	}
	for i, l := range p.labels {
		if l.name == short && (prefix == "" || l.prefix == prefix) {
			p.labels = slices.Concat(p.labels[:i], p.labels[i+1:])
			c.labelHappens(p, l, "label_removed")
			c.touch(p)
			return status204()
		}
	}
	return answer{}, fail(http.StatusNotFound, "", "No label "+name+" on the content with id "+c.params[0])
}

// labelUses counts the labels of the contents that the caller sees, in one space or in all.
func (c *call) labelUses(in *space) map[*label]int {
	uses := map[*label]int{}
	for _, s := range c.world.spaces {
		if in != nil && s != in || !c.seesSpace(s) {
			continue
		}
		for _, p := range slices.Concat(s.pages, s.blogs) {
			if len(p.labels) > 0 && p.status == current && c.sees(p) {
				for _, l := range p.labels {
					uses[l]++
				}
			}
		}
	}
	return uses
}

// labelScope is the space of the call, or nil for the whole site, with the name that is left of the path.
func (c *call) labelScope() (*space, []string, error) {
	if !strings.HasPrefix(c.route.template, "/rest/api/space/") {
		return nil, c.params, nil
	}
	s, err := c.spaceKeyed(c.params[0])
	return s, c.params[1:], err
}

// sortedLabels are labels in an order that ends with their ids.
func sortedLabels(uses map[*label]int, before func(a, b *label) int) []*label {
	out := []*label{}
	for l := range uses {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *label) int { return cmp.Or(before(a, b), cmp.Compare(a.id, b.id)) })
	return out
}

func spaceLabelsDC(c *call) (answer, error) {
	s, _, err := c.labelScope()
	if err != nil {
		return answer{}, err
	}
	byName := func(a, b *label) int { return strings.Compare(a.name, b.name) }
	return c.labelRowsDC(sortedLabels(c.labelUses(s), byName), 25)
}

func popularLabels(c *call) (answer, error) {
	s, _, err := c.labelScope()
	if err != nil {
		return answer{}, err
	}
	uses := c.labelUses(s)
	return c.labelRowsDC(sortedLabels(uses, func(a, b *label) int { return uses[b] - uses[a] }), 100)
}

func recentLabels(c *call) (answer, error) {
	s, _, err := c.labelScope()
	if err != nil {
		return answer{}, err
	}
	return c.labelRowsDC(sortedLabels(c.labelUses(s), func(a, b *label) int { return cmp.Compare(b.id, a.id) }), 100)
}

// relatedLabels are those that stand on the same contents as a label.
func relatedLabels(c *call) (answer, error) {
	in, rest, err := c.labelScope()
	if err != nil {
		return answer{}, err
	}
	l := c.world.labels["global:"+strings.ToLower(rest[0])]
	if l == nil {
		return answer{}, fail(http.StatusNotFound, "", "No label found with name "+rest[0])
	}
	uses := map[*label]int{}
	for _, s := range c.world.spaces {
		for _, p := range slices.Concat(s.pages, s.blogs) {
			if (in == nil || s == in) && slices.Contains(p.labels, l) && p.status == current && c.sees(p) {
				for _, other := range p.labels {
					if other != l {
						uses[other]++
					}
				}
			}
		}
	}
	return c.labelRowsDC(sortedLabels(uses, func(a, b *label) int { return uses[b] - uses[a] }), 100)
}

func findLabels(c *call) (answer, error) {
	var in *space
	if key := c.query.Get("spaceKey"); key != "" {
		var err error
		if in, err = c.spaceKeyed(key); err != nil {
			return answer{}, err
		}
	}
	name, prefix := strings.ToLower(c.query.Get("labelName")), c.query.Get("namespace")
	uses := c.labelUses(in)
	for l := range uses {
		if name != "" && l.name != name || prefix != "" && l.prefix != prefix {
			delete(uses, l)
		}
	}
	if name != "" && len(uses) == 0 {
		return answer{}, fail(http.StatusNotFound, "", "No label found with name "+name)
	}
	return c.labelRowsDC(sortedLabels(uses, func(a, b *label) int { return strings.Compare(a.name, b.name) }), 100)
}
