package migration

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func TestFromDefect(t *testing.T) {
	got := FromDefect(confluence.Defect{
		Code: confluence.CodeFileMissing, Name: "missing binary", Space: "HR", ID: "7", Kind: confluence.Attachment, Title: "a.png",
		Path: "Attachment#7", What: "the file of a.png is not in the export", Effect: confluence.Lost,
	})
	entry := confluence.Lookup(confluence.CodeFileMissing)
	want := Finding{
		Code: confluence.CodeFileMissing, Severity: SeverityWarning, Effect: confluence.Lost, Space: "HR",
		Content: FindingContent{Kind: confluence.Attachment, ID: "7", Title: "a.png"},
		Where:   FindingWhere{Facet: "missing binary", Path: "Attachment#7"}, What: "the file of a.png is not in the export",
		Cause: entry.Cause, Remedy: entry.Remedy, Count: 1, State: StateOpen,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestFromError(t *testing.T) {
	e := confluence.Errorf(confluence.CodeBodyRefused, "the body was refused").Because(errors.New("line 3"))
	e.Where = confluence.Where{Site: "cloud", Space: "HR", Content: "12"}
	got := FromError(errors.Join(errors.New("around"), e))
	if got.Code != confluence.CodeBodyRefused || got.Severity != SeverityError || got.Effect != confluence.Lost || got.Cause != "line 3" ||
		got.Remedy == "" || got.Site != "cloud" || got.Space != "HR" || got.Content.ID != "12" {
		t.Errorf("finding %+v", got)
	}
	if got := FromError(errors.New("surprise")); got.Code != confluence.CodeInternal || got.Severity != SeverityError {
		t.Errorf("finding of a stray error %+v", got)
	}
	if got := FromError(nil); got != (Finding{}) {
		t.Errorf("finding of no error %+v", got)
	}
}

func TestSeverityOf(t *testing.T) {
	tests := []struct {
		code   confluence.Code
		effect confluence.Effect
		want   string
	}{
		{confluence.CodeFileMissing, confluence.Blocked, SeverityError},
		{confluence.CodeFileMissing, confluence.Lost, SeverityWarning},
		{confluence.CodeExportDefect, confluence.Lost, SeverityWarning},
		{confluence.CodeTitleTaken, confluence.Lost, SeverityError},
		{confluence.CodeTooLarge, confluence.Changed, SeverityWarning},
		{confluence.CodeTooLarge, confluence.Kept, SeverityInfo},
		{confluence.CodeTooLarge, confluence.SkippedOver, SeverityInfo},
		{confluence.CodeParentFailed, "", SeverityError},
	}
	for _, tt := range tests {
		if got := SeverityOf(tt.code, tt.effect); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.code, tt.effect, got, tt.want)
		}
	}
}

func TestIdentity(t *testing.T) {
	base := Finding{Run: "HR#1", Space: "HR", Code: confluence.CodeExportDefect, Content: FindingContent{Kind: confluence.Page, ID: "1"}}
	same := base
	same.What, same.Count, same.Where.Path = "other words", 3, "Page#1"
	if base.Identity() != same.Identity() {
		t.Error("words, count and path of a content tell findings apart")
	}
	for name, change := range map[string]func(*Finding){
		"run":     func(f *Finding) { f.Run = "HR#2" },
		"code":    func(f *Finding) { f.Code = confluence.CodeFileMissing },
		"facet":   func(f *Finding) { f.Where.Facet = "body" },
		"content": func(f *Finding) { f.Content.ID = "2" },
		"kind":    func(f *Finding) { f.Content.Kind = confluence.Comment },
	} {
		other := base
		change(&other)
		if other.Identity() == base.Identity() {
			t.Errorf("%s does not tell findings apart", name)
		}
	}
	a, b := Finding{Where: FindingWhere{Path: "x"}}, Finding{Where: FindingWhere{Path: "y"}}
	if a.Identity() == b.Identity() {
		t.Error("without a content the path does not tell findings apart")
	}
}

func TestFindingForms(t *testing.T) {
	f := Finding{
		ID: "F-1", Code: "T-7201", Severity: SeverityWarning, Effect: confluence.Lost, Run: "HR#1", Site: "dc", Space: "HR",
		Content: FindingContent{Kind: confluence.Page, ID: "1", Title: `=HYPERLINK("x"), "quoted"`, Twin: "t"},
		Where:   FindingWhere{Facet: "body", Path: "1/2", Detail: "d"}, What: "w", Cause: "c", Remedy: "r", Count: 2,
		At: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), State: StateOpen,
	}
	wantCSV := "id,code,severity,effect,run,pair,check,site,space,content.kind,content.id,content.title,content.twin,where.facet,where.path,where.detail,what,cause,remedy,count,at,state,by,reason\r\n" +
		`F-1,T-7201,warning,lost,HR#1,,,dc,HR,page,1,"'=HYPERLINK(""x""), ""quoted""",t,body,1/2,d,w,c,r,2,2026-11-22T01:02:03Z,open,,` + "\r\n"
	got := string(CSV([]Finding{f}))
	if diff := cmp.Diff(wantCSV, got); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[1]) != len(findingColumns) {
		t.Errorf("rows %v, error %v", rows, err)
	}
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON := `{"id":"F-1","code":"T-7201","severity":"warning","effect":"lost","run":"HR#1","site":"dc","space":"HR",` +
		`"content":{"kind":"page","id":"1","title":"=HYPERLINK(\"x\"), \"quoted\"","twin":"t"},"where":{"facet":"body","path":"1/2","detail":"d"},` +
		`"what":"w","cause":"c","remedy":"r","count":2,"at":"2026-11-22T01:02:03Z","state":"open","by":"","reason":""}`
	if diff := cmp.Diff(wantJSON, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
