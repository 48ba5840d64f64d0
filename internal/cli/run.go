package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

func (a *app) runCommand() *cobra.Command {
	return noun("run", "Runs of plans: PLAN#n, or PLAN for its latest run",
		a.runStart(), a.runStatus(), a.runWatch(), a.runPause(), a.runResume(), a.runStop(), a.runRetry(), a.runLog(), a.runReport())
}

func runPath(name string) string { return "/runs/" + url.PathEscape(name) }

// exitRun are the exit codes of a run as it stands: 0 while it works and when it is FINISHED.
func exitRun(p api.Progress) []int {
	var codes []int
	switch p.Status {
	case migration.PlanIncomplete, migration.PlanFailed, migration.PlanStopped:
		codes = append(codes, exitUnfinished)
	case migration.PlanPaused:
		if p.Error == nil {
			codes = append(codes, exitInterrupted)
		}
	}
	if p.Error != nil {
		codes = append(codes, confluence.Lookup(p.Error.Code).Exit)
	}
	return codes
}

// exitUnfinished is the exit code of a run that ended INCOMPLETE, FAILED or STOPPED.
const exitUnfinished = 4

func (a *app) runStart() *cobra.Command {
	var w writeFlags
	var watch bool
	cmd := &cobra.Command{Use: "start PLAN", Short: "Run a plan", Args: cobra.ExactArgs(1)}
	cmd.Flags().BoolVar(&watch, "watch", false, "follow it to its end (always so without a server)")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, !w.dryRun, func(c *client) error {
			start := func() (api.Progress, error) {
				var p api.Progress
				err := c.Call(ctx, http.MethodPost, "/runs"+w.query(a), map[string]string{"plan": args[0]}, &p)
				return p, err
			}
			if w.dryRun {
				p, err := start()
				if err != nil {
					return err
				}
				return a.preview(p.Preview)
			}
			return a.carryOut(ctx, c, watch, 10*time.Second, start)
		})
	})
	return w.add(cmd)
}

// carryOut starts work on a run and, without a server or if told to watch, follows it to its end.
func (a *app) carryOut(ctx context.Context, c *client, watch bool, interval time.Duration, start func() (api.Progress, error)) error {
	p, err := start()
	if err != nil {
		return err
	}
	if !c.remote || watch {
		a.say("run %s: %s", p.Run, p.Status)
		if p, err = a.follow(ctx, c, p.Run, interval, a.env.Stderr); err != nil {
			return err
		}
	}
	for _, code := range exitRun(p) {
		a.exit(code)
	}
	return a.result(p, func(w io.Writer) { a.printRun(w, c, p) })
}

// printRun says how a run stands, why, and what to do next.
func (a *app) printRun(w io.Writer, c *client, p api.Progress) {
	fmt.Fprintf(w, "run %s: %s %d/%d", p.Run, p.Status, p.Done, p.Total)
	if p.Failed > 0 {
		fmt.Fprintf(w, ", %s", count(p.Failed, "failure"))
	}
	for _, s := range p.Calls {
		if s.Calls > 0 {
			fmt.Fprintf(w, ", %s to %s", count(int(s.Calls), "request"), s.Site)
		}
	}
	fmt.Fprintln(w)
	if p.Error != nil {
		fmt.Fprintf(w, "  %s: %s\n  cause:  %s\n  remedy: %s\n", p.Error.Code, oneLine(p.Error.What), oneLine(p.Error.Cause), oneLine(p.Error.Remedy))
	}
	for _, t := range p.Tasks {
		if t.SkipReason != "" {
			fmt.Fprintf(w, "  %s %s: %s\n", t.Space, t.Status, t.SkipReason)
		}
		if t.Error != nil {
			fmt.Fprintf(w, "  %s %s: %s %s\n", t.Space, t.Status, t.Error.Code, oneLine(t.Error.What))
		}
	}
	switch {
	case p.Status == migration.PlanRunning && c.remote:
		fmt.Fprintf(w, "  follow: tandem run watch %s\n", p.Run)
	case p.Status == migration.PlanPaused:
		fmt.Fprintf(w, "  go on:  tandem run resume %s\n", p.Run)
	case p.Status == migration.PlanStopped:
		fmt.Fprintf(w, "  final for this run; to do the rest: tandem run start %s\n", p.Plan)
	case p.Status == migration.PlanIncomplete || p.Status == migration.PlanFailed:
		fmt.Fprintf(w, "  what failed and why: tandem run report %s; again: tandem run retry %s\n", p.Run, p.Run)
	}
}

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
	return f.add(cmd)
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

