package rest

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestDownload follows a redirect to another host, which must not learn the credential.
func TestDownload(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 40_000)
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the credential went to the media host")
		}
		_, _ = w.Write(data)
	}))
	defer media.Close()
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			t.Error("the site was asked without the credential")
		}
		switch r.URL.Path {
		case "/wiki/file":
			http.Redirect(w, r, "/wiki/moved", http.StatusFound)
		case "/wiki/moved":
			http.Redirect(w, r, media.URL+"/f?token=t", http.StatusFound)
		case "/wiki/loop":
			http.Redirect(w, r, "/wiki/loop", http.StatusFound)
		case "/wiki/plain":
			http.Redirect(w, r, "http://media.example.test/f", http.StatusFound)
		}
	}, nil)
	s, err := client.Stream(t.Context(), Request{Route: "/file", Path: "/file"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/loop", "/plain"} {
		if _, err := client.Stream(t.Context(), Request{Route: path, Path: path}); As(err) == nil || As(err).Kind != Unusable {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDownloadStalls(t *testing.T) {
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "beginning")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, func(o *Options) { o.Clock, o.Timeout = Clock{}, 50*time.Millisecond })
	s, err := client.Stream(t.Context(), Request{Route: "/x", Path: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if e := As(err); string(got) != "beginning" || e == nil || e.Kind != Lost {
		t.Errorf("%q, %v", got, err)
	}
	_ = s.Close()
}

// TestUpload sends a form twice, since the first try meets a 429, and reads it as a server does.
func TestUpload(t *testing.T) {
	const name = "Größe \"x\" \\ ü.bin"
	data := bytes.Repeat([]byte{0, 1, 2, 255}, 50_000)
	tries := 0
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tries++
		form, err := r.MultipartReader()
		if err != nil {
			t.Error(err)
			return
		}
		var parts []string
		for {
			p, err := form.NextRawPart()
			if err != nil {
				break
			}
			b, _ := io.ReadAll(p)
			parts = append(parts, partName(t, p))
			switch partName(t, p) {
			case "comment":
				if string(b) != "Kommentar ü" || p.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
					t.Errorf("comment %q of type %q", b, p.Header.Get("Content-Type"))
				}
			case "file":
				if tries <= 2 && (!bytes.Equal(b, data) || p.FileName() != name) {
					t.Errorf("%d bytes of %q", len(b), p.FileName())
				}
			}
		}
		if tries <= 2 && strings.Join(parts, " ") != "comment file" || r.ContentLength < int64(len(data)) {
			t.Errorf("parts %v, length %d", parts, r.ContentLength)
		}
		if tries == 1 {
			w.WriteHeader(429)
			return
		}
		_, _ = io.WriteString(w, "{}")
	}, nil)
	opened, closed := 0, 0
	up := &Upload{Fields: [][2]string{{"comment", "Kommentar ü"}}, Field: "file", Name: name, Size: int64(len(data)),
		Open: func(context.Context) (io.ReadCloser, error) {
			opened++
			return &file{Reader: bytes.NewReader(data), closed: &closed}, nil
		}}
	if _, err := client.Do(t.Context(), Request{Method: "POST", Route: "/f", Path: "/f", Upload: up}, nil); err != nil {
		t.Fatal(err)
	}
	if opened != 2 || closed != 2 {
		t.Errorf("opened %d and closed %d times", opened, closed)
	}
	for _, size := range []int64{int64(len(data)) - 1, int64(len(data)) + 1} {
		up.Size = size
		_, err := client.Do(t.Context(), Request{Method: "POST", Route: "/f", Path: "/f", Upload: up}, nil)
		if e := As(err); e == nil || e.Kind != Source || e.Outcome != NotDone {
			t.Errorf("a file of %d bytes said to have %d: %v", len(data), size, err)
		}
	}
}

func partName(t *testing.T, p *multipart.Part) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil {
		t.Error(err)
	}
	return params["name"]
}

type file struct {
	io.Reader
	closed *int
}

func (f *file) Close() error { *f.closed++; return nil }
