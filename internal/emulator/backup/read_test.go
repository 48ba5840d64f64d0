package backup_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// The tests read an export with encoding/xml, in one piece.

type exported struct {
	Objects []entity `xml:"object"`
}

type entity struct {
	Class       string       `xml:"class,attr"`
	Package     string       `xml:"package,attr"`
	ID          string       `xml:"id"`
	Properties  []property   `xml:"property"`
	Collections []collection `xml:"collection"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Class string `xml:"class,attr"`
	ID    string `xml:"id"`
	Text  string `xml:",chardata"`
}

type collection struct {
	Name     string `xml:"name,attr"`
	Elements []struct {
		Class string `xml:"class,attr"`
		ID    string `xml:"id"`
	} `xml:"element"`
}

func (o entity) value(name string) string {
	for _, p := range o.Properties {
		if p.Name == name {
			if p.Class != "" {
				return p.ID
			}
			return p.Text
		}
	}
	return ""
}

type export struct {
	entries map[string]string
	names   []string
	raw     string
	exported
}

func (e export) of(class string) []entity {
	var all []entity
	for _, o := range e.Objects {
		if o.Class == class {
			all = append(all, o)
		}
	}
	return all
}

func (e export) with(class, name, value string) []entity {
	var all []entity
	for _, o := range e.of(class) {
		if o.value(name) == value {
			all = append(all, o)
		}
	}
	return all
}

func unzip(t *testing.T, data []byte) export {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	e := export{entries: map[string]string{}}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		e.names = append(e.names, f.Name)
		e.entries[f.Name] = string(text)
	}
	e.raw = e.entries["entities.xml"]
	return e
}

func read(t *testing.T, data []byte) export {
	t.Helper()
	e := unzip(t, data)
	if err := xml.Unmarshal([]byte(e.raw), &e.exported); err != nil {
		t.Fatal(err)
	}
	return e
}

func bytesOf(s string) func() (io.Reader, error) {
	return func() (io.Reader, error) { return strings.NewReader(s), nil }
}

// garden writes a small export that has at least one of everything.
func garden(t *testing.T, o backup.Options) ([]byte, []backup.Planted) {
	t.Helper()
	var out bytes.Buffer
	w, err := backup.Create(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	ann, bo := "4028abcd00000000000000000000000a", "4028abcd00000000000000000000000b"
	w.User(backup.User{Key: ann, Name: "Ann", FullName: "Ann Gärtner", Email: "ann@garden.example"})
	w.User(backup.User{Key: bo, Name: "bo", FullName: "Bo", Email: "bo@garden.example", Inactive: true})
	if o.Site {
		w.Group(backup.Group{Name: "diggers", Members: []string{"ann"}})
		w.Group(backup.Group{Name: "all", Members: []string{"bo"}, Groups: []string{"diggers"}})
		w.GlobalPermission(backup.Permission{Type: "USECONFLUENCE", Principal: backup.Principal{Group: "all"}})
	}
	w.Space(backup.Space{Key: "LAWN", Name: "Lawn", Home: 900, Creator: ann})
	w.Space(backup.Space{
		Key: "BEDS", Name: "Beds & borders", Home: 101, Description: "What grows where", Creator: ann,
		Categories:  []backup.Label{{Namespace: "team", Name: "outdoors"}},
		Permissions: []backup.Permission{{Type: "VIEWSPACE", Principal: backup.Principal{Group: "diggers"}}, {Type: "COMMENT", Principal: backup.Principal{User: bo}}},
	})
	w.Page(backup.Content{ID: 900, Space: "LAWN", Title: "Lawn", Creator: ann, Body: backup.Storage("<p>Grass.</p>")})
	w.Page(backup.Content{ID: 101, Space: "BEDS", Title: "Beds", Creator: ann, Body: backup.Storage("<p>Start here.</p>")})
	for i, title := range []string{"Peas", "Beans", "Kürbis", "Roses", "Tulips", "Sage", "Thyme", "Mint"} {
		w.Page(backup.Content{
			ID: int64(110 + i), Space: "BEDS", Parent: 101, Title: title, Position: i, Positioned: i < 3, Creator: bo, Version: 2,
			Body:   backup.Storage(`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if a[b[0]] > 1 {}]]></ac:plain-text-body></ac:structured-macro>`),
			Labels: []backup.Label{{Name: "plant"}}, Watchers: []string{ann}, Likes: []string{ann},
			Properties: []backup.Property{{Name: "share-id", String: "s"}},
			Readers:    []backup.Principal{{User: ann}, {Group: "diggers"}},
		})
	}
	w.Page(backup.Content{Original: 110, Space: "BEDS", Title: "Peas", Version: 1, Creator: ann, Body: backup.Storage("<p>first</p>")})
	w.BlogPost(backup.Content{ID: 150, Space: "BEDS", Title: "First frost", Creator: ann, Body: backup.Wiki("h1. Brr")})
	w.Attachment(backup.Attachment{ID: 160, Container: 110, Space: "BEDS", Name: "plan.png", Version: 2, Size: 5, Open: bytesOf("bytes"), Creator: ann})
	for i, name := range []string{"seeds.csv", "soil.txt", "list.txt"} {
		w.Attachment(backup.Attachment{ID: int64(161 + i), Container: 110, Space: "BEDS", Name: name, MediaType: "text/plain", Size: 5, Open: bytesOf("bytes"), Creator: ann})
	}
	w.Attachment(backup.Attachment{Original: 160, Container: 110, Space: "BEDS", Name: "plan.png", Version: 1, Size: 3, Open: bytesOf("old")})
	top := w.Comment(backup.Comment{Container: 110, Creator: bo, Body: backup.Storage("<p>When?</p>")})
	w.Comment(backup.Comment{Container: 110, Parent: top, Creator: ann, Body: backup.Storage("<p>May.</p>")})
	w.Comment(backup.Comment{Container: 111, Creator: ann, Body: backup.Storage("<p>Here.</p>"), Inline: &backup.Inline{Marker: "m-1", Selection: "if", Status: "open"}})
	w.Template(backup.Template{Name: "Bed", Space: "BEDS", Creator: ann, Body: backup.Storage("<p><at:var at:name=\"plant\"/></p>")})
	w.Custom(backup.Custom{Container: 111, Space: "BEDS", Key: "zone", JSON: `{"hardiness":7}`, Creator: ann})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w.Planted()
}
