package emulator

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// dcAttachmentRoutes are files on contents (dc-api.md section 6). There is no PUT of a new file (register row ER-07) and
// no download by REST (AT-06).
var dcAttachmentRoutes = []route{
	{method: "GET", template: "/rest/api/content/{id}/child/attachment", api: dc, handle: listAttachmentsDC},
	{method: "POST", template: "/rest/api/content/{id}/child/attachment", api: dc, multipart: true, prepare: prepareUploadDC, handle: createAttachments, gap: "the form of a duplicated name is general knowledge"},
	{method: "PUT", template: "/rest/api/content/{id}/child/attachment/{attachmentId}", api: dc, prepare: prepareFile, handle: updateAttachment, gap: "that a change of name or comment makes no version is not verified"},
	{method: "DELETE", template: "/rest/api/content/{id}/child/attachment/{attachmentId}", api: dc, handle: deleteAttachmentDC},
	{method: "POST", template: "/rest/api/content/{id}/child/attachment/{attachmentId}/data", api: dc, multipart: true, prepare: prepareUploadDC, handle: attachmentData},
	{method: "POST", template: "/rest/api/content/{id}/child/attachment/{attachmentId}/move", api: dc, since: since10, checked: true, handle: moveAttachment},
	{method: "DELETE", template: "/rest/api/content/{id}/child/attachment/{attachmentId}/version/{version}", api: dc, handle: deleteFileVersion},
	{method: "GET", template: "/rest/api/content/{id}/child/attachment/{attachmentId}/extractedtext", api: dc, since: at(10, 0, 3), handle: extractedText, gap: "only text files have a text"},
	{method: "GET", template: "/download/attachments/{id}/{filename}", api: dc, handle: downloadDC, evidence: byRecording},
	{method: "GET", template: "/download/thumbnails/{id}/{filename}", api: dc, handle: downloadDC, evidence: byMemory, gap: "the file itself, not a smaller picture"},
}

func listAttachmentsDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	name, mediaType := c.query.Get("filename"), c.query.Get("mediaType")
	rows := slices.DeleteFunc(slices.Clone(p.files()), func(f *content) bool {
		return f.status != current || name != "" && f.title != name || mediaType != "" && f.more.file.mediaType != mediaType
	})
	e := c.expandDC("")
	return rowsDC(c, rows, 50, limitDC(1000, e, ""), nil, func(f *content) object { return c.contentDC(f.now(), e) })
}

// uploadDC is what was sent: there may be a comment for each file.
type uploadDC struct {
	upload
	comments []string
}

// prepareUploadDC reads the parts of an upload before the lock is taken.
func prepareUploadDC(c *call) (any, error) {
	var u uploadDC
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, fail(http.StatusUnsupportedMediaType, "", "HTTP 415 Unsupported Media Type")
	}
	c.mu.RLock()
	limit := c.set.maxFile
	c.mu.RUnlock()
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			if err.Error() == "EOF" {
				break
			}
			return nil, invalid("Could not read multipart body: " + err.Error())
		}
		if err := c.readPartDC(&u, part, limit); err != nil {
			return nil, err
		}
	}
	switch {
	case len(u.files) == 0:
		return nil, invalid("At least one file must be uploaded")
	case len(u.comments) > 0 && len(u.comments) != len(u.files):
		return nil, invalid("There must be as many comments as files")
	}
	return &u, nil
}

// holderDC returns the content that files of the call belong to.
func (c *call) holderDC() (*content, error) {
	on, err := c.findDC(c.params[0])
	if err != nil {
		return nil, err
	}
	wantDraft := c.query.Get("status") == "draft"
	if on.kind == attachment || on.status == trashed || (on.status == draft) != wantDraft {
		return nil, noContent(c.params[0])
	}
	root := on.root()
	if !root.edits(c.user) || !root.space.allowed(c.user, "create", "attachment") {
		return nil, notAllowed("You do not have permission to add attachments to the content with id " + c.params[0])
	}
	if c.set.maxFile == 0 {
		return nil, notAllowed("Attachments are disabled")
	}
	return on, nil
}

