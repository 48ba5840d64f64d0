package emulator

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// listAllLabels lists the labels of the site.
func listAllLabels(c *call) (answer, error) {
	ids, err := c.ids("label-id", 250)
	if err != nil {
		return answer{}, err
	}
	prefixes := c.list("prefix")
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	o := order[*label]{key: func(l *label) sortKey { return sortKey{ID: l.id} }}
	switch sort := strings.TrimPrefix(c.query.Get("sort"), "-"); sort {
	case "", "created-date", "id":
	case "name":
		o.key = func(l *label) sortKey { return sortKey{S: l.name, ID: l.id} }
	default:
		return answer{}, invalid("Provided value {" + sort + "} for 'sort' is not valid")
	}
	o.desc = strings.HasPrefix(c.query.Get("sort"), "-")
	rows, cursor := pick(slices.Collect(maps.Values(c.world.labelIDs)), func(l *label) bool {
		return (ids == nil || ids[l.id]) && (len(prefixes) == 0 || slices.Contains(prefixes, l.prefix))
	}, o, w)
	return c.listing(labelsV2(rows), cursor)
}

// listLabelledFiles lists the attachments that carry a label.
func listLabelledFiles(c *call) (answer, error) {
	id, err := strconv.ParseInt(c.params[0], 10, 64)
	l := c.world.labelIDs[id]
	if err != nil || l == nil {
		return answer{}, missing("label", c.params[0])
	}
	var rows []*content
	for _, f := range c.world.files {
		if slices.Contains(f.labels, l) {
			rows = append(rows, f)
		}
	}
	return c.attachmentRows(rows)
}

type idsRequest struct {
	IDs []any `json:"contentIds"`
}

func prepareIDs(c *call) (any, error) {
	var q idsRequest
	return &q, c.decode(&q)
}

// convertIDs tells the type of contents as v2 has it; null for what is not there or not visible.
func convertIDs(c *call) (answer, error) {
	q := c.prepared.(*idsRequest)
	if q.IDs == nil {
		return answer{}, invalid("'contentIds' is required")
	}
	results := object{}
	for _, raw := range q.IDs {
		id := strings.Trim(string(encode(raw)), `"`)
		if f, ok := raw.(float64); ok {
			id = strconv.FormatFloat(f, 'f', -1, 64)
		}
		results[id] = nil
		if p, err := c.any(id); err == nil {
			results[id] = p.typeV2()
		}
	}
	return ok(object{"results": results})
}

// typeV2 is the type of a content as v2 has it: comments are told apart.
func (c *content) typeV2() string {
	if c.kind != comment {
		return c.typeKey()
	}
	return map[bool]string{true: "inline-comment", false: "footer-comment"}[c.more.remark.inline]
}
