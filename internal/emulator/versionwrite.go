package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// restoreRequest is the body of POST content/{id}/version.
type restoreRequest struct {
	Operation string `json:"operationKey"`
	Params    struct {
		Number  int    `json:"versionNumber"`
		Message string `json:"message"`
		Title   bool   `json:"restoreTitle"`
	} `json:"params"`
}

func prepareRestore(c *call) (any, error) {
	var q restoreRequest
	return &q, c.decode(&q)
}

// versioned returns the content of a version write. These calls say 400 where others say 404.
func (c *call) versioned() (*content, error) {
	p, err := c.any(c.params[0])
	if err != nil || p.status == trashed || p.status == draft {
		return nil, invalid("No content found with id: ContentId{id=" + c.params[0] + "}")
	}
	if !p.edits(c.user) {
		return nil, c.forbidden(nouns[p.kind], c.params[0])
	}
	return p, nil
}

// restoreVersion appends a version with the body of an old one (register row DL-08).
func restoreVersion(c *call) (answer, error) {
	q := c.prepared.(*restoreRequest)
	if q.Operation != "restore" {
		return answer{}, invalid("Unsupported operationKey: " + q.Operation)
	}
	p, err := c.versioned()
	if err != nil {
		return answer{}, err
	}
	v, body, found := p.versionAt(q.Params.Number)
	if !found || q.Params.Number == p.number() {
		return answer{}, invalid("There is no historical version " + strconv.Itoa(q.Params.Number) + " of content " + c.params[0])
	}
	if q.Params.Title && v.title != "" {
		if err := c.checkTitle(p.kind, p.space, v.title, p.created, p); err != nil {
			return answer{}, err
		}
	}
	title := v.title // commit moves what v points to
	c.commit(p, q.Params.Message, false)
	if q.Params.Title && title != "" {
		c.retitle(p, title)
	}
	p.body = body
	c.anchor(p, c.heap.text(body))
	c.touch(p)
	o := c.versionV1(p)
	o["content"] = c.contentV1(p, nil)
	delete(o["_expandable"].(object), "content")
	if c.expand()["collaborators"] {
		o["collaborators"] = c.collaborators(p)
		delete(o["_expandable"].(object), "collaborators")
	}
	return ok(c.whole(o))
}

// collaborators are the accounts that a version is by.
func (c *call) collaborators(p *content) object {
	return object{"users": []object{c.userV1(p.last.by)}, "userKeys": []string{p.last.by.id}, "_links": object{}}
}

// settling is how long after an edit the deletion of a version is refused, once for each edit (register row DL-09).
const settling = 5 * time.Second

// deleteVersion removes an old version; those above it move down (register row DL-08).
func deleteVersion(c *call) (answer, error) {
	p, err := c.versioned()
	if err != nil {
		return answer{}, err
	}
	n, err := strconv.Atoi(c.params[1])
	at := n - int(p.firstAt)
	if err != nil || at < 0 || at >= len(p.older) {
		return answer{}, invalid("There is no historical version " + c.params[1] + " of content " + c.params[0])
	}
	if edited := p.last.at; c.stamp()-edited < stamp(settling.Milliseconds()) && c.world.annex.disturbed[p.id] != edited {
		c.world.annex.disturbed[p.id] = edited
		return answer{}, fail(http.StatusConflict, "CONFLICT",
			"com.atlassian.confluence.api.service.exceptions.ConflictException: content was being concurrently updated")
	}
	delete(c.world.annex.disturbed, p.id)
	p.older = slices.Concat(p.older[:at], p.older[at+1:])
	c.touch(p)
	return status204()
}

// blueprintRequest is the body of both ways to publish a draft made from a blueprint.
type blueprintRequest struct {
	Version struct {
		Number int `json:"number"`
	} `json:"version"`
	Title     string `json:"title"`
	Type      string `json:"type"`
	Ancestors []struct {
		ID any `json:"id"`
	} `json:"ancestors"`
}

func prepareBlueprint(c *call) (any, error) {
	var q blueprintRequest
	return &q, c.decode(&q)
}

// publishDraft publishes a draft that was never published.
func publishDraft(c *call) (answer, error) {
	q := c.prepared.(*blueprintRequest)
	p, err := c.any(c.params[0])
	switch {
	case err != nil:
		return answer{}, err
	case p.kind != page || p.status != draft:
		return answer{}, failf(http.StatusNotFound, "NOT_FOUND", "No draft found with id: %s", c.params[0])
	case !p.space.allowed(c.user, "create", "page"):
		return answer{}, c.forbidden("page", c.params[0])
	case q.Version.Number != 1:
		return answer{}, failf(http.StatusConflict, "CONFLICT",
			"com.atlassian.confluence.api.service.exceptions.ConflictException: Version must be 1 to publish a draft, not %d", q.Version.Number)
	}
	u := &pageRequest{Status: "current", Title: &q.Title}
	if len(q.Ancestors) > 0 {
		parent := scalar(q.Ancestors[len(q.Ancestors)-1].ID)
		u.ParentID = &parent
	}
	u.Version = &versionRequest{Number: &q.Version.Number}
	if _, err := c.update(p, u); err != nil {
		return answer{}, err
	}
	e := c.expand()
	for _, path := range []string{"body", "body.storage", "history", "space", "version", "ancestors"} {
		e[path] = true
	}
	return ok(c.whole(c.contentV1(p, e)))
}
