package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// ProbeLive is a migration from a living Data Center to Cloud, both in other processes; its path is a JSON file of liveEnds.
const ProbeLive = "migrate-live"

// ProbeSweep keeps the spaces of such a migration as a pair, in another process, and sweeps it.
const ProbeSweep = "sweep-live"

// livePair is the name of that pair.
const livePair = "live"

// liveEnds says where the two emulated sites are.
type liveEnds struct {
	Run   string    // that ProbeSweep goes on from
	URL   [2]string // of the sites, A and B
	Token [2]string // files
	Email string
	Slots int
	Space string
	Dir   string // for the state
	Pages int
}

// scale measures migrations from a living Data Center whose pages have nothing but bodies: what a page costs in calls at both
// sites together, and how much memory the process that migrates takes, and the one that then keeps both spaces as a pair.
// The sites and tandem are processes of their own.
func scale(ctx context.Context, o Options) ([]Figure, error) {
	var out []Figure
	for _, pages := range []int{min(boundFrom, o.LivePages), o.LivePages} {
		if len(out) > 0 && pages <= boundFrom {
			break
		}
		figures, err := o.live(ctx, pages)
		if err != nil {
			return out, err
		}
		out = append(out, figures...)
	}
	return out, nil
}

// live is one migration.
func (o Options) live(ctx context.Context, pages int) (out []Figure, err error) {
	o.Say("scale: %s pages from a living Data Center", thousands(pages))
	dir, err := os.MkdirTemp(o.Dir, "live-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	shape := BodyOnly(pages)
	shape.Seed = o.Seed
	export := filepath.Join(dir, "export.zip")
	if err := generateFile(export, shape); err != nil {
		return nil, err
	}
	ends := liveEnds{Slots: o.Connections, Space: spaceKey(0), Dir: dir, Pages: pages}
	var sites [2]*served
	for side, args := range [2][]string{
		{"--personality", "dc", "--version", "9.2.3", "--seed", fmt.Sprint(o.Seed + 1), "--import", export},
		{"--personality", "cloud", "--size", "0", "--seed", fmt.Sprint(o.Seed)},
	} {
		s, err := o.serve(ctx, filepath.Join(dir, fmt.Sprint("site", side)), args)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		sites[side] = s
		ends.URL[side], ends.Token[side] = s.url, filepath.Join(s.dir, "admin-token")
	}
	ends.URL[confluence.B] += "/wiki"
	ends.Email = sites[confluence.B].account
	p, err := o.probeEnds(ctx, ProbeLive, ends)
	if err != nil {
		return nil, err
	}
	if out, err = liveFigures(ctx, p, sites, pages); err != nil {
		return out, err
	}
	ends.Run = p.Run
	o.Say("scale: a sweep of the pair of them")
	if p, err = o.probeEnds(ctx, ProbeSweep, ends); err != nil || p.Resident == 0 {
		return out, err
	}
	return append(out, figure("scale", "sweep_resident_"+fmt.Sprint(pages), float64(p.Resident), unitBytes, Resident,
		fmt.Sprintf("the process that takes a pair of %s pages on and sweeps it", thousands(pages)),
		fmt.Sprintf("%d MiB at most, baseline and sweep in %s", p.Resident>>20, seconds(p.Took)))), nil
}

// probeEnds runs a probe over the two sites.
func (o Options) probeEnds(ctx context.Context, kind string, ends liveEnds) (Probed, error) {
	spec, err := json.Marshal(ends)
	if err != nil {
		return Probed{}, err
	}
	file := filepath.Join(ends.Dir, "ends.json")
	if err := os.WriteFile(file, spec, 0o600); err != nil {
		return Probed{}, err
	}
	return o.probe(ctx, kind, file)
}

func liveFigures(ctx context.Context, p Probed, sites [2]*served, pages int) ([]Figure, error) {
	var calls [2]int64
	for side, s := range sites {
		var err error
		if calls[side], err = s.calls(ctx); err != nil {
			return nil, err
		}
	}
	n := fmt.Sprint(pages)
	value := float64(calls[confluence.A]+calls[confluence.B]) / float64(pages)
	against := fmt.Sprintf("%s body-only pages of a Data Center, plan to FINISHED, both sides of the proof included", thousands(pages))
	out := []Figure{figure("scale", "live_calls_per_page_"+n, value, unitCalls, over(pages, LiveCallsPerPage), against,
		fmt.Sprintf("%s calls to the Data Center, %s to Cloud; %s, %.0f pages/s", thousands(int(calls[confluence.A])), thousands(int(calls[confluence.B])),
			seconds(p.Took), perSecond(float64(pages), p.Took)))}
	if p.Resident > 0 {
		out = append(out, figure("scale", "live_resident_"+n, float64(p.Resident), unitBytes, Resident,
			fmt.Sprintf("the process that migrates %s pages; the sites are others", thousands(pages)), fmt.Sprintf("%d MiB at most", p.Resident>>20)))
	}
	return out, nil
}

// served is an emulated site in a process of its own.
type served struct {
	cmd          *exec.Cmd
	dir          string
	url, control string
	account      string
}

// serve starts `tandem emulator serve` on free ports and waits until it says that it is ready.
func (o Options) serve(ctx context.Context, dir string, args []string) (*served, error) {
	listen, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	control, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &served{dir: dir, url: "http://" + listen, control: "http://" + control}
	s.cmd = o.Self(ctx, append([]string{"emulator", "serve", "--listen", listen, "--control", control, "--state", dir}, args...)...)
	said, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(line, "ready") {
		return nil, errors.Join(fmt.Errorf("the emulator did not start: %q", line), err, s.stop())
	}
	if _, rest, ok := strings.Cut(line, "account "); ok {
		s.account, _, _ = strings.Cut(rest, ",")
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // ends with the process
	return s, nil
}

func (s *served) stop() error {
	err := s.cmd.Process.Kill()
	_ = s.cmd.Wait() // killed: that is no error
	return err
}

// freePort is an address that nobody listens on just now.
func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// calls are all requests that the site has counted.
func (s *served) calls(ctx context.Context) (n int64, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.control+"/counters", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var routes map[string]struct{ Reads, Writes int64 }
	if err := json.NewDecoder(resp.Body).Decode(&routes); err != nil {
		return 0, err
	}
	for _, c := range routes {
		n += c.Reads + c.Writes
	}
	return n, nil
}

// withEnds opens the state that is beside the two sites.
func withEnds(ctx context.Context, path string, open func(context.Context, string) (House, error), do func(House, liveEnds) error) (err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var ends liveEnds
	if err := json.Unmarshal(text, &ends); err != nil {
		return err
	}
	h, err := open(ctx, ends.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return do(h, ends)
}

// probeLive migrates in this process.
func probeLive(ctx context.Context, path string, now func() time.Time, open func(context.Context, string) (House, error)) (p Probed, err error) {
	err = withEnds(ctx, path, open, func(h House, ends liveEnds) error {
		if err := addEnds(ctx, h, ends); err != nil {
			return err
		}
		began := now()
		plan := migration.NewPlan()
		plan.Name, plan.From.Site, plan.To.Site = "live", "dc", siteName
		plan.Spaces = []migration.SpaceScope{migration.NewScope(ends.Space, "")}
		if _, err := h.Engine.CreatePlan(ctx, plan); err != nil {
			return err
		}
		if p.Run, err = h.Engine.Start(ctx, plan.Name); err != nil {
			return err
		}
		run, err := h.Engine.Wait(ctx, p.Run)
		if err != nil {
			return err
		}
		p.Took, p.Contents = now().Sub(began), ends.Pages
		if err := (&crossing{pages: ends.Pages}).check(ctx, h, run); err != nil {
			return err
		}
		p.Resident, err = resident()
		return err
	})
	return p, err
}

func addEnds(ctx context.Context, h House, ends liveEnds) error {
	for side, row := range [2]store.Site{
		{Name: "dc", Kind: confluence.DataCenter, Auth: "pat"},
		{Name: siteName, Kind: confluence.Cloud, Auth: "token", Email: ends.Email},
	} {
		secret, err := os.ReadFile(ends.Token[side])
		if err != nil {
			return err
		}
		row.URL, row.Concurrent = ends.URL[side], ends.Slots
		if _, err := h.Engine.AddSite(ctx, row, []byte(strings.TrimSpace(string(secret))), true); err != nil {
			return err
		}
	}
	return nil
}

// probeSweep takes the baseline from the migration, and sweeps.
func probeSweep(ctx context.Context, path string, now func() time.Time, open func(context.Context, string) (House, error)) (p Probed, err error) {
	err = withEnds(ctx, path, open, func(h House, ends liveEnds) error {
		began := now()
		spec := migration.NewPair()
		spec.Name, spec.Adopt = livePair, ends.Run
		spec.A, spec.B = migration.PairEnd{Site: "dc", Space: ends.Space}, migration.PairEnd{Site: siteName, Space: ends.Space}
		if _, err := h.Engine.CreatePair(ctx, spec); err != nil {
			return err
		}
		preview, err := h.Engine.BaselinePair(ctx, livePair, "")
		if err == nil {
			_, err = h.Engine.BaselinePair(ctx, livePair, preview.Digest)
		}
		if err != nil {
			return err
		}
		swept, err := h.Engine.SyncPair(ctx, livePair, engine.SyncOptions{})
		if err != nil {
			return err
		}
		if wrote := swept.Written(confluence.A) + swept.Written(confluence.B); wrote > 0 || swept.Outcome != store.CycleDone {
			return fmt.Errorf("the sweep is %s, and wrote %d times where nothing had changed", swept.Outcome, wrote)
		}
		p.Took, p.Contents = now().Sub(began), ends.Pages
		p.Resident, err = resident()
		return err
	})
	return p, err
}
