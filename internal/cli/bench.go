package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/cli/bench"
	"github.com/tandem-sync/tandem/internal/confluence"
)

type benchFlags struct {
	suites                            []string
	pages                             []int
	latency                           time.Duration
	connections, workers, repeat      int
	seed                              uint64
	size, to, baseline, tolerance, as string
	quick                             bool
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	full := bench.New()
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure tandem on this machine, against bounds that must hold", Args: cobra.NoArgs,
		Long: "Measures calls, time and memory on generated exports and an emulated Cloud in this process; needs no account and no\n" +
			"network. A figure with a bound that does not hold ends with exit code 1. See docs/benchmarks.md.",
		Example: "  tandem bench --suite wire,body --output json\n  tandem bench --quick\n  tandem bench --suite export --size 256MiB",
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.suites, "suite", []string{"all"}, "wire, body, export or all")
	fl.IntSliceVar(&f.pages, "pages", full.Pages, "wire: numbers of pages")
	fl.DurationVar(&f.latency, "latency", full.Latency, "wire: each answer of the site takes this long")
	fl.IntVar(&f.connections, "connections", full.Connections, "wire: connections to the site")
	fl.IntVar(&f.workers, "workers", 4, "wire: spaces at work side by side")
	fl.StringVar(&f.size, "size", "2GiB", "export: size of entities.xml")
	fl.Uint64Var(&f.seed, "seed", full.Seed, "same seed, same exports and bodies")
	fl.IntVar(&f.repeat, "repeat", full.Repeat, "measure times so often; the median counts")
	fl.BoolVar(&f.quick, "quick", false, "small sizes, measured once, for continuous integration")
	fl.StringVar(&f.baseline, "baseline", "", "an earlier output in JSON to compare with")
	fl.StringVar(&f.tolerance, "tolerance", "10%", "how much worse than the baseline a figure may be")
	fl.StringVar(&f.to, "to", "", "write the figures into this file as JSON as well")
	fl.StringVar(&f.as, "probe", "", "")
	_ = fl.MarkHidden("probe") // the flag was defined one line above
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		if f.as != "" {
			return a.benchProbe(ctx, f)
		}
		o, err := a.benchOptions(cmd, f)
		if err != nil {
			return err
		}
		return a.bench(ctx, f, o)
	})
	return cmd
}

// benchOptions turns the flags into what is measured.
func (a *app) benchOptions(cmd *cobra.Command, f benchFlags) (bench.Options, error) {
	o := bench.New()
	if f.quick {
		o = o.Quick()
	}
	var err error
	if o.Suites, err = bench.Choose(f.suites); err != nil {
		return o, usage("--suite: %v", err)
	}
	set := cmd.Flags().Changed
	if set("pages") || !f.quick {
		o.Pages = f.pages
	}
	if set("repeat") || !f.quick {
		o.Repeat = f.repeat
	}
	if set("size") || !f.quick {
		if o.Size, err = parseSize(f.size); err != nil {
			return o, err
		}
	}
	for _, n := range o.Pages {
		if n < 2 {
			return o, usage("--pages %d: at least 2", n)
		}
	}
	if f.connections < 1 || o.Repeat < 1 || len(o.Pages) == 0 || o.Size < 1<<20 {
		return o, usage("--connections, --repeat and --pages need at least 1, --size at least 1MiB")
	}
	o.Latency, o.Connections, o.Seed, o.Now, o.Say = f.latency, f.connections, f.seed, a.env.Now, a.say
	o.Open = func(ctx context.Context, dir string) (bench.House, error) { return a.benchHouse(ctx, dir, f.workers) }
	o.Child = func(ctx context.Context, what, path string) *exec.Cmd {
		self, err := os.Executable()
		if err != nil {
			self = os.Args[0]
		}
		return exec.CommandContext(ctx, self, "bench", "--probe", what, "--to", path)
	}
	return o, nil
}

// benchHouse opens tandem over a data directory below dir, put together as for any other command.
func (a *app) benchHouse(ctx context.Context, dir string, workers int) (bench.House, error) {
	b := *a
	b.settings.DataDir, b.settings.KeyFile = filepath.Join(dir, "state"), filepath.Join(dir, "state.key")
	h, err := b.open(ctx, houseOptions{drive: true, workers: workers})
	if err != nil {
		return bench.House{}, err
	}
	return bench.House{Store: h.store, Engine: h.engine, Close: h.close}, nil
}

// benchProbe is this program as the child of a measurement.
func (a *app) benchProbe(ctx context.Context, f benchFlags) error {
	p, err := bench.Probe(ctx, f.as, f.to, a.env.Now)
	if err != nil {
		return err
	}
	return json.NewEncoder(a.env.Stdout).Encode(p)
}

