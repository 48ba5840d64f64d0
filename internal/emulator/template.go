package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// template is a content template: of a space, or of the site where it names none.
type template struct {
	id                int64
	name, description string
	labels            []*label
	body              span
	space             int64 // 0: of the site
}

// blueprint is a template that comes with the product. It can be read only.
type blueprint struct{ module, name, description string }

// blueprints are some of those that Cloud comes with (general knowledge).
var blueprints = []blueprint{
	{"decisions-blueprint-page", "Decision", "Record important project decisions and communicate them with your team."},
	{"howto-article-page", "How-to article", "Provide step-by-step guidance for completing a task."},
	{"meeting-notes-page", "Meeting notes", "Set meeting agendas, take notes, and share action items with your team."},
	{"product-requirements-page", "Product requirements", "Define, track and scope requirements for your product or feature."},
	{"retrospective-page", "Retrospective", "Run retrospectives to learn from your wins and failures as a team."},
}

const blueprintPlugin = "com.atlassian.confluence.plugins.confluence-business-blueprints"

// templateRequest is the body of a create or an update of a template.
type templateRequest struct {
	ID          any             `json:"templateId"`
	Name        string          `json:"name"`
	Type        string          `json:"templateType"`
	Description string          `json:"description"`
	Body        json.RawMessage `json:"body"`
	Labels      []labelRequest  `json:"labels"`
	Space       *struct {
		Key string `json:"key"`
	} `json:"space"`

	sent sentBody
}

func prepareTemplate(c *call) (any, error) {
	var q templateRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	var err error
	q.sent, err = c.readBody(q.Body, nil, "template", q.Name)
	return &q, err
}

func (c *call) blueprintID(b blueprint) string { return c.uuid("blueprint", b.module) }

func (c *call) blueprintV1(b blueprint) object {
	id := c.blueprintID(b)
	return object{
		"templateId": id, "originalTemplate": object{"pluginKey": blueprintPlugin, "moduleKey": b.module},
		"referencingBlueprint": blueprintPlugin + ":" + strings.TrimSuffix(b.module, "-page"), "name": b.name,
		"description": b.description, "labels": []object{}, "templateType": "page", "editorVersion": "v2",
		"_expandable": object{"body": ""}, "_links": object{"self": c.base() + "/rest/api/template/" + id},
	}
}

// templateV1 is a template as REST v1 shows it, with the body if that is asked for.
func (c *call) templateV1(t *template) object {
	labels := []object{}
	for _, l := range t.labels {
		labels = append(labels, l.v1())
	}
	o := object{
		"templateId": text(t.id), "name": t.name, "description": t.description, "labels": labels, "templateType": "page",
		"editorVersion": "v2", "_links": object{"self": c.base() + "/rest/api/template/" + text(t.id)},
	}
	if s := c.spaceNumbered(t.space); s != nil {
		o["space"] = c.spaceV1(s, false)
	}
	if e := c.expand(); e["body"] {
		o["body"] = object{"storage": c.bodyFormV1(c.heap.text(t.body), "storage", object{"content": ""})}
	} else {
		o["_expandable"] = object{"body": ""}
	}
	return o
}

// spaceNumbered returns a space by id, whoever asks; nil for 0 and for one that is gone.
func (s *Site) spaceNumbered(id int64) *space {
	at, found := slices.BinarySearchFunc(s.world.spaces, id, func(s *space, id int64) int { return int(s.id - id) })
	if !found {
		return nil
	}
	return s.world.spaces[at]
}

// scopeOf returns the space of a template call: by its key, 0 for those of the site.
func (c *call) scopeOf(key string) (int64, error) {
	if key == "" {
		return 0, nil
	}
	s, err := c.spaceByKey(key)
	if err != nil {
		return 0, err
	}
	return s.id, nil
}

// mayTemplate reports whether the caller may write templates there.
func (c *call) mayTemplate(in int64) error {
	if s := c.spaceNumbered(in); in == 0 && c.user.admin || s != nil && s.allowed(c.user, "administer", "space") {
		return nil
	}
	return c.forbidden("template", text(in))
}

