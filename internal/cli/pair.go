package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/migration"
)

func (a *app) pairCommand() *cobra.Command {
	return noun("pair", "Pairs of spaces that are kept equal",
		a.pairCreate(), a.pairEdit(), a.pairBaseline(), a.pairList(), a.pairShow(), a.pairSync(), a.pairPause(), a.pairResume(), a.pairRetire())
}

func pairPath(name string) string { return "/pairs/" + url.PathEscape(name) }

const (
	exitConflicts = 5  // conflicts are open
	exitHalted    = 10 // a brake halted a pair
)

// exitPair are the exit codes of a pair as it stands.
func exitPair(p api.Pair) (codes []int) {
	if p.State == migration.PairHalted {
		codes = append(codes, exitHalted)
	}
	if p.Conflicts > 0 {
		codes = append(codes, exitConflicts)
	}
	return codes
}

func (a *app) pairCreate() *cobra.Command {
	var f pairFlags
	var w writeFlags
	cmd := &cobra.Command{
		Use: "create [NAME] --a SITE:KEY --b SITE:KEY, or -f PAIR.yaml", Args: cobra.MaximumNArgs(1),
		Short:   "Create a pair from flags or from a pair file; nothing is compared or written yet",
		Example: "  tandem pair create hr --a dc:HR --b cloud:HR --adopt HR-2026\n  tandem pair create -f hr.yaml",
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.a, "a", "", "first side, SITE:KEY")
	cmd.Flags().StringVar(&f.b, "b", "", "second side, SITE:KEY")
	cmd.Flags().StringVar(&f.pair.Adopt, "adopt", "", "the finished run that the pair continues: PLAN#n, or PLAN for its latest run")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		p, err := a.composePair(cmd, &f, args, migration.NewPair())
		if err != nil {
			return err
		}
		return a.with(ctx, false, func(c *client) error { return a.sendPair(ctx, c, p, nil, &f, &w) })
	})
	return w.add(cmd)
}

func (a *app) pairEdit() *cobra.Command {
	var f pairFlags
	var w writeFlags
	cmd := &cobra.Command{Use: "edit NAME", Short: "Change how a pair is kept: the flags given, or the whole file", Args: cobra.ExactArgs(1)}
	f.add(cmd)
	cmd.Flags().StringArrayVar(&f.unset, "unset", nil, "back to the default (repeatable): "+strings.Join(pairFields(), ", "))
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var old api.Pair
			if err := c.Call(ctx, http.MethodGet, pairPath(args[0]), nil, &old); err != nil {
				return err
			}
			p, err := a.composePair(cmd, &f, args, old.Pair)
			if err != nil {
				return err
			}
			return a.sendPair(ctx, c, p, &old, &f, &w)
		})
	})
	return a.completing(w.add(cmd), pairNames)
}

// sendPair sends a pair and prints how it stands then, or, of one that was there, what has changed.
func (a *app) sendPair(ctx context.Context, c *client, p migration.PairSpec, old *api.Pair, f *pairFlags, w *writeFlags) error {
	method, path := http.MethodPost, "/pairs"
	if old != nil {
		method, path = http.MethodPut, pairPath(old.Name)
	}
	var out api.Pair
	if err := c.Call(ctx, method, path+w.query(a), api.PairFile{File: string(p.YAML()), Name: f.file}, &out); err != nil {
		return err
	}
	if old == nil || out.Preview != nil || !a.human() {
		return a.pairChanged(out)
	}
	return a.result(out, func(w io.Writer) {
		fmt.Fprintf(w, "pair %s: %s\n", p.Name, joined(changedFields(*old, out.Pair)))
		if out.State != old.State {
			fmt.Fprintln(w, pairLine(out))
		}
	})
}

// changedFields says what an edit made of a pair: name and new value of each field that changed.
func changedFields(old api.Pair, now migration.PairSpec) []string {
	was := strings.Split(string(old.Pair.YAML()), "\n")
	var out []string
	for _, line := range strings.Split(string(now.YAML()), "\n") {
		if !slices.Contains(was, line) {
			out = append(out, strings.Replace(line, ":", "", 1))
		}
	}
	if len(out) == 0 {
		return []string{"nothing changed"}
	}
	return out
}

