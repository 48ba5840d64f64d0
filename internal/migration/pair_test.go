package migration

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func samplePair() PairSpec {
	p := NewPair()
	p.Name, p.A, p.B = "hr", PairEnd{Site: "dc", Space: "HR"}, PairEnd{Site: "cloud", Space: "HR"}
	return p
}

func TestPairStates(t *testing.T) {
	want := map[PairState]bool{PairDraft: true, PairBaselining: true, PairActive: true, PairPaused: true, PairHalted: true, PairCutover: true, PairRetiring: true, PairRetired: true}
	if diff := cmp.Diff(want, reachable(PairDraft, PairTransitions)); diff != "" {
		t.Errorf("states of pairs (-want +reachable):\n%s", diff)
	}
	seen := map[[2]string]bool{}
	for _, row := range PairTransitions {
		key := [2]string{string(row.From), string(row.On)}
		if seen[key] {
			t.Errorf("two ways from %s by %s", row.From, row.On)
		}
		seen[key] = true
	}
	for _, tt := range []struct {
		from PairState
		on   Event
		to   PairState
		ok   bool
	}{
		{PairDraft, EventResume, PairDraft, false},
		{PairDraft, EventBaseline, PairBaselining, true},
		{PairBaselining, EventPause, PairBaselining, false},
		{PairActive, EventHalt, PairHalted, true},
		{PairHalted, EventResume, PairActive, true},
		{PairRetiring, EventResume, PairRetiring, false},
		{PairRetired, EventBaseline, PairRetired, false},
		{PairRetired, EventReopen, PairDraft, true},
	} {
		if to, ok := tt.from.On(tt.on); to != tt.to || ok != tt.ok {
			t.Errorf("%s by %s: %s, %v; want %s, %v", tt.from, tt.on, to, ok, tt.to, tt.ok)
		}
	}
	for state := range want {
		if state.Writes() && !state.Watched() {
			t.Errorf("%s writes what no feed watches", state)
		}
	}
}

func TestPairValidate(t *testing.T) {
	if err := samplePair().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*PairSpec){
		"no name":           func(p *PairSpec) { p.Name = "" },
		"no space":          func(p *PairSpec) { p.B.Space = "" },
		"one space":         func(p *PairSpec) { p.B = p.A },
		"stranger receives": func(p *PairSpec) { p.Direction = "to:elsewhere" },
		"direction":         func(p *PairSpec) { p.Direction = "up" },
		"strict":            func(p *PairSpec) { p.Strict = "very" },
		"deletes":           func(p *PairSpec) { p.Deletes = "purge" },
		"facets":            func(p *PairSpec) { p.Facets = []string{"smell"} },
		"no facets":         func(p *PairSpec) { p.Facets = nil },
		"conflicts":         func(p *PairSpec) { p.Conflicts = "prefer:elsewhere" },
		"choice":            func(p *PairSpec) { p.Choices = map[string]string{"body": "toss"} },
		"choice of nothing": func(p *PairSpec) { p.Choices = map[string]string{"smell": "hold"} },
		"brake":             func(p *PairSpec) { p.Brakes = map[string]string{"deletes": "120%"} },
		"no such brake":     func(p *PairSpec) { p.Brakes = map[string]string{"hand": "1"} },
		"feed":              func(p *PairSpec) { p.Feed = "10ms" },
		"end":               func(p *PairSpec) { p.End = "soon" },
	} {
		p := samplePair()
		edit(&p)
		if e := confluence.AsError(p.Validate()); e == nil || e.Code != confluence.CodeBadFile {
			t.Errorf("%s: %v", name, e)
		}
	}
	p := samplePair()
	p.Mode = "scheduled"
	if e := confluence.AsError(p.Validate()); e == nil || e.Code != confluence.CodeNotCapable {
		t.Errorf("a schedule: %v", e)
	}
}

func TestPairWords(t *testing.T) {
	p := samplePair()
	if p.Receivers() != [2]bool{true, true} || p.PrimarySide() != confluence.A {
		t.Error("a pair goes both ways and A decides ties unless it says otherwise")
	}
	p.Direction, p.Primary = "to:cloud", "cloud"
	if p.Receivers() != [2]bool{false, true} || p.PrimarySide() != confluence.B {
		t.Error("to:cloud writes to B alone")
	}
	feed, sweep := p.Intervals()
	if feed != 10*time.Second || sweep != 15*time.Minute {
		t.Errorf("intervals %s %s", feed, sweep)
	}
	p.Brakes = map[string]string{"deletes": "20%", "least": "7", "clock": "1m"}
	if p.BrakeShare("deletes", 0.1) != 0.2 || p.BrakeShare("listing", 0.5) != 0.5 || p.BrakeLeast(5) != 7 || p.BrakeClock(time.Hour) != time.Minute {
		t.Error("limits of brakes are the pair's own where it has them")
	}
}
