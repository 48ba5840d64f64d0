package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

func (a *app) pairBaseline() *cobra.Command {
	var w writeFlags
	cmd := &cobra.Command{
		Use: "baseline NAME", Args: cobra.ExactArgs(1),
		Short:   "Show how the contents of both sides belong together; with --plan-digest, start the pair from that",
		Example: "  tandem pair baseline hr\n  tandem pair baseline hr --plan-digest 91be04c7aa12",
	}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var b api.Baseline
			if err := c.Call(ctx, http.MethodPost, pairPath(args[0])+"/baseline"+w.query(a), nil, &b); err != nil {
				return err
			}
			if !b.Taken || !a.human() {
				return a.result(b, func(w io.Writer) { printBaseline(w, b) })
			}
			var p api.Pair
			if err := c.Call(ctx, http.MethodGet, pairPath(args[0]), nil, &p); err != nil {
				return err
			}
			return a.result(p, func(w io.Writer) { fmt.Fprintln(w, pairLine(p)+", 0 writes") })
		})
	})
	return a.completing(w.add(cmd), pairNames)
}

func printBaseline(w io.Writer, b api.Baseline) {
	fmt.Fprintf(w, "matched %d (migration map %d, path+title %d)", b.ByMap+b.ByTitle, b.ByMap, b.ByTitle)
	for _, s := range b.Sides {
		fmt.Fprintf(w, "; only on %s %d", s.Site, s.Only)
	}
	fmt.Fprintf(w, "\nequal %d, differing %d\n", b.Equal, b.Differing)
	for _, r := range b.Rows {
		what := "differs in " + joined(r.Differ)
		if r.Only != "" {
			what = "only on " + r.Only
		}
		fmt.Fprintf(w, "  %s %q: %s\n", r.Kind, oneLine(r.Title), what)
	}
	fmt.Fprintf(w, "baseline digest %s\n", b.Digest)
}

// pairsNamed are the pairs of a command: those named, or with all those in one of the states.
func pairsNamed(ctx context.Context, c *client, names []string, all bool, states ...migration.PairState) ([]string, error) {
	switch {
	case all && len(names) > 0:
		return nil, usage("name pairs or give --all, not both")
	case !all && len(names) == 0:
		return nil, usage("name a pair, or give --all")
	case !all:
		return names, nil
	}
	var list api.Pairs
	if err := c.Call(ctx, http.MethodGet, "/pairs", nil, &list); err != nil {
		return nil, err
	}
	for _, p := range list.Pairs {
		for _, s := range states {
			if p.State == s {
				names = append(names, p.Name)
			}
		}
	}
	return names, nil
}

type syncFlags struct {
	write             writeFlags
	all, once         bool
	page, site, allow string
}

func (a *app) pairSync() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "sync NAME... or --all", Short: "Sync now and wait for it (exit code 5: conflicts are open, 10: a brake halted the pair)",
		Example: "  tandem pair sync hr\n  tandem pair sync hr --dry-run\n  tandem pair sync hr --allow-brake deletes --reason \"the old pages are meant to go\"",
	}
	cmd.Flags().BoolVar(&f.all, "all", false, "all active pairs")
	cmd.Flags().BoolVar(&f.once, "once", true, "one cycle")
	cmd.Flags().StringVar(&f.page, "page", "", "look at the content of this id only, as ID or SITE:ID (default: a sweep of the pair)")
	cmd.Flags().StringVar(&f.allow, "allow-brake", "", "let this brake pass once; needs --reason")
	cmd.RunE = a.run(func(ctx context.Context, names []string) error {
		if site, id, named := strings.Cut(f.page, ":"); named {
			f.site, f.page = site, id
		}
		return a.with(ctx, true, func(c *client) error {
			names, err := pairsNamed(ctx, c, names, f.all, migration.PairActive)
			if err != nil {
				return err
			}
			return a.syncAll(ctx, c, names, &f)
		})
	})
	return a.completing(f.write.add(cmd), pairNames)
}

