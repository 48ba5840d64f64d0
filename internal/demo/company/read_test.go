package company_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/demo/company"
)

// The tests read the export, not the texts it is made of, and they read it with encoding/xml.

type wiki struct {
	files map[string][]byte
	rows  []*row
	byID  map[string]*row
}

type row struct {
	class, id string
	values    map[string]string
	body      string // of a content, repaired
	space     string // key
}

func (r *row) current() bool { return r.values["originalVersion"] == "" }

func (w *wiki) of(class string) []*row {
	var all []*row
	for _, r := range w.rows {
		if r.class == class && r.current() {
			all = append(all, r)
		}
	}
	return all
}

// texts are the pages and blog posts.
func (w *wiki) texts() []*row { return append(w.of("Page"), w.of("BlogPost")...) }

func write(t *testing.T, seed uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := company.Write(&out, seed); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var parsed = sync.OnceValues(func() (*wiki, error) {
	var out bytes.Buffer
	if err := company.Write(&out, 1); err != nil {
		return nil, err
	}
	return parse(out.Bytes())
})

func read(t *testing.T) *wiki {
	t.Helper()
	w, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func parse(data []byte) (*wiki, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	w := &wiki{files: map[string][]byte{}, byID: map[string]*row{}}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			return nil, err
		}
		if w.files[f.Name], err = io.ReadAll(in); err != nil {
			return nil, err
		}
	}
	var doc struct {
		Objects []struct {
			Class      string `xml:"class,attr"`
			ID         string `xml:"id"`
			Properties []struct {
				Name string `xml:"name,attr"`
				ID   string `xml:"id"`
				Text string `xml:",chardata"`
			} `xml:"property"`
		} `xml:"object"`
	}
	if err := xml.Unmarshal(w.files["entities.xml"], &doc); err != nil {
		return nil, err
	}
	for _, o := range doc.Objects {
		r := &row{class: o.Class, id: o.ID, values: map[string]string{}}
		for _, p := range o.Properties {
			r.values[p.Name] = p.Text + p.ID
		}
		w.rows = append(w.rows, r)
		w.byID[r.class+r.id] = r
	}
	w.join()
	return w, nil
}

func (w *wiki) join() {
	keys := map[string]string{}
	for _, r := range w.of("Space") {
		keys[r.id] = r.values["key"]
	}
	for _, r := range w.rows {
		r.space = keys[r.values["space"]]
	}
	for _, b := range w.of("BodyContent") {
		for _, class := range []string{"Page", "BlogPost", "Comment"} {
			if r := w.byID[class+b.values["content"]]; r != nil {
				r.body = strings.ReplaceAll(b.values["body"], "]] >", "]]>")
			}
		}
	}
}

// elements calls see for each start tag of a body, and gives the text that a reader sees.
func elements(body string, see func(xml.StartElement)) (string, error) {
	d := xml.NewDecoder(strings.NewReader(`<x xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">` + body + "</x>"))
	d.Entity = xml.HTMLEntity
	var text strings.Builder
	depth := 0 // inside of a macro's parameter
	for {
		token, err := d.Token()
		if err == io.EOF {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch x := token.(type) {
		case xml.StartElement:
			if x.Name.Local == "parameter" {
				depth++
			}
			if see != nil {
				see(x)
			}
			text.WriteByte(' ')
		case xml.EndElement:
			if x.Name.Local == "parameter" {
				depth--
			}
		case xml.CharData:
			if depth == 0 {
				text.Write(x)
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
