package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
)

func (a *app) pairShow() *cobra.Command {
	var f listFlags
	var changes, cycles, rules, exitCode bool
	cmd := &cobra.Command{Use: "show NAME", Short: "How a pair stands, what its cycles did, and why it is halted", Args: cobra.ExactArgs(1)}
	cmd.Flags().BoolVar(&changes, "changes", false, "what was carried lately")
	cmd.Flags().BoolVar(&cycles, "cycles", false, "its newest cycles")
	cmd.Flags().BoolVar(&rules, "rules", false, "how it is kept: the pair file")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit as the pair stands: 5 with open conflicts, 10 when it is halted")
	cmd.MarkFlagsMutuallyExclusive("changes", "cycles", "rules")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var p api.Pair
			if err := c.Call(ctx, http.MethodGet, pairPath(args[0]), nil, &p); err != nil {
				return err
			}
			if exitCode {
				for _, code := range exitPair(p) {
					a.exit(code)
				}
			}
			limit := ""
			if f.limit > 0 {
				limit = strconv.Itoa(f.limit)
			}
			switch {
			case changes:
				var list api.Changes
				if err := c.Call(ctx, http.MethodGet, pairPath(args[0])+"/changes"+query("limit", limit), nil, &list); err != nil {
					return err
				}
				return printList(a, &f, changeColumns, list.Changes)
			case cycles:
				var list api.Cycles
				if err := c.Call(ctx, http.MethodGet, pairPath(args[0])+"/cycles"+query("limit", limit), nil, &list); err != nil {
					return err
				}
				return printList(a, &f, cycleColumns, list.Cycles)
			case rules:
				var file api.PairFile
				if err := c.Call(ctx, http.MethodGet, pairPath(args[0])+"/file", nil, &file); err != nil {
					return err
				}
				return a.writeFile("", []byte(file.File))
			}
			return a.result(p, func(w io.Writer) { a.printPair(w, p) })
		})
	})
	return a.completing(f.add(cmd), pairNames)
}

// changeColumns are the columns of what was carried.
var changeColumns = []column[api.Change]{
	{"TIME", func(c api.Change) any { return c.Time }},
	{"SIDE", func(c api.Change) any { return c.Site }},
	{"WHO", func(c api.Change) any { return c.Who }},
	{"PAGE", func(c api.Change) any { return c.Page }},
	{"FILE", func(c api.Change) any { return c.File }},
	{"CHANGE", func(c api.Change) any {
		switch {
		case c.Kind == "comment":
			return "comment"
		case c.Verb == "POST":
			return "new"
		case c.Kind == "attachment":
			return "file"
		case len(c.Change) == 0:
			return c.Verb
		}
		return joined(c.Change)
	}},
	{"RESULT", func(c api.Change) any {
		if c.Result == "done" {
			return "carried to " + c.To + " (" + c.Verb + ")"
		}
		return c.Result
	}},
	{"CYCLE", func(c api.Change) any { return c.Cycle }},
}

// printPair prints how a pair stands.
func (a *app) printPair(w io.Writer, p api.Pair) {
	fmt.Fprintln(w, pairLine(p))
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s %s\n", name, oneLine(fmt.Sprintf(format, args...)))
	}
	row("spaces", "%s", a.ends(p.Pair))
	row("kept", "%s; %s; deletes %s; conflicts %s", joined(p.Pair.Facets), p.Pair.Mode, p.Pair.Deletes, p.Pair.Conflicts)
	for _, s := range p.Sides {
		if s.Newer > 0 {
			row("newer", "%s on %s", count(s.Newer, "content"), s.Site)
		}
		if s.Unseen != nil {
			row("unseen", "labels and restrictions on %s since %s", s.Site, tableText(*s.Unseen))
		}
	}
	if p.Cycle != nil {
		row("last cycle", "%s", cycleLine(*p.Cycle))
	}
	if p.NextSweep != nil {
		row("next sweep", "%s", tableText(*p.NextSweep))
	}
	if p.Reason != "" {
		row("reason", "%s", p.Reason)
	}
	if h := p.Halt; h != nil {
		if h.Brake != "" {
			row("halted", "by brake %s on %s: %s", h.Brake, h.Site, h.What)
		} else {
			row("halted", "%s", h.What)
		}
		for _, title := range h.Sample {
			row("", "%s", title)
		}
	}
}
