package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

func (a *app) planCommand() *cobra.Command {
	return noun("plan", "What is to be migrated, and how",
		a.planCreate(), a.planEdit(), a.planCopy(), a.planList(), a.planShow(), a.planCheck(), a.planArchive(), a.planDelete())
}

func planPath(name string) string { return "/plans/" + url.PathEscape(name) }

func (a *app) planCreate() *cobra.Command {
	var f planFlags
	var w writeFlags
	cmd := &cobra.Command{
		Use: "create [NAME] --from SITE|FILE.zip --to SITE --space KEY, or -f PLAN.yaml", Args: cobra.MaximumNArgs(1),
		Short:   "Create a plan from flags or from a plan file",
		Example: "  tandem plan create HR --from hr-export.zip --to cloud --space HR\n  tandem plan create -f HR.yaml",
	}
	f.add(cmd)
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		p, err := a.composePlan(cmd, &f, args, migration.NewPlan())
		if err != nil {
			return err
		}
		return a.with(ctx, false, func(c *client) error { return a.sendPlan(ctx, c, p, &f, &w) })
	})
	return w.add(cmd)
}

func (a *app) planEdit() *cobra.Command {
	var f planFlags
	var w writeFlags
	f.edit = true
	cmd := &cobra.Command{Use: "edit NAME", Short: "Change a plan: the flags given, or the whole file", Args: cobra.ExactArgs(1)}
	f.add(cmd)
	cmd.Flags().StringArrayVar(&f.unset, "unset", nil, "back to the default (repeatable): people, cql, label, subtree, edited-after, never-send, macros, concurrent, space:KEY")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var old api.Plan
			if err := c.Call(ctx, http.MethodGet, planPath(args[0]), nil, &old); err != nil {
				return err
			}
			p, err := a.composePlan(cmd, &f, args, old.Plan)
			if err != nil {
				return err
			}
			return a.sendPlan(ctx, c, p, &f, &w)
		})
	})
	return a.completing(w.add(cmd), planNames)
}

// sendPlan sends a plan, after its people file if it names one, and prints what the server made of it.
func (a *app) sendPlan(ctx context.Context, c *client, p migration.Plan, f *planFlags, w *writeFlags) error {
	method, path := http.MethodPost, "/plans"
	if f.edit {
		method, path = http.MethodPut, planPath(p.Name)
	}
	if f.people != "" && !w.dryRun {
		text, err := a.readFile(f.people)
		if err != nil {
			return err
		}
		if _, err := a.importPeople(ctx, c, peopleFile{engine.PeopleSource(p), p.To.Site, f.people, text}, &writeFlags{}); err != nil {
			return err
		}
	}
	var out api.PlanResult
	body := api.PlanFile{File: string(p.YAML()), Name: f.file}
	if err := c.Call(ctx, method, path+w.query(a), body, &out); err != nil {
		return err
	}
	return a.planChanged(out)
}

func (a *app) planChanged(out api.PlanResult) error {
	if out.Preview != nil {
		return a.preview(out.Preview)
	}
	return a.result(out, func(w io.Writer) {
		fmt.Fprintf(w, "plan %s: %s, %s, %s\n", out.Plan.Name, out.Plan.Status, count(len(out.Plan.Plan.Spaces), "space"), pagesOf(out.Spaces))
	})
}

// pagesOf says how much a plan's spaces hold, where the source tells that before it is read.
func pagesOf(spaces []api.PlanSpace) string {
	pages := 0
	for _, s := range spaces {
		if s.Pages < 0 {
			return "pages not counted yet (tandem plan check counts them)"
		}
		pages += s.Pages
	}
	return count(pages, "page") + " and blog posts"
}

func (a *app) planCopy() *cobra.Command {
	var w writeFlags
	var stage string
	cmd := &cobra.Command{Use: "copy NAME NEWNAME", Short: "Copy a plan", Args: cobra.ExactArgs(2)}
	cmd.Flags().StringVar(&stage, "stage", "", "test or production (default: as the plan)")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var out api.PlanResult
			body := map[string]string{"name": args[1]}
			if stage != "" {
				body["stage"] = stage
			}
			if err := c.Call(ctx, http.MethodPost, planPath(args[0])+"/copy"+w.query(a), body, &out); err != nil {
				return err
			}
			if out.Preview != nil {
				return a.preview(out.Preview)
			}
			return a.result(out, func(w io.Writer) {
				fmt.Fprintf(w, "plan %s: %s, copied from %s\n", out.Plan.Name, out.Plan.Status, args[0])
			})
		})
	})
	return a.completing(w.add(cmd), planNames)
}

func (a *app) planList() *cobra.Command {
	var f listFlags
	var archived bool
	cmd := &cobra.Command{Use: "list", Short: "List the plans", Args: cobra.NoArgs}
	cmd.Flags().BoolVar(&archived, "archived", false, "the archived ones too")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		return a.with(ctx, false, func(c *client) error {
			path := "/plans"
			if archived {
				path += "?archived=true"
			}
			var list api.Plans
			if err := c.Call(ctx, http.MethodGet, path, nil, &list); err != nil {
				return err
			}
			return printList(a, &f, planColumns, list.Plans)
		})
	})
	return f.add(cmd)
}

