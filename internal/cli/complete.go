package cli

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/store"
)

// completionPatience is how long the completion of a name may ask a server.
const completionPatience = 300 * time.Millisecond

// completing makes a command complete its first argument with names that a running server knows. Without a server there
// is nothing to complete with: opening the data directory would keep others out of it.
func (a *app) completing(cmd *cobra.Command, names func(context.Context, *client) ([]string, error)) *cobra.Command {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || a.configure(cmd) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if address, alive := store.Owner(a.settings.DataDir); a.settings.Server == "" && alive {
			a.settings.Server = address
		}
		if a.settings.Server == "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
		defer cancel()
		c, err := a.remoteClient(a.settings.Server)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		list, err := names(ctx, c)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

func siteNames(ctx context.Context, c *client) ([]string, error) {
	var list api.Sites
	err := c.Call(ctx, http.MethodGet, "/sites", nil, &list)
	var names []string
	for _, s := range list.Sites {
		names = append(names, s.Name)
	}
	return names, err
}

func planNames(ctx context.Context, c *client) ([]string, error) {
	var list api.Plans
	err := c.Call(ctx, http.MethodGet, "/plans", nil, &list)
	var names []string
	for _, p := range list.Plans {
		names = append(names, p.Name)
	}
	return names, err
}

func runNames(ctx context.Context, c *client) ([]string, error) {
	var list api.Runs
	err := c.Call(ctx, http.MethodGet, "/runs", nil, &list)
	var names []string
	for _, r := range list.Runs {
		names = append(names, r.Run)
	}
	return names, err
}