func (a *app) runWatch() *cobra.Command {
	var interval time.Duration
	cmd := &cobra.Command{Use: "watch RUN", Short: "Follow a run to its end, with rate and time left", Args: cobra.ExactArgs(1)}
	cmd.Flags().DurationVar(&interval, "interval", 10*time.Second, "a line at least this often")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, true, func(c *client) error {
			var p api.Progress
			if err := c.Call(ctx, http.MethodGet, runPath(args[0]), nil, &p); err != nil {
				return err
			}
			lines := a.env.Stdout
			if !a.human() {
				lines = a.env.Stderr
			}
			p, err := a.follow(ctx, c, p.Run, interval, lines)
			if err != nil {
				return err
			}
			for _, code := range exitRun(p) {
				a.exit(code)
			}
			return a.result(p, func(w io.Writer) { a.printRun(w, c, p) })
		})
	})
	return cmd
}

// actCommand makes a command that does one act on a run and shows how it stands then.
func (a *app) actCommand(use, short, act string, before func(context.Context, string) error) *cobra.Command {
	var w writeFlags
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1)}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if before != nil && !w.dryRun {
			if err := before(ctx, args[0]); err != nil {
				return err
			}
		}
		return a.with(ctx, false, func(c *client) error {
			var p api.Progress
			if err := c.Call(ctx, http.MethodPost, runPath(args[0])+"/"+act+w.query(a), nil, &p); err != nil {
				return err
			}
			if p.Preview != nil {
				return a.preview(p.Preview)
			}
			return a.result(p, func(w io.Writer) { a.printRun(w, c, p) })
		})
	})
	return w.add(cmd)
}

func (a *app) runPause() *cobra.Command {
	return a.actCommand("pause RUN", "Pause a run; waits for the calls in flight", "pause", nil)
}

func (a *app) runStop() *cobra.Command {
	return a.actCommand("stop RUN", "Stop a run for good after the step in progress; the plan can be run again", "stop",
		func(ctx context.Context, run string) error {
			return a.confirm(ctx, "stop "+run+"? STOPPED is final for the run.")
		})
}

func (a *app) runResume() *cobra.Command {
	var w writeFlags
	var watch bool
	cmd := &cobra.Command{Use: "resume RUN", Short: "Go on with a run that was paused, interrupted or halted", Args: cobra.ExactArgs(1)}
	cmd.Flags().BoolVar(&watch, "watch", false, "follow it to its end (always so without a server)")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, !w.dryRun, func(c *client) error {
			var p api.Progress
			resume := func() (api.Progress, error) {
				err := c.Call(ctx, http.MethodPost, runPath(args[0])+"/resume"+w.query(a), nil, &p)
				return p, err
			}
			if w.dryRun {
				if _, err := resume(); err != nil {
					return err
				}
				return a.preview(p.Preview)
			}
			return a.carryOut(ctx, c, watch, 10*time.Second, resume)
		})
	})
	return w.add(cmd)
}

func (a *app) runRetry() *cobra.Command {
	var w writeFlags
	var code string
	var watch bool
	cmd := &cobra.Command{Use: "retry RUN", Short: "Do again what failed, and only that", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&code, "code", "", "only what failed with this code")
	cmd.Flags().BoolVar(&watch, "watch", false, "follow it to its end (always so without a server)")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, !w.dryRun, func(c *client) error {
			body := map[string]string{}
			if code != "" {
				body["code"] = code
			}
			var out api.Retried
			retry := func() (api.Progress, error) {
				err := c.Call(ctx, http.MethodPost, runPath(args[0])+"/retry"+w.query(a), body, &out)
				if err == nil && out.Preview == nil {
					a.say("%s queued again", count(out.Queued, "item"))
				}
				return out.Progress, err
			}
			if w.dryRun {
				if _, err := retry(); err != nil {
					return err
				}
				return a.preview(out.Preview)
			}
			return a.carryOut(ctx, c, watch, 10*time.Second, retry)
		})
	})
	return w.add(cmd)
}