// bench measures, prints, and says what does not hold.
func (a *app) bench(ctx context.Context, f benchFlags, o bench.Options) (err error) {
	earlier, tolerance, err := a.earlierFigures(f)
	if err != nil {
		return err
	}
	if o.Dir, err = os.MkdirTemp("", "tandem-bench-"); err != nil {
		return err
	}
	defer func() {
		if e := os.RemoveAll(o.Dir); err == nil {
			err = e
		}
	}()
	figures, err := bench.Run(ctx, o)
	if err != nil {
		return benchFailed(ctx, err)
	}
	if f.to != "" {
		var b bytes.Buffer
		if err := a.json(&b, figures); err != nil {
			return err
		}
		if err := os.WriteFile(f.to, b.Bytes(), 0o600); err != nil {
			return confluence.Errorf(confluence.CodeBadFile, "the figures cannot be written").Because(err).At(confluence.Where{File: f.to})
		}
	}
	if err := a.printFigures(figures); err != nil {
		return err
	}
	for _, x := range figures {
		if !x.Holds {
			a.say("%s %s does not hold: %v, bound %s", x.Suite, x.Name, x.Value, x.Bound)
			a.exit(1)
		}
	}
	for _, line := range bench.Worse(figures, earlier, tolerance) {
		a.say("%s", line)
		a.exit(1)
	}
	return nil
}

func benchFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e := confluence.AsError(err)
	if e.Code == confluence.CodeInternal {
		e = confluence.Errorf(confluence.CodeInternal, "the measurement did not come to an end").Because(err)
	}
	return e
}

// earlierFigures reads the baseline and the tolerance, which is a share.
func (a *app) earlierFigures(f benchFlags) (figures []bench.Figure, tolerance float64, err error) {
	if _, err := fmt.Sscanf(f.tolerance, "%f%%", &tolerance); err != nil || tolerance < 0 {
		return nil, 0, usage("--tolerance %q is no percentage such as 10%%", f.tolerance)
	}
	if f.baseline == "" {
		return nil, 0, nil
	}
	text, err := a.readFile(f.baseline)
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(text, &figures); err != nil {
		return nil, 0, confluence.Errorf(confluence.CodeBadFile, "the baseline is no output of tandem bench --output json").Because(err).
			At(confluence.Where{File: f.baseline})
	}
	return figures, tolerance / 100, nil
}

// printFigures prints the figures; what they were made of stands beside them for people, and on standard error else.
func (a *app) printFigures(figures []bench.Figure) error {
	if a.human() {
		w := tabwriter.NewWriter(a.env.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SUITE\tNAME\tVALUE\tUNIT\tBOUND\tHOLDS\tAGAINST")
		for _, x := range figures {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Suite, x.Name, machineText(x.Value), x.Unit, dash(x.Bound), tableText(x.Holds), x.Against)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(a.env.Stdout)
		printRaw(a.env.Stdout, figures)
		return nil
	}
	if !a.settings.Quiet {
		printRaw(a.env.Stderr, figures)
	}
	return printList(a, &listFlags{}, figureColumns, figures)
}

func printRaw(w io.Writer, figures []bench.Figure) {
	for _, x := range figures {
		for _, line := range x.Raw {
			fmt.Fprintf(w, "%s %s: %s\n", x.Suite, x.Name, line)
		}
	}
}

var figureColumns = []column[bench.Figure]{
	{"SUITE", func(x bench.Figure) any { return x.Suite }},
	{"NAME", func(x bench.Figure) any { return x.Name }},
	{"VALUE", func(x bench.Figure) any { return x.Value }},
	{"UNIT", func(x bench.Figure) any { return x.Unit }},
	{"BOUND", func(x bench.Figure) any { return x.Bound }},
	{"AGAINST", func(x bench.Figure) any { return x.Against }},
	{"HOLDS", func(x bench.Figure) any { return x.Holds }},
}

// parseSize reads a number of bytes with a unit: 64MiB, 2GiB.
func parseSize(text string) (int64, error) {
	var n int64
	var unit string
	if k, err := fmt.Sscanf(text, "%d%s", &n, &unit); k == 0 || err != nil && k != 1 {
		return 0, usage("--size %q is no size such as 64MiB or 2GiB", text)
	}
	shift, ok := map[string]uint{"": 0, "KiB": 10, "MiB": 20, "GiB": 30}[unit]
	if !ok || n < 0 || n > 1<<12<<(30-shift) {
		return 0, usage("--size %q is no size such as 64MiB or 2GiB", text)
	}
	return n << shift, nil
}
