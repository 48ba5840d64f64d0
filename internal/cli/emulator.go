package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
)

func (a *app) emulatorCommand() *cobra.Command {
	return noun("emulator", "A Confluence to try things on, Cloud or Data Center", a.emulatorServe())
}

type emulatorFlags struct {
	personality, version, listen, control, importFile, state, faults string
	seed                                                             uint64
	size                                                             int
	latency                                                          time.Duration
	rate                                                             float64
}

func (a *app) emulatorServe() *cobra.Command {
	var f emulatorFlags
	cmd := &cobra.Command{
		Use: "serve", Short: "Run an emulated Confluence until interrupted", Args: cobra.NoArgs,
		Example: "  tandem emulator serve --listen 127.0.0.1:8091 --control 127.0.0.1:9091 --state ./cloud",
	}
	fl := cmd.Flags()
	fl.StringVar(&f.personality, "personality", "cloud", "cloud or dc (Data Center)")
	fl.StringVar(&f.version, "version", "", "version of Data Center: 7.19, 8.5, 9.2 (default), 10.2, 11.0, or a full one")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8091", "address of the site")
	fl.StringVar(&f.control, "control", "", "address of the control plane: request log, counters, clock, faults, state dump")
	fl.Uint64Var(&f.seed, "seed", 1, "same seed and same requests, same site")
	fl.IntVar(&f.size, "size", 0, "pages to start with, made by the seed")
	fl.DurationVar(&f.latency, "latency", 0, "each answer takes this long")
	fl.Float64Var(&f.rate, "rate", 0, "requests a second before 429 (0: no limit)")
	fl.StringVar(&f.importFile, "import", "", "XML export to start from")
	fl.StringVar(&f.state, "state", "", "directory that keeps the site between runs, and the admin token; what it holds wins over --seed, --size and --import")
	fl.StringVar(&f.faults, "faults", "", "fault rules, YAML")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error { return a.emulate(ctx, f) })
	return cmd
}

// emulate serves an emulated site until ctx ends.
func (a *app) emulate(ctx context.Context, f emulatorFlags) error {
	options, err := f.options(a)
	if err != nil {
		return err
	}
	socket, err := openSocket(ctx, f.listen, false)
	if err != nil {
		return err
	}
	options.BaseURL = "http://" + socket.Addr().String()
	site, err := emulator.New(options)
	if err != nil {
		return errors.Join(confluence.Errorf(confluence.CodeUsage, "the emulator cannot be set up").Because(err), socket.Close())
	}
	product := listen(socket, options.BaseURL, site.Handler(), "", "")
	servers := []*listener{product}
	controlled := ""
	if f.control != "" {
		socket, err := openSocket(ctx, f.control, false)
		if err != nil {
			return errors.Join(err, product.shutdown(ctx), site.Close())
		}
		control := listen(socket, "http://"+socket.Addr().String(), site.Control(), "", "")
		servers = append(servers, control)
		controlled = ", control on " + control.address
	}
	email, token := site.Account()
	where, err := announceToken(f.state, token)
	if err == nil {
		fmt.Fprintf(a.env.Stdout, "%s emulator ready on %s%s%s, account %s, admin token %s\n",
			site.Product(), product.address, site.Context(), controlled, email, where)
		select {
		case <-ctx.Done():
		case err = <-product.failed:
		}
	}
	for _, s := range servers {
		err = errors.Join(err, s.shutdown(ctx))
	}
	return errors.Join(err, site.Close())
}

// options reads the files that the flags name.
func (f emulatorFlags) options(a *app) (emulator.Options, error) {
	o := emulator.Options{
		Personality: f.personality, Version: f.version, Seed: f.seed, Now: a.env.Now, Latency: f.latency, Rate: f.rate,
		Size: f.size, Import: f.importFile, StateDir: f.state,
	}
	if f.size < 0 || f.size > 0 && f.importFile != "" {
		return o, confluence.Errorf(confluence.CodeUsage, "--size %d: an emulated site starts empty, from --import, or with so many pages", f.size)
	}
	if f.faults != "" {
		rules, err := a.readFile(f.faults)
		if err != nil {
			return o, err
		}
		o.Faults = rules
	}
	if f.state != "" {
		if err := os.MkdirAll(f.state, 0o700); err != nil {
			return o, confluence.Errorf(confluence.CodeBadFile, "the state directory cannot be made").Because(err).At(confluence.Where{File: f.state})
		}
	}
	return o, nil
}

// announceToken writes the token into the state directory, where there is one, and says where a person finds it. It is
// the token of an emulated site and guards nothing.
func announceToken(dir, token string) (string, error) {
	if dir == "" {
		return token, nil
	}
	path := filepath.Join(dir, "admin-token")
	return "in " + path, os.WriteFile(path, []byte(token+"\n"), 0o600)
}
