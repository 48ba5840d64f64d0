package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
)

func (a *app) conflictCommand() *cobra.Command {
	return noun("conflict", "What both sides changed and a person decides", a.conflictList(), a.conflictShow(), a.conflictResolve())
}

func conflictPath(id string) string { return "/conflicts/" + url.PathEscape(id) }

func conflictNames(ctx context.Context, c *client) ([]string, error) {
	var list api.Conflicts
	err := c.Call(ctx, http.MethodGet, "/conflicts", nil, &list)
	var names []string
	for _, x := range list.Conflicts {
		names = append(names, x.ID)
	}
	return names, err
}

func (a *app) conflictList() *cobra.Command {
	var f listFlags
	var pair, kind, state string
	var exitCode bool
	cmd := &cobra.Command{Use: "list", Short: "List the open conflicts", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&pair, "pair", "", "of this pair only")
	cmd.Flags().StringVar(&kind, "kind", "", "of this kind only: body, title, parent, delete-edit, attachment, label, restriction, order")
	cmd.Flags().StringVar(&state, "state", "open", "open, resolved, closed or all")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 5 while any is open")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		return a.with(ctx, false, func(c *client) error {
			var list api.Conflicts
			if err := c.Call(ctx, http.MethodGet, "/conflicts"+query("pair", pair, "kind", kind, "state", state), nil, &list); err != nil {
				return err
			}
			for _, x := range list.Conflicts {
				if exitCode && x.State == "open" {
					a.exit(exitConflicts)
				}
			}
			return printList(a, &f, a.conflictColumns(), list.Conflicts)
		})
	})
	return f.add(cmd)
}

// conflictColumns are the columns of conflict list.
func (a *app) conflictColumns() []column[api.Conflict] {
	return []column[api.Conflict]{
		{"ID", func(c api.Conflict) any { return c.ID }},
		{"PAIR", func(c api.Conflict) any { return c.Pair }},
		{"PAGE", func(c api.Conflict) any { return c.Title }},
		{"KIND", func(c api.Conflict) any { return c.Kind }},
		{"EDITS", func(c api.Conflict) any {
			var parts []string
			for _, s := range c.Sides {
				parts = append(parts, s.Site+edit(s))
			}
			return joined(parts)
		}},
		{"AGE", func(c api.Conflict) any { return a.ago(&c.Opened) }},
		{"STATE", func(c api.Conflict) any { return c.State }},
	}
}

// edit says who wrote what a side holds, and when.
func edit(s api.ConflictSide) string {
	text := ""
	if s.By != "" {
		text += " " + s.By
	}
	if s.At != nil {
		text += " " + s.At.Local().Format("15:04")
	}
	if s.Version > 0 {
		text += fmt.Sprintf(" v%d", s.Version)
	}
	return text
}

func (a *app) conflictShow() *cobra.Command {
	var as, dir string
	cmd := &cobra.Command{Use: "show ID", Short: "What both sides hold, and what they come from", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&as, "as", "summary", "summary (the places that clash), diff (side by side), json, or files")
	cmd.Flags().StringVar(&dir, "to", "", "with --as files: the directory")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var x api.Conflict
			if err := c.Call(ctx, http.MethodGet, conflictPath(args[0]), nil, &x); err != nil {
				return err
			}
			switch as {
			case "summary", "diff":
			case "json":
				a.settings.Output = "json"
			case "files":
				return a.conflictFiles(x, dir)
			default:
				return usage("--as %q is none of summary, diff, json, files", as)
			}
			return a.result(x, func(w io.Writer) { a.printConflict(w, x, as == "diff") })
		})
	})
	return a.completing(cmd, conflictNames)
}

// conflictFiles writes the bodies of a conflict as files, and one more to be edited into the result.
func (a *app) conflictFiles(x api.Conflict, dir string) error {
	if dir == "" {
		return usage("--as files needs --to DIR")
	}
	if !x.Bodies {
		return usage("%s is about a %s, there are no bodies to write", x.ID, x.Facet)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return confluence.Errorf(confluence.CodeBadFile, "the directory cannot be made").Because(err).At(confluence.Where{File: dir})
	}
	files := map[string]string{"base.xml": x.Base, "result.xml": x.Sides[0].Value}
	for _, s := range x.Sides {
		files[s.Site+".xml"] = s.Value
	}
	for name, text := range files {
		if err := a.writeFile(filepath.Join(dir, name), []byte(text)); err != nil {
			return err
		}
	}
	result := filepath.Join(dir, "result.xml")
	a.say("edit %s (it holds what %s has), then: tandem conflict resolve %s --use file:%s", result, x.Sides[0].Site, x.ID, result)
	return nil
}

