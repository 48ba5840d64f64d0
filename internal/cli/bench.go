package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/cli/bench"
	"github.com/tandem-sync/tandem/internal/confluence"
)

type benchFlags struct {
	suites                     []string
	pages, connections, repeat int
	live                       int
	latency                    time.Duration
	seed                       uint64
	size, baseline, to         string
	tolerance                  float64
	quick                      bool
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	full := bench.New()
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure tandem on emulated sites, each figure beside its bound", Args: cobra.NoArgs,
		Long: "Measures tandem against an emulated Cloud and against bare loops over the same bytes, in the same run. A figure that\n" +
			"does not hold its bound ends the command with exit code 1. Raw calls, bytes and seconds stand beside the figures.",
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.suites, "suite", []string{"all"}, strings.Join(bench.Suites, ", ")+" or all")
	fl.IntVar(&f.pages, "pages", 0, "size of the wire suite (default: 1,000 and 10,000)")
	fl.DurationVar(&f.latency, "latency", full.Latency, "of each answer of the emulated site, where time is measured")
	fl.IntVar(&f.connections, "connections", full.Connections, "calls in flight")
	fl.Uint64Var(&f.seed, "seed", full.Seed, "same seed, same data")
	fl.IntVar(&f.repeat, "repeat", full.Repeat, "the median of so many counts")
	fl.StringVar(&f.size, "size", "", "of entities.xml in the export suite, for example 256MiB (default: 2GiB)")
	fl.IntVar(&f.live, "live-pages", full.LivePages, "of the larger site in the scale suite")
	fl.BoolVar(&f.quick, "quick", false, "smaller sizes, once: for a first look")
	fl.StringVar(&f.baseline, "baseline", "", "earlier output to compare with, JSON")
	fl.Float64Var(&f.tolerance, "tolerance", 10, "percent by which a figure may be worse than in the baseline")
	fl.StringVar(&f.to, "to", "", "write the figures there as well, JSON")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error { return a.bench(ctx, cmd, f) })
	cmd.AddCommand(a.benchGenerate(), a.benchProbe())
	return cmd
}

func (a *app) bench(ctx context.Context, cmd *cobra.Command, f benchFlags) (err error) {
	o, err := f.options(cmd)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tandem-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Dir, o.Now, o.Say, o.Open, o.Child, o.Self = dir, a.env.Now, a.say, a.benchHouse, benchChild, benchSelf
	figures, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	for _, figure := range figures {
		if !figure.Holds {
			a.exit(1)
		}
	}
	if err := a.compareFigures(f, figures); err != nil {
		return err
	}
	if f.to != "" {
		text, err := json.MarshalIndent(figures, "", "  ")
		if err != nil {
			return err
		}
		if err := a.writeFile(f.to, append(text, '\n')); err != nil {
			return err
		}
	}
	return a.printFigures(figures)
}

// options makes the measurement's options of the flags.
func (f benchFlags) options(cmd *cobra.Command) (bench.Options, error) {
	o := bench.New()
	if f.quick {
		o = o.Quick()
	}
	var err error
	if o.Suites, err = bench.Choose(f.suites); err != nil {
		return o, usage("--suite").Because(err)
	}
	o.Latency, o.Connections, o.Seed = f.latency, f.connections, f.seed
	if f.pages > 0 {
		o.Pages = []int{f.pages}
	}
	if cmd.Flags().Changed("repeat") {
		o.Repeat = max(1, f.repeat)
	}
	if cmd.Flags().Changed("live-pages") {
		o.LivePages = f.live
	}
	if f.size != "" {
		if o.Size, err = parseSize(f.size); err != nil {
			return o, err
		}
	}
	if err := o.Check(); err != nil {
		return o, usage("%s", err)
	}
	return o, nil
}

// parseSize reads a number of bytes with a unit: 4096, 64KiB, 256MiB, 2GiB.
func parseSize(s string) (int64, error) {
	for shift, unit := range map[int]string{10: "KiB", 20: "MiB", 30: "GiB", 0: ""} {
		var n int64
		number, ok := strings.CutSuffix(s, unit)
		if !ok || unit == "" && strings.HasSuffix(s, "B") {
			continue
		}
		if _, err := fmt.Sscan(strings.TrimSpace(number), &n); err == nil && n > 0 && n < 1<<33 && fmt.Sprint(n) == strings.TrimSpace(number) {
			return n << shift, nil
		}
	}
	return 0, usage("%q is no size, for example 256MiB", s)
}

// benchHouse puts tandem together over a directory, as any command does.
func (a *app) benchHouse(ctx context.Context, dir string) (bench.House, error) {
	own := &app{env: a.env, settings: a.settings}
	own.settings.DataDir, own.settings.KeyFile = filepath.Join(dir, "state"), filepath.Join(dir, "state.key")
	h, err := own.open(ctx, houseOptions{drive: true, workers: 4})
	if err != nil {
		return bench.House{}, err
	}
	return bench.House{Store: h.store, Engine: h.engine, Close: h.close}, nil
}

