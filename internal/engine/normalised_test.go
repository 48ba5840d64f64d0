package engine_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// contentOf is the content digest of a body on a site that has one account, and a page There of id 300.
func contentOf(t *testing.T, raw string) confluence.Digest {
	t.Helper()
	tree, err := body.Parse(raw)
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return tree.Form().Content(func(s body.Slot) string {
		switch {
		case s.Kind == body.SlotUser:
			return "user:joe"
		case s.Kind == body.SlotPageID && s.ID == "300":
			return "page:There"
		}
		return ""
	})
}

// TestRowsLeaveTheContent holds that no row of the normalisation table looks like an edit to us, but the rows that say
// that they alter something. Those of the editor that alter text are rows 22 and 30, by name; the others happen on the
// way through HTML or ADF only, which we never write.
func TestRowsLeaveTheContent(t *testing.T) {
	for _, r := range markup.RowsByNumber() {
		for _, example := range r.Examples {
			t.Run(fmt.Sprintf("%d %s", r.Number, r.When), func(t *testing.T) {
				after, err := r.Apply(example[0])
				if err != nil {
					t.Fatal(err)
				}
				unchanged := contentOf(t, example[0]) == contentOf(t, after)
				if unchanged != (r.Alters == "") {
					t.Errorf("content unchanged: %v; the row says it alters %q\nbefore %s\nafter  %s", unchanged, r.Alters, example[0], after)
				}
			})
		}
		editor := r.When == markup.OnEditor && r.Alters != ""
		if named := r.Number == 22 || r.Number == 30; editor && !named || r.Alters != "" && !editor && r.When != markup.OnADF && r.When != markup.OnHTML {
			t.Errorf("row %d %s alters %s and is not named", r.Number, r.When, r.Alters)
		}
		if editor && !strings.HasPrefix(r.Alters, "text") {
			t.Errorf("row %d of the editor alters %s", r.Number, r.Alters)
		}
	}
}

// TestServersLeaveTheContentOfRealBodies sends every storage body of the shared data through what servers and the editor
// do to it, and demands the same content, but for the two rules of the editor that change text.
func TestServersLeaveTheContentOfRealBodies(t *testing.T) {
	bodies := realBodies(t)
	if len(bodies) < 300 {
		t.Fatalf("only %d bodies in the shared data", len(bodies))
	}
	id := func(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n) }
	refused, saved := 0, 0
	for from, raw := range bodies {
		if _, err := body.Parse(raw); err != nil {
			continue
		}
		was := contentOf(t, raw)
		for _, rules := range []markup.Rules{{ID: id}, {ID: id, DataCenter: true}} {
			stored, err := markup.Normalise(raw, rules)
			if err != nil {
				refused++
				continue
			}
			if contentOf(t, stored) != was {
				t.Errorf("%s: a write changes the content (Data Center: %v)\nbefore %s\nafter  %s", from, rules.DataCenter, clip(raw), clip(stored))
			}
		}
		after, err := markup.EditorSave(raw, id)
		if err != nil || textRules.MatchString(raw) {
			continue
		}
		saved++
		if contentOf(t, after) != was {
			a, _ := body.Parse(raw)
			b, _ := body.Parse(after)
			t.Errorf("%s: a save in the editor changes the content\nbefore %s\nafter  %s", from, a.Canonical(), b.Canonical())
		}
	}
	t.Logf("conformance: %d bodies, %d saved in the editor, %d writes refused by the server", len(bodies), saved, refused)
}

// textRules matches bodies that rows 22 and 30 may be about.
var textRules = regexp.MustCompile(`(?s)ac:name="(?:info|tip|note|warning)".*ac:name="title"|<h[1-6][^>]*(?:/>|></h)|<h[1-6][^>]*><!--`)

func clip(s string) string { return s[:min(len(s), 2000)] }

// realBodies returns the storage bodies of the exports and tools in the shared data by where they were found.
func realBodies(t *testing.T) map[string]string {
	t.Helper()
	dir := os.Getenv("TANDEM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no ../shared/data here (TANDEM_SHARED names another place)")
	}
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		fragment := strings.HasPrefix(name, "storage-") || strings.HasPrefix(name, "hallowelt-macros")
		switch {
		case filepath.Base(path) == "entities.xml":
			return entityBodies(out, name, path)
		case fragment && strings.HasSuffix(path, ".xml"):
			raw, err := os.ReadFile(path)
			out[name] = documentStart.ReplaceAllString(string(raw), "")
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	documentStart = regexp.MustCompile(`(?s)^\s*(<\?xml[^>]*\?>)?\s*(<!DOCTYPE[^>]*>)?\s*`)
	bodyContent   = regexp.MustCompile(`(?s)<object class="BodyContent".*?</object>`)
	bodyText      = regexp.MustCompile(`(?s)<property name="body"><!\[CDATA\[(.*?)\]\]></property>`)
)

// entityBodies reads the storage bodies of an export as text: what its parsers say is another test's business.
func entityBodies(out map[string]string, name, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, object := range bodyContent.FindAllString(string(raw), -1) {
		m := bodyText.FindStringSubmatch(object)
		if m != nil && strings.Contains(object, `<property name="bodyType">2</property>`) {
			out[fmt.Sprintf("%s %d", name, i)] = strings.ReplaceAll(m[1], "]] >", "]]>")
		}
	}
	return nil
}
