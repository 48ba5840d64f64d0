package emulator

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
)

// upload is a multipart request after it was read; the bytes are in the heap already.
type upload struct {
	files   []uploaded
	comment string
	minor   bool
}

type uploaded struct {
	name, mediaType string
	stored
}

// prepareUpload reads the parts of an upload before the lock is taken.
func prepareUpload(c *call) (any, error) {
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, fail(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Expected multipart/form-data")
	}
	c.mu.RLock()
	limit := c.set.maxFile
	c.mu.RUnlock()
	var u upload
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, invalid("Could not read multipart body: " + err.Error())
		}
		if err := c.readPart(&u, part, limit); err != nil {
			return nil, err
		}
	}
	if len(u.files) == 0 {
		return nil, invalid("At least one file must be uploaded")
	}
	return &u, nil
}

func (c *call) readPart(u *upload, part *multipart.Part, limit int64) error {
	_, disposition, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return invalid("Invalid Content-Disposition: " + err.Error())
	}
	name := disposition["filename"]
	if disposition["name"] != "file" {
		return u.field(disposition["name"], part)
	}
	if name == "" || strings.Contains(name, "/") {
		return invalid("Invalid file name: " + name)
	}
	bytes, err := c.heap.putFile(part, limit)
	switch {
	case errors.Is(err, errTooLarge): // documented as 404 (register row AT-07)
		return fail(http.StatusNotFound, "NOT_FOUND", "The attachment exceeds the configured maximum")
	case err != nil:
		return invalid("Could not read the file: " + err.Error())
	}
	u.files = append(u.files, uploaded{name, mediaType(name, part.Header.Get("Content-Type")), bytes})
	return nil
}

// field reads a text part: without a charset it is Latin-1 (register row AT-04).
func (u *upload) field(name string, part *multipart.Part) error {
	data, err := io.ReadAll(io.LimitReader(part, 1<<20))
	if err != nil {
		return invalid("Could not read part " + name)
	}
	value := string(data)
	if _, params, err := mime.ParseMediaType(part.Header.Get("Content-Type")); err != nil || !strings.EqualFold(params["charset"], "utf-8") {
		runes := make([]rune, len(data))
		for i, b := range data {
			runes[i] = rune(b)
		}
		value = string(runes)
	}
	switch name {
	case "comment":
		u.comment = value
	case "minorEdit":
		u.minor = value == "true"
	}
	return nil
}

// mediaType is what the part says; where it says nothing, what the name suggests.
func mediaType(name, declared string) string {
	if base, _, err := mime.ParseMediaType(declared); err == nil && base != "" {
		return base
	}
	known := map[string]string{
		".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml",
		".pdf": "application/pdf", ".txt": "text/plain", ".zip": "application/zip",
	}
	if t := known[strings.ToLower(path.Ext(name))]; t != "" {
		return t
	}
	return "application/octet-stream"
}

// uploadFiles adds files to a page or blog post. With upsert an existing name gets a new version, else it is refused.
func uploadFiles(upsert bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u := c.prepared.(*upload)
		on, err := c.any(c.params[0])
		if err != nil {
			return answer{}, err
		}
		wantDraft := c.query.Get("status") == "draft"
		if on.kind != page && on.kind != blogPost || on.status == trashed || (on.status == draft) != wantDraft {
			return answer{}, failf(http.StatusNotFound, "NOT_FOUND", "No container for attachments found with id: %s", c.params[0])
		}
		if !on.edits(c.user) || !on.space.allowed(c.user, "create", "attachment") {
			return answer{}, c.forbidden(nouns[on.kind], c.params[0])
		}
		for _, f := range u.files {
			if !upsert && fileNamed(on, f.name) != nil {
				return answer{}, invalid("Cannot add a new attachment with same file name as an existing attachment: " + f.name)
			}
		}
		rows := []object{}
		for _, f := range u.files {
			rows = append(rows, c.attachmentV1(c.attach(on, f, u)))
		}
		if c.set.uploadBumps && !u.minor && on.status == current {
			c.commit(on, "", false)
		}
		return ok(object{
			"results": rows, "size": len(rows), "start": 0, "limit": len(rows),
			"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/content/" + on.idText() + "/child/attachment"},
		})
	}
}

// attach makes a new attachment, or a new version of the one of that name. The page's version stays.
func (c *call) attach(on *content, up uploaded, u *upload) *content {
	next := &file{stored: up.stored, mediaType: up.mediaType, comment: u.comment}
	f := fileNamed(on, up.name)
	if f != nil {
		next.uuid = c.uuid("file", text(f.id), text(int64(f.number()+1)))
		c.commitFile(f, next, u.minor)
		c.touch(f)
		return f
	}
	f = &content{
		id: c.world.newID(), kind: attachment, space: on.space, parent: on, title: up.name, creator: c.user, created: c.stamp(),
		firstAt: 1, last: version{at: c.stamp(), by: c.user, message: u.comment, minor: u.minor}, more: &more{file: next},
	}
	next.uuid = c.uuid("file", text(f.id), "1")
	c.add(f)
	c.touch(f)
	return f
}

// uploadData is POST content/{id}/child/attachment/{attachmentId}/data: a new version by id.
func uploadData(c *call) (answer, error) {
	u := c.prepared.(*upload)
	f, err := c.attached()
	if err != nil {
		return answer{}, err
	}
	if !f.root().edits(c.user) {
		return answer{}, c.forbidden("attachment", c.params[1])
	}
	up := u.files[0]
	c.commitFile(f, &file{
		stored: up.stored, mediaType: up.mediaType, comment: u.comment, uuid: c.uuid("file", text(f.id), text(int64(f.number()+1))),
	}, u.minor)
	c.touch(f)
	return ok(c.attachmentV1(f))
}
