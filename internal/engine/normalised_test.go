package engine_test

import (
	"fmt"
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
