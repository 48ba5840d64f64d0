package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/xmlexport"
)

func (a *app) exportCommand() *cobra.Command {
	return noun("export", "XML exports of Confluence", a.exportInspect(), a.exportPlan())
}

// exportInspect looks into an export. It needs no state and no site.
func (a *app) exportInspect() *cobra.Command {
	var tab string
	var f listFlags
	cmd := &cobra.Command{
		Use: "inspect FILE.zip", Short: "What an export holds, and what is wrong with it", Args: cobra.ExactArgs(1),
		Long: "Reads an XML export, zipped or unpacked, and says what it holds and what is wrong with it.\nNeeds no state, no site and no network.",
	}
	cmd.Flags().StringVar(&tab, "tab", "", "spaces, people or problems as a list")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		r, err := xmlexport.Inspect(ctx, args[0])
		if err != nil {
			return err
		}
		switch tab {
		case "":
			return a.result(r, func(w io.Writer) { printExport(w, r) })
		case "spaces":
			return printList(a, &f, exportSpaces, r.Spaces)
		case "people":
			return printList(a, &f, exportPeople, r.People)
		case "problems":
			return printList(a, &f, exportProblems, r.Problems)
		}
		return usage("--tab %q is none of spaces, people, problems", tab)
	})
	return f.add(cmd)
}

// printExport prints the summary of an export.
func printExport(w io.Writer, r xmlexport.Report) {
	c := r.Counts
	fmt.Fprintf(w, "%s, %s\n", oneLine(r.Product), r.Fingerprint)
	fmt.Fprintf(w, "%s: %s (%d earlier versions), %s, %s (%d with their file), %s, %s\n", count(len(r.SpaceKeys), "space"),
		count(c.CurrentPages, "page"), c.HistoricalVersions, count(c.BlogPosts, "blog post"), count(c.AttachmentsCurrent, "attachment"),
		c.AttachmentsWithBinary, count(c.FooterComments+c.InlineComments+c.Replies, "comment"), count(c.Users, "user"))
	for _, s := range r.Spaces {
		fmt.Fprintf(w, "  %-12s %s: %d pages and blog posts, %s, %s\n", oneLine(s.Key), oneLine(s.Name), s.Pages,
			count(s.Attachments, "attachment"), count(s.Comments, "comment"))
	}
	if len(r.Defects) == 0 {
		fmt.Fprintln(w, "problems: none")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Defects)) {
		fmt.Fprintf(w, "problem: %s, %d times\n", name, r.Defects[name])
	}
	fmt.Fprintf(w, "verdict: %s\n", r.Verdict)
}

var exportSpaces = []column[xmlexport.SpaceReport]{
	{"KEY", func(s xmlexport.SpaceReport) any { return s.Key }},
	{"NAME", func(s xmlexport.SpaceReport) any { return s.Name }},
	{"TYPE", func(s xmlexport.SpaceReport) any { return s.Type }},
	{"PAGES", func(s xmlexport.SpaceReport) any { return s.Pages }},
	{"ATTACHMENTS", func(s xmlexport.SpaceReport) any { return s.Attachments }},
	{"COMMENTS", func(s xmlexport.SpaceReport) any { return s.Comments }},
}

var exportPeople = []column[xmlexport.Person]{
	{"KEY", func(p xmlexport.Person) any { return p.Key }},
	{"NAME", func(p xmlexport.Person) any { return p.Name }},
	{"EMAIL", func(p xmlexport.Person) any { return p.Email }},
}

var exportProblems = []column[xmlexport.Problem]{
	{"CODE", func(p xmlexport.Problem) any { return string(p.Code) }},
	{"PROBLEM", func(p xmlexport.Problem) any { return p.Name }},
	{"SPACE", func(p xmlexport.Problem) any { return p.Space }},
	{"CONTENT", func(p xmlexport.Problem) any { return p.Title }},
	{"WHAT", func(p xmlexport.Problem) any { return p.What }},
	{"OBJECT", func(p xmlexport.Problem) any { return p.Path }},
}

// exportPlan is plan create with an export as its source.
func (a *app) exportPlan() *cobra.Command {
	var f planFlags
	var w writeFlags
	var name string
	cmd := &cobra.Command{Use: "plan FILE.zip --name PLAN --to SITE --space KEY", Short: "Create a plan whose source is an export", Args: cobra.ExactArgs(1)}
	f.add(cmd)
	cmd.Flags().StringVar(&name, "name", "", "name of the plan")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		f.ends.from = args[0]
		p, err := a.composePlan(cmd, &f, []string{name}, migration.NewPlan())
		if err != nil {
			return err
		}
		return a.with(ctx, false, func(c *client) error { return a.sendPlan(ctx, c, p, &f, &w) })
	})
	return w.add(cmd)
}
