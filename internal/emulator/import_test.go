package emulator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// expectedRow is a row of the table of what real exports hold.
type expectedRow map[string]string

// expectedExports reads the table; the exports themselves stand beside it.
func expectedExports(t *testing.T) (dir string, rows []expectedRow) {
	t.Helper()
	dir = filepath.Join(shared(), "data")
	data, err := os.ReadFile(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Skipf("the exports of other projects are not here: %v", err)
	}
	var columns []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case columns == nil:
			columns = fields
		default:
			row := expectedRow{}
			for i, name := range columns {
				row[name] = fields[i]
			}
			rows = append(rows, row)
		}
	}
	return dir, rows
}

// deviations are counts in which an imported site differs from the table, with the reason.
var deviations = map[string]map[string]string{
	"xwiki-confluence/exports/deletedrevision": {"trashed": "the one trashed row is a deleted version of a page, which no server lists in its trash"},
}

// TestImportOfRealExports imports every export that can be migrated into both personalities, and compares what the dump
// counts with the table.
func TestImportOfRealExports(t *testing.T) {
	dir, rows := expectedExports(t)
	compared, used := 0, 0
	for _, row := range rows {
		if row["verdict"] != "migrate" {
			continue
		}
		for _, personality := range []string{"cloud", "dc"} {
			site, err := New(Options{Seed: 3, Personality: personality, Import: filepath.Join(dir, row["export"])})
			if err != nil {
				t.Errorf("%s: %v", row["export"], err)
				continue
			}
			var dump struct {
				Counts  map[string]int
				Content []struct{ Kind, ID string }
			}
			if err := json.Unmarshal(site.Dump("full"), &dump); err != nil {
				t.Fatal(err)
			}
			dump.Counts["spaces"] -= len(strings.Split(row["spaceKeys"], ","))
			for name, got := range dump.Counts {
				want := 0
				switch name {
				case "spaces":
				case "archived":
					want = defectCount(row["defects"], "archived page")
				default:
					if want, err = strconv.Atoi(row[name]); err != nil {
						t.Fatalf("%s: column %s: %v", row["export"], name, err)
					}
				}
				compared++
				if reason := deviations[row["export"]][name]; got == want {
					continue
				} else if reason == "" {
					t.Errorf("%s as %s: %d %s, the table says %d", row["export"], personality, got, name, want)
				} else {
					used++
				}
			}
			if err := site.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("conformance: %d counts compared, %d of them named deviations", compared, used)
}

func defectCount(defects, name string) int {
	for d := range strings.SplitSeq(defects, "; ") {
		if n, ok := strings.CutPrefix(d, name+":"); ok {
			count, _ := strconv.Atoi(n)
			return count
		}
	}
	return 0
}
