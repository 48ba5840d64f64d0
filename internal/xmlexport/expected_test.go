package xmlexport

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// shared returns a path below the folder of shared test data, and skips the test where it is not there.
func shared(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("TANDEM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	full := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("the shared test data is not here: %v", err)
	}
	return full
}

// expectations reads the table of expectations: one map from column to cell per export.
func expectations(t testing.TB) []map[string]string {
	f, err := os.Open(shared(t, "data", "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.Comma, in.Comment, in.LazyQuotes = '\t', '#', true
	all, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// ours are the defects that the table does not know.
var ours = []string{"missing comment", "missing label", "missing permission", defectNoID, defectOverlong, "parent comment not current",
	"plain body", "reply cycle", "too large body", "unknown permission"}

// cells writes a report as the table does.
func cells(rep Report) map[string]string {
	yes := map[bool]string{true: "yes", false: "no"}
	orDash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	var defects []string
	for name, n := range rep.Defects {
		if !slices.Contains(ours, name) {
			defects = append(defects, fmt.Sprintf("%s:%d", name, n))
		}
	}
	slices.Sort(defects)
	c := rep.Counts
	got := map[string]string{"form": rep.Form, "descriptor": yes[rep.Descriptor.Present], "exportType": orDash(rep.Descriptor.Type),
		"source": rep.Descriptor.Source, "spaceKeys": orDash(strings.Join(rep.SpaceKeys, ",")), "illFormedXml10": yes[rep.IllFormed],
		"defects": orDash(strings.Join(defects, "; ")), "verdict": rep.Verdict}
	for column, n := range map[string]int{"currentPages": c.CurrentPages, "blogPosts": c.BlogPosts, "footerComments": c.FooterComments,
		"inlineComments": c.InlineComments, "replies": c.Replies, "attachmentsCurrent": c.AttachmentsCurrent,
		"attachmentsWithBinary": c.AttachmentsWithBinary, "labels": c.Labels, "restrictedPages": c.RestrictedPages,
		"templatesGlobal": c.TemplatesGlobal, "templatesSpace": c.TemplatesSpace, "users": c.Users, "groups": c.Groups,
		"historicalVersions": c.HistoricalVersions, "drafts": c.Drafts, "trashed": c.Trashed, "bodiesWiki": c.BodiesWiki,
		"bodiesStorage": c.BodiesStorage} {
		got[column] = strconv.Itoa(n)
	}
	return got
}

// TestExpectedTable inspects every export of the shared data and compares every cell of the table.
func TestExpectedTable(t *testing.T) {
	for _, row := range expectations(t) {
		t.Run(row["export"], func(t *testing.T) {
			rep, err := Inspect(t.Context(), shared(t, "data", filepath.FromSlash(row["export"])))
			if row["verdict"] == "syntax-only" {
				if e := confluence.AsError(err); e == nil || e.Code != confluence.CodeNoExport {
					t.Fatalf("a folder without entities.xml: got %v, want %s", err, confluence.CodeNoExport)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := cells(rep)
			for column, want := range row {
				if column != "export" && got[column] != want {
					t.Errorf("%s: got %s, want %s", column, got[column], want)
				}
			}
		})
	}
}

// TestScanAgreesWithTable counts what Scan hands on of every export that is to be migrated.
func TestScanAgreesWithTable(t *testing.T) {
	for _, row := range expectations(t) {
		if row["verdict"] != "migrate" {
			continue
		}
		t.Run(row["export"], func(t *testing.T) {
			r, err := Open(t.Context(), shared(t, "data", filepath.FromSlash(row["export"])), Options{Scratch: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for column, n := range scanned(t, r) {
				if got := strconv.Itoa(n); got != row[column] {
					t.Errorf("%s: Scan hands on %s, the table says %s", column, got, row[column])
				}
			}
		})
	}
}

// scanned counts contents by the columns of the table.
func scanned(t *testing.T, r *Reader) map[string]int {
	t.Helper()
	n := map[string]int{"currentPages": 0, "blogPosts": 0, "footerComments": 0, "inlineComments": 0, "replies": 0,
		"attachmentsCurrent": 0, "attachmentsWithBinary": 0, "labels": 0, "restrictedPages": 0}
	for _, c := range everything(t, r) {
		column := map[confluence.Kind]string{confluence.Page: "currentPages", confluence.BlogPost: "blogPosts", confluence.Attachment: "attachmentsCurrent"}[c.Kind]
		switch {
		case c.Kind == confluence.Attachment && !c.File.Missing:
			n["attachmentsWithBinary"]++
		case c.Kind == confluence.Attachment:
		case c.Kind != confluence.Comment:
			n["labels"] += len(c.Labels)
			if !c.Restrictions.Open() {
				n["restrictedPages"]++
			}
		case c.Comment.ReplyTo != "":
			column = "replies"
		case c.Comment.Kind == confluence.Inline:
			column = "inlineComments"
		default:
			column = "footerComments"
		}
		if column == "footerComments" && onAttachment(t, r, c) {
			continue
		}
		n[column]++
	}
	return n
}

func onAttachment(t *testing.T, r *Reader, c confluence.Content) bool {
	t.Helper()
	found, err := r.Fetch(t.Context(), confluence.Attachment, []confluence.ID{c.Container}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return len(found) == 1
}

// everything scans all spaces with all facets.
func everything(t testing.TB, r *Reader) []confluence.Content {
	t.Helper()
	spaces, err := r.Spaces(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []confluence.Content
	for _, s := range spaces {
		for req := (confluence.ScanRequest{Space: s, Facets: confluence.AllFacets}); ; {
			b, err := r.Scan(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b.Contents...)
			if req.Cursor = b.Next; b.Next == "" {
				break
			}
		}
	}
	return all
}
