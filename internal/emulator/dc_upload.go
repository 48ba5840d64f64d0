package emulator

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// readPartDC reads one part of an upload: the bytes of a file go to the heap at once, texts are UTF-8.
func (c *call) readPartDC(u *uploadDC, part *multipart.Part, limit int64) error {
	_, disposition, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return invalid("Invalid Content-Disposition: " + err.Error())
	}
	if disposition["name"] != "file" {
		data, err := io.ReadAll(io.LimitReader(part, 1<<20))
		if err != nil {
			return invalid("Could not read part " + disposition["name"])
		}
		switch disposition["name"] {
		case "comment":
			u.comments = append(u.comments, strings.ToValidUTF8(string(data), "�"))
		case "minorEdit":
			u.minor = string(data) == "true"
		}
		return nil
	}
	name := disposition["filename"]
	if name == "" || strings.ContainsAny(name, "/\\") { // register row AT-11
		return invalid("Invalid file name: " + name)
	}
	bytes, err := c.heap.putFile(part, limit)
	switch {
	case errors.Is(err, errTooLarge):
		status := http.StatusRequestEntityTooLarge
		if c.set.largeMissing { // as the vendor documents it (register row AT-07, open-facts OF-33)
			status = http.StatusNotFound
		}
		return fail(status, "", "The attachment exceeds the configured maximum size")
	case err != nil:
		return invalid("Could not read the file: " + err.Error())
	}
	u.files = append(u.files, uploaded{name, mediaType(name, part.Header.Get("Content-Type")), bytes})
	return nil
}
