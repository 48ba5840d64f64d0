package engine_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// sharedData finds the real exports made by others, or skips the test.
func sharedData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TANDEM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(data, "expected.tsv")); err != nil {
		t.Skip("no ../shared here: the real exports are not migrated in this run")
	}
	return data
}

// expectation is one row of expected.tsv by column.
type expectation map[string]string

func (x expectation) count(column string) int {
	n, err := strconv.Atoi(x[column])
	if err != nil {
		return 0
	}
	return n
}

func readExpected(t testing.TB, data string) []expectation {
	t.Helper()
	f, err := os.Open(filepath.Join(data, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []expectation
	var columns []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		cells := strings.Split(sc.Text(), "\t")
		if columns == nil {
			columns = cells
			continue
		}
		row := expectation{}
		for i, c := range cells {
			row[columns[i]] = c
		}
		rows = append(rows, row)
	}
	return rows
}

// countColumns are the columns of expected.tsv that the state dump counts under the same names.
var countColumns = []string{
	"currentPages", "blogPosts", "footerComments", "replies", "attachmentsWithBinary", "labels", "restrictedPages",
}

// deviation is how a count at the destination differs from the export's, and which rule of Cloud, or which part that is
// not carried yet, is the reason.
type deviation struct {
	column string
	less   int
	reason string
}

var deviations = map[string][]deviation{
	"xwiki-confluence/exports/4.3.2.xml.zip":  {{"labels", 1, "my:favourite on Page 2 is a personal label, which only its owner can give"}},
	"xwiki-confluence/exports/inlinecomments": {{"replies", 6, "replies to inline comments, which are not carried yet"}},
}

func TestRealExportsArriveAndAreProvedEqual(t *testing.T) {
	data := sharedData(t)
	n := 0
	for _, x := range readExpected(t, data) {
		if x["verdict"] != "migrate" {
			continue
		}
		n++
		t.Run(x["export"], func(t *testing.T) { migrateReal(t, data, x) })
	}
	if n < 71 {
		t.Errorf("only %d exports with verdict migrate", n)
	}
}

// TestRealExportsWithNothingInThemAreRefused wants every export that the table calls empty to be refused with a code
// and the reason, and nothing to be written.
func TestRealExportsWithNothingInThemAreRefused(t *testing.T) {
	data := sharedData(t)
	for _, x := range readExpected(t, data) {
		reason, refused := strings.CutPrefix(x["verdict"], "refuse:")
		if !refused {
			continue
		}
		t.Run(x["export"], func(t *testing.T) {
			w := newWorld(t, nil)
			w.open()
			w.addSite()
			p := migration.NewPlan()
			p.Name, p.From.Export, p.To.Site = "real", filepath.Join(data, x["export"]), "cloud"
			p.Spaces = []migration.SpaceScope{migration.NewScope(x["spaceKeys"], "")}
			_, err := w.engine.CreatePlan(t.Context(), p)
			e := confluence.AsError(err)
			if err == nil || e.Code != confluence.CodeExportDefect || !strings.Contains(e.What, reason) {
				t.Errorf("got %v, want a refusal that says %q", err, reason)
			}
			if n := w.writes(); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

func migrateReal(t *testing.T, data string, x expectation) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	var scopes []migration.SpaceScope
	for _, key := range strings.Split(x["spaceKeys"], ",") {
		scopes = append(scopes, migration.NewScope(key, targetFor(key)))
	}
	w.plan("real", filepath.Join(data, x["export"]), scopes...)
	run := w.migrate("real")
	w.mustFinish(run)
	got := w.counts()
	for _, column := range countColumns {
		want := x.count(column)
		for _, d := range deviations[x["export"]] {
			if d.column == column {
				want -= d.less
			}
		}
		if got[column] != want {
			t.Errorf("%s: %d, want %d", column, got[column], want)
		}
	}
	w.noBodyExcused(run)
	if t.Failed() {
		t.Log(w.story(run.ID))
	}
}

// targetFor gives personal spaces a key that a Cloud site takes for an ordinary space.
func targetFor(key string) string {
	if rest, ok := strings.CutPrefix(key, "~"); ok {
		return "P" + rest
	}
	return key
}

// noBodyExcused fails if a finding says that a whole body did not arrive.
func (w *world) noBodyExcused(run store.Run) {
	w.t.Helper()
	findings, err := w.store.Findings(w.t.Context(), store.FindingFilter{Run: run.ID})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range findings {
		whole := f.Where.Facet == "body" && f.Effect == confluence.Lost || f.Code == confluence.CodeIllFormedBody
		if whole {
			w.t.Errorf("a finding excuses a whole body: %s %s", f.Code, f.What)
		}
	}
}
