package emulator

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// exportedBodies gives every body of the exports of others: raw, and whether it is wiki markup.
func exportedBodies(t *testing.T, each func(where, raw string, wiki bool)) {
	t.Helper()
	if shared() == "" {
		t.Skip("the exports of others are not there")
	}
	err := filepath.WalkDir(filepath.Join(shared(), "data"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == "entities.xml":
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			bodiesOf(path, data, each)
		case strings.HasSuffix(path, ".zip"):
			z, err := zip.OpenReader(path)
			if err != nil {
				return nil // some are broken on purpose
			}
			defer z.Close()
			for _, f := range z.File {
				if filepath.Base(f.Name) != "entities.xml" {
					continue
				}
				r, err := f.Open()
				if err != nil {
					return nil
				}
				data, err := io.ReadAll(r)
				if err != nil {
					return nil
				}
				bodiesOf(path, data, each)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func bodiesOf(path string, data []byte, each func(where, raw string, wiki bool)) {
	data = bytes.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, data)
	dec := xml.NewDecoder(bytes.NewReader(data))
	class, property, body, kind, id := "", "", "", "", ""
	for {
		tok, err := dec.Token()
		if err != nil {
			return
		}
		switch x := tok.(type) {
		case xml.StartElement:
			for _, a := range x.Attr {
				switch {
				case x.Name.Local == "object" && a.Name.Local == "class":
					class, body, kind, id = a.Value, "", "", ""
				case x.Name.Local == "property" && a.Name.Local == "name":
					property = a.Value
				}
			}
			if x.Name.Local == "id" {
				property = "id"
			}
		case xml.CharData:
			switch property {
			case "body":
				body += string(x)
			case "bodyType":
				kind += strings.TrimSpace(string(x))
			case "id":
				id += strings.TrimSpace(string(x))
			}
		case xml.EndElement:
			if x.Name.Local == "property" || x.Name.Local == "id" {
				property = ""
			}
			if x.Name.Local == "object" && class == "BodyContent" {
				each(path+"#"+id, strings.ReplaceAll(body, "]] >", "]]>"), kind != "2")
			}
		}
	}
}

// TestRealBodies holds the normaliser against bodies that real servers stored: none is refused but those that no XML
// parser takes, the visible text stays, and a second pass changes nothing.
func TestRealBodies(t *testing.T) {
	rules := markup.Rules{ID: func(int) string { return "0" }}
	storageBodies, wikiBodies, refused := 0, 0, map[string]string{}
	exportedBodies(t, func(where, raw string, wiki bool) {
		if wiki {
			wikiBodies++
			raw = markup.FromWiki(raw)
		} else {
			storageBodies++
		}
		back, err := markup.Normalise(raw, rules)
		if err != nil {
			var syntax *markup.SyntaxError
			if !errors.As(err, &syntax) || wiki {
				t.Errorf("%s: %v", where, err)
			}
			refused[where] = err.Error()
			return
		}
		again, err := markup.Normalise(back, rules)
		if err != nil || again != back {
			t.Errorf("%s: second pass: %v", where, err)
		}
		before, _ := markup.Text(raw)
		after, _ := markup.Text(back)
		if strings.Join(strings.Fields(before), " ") != strings.Join(strings.Fields(after), " ") {
			t.Errorf("%s: text changed", where)
		}
	})
	t.Logf("%d storage bodies, %d wiki bodies", storageBodies, wikiBodies)
	for where, why := range refused {
		t.Logf("refused: %s: %s", where, why)
	}
	if len(refused)*20 > storageBodies {
		t.Errorf("%d of %d bodies are refused", len(refused), storageBodies)
	}
}
