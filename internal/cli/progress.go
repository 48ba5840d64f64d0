package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/migration"
)

// redraw is the shortest time between two looks at a run that is followed.
const redraw = 250 * time.Millisecond

// follow follows a run until it is final or paused, and returns how it stands then. Progress goes to lines: one line
// that is rewritten on a terminal, else a line for each phase and each interval. An interruption pauses a run that this
// process works on, after the step in progress; a run of a server goes on without its watcher.
func (a *app) follow(ctx context.Context, c *client, run string, interval time.Duration, lines io.Writer) (api.Progress, error) {
	calm := context.WithoutCancel(ctx) // calls after an interruption still have to be made
	events, stop := context.WithCancel(calm)
	defer stop()
	stirred := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// A stream that breaks costs no more than the interval between two looks.
		_ = c.Events(events, run, func() {}, func(api.Event) bool {
			select {
			case stirred <- struct{}{}:
			default:
			}
			return true
		})
	}()
	defer func() { stop(); <-ended }()
	meter := progressMeter{app: a, out: lines, interval: interval, live: a.env.StderrTTY && lines == a.env.Stderr && !a.settings.Plain}
	defer meter.end()
	pausing := false
	for {
		var p api.Progress
		if err := c.Call(calm, http.MethodGet, runPath(run), nil, &p); err != nil {
			return p, err
		}
		meter.show(p)
		if p.Status != migration.PlanRunning {
			if pausing && p.Status == migration.PlanPaused {
				meter.end()
				return p, errInterrupted{"interrupted: run " + run + " is PAUSED; go on with: tandem run resume " + run}
			}
			return p, nil
		}
		if c.broken != nil {
			if err := c.broken(); err != nil {
				return p, err
			}
		}
		done := ctx.Done()
		if pausing {
			done = nil
		}
		if err := meter.wait(done, stirred); err == nil {
			continue
		}
		if c.remote {
			meter.end()
			return p, errInterrupted{"no longer watching; run " + run + " goes on. Watch again: tandem run watch " + run}
		}
		pausing = true
		meter.end()
		a.say("ending after the step in progress ...")
		if err := c.Call(calm, http.MethodPost, runPath(run)+"/pause?reason=interrupted", nil, nil); err != nil {
			return p, err
		}
	}
}

// progressMeter prints how a run goes.
type progressMeter struct {
	app      *app
	out      io.Writer
	interval time.Duration
	live     bool // one line, rewritten
	drawn    int  // width of the line on the screen
	phase    string
	printed  time.Time
}

// wait waits for news, for a while. It returns an error when done is closed.
func (m *progressMeter) wait(done <-chan struct{}, stirred <-chan struct{}) error {
	patience := time.NewTimer(min(m.interval, time.Second))
	defer patience.Stop()
	select {
	case <-done:
		return errors.New("interrupted")
	case <-patience.C:
		return nil
	case <-stirred:
	}
	// Events come in bursts; one look serves them all.
	pause := time.NewTimer(redraw)
	defer pause.Stop()
	select {
	case <-done:
		return errors.New("interrupted")
	case <-pause.C:
		return nil
	}
}

func (m *progressMeter) show(p api.Progress) {
	if m.app.settings.Quiet {
		return
	}
	phase := string(p.Status) + string(p.Phase)
	now := m.app.env.Now()
	line := progressLine(p, now)
	if m.live {
		fmt.Fprintf(m.out, "\r%s%s", line, strings.Repeat(" ", max(0, m.drawn-len(line))))
		m.drawn = len(line)
		return
	}
	if phase == m.phase && now.Sub(m.printed) < m.interval {
		return
	}
	m.phase, m.printed = phase, now
	fmt.Fprintln(m.out, line)
}

// end leaves the live line.
func (m *progressMeter) end() {
	if m.live && m.drawn > 0 {
		fmt.Fprintln(m.out)
		m.drawn = 0
	}
}

// progressLine is one line about a run.
func progressLine(p api.Progress, now time.Time) string {
	step := string(p.Phase)
	if p.Status != migration.PlanRunning || step == "" {
		step = string(p.Status)
	}
	line := fmt.Sprintf("%s %-10s %d/%d  failures %d", now.Local().Format(time.TimeOnly), step, p.Done, p.Total, p.Failed)
	if r := rate(p); r != "" {
		line += "  " + r
	}
	if t := eta(p); t != "" {
		line += "  ETA " + t
	}
	if n := calls(p); n != "" {
		line += "  " + n
	}
	return oneLine(line)
}

// rate is how many contents a second arrive.
func rate(p api.Progress) string {
	if p.Rate <= 0 || p.Status != migration.PlanRunning {
		return ""
	}
	return fmt.Sprintf("%.1f/s", p.Rate)
}

// eta is the range of the time that is left.
func eta(p api.Progress) string {
	if p.ETA == nil || p.Status != migration.PlanRunning {
		return ""
	}
	low, high := p.ETA[0], p.ETA[1]
	switch {
	case high < 120:
		return fmt.Sprintf("%d-%d s", low, high)
	case high < 7200:
		return fmt.Sprintf("%d-%d min", low/60, (high+59)/60)
	}
	return fmt.Sprintf("%d-%d h", low/3600, (high+3599)/3600)
}

// calls names the requests to each site that was asked.
func calls(p api.Progress) string {
	var parts []string
	for _, s := range p.Calls {
		if s.Calls > 0 {
			parts = append(parts, fmt.Sprintf("%s %d requests", s.Site, s.Calls))
		}
	}
	return joined(parts)
}
