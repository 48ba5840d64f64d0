package migration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// well returns facts that no check has anything to say about, and the survey behind them.
func well() (Facts, *Survey) {
	caps := confluence.Capabilities{Write: true, Position: true, RootPosition: true, RootPages: true, WikiBodies: true, PersonalLabels: true,
		InlineComments: true, MaxTitle: 255, MaxBody: 1000, MaxFile: 1000}
	s := NewSurvey(confluence.Space{Key: "HR", Name: "People", HomeID: "1", Permissions: []confluence.Permission{{Principal: "user:u1", Operation: "read/space"}}}, "HR", caps)
	s.Key(KeyFree)
	s.Hide(0)
	s.Add(confluence.Content{ID: "1", Kind: confluence.Page, Title: "Home"})
	s.Add(confluence.Content{ID: "2", Kind: confluence.Page, Title: "Page", ParentID: "1", Labels: []confluence.Label{{Prefix: "global", Name: "x"}},
		Restrictions: confluence.Restrictions{Read: []confluence.Principal{"group:staff", "user:u1"}}, Body: confluence.Body{Format: confluence.Storage, Raw: "<p/>"}})
	s.Add(confluence.Content{ID: "3", Kind: confluence.BlogPost, Title: "Page"})
	s.Add(confluence.Content{ID: "4", Kind: confluence.Attachment, Title: "a.png", Container: "2", File: &confluence.FileInfo{Size: 10}})
	s.Add(confluence.Content{ID: "5", Kind: confluence.Comment, Container: "2", Comment: &confluence.CommentInfo{Kind: confluence.Footer}})
	s.Mention("u1")
	plan := NewPlan()
	plan.From, plan.To = Endpoint{Export: "x.zip", Fingerprint: "sha256:1"}, Endpoint{Site: "cloud", Fingerprint: "c-1"}
	people, err := ParsePeople([]byte(peopleHeader+"u1,ann,,email,acc-1,1\n"), "map.csv")
	if err != nil {
		panic(err)
	}
	yes := true
	return Facts{
		Plan: plan, Now: now, People: people,
		Sites: [2]SiteFacts{
			{Name: "x.zip", Identity: confluence.Identity{Fingerprint: "sha256:1"}, Exported: now.Add(-time.Hour)},
			{Name: "cloud", Identity: confluence.Identity{Fingerprint: "c-1", Caps: caps, Now: now}, CreateSpaces: &yes},
		},
		Groups:   map[string]bool{"staff": true},
		Accounts: map[confluence.UserID]bool{"acc-1": true},
	}, s
}

