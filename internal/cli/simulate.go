package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/simulation"
)

// maxScenario bounds a scenario file in bytes.
const maxScenario = 16 << 20

func (a *app) simulateCommand() *cobra.Command {
	var file string
	var seed uint64
	cmd := &cobra.Command{
		Use: "simulate --scenario FILE.txtar", Short: "Play a scenario of two-way sync on two emulated sites", Args: cobra.NoArgs,
		Long: "Plays one scenario: two emulated sites with the same start, what people, tandem and chance do, and what must hold\n" +
			"afterwards. The assertions are made on the sites' own state, on the calls that reached them and on who could read\n" +
			"what, never on what tandem says. Exit code 0 only if all of them hold, else 1 with the first that does not. The same\n" +
			"seed plays the same run.",
		Example: "  tandem simulate --scenario rename-here-edit-there.txtar --seed 7",
	}
	cmd.Flags().StringVar(&file, "scenario", "", "the scenario")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "decides what comes first where several things may (0: by name, always)")
	_ = cmd.MarkFlagRequired("scenario")
	cmd.RunE = a.run(func(context.Context, []string) error { return a.simulate(file, seed) })
	return cmd
}

func (a *app) simulate(file string, seed uint64) error {
	text, err := readBounded(file, maxScenario)
	if err != nil {
		return confluence.Errorf(confluence.CodeBadFile, "the scenario cannot be read").Because(err).At(confluence.Where{File: file})
	}
	scenario, err := simulation.Parse(text, file)
	if err != nil {
		return err
	}
	r, err := scenario.Run(simulation.ScenarioOptions{Seed: seed})
	if err != nil {
		return err
	}
	if !r.Holds {
		a.exit(1)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".txtar")
	return a.result(r, func(w io.Writer) {
		if r.Holds {
			fmt.Fprintf(w, "ok  %s: %s, %s on DC, %d on Cloud\n", name, count(r.Assertions, "assertion"), count(r.Writes[confluence.A], "write"), r.Writes[confluence.B])
			return
		}
		fmt.Fprintf(w, "failed  %s: %s\n", name, r.Failed)
		if r.Line > 0 {
			fmt.Fprintf(w, "  as %s, line %d, wants\n", file, r.Line)
		}
	})
}

// readBounded reads a file of at most limit bytes.
func readBounded(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	return text, err
}
