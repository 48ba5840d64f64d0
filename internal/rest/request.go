package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// Request is one call of a site's API.
type Request struct {
	Method string
	// Route is the template counters go by, such as /wiki/api/v2/pages/{id}. It is the only address in errors.
	Route string
	// Path is appended to the client's base; it is escaped already and begins with a slash.
	Path   string
	Query  url.Values
	Header http.Header
	JSON   any     // body; nil = none
	Upload *Upload // body; excludes JSON
	// Repeatable marks a write that sets a state: sending it twice leaves what sending it once leaves. Reads are
	// repeatable without it.
	Repeatable bool
	// Anonymous sends no credential.
	Anonymous bool
	// Origin: Path stands below the origin of the base, not below the base itself.
	Origin bool
	// Stay makes a Stream refuse a redirect that leaves the scheme, host and port of the base.
	Stay bool
	// Cap bounds the answer in bytes; 0 = the client's.
	Cap int64
	// Timeout bounds one try; 0 = the client's. For an Upload and a Stream it bounds the time without progress.
	Timeout time.Duration

	try int // number of the try under way, from 1
}

// Upload is a file sent as multipart/form-data. It is streamed; Open is called once per try.
type Upload struct {
	Fields    [][2]string // name and text, before the file, each sent as UTF-8
	Field     string      // name of the part that is the file
	Name      string      // file name
	MediaType string
	Size      int64 // bytes
	Open      func(context.Context) (io.ReadCloser, error)
}

func (r *Request) reads() bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

func (r *Request) repeatable() bool { return r.reads() || r.Repeatable }

// body returns a fresh body, its length, and its media type.
func (r *Request) body(ctx context.Context) (io.ReadCloser, int64, string, error) {
	switch {
	case r.Upload != nil:
		return r.Upload.body(ctx)
	case r.JSON != nil:
		b, err := marshal(r.JSON)
		if err != nil {
			return nil, 0, "", err
		}
		return io.NopCloser(bytes.NewReader(b)), int64(len(b)), "application/json", nil
	}
	return http.NoBody, 0, "", nil
}

// marshal writes JSON without escaping <, > and &, which bodies of pages are full of.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", " ", "\n", " ")

// body lays the file between head and tail of the form, so that the length is known and nothing is buffered.
func (u *Upload) body(ctx context.Context) (io.ReadCloser, int64, string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, f := range u.Fields {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"`, quoted.Replace(f[0])))
		// Without a charset, Confluence Cloud reads a text part as Latin-1 (API reference, create attachment).
		h.Set("Content-Type", "text/plain; charset=UTF-8")
		part, err := w.CreatePart(h)
		if err == nil {
			_, err = io.WriteString(part, f[1])
		}
		if err != nil {
			return nil, 0, "", err
		}
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoted.Replace(u.Field), quoted.Replace(u.Name)))
	media := u.MediaType
	if media == "" {
		media = "application/octet-stream"
	}
	h.Set("Content-Type", media)
	if _, err := w.CreatePart(h); err != nil {
		return nil, 0, "", err
	}
	head := bytes.Clone(form.Bytes())
	form.Reset()
	if err := w.Close(); err != nil {
		return nil, 0, "", err
	}
	file, err := u.Open(ctx)
	if err != nil {
		return nil, 0, "", &sourceError{err}
	}
	body := &formBody{file: file, want: u.Size}
	body.r = io.MultiReader(bytes.NewReader(head), body.source(), bytes.NewReader(form.Bytes()))
	return body, int64(len(head)) + u.Size + int64(form.Len()), w.FormDataContentType(), nil
}

// sourceError is a failure to read what is to be sent: the site has nothing to do with it.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

type formBody struct {
	r    io.Reader
	file io.ReadCloser
	want int64
	got  int64
}

func (b *formBody) Read(p []byte) (int, error) { return b.r.Read(p) }
func (b *formBody) Close() error               { return b.file.Close() }

// source is the file alone, which must have exactly the length that was promised.
func (b *formBody) source() io.Reader { return readerFunc(b.readFile) }

func (b *formBody) readFile(p []byte) (int, error) {
	n, err := b.file.Read(p)
	b.got += int64(n)
	switch {
	case b.got > b.want:
		return 0, &sourceError{fmt.Errorf("the file is longer than the %d bytes it should have", b.want)}
	case err == io.EOF && b.got < b.want:
		return n, &sourceError{fmt.Errorf("the file ends after %d of %d bytes", b.got, b.want)}
	case err != nil && err != io.EOF:
		return n, &sourceError{err}
	}
	return n, err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