// syncAll syncs pairs one after the other. A pair that is halted keeps no other from its turn.
func (a *app) syncAll(ctx context.Context, c *client, names []string, f *syncFlags) error {
	cycles := []api.Cycle{}
	for _, name := range names {
		var done api.Cycle
		body := map[string]string{}
		for key, value := range map[string]string{"page": f.page, "site": f.site, "allowBrake": f.allow} {
			if value != "" {
				body[key] = value
			}
		}
		err := c.Call(ctx, http.MethodPost, pairPath(name)+"/sync"+f.write.query(a), body, &done)
		if err != nil && len(names) == 1 {
			return err
		}
		if err != nil {
			a.printError(err)
			a.exit(confluence.Lookup(confluence.AsError(err).Code).Exit)
			continue
		}
		cycles = append(cycles, done)
		a.exitCycle(done)
		if a.human() {
			a.printCycle(a.env.Stdout, done)
		}
	}
	if a.human() {
		return nil
	}
	if len(names) == 1 && a.settings.Output != "csv" {
		return a.result(cycles[0], nil)
	}
	return printList(a, &listFlags{}, cycleColumns, cycles)
}

// exitCycle notes how the end of a cycle shows in the exit code, and prints why a pair is halted.
func (a *app) exitCycle(c api.Cycle) {
	if c.DryRun {
		return
	}
	if c.Open > 0 {
		a.exit(exitConflicts)
	}
	if c.Halt == nil {
		return
	}
	code := confluence.CodeBrake
	e := confluence.Errorf(code, "pair %q halted by brake %q: %s", c.Pair, c.Halt.Brake, c.Halt.What)
	e.Remedy = fmt.Sprintf("tandem pair sync %s --dry-run, then --allow-brake %s --reason …", c.Pair, c.Halt.Brake)
	if c.Halt.Brake == "" && c.Halt.Error != nil {
		e = confluence.Errorf(c.Halt.Error.Code, "%s", c.Halt.Error.What)
		e.Cause, e.Remedy = c.Halt.Error.Cause, c.Halt.Error.Remedy
	}
	a.printError(e)
	a.exit(confluence.Lookup(e.Code).Exit)
}

// printCycle says in one line what a cycle did; of a dry run what it would do.
func (a *app) printCycle(w io.Writer, c api.Cycle) {
	if c.DryRun || c.Preview != nil {
		printPlan(w, c)
		return
	}
	fmt.Fprintln(w, cycleLine(c))
}

func cycleLine(c api.Cycle) string {
	line := fmt.Sprintf("%s: cycle %d: to %s %d, to %s %d, merged %d, conflicts %d open, failed %d", c.Pair, c.Number,
		c.Sides[1].Site, c.Sides[1].Written, c.Sides[0].Site, c.Sides[0].Written, c.Merged, c.Open, c.Failed)
	if c.Ended != nil {
		line += fmt.Sprintf(", %.1f s", c.Ended.Sub(c.Started).Seconds())
	}
	return line
}

func printPlan(w io.Writer, c api.Cycle) {
	if c.Halt != nil {
		fmt.Fprintf(w, "%s: brake %q would halt it: %s\n", c.Pair, c.Halt.Brake, oneLine(c.Halt.What))
	}
	if len(c.Plan) == 0 {
		fmt.Fprintf(w, "%s: nothing to do\n", c.Pair)
	}
	for _, p := range c.Plan {
		fmt.Fprintf(w, "%s: would %-4s on %s: %s %q", c.Pair, p.Verb, p.Site, p.Kind, oneLine(p.Title))
		if len(p.Facets) > 0 {
			fmt.Fprintf(w, " (%s)", joined(p.Facets))
		}
		fmt.Fprintln(w)
	}
	if c.Preview != nil {
		fmt.Fprintf(w, "digest %s; nothing was done\n", c.Preview.Digest[:12])
	}
}