// pairChanged prints a pair after a command that changed it.
func (a *app) pairChanged(p api.Pair) error {
	if p.Preview != nil {
		return a.preview(p.Preview)
	}
	return a.result(p, func(w io.Writer) { fmt.Fprintln(w, pairLine(p)) })
}

// pairLine is one line about how a pair stands.
func pairLine(p api.Pair) string {
	line := fmt.Sprintf("pair %s: %s", p.Name, title(string(p.State)))
	if p.Asked != "" {
		line += ", asked to " + p.Asked
	}
	if p.Shows != "" {
		line += fmt.Sprintf(", %s %d/%d", p.Shows, p.InSync, p.Twins)
	}
	if p.Conflicts > 0 {
		line += ", " + count(p.Conflicts, "conflict") + " open"
	}
	if p.Halt != nil {
		line += ": " + oneLine(p.Halt.What)
	}
	if p.Next != "" {
		line += " (next: " + p.Next + ")"
	}
	return line
}

// title begins a word with a capital letter.
func title(word string) string {
	if word == "" {
		return word
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func (a *app) pairList() *cobra.Command {
	var f listFlags
	var state string
	cmd := &cobra.Command{Use: "list", Short: "List the pairs", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&state, "state", "", "in this state only")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		return a.with(ctx, false, func(c *client) error {
			var list api.Pairs
			if err := c.Call(ctx, http.MethodGet, "/pairs"+query("state", state), nil, &list); err != nil {
				return err
			}
			return printList(a, &f, a.pairColumns(), list.Pairs)
		})
	})
	return f.add(cmd)
}

// pairColumns are the columns of pair list.
func (a *app) pairColumns() []column[api.Pair] {
	return []column[api.Pair]{
		{"NAME", func(p api.Pair) any { return p.Name }},
		{"SPACES", func(p api.Pair) any { return a.ends(p.Pair) }},
		{"DIRECTION", func(p api.Pair) any { return p.Pair.Direction }},
		{"MODE", func(p api.Pair) any { return p.Pair.Mode }},
		{"STATE", func(p api.Pair) any { return string(p.State) }},
		{"SHOWS", func(p api.Pair) any { return p.Shows }},
		{"IN SYNC", func(p api.Pair) any { return fmt.Sprintf("%d/%d", p.InSync, p.Twins) }},
		{"NEWER", func(p api.Pair) any {
			return fmt.Sprintf("%s %d, %s %d", p.Sides[0].Site, p.Sides[0].Newer, p.Sides[1].Site, p.Sides[1].Newer)
		}},
		{"CONFLICTS", func(p api.Pair) any { return p.Conflicts }},
		{"FAILED", func(p api.Pair) any {
			if p.Cycle == nil {
				return 0
			}
			return p.Cycle.Failed
		}},
		{"OLDEST EDIT", func(p api.Pair) any { return a.ago(p.Oldest) }},
		{"OWNER", func(p api.Pair) any { return p.Pair.Owner }},
		{"REVIEW", func(p api.Pair) any { return p.Pair.Review }},
		{"LAST CYCLE", func(p api.Pair) any {
			if p.Cycle == nil {
				return a.ago(nil)
			}
			return a.ago(&p.Cycle.Started)
		}},
	}
}

// ends names the two spaces of a pair, with arrows where the direction is.
func (a *app) ends(p migration.PairSpec) string {
	arrow, words := "⇄", "and"
	if to := p.Receivers(); to[0] != to[1] {
		arrow, words = "→", "to"
		if to[0] {
			arrow, words = "←", "from"
		}
	}
	if a.settings.Plain || !a.human() {
		arrow = words
	}
	return fmt.Sprintf("%s:%s %s %s:%s", p.A.Site, p.A.Space, arrow, p.B.Site, p.B.Space)
}

// ago says how long ago something was: for people in words, for scripts as a time.
func (a *app) ago(t *time.Time) any {
	switch {
	case t == nil:
		return ""
	case !a.human():
		return *t
	}
	return span(a.env.Now().Sub(*t))
}

// span writes a duration for people.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func pairNames(ctx context.Context, c *client) ([]string, error) {
	var list api.Pairs
	err := c.Call(ctx, http.MethodGet, "/pairs", nil, &list)
	var names []string
	for _, p := range list.Pairs {
		names = append(names, p.Name)
	}
	return names, err
}
