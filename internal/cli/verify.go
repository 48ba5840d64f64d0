package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/parity"
)

func (a *app) verifyCommand() *cobra.Command {
	return noun("verify", "Prove that source and destination hold the same", a.verifyRun(), a.verifyShow(), a.verifyReport())
}

// exitDiffers is the exit code when a space differs.
const exitDiffers = 6

func verificationPath(run string) string { return "/verifications/" + url.PathEscape(run) }

func (a *app) verifyRun() *cobra.Command {
	var f listFlags
	var run, depth string
	var differencesOnly bool
	cmd := &cobra.Command{Use: "run --run RUN", Short: "Read both sides anew and compare them (exit code 6 if a space differs)", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&run, "run", "", "PLAN#n, or PLAN for its latest run")
	cmd.Flags().StringVar(&depth, "depth", "everything", "structure, content or everything")
	cmd.Flags().BoolVar(&differencesOnly, "differences-only", false, "only the spaces that differ")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		if run == "" {
			return usage("--run is missing")
		}
		return a.with(ctx, true, func(c *client) error {
			var v api.Verification
			if err := c.Call(ctx, http.MethodPost, "/verifications", map[string]string{"run": run, "depth": depth}, &v); err != nil {
				return err
			}
			if !v.Equal {
				a.exit(exitDiffers)
			}
			if a.settings.Output == "json" || a.settings.Output == "jsonl" {
				return a.result(v, nil)
			}
			proofs := v.Proofs
			if differencesOnly {
				proofs = nil
				for _, p := range v.Proofs {
					if !p.Equal {
						proofs = append(proofs, p)
					}
				}
			}
			return printList(a, &f, proofColumns(v.Sites), proofs)
		})
	})
	return f.add(cmd)
}

// proofColumns are the columns of a list of proofs.
func proofColumns(sites [2]string) []column[parity.Proof] {
	result := func(p parity.Proof) any {
		if p.Equal {
			return "Proved equal"
		}
		return "Different"
	}
	root := func(side confluence.Side) func(parity.Proof) any {
		return func(p parity.Proof) any {
			if a := p.Roots[side].String(); a != "" {
				return a[:8]
			}
			return ""
		}
	}
	return []column[parity.Proof]{
		{"SPACE", func(p parity.Proof) any { return p.Space }},
		{"RESULT", result},
		{"DEPTH", func(p parity.Proof) any { return string(p.Depth) }},
		{"LEAVES", func(p parity.Proof) any { return p.Leaves[confluence.A] }},
		{"EXCEPTIONS", func(p parity.Proof) any { return len(p.Exceptions) }},
		{"DIFFERENCES", func(p parity.Proof) any { return len(p.Differences) }},
		{"ROOT " + sites[0], root(confluence.A)},
		{"ROOT " + sites[1], root(confluence.B)},
	}
}

// leaf is one difference, for a list.
type leaf struct {
	Space string `json:"space"`
	parity.Difference
}

func (a *app) verifyShow() *cobra.Command {
	var f listFlags
	var space string
	cmd := &cobra.Command{Use: "show RUN", Short: "The leaves that differ", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&space, "space", "", "of this space only")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			var v api.Verification
			if err := c.Call(ctx, http.MethodGet, verificationPath(args[0])+query("space", space), nil, &v); err != nil {
				return err
			}
			leaves := []leaf{}
			for _, p := range v.Proofs {
				for _, d := range p.Differences {
					leaves = append(leaves, leaf{p.Space, d})
				}
			}
			if a.human() && len(leaves) == 0 {
				return a.result(v, func(w io.Writer) { fmt.Fprintf(w, "%s proved equal, no difference\n", count(len(v.Proofs), "space")) })
			}
			value := func(side confluence.Side) func(leaf) any {
				return func(l leaf) any {
					if l.Missing[side] {
						return "missing"
					}
					return l.Values[side]
				}
			}
			return printList(a, &f, []column[leaf]{
				{"LEAF", func(l leaf) any { return l.Space + "/" + l.Title }},
				{"KIND", func(l leaf) any { return string(l.Kind) }},
				{"DETAIL", func(l leaf) any { return l.Field }},
				{v.Sites[0], value(confluence.A)},
				{v.Sites[1], value(confluence.B)},
			}, leaves)
		})
	})
	return a.completing(f.add(cmd), runNames)
}

func (a *app) verifyReport() *cobra.Command {
	var format, to string
	cmd := &cobra.Command{Use: "report RUN", Short: "The proof of parity as a report", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&format, "format", "", "text, html or json; default text, or as --output")
	cmd.Flags().StringVar(&to, "to", "", "write it there and not to standard output")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			path, err := a.reportPath(verificationPath(args[0]), format, false)
			if err != nil {
				return err
			}
			return a.saveReport(ctx, c, path, to)
		})
	})
	return a.completing(cmd, runNames)
}