func TestNothingToSay(t *testing.T) {
	f, s := well()
	f.Spaces = []SpaceFacts{s.Facts()}
	if got := Check(f); len(got) > 0 {
		t.Errorf("findings %+v", got)
	}
	for _, r := range RunChecks(f) {
		if r.State != CheckPassed || r.What == "" || r.Fix == "" {
			t.Errorf("check %+v", r)
		}
	}
	want := Counts{Pages: Tally{Total: 2}, BlogPosts: Tally{Total: 1}, Attachments: Tally{Total: 1}, Comments: Tally{Total: 1}, Labels: Tally{Total: 1}, Restrictions: Tally{Total: 1}}
	if diff := cmp.Diff(want, f.Spaces[0].Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	f.Spaces = nil
	for _, r := range RunChecks(f) {
		survey := r.ID != "source-account" && r.ID != "destination-writes" && r.ID != "fingerprint" && r.ID != "clock" && r.ID != "export-age" && r.ID != "accounts"
		if (r.State == CheckNotRun) != survey {
			t.Errorf("before a survey %s is %q", r.ID, r.State)
		}
	}
}

// Each check is broken on its own, and it alone must speak.
var breakages = map[string]struct {
	severity string
	code     confluence.Code
	do       func(f *Facts, s *Survey)
}{
	"source-account":     {SeverityError, confluence.CodeWrongUser, func(f *Facts, s *Survey) { f.Sites[0].Identity.Anonymous = true }},
	"destination-writes": {SeverityError, confluence.CodeReadOnlySite, func(f *Facts, s *Survey) { f.Sites[1].ReadOnly = true }},
	"fingerprint":        {SeverityError, confluence.CodeOtherSite, func(f *Facts, s *Survey) { f.Sites[1].Identity.Fingerprint = "c-2" }},
	"clock": {SeverityWarning, confluence.CodeUnusableAnswer, func(f *Facts, s *Survey) {
		f.Sites[1].Identity.Now = now.Add(10 * time.Minute)
	}},
	"export-age": {SeverityInfo, confluence.CodeStale, func(f *Facts, s *Survey) { f.Sites[0].Exported = now.AddDate(0, 0, -31) }},
	"create-spaces": {SeverityError, confluence.CodeBlindAccount, func(f *Facts, s *Survey) {
		no := false
		f.Sites[1].CreateSpaces = &no
	}},
	"space-found": {SeverityWarning, confluence.CodeSourceGone, func(f *Facts, s *Survey) { s.facts.Found = false }},
	"source-sees": {SeverityError, confluence.CodeBlindAccount, func(f *Facts, s *Survey) { s.Hide(3) }},
	"source-hides": {SeverityInfo, confluence.CodeBlindAccount, func(f *Facts, s *Survey) {
		f.Sites[0].Identity.Kind, s.facts.Hidden = confluence.DataCenter, -1
	}},
	"space-permissions": {SeverityWarning, confluence.CodeNotCapable, func(f *Facts, s *Survey) { s.facts.Space.Permissions = nil }},
	"target-key":        {SeverityError, confluence.CodeCheckBlocks, func(f *Facts, s *Survey) { s.facts.Target = "H-R" }},
	"key-free":          {SeverityError, confluence.CodeKeyTaken, func(f *Facts, s *Survey) { s.Key(KeyTaken) }},
	"space-name":        {SeverityWarning, confluence.CodeTitleChanged, func(f *Facts, s *Survey) { s.facts.Space.Name = strings.Repeat("x", 201) }},
	"anonymous-access": {SeverityWarning, confluence.CodeReaderUnmapped, func(f *Facts, s *Survey) {
		*s = *NewSurvey(confluence.Space{Key: "HR", Name: "People", Permissions: []confluence.Permission{{Principal: confluence.Anonymous, Operation: "read/space"}}}, "HR", s.caps)
		s.Key(KeyFree)
	}},
	"groups":   {SeverityWarning, confluence.CodeReaderUnmapped, func(f *Facts, s *Survey) { f.Groups = map[string]bool{} }},
	"readers":  {SeverityWarning, confluence.CodeReaderUnmapped, func(f *Facts, s *Survey) { s.principal("user:u2") }},
	"mentions": {SeverityWarning, confluence.CodeUserUnmapped, func(f *Facts, s *Survey) { s.Mention("u2") }},
	"accounts": {SeverityError, confluence.CodeBadFile, func(f *Facts, s *Survey) { f.Accounts = map[confluence.UserID]bool{} }},
	"titles-long": {SeverityError, confluence.CodeCheckBlocks, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: strings.Repeat("é", 256), ParentID: "1"})
	}},
	"titles-duplicate": {SeverityWarning, confluence.CodeTitleTaken, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: " page", ParentID: "1"})
	}},
	"titles-changed": {SeverityWarning, confluence.CodeTitleChanged, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "Page (2)", SourceTitle: "Page", ParentID: "1"})
	}},
	"untitled": {SeverityInfo, confluence.CodeTitleChanged, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "Untitled (9)", Untitled: true, ParentID: "1"})
	}},
	"root-pages": {SeverityInfo, confluence.CodeNotCapable, func(f *Facts, s *Survey) {
		s.caps.RootPages = false
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "Root"})
	}},
	"root-order": {SeverityInfo, confluence.CodeOrderNotWritten, func(f *Facts, s *Survey) {
		s.caps.RootPosition = false
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "Root", Positioned: true})
	}},
	"bodies-large": {SeverityWarning, confluence.CodeTooLarge, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "Big", ParentID: "1", Body: confluence.Body{Format: confluence.Storage, Raw: strings.Repeat("x", 1001)}})
	}},
	"wiki-bodies": {SeverityInfo, confluence.CodeBodyDiffers, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "Old", ParentID: "1", Body: confluence.Body{Format: confluence.Wiki, Raw: "h1. x"}})
	}},
	"labels-personal": {SeverityInfo, confluence.CodeLabelNotWritten, func(f *Facts, s *Survey) {
		s.caps.PersonalLabels = false
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "L", ParentID: "1", Labels: []confluence.Label{{Prefix: "my", Name: "x"}}})
	}},
	"labels-refused": {SeverityWarning, confluence.CodeLabelNotWritten, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Page, Title: "L", ParentID: "1", Labels: []confluence.Label{{Prefix: "global", Name: "two words"}}})
	}},
	"inline-comments": {SeverityInfo, confluence.CodeCommentNotMoved, func(f *Facts, s *Survey) {
		s.caps.InlineComments = false
		s.Add(confluence.Content{ID: "9", Kind: confluence.Comment, Container: "2", Comment: &confluence.CommentInfo{Kind: confluence.Inline}})
	}},
	"file-comments": {SeverityInfo, confluence.CodeCommentNotMoved, func(f *Facts, s *Survey) { s.CommentOnFile(confluence.Content{ID: "9"}) }},
	"files-large": {SeverityWarning, confluence.CodeTooLarge, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Attachment, Title: "b.iso", File: &confluence.FileInfo{Size: 1001}})
	}},
	"files-missing": {SeverityWarning, confluence.CodeFileMissing, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Attachment, Title: "b.png", File: &confluence.FileInfo{Missing: true}})
	}},
	"files-duplicate": {SeverityInfo, confluence.CodeDuplicateFile, func(f *Facts, s *Survey) {
		s.Add(confluence.Content{ID: "9", Kind: confluence.Attachment, Title: "a (2).png", SourceTitle: "a.png"})
	}},
	"source-defects": {SeverityInfo, confluence.CodeExportDefect, func(f *Facts, s *Survey) {
		s.Defect(confluence.Defect{Code: confluence.CodeExportDefect, Name: "missing parent", ID: "9"})
	}},
}

