package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/store"
)

// version is the version of this tandem; a release changes it.
const version = "0.1.0-dev"

// thisVersion says which tandem this is. The commit is what the Go tool stamped into the binary.
func thisVersion() api.Version {
	v := api.Version{
		Version: version, Commit: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Schema: store.SchemaVersion(), PlanFormat: "tandem/v1",
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value[:min(len(s.Value), 12)]
			}
		}
	}
	return v
}

func (a *app) versionCommand() *cobra.Command {
	var short bool
	cmd := &cobra.Command{Use: "version", Short: "Which tandem this is", Args: cobra.NoArgs}
	cmd.Flags().BoolVar(&short, "short", false, "the number alone")
	cmd.RunE = a.run(func(context.Context, []string) error {
		v := thisVersion()
		return a.result(v, func(w io.Writer) {
			if short {
				fmt.Fprintln(w, v.Version)
				return
			}
			fmt.Fprintf(w, "tandem %s (commit %s, %s, %s), state schema %d, plan format %s\n", v.Version, v.Commit, v.Go, v.Platform, v.Schema, v.PlanFormat)
		})
	})
	return cmd
}
