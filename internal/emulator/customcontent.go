package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// customs are the custom contents that stand on a content.
func (c *content) customs() []*content {
	if c.more == nil {
		return nil
	}
	return c.more.customs
}

// stand puts custom content on another content, or on the space itself.
func (c *content) stand(on *content) {
	if c.parent == on {
		return
	}
	if c.parent != nil {
		c.parent.more.customs = without(c.parent.more.customs, c)
	}
	if c.parent = on; on != nil {
		on.extra().customs = append(slices.Clip(on.extra().customs), c)
	}
}

// typeKey is what CQL and listings call the type of a content.
func (c *content) typeKey() string {
	if c.kind == customContent {
		return c.more.nature.typeKey
	}
	return c.kind.String()
}

// customRequest is the body of create and update of custom content.
type customRequest struct {
	ID              string          `json:"id"`
	Type            string          `json:"type"`
	Status          string          `json:"status"`
	SpaceID         string          `json:"spaceId"`
	PageID          string          `json:"pageId"`
	BlogPostID      string          `json:"blogPostId"`
	CustomContentID string          `json:"customContentId"`
	Title           string          `json:"title"`
	Body            json.RawMessage `json:"body"`
	Version         *struct {
		Number  int    `json:"number"`
		Message string `json:"message"`
	} `json:"version"`

	sent sentBody
}

func prepareCustom(c *call) (any, error) {
	var q customRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	raw, isRaw := rawBody(q.Body)
	if isRaw {
		q.sent = sentBody{given: true, text: raw}
		return &q, nil
	}
	var err error
	q.sent, err = c.readBody(q.Body, nil, "custom", q.SpaceID, q.PageID, q.Title)
	return &q, err
}

// rawBody returns a body of the representation raw, which custom content alone has: kept as it is.
func rawBody(body json.RawMessage) (string, bool) {
	var q struct {
		Representation string `json:"representation"`
		Value          string `json:"value"`
		Raw            *struct {
			Value string `json:"value"`
		} `json:"raw"`
	}
	switch {
	case json.Unmarshal(body, &q) != nil:
		return "", false
	case q.Representation == "raw":
		return q.Value, true
	case q.Raw != nil:
		return q.Raw.Value, true
	}
	return "", false
}

func (c *call) customV2(p *content) object {
	o := object{
		"id": p.idText(), "type": p.typeKey(), "status": p.status.String(), "title": p.title, "spaceId": text(p.space.id),
		"authorId": p.creator.id, "createdAt": p.created.String(), "version": versionV2(p.number(), &p.last),
		"body": object{}, "_links": object{"webui": p.webUI()},
	}
	if p.parent != nil {
		o[map[kind]string{page: "pageId", blogPost: "blogPostId", customContent: "customContentId"}[p.parent.kind]] = p.parent.idText()
	}
	return o
}

var (
	customBulkForms = []string{"raw", "storage", "atlas_doc_format"}
	customForms     = []string{"raw", "storage", "atlas_doc_format", "view", "export_view", "anonymous_export_view"}
)

// customOn finds what new custom content stands on: a content, or the space itself.
func (c *call) customOn(q *customRequest) (*space, *content, error) {
	given := 0
	var in *space
	var on *content
	var err error
	for _, ref := range []struct {
		id string
		k  kind
	}{{q.PageID, page}, {q.BlogPostID, blogPost}, {q.CustomContentID, customContent}} {
		if ref.id == "" {
			continue
		}
		given++
		if on, err = c.visible(ref.id, ref.k); err != nil {
			return nil, nil, err
		}
		in = on.space
	}
	if q.SpaceID != "" {
		s, err := c.spaceByID(q.SpaceID)
		if err != nil {
			return nil, nil, err
		}
		if on == nil {
			given++
		} else if s != in {
			return nil, nil, invalid("The 'spaceId' is not the space of the container")
		}
		in = s
	}
	if given != 1 {
		return nil, nil, invalid("Exactly one of spaceId, pageId, blogPostId and customContentId must be given")
	}
	return in, on, nil
}

func checkCustom(q *customRequest) error {
	switch {
	case !strings.Contains(q.Type, ":"):
		return invalid("Provided value {" + q.Type + "} for 'type' is not valid: expected ac:app-key:module-key or forge:...")
	case strings.TrimSpace(q.Title) == "" || utf8.RuneCountInString(q.Title) > maxTitle:
		return invalid("'title' must have 1 to 255 characters")
	case !q.sent.given:
		return invalid("'body' is required")
	}
	return nil
}

func createCustom(c *call) (answer, error) {
	q := c.prepared.(*customRequest)
	in, on, err := c.customOn(q)
	if err != nil {
		return answer{}, err
	}
	if err := checkCustom(q); err != nil {
		return answer{}, err
	}
	if !in.allowed(c.user, "create", "page") {
		return answer{}, c.forbidden("space", text(in.id))
	}
	p := &content{
		id: c.world.newID(), kind: customContent, space: in, parent: on, title: q.Title, creator: c.user, created: c.stamp(),
		firstAt: 1, last: version{at: c.stamp(), by: c.user}, body: c.heap.putText(q.sent.text),
		more: &more{nature: &nature{typeKey: q.Type}},
	}
	switch q.Status {
	case "", "current":
	case "draft":
		p.status = draft
	default:
		return answer{}, invalid("Provided value {" + q.Status + "} for 'status' is not valid")
	}
	c.add(p)
	c.touch(p)
	a := answer{status: http.StatusCreated, json: c.customAnswer(p)}
	a.set("Location", c.r.URL.Path+"/"+p.idText())
	return a, nil
}