func TestEachCheck(t *testing.T) {
	for _, row := range Checks {
		t.Run(row.ID, func(t *testing.T) {
			b, ok := breakages[row.ID]
			if !ok {
				t.Fatal("no test breaks this check")
			}
			f, s := well()
			b.do(&f, s)
			f.Spaces = []SpaceFacts{s.Facts()}
			found := Check(f)
			if len(found) != 1 {
				t.Fatalf("findings %+v", found)
			}
			got := found[0]
			if got.Check != row.ID || got.Severity != b.severity || got.Code != b.code {
				t.Errorf("finding of %s is %s %s, want %s %s", got.Check, got.Severity, got.Code, b.severity, b.code)
			}
			if got.What == "" || got.Cause == "" || got.Remedy == "" || got.Count < 1 || got.ID == "" || got.Site == "" || got.Effect == "" || strings.Contains(got.What, "%!") {
				t.Errorf("incomplete finding %+v", got)
			}
			if Blocks(found) != (b.severity == SeverityError) {
				t.Errorf("blocks: %v", Blocks(found))
			}
			if _, listed := slices.BinarySearchFunc(confluence.Register, got.Code, func(e confluence.Entry, c confluence.Code) int { return strings.Compare(string(e.Code), string(c)) }); !listed {
				t.Errorf("code %s is not in the register", got.Code)
			}
		})
	}
}

func TestMoreChecks(t *testing.T) {
	f, s := well()
	s.Key(KeyOurs)
	f.Spaces = []SpaceFacts{s.Facts()}
	if got := Check(f); len(got) != 1 || got[0].Severity != SeverityInfo || got[0].Check != "key-free" {
		t.Errorf("a space of our own: %+v", got)
	}
	f, s = well()
	f.Plan.To.Fingerprint, f.Sites[1].Identity.Fingerprint = "", "sha256:1"
	if got := Check(f); len(got) != 1 || got[0].Code != confluence.CodeOtherSite || !strings.Contains(got[0].What, "one and the same") {
		t.Errorf("one site on both ends: %+v", got)
	}
	f, s = well()
	for i := range 25 {
		s.Add(confluence.Content{ID: confluence.ID(fmt.Sprint(100 + i)), Kind: confluence.Page, Title: fmt.Sprint("Untitled ", i), Untitled: true, ParentID: "1"})
	}
	f.Spaces = []SpaceFacts{s.Facts()}
	got := Check(f)
	if len(got) != 1 || got[0].Count != 25 || got[0].Content.ID != "100" || !strings.HasSuffix(got[0].Where.Detail, "Untitled 9 and 15 more") {
		t.Errorf("many offenders: %+v", got)
	}
	f, s = well()
	f.Users = map[confluence.UserID]confluence.User{"key-9": {Name: "Ann"}}
	s.Mention("key-9")
	f.Spaces = []SpaceFacts{s.Facts()}
	if got := Check(f); len(got) != 0 {
		t.Errorf("a user mapped by name counts as unmapped: %+v", got)
	}
	found := []Finding{{Severity: SeverityError, State: StateAccepted}}
	if Blocks(found) {
		t.Error("an accepted finding blocks")
	}
}
