package emulator

import (
	"slices"
	"strings"
)

// nodeRequest is the body of a create of a folder, whiteboard, database or embed.
type nodeRequest struct {
	SpaceID  string `json:"spaceId"`
	Title    string `json:"title"`
	ParentID string `json:"parentId"`
	EmbedURL string `json:"embedUrl"`
}

func prepareNode(c *call) (any, error) {
	var q nodeRequest
	return &q, c.decode(&q)
}

// nodeV2 is a folder, whiteboard, database or embed as REST v2 shows it: a shell with a place in the tree.
func (c *call) nodeV2(f *content) object {
	links := object{"webui": f.webUI()}
	o := object{
		"id": f.idText(), "type": f.kind.String(), "status": f.status.String(), "title": f.title, "authorId": f.creator.id,
		"ownerId": f.owner().id, "createdAt": f.created.String(), "spaceId": text(f.space.id),
		"version": versionV2(f.number(), &f.last), "_links": links,
	}
	o["parentId"], o["parentType"], o["position"] = c.parentV2(f)
	switch f.kind {
	case whiteboard:
		links["editui"] = f.webUI()
	case embed:
		o["embedUrl"] = f.more.nature.url
	}
	return c.single(o)
}

// untitled is what a node without a title is called.
var untitled = map[kind]string{whiteboard: "Untitled whiteboard", database: "Untitled database", embed: "Smart Link"}

// createNode creates a folder, whiteboard, database or embed. None of them can be renamed or moved by REST v2.
func createNode(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*nodeRequest)
		s, err := c.spaceByID(q.SpaceID)
		if err != nil {
			return answer{}, err
		}
		if !s.allowed(c.user, "create", "page") {
			return answer{}, c.forbidden("space", q.SpaceID)
		}
		parent := s.home
		if q.ParentID != "" {
			if parent, err = c.parent(s, q.ParentID); err != nil {
				return answer{}, err
			}
		}
		title := q.Title
		if strings.TrimSpace(title) == "" && k.opaque() {
			title = untitled[k]
		}
		if err := c.checkTitle(k, s, title, 0, nil); err != nil {
			return answer{}, err
		}
		f := &content{
			id: c.world.newID(), kind: k, space: s, title: title, creator: c.user, created: c.stamp(), firstAt: 1,
			last: version{at: c.stamp(), by: c.user},
		}
		if k == embed {
			f.extra().nature = &nature{url: q.EmbedURL}
		}
		if k.opaque() && c.flag("private", false) {
			me := "user:" + c.user.id
			f.extra().read, f.extra().update = []string{me}, []string{me}
		}
		c.add(f)
		c.link(f, parent)
		c.lag(f, nil, true, c.stamp())
		c.touch(f)
		return ok(c.nodeV2(f))
	}
}

func getNode(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		f, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		o := c.nodeV2(f)
		c.includes(f, o)
		return ok(o)
	}
}

// deleteNode trashes a folder, whiteboard, database or embed; what is below it moves up.
func deleteNode(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		f, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		if !f.removes(c.user) || f.status == trashed {
			return answer{}, c.forbidden(nouns[k], c.params[0])
		}
		if k == folder && c.set.cloud.strands {
			c.strand(f)
		}
		c.trash(f)
		c.touch(f)
		return status204()
	}
}

// strand archives every page below a folder that is about to be deleted and leaves it without a parent; its title stays
// taken (open-facts OF-14).
func (c *call) strand(f *content) {
	for _, kid := range slices.Clone(f.kids) {
		c.strand(kid)
		if kid.kind != page {
			c.trash(kid)
			continue
		}
		c.unlink(kid)
		kid.parent = nil
		if kid.status == current {
			kid.status = archived
		}
		c.touch(kid)
	}
}
