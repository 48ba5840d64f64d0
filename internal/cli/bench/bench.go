package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// House is tandem in one process: the store it owns and the engine over it, at work until Close.
type House struct {
	Store  *store.Store
	Engine *engine.Engine
	Close  func() error
}

// Options say what is measured, and how. New gives the defaults.
type Options struct {
	Suites      []string
	Pages       []int         // sizes that suite wire measures
	Latency     time.Duration // of each answer in suite wire
	Connections int           // to the emulated site
	Size        int64         // of entities.xml in suite export, in bytes
	Corpus      int64         // of the bodies in suite body, in bytes
	SitePages   int           // of the generated site in suite emulator
	LivePages   int           // of the larger site in suite scale
	Pairs       int           // of suites idle and change, each of PairPages pages
	PairPages   int
	PlanPages   int    // of the smaller space in suite reconcile; the larger has ten times as many
	Seed        uint64 // of what is generated
	Repeat      int    // timed figures are measured so often; see the suites for what counts
	Dir         string // for what is generated and for states; must exist

	Now func() time.Time
	// Open puts tandem together over a data directory in dir and lets it work, as the command line does.
	Open func(ctx context.Context, dir string) (House, error)
	// Child is this program as Probe, for measurements that need a process of their own.
	Child func(ctx context.Context, what, path string) *exec.Cmd
	// Self is this program with arguments.
	Self func(ctx context.Context, args ...string) *exec.Cmd
	// Say hears a line at each step.
	Say func(format string, args ...any)
}

// suites are what can be measured, in the order of "all".
var suites = map[string]func(context.Context, Options) ([]Figure, error){
	"wire": wire, "body": bodies, "export": export, "emulator": emulated, "scale": scale,
	"idle": idle, "change": change, "reconcile": reconciled,
}

// Suites are the names of the suites in the order in which "all" runs them.
var Suites = []string{"wire", "body", "export", "emulator", "scale", "idle", "change", "reconcile"}

// later are suites that measure parts of tandem that are not built yet.
var later = []string{"merge", "workers"}

// Choose returns the suites that names ask for: in their order, each once; "all" for all that are built.
func Choose(names []string) ([]string, error) {
	var out []string
	for _, n := range names {
		switch {
		case n == "all":
			out = append(out, Suites...)
		case slices.Contains(later, n):
			return nil, fmt.Errorf("suite %q is not built yet; there are %s", n, strings.Join(Suites, ", "))
		case suites[n] == nil:
			return nil, fmt.Errorf("there is no suite %q; there are %s", n, strings.Join(Suites, ", "))
		default:
			out = append(out, n)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(n string) bool {
		was := seen[n]
		seen[n] = true
		return was
	}), nil
}

// New returns the full measurement: the sizes that the bounds are about.
func New() Options {
	return Options{
		Suites: Suites, Pages: []int{1_000, 10_000}, Latency: 50 * time.Millisecond, Connections: 8,
		Size: HugeBytes, Corpus: 24 << 20, SitePages: 1_000_000, LivePages: 100_000, Pairs: 500, PairPages: 400, PlanPages: 10_000,
		Seed: 1, Repeat: 3,
	}
}

// Quick cuts sizes down to what continuous integration has time for. Figures keep their names and bounds.
func (o Options) Quick() Options {
	o.Pages, o.Size, o.Corpus, o.SitePages, o.LivePages, o.Repeat = []int{1_000}, 64<<20, 8<<20, 100_000, 5_000, 1
	o.Pairs, o.PairPages, o.PlanPages = 10, 100, 2_000
	return o
}

// Check says what about the options makes no sense.
func (o Options) Check() error {
	switch {
	case len(o.Pages) == 0 || slices.Min(o.Pages) < 2:
		return errors.New("a space needs 2 pages at least")
	case o.Connections < 1 || o.Repeat < 1:
		return errors.New("connections and repetitions are 1 at least")
	case o.Latency < 0:
		return errors.New("the latency is negative")
	case o.Size < 1<<20:
		return errors.New("entities.xml needs 1 MiB at least")
	}
	return nil
}

// Run measures the chosen suites, in their order.
func Run(ctx context.Context, o Options) ([]Figure, error) {
	all := []Figure{}
	if err := o.Check(); err != nil {
		return all, err
	}
	for _, name := range o.Suites {
		figures, err := suites[name](ctx, o)
		if err != nil {
			return all, fmt.Errorf("suite %s: %w", name, err)
		}
		all = append(all, figures...)
	}
	return all, nil
}

// median returns the middle of an odd number of values, the lower middle of an even one.
func median[T int64 | float64](values []T) T {
	values = slices.Clone(values)
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// thousands writes a number with commas: 10,000.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
