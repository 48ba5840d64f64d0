package cli

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/migration"
)

func (a *app) runStatus() *cobra.Command {
	var f listFlags
	var exitCode, items, failures, pending bool
	cmd := &cobra.Command{Use: "status [RUN]", Short: "How runs stand (default: all that are not final)", Args: cobra.MaximumNArgs(1)}
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit as the run itself would")
	cmd.Flags().BoolVar(&items, "items", false, "each space of the run")
	cmd.Flags().BoolVar(&failures, "failures", false, "what failed")
	cmd.Flags().BoolVar(&pending, "pending", false, "the spaces that are not done")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			list := api.Runs{}
			if len(args) == 0 {
				if items || failures || pending {
					return usage("--items, --failures and --pending need a run")
				}
				if err := c.Call(ctx, http.MethodGet, "/runs?open=true", nil, &list); err != nil {
					return err
				}
				return printList(a, &f, runColumns, list.Runs)
			}
			var p api.Progress
			if err := c.Call(ctx, http.MethodGet, runPath(args[0]), nil, &p); err != nil {
				return err
			}
			if exitCode {
				for _, code := range exitRun(p) {
					a.exit(code)
				}
			}
			switch {
			case failures:
				return a.printFindings(ctx, c, &f, runPath(p.Run)+"/failures")
			case pending:
				return a.printTasks(ctx, c, &f, runPath(p.Run)+"/pending")
			case items:
				return a.printTasks(ctx, c, &f, runPath(p.Run)+"/tasks")
			}
			return printList(a, &f, runColumns, []api.Progress{p})
		})
	})
	return a.completing(f.add(cmd), runNames)
}

// runColumns are the columns of run status.
var runColumns = []column[api.Progress]{
	{"RUN", func(p api.Progress) any { return p.Run }},
	{"STATUS", func(p api.Progress) any { return string(p.Status) }},
	{"PHASE", func(p api.Progress) any { return string(p.Phase) }},
	{"DONE", func(p api.Progress) any { return fmt.Sprintf("%d/%d", p.Done, p.Total) }},
	{"RATE", func(p api.Progress) any { return rate(p) }},
	{"FAILURES", func(p api.Progress) any { return p.Failed }},
	{"ETA", func(p api.Progress) any { return eta(p) }},
	{"CALLS", func(p api.Progress) any { return calls(p) }},
}

// taskColumns are the columns of run status --items.
var taskColumns = []column[migration.Task]{
	{"SPACE", func(t migration.Task) any { return t.Space }},
	{"TARGET", func(t migration.Task) any { return t.Target }},
	{"STATUS", func(t migration.Task) any { return string(t.Status) }},
	{"PHASE", func(t migration.Task) any { return string(t.Phase) }},
	{"PAGES", func(t migration.Task) any { return tally(t.Counts.Pages) }},
	{"BLOG", func(t migration.Task) any { return tally(t.Counts.BlogPosts) }},
	{"ATTACHMENTS", func(t migration.Task) any { return tally(t.Counts.Attachments) }},
	{"COMMENTS", func(t migration.Task) any { return tally(t.Counts.Comments) }},
	{"REASON", func(t migration.Task) any {
		if t.Error != nil {
			return string(t.Error.Code) + " " + t.Error.What
		}
		return t.SkipReason
	}},
}

// findingColumns are the columns of lists of findings.
var findingColumns = []column[migration.Finding]{
	{"SEVERITY", func(f migration.Finding) any { return f.Severity }},
	{"CODE", func(f migration.Finding) any { return string(f.Code) }},
	{"EFFECT", func(f migration.Finding) any { return string(f.Effect) }},
	{"SPACE", func(f migration.Finding) any { return f.Space }},
	{"CONTENT", func(f migration.Finding) any { return f.Content.Title }},
	{"WHAT", func(f migration.Finding) any { return f.What }},
	{"REMEDY", func(f migration.Finding) any { return f.Remedy }},
}

func tally(t migration.Tally) string { return fmt.Sprintf("%d/%d", t.Done, t.Total) }

func (a *app) printTasks(ctx context.Context, c *client, f *listFlags, path string) error {
	var out api.Tasks
	if err := c.Call(ctx, http.MethodGet, path, nil, &out); err != nil {
		return err
	}
	return printList(a, f, taskColumns, out.Tasks)
}

// printFindings prints all findings of a path that answers in parts.
func (a *app) printFindings(ctx context.Context, c *client, f *listFlags, path string) error {
	var all []migration.Finding
	for after := ""; ; {
		var out api.Findings
		if err := c.Call(ctx, http.MethodGet, path+query("after", after), nil, &out); err != nil {
			return err
		}
		all = append(all, out.Findings...)
		if after = out.Next; after == "" {
			return printList(a, f, findingColumns, all)
		}
	}
}
