package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// attachmentV2 is an attachment as REST v2 shows it.
func (c *call) attachmentV2(f *content) object {
	v := f.more.file
	o := object{
		"id": f.idText(), "status": f.fileStatus().String(), "title": f.title, "createdAt": f.created.String(),
		"mediaType": v.mediaType, "mediaTypeDescription": mediaName(v.mediaType), "comment": v.comment, "fileId": v.uuid,
		"fileSize": v.size, "webuiLink": f.webUI(), "downloadLink": f.downloadUI(), "version": versionV2(f.number(), &f.last),
		"_links": object{"webui": f.webUI(), "download": f.downloadUI()},
	}
	switch f.parent.kind {
	case blogPost:
		o["blogPostId"] = f.parent.idText()
	case customContent:
		o["customContentId"] = f.parent.idText()
	default:
		o["pageId"] = f.parent.idText()
	}
	return o
}

// fileStatus is the state of an attachment: with its page in the trash it is there too.
func (c *content) fileStatus() status {
	if c.parent.status == trashed || c.parent.status == archived {
		return c.parent.status
	}
	return c.status
}

func (c *content) downloadUI() string {
	return "/download/attachments/" + c.parent.idText() + "/" + url.PathEscape(c.title) + "?version=" + strconv.Itoa(c.number()) +
		"&modificationDate=" + text(int64(c.last.at)) + "&cacheVersion=1&api=v2"
}

func mediaName(mediaType string) string {
	switch major, minor, _ := strings.Cut(mediaType, "/"); {
	case major == "image":
		return strings.ToUpper(minor) + " Image"
	case mediaType == "application/pdf":
		return "PDF Document"
	case major == "text":
		return "Text File"
	}
	return "File"
}

// attachmentRows answers a listing of attachments.
func (c *call) attachmentRows(rows []*content) (answer, error) {
	w, err := c.window(50)
	if err != nil {
		return answer{}, err
	}
	o, err := c.order("created-date", "modified-date")
	if err != nil {
		return answer{}, err
	}
	statuses, err := c.statuses([]string{"current", "archived", "trashed"}, current)
	if err != nil {
		return answer{}, err
	}
	name, byName := c.query["filename"]
	mediaType, byType := c.query["mediaType"]
	picked, cursor := pick(rows, func(f *content) bool {
		return statuses[f.fileStatus()] && c.sees(f) && (!byName || f.title == name[0]) &&
			(!byType || f.more.file.mediaType == mediaType[0])
	}, o, w)
	var out []object
	for _, f := range picked {
		out = append(out, c.attachmentV2(f))
	}
	return c.listing(out, cursor)
}

func listAttachments(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		return c.attachmentRows(p.files())
	}
}

func listAllAttachments(c *call) (answer, error) { return c.attachmentRows(c.world.files) }

func getAttachment(c *call) (answer, error) {
	f, err := c.visible(numeric(c.params[0]), attachment)
	if err != nil {
		return answer{}, err
	}
	return c.singleVersion(f, c.single(c.attachmentV2(f)), nil)
}

// deleteAttachment puts an attachment into the trash, or removes a trashed one for good.
func deleteAttachment(c *call) (answer, error) {
	f, err := c.visible(numeric(c.params[0]), attachment)
	if err != nil {
		return answer{}, err
	}
	purge := c.flag("purge", false)
	space := f.root().space
	switch {
	case !f.root().edits(c.user) || !space.allowed(c.user, "delete", "attachment") && f.creator != c.user,
		purge != (f.status == trashed), purge && !space.allowed(c.user, "administer", "space"):
		return answer{}, missing("attachment", c.params[0])
	case purge:
		c.erase(f)
	default:
		f.status = trashed
	}
	return status204()
}

// attachmentV1 is an attachment as writes of REST v1 answer it.
func (c *call) attachmentV1(f *content) object {
	return c.contentV1(f, expansions{"version": true, "container": true})
}

// download sends the client to the media route with a token in the query (register row AT-05).
func download(c *call) (answer, error) {
	f, err := c.attached()
	if err != nil {
		return answer{}, err
	}
	number := f.number()
	if n := c.query.Get("version"); n != "" {
		if number, err = strconv.Atoi(n); err != nil {
			return answer{}, invalid("Invalid version: " + n)
		}
	}
	if _, found := f.fileAt(number); !found {
		return answer{}, failf(http.StatusNotFound, "NOT_FOUND", "No version %d of attachment %s", number, f.idText())
	}
	a := answer{status: http.StatusFound}
	host := strings.TrimSuffix(c.base(), "/wiki")
	a.set("Location", host+"/media/file/"+text(f.id)+"/"+strconv.Itoa(number)+"?token="+c.mediaToken(f.id, number)+"&name="+url.QueryEscape(f.title))
	return a, nil
}