// benchChild is this program as the hidden command bench probe.
func benchChild(ctx context.Context, what, path string) *exec.Cmd {
	return benchSelf(ctx, "bench", "probe", what, path)
}

// benchSelf is this program with other arguments.
func benchSelf(ctx context.Context, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.CommandContext(ctx, self, args...)
}

// benchProbe is what a child process of a measurement runs.
func (a *app) benchProbe() *cobra.Command {
	cmd := &cobra.Command{Use: "probe WHAT PATH", Short: "One measurement in a process of its own", Args: cobra.ExactArgs(2), Hidden: true}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		p, err := bench.Probe(ctx, args[0], args[1], a.env.Now, a.benchHouse)
		if err != nil {
			return err
		}
		return json.NewEncoder(a.env.Stdout).Encode(p)
	})
	return cmd
}

// benchGenerate writes a generated export.
func (a *app) benchGenerate() *cobra.Command {
	var kind, size string
	var pages int
	var seed uint64
	cmd := &cobra.Command{Use: "generate FILE.zip", Short: "Write a generated XML export; same seed, same bytes", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&kind, "shape", "wiki", "body-only, wiki (a mix of everything) or huge")
	cmd.Flags().IntVar(&pages, "pages", 1000, "pages, for body-only and wiki")
	cmd.Flags().StringVar(&size, "size", "", "of entities.xml, for huge, for example 256MiB (default: 2GiB)")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "of everything that is made up")
	cmd.RunE = a.run(func(_ context.Context, args []string) error {
		shape, err := bench.Preset(kind, pages)
		if err != nil {
			return usage("--shape").Because(err)
		}
		shape.Seed = seed
		if size != "" {
			if shape.Bytes, err = parseSize(size); err != nil {
				return err
			}
		}
		totals, err := generateFile(args[0], shape)
		if err != nil {
			return confluence.Errorf(confluence.CodeBadFile, "the export cannot be written").Because(err).At(confluence.Where{File: args[0]})
		}
		return a.result(totals, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s, %s, %s, %s, entities.xml of %d bytes\n", args[0], count(totals.Pages, "page"), count(totals.BlogPosts, "blog post"),
				count(totals.Attachments, "attachment"), count(totals.FooterComments+totals.InlineComments+totals.Replies, "comment"), totals.Entities)
		})
	})
	return cmd
}

func generateFile(path string, shape bench.Shape) (t bench.Totals, err error) {
	f, err := os.Create(path)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return bench.Generate(f, shape)
}

// compareFigures says which figures are worse than in the baseline.
func (a *app) compareFigures(f benchFlags, figures []bench.Figure) error {
	if f.baseline == "" {
		return nil
	}
	text, err := a.readFile(f.baseline)
	if err != nil {
		return err
	}
	var earlier []bench.Figure
	if err := json.Unmarshal(text, &earlier); err != nil {
		return confluence.Errorf(confluence.CodeBadFile, "the baseline is no output of tandem bench").Because(err).At(confluence.Where{File: f.baseline})
	}
	for _, line := range bench.Worse(figures, earlier, f.tolerance/100) {
		fmt.Fprintln(a.env.Stderr, line)
		a.exit(1)
	}
	return nil
}

// printFigures prints the figures; what they were made of stands below each in the table, on standard error otherwise.
func (a *app) printFigures(figures []bench.Figure) error {
	if !a.human() {
		for _, f := range figures {
			for _, line := range f.Raw {
				a.say("%s %s: %s", f.Suite, f.Name, line)
			}
		}
		return printList(a, &listFlags{}, figureColumns, figures)
	}
	w := tabwriter.NewWriter(a.env.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SUITE\tFIGURE\tVALUE\tUNIT\tBOUND\tHOLDS")
	for _, f := range figures {
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\t%s\n", f.Suite, f.Name, f.Value, f.Unit, dash(f.Bound), tableText(f.Holds))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, f := range figures {
		fmt.Fprintf(a.env.Stdout, "\n%s %s, against %s\n", f.Suite, f.Name, f.Against)
		for _, line := range f.Raw {
			fmt.Fprintf(a.env.Stdout, "  %s\n", line)
		}
	}
	return nil
}

var figureColumns = []column[bench.Figure]{
	{"SUITE", func(f bench.Figure) any { return f.Suite }},
	{"NAME", func(f bench.Figure) any { return f.Name }},
	{"VALUE", func(f bench.Figure) any { return f.Value }},
	{"UNIT", func(f bench.Figure) any { return f.Unit }},
	{"BOUND", func(f bench.Figure) any { return f.Bound }},
	{"AGAINST", func(f bench.Figure) any { return f.Against }},
	{"HOLDS", func(f bench.Figure) any { return f.Holds }},
}
