package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// refusedChange records that one change failed and its content did not arrive, or not as it should. The error stays one
// of this content.
func (s *work) refusedChange(ctx context.Context, v *view, c reconcile.Change, cause error) error {
	content := v.contentOf(c)
	e := confluence.AsError(cause)
	f := s.finding(c.Side.Other(), e.Code, content, effectOf(c), strings.Join(c.Facets.Names(), ","),
		fmt.Sprintf("%s was refused: %s", describe(content), e.What))
	f.Content.Twin = c.Twin
	if e.Cause != "" {
		f.Cause = e.Cause
	}
	f.Remedy = e.Help()
	s.gauge.failed(c)
	if s.paired {
		s.noteRefusal(c, e)
	}
	if err := s.addFindings(ctx, []migration.Finding{f}); err != nil {
		return err
	}
	return cause
}

// contentOf is the content of a change as the side it comes from showed it, else as the side it goes to did.
func (v *view) contentOf(c reconcile.Change) confluence.Content {
	for _, side := range [2]confluence.Side{c.Side.Other(), c.Side} {
		if o := v.seen[side].get(c.Twin); o != nil {
			return o.Content
		}
	}
	return confluence.Content{Kind: c.Kind, Title: c.Title}
}

func effectOf(c reconcile.Change) confluence.Effect {
	switch c.Verb {
	case confluence.VerbPost, confluence.VerbAttach, confluence.VerbComment:
		return confluence.Lost
	}
	return confluence.Changed
}

// notTried records, without a call, that a change was not made because one it needs has failed.
func (s *work) notTried(ctx context.Context, v *view, c reconcile.Change) error {
	content := v.contentOf(c)
	s.gauge.failed(c)
	f := s.finding(c.Side.Other(), confluence.CodeParentFailed, content, effectOf(c), "",
		describe(content)+" was not tried, because what it belongs to failed")
	f.Content.Twin = c.Twin
	return s.addFindings(ctx, []migration.Finding{f})
}

// reportSource records, once the source is read, everything that will not arrive as it is.
func (s *spaceRun) reportSource(ctx context.Context, v *view) error {
	var list []migration.Finding
	for _, l := range v.left[confluence.A] {
		f := s.finding(confluence.A, l.code, l.row.Content, l.effect, "", l.what)
		f.Severity = migration.SeverityWarning
		if holder := v.seen[confluence.A].get(s.twinOf(confluence.A, l.row.Content.Container)); holder != nil {
			f.Content.Title = cmp.Or(f.Content.Title, holder.Content.Title)
			f.Where.Detail = "on " + describe(holder.Content)
		}
		list = append(list, f)
	}
	for _, o := range v.seen[confluence.A].all() {
		list = append(list, s.sourceFindings(o.Content)...)
	}
	if src := s.pair.Homes[confluence.A]; v.home != "" && (src == "" || s.twinOf(confluence.A, src) != v.home) {
		f := s.finding(confluence.A, confluence.CodeExportDefect, v.seen[confluence.A].get(v.home).Content, confluence.Changed, "home",
			fmt.Sprintf("the space has no home page at the source; %s becomes it", describe(v.seen[confluence.A].get(v.home).Content)))
		f.Severity = migration.SeverityInfo
		list = append(list, f)
	}
	return s.addFindings(ctx, list)
}

func (s *spaceRun) sourceFindings(c confluence.Content) []migration.Finding {
	var list []migration.Finding
	add := func(code confluence.Code, effect confluence.Effect, facet, what string) {
		f := s.finding(confluence.A, code, c, effect, facet, what)
		f.Severity = migration.SeverityWarning
		list = append(list, f)
	}
	switch {
	case c.Untitled:
		add(confluence.CodeTitleChanged, confluence.Changed, "title", fmt.Sprintf("a page without a title arrives as %q", c.Title))
	case c.SourceTitle != "" && c.Kind == confluence.Attachment:
		add(confluence.CodeDuplicateFile, confluence.Changed, "file", fmt.Sprintf("the second file %q of a page arrives as %q", c.SourceTitle, c.Title))
	case c.SourceTitle != "":
		add(confluence.CodeTitleChanged, confluence.Changed, "title", fmt.Sprintf("%q arrives as %q, because two contents share the title", c.SourceTitle, c.Title))
	}
	if labels := personalLabels(c.Labels); len(labels) > 0 && (c.Kind == confluence.Page || c.Kind == confluence.BlogPost) {
		names := make([]string, len(labels))
		for i, l := range labels {
			names[i] = l.String()
		}
		add(confluence.CodeLabelNotWritten, confluence.Lost, "labels", fmt.Sprintf("labels of %s that belong to a person or an app are not carried", describe(c)))
		list[len(list)-1].Where.Detail = joinFew(names)
		list[len(list)-1].Count = len(labels)
	}
	return list
}

func joinFew(list []string) string { return strings.Join(firstFew(list), "; ") }

