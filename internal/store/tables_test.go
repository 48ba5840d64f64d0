package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

var ctx = context.Background()

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestSites(t *testing.T) {
	s, c := open(t)
	a := store.Site{Name: "a", Kind: confluence.Cloud, URL: "https://a.example/wiki", Auth: "basic", Email: "svc@a.example", CAFile: "ca.pem", Proxy: "http://p", ReadOnly: true, Fingerprint: "f", Concurrent: 8}
	b := store.Site{Name: "b", Kind: confluence.Export, URL: "b.zip", Created: c.Now().Add(-time.Hour)}
	commit(t, s, func(tx *store.Tx) error {
		_ = tx.PutSite(b)
		return tx.PutSite(a)
	})
	a.Created = c.Now()
	equal(t, []store.Site{a, b}, must[[]store.Site](t)(s.Sites(ctx)))
	a.ReadOnly = false
	commit(t, s, func(tx *store.Tx) error {
		_ = tx.RemoveSite("b")
		return tx.PutSite(a)
	})
	equal(t, a, must[store.Site](t)(s.Site(ctx, "a")))
	_, err := s.Site(ctx, "b")
	wantCode(t, err, confluence.CodeNoSuchName)
}

func TestPlansRunsAndTasks(t *testing.T) {
	s, c := open(t)
	plan := migration.Plan{Name: "HR-2026", Stage: "test", From: migration.Endpoint{Export: "hr.zip"}, To: migration.Endpoint{Site: "cloud"},
		Spaces: []migration.SpaceScope{{Key: "HR", Target: "HR", What: "all", Restrictions: true}}, NeverSend: []string{"label:secret"}}
	commit(t, s, func(tx *store.Tx) error { return tx.PutPlan(store.PlanRow{Plan: plan, Status: migration.PlanSaved}) })
	created := c.Now()
	c.Add(time.Minute)
	commit(t, s, func(tx *store.Tx) error {
		return tx.PutPlan(store.PlanRow{Plan: plan, Status: migration.PlanRunning, Archived: true})
	})
	want := store.PlanRow{Plan: plan, Status: migration.PlanRunning, Created: created, Updated: c.Now(), Archived: true}
	equal(t, want, must[store.PlanRow](t)(s.Plan(ctx, "HR-2026")))
	equal(t, []store.PlanRow{want}, must[[]store.PlanRow](t)(s.Plans(ctx)))

	var one, two store.Run
	commit(t, s, func(tx *store.Tx) error {
		one, two = tx.NewRun("HR-2026"), tx.NewRun("HR-2026")
		return nil
	})
	equal(t, store.Run{ID: "HR-2026#1", Plan: "HR-2026", Number: 1, Status: migration.PlanRunning, Started: c.Now()}, one)
	// Want and Calls belong to others than the one who writes the run.
	commit(t, s, func(tx *store.Tx) error {
		_ = tx.WantRun(one.ID, "pause")
		_ = tx.AddCalls(one.ID, confluence.A, 3)
		_ = tx.AddCalls(one.ID, confluence.B, 4)
		return tx.AddCalls(one.ID, confluence.B, 5)
	})
	one.Status, one.Ended, one.Document = migration.PlanPaused, c.Now().Add(time.Hour), []byte("plan")
	one.Error = &migration.Finding{Code: confluence.CodeCredential, What: "w", Count: 1}
	commit(t, s, func(tx *store.Tx) error { return tx.PutRun(one) })
	one.Want, one.Calls = "pause", [2]int64{3, 9}
	equal(t, []store.Run{one, two}, must[[]store.Run](t)(s.Runs(ctx, "HR-2026")))
	equal(t, []store.Run{one, two}, must[[]store.Run](t)(s.Runs(ctx, "")))
	equal(t, one, must[store.Run](t)(s.Run(ctx, one.ID)))
	for _, err := range []error{
		s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.WantRun("HR-2026#9", "stop") }),
		s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutRun(store.Run{ID: "HR-2026#9"}) }),
	} {
		wantCode(t, err, confluence.CodeNoSuchName)
	}

	tasks := []store.TaskRow{
		{Run: one.ID, Space: "OPS", Task: migration.Task{Space: "OPS", Status: migration.TaskReady}},
		{Run: one.ID, Space: "HR", Pair: 7, Task: migration.Task{Space: "HR", Status: migration.TaskRunning, Phase: migration.PhaseContent, Counts: migration.Counts{Pages: migration.Tally{Done: 3}}}},
	}
	commit(t, s, func(tx *store.Tx) error { _ = tx.PutTask(tasks[0]); return tx.PutTask(tasks[1]) })
	tasks[0].Task.Status = migration.TaskComplete
	commit(t, s, func(tx *store.Tx) error { return tx.PutTask(tasks[0]) })
	equal(t, tasks, must[[]store.TaskRow](t)(s.Tasks(ctx, one.ID)))
	equal(t, tasks[1], must[store.TaskRow](t)(s.Task(ctx, one.ID, "HR")))

	// A plan that is deleted takes its runs along, but never their numbers.
	commit(t, s, func(tx *store.Tx) error {
		_ = tx.AddFinding(one.ID, migration.Finding{Code: confluence.CodeFileMissing})
		_ = tx.PutProof(one.ID, 7, parity.Proof{})
		_ = tx.Log(one.ID, store.LogLine{Text: "x"})
		return tx.DeletePlan("HR-2026")
	})
	_, err := s.Plan(ctx, "HR-2026")
	wantCode(t, err, confluence.CodeNoSuchName)
	_, err = s.Run(ctx, one.ID)
	wantCode(t, err, confluence.CodeNoSuchName)
	if ts, fs, ps, ls := must[[]store.TaskRow](t)(s.Tasks(ctx, one.ID)), must[[]migration.Finding](t)(s.Findings(ctx, store.FindingFilter{Run: one.ID})),
		must[[]store.ProofRow](t)(s.Proofs(ctx, one.ID)), lines(t, s, one.ID); len(ts)+len(fs)+len(ps)+len(ls) > 0 {
		t.Errorf("left behind: %v %v %v %v", ts, fs, ps, ls)
	}
	commit(t, s, func(tx *store.Tx) error { one = tx.NewRun("HR-2026"); return nil })
	if one.Number != 3 {
		t.Errorf("number %d was used again", one.Number)
	}
}

