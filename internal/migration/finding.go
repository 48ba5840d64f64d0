package migration

import (
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

// FromDefect turns what a Reader found wrong with its source into a finding.
func FromDefect(d confluence.Defect) Finding { panic("being written") }

// FromError turns an error into a finding of severity error.
func FromError(err error) Finding { panic("being written") }

// CSV returns findings as RFC 4180 with a header row.
func CSV(findings []Finding) []byte { panic("being written") }
