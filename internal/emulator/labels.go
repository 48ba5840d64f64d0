package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

func labelsV2(labels []*label) []object {
	var out []object
	for _, l := range labels {
		out = append(out, object{"id": text(l.id), "name": l.name, "prefix": l.prefix})
	}
	return out
}

// labelRows answers a listing of labels.
func (c *call) labelRows(labels []*label, prefixes ...string) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	if p := c.query.Get("prefix"); p != "" {
		prefixes = []string{p}
	}
	o := order[*label]{key: func(l *label) sortKey { return sortKey{ID: l.id} }}
	if sort := c.query.Get("sort"); strings.HasSuffix(sort, "name") {
		o.key = func(l *label) sortKey { return sortKey{S: l.name, ID: l.id} }
	}
	o.desc = strings.HasPrefix(c.query.Get("sort"), "-")
	rows, cursor := pick(labels, func(l *label) bool { return len(prefixes) == 0 || slices.Contains(prefixes, l.prefix) }, o, w)
	return c.listing(labelsV2(rows), cursor)
}

func listLabels(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(numeric(c.params[0]), k)
		if err != nil {
			return answer{}, err
		}
		return c.labelRows(p.labels)
	}
}

func listSpaceLabels(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return c.labelRows(s.labels, "my", "team")
}

// listContentLabels lists the labels on the contents of a space.
func listContentLabels(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	seen := map[*label]bool{}
	var labels []*label
	for _, p := range slices.Concat(s.pages, s.blogs) {
		for _, l := range p.labels {
			if !seen[l] && p.status == current && c.sees(p) {
				seen[l] = true
				labels = append(labels, l)
			}
		}
	}
	return c.labelRows(labels, "my", "team")
}

// listLabelled lists the pages or blog posts that carry a label.
func listLabelled(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		id, err := strconv.ParseInt(c.params[0], 10, 64)
		l := c.world.labelIDs[id]
		if err != nil || l == nil {
			return answer{}, missing("label", c.params[0])
		}
		spaces, err := c.ids("space-id", 100)
		if err != nil {
			return answer{}, err
		}
		keep := func(p *content) bool { return p.status == current && slices.Contains(p.labels, l) && c.sees(p) }
		return c.listIndexed(k, c.spacesSeen(spaces), keep, []string{"id", "created-date", "modified-date", "title"})
	}
}

// labelRequest is one label of POST content/{id}/label.
type labelRequest struct {
	Prefix string `json:"prefix"`
	Name   string `json:"name"`
}

func prepareLabels(c *call) (any, error) {
	var raw json.RawMessage
	if err := c.decode(&raw); err != nil {
		return nil, err
	}
	var many []labelRequest
	if json.Unmarshal(raw, &many) == nil {
		return many, nil
	}
	var one labelRequest
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, invalid("Invalid labels: " + err.Error())
	}
	return []labelRequest{one}, nil
}

// refusedInLabels are the characters that make a label invalid (cloud-api.md section 6.7).
const refusedInLabels = "!#&()*.:;<>?@[]^\t"

// labelNames splits, folds and checks what was sent as one label.
func labelNames(name string) ([]string, error) {
	names := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == ',' })
	if len(names) == 0 {
		return nil, &refusal{status: http.StatusBadRequest, title: "The label is empty", key: "label.empty"}
	}
	for _, n := range names {
		if strings.ContainsAny(n, refusedInLabels) {
			return nil, &refusal{status: http.StatusBadRequest, title: "The label contains invalid characters: " + n, key: "label.contains.invalid.chars"}
		}
		if len(utf16.Encode([]rune(n))) > 255 {
			return nil, &refusal{status: http.StatusBadRequest, title: "The label is too long", key: "label.too.long"}
		}
	}
	return names, nil
}

// labelled returns the content that a label write is about.
func (c *call) labelled() (*content, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return nil, err
	}
	if !p.edits(c.user) {
		return nil, c.forbidden(nouns[p.kind], c.params[0])
	}
	return p, nil
}

func addLabels(c *call) (answer, error) {
	p, err := c.labelled()
	if err != nil {
		return answer{}, err
	}
	add, err := c.sentLabels("global")
	if err != nil {
		return answer{}, err
	}
	for _, l := range add {
		p.stick(l)
	}
	c.touch(p)
	return ok(c.labelsV1(p.labels, "/rest/api/content/"+p.idText()+"/label"))
}

// sentLabels checks all labels that were sent before any is put on.
func (c *call) sentLabels(prefix string) ([]*label, error) {
	var out []*label
	for _, q := range c.prepared.([]labelRequest) {
		prefix := cmp.Or(q.Prefix, prefix)
		if !slices.Contains([]string{"global", "my", "team", "system"}, prefix) {
			return nil, invalid("Invalid label prefix: " + prefix)
		}
		names, err := labelNames(q.Name)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			out = append(out, c.label(prefix, name))
		}
	}
	return out, nil
}

// addSpaceLabels labels a space: its categories are labels with prefix team.
func addSpaceLabels(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !s.allowed(c.user, "administer", "space") {
		return answer{}, c.forbidden("space", text(s.id))
	}
	add, err := c.sentLabels("team")
	if err != nil {
		return answer{}, err
	}
	for _, l := range add {
		if !slices.Contains(s.labels, l) {
			s.labels = append(s.labels, l)
		}
	}
	return ok(c.labelsV1(s.labels, "/rest/api/space/"+s.key+"/label"))
}

func (s *Site) label(prefix, name string) *label {
	l := s.world.labels[prefix+":"+name]
	if l == nil {
		l = &label{s.world.newID(), prefix, name}
		s.world.labels[prefix+":"+name] = l
		s.world.labelIDs[l.id] = l
	}
	return l
}

// stick puts a label on a content; no version, no date changes.
func (p *content) stick(l *label) {
	if !slices.Contains(p.labels, l) {
		p.labels = append(p.labels, l)
	}
}

func (c *call) labelsV1(labels []*label, self string) object {
	rows := []object{}
	for _, l := range labels {
		rows = append(rows, l.v1())
	}
	return object{
		"results": rows, "start": 0, "limit": 200, "size": len(rows),
		"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + self},
	}
}

// removeLabel removes a label by name: the personal one first, whatever prefix was asked for (open-facts OF-44).
func removeLabel(c *call) (answer, error) {
	p, err := c.labelled()
	if err != nil {
		return answer{}, err
	}
	if p.status == archived {
		return answer{}, fail(http.StatusForbidden, "FORBIDDEN", "Labels cannot be removed from archived content")
	}
	name := c.query.Get("name")
	if len(c.params) > 1 {
		name = c.params[1]
	}
	name = strings.ToLower(name)
	for _, prefix := range []string{"my", "global", "team", "system"} {
		for i, l := range p.labels {
			if l.prefix == prefix && l.name == name {
				p.labels = slices.Concat(p.labels[:i], p.labels[i+1:])
				c.touch(p)
				return status204()
			}
		}
	}
	return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No label "+name+" on content "+c.params[0])
}
