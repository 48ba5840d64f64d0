package api

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// withRun adds a plan and a run of it that ended, with findings, log and proof.
func (f *fixture) withRun() string {
	f.t.Helper()
	f.withPlan()
	plan, err := f.store.Plan(f.t.Context(), "HR")
	if err != nil {
		f.t.Fatal(err)
	}
	var run store.Run
	err = f.store.Commit(f.t.Context(), store.Lease{}, func(tx *store.Tx) error {
		run = tx.NewRun("HR")
		run.Status, run.Started, run.Ended, run.Document = migration.PlanIncomplete, f.now, f.now, plan.Plan.YAML()
		if err := tx.PutRun(run); err != nil {
			return err
		}
		task := migration.Task{Space: "HR", Target: "HR", Phase: migration.PhaseOpen, Status: migration.TaskIncomplete}
		task.Counts.Pages = migration.Tally{Done: 40, Total: 42, Failed: 2}
		if err := tx.PutTask(store.TaskRow{Run: run.ID, Space: "HR", Pair: 1, Task: task}); err != nil {
			return err
		}
		for i := range 25 {
			if err := tx.AddFinding(run.ID, finding(i)); err != nil {
				return err
			}
			line := store.LogLine{Level: []string{"info", "warning", "error"}[i%3], Text: fmt.Sprintf("line %d", i), Space: "HR", At: f.now}
			if err := tx.Log(run.ID, line); err != nil {
				return err
			}
		}
		return tx.PutProof(run.ID, 1, proof())
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return run.ID
}

func finding(i int) migration.Finding {
	f := migration.Finding{Code: confluence.CodeFileMissing, Severity: migration.SeverityWarning, Effect: confluence.Lost, Space: "HR", What: "a file is missing"}
	f.Content = migration.FindingContent{Kind: confluence.Page, ID: confluence.ID(fmt.Sprint(i)), Title: fmt.Sprintf("<script>alert(%d)</script>", i)}
	if i%5 == 0 {
		f.Severity, f.Code = migration.SeverityError, confluence.CodeTitleTaken
	}
	return f
}

func proof() parity.Proof {
	return parity.Proof{
		Space: "HR", Depth: parity.Everything, Leaves: [2]int{42, 42}, Roots: [2]confluence.Digest{confluence.Sum([]byte("a")), confluence.Sum([]byte("b"))},
		Differences: []parity.Difference{{Twin: "t1", Kind: confluence.Page, Title: "<b>Bold</b>", Field: "title", Values: [2]string{"x", "y"}}},
	}
}

func TestRunByNameAndNumber(t *testing.T) {
	f := newFixture(t)
	f.refused("GET", "/runs/HR", "", 404, confluence.CodeNoSuchName)
	id := f.withRun()
	var p Progress
	f.ok("GET", "/runs/HR", "", &p)
	if p.Run != id || p.Status != "INCOMPLETE" || p.Done != 40 || p.Total != 42 || p.Failed != 2 || p.Ended == nil {
		t.Errorf("progress is %+v", p)
	}
	f.ok("GET", "/runs/HR%231", "", &p)
	for _, bad := range []string{"HR%23", "HR%232", "HR%23x", "HR%230", "HR%2399999999999999999999", "NO", "NO%231"} {
		f.refused("GET", "/runs/"+bad, "", 404, confluence.CodeNoSuchName)
	}
	var list Runs
	f.ok("GET", "/runs?open=true", "", &list)
	if len(list.Runs) != 0 {
		t.Errorf("an ended run is open: %+v", list.Runs)
	}
	f.ok("GET", "/runs?plan=HR", "", &list)
	if len(list.Runs) != 1 {
		t.Errorf("runs are %+v", list.Runs)
	}
	var tasks Tasks
	f.ok("GET", "/runs/HR/pending", "", &tasks)
	if len(tasks.Tasks) != 1 {
		t.Errorf("pending are %+v", tasks.Tasks)
	}
}

func TestFindingsComeInParts(t *testing.T) {
	f := newFixture(t)
	f.withRun()
	seen := map[string]bool{}
	after := ""
	for range 10 {
		var part Findings
		f.ok("GET", "/runs/HR/findings?limit=10&after="+after, "", &part)
		for _, x := range part.Findings {
			seen[x.ID] = true
		}
		if after = part.Next; after == "" {
			break
		}
	}
	if len(seen) != 25 || after != "" {
		t.Errorf("%d findings seen, next %q", len(seen), after)
	}
	var part Findings
	f.ok("GET", "/runs/HR/failures", "", &part)
	if len(part.Findings) != 5 {
		t.Errorf("%d failures", len(part.Findings))
	}
	f.ok("GET", "/runs/HR/findings?code=T-7201", "", &part)
	if len(part.Findings) != 20 {
		t.Errorf("%d of T-7201", len(part.Findings))
	}
	_, text := f.call("GET", "/runs/HR/findings.csv?severity=error", "")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 6 || rows[0][0] != "id" {
		t.Errorf("csv has %d rows, %v: %s", len(rows), err, text)
	}
}

func TestLogByLevel(t *testing.T) {
	f := newFixture(t)
	f.withRun()
	var log Log
	f.ok("GET", "/runs/HR/log?level=warn&limit=5", "", &log)
	if len(log.Lines) != 5 {
		t.Fatalf("%d lines", len(log.Lines))
	}
	for _, l := range log.Lines {
		if l.Level == "info" {
			t.Errorf("line %+v is below warn", l)
		}
	}
	rest := Log{}
	f.ok("GET", fmt.Sprintf("/runs/HR/log?level=warn&after=%d", log.Lines[4].N), "", &rest)
	if len(rest.Lines) != 16-5 {
		t.Errorf("%d lines after the first five, want 11", len(rest.Lines))
	}
}

func TestReportsShowTitlesAsText(t *testing.T) {
	f := newFixture(t)
	f.withRun()
	for _, path := range []string{"/runs/HR/report?format=html", "/verifications/HR/report?format=html"} {
		status, text := f.call("GET", path, "")
		if status != 200 || strings.Contains(text, "<script>alert") || strings.Contains(text, "<b>Bold") {
			t.Errorf("%s: a title acts as markup (%d)", path, status)
		}
		if !strings.Contains(text, "&lt;") {
			t.Errorf("%s: the title is not shown", path)
		}
	}
	for _, format := range []string{"text", "json"} {
		for _, path := range []string{"/runs/HR/report", "/verifications/HR/report"} {
			status, text := f.call("GET", path+"?format="+format, "")
			if status != 200 || !strings.Contains(text, "HR") {
				t.Errorf("%s as %s: %d %s", path, format, status, text)
			}
		}
	}
	f.refused("GET", "/runs/HR/report?format=pdf", "", 422, confluence.CodeUsage)
}

func TestVerification(t *testing.T) {
	f := newFixture(t)
	f.withRun()
	var v Verification
	f.ok("GET", "/verifications/HR", "", &v)
	if v.Equal || v.Differences() != 1 || v.Sites != [2]string{"old", "cloud"} {
		t.Errorf("verification is %+v", v)
	}
	f.refused("GET", "/verifications/HR?space=XX", "", 404, confluence.CodeNoSuchName)
	f.refused("POST", "/verifications", `{"run":"HR","depth":"deep"}`, 422, confluence.CodeUsage)
}

// TestVerifyWaitsForARun: while a run works on the space nothing is compared.
func TestVerifyWaitsForARun(t *testing.T) {
	f := newFixture(t)
	f.withRun()
	if _, err := f.store.Acquire(t.Context(), "space/old/HR/fp-cloud", "another run", time.Minute); err != nil {
		t.Fatal(err)
	}
	f.refused("POST", "/verifications", `{"run":"HR"}`, 409, confluence.CodeOtherMigration)
}

func TestCommandsOnAnEndedRun(t *testing.T) {
	f := newFixture(t)
	f.withRun()
	f.refused("POST", "/runs/HR/pause", "", 422, confluence.CodeUsage)
	f.refused("POST", "/runs/HR/resume", "", 422, confluence.CodeUsage)
	f.refused("POST", "/runs/HR/stop", "", 422, confluence.CodeUsage)
	var p Progress
	f.ok("POST", "/runs/HR/stop?dryRun=true", "", &p)
	if p.Preview == nil || p.Status != "INCOMPLETE" {
		t.Errorf("a dry run answers %+v", p)
	}
	f.ok("POST", "/runs?dryRun=true", `{"plan":"HR"}`, &p)
	if p.Preview == nil || p.Checks == nil {
		t.Errorf("a dry run answers %+v", p)
	}
	var list Runs
	f.ok("GET", "/runs", "", &list)
	if len(list.Runs) != 1 {
		t.Errorf("a dry run started a run")
	}
}
