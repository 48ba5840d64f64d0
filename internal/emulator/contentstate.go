package emulator

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// contentState is a lozenge: one of those suggested in every space, or one that somebody made.
type contentState struct {
	id          int64
	name, color string
}

// stated is the state of a content, and since when.
type stated struct {
	*contentState
	at stamp
}

// suggestedStates are those that a site offers without anybody having made one.
func suggestedStates() []*contentState {
	return []*contentState{{0, "Rough draft", "#ffc400"}, {1, "In progress", "#2684ff"}, {2, "Ready for review", "#57d9a3"}}
}

func (s *contentState) object() object { return object{"id": s.id, "name": s.name, "color": s.color} }

func stateRows(states []*contentState) []object {
	rows := []object{}
	for _, s := range states {
		rows = append(rows, s.object())
	}
	return rows
}

// stateRequest is the body of PUT content/{id}/state.
type stateRequest struct {
	ID    *int64 `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

func prepareState(c *call) (any, error) {
	var q stateRequest
	return &q, c.decode(&q)
}

// statedContent returns the content of a state call. toEdit says that it is about to be changed.
func (c *call) statedContent(toEdit bool) (*content, error) {
	p, err := c.any(c.params[0])
	switch want := c.query.Get("status"); {
	case err != nil:
		return nil, err
	case p.kind != page && p.kind != blogPost || p.status == trashed:
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No content found with id: ContentId{id=%s}", c.params[0])
	case want != "" && want != "current" && want != "draft" && want != "archived":
		return nil, invalid("Status must be in [current,draft,archived]")
	case want == "draft" && p.status != draft || want == "archived" && p.status != archived || want == "current" && p.status == draft:
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No content with id %s and status %s", c.params[0], want)
	case toEdit && !p.edits(c.user):
		return nil, c.forbidden(nouns[p.kind], c.params[0])
	}
	return p, nil
}

func (p *content) state() *stated {
	if p.more == nil {
		return nil
	}
	return p.more.state
}

// stateAnswer leaves out what there is not.
func stateAnswer(s *stated) (answer, error) {
	if s == nil {
		return ok(object{})
	}
	return ok(object{"contentState": s.object(), "lastUpdated": s.at.String()})
}

func getState(c *call) (answer, error) {
	p, err := c.statedContent(false)
	if err != nil {
		return answer{}, err
	}
	return stateAnswer(p.state())
}

var stateColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// chosenState finds the state that a write names. A name that is new makes a state that its maker keeps for good
// (register row LB-12).
func (c *call) chosenState(q *stateRequest) (*contentState, error) {
	mine := c.world.annex.states[c.user.id]
	refused := fail(http.StatusForbidden, "FORBIDDEN", "This state is not allowed in the space")
	if q.ID != nil {
		if i := slices.IndexFunc(c.world.annex.spaceStates, func(s *contentState) bool { return s.id == *q.ID }); i >= 0 {
			if c.set.states == "none" {
				return nil, refused
			}
			return c.world.annex.spaceStates[i], nil
		}
		for _, states := range c.world.annex.states {
			if i := slices.IndexFunc(states, func(s *contentState) bool { return s.id == *q.ID }); i >= 0 {
				if c.set.states != "custom" {
					return nil, refused
				}
				return states[i], nil
			}
		}
		return nil, invalid("No content state with id " + strconv.FormatInt(*q.ID, 10))
	}
	switch {
	case q.Name == "" || utf8.RuneCountInString(q.Name) > 20:
		return nil, invalid("The name of a state has 1 to 20 characters")
	case !stateColor.MatchString(q.Color):
		return nil, invalid("The color of a state is a hexadecimal number such as #2684ff")
	case c.set.states != "custom":
		return nil, refused
	}
	if i := slices.IndexFunc(mine, func(s *contentState) bool { return s.name == q.Name && s.color == q.Color }); i >= 0 {
		return mine[i], nil
	}
	s := &contentState{c.world.newID(), q.Name, q.Color}
	c.world.annex.states[c.user.id] = append(mine, s)
	return s, nil
}

// setState makes a version with the state and an empty message (register row LB-12; open-facts OF-08).
func setState(c *call) (answer, error) {
	if status := c.query.Get("status"); status != "current" && status != "draft" {
		return answer{}, invalid("Status must be in [current,draft]")
	}
	p, err := c.statedContent(true)
	if err != nil {
		return answer{}, err
	}
	s, err := c.chosenState(c.prepared.(*stateRequest))
	if err != nil {
		return answer{}, err
	}
	c.restate(p, &stated{s, c.stamp()})
	return stateAnswer(p.more.state)
}

func (c *call) restate(p *content, s *stated) {
	if p.status != draft {
		c.commit(p, "", false)
	}
	p.extra().state = s
	c.touch(p)
}

func removeState(c *call) (answer, error) {
	p, err := c.statedContent(true)
	if err != nil {
		return answer{}, err
	}
	if p.state() != nil {
		c.restate(p, nil)
	}
	return stateAnswer(nil)
}

func availableStates(c *call) (answer, error) {
	if _, err := c.statedContent(true); err != nil {
		return answer{}, err
	}
	own := slices.Clone(c.world.annex.states[c.user.id])
	slices.Reverse(own)
	o := object{"spaceContentStates": []object{}, "customContentStates": []object{}}
	if c.set.states != "none" {
		o["spaceContentStates"] = stateRows(c.world.annex.spaceStates)
	}
	if c.set.states == "custom" {
		o["customContentStates"] = stateRows(own[:min(len(own), 3)])
	}
	return ok(o)
}

func customStates(c *call) (answer, error) { return ok(stateRows(c.world.annex.states[c.user.id])) }

func spaceStates(c *call) (answer, error) {
	if _, err := c.spaceByKey(c.params[0]); err != nil {
		return answer{}, err
	}
	if c.set.states == "none" {
		return ok([]object{})
	}
	return ok(stateRows(c.world.annex.spaceStates))
}

func stateSettings(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !s.allowed(c.user, "administer", "space") {
		return answer{}, c.forbidden("space", text(s.id))
	}
	o := object{
		"contentStatesAllowed": c.set.states != "none", "customContentStatesAllowed": c.set.states == "custom",
		"spaceContentStatesAllowed": c.set.states != "none",
	}
	if c.set.states != "none" {
		o["spaceContentStates"] = stateRows(c.world.annex.spaceStates)
	}
	return ok(o)
}

// contentsInState lists what has a state; a state that does not exist looks like one that nothing has.
func contentsInState(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	id, err := strconv.ParseInt(c.query.Get("state-id"), 10, 64)
	if err != nil {
		return answer{}, invalid("state-id is required")
	}
	e := c.expand()
	most := 100
	if e["body.export_view"] || e["body.styled_view"] {
		most = 25
	}
	start, limit, err := c.offsetTo(25, most)
	if err != nil {
		return answer{}, err
	}
	var hits []*content
	for _, p := range slices.Concat(s.pages, s.blogs) {
		if state := p.state(); state != nil && state.id == id && p.status == current && c.sees(p) {
			hits = append(hits, p)
		}
	}
	picked, more := slicePage(hits, start, limit)
	rows := []object{}
	for _, p := range picked {
		rows = append(rows, c.contentV1(p, e))
	}
	return c.rowsV1(rows, start, limit, more)
}