func (a *app) runLog() *cobra.Command {
	var level, item string
	var since time.Duration
	cmd := &cobra.Command{Use: "log RUN", Short: "The log of a run, without a cut-off", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&level, "level", "info", "info, warn or error, and what is graver")
	cmd.Flags().StringVar(&item, "item", "", "of this space only")
	cmd.Flags().DurationVar(&since, "since", 0, "of this last time only")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			lines := []api.LogLine{}
			for after := int64(0); ; {
				var part api.Log
				path := runPath(args[0]) + "/log" + query("after", strconv.FormatInt(after, 10), "level", level)
				if err := c.Call(ctx, http.MethodGet, path, nil, &part); err != nil {
					return err
				}
				if len(part.Lines) == 0 {
					break
				}
				for _, l := range part.Lines {
					after = l.N
					if (item == "" || l.Space == item) && (since == 0 || a.env.Now().Sub(l.Time) <= since) {
						lines = append(lines, l)
					}
				}
			}
			return a.printLog(lines)
		})
	})
	return cmd
}

func (a *app) printLog(lines []api.LogLine) error {
	switch a.settings.Output {
	case "jsonl":
		enc := json.NewEncoder(a.env.Stdout)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return nil
	case "table":
		for _, l := range lines {
			fmt.Fprintf(a.env.Stdout, "%s %-5s %s%s%s\n", l.Time.Local().Format(time.DateTime), l.Level, pad(l.Code), pad(strings.TrimPrefix(l.Space, spaceOf(l.Msg))), oneLine(l.Msg))
		}
		return nil
	}
	return printList(a, &listFlags{}, []column[api.LogLine]{
		{"TIME", func(l api.LogLine) any { return l.Time }},
		{"LEVEL", func(l api.LogLine) any { return l.Level }},
		{"CODE", func(l api.LogLine) any { return l.Code }},
		{"SPACE", func(l api.LogLine) any { return l.Space }},
		{"MSG", func(l api.LogLine) any { return l.Msg }},
	}, lines)
}

// spaceOf returns what stands before the colon of a message; lines about a space begin with its key.
func spaceOf(msg string) string {
	space, _, _ := strings.Cut(msg, ":")
	return space
}

// pad puts a space after a word that is there.
func pad(s string) string {
	if s == "" {
		return ""
	}
	return oneLine(s) + " "
}

func (a *app) runReport() *cobra.Command {
	var format, to string
	cmd := &cobra.Command{Use: "report RUN", Short: "What arrived, what did not and why, and the proof", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&format, "format", "", "text, html, json or csv (the findings); default text, or as --output")
	cmd.Flags().StringVar(&to, "to", "", "write it there and not to standard output")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			path, err := a.reportPath(runPath(args[0]), format, true)
			if err != nil {
				return err
			}
			return a.saveReport(ctx, c, path, to)
		})
	})
	return cmd
}

// reportPath returns the call for a report in the format that was asked for.
func (a *app) reportPath(base, format string, csv bool) (string, error) {
	if format == "" {
		format = map[string]string{"table": "text", "json": "json", "jsonl": "json", "csv": "csv"}[a.settings.Output]
	}
	switch {
	case format == "csv" && csv:
		return base + "/findings.csv", nil
	case format == "text", format == "html", format == "json":
		return base + "/report?format=" + format, nil
	}
	return "", usage("--format %q: there is no such form of this report", format)
}

func (a *app) saveReport(ctx context.Context, c *client, path, to string) error {
	text, err := c.File(ctx, path)
	if err != nil {
		return err
	}
	if to != "" && to != "-" {
		a.say("%s: %d bytes", to, len(text))
	}
	return a.writeFile(to, text)
}