// thumbnail sends the client to the picture on the media host.
func thumbnail(c *call) (answer, error) {
	f, err := c.visible(numeric(c.params[0]), attachment)
	if err != nil {
		return answer{}, err
	}
	if !strings.HasPrefix(f.more.file.mediaType, "image/") {
		return answer{}, missing("thumbnail", c.params[0])
	}
	c.params = []string{f.parent.idText(), f.idText()}
	return download(c)
}

func (s *Site) mediaToken(id int64, number int) string {
	return s.uuid("media", text(id), strconv.Itoa(number))
}

// fileAt returns the bytes of one version of an attachment.
func (c *content) fileAt(number int) (*file, bool) {
	if number == c.number() {
		return c.more.file, true
	}
	at := number - int(c.firstAt)
	if at < 0 || at >= len(c.older) || c.older[at].file == nil {
		return nil, false
	}
	return c.older[at].file, true
}

// media serves the bytes behind a download to whoever has the token; credentials do not count here.
func media(c *call) (answer, error) {
	id, err := strconv.ParseInt(c.params[0], 10, 64)
	number, err2 := strconv.Atoi(c.params[1])
	f := c.world.contents[id]
	if err != nil || err2 != nil || f == nil || f.kind != attachment || c.query.Get("token") != c.mediaToken(id, number) {
		return answer{}, fail(http.StatusForbidden, "FORBIDDEN", "Invalid media token")
	}
	v, found := f.fileAt(number)
	if !found || v.missing {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "File not found")
	}
	a := answer{status: http.StatusOK, stream: c.heap.open(v.stored), form: v.mediaType}
	a.set("Content-Length", text(v.size))
	a.set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(f.title))
	return a, nil
}

// attached returns the attachment of a v1 call, checked against the container in the path.
func (c *call) attached() (*content, error) {
	f, err := c.any(c.params[1])
	if err != nil || f.kind != attachment || f.parent.idText() != c.params[0] || f.status == trashed {
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "Cannot find attachment %s of content %s", c.params[1], c.params[0])
	}
	return f, nil
}

// fileRequest is the body of PUT content/{id}/child/attachment/{attachmentId}.
type fileRequest struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Title     string `json:"title"`
	Container *struct {
		ID any `json:"id"`
	} `json:"container"`
	Metadata struct {
		MediaType string `json:"mediaType"`
		Comment   string `json:"comment"`
	} `json:"metadata"`
	Version struct {
		Number int `json:"number"`
	} `json:"version"`
}

func prepareFile(c *call) (any, error) {
	var q fileRequest
	return &q, c.decode(&q)
}

// updateFile renames an attachment, changes its media type, or moves it to another page. It takes the stored version
// number or the next one (open-facts OF-34).
func updateFile(c *call) (answer, error) {
	q := c.prepared.(*fileRequest)
	f, err := c.attached()
	if err != nil {
		return answer{}, err
	}
	switch {
	case !f.root().edits(c.user):
		return answer{}, c.forbidden("attachment", c.params[1])
	case q.Type != "attachment" || numeric(q.ID) != text(f.id):
		return answer{}, invalid("'id' and 'type' must be those of the attachment")
	case q.Version.Number != f.number() && q.Version.Number != f.number()+1:
		return answer{}, failf(http.StatusConflict, "CONFLICT",
			"com.atlassian.confluence.api.service.exceptions.ConflictException: Version mismatch: current version is %d", f.number())
	}
	on := f.parent
	if q.Container != nil {
		if on, err = c.any(strings.Trim(string(encode(q.Container.ID)), `"`)); err != nil {
			return answer{}, err
		}
	}
	title := f.title
	if q.Title != "" {
		title = q.Title
	}
	if taken := fileNamed(on, title); taken != nil && taken != f {
		return answer{}, invalid("Cannot rename or move the attachment: same file name as an existing attachment: " + title)
	}
	changed := *f.more.file
	if q.Metadata.MediaType != "" {
		changed.mediaType = q.Metadata.MediaType
	}
	c.commitFile(f, &changed, f.last.minor)
	if on != f.parent {
		f.parent.more.files = without(f.parent.more.files, f)
		on.extra().files = append(on.more.files, f)
		f.parent, f.space = on, on.space
		f.space.changed(f)
	}
	f.title = title
	c.touch(f)
	return ok(c.attachmentV1(f))
}

// commitFile makes a new version of an attachment.
func (c *call) commitFile(f *content, next *file, minor bool) {
	old := f.last
	old.file = f.more.file
	f.older = append(slices.Clip(f.older), old)
	f.more.file = next
	f.last = version{at: c.stamp(), by: c.user, message: next.comment, minor: minor}
	f.space.changed(f)
	c.happens(f, "updated")
}