// cycleColumns are the columns of a list of cycles.
var cycleColumns = []column[api.Cycle]{
	{"PAIR", func(c api.Cycle) any { return c.Pair }},
	{"CYCLE", func(c api.Cycle) any { return c.Number }},
	{"KIND", func(c api.Cycle) any { return c.Kind }},
	{"STARTED", func(c api.Cycle) any { return c.Started }},
	{"OUTCOME", func(c api.Cycle) any { return c.Outcome }},
	{"WRITTEN", func(c api.Cycle) any {
		return fmt.Sprintf("%s %d, %s %d", c.Sides[0].Site, c.Sides[0].Written, c.Sides[1].Site, c.Sides[1].Written)
	}},
	{"CALLS", func(c api.Cycle) any {
		return fmt.Sprintf("%s %d, %s %d", c.Sides[0].Site, c.Sides[0].Calls, c.Sides[1].Site, c.Sides[1].Calls)
	}},
	{"MERGED", func(c api.Cycle) any { return c.Merged }},
	{"CONFLICTS", func(c api.Cycle) any { return c.Open }},
	{"FAILED", func(c api.Cycle) any { return c.Failed }},
}

// pairAct makes a command that does one act on pairs and shows how they stand then.
func (a *app) pairAct(use, short, act, done string, states ...migration.PairState) *cobra.Command {
	var w writeFlags
	var all bool
	cmd := &cobra.Command{Use: use, Short: short}
	cmd.Flags().BoolVar(&all, "all", false, "all pairs that this applies to")
	cmd.RunE = a.run(func(ctx context.Context, names []string) error {
		return a.with(ctx, false, func(c *client) error {
			names, err := pairsNamed(ctx, c, names, all, states...)
			if err != nil {
				return err
			}
			pairs := []api.Pair{}
			for _, name := range names {
				var p api.Pair
				if err := c.Call(ctx, http.MethodPost, pairPath(name)+"/"+act+w.query(a), nil, &p); err != nil {
					return err
				}
				pairs = append(pairs, p)
			}
			if len(pairs) == 1 {
				return a.pairChanged(pairs[0])
			}
			if !a.human() {
				return printList(a, &listFlags{}, a.pairColumns(), pairs)
			}
			for _, p := range pairs {
				if err := a.pairChanged(p); err != nil {
					return err
				}
			}
			if !w.dryRun {
				fmt.Fprintf(a.env.Stdout, "%s %s\n", count(len(pairs), "pair"), done)
			}
			return nil
		})
	})
	return a.completing(w.add(cmd), pairNames)
}

func (a *app) pairPause() *cobra.Command {
	return a.pairAct("pause NAME... or --all", "Pause pairs: edits keep being counted, nothing is written", "pause",
		"paused; edits keep being counted, nothing is written", migration.PairActive, migration.PairHalted)
}

func (a *app) pairResume() *cobra.Command {
	return a.pairAct("resume NAME... or --all", "Go on with pairs that are paused or halted", "resume", "active",
		migration.PairPaused, migration.PairHalted)
}

func (a *app) pairRetire() *cobra.Command {
	var w writeFlags
	cmd := &cobra.Command{Use: "retire NAME --reason TEXT", Short: "End a pair for good; both spaces stay as they are", Args: cobra.ExactArgs(1)}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if a.settings.Reason == "" && !w.dryRun {
			return usage("a reason is required: --reason")
		}
		if !w.dryRun {
			if err := a.confirm(ctx, "retire the pair "+args[0]+"? Nothing is carried any more then."); err != nil {
				return err
			}
		}
		return a.with(ctx, false, func(c *client) error {
			query := w.query(a)
			if a.settings.Reason == "" {
				query += "&reason=preview"
			}
			var p api.Pair
			if err := c.Call(ctx, http.MethodPost, pairPath(args[0])+"/retire"+query, nil, &p); err != nil {
				return err
			}
			return a.pairChanged(p)
		})
	})
	return a.completing(w.add(cmd), pairNames)
}
