package migration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Facts is what is known about a plan's two ends and its spaces before it runs.
type Facts struct {
	Plan  Plan
	Now   time.Time
	Sites [2]SiteFacts
	// Spaces are the facts of the plan's spaces, in the order of the plan; empty before a survey.
	Spaces []SpaceFacts
	People People
	// Users are the source's users by id, as far as the source tells. A user name found here is looked up in People too.
	Users map[confluence.UserID]confluence.User
	// Groups holds which groups exist at the destination, Accounts which accounts; nil where it cannot be asked.
	Groups   map[string]bool
	Accounts map[confluence.UserID]bool
}

// SiteFacts is what a site said about itself.
type SiteFacts struct {
	Name     string // what people call it
	Identity confluence.Identity
	ReadOnly bool // switched read-only here
	// CreateSpaces says if the account may create spaces; nil where it cannot be known without trying.
	CreateSpaces *bool
	Exported     time.Time // when an export was made; zero for other sites
}

// KeyState says what a space key means at the destination.
type KeyState string

// The states of a key at the destination.
const (
	KeyFree     KeyState = "free"
	KeyOurs     KeyState = "ours"     // the space there was made by an earlier run of the same pair
	KeyTaken    KeyState = "taken"    // a space that tandem did not make
	KeyReserved KeyState = "reserved" // held by a space in the trash or archived
)

// Row is one check.
type Row struct {
	ID    string
	What  string // what it looks at
	Fix   string // how to fix what it finds
	Needs Need
	run   func(f *Facts, report func(Finding))
}

// Need says what must be known before a check can say anything.
type Need string

// What checks need.
const (
	NeedSites  Need = "sites"  // both sites answered
	NeedSurvey Need = "survey" // the spaces were scanned
)

// State says how a check came out.
type State string

// The states of a check.
const (
	CheckPassed  State = "passed"
	CheckWarning State = "warning"
	CheckBlocks  State = "blocks"
	CheckNotRun  State = "not run" // what it needs is not known
)

// CheckResult is one check and what it found.
type CheckResult struct {
	ID       string    `json:"id"`
	What     string    `json:"what"`
	Fix      string    `json:"fix"`
	State    State     `json:"state"`
	Findings []Finding `json:"findings"`
}

// RunChecks runs all checks in the order of Checks.
func RunChecks(f Facts) []CheckResult {
	results := make([]CheckResult, 0, len(Checks))
	for _, row := range Checks {
		r := CheckResult{ID: row.ID, What: row.What, Fix: row.Fix, State: CheckPassed, Findings: []Finding{}}
		if row.Needs == NeedSurvey && len(f.Spaces) == 0 {
			r.State = CheckNotRun
			results = append(results, r)
			continue
		}
		row.run(&f, func(found Finding) { r.Findings = append(r.Findings, row.completed(&f, found)) })
		slices.SortStableFunc(r.Findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Space, b.Space), cmp.Compare(a.Content.ID, b.Content.ID), cmp.Compare(a.What, b.What))
		})
		for _, found := range r.Findings {
			switch found.Severity {
			case SeverityError:
				r.State = CheckBlocks
			case SeverityWarning:
				if r.State == CheckPassed {
					r.State = CheckWarning
				}
			}
		}
		results = append(results, r)
	}
	return results
}

// completed fills in what all findings of a check share.
func (row Row) completed(f *Facts, found Finding) Finding {
	found.Check = row.ID
	if found.Site == "" {
		found.Site = f.Sites[confluence.A].Name
	}
	if found.Severity == SeverityError {
		found.Effect = confluence.Blocked
	}
	if found.Remedy == "" {
		found.Remedy = row.Fix
	}
	if found.Cause == "" {
		found.Cause = confluence.Lookup(found.Code).Cause
	}
	found.Count = max(found.Count, 1)
	found.At, found.State = f.Now, StateOpen
	found.ID = found.Identity()
	return found
}

// Check returns what stands in the way of a plan (error), what is better known before (warning), and what will be
// different (info), sorted by space, check and content.
func Check(f Facts) []Finding {
	var all []Finding
	for _, r := range RunChecks(f) {
		all = append(all, r.Findings...)
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Space, b.Space), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Content.ID, b.Content.ID))
	})
	return all
}

// Blocks reports whether one of the findings stands in the way of a run.
func Blocks(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == SeverityError && f.State == StateOpen })
}

// offenders returns a check that reports, for each space, the contents that the survey noted under the check's id.
func offenders(id string, code confluence.Code, severity string, effect confluence.Effect, what string) func(*Facts, func(Finding)) {
	return func(f *Facts, report func(Finding)) {
		for _, s := range f.Spaces {
			o := s.offences[id]
			if o == nil {
				continue
			}
			titles := make([]string, len(o.first))
			for i, c := range o.first {
				titles[i] = cmp.Or(c.Title, string(c.ID))
			}
			names := strings.Join(titles, ", ")
			if o.count > len(titles) {
				names += fmt.Sprintf(" and %d more", o.count-len(titles))
			}
			if o.detail != "" {
				names += " (first: " + o.detail + ")"
			}
			report(Finding{
				Code: code, Severity: severity, Effect: effect, Space: s.Space.Key, Content: o.first[0], Count: o.count,
				Where: FindingWhere{Facet: id, Detail: names}, What: fmt.Sprintf(what, o.count),
			})
		}
	}
}