// report records what a finished phase left as it is: edits at the destination, and contents gone from the source.
func (s *spaceRun) report(ctx context.Context, v *view, r reconcile.Result) error {
	var list []migration.Finding
	for _, c := range r.Clashes {
		content := confluence.Content{}
		if o := v.seen[confluence.A].get(c.Twin); o != nil {
			content = o.Content
		} else if o := v.seen[confluence.B].get(c.Twin); o != nil {
			content = o.Content
		}
		f := s.finding(confluence.A, confluence.CodeTargetEdited, content, confluence.SkippedOver, strings.Join(c.Facet.Names(), ","), fmt.Sprintf("%s: %s", describe(content), c.What))
		f.Content.Twin = c.Twin
		f.Severity = migration.SeverityWarning
		list = append(list, f)
	}
	if a := v.agreed.get(v.home); a != nil && a.ID[confluence.B] != "" && s.pair.Homes[confluence.B] != "" && a.ID[confluence.B] != s.pair.Homes[confluence.B] {
		f := s.finding(confluence.A, confluence.CodeNotCapable, v.seen[confluence.A].get(v.home).Content, confluence.SkippedOver, "home",
			describe(v.seen[confluence.A].get(v.home).Content)+" is the home page at the source now; the destination keeps the home page it has")
		f.Severity = migration.SeverityWarning
		list = append(list, f)
	}
	for _, twin := range r.Gone {
		content := confluence.Content{}
		if o := v.seen[confluence.B].get(twin); o != nil {
			content = o.Content
		}
		f := s.finding(confluence.A, confluence.CodeSourceGone, content, confluence.SkippedOver, "", describe(content)+" is no longer at the source and is left where it is")
		f.Content.Twin = twin
		f.Severity = migration.SeverityWarning
		list = append(list, f)
	}
	return s.addFindings(ctx, list)
}

// decide asks reconcile what to do and leaves out what has failed in this run already.
func (s *spaceRun) decide(ctx context.Context, v *view) (reconcile.Result, error) {
	r, err := s.decideMost(ctx, v, maxChanges)
	if err == nil && r.Later != nil && len(r.Changes) < maxChanges/2 {
		return s.decideMost(ctx, v, 0) // most of the first ones are left out
	}
	return r, err
}

// maxChanges is how many changes of a migration are planned at a time: more would take memory for nothing, as a slice does
// not come further.
const maxChanges = 20_000

func (s *spaceRun) decideMost(ctx context.Context, v *view, most int) (reconcile.Result, error) {
	var can, canRoot [2]bool
	for _, side := range confluence.Sides {
		can[side], canRoot[side] = s.ids[side].Caps.Position, s.ids[side].Caps.RootPosition
	}
	r, err := v.plan(reconcile.Policy{
		Mode: reconcile.SafeAToB, Facets: s.facets, Most: most, Position: can, RootPosition: canRoot,
		FoldTitle: [2]func(string) string{migration.FoldTitle, migration.FoldTitle},
	})
	if err != nil {
		return r, err
	}
	failed, err := s.failedTwins(ctx)
	if err != nil {
		return r, err
	}
	r.Changes = without(r.Changes, func(c reconcile.Change) bool { return failed[c.Twin] || rewrites(c) && s.held(c.Twin) })
	return r, nil
}

func rewrites(c reconcile.Change) bool {
	return c.Verb == confluence.VerbPut || c.Verb == confluence.VerbRecomment
}

// failedTwins are the contents with an error in this run; they are tried again when somebody asks for it.
func (s *spaceRun) failedTwins(ctx context.Context) (map[confluence.TwinID]bool, error) {
	list, err := s.e.store.Findings(ctx, store.FindingFilter{Run: s.run.ID, Space: s.scope.Key, Severity: migration.SeverityError, State: migration.StateOpen})
	failed := map[confluence.TwinID]bool{}
	for _, f := range list {
		failed[f.Content.Twin] = true
	}
	return failed, err
}

// without drops changes, and those that need a dropped one. A change stands behind what it needs, but may stand before
// what it waits for.
func without(changes []reconcile.Change, drop func(reconcile.Change) bool) []reconcile.Change {
	at := make([]int, len(changes)) // the new index, -1 for what is dropped
	kept := 0
	for i, c := range changes {
		at[i] = -1
		if !drop(c) && !slices.ContainsFunc(c.Needs, func(n int) bool { return at[n] < 0 }) {
			at[i] = kept
			kept++
		}
	}
	if kept == len(changes) {
		return changes
	}
	out := make([]reconcile.Change, 0, kept)
	for i, c := range changes {
		if at[i] < 0 {
			continue
		}
		c.Needs, c.Waits, c.N = moved(c.Needs, at), moved(c.Waits, at), at[i]
		out = append(out, c)
	}
	return out
}

// moved are the new indexes of those that were not dropped.
func moved(indexes, at []int) []int {
	var out []int
	for _, n := range indexes {
		if at[n] >= 0 {
			out = append(out, at[n])
		}
	}
	return out
}
