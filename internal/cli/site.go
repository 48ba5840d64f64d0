package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
)

func (a *app) siteCommand() *cobra.Command {
	return noun("site", "The Confluence sites that tandem knows",
		a.siteAdd(), a.siteList(), a.siteTest(), a.siteRotate(), a.siteLimit(), a.siteReadOnly(), a.siteRecord(), a.siteRemove())
}

// writeFlags are the flags of every command that changes something.
type writeFlags struct {
	dryRun bool
	digest string
}

func (w *writeFlags) add(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&w.dryRun, "dry-run", false, "only say what would be done")
	cmd.Flags().StringVar(&w.digest, "plan-digest", "", "refuse if what would be done no longer has this digest")
	return cmd
}

// query returns the parameters of the call.
func (w *writeFlags) query(a *app, pairs ...string) string {
	if w.dryRun {
		pairs = append(pairs, "dryRun", "true")
	}
	return query(append(pairs, "planDigest", w.digest, "reason", a.settings.Reason)...)
}

// preview prints what would be done.
func (a *app) preview(p *api.Preview) error {
	return a.result(p, func(w io.Writer) {
		for _, d := range p.Does {
			fmt.Fprintf(w, "would %s\n", oneLine(d))
		}
		fmt.Fprintf(w, "digest %s; nothing was done\n", p.Digest[:12])
	})
}

func (a *app) siteAdd() *cobra.Command {
	var site api.NewSite
	var secretFile string
	var w writeFlags
	cmd := &cobra.Command{
		Use: "add NAME --url URL", Short: "Add a site after testing it", Args: cobra.ExactArgs(1),
		Example: "  tandem site add cloud --url https://example.atlassian.net/wiki --email admin@example.com --secret-file cloud.token\n" +
			"  tandem site add dc --url https://wiki.example.com/confluence --auth pat --secret-file dc.pat",
	}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		site.Name = args[0]
		if site.URL == "" {
			return usage("--url is missing")
		}
		var err error
		if site.Secret, err = a.secret(ctx, secretFile, site.Name); err != nil {
			return err
		}
		return a.with(ctx, false, func(c *client) error {
			var report api.SiteReport
			if err := c.Call(ctx, http.MethodPost, "/sites"+w.query(a), site, &report); err != nil {
				return err
			}
			if report.Preview != nil {
				return a.preview(report.Preview)
			}
			return a.result(report, func(w io.Writer) {
				if !site.NoTest {
					fmt.Fprintf(w, "%s: reachable, %s, user %s, %s visible\n", site.Name, report.Product, report.Account, count(report.Spaces, "space"))
				}
				fmt.Fprintf(w, "%s: added, fingerprint %s\n", site.Name, dash(report.Fingerprint))
			})
		})
	})
	f := cmd.Flags()
	f.StringVar(&site.URL, "url", "", "address of the site; for Cloud https://NAME.atlassian.net/wiki, for Data Center with its context path")
	f.StringVar(&site.Kind, "kind", "auto", "dc, cloud or auto")
	f.StringVar(&site.Auth, "auth", "token", "pat or basic (Data Center), token or oauth (Cloud)")
	f.StringVar(&site.Email, "email", "", "e-mail address of the account (Cloud), or its user name (Data Center with --auth basic)")
	f.StringVar(&secretFile, "secret-file", "", "file with the credential, - for standard input [or TANDEM_SITE_SECRET, or asked for]")
	f.StringVar(&site.CAFile, "ca-file", "", "file with certificates to trust besides the system's")
	f.StringVar(&site.Proxy, "proxy", "", "address of a proxy; none for no proxy at all")
	f.BoolVar(&site.ReadOnly, "read-only", false, "tandem must never write to it")
	f.BoolVar(&site.NoTest, "no-test", false, "store it untested")
	return w.add(cmd)
}

func (a *app) siteList() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{Use: "list", Short: "List the sites", Args: cobra.NoArgs}
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		return a.with(ctx, false, func(c *client) error {
			var list api.Sites
			if err := c.Call(ctx, http.MethodGet, "/sites", nil, &list); err != nil {
				return err
			}
			return printList(a, &f, []column[api.Site]{
				{"NAME", func(s api.Site) any { return s.Name }},
				{"KIND", func(s api.Site) any { return kindName(s.Kind) }},
				{"URL", func(s api.Site) any { return s.URL }},
				{"USER", func(s api.Site) any { return s.Email }},
				{"WRITES", func(s api.Site) any { return !s.ReadOnly }},
				{"FINGERPRINT", func(s api.Site) any { return s.Fingerprint }},
			}, list.Sites)
		})
	})
	return f.add(cmd)
}

func kindName(k confluence.SiteKind) string {
	switch k {
	case confluence.DataCenter:
		return "Data Center"
	case confluence.Cloud:
		return "Cloud"
	case confluence.Export:
		return "export"
	}
	return string(k)
}

func (a *app) siteTest() *cobra.Command {
	cmd := &cobra.Command{Use: "test [NAME...]", Short: "Test sites: reach, product, account, what it sees, clock"}
	cmd.RunE = a.run(func(ctx context.Context, names []string) error {
		return a.with(ctx, false, func(c *client) error {
			if len(names) == 0 {
				var list api.Sites
				if err := c.Call(ctx, http.MethodGet, "/sites", nil, &list); err != nil {
					return err
				}
				for _, s := range list.Sites {
					names = append(names, s.Name)
				}
			}
			return a.testSites(ctx, c, names)
		})
	})
	return a.completing(cmd, siteNames)
}

