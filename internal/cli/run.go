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
	return a.completing(w.add(cmd), planNames)
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
	return a.completing(cmd, runNames)
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
	return a.completing(w.add(cmd), runNames)
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
	return a.completing(w.add(cmd), runNames)
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
	return a.completing(w.add(cmd), runNames)
}
