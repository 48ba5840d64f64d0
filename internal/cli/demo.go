package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/demo"
)

type demoFlags struct {
	listen, dc, cloud, source, size, faults, keep string
	seed                                          uint64
	exit, noBrowser                               bool
}

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use: "demo", Short: "Show everything on a sample company; needs no account and no network", Args: cobra.NoArgs,
		Long: "Starts an emulated Data Center with a sample company's wiki and an emulated Cloud, migrates the three spaces and\n" +
			"proves that both sides are equal. Then people edit on both sites, pairs carry that across, and parity is proved anew.\n" +
			"After that everything stays up, says how to edit both sites with curl and shows each cycle that carries something,\n" +
			"until Ctrl-C; it is thrown away then. With --exit it ends at once, and standard output holds one JSON document. With --source export the wiki comes as an\n" +
			"XML export and only the Cloud is emulated.",
	}
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address of tandem's API; port 0 takes a free one")
	fl.StringVar(&f.dc, "listen-dc", "127.0.0.1:0", "address of the emulated Data Center")
	fl.StringVar(&f.cloud, "listen-cloud", "127.0.0.1:0", "address of the emulated Cloud")
	fl.Uint64Var(&f.seed, "seed", 1, "same seed, same data, same result")
	fl.StringVar(&f.source, "source", "dc", "dc (a live Data Center) or export (an XML export of it)")
	fl.StringVar(&f.size, "size", "small", "small (128 pages); larger ones are not built yet")
	fl.StringVar(&f.faults, "faults", "", "fault rules for the emulated sites, YAML")
	fl.StringVar(&f.keep, "keep", "", "keep the state in this directory")
	fl.BoolVar(&f.noBrowser, "no-browser", false, "do not open a browser (none is opened yet)")
	fl.BoolVar(&f.exit, "exit", false, "do the tour, print one JSON document, end")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		if f.size != "small" {
			return confluence.Errorf(confluence.CodeNotCapable, "--size %q: only small is built", f.size)
		}
		if f.source != "dc" && f.source != "export" {
			return usage("--source %q is neither dc nor export", f.source)
		}
		if f.exit && a.settings.Timeout == 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
			defer cancel()
		}
		return a.demo(ctx, f)
	})
	return cmd
}

// demo sets the stage, does the tour, and stays or ends.
func (a *app) demo(ctx context.Context, f demoFlags) (err error) {
	dir, remove, err := demoDir(f.keep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	options := demo.Options{Dir: dir, Seed: f.seed, Export: f.source == "export", Listen: [2]string{f.dc, f.cloud}, Now: a.env.Now, Say: a.say}
	if f.faults != "" {
		if options.Faults, err = a.readFile(f.faults); err != nil {
			return err
		}
	}
	stage, err := demo.Open(ctx, options)
	if err != nil {
		return confluence.Errorf(confluence.CodeUsage, "the demo cannot be set up").Because(err)
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	a.settings.DataDir, a.settings.KeyFile = filepath.Join(dir, "state"), filepath.Join(dir, "state.key")
	h, s, err := a.serve(ctx, serveFlags{listen: f.listen, workers: 4})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.shutdown(ctx), h.close()) }()
	for _, site := range stage.Sites {
		if site != nil {
			a.say("%-20s  %s   %s, control plane %s", site.Product(), site.URL, site.Holds(), site.Control)
		}
	}
	a.say("%-20s  %s%s   token in %s", "tandem", s.address, api.Prefix, filepath.Join(a.settings.DataDir, tokenName))
	c := &client{base: s.address, http: &http.Client{Transport: inProcess{h.api, &sync.WaitGroup{}}}, broken: h.broken}
	doc, err := stage.Tour(ctx, demoAPI{a, c})
	if err != nil {
		return err
	}
	if f.exit {
		return a.demoResult(doc)
	}
	return a.demoStay(ctx, stage, s, demoAPI{a, c}, doc)
}

// demoAPI is the API as the demo uses it.
type demoAPI struct {
	app *app
	*client
}

// Follow follows a run to its end.
func (d demoAPI) Follow(ctx context.Context, run string) (api.Progress, error) {
	return d.app.follow(ctx, d.client, run, 2*time.Second, d.app.env.Stderr)
}

// demoResult prints the document and says what is not as it must be.
func (a *app) demoResult(doc demo.Document) error {
	if err := a.json(a.env.Stdout, doc); err != nil {
		return err
	}
	if d := demo.Check(doc); d != nil {
		fmt.Fprintln(a.env.Stderr, d.What)
		a.exit(map[string]int{"migration": exitUnfinished, "parity": exitDiffers, "sync": 5}[d.Part])
	}
	return nil
}

// program is what a person types to run this program.
func program() string {
	self, err := os.Executable()
	if err != nil || strings.Contains(self, "go-build") {
		return "go run ./cmd/tandem"
	}
	if path, err := exec.LookPath("tandem"); err == nil && path == self {
		return "tandem"
	}
	return self
}

// demoDir returns the directory of the demo and what removes it.
func demoDir(keep string) (dir string, remove func() error, err error) {
	if keep != "" {
		err := os.MkdirAll(keep, 0o700)
		return keep, func() error { return nil }, err
	}
	dir, err = os.MkdirTemp("", "tandem-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}