// createAttachments refuses a name that is there already (register row AT-02); with allowDuplicated it makes another.
func createAttachments(c *call) (answer, error) {
	u := c.prepared.(*uploadDC)
	on, err := c.holderDC()
	if err != nil {
		return answer{}, err
	}
	again := c.flag("allowDuplicated", false)
	for i, f := range u.files {
		same := func(o uploaded) bool { return o.name == f.name }
		if !again && (fileNamed(on, f.name) != nil || slices.ContainsFunc(u.files[:i], same)) {
			return answer{}, invalid("Cannot add a new attachment with same file name as an existing attachment: " + f.name)
		}
	}
	rows := []object{}
	e := c.expandDC("version,container")
	for i, f := range u.files {
		f.name = freeName(on, f.name)
		if len(u.comments) > 0 {
			u.comment = u.comments[i]
		}
		rows = append(rows, c.contentDC(c.attach(on, f, &u.upload).now(), e))
	}
	return rowsDC(c, rows, len(rows), len(rows), nil, func(o object) object { return o })
}

// freeName is the name with a number behind it where it is taken.
func freeName(on *content, name string) string {
	end := path.Ext(name)
	free := name
	for n := 1; fileNamed(on, free) != nil; n++ {
		free = strings.TrimSuffix(name, end) + " (" + strconv.Itoa(n) + ")" + end
	}
	return free
}

// attachedDC is the attachment of the call, checked against the content in the path.
func (c *call) attachedDC() (*content, error) {
	f, err := c.findDC(c.params[1])
	if err != nil || f.kind != attachment || text(f.parent.id) != numeric(c.params[0]) || f.status == trashed {
		return nil, noContent(c.params[1])
	}
	return f, nil
}

// changeableFile is the attachment of the call if the caller may change it.
func (c *call) changeableFile() (*content, error) {
	f, err := c.attachedDC()
	if err == nil && (!f.root().edits(c.user) || !f.space.allowed(c.user, "create", "attachment")) {
		err = notAllowed("You do not have permission to change the attachment with id " + c.params[1])
	}
	return f, err
}

// attachmentData is a new version by id.
func attachmentData(c *call) (answer, error) {
	u := c.prepared.(*uploadDC)
	f, err := c.changeableFile()
	if err != nil {
		return answer{}, err
	}
	comment := ""
	if len(u.comments) > 0 {
		comment = u.comments[0]
	}
	up := u.files[0]
	c.commitFile(f, &file{
		stored: up.stored, mediaType: up.mediaType, comment: comment, uuid: c.uuid("file", text(f.id), text(int64(f.number()+1))),
	}, u.minor)
	c.touch(f)
	return ok(c.wholeDC(c.contentDC(f.now(), c.expandDC("version,container")), ""))
}

// updateAttachment renames, describes or moves an attachment. It takes exactly the stored version number (register row
// AT-03, open-facts OF-34).
func updateAttachment(c *call) (answer, error) {
	q := c.prepared.(*fileRequest)
	f, err := c.changeableFile()
	if err != nil {
		return answer{}, err
	}
	switch {
	case q.Type != "attachment" || numeric(q.ID) != text(f.id):
		return answer{}, invalid("The id and the type must be those of the attachment")
	case q.Version.Number == 0:
		return answer{}, invalid("The version number of the attachment must be given")
	case q.Version.Number != f.number():
		return answer{}, failf(http.StatusConflict, "", "The version %d does not match that of the attachment, which is %d", q.Version.Number, f.number())
	}
	on := f.parent
	if q.Container != nil {
		if on, err = c.editable(numeric(strings.Trim(string(encode(q.Container.ID)), `"`))); err != nil {
			return answer{}, err
		}
	}
	if err := c.rehang(f, on, q.Title); err != nil {
		return answer{}, err
	}
	changed := *f.more.file
	if q.Metadata.MediaType != "" {
		changed.mediaType = q.Metadata.MediaType
	}
	if q.Metadata.Comment != "" {
		changed.comment = q.Metadata.Comment
	}
	f.more.file = &changed
	f.last.at, f.last.by, f.last.message = c.stamp(), c.user, changed.comment
	f.space.changed(f)
	c.happens(f, "updated")
	return ok(c.wholeDC(c.contentDC(f.now(), c.expandDC("version,container")), ""))
}

