package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
)

func (a *app) doctorCommand() *cobra.Command {
	var code string
	var online bool
	cmd := &cobra.Command{Use: "doctor", Short: "Check this installation, or explain an error code", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&code, "explain", "", "what this error code means (T-nnnn), or all of them: list")
	cmd.Flags().BoolVar(&online, "online", false, "test the sites as well")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		switch {
		case code == "list":
			return a.listCodes()
		case code != "":
			return a.explain(code)
		}
		return a.with(ctx, false, func(c *client) error { return a.examine(ctx, c, online) })
	})
	return cmd
}

// explain prints the register's row of a code. It needs no state.
func (a *app) explain(code string) error {
	e, err := api.Explain(code)
	if err != nil {
		return err
	}
	return a.result(e, func(w io.Writer) {
		fmt.Fprintf(w, "%s  %s\n", e.Code, e.Meaning)
		fmt.Fprintf(w, "  class:  %s (exit code %d, HTTP status %d)\n  cause:  %s\n  remedy: %s\n", e.Class, e.Exit, e.Status, e.Cause, e.Remedy)
	})
}

func (a *app) listCodes() error {
	rows := []api.ErrorCode{}
	for _, r := range confluence.Register {
		e, err := api.Explain(string(r.Code))
		if err != nil {
			return err
		}
		rows = append(rows, *e)
	}
	return printList(a, &listFlags{}, []column[api.ErrorCode]{
		{"CODE", func(e api.ErrorCode) any { return string(e.Code) }},
		{"CLASS", func(e api.ErrorCode) any { return string(e.Class) }},
		{"EXIT", func(e api.ErrorCode) any { return e.Exit }},
		{"MEANING", func(e api.ErrorCode) any { return e.Meaning }},
	}, rows)
}

// examine checks the installation and, if asked, the sites.
func (a *app) examine(ctx context.Context, c *client, online bool) error {
	var health api.Health
	if err := c.Call(ctx, http.MethodGet, "/doctor", nil, &health); err != nil {
		return err
	}
	if online {
		var list api.Sites
		if err := c.Call(ctx, http.MethodGet, "/sites", nil, &list); err != nil {
			return err
		}
		for _, s := range list.Sites {
			var r api.SiteReport
			if err := c.Call(ctx, http.MethodPost, "/sites/"+s.Name+"/test", nil, &r); err != nil {
				return err
			}
			for _, l := range r.Checks {
				l.Name = s.Name + " " + l.Name
				health.Checks = append(health.Checks, l)
			}
		}
	}
	for _, l := range health.Checks {
		if l.State == "fail" {
			a.exit(max(1, confluence.Lookup(l.Code).Exit))
		}
	}
	return a.result(health, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, l := range health.Checks {
			fmt.Fprintf(t, "%s\t%s\t%s\n", l.State, l.Name, oneLine(l.Text))
		}
		_ = t.Flush() // standard output has gone if this fails
	})
}

func (a *app) openapiCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{Use: "openapi", Short: "Write the OpenAPI document of the API", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&to, "to", "", "write it there and not to standard output")
	cmd.RunE = a.run(func(context.Context, []string) error {
		document, operations, err := api.Document()
		if err != nil {
			return err
		}
		if to != "" && to != "-" {
			a.say("%s: OpenAPI 3.1, %d operations", to, operations)
		}
		return a.writeFile(to, document)
	})
	return cmd
}

func (a *app) completionCommand() *cobra.Command {
	var man string
	cmd := &cobra.Command{
		Use: "completion bash|zsh|fish", Short: "Write the completion of a shell, or the man pages", Args: cobra.MaximumNArgs(1),
		ValidArgs: []string{"bash", "zsh", "fish"},
		Example:   "  tandem completion bash > ~/.local/share/bash-completion/completions/tandem",
	}
	cmd.Flags().StringVar(&man, "man", "", "write the man pages into this directory")
	cmd.RunE = a.run(func(_ context.Context, args []string) error {
		root := cmd.Root()
		if man != "" {
			return manPages(root, man)
		}
		if len(args) == 0 {
			return usage("name a shell: bash, zsh or fish; or --man DIR")
		}
		switch args[0] {
		case "bash":
			return root.GenBashCompletionV2(a.env.Stdout, true)
		case "zsh":
			return root.GenZshCompletion(a.env.Stdout)
		case "fish":
			return root.GenFishCompletion(a.env.Stdout, true)
		}
		return usage("there is no completion for %q; there is one for bash, zsh and fish", args[0])
	})
	return cmd
}

// manPages writes one man page for each command. They carry no date, so that the same commands give the same bytes.
func manPages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return confluence.Errorf(confluence.CodeBadFile, "the directory cannot be made").Because(err).At(confluence.Where{File: dir})
	}
	epoch := time.Unix(0, 0).UTC()
	return doc.GenManTree(root, &doc.GenManHeader{Title: "TANDEM", Section: "1", Source: "tandem " + version, Date: &epoch}, dir)
}

// HelpPages returns the help of every command, one after the other, as docs/commands.md holds it.
func HelpPages() string {
	a := &app{env: Env{Getenv: func(string) string { return "" }}}
	root := a.root()
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `tandem COMMAND --help` says, for every command. Written by `make docs`; a test compares.\n")
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		var text bytes.Buffer
		cmd.SetOut(&text)
		cmd.InitDefaultHelpFlag()
		_ = cmd.Help() // a buffer takes everything
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n", cmd.CommandPath(), strings.TrimSpace(text.String()))
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
	return b.String()
}

// ErrorsPage returns docs/errors.md.
func ErrorsPage() string {
	var b strings.Builder
	b.WriteString("# Error codes\n\nEvery error that tandem shows has one of these codes; a code is never used for anything else. " +
		"`tandem doctor --explain CODE` says the same. Written by `make docs`; a test compares.\n")
	for _, e := range confluence.Register {
		row, err := api.Explain(string(e.Code))
		if err != nil {
			continue // every code of the register is known
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n* Class: %s. Exit code %d, HTTP status %d.\n* Cause: %s.\n* What to do: %s.\n",
			row.Code, capital(row.Meaning), row.Class, row.Exit, row.Status, row.Cause, row.Remedy)
	}
	return b.String()
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
