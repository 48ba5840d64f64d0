package markup

import (
	"fmt"
	"strconv"
	"strings"
)

// When says what makes a row of the normalisation table happen.
type When string

// A body changes when it is written over REST, when a person saves it in the new editor, when it passes ADF, when it was
// sent as HTML, and when somebody comments on words of it. Kept rows say what does not change.
const (
	OnWrite   When = "write"
	OnWriteDC When = "write, Data Center"
	OnEditor  When = "editor"
	OnADF     When = "ADF"
	OnHTML    When = "HTML"
	OnComment When = "comment"
	Kept      When = "kept"
)

// Row is a row of the normalisation table (cloud-api.md section 8.3; dc-api.md section 14), or a part of one.
type Row struct {
	Number   int
	When     When
	Sentence string
	// Examples are bodies before and after.
	Examples [][2]string
	// Alters says what of the content is another afterwards, for a reader or a program; empty: nothing is.
	Alters string
}

// Apply does to a body what the row is about, on a site that has a page There of id 300 in space K, a file there.png and
// an account u1, with the username joe and the key k1. Identifiers are id-1, id-2 and so on.
func (r Row) Apply(raw string) (string, error) {
	rules := Rules{
		ID:         func(n int) string { return "id-" + strconv.Itoa(n) },
		Target:     func(ref Ref) (int, bool) { return 7, ref.Title == "There" || ref.File == "there.png" },
		DataCenter: r.When == OnWriteDC,
		User: func(kind, id string) (string, string, bool) {
			if r.When == OnWriteDC {
				return "userkey", "k1", kind == "username" && id == "joe"
			}
			return "account-id", "u1", id == "joe" || id == "k1"
		},
	}
	switch r.When {
	case OnEditor:
		return EditorSave(raw, func(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n) })
	case OnADF:
		document, err := ToADF(raw, exampleScene())
		if err != nil {
			return "", err
		}
		return FromADF(document, exampleScene(), true)
	case OnHTML:
		return AsHTML(raw, exampleScene())
	case OnComment:
		out, _, err := Mark(raw, "word", 0, "ref-1")
		return out, err
	}
	return Normalise(raw, rules)
}

func exampleScene() *Scene {
	there := Target{ID: "300", Title: "There", SpaceKey: "K", Path: "/spaces/K/pages/300/There", Type: "page", Version: 7}
	file := File{Name: "there.png", FileID: "f-9", Collection: "contentId-1"}
	return &Scene{
		Base: "https://s.example/wiki", Context: "/wiki", Cloud: true,
		Page:  func(r Ref) (Target, bool) { return there, r.Title == "There" },
		ByID:  func(id string) (Target, bool) { return there, id == "300" },
		File:  func(r Ref) (File, bool) { return file, r.File == "there.png" },
		Media: func(id string) (File, bool) { return file, id == "f-9" },
	}
}

// AsHTML does what the vendor's converter does to a body that comes to it as HTML: apostrophes become references, and
// addresses of pages become links by title (rows 8 and 19; register row ST-07).
func AsHTML(raw string, scene *Scene) (string, error) {
	return change(raw, func(root *Node) error {
		walk(root, func(n *Node) {
			for i, k := range n.Kids {
				href, _ := k.Attr("href")
				path, own := strings.CutPrefix(href, scene.Base)
				m := pageAddress.FindStringSubmatch(path)
				if k.Name != "a" || !own || m == nil || m[3] != "" || scene.ByID == nil {
					continue
				}
				if to, ok := scene.ByID(m[1] + m[2]); ok {
					page := el("ri:page").withAttr("ri:content-title", to.Title).withAttr("ri:version-at-save", strconv.Itoa(to.Version))
					n.Kids[i] = el("ac:link", page, el("ac:link-body", k.Kids...))
				}
			}
		})
		escapeQuotes(root)
		return nil
	})
}

// escapeQuotes marks the apostrophes of texts, so that they are written as references.
func escapeQuotes(n *Node) {
	for _, k := range n.Kids {
		k.quoted = k.Name == "" && !k.CDATA
		escapeQuotes(k)
	}
}

// RowsByNumber returns the rows in the order of their numbers.
func RowsByNumber() []Row {
	var out []Row
	for number := 1; number <= 40; number++ {
		for _, list := range [][]Row{writeRows, keptRows, editorRows, documentRows} {
			for _, r := range list {
				if r.Number == number {
					out = append(out, r)
				}
			}
		}
	}
	return out
}