func (a *app) testSites(ctx context.Context, c *client, names []string) error {
	reports := []api.SiteReport{}
	for _, name := range names {
		var r api.SiteReport
		if err := c.Call(ctx, http.MethodPost, "/sites/"+url.PathEscape(name)+"/test", nil, &r); err != nil {
			return err
		}
		reports = append(reports, r)
		if r.Error != nil {
			a.exit(confluence.Lookup(r.Error.Code).Exit)
		}
	}
	return a.result(reports, func(w io.Writer) {
		for _, r := range reports {
			if len(reports) > 1 {
				fmt.Fprintf(w, "%s\n", r.Name)
			}
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			for _, l := range r.Checks {
				fmt.Fprintf(t, "%s\t%s\t%s\n", l.State, l.Name, oneLine(l.Text))
			}
			_ = t.Flush() // standard output has gone if this fails
			if r.Error != nil {
				fmt.Fprintf(w, "      what to do: %s\n", r.Error.Remedy)
			}
		}
	})
}

func (a *app) siteRotate() *cobra.Command {
	var secretFile string
	var w writeFlags
	cmd := &cobra.Command{Use: "rotate NAME", Short: "Replace a site's credential; the old one stays until the new one passes the test", Args: cobra.ExactArgs(1)}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		secret, err := a.secret(ctx, secretFile, args[0])
		if err != nil {
			return err
		}
		return a.with(ctx, false, func(c *client) error {
			var r api.SiteReport
			err := c.Call(ctx, http.MethodPut, "/sites/"+url.PathEscape(args[0])+"/credential"+w.query(a), map[string]string{"secret": secret}, &r)
			if err != nil {
				return err
			}
			if r.Preview != nil {
				return a.preview(r.Preview)
			}
			return a.result(r, func(w io.Writer) {
				fmt.Fprintf(w, "%s: new credential passed %s, now in use; the old one is erased\n", args[0], count(len(r.Checks), "test"))
			})
		})
	})
	cmd.Flags().StringVar(&secretFile, "secret-file", "", "file with the new credential, - for standard input [or TANDEM_SITE_SECRET, or asked for]")
	return a.completing(w.add(cmd), siteNames)
}

func (a *app) siteLimit() *cobra.Command {
	var w writeFlags
	var limits api.Limits
	var reset bool
	cmd := &cobra.Command{Use: "limit NAME", Short: "Show or set how many calls tandem has in flight at a site", Args: cobra.ExactArgs(1)}
	cmd.Flags().IntVar(&limits.Concurrent, "concurrent", 0, "calls in flight (1 to 64)")
	cmd.Flags().BoolVar(&reset, "reset", false, "back to what the site declares")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if reset && limits.Concurrent != 0 {
			return usage("--reset and --concurrent contradict each other")
		}
		path := "/sites/" + url.PathEscape(args[0])
		return a.with(ctx, false, func(c *client) error {
			var out api.SiteResult
			var err error
			if reset || limits.Concurrent != 0 {
				err = c.Call(ctx, http.MethodPut, path+"/limits"+w.query(a), limits, &out)
			} else {
				err = c.Call(ctx, http.MethodGet, path, nil, &out.Site)
			}
			return a.siteChanged(out, err, func(w io.Writer) {
				concurrent := "as the site declares"
				if out.Site.Concurrent > 0 {
					concurrent = fmt.Sprint(out.Site.Concurrent)
				}
				fmt.Fprintf(w, "%s: concurrent %s\n", args[0], concurrent)
			})
		})
	})
	return a.completing(w.add(cmd), siteNames)
}

// siteChanged prints a site after a change, or what would be changed.
func (a *app) siteChanged(out api.SiteResult, err error, text func(io.Writer)) error {
	if err != nil {
		return err
	}
	if out.Preview != nil {
		return a.preview(out.Preview)
	}
	return a.result(out.Site, text)
}

func (a *app) siteReadOnly() *cobra.Command {
	var w writeFlags
	cmd := &cobra.Command{
		Use: "readonly NAME on|off|status", Short: "Block or allow every write of tandem to a site", Args: cobra.ExactArgs(2),
	}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		path := "/sites/" + url.PathEscape(args[0])
		return a.with(ctx, false, func(c *client) error {
			var out api.SiteResult
			var err error
			switch args[1] {
			case "status":
				err = c.Call(ctx, http.MethodGet, path, nil, &out.Site)
			case "on", "off":
				err = c.Call(ctx, http.MethodPut, path+"/readonly"+w.query(a), map[string]bool{"readOnly": args[1] == "on"}, &out)
			default:
				err = usage("readonly is on, off or status, not %q", args[1])
			}
			return a.siteChanged(out, err, func(w io.Writer) {
				state := "allowed"
				if out.Site.ReadOnly {
					state = "blocked"
				}
				fmt.Fprintf(w, "%s: writes by tandem %s\n", args[0], state)
			})
		})
	})
	return a.completing(w.add(cmd), siteNames)
}

func (a *app) siteRemove() *cobra.Command {
	var w writeFlags
	cmd := &cobra.Command{Use: "remove NAME", Short: "Remove a site that nothing refers to, and erase its credential (needs --reason)", Args: cobra.ExactArgs(1)}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if !w.dryRun {
			if err := a.confirm(ctx, "remove the site "+args[0]+" and erase its credential?"); err != nil {
				return err
			}
		}
		return a.with(ctx, false, func(c *client) error {
			var out api.Done
			if err := c.Call(ctx, http.MethodDelete, "/sites/"+url.PathEscape(args[0])+w.query(a), nil, &out); err != nil {
				return err
			}
			if out.Preview != nil {
				return a.preview(out.Preview)
			}
			return a.result(map[string]string{"removed": args[0]}, func(w io.Writer) {
				fmt.Fprintf(w, "%s removed, credential erased\n", args[0])
			})
		})
	})
	return a.completing(w.add(cmd), siteNames)
}

// dash shows a dash for what is not known.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
