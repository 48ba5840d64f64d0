package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/demo"
)

// demoStay lets the pairs run by themselves, prints where everything is and how to edit both sites, shows each cycle that
// carries something, and waits for the end.
func (a *app) demoStay(ctx context.Context, stage *demo.Stage, s *listener, tandem demoAPI, doc demo.Document) error {
	if err := stage.Stay(ctx, tandem); err != nil {
		return err
	}
	guides, err := stage.Guides()
	if err != nil {
		return err
	}
	w := a.env.Stdout
	a.demoPlaces(w, stage, s, doc)
	if len(guides) > 0 {
		a.demoGuides(w, guides)
	}
	fmt.Fprintln(w, "\nPress Ctrl-C to stop; everything is thrown away then (--keep DIR keeps it).")
	watch, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { a.demoWatch(watch, tandem, w) })
	defer watching.Wait()
	defer stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

func (a *app) demoPlaces(w io.Writer, stage *demo.Stage, s *listener, doc demo.Document) {
	m := doc.Migration
	verdict := "proved equal"
	if !doc.Parity.Equal {
		verdict = fmt.Sprintf("%d differences", doc.Parity.Differences)
	}
	fmt.Fprintf(w, "\n%s: %d pages, %d blog posts, %d attachments, %d failures; %s\n\n", m.Status, m.Pages, m.BlogPosts, m.Attachments, m.Failures, verdict)
	state := a.settings.DataDir
	tandem := program() + " --data-dir " + state
	fmt.Fprintf(w, "Look at it:\n")
	fmt.Fprintf(w, "  %s run report %s\n", tandem, demo.PlanName)
	fmt.Fprintf(w, "  %s run report %s --format html --to report.html\n", tandem, demo.PlanName)
	if doc.Sync.Cycles > 0 {
		fmt.Fprintf(w, "  %s pair list\n", tandem)
		fmt.Fprintf(w, "  %s pair show ops --changes\n", tandem)
	}
	fmt.Fprintf(w, "  curl -H \"Authorization: Bearer $(cat %s)\" %s%s/runs\n", filepath.Join(state, tokenName), s.address, api.Prefix)
	for _, site := range stage.Sites {
		if site != nil {
			fmt.Fprintf(w, "  curl '%s/dump?form=full'        what the %s holds\n", site.Control, site.Product())
			fmt.Fprintf(w, "  curl %s/counters                what it was asked\n", site.Control)
		}
	}
}

func (a *app) demoGuides(w io.Writer, guides []demo.Guide) {
	for _, g := range guides {
		fmt.Fprintf(w, "\nEdit %q on %s, as %s, by the API of the product (once), and by the emulator's control plane (as often as you like):\n  %s\n  %s\n",
			g.Page, g.Site, g.Who, g.Edit, g.More)
	}
	tandem := program() + " --data-dir " + a.settings.DataDir
	fmt.Fprintf(w, "\nEdit one page on both within two seconds and both keep what they have, until you decide:\n")
	fmt.Fprintf(w, "  %s conflict list\n  %s conflict show C-1 --as diff\n  %s conflict resolve C-1 --use %s\n", tandem, tandem, tandem, demo.CloudName)
	fmt.Fprintf(w, "\nWhat the pairs carry shows here:\n")
}

// demoWatch prints each cycle that carried or found something, as it ends.
func (a *app) demoWatch(ctx context.Context, tandem demoAPI, w io.Writer) {
	shown := map[string]int64{}
	// A stream that breaks ends the show and nothing else.
	_ = tandem.Events(ctx, "", func() {}, func(e api.Event) bool {
		if e.Kind != "cycle" || e.Text == "" {
			return true
		}
		var list api.Cycles
		if tandem.Call(ctx, http.MethodGet, pairPath(e.Pair)+"/cycles?limit=5", nil, &list) != nil {
			return ctx.Err() == nil
		}
		for i := len(list.Cycles) - 1; i >= 0; i-- {
			c := list.Cycles[i]
			if c.Ended == nil || c.Number <= shown[e.Pair] {
				continue
			}
			shown[e.Pair] = c.Number
			if c.Sides[0].Written+c.Sides[1].Written+c.Opened+c.Closed+c.Failed == 0 && c.Halt == nil {
				continue
			}
			fmt.Fprintf(w, "%s  %s\n", c.Ended.Local().Format(time.TimeOnly), demo.CycleLine(c))
			if c.Halt != nil {
				fmt.Fprintf(w, "          halted: %s\n", oneLine(c.Halt.What))
			}
		}
		return true
	})
}