func TestPairs(t *testing.T) {
	s, _ := open(t)
	p := store.Pair{Sites: [2]string{"a", "b"}, Keys: [2]string{"HR", "HR2"}, Spaces: [2]confluence.ID{"1", "2"}, Homes: [2]confluence.ID{"3", "4"},
		Fingerprints: [2]string{"f", "g"}, Mine: true, Pass: [2]int64{5, 6}}
	q := store.Pair{Sites: p.Sites, Keys: [2]string{"OPS", "OPS"}}
	commit(t, s, func(tx *store.Tx) error { _ = tx.PutPair(&p); return tx.PutPair(&q) })
	if p.ID == 0 || q.ID == p.ID {
		t.Fatalf("ids %d and %d", p.ID, q.ID)
	}
	p.Opened = true
	commit(t, s, func(tx *store.Tx) error { return tx.PutPair(&p) })
	equal(t, p, must[store.Pair](t)(s.Pair(ctx, p.ID)))
	equal(t, p, must[store.Pair](t)(s.PairOf(ctx, p.Sites, p.Keys)))
	equal(t, []store.Pair{p, q}, must[[]store.Pair](t)(s.Pairs(ctx)))
	_, err := s.PairOf(ctx, p.Sites, [2]string{"HR", "HR"})
	wantCode(t, err, confluence.CodeNoSuchName)
	twice := store.Pair{Sites: p.Sites, Keys: p.Keys}
	if err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutPair(&twice) }); err == nil {
		t.Error("two pairs of the same spaces")
	}
}