type resolveFlags struct {
	write               writeFlags
	use, first, comment string
}

func (a *app) conflictResolve() *cobra.Command {
	var f resolveFlags
	cmd := &cobra.Command{
		Use: "resolve ID... --use SITE|both|file:PATH", Args: cobra.MinimumNArgs(1),
		Short:   "Settle conflicts; what is replaced stays in the history of its side",
		Example: "  tandem conflict resolve C-7 --use cloud --comment \"agreed with release team\"\n  tandem conflict resolve C-7 --use file:result.xml",
	}
	cmd.Flags().StringVar(&f.use, "use", "", "the site whose text is taken, both, or file:PATH with the result")
	cmd.Flags().StringVar(&f.first, "first", "", "with --use both: the site whose text comes first")
	cmd.Flags().StringVar(&f.comment, "comment", "", "for the record")
	cmd.RunE = a.run(func(ctx context.Context, ids []string) error {
		body, err := a.decision(f, len(ids))
		if err != nil {
			return err
		}
		return a.with(ctx, !f.write.dryRun, func(c *client) error {
			settled := []api.Conflict{}
			for _, id := range ids {
				x, err := a.resolve(ctx, c, id, body, &f.write)
				if err != nil {
					return err
				}
				if x.Preview != nil {
					if err := a.preview(x.Preview); err != nil {
						return err
					}
					continue
				}
				settled = append(settled, x)
				if a.human() {
					fmt.Fprintln(a.env.Stdout, resolvedLine(x, f.use))
				}
			}
			if a.human() || f.write.dryRun {
				return nil
			}
			if len(settled) == 1 && a.settings.Output != "csv" {
				return a.result(settled[0], nil)
			}
			return printList(a, &listFlags{}, a.conflictColumns(), settled)
		})
	})
	return a.completing(f.write.add(cmd), conflictNames)
}

// decision makes the body of the calls that settle n conflicts.
func (a *app) decision(f resolveFlags, n int) (map[string]any, error) {
	out := map[string]any{"comment": f.comment}
	path, isFile := strings.CutPrefix(f.use, "file:")
	switch {
	case f.use == "":
		return nil, usage("--use is missing: a site, both, or file:PATH")
	case f.first != "" && f.use != "both":
		return nil, usage("--first goes with --use both")
	case !isFile:
		out["use"] = f.use
		if f.first != "" {
			out["first"] = f.first
		}
		return out, nil
	case n != 1:
		return nil, usage("a file settles one conflict, not %d", n)
	}
	text, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := body.Parse(string(text)); err != nil {
		e := confluence.Errorf(confluence.CodeBadFile, "the file is no body in storage format").Because(err)
		where := confluence.Where{File: path}
		var syntax *body.SyntaxError
		if errors.As(err, &syntax) {
			where.Line = syntax.Line
		}
		return nil, e.At(where)
	}
	out["file"] = string(text)
	return out, nil
}

// resolve settles one conflict as it is on record: a side that has moved on since makes it be refused.
func (a *app) resolve(ctx context.Context, c *client, id string, body map[string]any, w *writeFlags) (api.Conflict, error) {
	var x api.Conflict
	if err := c.Call(ctx, http.MethodGet, conflictPath(id), nil, &x); err != nil {
		return x, err
	}
	body["versions"] = []int{x.Sides[0].Version, x.Sides[1].Version}
	err := c.Call(ctx, http.MethodPost, conflictPath(id)+"/resolve"+w.query(a), body, &x)
	return x, err
}

// resolvedLine says what became of a conflict.
func resolvedLine(x api.Conflict, use string) string {
	line := fmt.Sprintf("%s %s", x.ID, x.State)
	switch {
	case strings.HasPrefix(use, "file:"):
		line += ": both sides hold the result in the file"
	case use == "both":
		line += ": both sides hold both"
	default:
		line += ": both sides hold what " + use + " had"
	}
	for _, s := range x.Sides {
		if s.Site != use && s.Version > 0 && x.Bodies {
			line += fmt.Sprintf("; the text of %s stays in %s v%d", s.Site, s.Site, s.Version)
		}
	}
	return line
}