// planColumns are the columns of plan list.
var planColumns = []column[api.Plan]{
	{"NAME", func(p api.Plan) any { return p.Name }},
	{"STAGE", func(p api.Plan) any { return p.Plan.Stage }},
	{"FROM", func(p api.Plan) any { return endName(p.Plan.From) }},
	{"TO", func(p api.Plan) any { return endName(p.Plan.To) }},
	{"CONTENTS", func(p api.Plan) any { return count(len(p.Plan.Spaces), "space") }},
	{"STATUS", func(p api.Plan) any { return string(p.Status) }},
	{"PROGRESS", func(p api.Plan) any {
		if p.Run == nil || p.Run.Total == 0 {
			return "-"
		}
		return fmt.Sprintf("%d/%d (%d %%)", p.Run.Done, p.Run.Total, 100*p.Run.Done/p.Run.Total)
	}},
	{"FAILURES", func(p api.Plan) any {
		if p.Run == nil {
			return "-"
		}
		return p.Run.Failed
	}},
	{"STARTED", func(p api.Plan) any {
		if p.Run == nil {
			return time.Time{}
		}
		return p.Run.Started
	}},
}

func endName(e migration.Endpoint) string {
	if e.Export != "" {
		return e.Export
	}
	return e.Site
}

func (a *app) planShow() *cobra.Command {
	var as string
	cmd := &cobra.Command{Use: "show NAME", Short: "Show a plan", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&as, "as", "", "yaml (the plan file), json or table (default: as --output)")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var file api.PlanFile
			if err := c.Call(ctx, http.MethodGet, planPath(args[0])+"/file", nil, &file); err != nil {
				return err
			}
			var p api.Plan
			if err := c.Call(ctx, http.MethodGet, planPath(args[0]), nil, &p); err != nil {
				return err
			}
			switch as {
			case "yaml":
				return a.writeFile("", []byte(file.File))
			case "json":
				a.settings.Output = "json"
			case "table":
				a.settings.Output = "table"
			case "":
			default:
				return usage("--as %q is none of yaml, json, table", as)
			}
			return a.result(p, func(w io.Writer) {
				fmt.Fprintf(w, "# %s\n%s", p.Status, file.File)
			})
		})
	})
	return a.completing(cmd, planNames)
}

func (a *app) planCheck() *cobra.Command {
	cmd := &cobra.Command{Use: "check NAME", Short: "Check a plan against both sites (exit code 3 if a check blocks)", Args: cobra.ExactArgs(1)}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var out api.Checks
			if err := c.Call(ctx, http.MethodPost, planPath(args[0])+"/check", nil, &out); err != nil {
				return err
			}
			if out.Blocks > 0 {
				a.exit(exitBlocked)
			}
			return a.result(out, func(w io.Writer) {
				for _, check := range out.Checks {
					printCheck(w, check)
				}
				fmt.Fprintf(w, "%d passed, %s, %d blocks\n", out.Passed, count(out.Warnings, "warning"), out.Blocks)
			})
		})
	})
	return a.completing(cmd, planNames)
}

// printCheck prints a check that found something.
func printCheck(w io.Writer, check migration.CheckResult) {
	for _, f := range check.Findings {
		fmt.Fprintf(w, "%-8s %-20s %s%s\n", severity(f.Severity), check.ID, where(f), oneLine(f.What))
	}
	if len(check.Findings) > 0 && check.State != migration.CheckPassed {
		fmt.Fprintf(w, "         what to do: %s\n", oneLine(check.Fix))
	}
}

// exitBlocked is the exit code when a check blocks.
const exitBlocked = 3

// severity names a severity of a check for people.
func severity(s string) string {
	switch s {
	case migration.SeverityError:
		return "BLOCKS"
	case migration.SeverityWarning:
		return "WARNING"
	}
	return "INFO"
}

// where names the content of a finding.
func where(f migration.Finding) string {
	switch {
	case f.Content.Title != "":
		return oneLine(f.Space+" / "+f.Content.Title) + ": "
	case f.Space != "":
		return oneLine(f.Space) + ": "
	}
	return ""
}

func (a *app) planArchive() *cobra.Command {
	var undo bool
	var w writeFlags
	cmd := &cobra.Command{Use: "archive NAME...", Short: "Put plans away", Args: cobra.MinimumNArgs(1)}
	cmd.Flags().BoolVar(&undo, "undo", false, "take them out again")
	cmd.RunE = a.run(func(ctx context.Context, names []string) error {
		return a.with(ctx, false, func(c *client) error {
			plans := []api.Plan{}
			for _, name := range names {
				var p api.Plan
				if err := c.Call(ctx, http.MethodPut, planPath(name)+"/archived"+w.query(a), map[string]bool{"archived": !undo}, &p); err != nil {
					return err
				}
				plans = append(plans, p)
			}
			return a.result(plans, func(w io.Writer) {
				for _, p := range plans {
					state := "in use"
					if p.Archived {
						state = "archived"
					}
					fmt.Fprintf(w, "plan %s %s\n", p.Name, state)
				}
			})
		})
	})
	return a.completing(w.add(cmd), planNames)
}

func (a *app) planDelete() *cobra.Command {
	var w writeFlags
	cmd := &cobra.Command{Use: "delete NAME...", Short: "Delete plans; no content and no record of their runs is deleted", Args: cobra.MinimumNArgs(1)}
	cmd.RunE = a.run(func(ctx context.Context, names []string) error {
		if !w.dryRun {
			if err := a.confirm(ctx, "delete "+count(len(names), "plan")+"?"); err != nil {
				return err
			}
		}
		return a.with(ctx, false, func(c *client) error {
			for _, name := range names {
				var out api.Done
				if err := c.Call(ctx, http.MethodDelete, planPath(name)+w.query(a), nil, &out); err != nil {
					return err
				}
				if out.Preview != nil {
					if err := a.preview(out.Preview); err != nil {
						return err
					}
				}
			}
			if w.dryRun {
				return nil
			}
			return a.result(map[string][]string{"deleted": names}, func(w io.Writer) {
				for _, name := range names {
					fmt.Fprintf(w, "plan %s deleted (its runs stay on record)\n", name)
				}
			})
		})
	})
	return a.completing(w.add(cmd), planNames)
}
