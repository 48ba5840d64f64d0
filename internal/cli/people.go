package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

func (a *app) peopleCommand() *cobra.Command {
	return noun("people", "Who is who on both sites", a.peopleExport(), a.peopleImport())
}

// endpoint reads SITE or FILE.zip: what names a file, or looks like one, is an export, known by its absolute path.
func endpoint(arg string) (migration.Endpoint, error) {
	_, err := os.Stat(arg)
	if err != nil && !strings.HasSuffix(strings.ToLower(arg), ".zip") && !strings.ContainsAny(arg, `/\`) {
		return migration.Endpoint{Site: arg}, nil
	}
	if err != nil {
		return migration.Endpoint{}, confluence.Errorf(confluence.CodeNoExport, "the export cannot be read").Because(err).At(confluence.Where{File: arg})
	}
	path, err := filepath.Abs(arg)
	return migration.Endpoint{Export: path}, err
}

// readFile reads a file that a person named, - for standard input.
func (a *app) readFile(path string) ([]byte, error) {
	var b []byte
	var err error
	if path == "-" {
		b, err = io.ReadAll(a.env.Stdin)
	} else {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, confluence.Errorf(confluence.CodeBadFile, "the file cannot be read").Because(err).At(confluence.Where{File: path})
	}
	return b, nil
}

// writeFile writes a file that a person asked for; - and nothing mean standard output.
func (a *app) writeFile(path string, data []byte) error {
	if path == "" || path == "-" {
		_, err := a.env.Stdout.Write(data)
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return confluence.Errorf(confluence.CodeBadFile, "the file cannot be written").Because(err).At(confluence.Where{File: path})
	}
	return nil
}

// ends are the two flags --from and --to.
type ends struct{ from, to string }

func (e *ends) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.from, "from", "", "source: a site, or an XML export (FILE.zip or the folder it was unpacked into)")
	cmd.Flags().StringVar(&e.to, "to", "", "destination: a site")
}

// sources returns the names under which the people of --from are kept: a site has one, an export one for each plan that
// has it as its source.
func (e *ends) sources(ctx context.Context, c *client) ([]string, error) {
	if e.from == "" || e.to == "" {
		return nil, usage("--from and --to are needed")
	}
	end, err := endpoint(e.from)
	if err != nil || end.Export == "" {
		return []string{end.Site}, err
	}
	var list api.Plans
	if err := c.Call(ctx, http.MethodGet, "/plans", nil, &list); err != nil {
		return nil, err
	}
	var names []string
	for _, p := range list.Plans {
		if p.Plan.From.Export == end.Export && p.Plan.To.Site == e.to {
			names = append(names, engine.PeopleSource(p.Plan))
		}
	}
	if len(names) == 0 {
		x := usage("no plan takes %s to %s", e.from, e.to)
		x.Remedy = "create the plan first; its people file can be given at once: tandem plan create NAME --people FILE.csv"
		return nil, x
	}
	return names, nil
}

func (a *app) peopleExport() *cobra.Command {
	var e ends
	var file string
	cmd := &cobra.Command{Use: "export --from SITE|FILE.zip --to SITE", Short: "Write the people file that is stored", Args: cobra.NoArgs}
	e.add(cmd)
	cmd.Flags().StringVar(&file, "to-file", "", "write it there and not to standard output")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		return a.with(ctx, false, func(c *client) error {
			from, err := e.sources(ctx, c)
			if err != nil {
				return err
			}
			var p api.People
			if err := c.Call(ctx, http.MethodGet, "/people"+query("from", from[0], "to", e.to), nil, &p); err != nil {
				return err
			}
			if file != "" {
				a.say("%s: %s", file, count(p.Rows, "row"))
			}
			return a.writeFile(file, []byte(p.File))
		})
	})
	return cmd
}

func (a *app) peopleImport() *cobra.Command {
	var e ends
	var file string
	var w writeFlags
	cmd := &cobra.Command{Use: "import --from SITE|FILE.zip --to SITE -f FILE.csv", Short: "Store a people file; nothing changes if a row is wrong", Args: cobra.NoArgs}
	e.add(cmd)
	cmd.Flags().StringVarP(&file, "file", "f", "", "people file, - for standard input")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		if file == "" {
			return usage("-f is missing: the people file")
		}
		text, err := a.readFile(file)
		if err != nil {
			return err
		}
		return a.with(ctx, false, func(c *client) error {
			sources, err := e.sources(ctx, c)
			if err != nil {
				return err
			}
			var p api.People
			for _, from := range sources {
				if p, err = a.importPeople(ctx, c, peopleFile{from, e.to, file, text}, &w); err != nil {
					return err
				}
			}
			if p.Preview != nil {
				return a.preview(p.Preview)
			}
			return a.result(p, func(w io.Writer) {
				fmt.Fprintf(w, "%s read, %d changed, 0 wrong; %d mapped\n", count(p.Rows, "row"), p.Changed, p.Mapped)
			})
		})
	})
	return w.add(cmd)
}

// peopleFile is a people file to be stored for two ends.
type peopleFile struct {
	from, to string // as the API names them
	name     string // of the file, for messages
	text     []byte
}

func (a *app) importPeople(ctx context.Context, c *client, f peopleFile, w *writeFlags) (api.People, error) {
	var p api.People
	path := "/people" + w.query(a, "from", f.from, "to", f.to)
	err := c.Call(ctx, http.MethodPut, path, map[string]string{"file": string(f.text), "name": f.name}, &p)
	return p, err
}
