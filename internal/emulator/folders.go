package emulator

// folderRequest is the body of POST /folders.
type folderRequest struct {
	SpaceID  string `json:"spaceId"`
	Title    string `json:"title"`
	ParentID string `json:"parentId"`
}

func prepareFolder(c *call) (any, error) {
	var q folderRequest
	return &q, c.decode(&q)
}

func (c *call) folderV2(f *content) object {
	o := object{
		"id": f.idText(), "type": "folder", "status": f.status.String(), "title": f.title, "authorId": f.creator.id,
		"ownerId": f.creator.id, "createdAt": f.created.String(), "spaceId": text(f.space.id),
		"version": versionV2(f.number(), &f.last), "_links": object{"webui": f.webUI()},
	}
	o["parentId"], o["parentType"], o["position"] = c.parentV2(f)
	return c.single(o)
}

func createFolder(c *call) (answer, error) {
	q := c.prepared.(*folderRequest)
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
	if err := c.checkTitle(folder, s, q.Title, 0, nil); err != nil {
		return answer{}, err
	}
	f := &content{
		id: c.world.newID(), kind: folder, space: s, title: q.Title, creator: c.user, created: c.stamp(), firstAt: 1,
		last: version{at: c.stamp(), by: c.user},
	}
	c.add(f)
	c.link(f, parent)
	c.lag(f, nil, true, c.stamp())
	c.touch(f)
	return ok(c.folderV2(f))
}

func getFolder(c *call) (answer, error) {
	f, err := c.visible(c.params[0], folder)
	if err != nil {
		return answer{}, err
	}
	return ok(c.folderV2(f))
}

// deleteFolder trashes a folder; what is below it moves up.
func deleteFolder(c *call) (answer, error) {
	f, err := c.visible(c.params[0], folder)
	if err != nil {
		return answer{}, err
	}
	if !f.removes(c.user) || f.status == trashed {
		return answer{}, c.forbidden("folder", c.params[0])
	}
	c.trash(f)
	return status204()
}