// rehang gives an attachment another place and name.
func (c *call) rehang(f, on *content, name string) error {
	if name == "" {
		name = f.title
	}
	if strings.ContainsAny(name, "/\\") {
		return invalid("Invalid file name: " + name)
	}
	if taken := fileNamed(on, name); taken != nil && taken != f {
		return invalid("Cannot move or rename the attachment: same file name as an existing attachment: " + name)
	}
	if on != f.parent {
		f.parent.more.files = without(f.parent.more.files, f)
		on.extra().files = append(slices.Clip(on.more.files), f)
		f.parent, f.space = on, on.space
	}
	f.rename(name)
	c.touch(f)
	return nil
}

func moveAttachment(c *call) (answer, error) {
	f, err := c.changeableFile()
	if err != nil {
		return answer{}, err
	}
	on := f.parent
	if id := c.query.Get("newContentId"); id != "" {
		if on, err = c.editable(id); err != nil {
			return answer{}, err
		}
	}
	if err := c.rehang(f, on, c.query.Get("newName")); err != nil {
		return answer{}, err
	}
	c.happens(f, "updated")
	return status204()
}

// removableFile is the attachment of the call if the caller may delete it; the lack of the right is 400 here.
func (c *call) removableFile() (*content, error) {
	f, err := c.attachedDC()
	if err == nil && !(f.root().edits(c.user) && (f.creator == c.user || f.space.allowed(c.user, "delete", "attachment"))) {
		err = invalid("You do not have permission to remove the attachment with id " + c.params[1])
	}
	return f, err
}

// deleteAttachmentDC puts an attachment into the trash.
func deleteAttachmentDC(c *call) (answer, error) {
	f, err := c.removableFile()
	if err != nil {
		return answer{}, err
	}
	f.status = trashed
	c.happens(f, "removed")
	c.touch(f)
	return status204()
}

// deleteFileVersion removes one older version for good; its number stays free.
func deleteFileVersion(c *call) (answer, error) {
	f, err := c.removableFile()
	if err != nil {
		return answer{}, err
	}
	number, err := strconv.Atoi(c.params[2])
	_, found := f.fileAt(number)
	switch {
	case err != nil || !found:
		return answer{}, fail(http.StatusNotFound, "", "No version "+c.params[2]+" of the attachment with id "+c.params[1])
	case number == f.number():
		return answer{}, invalid("The current version cannot be removed by its number")
	}
	f.older = slices.Clone(f.older)
	f.older[number-int(f.firstAt)].file = nil
	c.touch(f)
	return status204()
}

func extractedText(c *call) (answer, error) {
	f, err := c.attachedDC()
	if err != nil {
		return answer{}, err
	}
	v := f.more.file
	if !strings.HasPrefix(v.mediaType, "text/") || v.size == 0 {
		return status204()
	}
	limit := v.size
	if n, err := strconv.ParseInt(c.query.Get("limit"), 10, 64); err == nil && n > 0 {
		limit = min(limit, n)
	}
	data := make([]byte, min(limit, 1<<20))
	if _, err := c.heap.open(v.stored).ReadAt(data, 0); err != nil {
		return answer{}, err
	}
	return ok(object{"extractedText": strings.ToValidUTF8(string(data), "�")})
}

// downloadDC serves the bytes of an attachment to whoever may see it; who is not logged in is sent to the login page.
func downloadDC(c *call) (answer, error) {
	login := answer{status: http.StatusFound}
	login.set("Location", c.base()+"/login.action?os_destination="+url.QueryEscape(c.r.URL.RequestURI()))
	on, err := c.findDC(c.params[0])
	if bearer := strings.HasPrefix(c.r.Header.Get("Authorization"), "Bearer "); bearer && c.set.bearerOnlyREST {
		return login, nil
	}
	var f *content
	if err == nil {
		f = fileNamed(on, c.params[1])
	}
	if f == nil {
		if c.anonymous() {
			return login, nil
		}
		return htmlAnswer(http.StatusNotFound, "Not Found"), nil
	}
	number := f.number()
	if v := c.query.Get("version"); v != "" {
		if number, err = strconv.Atoi(v); err != nil {
			return htmlAnswer(http.StatusNotFound, "Not Found"), nil
		}
	}
	v, found := f.fileAt(number)
	if !found {
		return htmlAnswer(http.StatusNotFound, "Not Found"), nil
	}
	a := answer{status: http.StatusOK, stream: c.heap.open(v.stored), form: v.mediaType}
	a.set("Content-Length", text(v.size))
	a.set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(f.title))
	return a, nil
}