func (c *call) customAnswer(p *content) object {
	o := c.single(c.customV2(p))
	o["body"] = object{"storage": object{"representation": "storage", "value": c.heap.text(p.body)}}
	return o
}

func getCustom(c *call) (answer, error) {
	p, err := c.visible(c.params[0], customContent)
	if err != nil {
		return answer{}, err
	}
	return c.singleVersion(p, c.single(c.customV2(p)), customForms)
}

func updateCustom(c *call) (answer, error) {
	q := c.prepared.(*customRequest)
	p, err := c.visible(c.params[0], customContent)
	switch {
	case err != nil:
		return answer{}, err
	case !p.edits(c.user):
		return answer{}, c.forbidden(nouns[customContent], c.params[0])
	case q.ID != p.idText() || q.Type != p.typeKey() || q.Status != "current":
		return answer{}, invalid("'id' and 'type' must be those of the custom content, 'status' must be current")
	case q.SpaceID != "" && q.SpaceID != text(p.space.id):
		return answer{}, invalid("Moving custom content to another space is not supported")
	case q.Version == nil || q.Version.Number != p.number()+1:
		return answer{}, staleVersion("custom content", p, q.Version != nil, func() int { return q.Version.Number })
	}
	if err := checkCustom(q); err != nil {
		return answer{}, err
	}
	on := p.parent
	if cmp.Or(q.PageID, q.BlogPostID, q.CustomContentID) != "" {
		if _, on, err = c.customOn(q); err != nil {
			return answer{}, err
		}
	}
	c.commit(p, q.Version.Message, false)
	p.rename(q.Title)
	p.body, p.status = c.heap.putText(q.sent.text), current
	p.stand(on)
	c.touch(p)
	return ok(c.customAnswer(p))
}

// staleVersion is the refusal of a wrong version number.
func staleVersion(what string, p *content, given bool, number func() int) error {
	provided := 0
	if given {
		provided = number()
	}
	return failf(http.StatusConflict, "CONFLICT",
		"Version must be incremented when updating a %s. Current Version: [%d]. Provided version: [%d]", what, p.number(), provided)
}

// deleteCustom puts custom content into the trash, or removes trashed custom content for good.
func deleteCustom(c *call) (answer, error) {
	p, err := c.visible(c.params[0], customContent)
	if err != nil {
		return answer{}, err
	}
	purge := c.flag("purge", false)
	switch {
	case !p.removes(c.user), purge != (p.status == trashed), purge && !p.space.allowed(c.user, "administer", "space"):
		return answer{}, missing(nouns[customContent], c.params[0])
	case purge:
		c.erase(p)
	default:
		p.status = trashed
	}
	c.touch(p)
	return status204()
}

// customRows answers a listing of custom content of one type.
func (c *call) customRows(rows []*content, keep func(*content) bool) (answer, error) {
	typeKey := c.query.Get("type")
	if typeKey == "" {
		return answer{}, invalid("'type' is required")
	}
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	o, err := c.order("id", "created-date", "modified-date", "title")
	if err != nil {
		return answer{}, err
	}
	picked, cursor := pick(rows, func(p *content) bool {
		return p.kind == customContent && p.typeKey() == typeKey && p.status == current && keep(p) && c.sees(p)
	}, o, w)
	var out []object
	for _, p := range picked {
		row := c.customV2(p)
		if row["body"], err = c.bodyV2(p, p.body, customBulkForms...); err != nil {
			return answer{}, err
		}
		out = append(out, row)
	}
	return c.listing(out, cursor)
}

func listCustom(c *call) (answer, error) {
	ids, err := c.ids("id", 250)
	if err != nil {
		return answer{}, err
	}
	spaces, err := c.ids("space-id", 100)
	if err != nil {
		return answer{}, err
	}
	var rows []*content
	for _, s := range c.world.spaces {
		if s.sees(c.user) && (spaces == nil || spaces[s.id]) {
			rows = append(rows, s.folders...)
		}
	}
	slices.SortFunc(rows, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
	return c.customRows(rows, func(p *content) bool { return ids == nil || ids[p.id] })
}

// listCustomOn lists the custom content that stands on a page or blog post.
func listCustomOn(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		on, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		return c.customRows(on.customs(), func(*content) bool { return true })
	}
}

func listSpaceCustom(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return c.customRows(s.folders, func(*content) bool { return true })
}

// listCustomChildren lists the custom content that stands on other custom content.
func listCustomChildren(c *call) (answer, error) {
	on, err := c.visible(c.params[0], customContent)
	if err != nil {
		return answer{}, err
	}
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	o, err := c.order("id", "created-date", "modified-date")
	if err != nil {
		return answer{}, err
	}
	picked, cursor := pick(on.customs(), func(p *content) bool { return p.status == current && c.sees(p) }, o, w)
	var out []object
	for _, p := range picked {
		out = append(out, object{
			"id": p.idText(), "status": p.status.String(), "title": p.title, "type": p.typeKey(), "spaceId": text(p.space.id),
		})
	}
	return c.listing(out, cursor)
}
