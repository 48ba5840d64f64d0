package migration

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// The severities of findings. An error of a check blocks the run; an error after a run makes the task INCOMPLETE.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
	SeverityInfo    = "info"
)

// The states of findings.
const (
	StateOpen     = "open"
	StateAccepted = "accepted"
	StateSettled  = "settled"
)

// Finding is the outcome of a check, or a loss or doubt tied to a content. There is one per content, code and facet.
type Finding struct {
	ID       string            `json:"id"`
	Code     confluence.Code   `json:"code"`
	Severity string            `json:"severity"`
	Effect   confluence.Effect `json:"effect"`
	Run      string            `json:"run,omitempty"`
	Pair     string            `json:"pair,omitempty"`
	Check    string            `json:"check,omitempty"` // id of the check it comes from
	Site     string            `json:"site"`
	Space    string            `json:"space"`
	Content  FindingContent    `json:"content"`
	Where    FindingWhere      `json:"where"`
	What     string            `json:"what"`
	Cause    string            `json:"cause"`
	Remedy   string            `json:"remedy"`
	Count    int               `json:"count"` // occurrences, at least 1
	At       time.Time         `json:"at"`
	State    string            `json:"state"`
	By       string            `json:"by"`     // who accepted or settled it
	Reason   string            `json:"reason"` // why it was accepted
}

// FindingContent names the content of a finding, by its source.
type FindingContent struct {
	Kind  confluence.Kind   `json:"kind"`
	ID    confluence.ID     `json:"id"`
	Title string            `json:"title"`
	Twin  confluence.TwinID `json:"twin"`
}

// FindingWhere locates a finding inside its content.
type FindingWhere struct {
	Facet  string `json:"facet"`
	Path   string `json:"path"` // child indices in the body, or the export's object "class#id"
	Detail string `json:"detail"`
}

// severities holds the codes whose severity does not follow from the effect: what the source itself lacks, what cannot
// be carried by its nature and what people did is for them to know, and no failure of the run.
var severities = map[confluence.Code]string{
	confluence.CodeIllFormedBody:   SeverityWarning,
	confluence.CodeBodyDiffers:     SeverityWarning,
	confluence.CodeDeadReference:   SeverityWarning,
	confluence.CodeUserUnmapped:    SeverityWarning,
	confluence.CodeFileMissing:     SeverityWarning,
	confluence.CodeDuplicateFile:   SeverityWarning,
	confluence.CodeCommentNotMoved: SeverityWarning,
	confluence.CodeReaderUnmapped:  SeverityWarning,
	confluence.CodeTitleChanged:    SeverityWarning,
	confluence.CodeOrderNotWritten: SeverityWarning,
	confluence.CodeLabelNotWritten: SeverityWarning,
	confluence.CodeTargetEdited:    SeverityWarning,
	confluence.CodeSourceGone:      SeverityWarning,
	confluence.CodeExportDefect:    SeverityWarning,
}

// SeverityOf returns how grave it is that a code had this effect. What blocks is an error; then the code decides; then
// the effect: lost is an error, changed a warning, kept and skipped are for information.
func SeverityOf(code confluence.Code, effect confluence.Effect) string {
	if effect == confluence.Blocked {
		return SeverityError
	}
	if code == confluence.CodeExportDefect && effect == confluence.Kept {
		return SeverityInfo // the source was repaired and nothing is missing
	}
	if s, ok := severities[code]; ok {
		return s
	}
	switch effect {
	case confluence.Changed:
		return SeverityWarning
	case confluence.Kept, confluence.SkippedOver:
		return SeverityInfo
	}
	return SeverityError
}

// FromDefect turns what a Reader found wrong with its source into a finding. The defect's name is its facet, so that
// several defects of one content stay apart.
func FromDefect(d confluence.Defect) Finding {
	entry := confluence.Lookup(d.Code)
	return Finding{
		Code: d.Code, Severity: SeverityOf(d.Code, d.Effect), Effect: d.Effect, Space: d.Space,
		Content: FindingContent{Kind: d.Kind, ID: d.ID, Title: d.Title},
		Where:   FindingWhere{Facet: d.Name, Path: d.Path},
		What:    d.What, Cause: entry.Cause, Remedy: entry.Remedy, Count: 1, State: StateOpen,
	}
}

// FromError turns an error into a finding of severity error: something did not arrive because of it.
func FromError(err error) Finding {
	e := confluence.AsError(err)
	if e == nil {
		return Finding{}
	}
	cause := e.Cause
	if cause == "" {
		cause = confluence.Lookup(e.Code).Cause
	}
	return Finding{
		Code: e.Code, Severity: SeverityError, Effect: confluence.Lost, Site: e.Where.Site, Space: e.Where.Space,
		Content: FindingContent{ID: confluence.ID(e.Where.Content)}, Where: FindingWhere{Path: e.Where.File},
		What: e.What, Cause: cause, Remedy: e.Help(), Count: 1, State: StateOpen,
	}
}

// Identity returns an id that is the same for the same content, code and facet of one run, pair or check, and for
// nothing else. Where there is no content, the path tells findings apart.
func (f Finding) Identity() string {
	h := sha256.New()
	part := func(parts ...string) {
		for _, s := range parts {
			fmt.Fprintf(h, "%d:%s", len(s), s)
		}
	}
	part(f.Run, f.Pair, f.Check, f.Site, f.Space, string(f.Code), f.Where.Facet)
	switch {
	case f.Content.ID != "":
		part("id", string(f.Content.Kind), string(f.Content.ID))
	case f.Content.Twin != "":
		part("twin", string(f.Content.Twin))
	default:
		part("path", f.Where.Path)
	}
	return "F-" + hex.EncodeToString(h.Sum(nil)[:10])
}

var findingColumns = []string{
	"id", "code", "severity", "effect", "run", "pair", "check", "site", "space", "content.kind", "content.id", "content.title",
	"content.twin", "where.facet", "where.path", "where.detail", "what", "cause", "remedy", "count", "at", "state", "by", "reason",
}

func (f Finding) cells() []string {
	at := ""
	if !f.At.IsZero() {
		at = f.At.UTC().Format(time.RFC3339Nano)
	}
	return []string{
		f.ID, string(f.Code), f.Severity, string(f.Effect), f.Run, f.Pair, f.Check, f.Site, f.Space, string(f.Content.Kind),
		string(f.Content.ID), f.Content.Title, string(f.Content.Twin), f.Where.Facet, f.Where.Path, f.Where.Detail, f.What, f.Cause,
		f.Remedy, strconv.Itoa(f.Count), at, f.State, f.By, f.Reason,
	}
}

// CSV returns findings as RFC 4180 with a header row. A text that a spreadsheet would run as a formula gets an
// apostrophe in front; the JSON form has every text as it is.
func CSV(findings []Finding) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.UseCRLF = true
	w.Write(findingColumns)
	for _, f := range findings {
		cells := f.cells()
		for i, c := range cells {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				cells[i] = "'" + c
			}
		}
		w.Write(cells)
	}
	w.Flush()
	return buf.Bytes()
}
