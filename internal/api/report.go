package api

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// Report is what a run did: what arrived, what did not and why, and the proof.
type Report struct {
	Run          Progress            `json:"run"`
	Stage        string              `json:"stage,omitempty"`
	Made         time.Time           `json:"made"`
	Verification Verification        `json:"verification"`
	Findings     []migration.Finding `json:"findings"`
}

// Totals adds up the tallies of all spaces of a run.
func (p Progress) Totals() migration.Counts {
	var sum migration.Counts
	for _, t := range p.Tasks {
		for _, pair := range [][2]*migration.Tally{
			{&sum.Pages, &t.Counts.Pages}, {&sum.BlogPosts, &t.Counts.BlogPosts}, {&sum.Attachments, &t.Counts.Attachments},
			{&sum.Comments, &t.Counts.Comments}, {&sum.Labels, &t.Counts.Labels}, {&sum.Restrictions, &t.Counts.Restrictions},
		} {
			pair[0].Done += pair[1].Done
			pair[0].Total += pair[1].Total
			pair[0].Failed += pair[1].Failed
			pair[0].Unchanged += pair[1].Unchanged
		}
	}
	return sum
}

// shownFindings bounds the findings of the HTML form, so that a browser can show it.
const shownFindings = 2000

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"time": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"verdict": func(equal bool) string {
		if equal {
			return "proved equal"
		}
		return "different"
	},
}).Parse(reportPage))

func (s *Server) runReport(ctx context.Context, in *reportIn) (*fileOut, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, fail(err)
	}
	r, err := s.report(ctx, run)
	if err != nil {
		return nil, fail(err)
	}
	switch in.Format {
	case "html":
		var b bytes.Buffer
		matters, info := r.sorted()
		more := max(0, len(matters)-shownFindings)
		err := reportTemplate.Execute(&b, map[string]any{
			"R": r, "Findings": matters[:len(matters)-more], "More": more, "Info": info, "Totals": r.Run.Totals(),
		})
		return &fileOut{ContentType: "text/html; charset=utf-8", Body: b.Bytes()}, fail(err)
	case "json":
		out, err := json.MarshalIndent(r, "", "  ")
		return &fileOut{ContentType: "application/json", Body: append(out, '\n')}, fail(err)
	}
	return &fileOut{ContentType: "text/plain; charset=utf-8", Body: []byte(r.text())}, nil
}

func (s *Server) report(ctx context.Context, run store.Run) (Report, error) {
	r := Report{Made: s.now().UTC()}
	if row, err := s.store.Plan(ctx, run.Plan); err == nil {
		r.Stage = row.Plan.Stage
	}
	var err error
	if r.Run, err = s.progress(ctx, run); err != nil {
		return r, err
	}
	if r.Verification, err = s.proofs(ctx, run); err != nil {
		return r, err
	}
	slices.SortFunc(r.Verification.Proofs, func(a, b parity.Proof) int { return strings.Compare(a.Space, b.Space) })
	findings, err := s.store.Findings(ctx, store.FindingFilter{Run: run.ID})
	r.Findings = nonNil(findings)
	return r, err
}

// text renders a report for a terminal.
func (r Report) text() string {
	var b strings.Builder
	p := r.Run
	fmt.Fprintf(&b, "%s  %s  from %s to %s\n", p.Run, p.Status, r.Verification.Sites[0], r.Verification.Sites[1])
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nSPACE\tSTATUS\tPAGES\tBLOG\tATTACHMENTS\tCOMMENTS\tFAILED\tPARITY")
	for _, t := range p.Tasks {
		c := t.Counts
		failed := c.Pages.Failed + c.BlogPosts.Failed + c.Attachments.Failed + c.Comments.Failed
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", t.Space, t.Status, share(c.Pages), share(c.BlogPosts), share(c.Attachments),
			share(c.Comments), failed, r.parityOf(t.Space))
	}
	_ = w.Flush() // a strings.Builder takes everything
	r.findingRows(w)
	_ = w.Flush()
	return b.String()
}

// findingRows lists errors, then warnings, and sums up what is only for information.
func (r Report) findingRows(w io.Writer) {
	matters, info := r.sorted()
	if len(matters) > 0 {
		fmt.Fprintln(w, "\nSEVERITY\tCODE\tEFFECT\tSPACE\tCONTENT\tWHAT")
	}
	for _, f := range matters {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Severity, f.Code, f.Effect, f.Space, oneLine(f.Content.Title), oneLine(f.What))
	}
	if len(info) > 0 {
		fmt.Fprint(w, "\nFor information (one by one as CSV or JSON):\n")
	}
	for _, i := range info {
		fmt.Fprintf(w, "%d x %s  %s\n", i.Count, i.Code, i.Meaning)
	}
}

// infoSum is how often one code occurs among the findings that are only for information.
type infoSum struct {
	Code    confluence.Code
	Count   int
	Meaning string
}

// sorted returns the findings that matter, errors before warnings, and sums of the others.
func (r Report) sorted() (matters []migration.Finding, info []infoSum) {
	counts := map[confluence.Code]int{}
	for _, severity := range []string{migration.SeverityError, migration.SeverityWarning, migration.SeverityInfo} {
		for _, f := range r.Findings {
			switch {
			case f.Severity != severity:
			case severity == migration.SeverityInfo:
				counts[f.Code] += f.Count
			default:
				matters = append(matters, f)
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		info = append(info, infoSum{code, counts[code], confluence.Lookup(code).Meaning})
	}
	return matters, info
}

func (r Report) parityOf(space string) string {
	for _, p := range r.Verification.Proofs {
		if p.Space == space && p.Equal {
			return "proved equal, root " + p.Roots[0].String()[:8]
		}
		if p.Space == space {
			return fmt.Sprintf("%d differences", len(p.Differences))
		}
	}
	return "not compared"
}

func share(t migration.Tally) string { return fmt.Sprintf("%d/%d", t.Done, t.Total) }

// oneLine keeps titles of a site from breaking a table or acting on a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
