package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

const pairYAML = "apiVersion: tandem/v1\nkind: SpacePair\nname: hr\na: {site: old, space: HR}\nb: {site: new, space: HR}\n"

// pairBody is the body of a call that brings the file of a pair.
func pairBody(t *testing.T, file string) string {
	t.Helper()
	text, err := json.Marshal(PairFile{File: file, Name: "hr.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (f *fixture) withPair() Pair {
	f.t.Helper()
	f.ok("POST", "/sites", `{"name":"new","url":"https://new.example/wiki","secret":"x"}`, nil)
	f.ok("POST", "/sites", `{"name":"old","url":"https://old.example/wiki","secret":"x"}`, nil)
	var p Pair
	f.ok("POST", "/pairs", pairBody(f.t, pairYAML), &p)
	return p
}

// TestPairs: a pair is a draft bound to both sites; it is shown, edited and kept in the state that its acts lead to.
func TestPairs(t *testing.T) {
	f := newFixture(t)
	p := f.withPair()
	if p.State != migration.PairDraft || p.Sides[0].Site != "old" || p.Sides[1].Site != "new" || p.Pair.A.Fingerprint == "" || !strings.Contains(p.Next, "baseline hr") {
		t.Errorf("created as %+v", p)
	}
	f.refused("POST", "/pairs", pairBody(t, pairYAML), 409, confluence.CodePairTaken)
	f.refused("POST", "/pairs", pairBody(t, pairYAML+"deletes: often\n"), 422, confluence.CodeBadFile)
	f.refused("GET", "/pairs/other", "", 404, confluence.CodeNoSuchName)
	f.refused("POST", "/pairs/hr/sync", `{}`, 409, confluence.CodePairState)
	f.refused("POST", "/pairs/hr/sync?planDigest=123456789012", `{}`, 409, confluence.CodePairState)
	f.refused("POST", "/pairs/hr/pause", "", 409, confluence.CodePairState)
	if e := f.refused("POST", "/pairs/hr/sync", `{"allowBrake":"deletes"}`, 422, confluence.CodeUsage); !strings.Contains(e.What, "reason") {
		t.Errorf("a brake passes without a reason: %s", e.What)
	}
	f.refused("POST", "/pairs/hr/retire", "", 422, confluence.CodeUsage)
	f.refused("POST", "/pairs/hr/baseline?planDigest=123", "", 422, confluence.CodeUsage)

	var dry Pair
	f.ok("PUT", "/pairs/hr?dryRun=true", pairBody(t, pairYAML+"deletes: ignore\n"), &dry)
	if dry.Preview == nil || dry.Pair.Deletes != "propagate" || !strings.Contains(strings.Join(dry.Preview.Does, "\n"), "deletes: ignore") {
		t.Errorf("a dry run of an edit: %+v", dry)
	}
	var edited Pair
	f.ok("PUT", "/pairs/hr?planDigest="+dry.Preview.Digest[:12], pairBody(t, pairYAML+"deletes: ignore\n"), &edited)
	if edited.Pair.Deletes != "ignore" || edited.Preview != nil {
		t.Errorf("edited to %+v", edited.Pair)
	}
	f.refused("PUT", "/pairs/hr?planDigest="+dry.Preview.Digest[:12], pairBody(t, pairYAML), 409, confluence.CodeStale)
	f.refused("PUT", "/pairs/hr", pairBody(t, strings.Replace(pairYAML, "name: hr", "name: eng", 1)), 422, confluence.CodeUsage)
	var file PairFile
	f.ok("GET", "/pairs/hr/file", "", &file)
	if again, err := migration.ParsePair([]byte(file.File), file.Name); err != nil || again.Deletes != "ignore" {
		t.Errorf("the file is %v\n%s", err, file.File)
	}

	f.ok("POST", "/pairs/hr/retire?reason=test&dryRun=true", "", &dry)
	if dry.Preview == nil || dry.State != migration.PairDraft {
		t.Errorf("a dry run of retiring: %+v", dry)
	}
	f.ok("POST", "/pairs/hr/retire?reason=no+longer", "", &p)
	if p.State != migration.PairRetired || p.Reason != "no longer" {
		t.Errorf("retired to %s (%s)", p.State, p.Reason)
	}
	var list Pairs
	f.ok("GET", "/pairs?state=active", "", &list)
	if len(list.Pairs) != 0 {
		t.Errorf("active are %+v", list.Pairs)
	}
	f.ok("GET", "/pairs", "", &list)
	if len(list.Pairs) != 1 {
		t.Errorf("the pairs are %+v", list.Pairs)
	}
}

// stored commits what a cycle would have left.
func (f *fixture) stored(fn func(*store.Tx) error) {
	f.t.Helper()
	if err := f.store.Commit(f.t.Context(), store.Lease{}, fn); err != nil {
		f.t.Fatal(err)
	}
}

// TestPairCycles: cycles stand under the names of their sites, with what a brake kept from being done.
func TestPairCycles(t *testing.T) {
	f := newFixture(t)
	f.withPair()
	f.stored(func(tx *store.Tx) error {
		c, err := tx.NewCycle("hr", store.CycleSweep)
		if err != nil {
			return err
		}
		c.Ended, c.Outcome, c.Open = f.now, store.CycleHalted, 2
		c.Writes[confluence.B] = map[confluence.Verb]int{confluence.VerbPut: 3, confluence.VerbTrash: 1}
		c.Calls = [2]int64{4, 9}
		c.Plan = []store.Planned{{Side: confluence.B, Verb: confluence.VerbTrash, Kind: confluence.Page, Title: "Old page", Facets: reconcile.Status}}
		c.Halt = &store.Halt{Brake: "deletes", Side: confluence.A, What: "9 of 23 pages", Count: 9, Of: 23, At: f.now}
		return tx.PutCycle(c)
	})
	var got Cycles
	f.ok("GET", "/pairs/hr/cycles", "", &got)
	if len(got.Cycles) != 1 {
		t.Fatalf("cycles are %+v", got)
	}
	c := got.Cycles[0]
	if c.Sides[1].Site != "new" || c.Sides[1].Written != 4 || c.Sides[1].Writes[string(confluence.VerbPut)] != 3 || c.Sides[0].Calls != 4 || c.Open != 2 {
		t.Errorf("the cycle is %+v", c)
	}
	if c.Halt == nil || c.Halt.Site != "old" || c.Halt.Brake != "deletes" || len(c.Plan) != 1 || c.Plan[0].Site != "new" || c.Plan[0].Title != "Old page" {
		t.Errorf("its halt is %+v, its plan %+v", c.Halt, c.Plan)
	}
	var p Pair
	f.ok("GET", "/pairs/hr", "", &p)
	if p.Cycle == nil || p.Cycle.Number != c.Number || p.Cycle.Ended == nil {
		t.Errorf("the newest cycle is %+v", p.Cycle)
	}
}

// TestConflicts: a conflict shows what each site holds under the site's name, bodies included.
func TestConflicts(t *testing.T) {
	f := newFixture(t)
	f.withPair()
	row, err := f.store.PairRow(t.Context(), "hr")
	if err != nil {
		t.Fatal(err)
	}
	f.stored(func(tx *store.Tx) error {
		c := store.Conflict{
			Pair: row.ID, Twin: "t1", Facet: reconcile.Body, Kind: "body", Content: confluence.Page, Title: "Release process",
			ID: [2]confluence.ID{"1", "2"}, What: "both edited", Versions: [2]int{3, 5}, By: [2]string{"a.smith", "b.jones"},
			Base: tx.PutBlob([]byte("<p>Thursday</p>")), Sides: [2]confluence.Digest{tx.PutBlob([]byte("<p>Tuesday</p>")), tx.PutBlob([]byte("<p>Friday</p>"))},
		}
		if err := tx.PutConflict(&c); err != nil {
			return err
		}
		title := store.Conflict{
			Pair: row.ID, Twin: "t2", Facet: reconcile.Title, Kind: "title", Title: "C", BaseValue: "C", Values: [2]string{"C2", "C3"},
			What: "both renamed",
		}
		return tx.PutConflict(&title)
	})
	var list Conflicts
	f.ok("GET", "/conflicts?pair=hr", "", &list)
	if len(list.Conflicts) != 2 || list.Conflicts[0].ID != "C-1" || list.Conflicts[0].Bodies || list.Conflicts[1].Sides[1].Value != "C3" {
		t.Errorf("conflicts are %+v", list)
	}
	f.ok("GET", "/conflicts?kind=title", "", &list)
	if len(list.Conflicts) != 1 || list.Conflicts[0].Base != "C" {
		t.Errorf("conflicts of titles are %+v", list)
	}
	var c Conflict
	f.ok("GET", "/conflicts/C-1", "", &c)
	if !c.Bodies || c.Base != "<p>Thursday</p>" || c.Sides[0].Value != "<p>Tuesday</p>" || c.Sides[1].Site != "new" || c.Sides[1].By != "b.jones" || c.Sides[1].ID != "2" {
		t.Errorf("the conflict is %+v", c)
	}
	f.refused("GET", "/conflicts/C-9", "", 404, confluence.CodeNoSuchName)
	f.refused("POST", "/conflicts/C-1/resolve", `{}`, 422, confluence.CodeUsage)
	f.refused("POST", "/conflicts/C-1/resolve", `{"use":"new","file":"<p/>"}`, 422, confluence.CodeUsage)
	for use, says := range map[string]string{`"use":"new"`: "new", `"use":"both"`: "both", `"file":"<p>x</p>"`: "file"} {
		var dry Conflict
		f.ok("POST", "/conflicts/C-1/resolve?dryRun=true", fmt.Sprintf("{%s}", use), &dry)
		if dry.Preview == nil || !strings.Contains(strings.Join(dry.Preview.Does, ""), says) || dry.State != store.ConflictOpen {
			t.Errorf("a dry run with %s: %+v", use, dry)
		}
	}
}
