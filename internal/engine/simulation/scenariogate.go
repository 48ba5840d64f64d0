package simulation

import (
	"fmt"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// before watches every event of the engine: it counts the mutating calls as the sites see them, does what is to happen
// around one, and crashes where the scenario says so.
func (p *play) before(e Event) Fate {
	switch e.Kind {
	case Request:
		if p.sleeping != "" && e.overslept && e.Call.Method != http.MethodGet {
			p.late++
		}
		if c := p.opt.asleep; c.N > 0 && c.At == "request" && p.sleeping == "" && e.Call.Verb != "" && e.Call.Writes() && p.cycles > 0 && p.writes >= c.N {
			p.sleeping, p.resent = e.Key, true
			return Fate{Sleep: true}
		}
		p.request(e.Call)
	case Answer:
		p.answered(e.Call)
		if p.opt.Log != nil {
			p.opt.Log.Debug("answer", "call", e.Call.String())
		}
	case Point, Commit:
		if p.cycles > 0 && p.opt.crashed != nil {
			p.crashHere(e)
		} else if p.cycles > 0 && p.fall(e) {
			p.crashed = true
			return Fate{Crash: true}
		}
		if c := p.opt.asleep; c.N > 0 && p.sleeping == "" && e.Kind == Point && e.Point == c.At && p.cycles > 0 && p.writes >= c.N {
			p.sleeping, p.resent = e.Key, true
			return Fate{Sleep: true}
		}
		if p.second && p.cycles > 0 && e.Intent {
			p.second = false
			return Fate{Sleep: true}
		}
	}
	return Fate{}
}

// fall says if the engine crashes here.
func (p *play) fall(e Event) bool {
	if e.Kind == Point && e.Point == "before-call" && e.Key != p.sleeping {
		p.writes++
		p.crashing++
	}
	if c := p.crash; c != nil && p.at1(e, c.At, p.crashing, c.N) {
		p.crash, p.falling = nil, false
		return true
	}
	if c := p.opt.Crash; c.N > 0 && !p.crashed && p.at1(e, c.At, p.writes, c.N) {
		p.falling = false
		return true
	}
	return false
}

// at1 reports whether an event is the named point of the call that is counted. With many calls in flight a point after a
// call is that of the next call to get there; in-commit is the commit that follows the first call to come back.
func (p *play) at1(e Event, at string, count, n int) bool {
	switch {
	case count < n:
		return false
	case at == "in-commit" && e.Kind == Point && e.Point == "after-call":
		p.falling = true
		return false
	case at == "in-commit":
		return p.falling && e.Kind == Commit
	}
	return e.Kind == Point && e.Point == at
}

// request tells a call by what its site sees, before the site answers it.
func (p *play) request(call *Call) {
	if call.Method == http.MethodGet || call.Method == http.MethodHead {
		return
	}
	before, err := p.state(call.Side)
	if err != nil {
		p.fail(err)
		return
	}
	site := p.w.Site(call.Side)
	s, counts := verbOf(call.Side, site.Product() == "Cloud", site.Context(), call, before)
	if !counts {
		return
	}
	s.Cycle = p.cycles
	p.sent = append(p.sent, &s)
	p.at[call] = &s
	for _, d := range p.during {
		if d.Side == s.Side && d.Verb == s.Verb {
			if d.calls++; d.calls == d.N && d.When == "before" {
				p.fail(p.do(d.Do))
			}
		}
	}
}

// answered notes what became of a call, and who can read what it wrote.
func (p *play) answered(call *Call) {
	s := p.at[call]
	if s == nil {
		return
	}
	delete(p.at, call)
	s.Status = call.Status
	if p.opt.Log != nil {
		p.opt.Log.Info("call", "n", call.N, "cycle", s.Cycle, "site", siteNames[s.Side], "verb", s.Verb, "path", s.Path, "status", s.Status)
	}
	p.fail(p.readers(s.Side, s))
	for _, d := range p.during {
		if d.Side == s.Side && d.Verb == s.Verb && d.calls == d.N && d.When == "after" {
			d.calls++
			p.fail(p.do(d.Do))
		}
	}
}

// fail keeps the first thing that went wrong where no error can be returned.
func (p *play) fail(err error) {
	if err != nil && p.broken == nil {
		p.broken = fmt.Errorf("during a cycle: %w", err)
	}
}

// sentBy are the calls of the cycles up to one, by side and verb.
func (p *play) counts(from, to int) (out [2]map[confluence.Verb]int, refused int) {
	out = [2]map[confluence.Verb]int{{}, {}}
	for _, c := range p.sent {
		switch {
		case c.Cycle < from || c.Cycle > to:
		case c.refused():
			refused++
		default:
			out[c.Side][c.Verb]++
		}
	}
	return out, refused
}
