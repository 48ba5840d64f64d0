// Package cli turns each verb of the command line into a call of the API, and puts the parts of tandem together.
//
// A command talks to the server that owns the data directory, if there is one. Else it takes the directory's lock,
// mounts the same API in process and drives the engine until the work it started has ended.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
)

// Env is the process as a command sees it, so that tests can run commands in process.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Terminals: whether a person sits at the other end.
	StdinTTY, StdoutTTY, StderrTTY bool
	// Interrupt is cancelled when a person asks to end; the step in progress is finished then.
	Interrupt context.Context
	// Now is the wall clock.
	Now func() time.Time
}

// Main runs the command line of this process and returns its exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once: the first one restores the default action.
	context.AfterFunc(ctx, stop)
	tty := func(f *os.File) bool { return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()) }
	return Run(Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		StdinTTY: tty(os.Stdin), StdoutTTY: tty(os.Stdout), StderrTTY: tty(os.Stderr), Interrupt: ctx, Now: time.Now,
	})
}

// Run runs one command and returns its exit code.
func Run(env Env) int {
	a := &app{env: env}
	root := a.root()
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(env.Interrupt)
	code := a.finish(err)
	return code
}

// app is one run of the command line.
type app struct {
	env      Env
	settings settings
	exits    []int // exit codes that apply besides an error's
}

// errCommand marks errors that came from a command; others are cobra's, about how it was called.
type errCommand struct{ error }

func (e errCommand) Unwrap() error { return e.error }

// errInterrupted ends a command that a person interrupted; text says how to go on.
type errInterrupted struct{ text string }

func (e errInterrupted) Error() string { return e.text }

// exitInterrupted is the exit code after an interruption.
const exitInterrupted = 130

// exitOrder is which exit code wins when several apply.
var exitOrder = []int{exitInterrupted, 8, 9, 7, 10, 3, 4, 6, 5, 2, 1}

// exit notes an exit code that applies although the command did what it was told.
func (a *app) exit(code int) {
	if code != 0 {
		a.exits = append(a.exits, code)
	}
}

// finish prints an error and returns the exit code.
func (a *app) finish(err error) int {
	var interrupted errInterrupted
	var command errCommand
	switch {
	case err == nil:
	case errors.As(err, &interrupted):
		fmt.Fprintln(a.env.Stderr, interrupted.text)
		a.exit(exitInterrupted)
	case errors.As(err, &command):
		if text := a.givenUp(err); text != "" {
			fmt.Fprintln(a.env.Stderr, text)
			a.exit(exitInterrupted)
			break
		}
		a.printError(command.error)
		a.exit(confluence.Lookup(confluence.AsError(err).Code).Exit)
	default:
		e := confluence.Errorf(confluence.CodeUsage, "%s", err.Error())
		a.printError(e)
		a.exit(2)
	}
	for _, code := range exitOrder {
		for _, c := range a.exits {
			if c == code {
				return code
			}
		}
	}
	return 0
}

// givenUp says why a call was given up by this command itself; empty for any other error.
func (a *app) givenUp(err error) string {
	switch {
	case errors.Is(err, context.Canceled) && a.env.Interrupt.Err() != nil:
		return "interrupted; what was started is recorded, see tandem run status"
	case errors.Is(err, context.DeadlineExceeded) && a.settings.Timeout > 0:
		return fmt.Sprintf("gave up waiting after %s; what was started is recorded, see tandem run status", a.settings.Timeout)
	}
	return ""
}

// printError prints an error for people and, with --output json, one object for scripts, on standard error.
func (a *app) printError(err error) {
	p := api.NewProblem(err)
	p.Status = 0
	if a.settings.Output == "json" || a.settings.Output == "jsonl" {
		a.json(a.env.Stderr, p)
		return
	}
	w := a.env.Stderr
	fmt.Fprintf(w, "error %s: %s\n", p.Code, oneLine(p.What))
	if place := placeOf(p.Where); place != "" {
		fmt.Fprintf(w, "  where:  %s\n", place)
	}
	fmt.Fprintf(w, "  cause:  %s\n  remedy: %s\n  help:   %s\n", oneLine(p.Cause), oneLine(p.Remedy), p.Help)
}

// placeOf writes where an error happened, for people.
func placeOf(w confluence.Where) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+oneLine(value))
		}
	}
	add("site", w.Site)
	add("space", w.Space)
	add("content", w.Content)
	add("file", w.File)
	if w.Line > 0 {
		add("line", fmt.Sprint(w.Line))
	}
	return joined(parts)
}

// run makes a cobra function of a command.
func (a *app) run(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := a.configure(cmd); err != nil {
			return errCommand{err}
		}
		ctx := cmd.Context()
		if d := a.settings.Timeout; d > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, d)
			defer cancel()
		}
		if err := f(ctx, args); err != nil {
			var interrupted errInterrupted
			if errors.As(err, &interrupted) {
				return interrupted
			}
			return errCommand{err}
		}
		return nil
	}
}

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tandem",
		Short: "Migrate Confluence spaces, prove that they arrived, and keep them equal",
		Long: "tandem migrates Confluence spaces from Data Center to Cloud, proves that they arrived, and keeps pairs of spaces equal\n" +
			"while people work on both sides.\n\n" +
			"Every command is a call of the HTTP API: of the server that owns the data directory or, where none runs, of the\n" +
			"same API inside this process. `tandem demo` shows it on a sample company; nothing leaves this machine then.",
		SilenceErrors: true, SilenceUsage: true,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	a.globalFlags(root)
	root.AddCommand(
		a.demoCommand(), a.serveCommand(),
		a.siteCommand(), a.peopleCommand(), a.planCommand(), a.runCommand(), a.verifyCommand(),
		a.pairCommand(), a.conflictCommand(),
		a.exportCommand(), a.emulatorCommand(), a.simulateCommand(), a.benchCommand(),
		a.doctorCommand(), a.versionCommand(), a.openapiCommand(), a.completionCommand(),
	)
	return root
}

// noun makes a command that only holds verbs.
func noun(name, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: name, Short: short,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("%s needs a verb; see %s --help", cmd.CommandPath(), cmd.CommandPath())
		},
	}
	cmd.AddCommand(verbs...)
	return cmd
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + joined(near) + "?"
	}
	return errors.New(text)
}