func TestObserved(t *testing.T) {
	s, _ := open(t)
	page := sampleObserved(1, confluence.A, "20", 1)
	comment := store.Observed{Pair: 1, Side: confluence.A, ID: "3", Pass: 1, Content: confluence.Content{ID: "3", Kind: confluence.Comment, Container: "20",
		Comment: &confluence.CommentInfo{Kind: confluence.Inline, ReplyTo: "2", Marker: "m", Selection: "s", Resolution: "open"}}}
	file := store.Observed{Pair: 1, Side: confluence.A, ID: "9", Pass: 2, FileSum: strings.Repeat("ab", 32), Content: confluence.Content{ID: "9", Kind: confluence.Attachment, Title: "f.png", Container: "20",
		Untitled: true, SourceTitle: "g.png", File: &confluence.FileInfo{MediaType: "image/png", Size: 12, Comment: "c", Missing: true}}, Form: store.ObservedForm{Opaque: true}}
	other := sampleObserved(1, confluence.B, "20", 1)
	commit(t, s, func(tx *store.Tx) error { return tx.PutObserved(page, comment, file, other) })
	all := func(side confluence.Side) (out []store.Observed) {
		if err := s.EachObserved(ctx, 1, side, func(o store.Observed) error { out = append(out, o); return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	equal(t, []store.Observed{file, comment, page}, all(confluence.A))
	equal(t, []store.Observed{other}, all(confluence.B))
	page.Content.Title, page.Pass, page.Form.Late, page.Form.Refs = "New", 2, nil, nil
	commit(t, s, func(tx *store.Tx) error { return tx.PutObserved(page) })
	equal(t, []store.Observed{page, file}, must[[]store.Observed](t)(s.ObservedByID(ctx, 1, confluence.A, "20", "no", "9")))
	equal(t, map[confluence.Kind]int{"page": 1, "comment": 1, "attachment": 1}, must[map[confluence.Kind]int](t)(s.CountObserved(ctx, 1, confluence.A)))
	pair := store.Pair{Sites: [2]string{"dc", "cloud"}, Keys: [2]string{"HR", "HR"}}
	commit(t, s, func(tx *store.Tx) error { return tx.PutPair(&pair) })
	equal(t, int64(1), pair.ID)
	equal(t, []int64{1}, must[[]int64](t)(s.PairsShowing(ctx, "dc", "9")))
	equal(t, []int64(nil), must[[]int64](t)(s.PairsShowing(ctx, "cloud", "9")))
	equal(t, []int64{1}, must[[]int64](t)(s.PairsShowing(ctx, "cloud", "20")))
	equal(t, []int64(nil), must[[]int64](t)(s.PairsShowing(ctx, "dc", "no")))
	var titles []store.TitleRow
	if err := s.TitleIndex(ctx, 1, confluence.A, func(r store.TitleRow) error { titles = append(titles, r); return nil }); err != nil {
		t.Fatal(err)
	}
	equal(t, []store.TitleRow{{Kind: "attachment", Title: "f.png", ID: "9"}, {Kind: "comment", ID: "3"}, {Kind: "page", Title: "New", Space: "HR", ID: "20", Twin: twin(1)}}, titles)
	commit(t, s, func(tx *store.Tx) error {
		_ = tx.TouchObserved(1, confluence.A, 3, "9")
		return tx.ForgetObserved(1, confluence.A, 3)
	})
	file.Pass = 3
	equal(t, []store.Observed{file}, all(confluence.A))
	equal(t, []store.Observed{other}, all(confluence.B))
}

func TestAgreed(t *testing.T) {
	s, _ := open(t)
	l := lease(t, s, "pair")
	p := store.Pair{Sites: [2]string{"dc", "cloud"}, Keys: [2]string{"HR", "HR"}}
	q := store.Pair{Sites: [2]string{"dc", "sandbox"}, Keys: [2]string{"HR", "HR"}}
	a, b, gone := sampleAgreed(1), sampleAgreed(2), sampleAgreed(3)
	b.ID[1], b.Digest = "", a.Digest
	b.Digest[1] = [len(b.Digest[1])]confluence.Digest{}
	gone.ID, gone.Tomb = a.ID, true
	commitUnder(t, s, l, func(tx *store.Tx) error {
		_ = tx.PutPair(&p)
		_ = tx.PutPair(&q)
		_ = tx.PutAgreed(q.ID, a)
		return tx.PutAgreed(p.ID, gone, b, a)
	})
	var got []store.AgreedRow
	if err := s.EachAgreed(ctx, p.ID, func(r store.AgreedRow) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	equal(t, []store.AgreedRow{a, b, gone}, got)
	equal(t, []store.AgreedRow{b, a}, must[[]store.AgreedRow](t)(s.AgreedByTwin(ctx, p.ID, b.Twin, "none", a.Twin)))
	for side, id := range a.ID {
		equal(t, a.Twin, must[confluence.TwinID](t)(s.TwinOf(ctx, p.ID, confluence.Side(side), id)))
	}
	for _, id := range []confluence.ID{"", "b2"} {
		_, err := s.TwinOf(ctx, p.ID, confluence.B, id)
		wantCode(t, err, confluence.CodeNoSuchName)
	}
	found := must[[]store.Found](t)(s.FindTwin(ctx, "dc", "a1"))
	equal(t, []store.Found{{Pair: p, Side: confluence.A, Twin: a.Twin, Kind: a.Kind, ID: a.ID}, {Pair: q, Side: confluence.A, Twin: a.Twin, Kind: a.Kind, ID: a.ID}}, found)
	equal(t, []store.Found{{Pair: p, Side: confluence.B, Twin: a.Twin, Kind: a.Kind, ID: a.ID}}, must[[]store.Found](t)(s.FindTwin(ctx, "cloud", "b1")))
	equal(t, []store.Found(nil), must[[]store.Found](t)(s.FindTwin(ctx, "cloud", "a1")))
	commitUnder(t, s, l, func(tx *store.Tx) error { return tx.ForgetAgreed(p.ID, a.Twin, gone.Twin) })
	equal(t, []store.AgreedRow{b}, must[[]store.AgreedRow](t)(s.AgreedByTwin(ctx, p.ID, a.Twin, b.Twin, gone.Twin)))
	// All facets fit.
	full := sampleAgreed(9)
	for i := range full.Digest[0] {
		full.Digest[0][i] = digestOf(string(rune('a' + i)))
	}
	full.Facets = reconcile.Title | reconcile.Status
	commitUnder(t, s, l, func(tx *store.Tx) error { return tx.PutAgreed(p.ID, full) })
	equal(t, []store.AgreedRow{full}, must[[]store.AgreedRow](t)(s.AgreedByTwin(ctx, p.ID, full.Twin)))
}

func TestBlobs(t *testing.T) {
	s, _ := open(t)
	for _, b := range []string{"", "short", strings.Repeat("a long body ", 100_000)} {
		var d [2]confluence.Digest
		for i := range d {
			commit(t, s, func(tx *store.Tx) error { d[i] = tx.PutBlob([]byte(b)); return nil })
		}
		if d[0] != confluence.Sum([]byte(b)) || d[1] != d[0] {
			t.Errorf("digests %v", d)
		}
		if got := must[[]byte](t)(s.Blob(ctx, d[0])); string(got) != b {
			t.Errorf("%d bytes came back as %d", len(b), len(got))
		}
	}
	_, err := s.Blob(ctx, digestOf("never stored"))
	wantCode(t, err, confluence.CodeNoSuchName)
	d := digestOf("short")
	commit(t, s, func(tx *store.Tx) error {
		return tx.Exec("UPDATE blobs SET packed = x'05106f74686572' WHERE digest = ?", d[:])
	})
	_, err = s.Blob(ctx, d)
	wantCode(t, err, confluence.CodeStateDamaged)
}

func TestFindings(t *testing.T) {
	s, c := open(t)
	f := func(id string, code confluence.Code, facet string, count int) migration.Finding {
		return migration.Finding{Code: code, Severity: migration.SeverityWarning, Space: "HR", Content: migration.FindingContent{Kind: confluence.Page, ID: confluence.ID(id)},
			Where: migration.FindingWhere{Facet: facet, Detail: "d"}, What: "w", Count: count}
	}
	add := func(fs ...migration.Finding) {
		commit(t, s, func(tx *store.Tx) error { return tx.AddFinding("P#1", fs...) })
	}
	get := func(filter store.FindingFilter) []migration.Finding {
		return must[[]migration.Finding](t)(s.Findings(ctx, filter))
	}
	add(f("1", confluence.CodeDeadReference, "body", 1), f("1", confluence.CodeDeadReference, "body", 2), f("1", confluence.CodeDeadReference, "title", 0))
	first := get(store.FindingFilter{Run: "P#1"})
	if len(first) != 2 || first[0].Count != 3 || first[1].Count != 1 || first[0].ID == first[1].ID || first[0].State != migration.StateOpen || first[0].At != c.Now() || first[0].Run != "P#1" {
		t.Fatalf("got %+v", first)
	}
	// Again after a crash: the same.
	c.Add(time.Hour)
	add(f("1", confluence.CodeDeadReference, "body", 3))
	equal(t, first, get(store.FindingFilter{Run: "P#1"}))
	// A person's word stays when it is found again.
	commit(t, s, func(tx *store.Tx) error {
		return tx.SetFinding("P#1", first[0].ID, migration.StateAccepted, "ann", "known")
	})
	add(f("1", confluence.CodeDeadReference, "body", 5))
	first[0].State, first[0].By, first[0].Reason, first[0].Count = migration.StateAccepted, "ann", "known", 5
	equal(t, first, get(store.FindingFilter{Run: "P#1"}))

	for _, id := range []string{"2", "3", "4"} {
		e := f(id, confluence.CodeFileMissing, "file", 1)
		e.Severity, e.Space = migration.SeverityError, "OPS"
		add(e)
	}
	// Without a content, what is named tells them apart.
	a, b := f("", confluence.CodeUserUnmapped, "body", 1), f("", confluence.CodeUserUnmapped, "body", 1)
	a.Where.Detail, b.Where.Detail = "ann", "bob"
	add(a, b)
	for name, row := range map[string]struct {
		filter store.FindingFilter
		want   int
	}{
		"all": {store.FindingFilter{}, 7}, "run": {store.FindingFilter{Run: "P#2"}, 0}, "space": {store.FindingFilter{Space: "OPS"}, 3},
		"severity": {store.FindingFilter{Severity: migration.SeverityError}, 3}, "code": {store.FindingFilter{Code: confluence.CodeUserUnmapped}, 2},
		"state": {store.FindingFilter{State: migration.StateAccepted}, 1}, "limit": {store.FindingFilter{Limit: 2}, 2},
		"after": {store.FindingFilter{Run: "P#1", After: first[1].ID}, 5},
	} {
		if got := get(row.filter); len(got) != row.want {
			t.Errorf("%s: %d findings, want %d", name, len(got), row.want)
		}
	}
	commit(t, s, func(tx *store.Tx) error { return tx.RemoveFindings(store.FindingFilter{Run: "P#1", Space: "HR"}) })
	if left := get(store.FindingFilter{Run: "P#1"}); len(left) != 4 || left[0].ID != first[0].ID {
		t.Errorf("left %+v", left)
	}
	err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.SetFinding("P#1", "none", "open", "", "") })
	wantCode(t, err, confluence.CodeNoSuchName)
}

func TestProofsPeopleAndLog(t *testing.T) {
	s, c := open(t)
	p := parity.Proof{Space: "HR", Depth: parity.Everything, Roots: [2]confluence.Digest{digestOf("a"), digestOf("b")}, Leaves: [2]int{3, 2},
		Differences: []parity.Difference{{Twin: "t", Kind: confluence.Page, Title: "T", Missing: [2]bool{false, true}}}, Exceptions: []parity.Exception{{Reason: parity.ReasonUntitled, Twin: "u", Field: "title"}}}
	commit(t, s, func(tx *store.Tx) error { _ = tx.PutProof("P#1", 2, parity.Proof{}); return tx.PutProof("P#1", 2, p) })
	equal(t, p, must[parity.Proof](t)(s.Proof(ctx, "P#1", 2)))
	equal(t, []store.ProofRow{{Run: "P#1", Pair: 2, Proof: p}}, must[[]store.ProofRow](t)(s.Proofs(ctx, "P#1")))
	_, err := s.Proof(ctx, "P#1", 3)
	wantCode(t, err, confluence.CodeNoSuchName)

	commit(t, s, func(tx *store.Tx) error {
		_ = tx.PutPeople("a", "b", []byte("old"))
		return tx.PutPeople("a", "b", []byte("csv"))
	})
	equal(t, "csv", string(must[[]byte](t)(s.People(ctx, "a", "b"))))
	_, err = s.People(ctx, "b", "a")
	wantCode(t, err, confluence.CodeNoSuchName)

	for _, text := range []string{"one", "two", "three"} {
		commit(t, s, func(tx *store.Tx) error {
			return tx.Log("P#1", store.LogLine{Level: "warning", Code: confluence.CodeLimited, Text: text, Space: "HR"})
		})
	}
	got := must[[]store.LogLine](t)(s.Log(ctx, "P#1", 1, 1))
	equal(t, []store.LogLine{{N: 2, At: c.Now(), Level: "warning", Code: confluence.CodeLimited, Text: "two", Space: "HR"}}, got)
}