// template finds the template of a call. One that is not there looks like one that the caller may not see: 403
// (cloud-v1.json).
func (c *call) template(id string) (*template, error) {
	for _, t := range c.world.annex.templates {
		if s := c.spaceNumbered(t.space); text(t.id) == id && (t.space == 0 || s != nil && s.sees(c.user)) {
			return t, nil
		}
	}
	return nil, fail(http.StatusForbidden, "FORBIDDEN",
		"com.atlassian.confluence.api.service.exceptions.PermissionException: No template with id "+id+", or no permission to view it")
}

func listTemplates(c *call) (answer, error) {
	in, err := c.scopeOf(c.query.Get("spaceKey"))
	if err != nil {
		return answer{}, err
	}
	start, limit, err := c.offset(25)
	if err != nil {
		return answer{}, err
	}
	var hits []*template
	for _, t := range c.world.annex.templates {
		if t.space == in {
			hits = append(hits, t)
		}
	}
	picked, more := slicePage(hits, start, limit)
	rows := []object{}
	for _, t := range picked {
		rows = append(rows, c.templateV1(t))
	}
	return c.rowsV1(rows, start, limit, more)
}

func listBlueprints(c *call) (answer, error) {
	if _, err := c.scopeOf(c.query.Get("spaceKey")); err != nil {
		return answer{}, err
	}
	start, limit, err := c.offset(25)
	if err != nil {
		return answer{}, err
	}
	picked, more := slicePage(blueprints, start, limit)
	rows := []object{}
	for _, b := range picked {
		rows = append(rows, c.blueprintV1(b))
	}
	return c.rowsV1(rows, start, limit, more)
}

func getTemplate(c *call) (answer, error) {
	for _, b := range blueprints {
		if c.blueprintID(b) == c.params[0] {
			return ok(c.whole(c.blueprintV1(b)))
		}
	}
	t, err := c.template(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.whole(c.templateV1(t)))
}

// fill checks what was sent and puts it into a template. Names need not be unique (register row LB-15).
func (c *call) fill(t *template, q *templateRequest) error {
	switch {
	case strings.TrimSpace(q.Name) == "":
		return invalid("The name of a template must not be empty")
	case q.Type != "page":
		return invalid("Invalid template type: " + q.Type)
	case !q.sent.given:
		return invalid("The body of a template is required")
	}
	var labels []*label
	for _, l := range q.Labels {
		names, err := labelNames(l.Name)
		if err != nil {
			return err
		}
		for _, name := range names {
			labels = append(labels, c.label("global", name))
		}
	}
	t.name, t.description, t.labels, t.body = q.Name, q.Description, labels, c.heap.putText(q.sent.text)
	return nil
}

func createTemplate(c *call) (answer, error) {
	q := c.prepared.(*templateRequest)
	key := ""
	if q.Space != nil {
		key = q.Space.Key
	}
	in, err := c.scopeOf(key)
	if err == nil {
		err = c.mayTemplate(in)
	}
	t := &template{space: in}
	if err == nil {
		err = c.fill(t, q)
	}
	if err != nil {
		return answer{}, err
	}
	t.id = c.world.newID()
	c.world.annex.templates = append(c.world.annex.templates, t)
	return ok(c.whole(c.templateV1(t)))
}

func updateTemplate(c *call) (answer, error) {
	q := c.prepared.(*templateRequest)
	id := scalar(q.ID)
	for _, b := range blueprints {
		if c.blueprintID(b) == id {
			return answer{}, invalid("Blueprint templates cannot be updated")
		}
	}
	t, err := c.template(id)
	if err != nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No template with id "+id)
	}
	if err := c.mayTemplate(t.space); err != nil {
		return answer{}, err
	}
	if err := c.fill(t, q); err != nil {
		return answer{}, err
	}
	return ok(c.whole(c.templateV1(t)))
}

func removeTemplate(c *call) (answer, error) {
	t, err := c.template(c.params[0])
	if err == nil {
		err = c.mayTemplate(t.space)
	}
	if err != nil {
		return answer{}, err
	}
	c.world.annex.templates = slices.DeleteFunc(slices.Clone(c.world.annex.templates), func(o *template) bool { return o == t })
	return status204()
}
