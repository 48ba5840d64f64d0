package simulation

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// The faults that the design lists as F1 to F18, by number. A storm has some of them; those without a misfortune below, and
// without a place in before, do not strike yet.
const (
	faultCrash = iota + 1
	faultTimeout
	faultLimit
	faultServer
	faultStale
	faultHint
	faultRace
	faultPaging
	faultClock
	faultAuth
	faultNewIDs
	faultRestored
	faultNormal
	faultSecond
	faultDisk
	faultTooLarge
	faultPeople
	faultPartition
	lastFault = faultPartition
)

// storm decides, between two events, what goes wrong. It is drawn from the seed, and blows until it is told to end.
type storm struct {
	w      *World
	rand   *rand.Rand
	faults map[int]bool
	// left bounds how many faults come, so that what they hit can still end.
	left    int
	crashes int
	crowd   *crowd
	acts    int // that may still come between two events
	until   [2]time.Time
	blowing bool
	count   func(string)
	err     error
	broken  map[string]bool
	after   []func() error // mend what a fault broke
}

// hits draws a fault of the list with a chance of 1 in n.
func (s *storm) hits(fault, n int) bool {
	return s.faults[fault] && s.left > 0 && s.rand.IntN(n) == 0
}

func (s *storm) struck(fault int, what string) {
	s.left--
	s.count(fmt.Sprintf("F%d", fault))
	s.count(fmt.Sprintf("F%d %s", fault, what))
}

// before is the world's Before.
func (s *storm) before(e Event) Fate {
	if !s.blowing || s.err != nil {
		return Fate{}
	}
	if s.crowd != nil && s.acts > 0 && s.rand.IntN(40) == 0 {
		s.acts--
		s.err = s.crowd.step()
		s.count(fmt.Sprintf("F%d", faultRace))
	}
	if s.faults[faultCrash] && s.crashes > 0 && s.rand.IntN(150) == 0 {
		s.crashes--
		s.count(fmt.Sprintf("F%d", faultCrash))
		s.count(fmt.Sprintf("F%d at %s %s", faultCrash, e.Kind, e.Point))
		return Fate{Crash: true}
	}
	if s.hits(faultClock, 200) {
		s.struck(faultClock, "own clock jumps")
		s.w.Skew([]time.Duration{-10 * time.Minute, 10 * time.Minute, 0}[s.rand.IntN(3)])
	}
	switch e.Kind {
	case Request:
		return s.request(e.Call)
	case Commit:
		if s.hits(faultDisk, 60) {
			s.struck(faultDisk, "disk full")
			return Fate{Refuse: true}
		}
	}
	return Fate{}
}

// request decides what becomes of a request.
func (s *storm) request(c *Call) Fate {
	now := s.w.Now()
	if now.Before(s.until[c.Side]) {
		s.count(fmt.Sprintf("F%d request", faultPartition))
		return Fate{Lose: Unreachable}
	}
	if s.hits(faultPartition, 150) {
		s.struck(faultPartition, "begins")
		s.until[c.Side] = now.Add(time.Duration(5+s.rand.IntN(60)) * time.Minute)
		return Fate{Lose: Unreachable}
	}
	rate := 12
	if !c.Writes() {
		rate = 25
	}
	for fault := range lastFault + 1 {
		list := misfortunes[fault]
		if len(list) == 0 || !s.hits(fault, rate) {
			continue
		}
		m := list[s.rand.IntN(len(list))]
		if m.fits != nil && !m.fits(c) {
			continue
		}
		s.struck(fault, m.name)
		return m.fate
	}
	return Fate{}
}

// misfortune is one thing that can happen to a request.
type misfortune struct {
	name string
	fate Fate
	fits func(*Call) bool
}

func writes(c *Call) bool { return c.Writes() }

func reads(c *Call) bool { return !c.Writes() }

// lists reports whether a call reads a list of contents.
func lists(c *Call) bool {
	return c.Method == http.MethodGet && strings.Contains(c.Query, "limit=") && !strings.Contains(c.Path, "/group")
}

func uploads(c *Call) bool { return c.Verb == confluence.VerbAttach && c.Writes() }

var misfortunes = map[int][]misfortune{
	faultTimeout: {
		{"not applied", Fate{Lose: Unsent}, nil},
		{"applied, answer lost", Fate{Lose: Unheard}, nil},
		{"applied late", Fate{Fault: "applyLate: 20s"}, writes},
		{"applied after the retry", Fate{Fault: "applyLate: 100s"}, writes},
		{"no answer in time", Fate{Fault: "delay: 200s"}, nil},
	},
	faultLimit: {
		{"429 with a time", Fate{Fault: `status: 429, header: {Retry-After: "3"}`}, nil},
		{"429 without a time", Fate{Fault: "status: 429"}, nil},
		{"429 with a long time", Fate{Fault: `status: 429, header: {Retry-After: "300"}`}, nil},
		{"503", Fate{Fault: `status: 503, header: {Retry-After: "5"}`}, nil},
	},
	faultServer: {
		{"500 applied", Fate{Fault: "status: 500, apply: true"}, nil},
		{"500 not applied", Fate{Fault: "status: 500"}, nil},
		{"502 of a proxy", Fate{Fault: "status: 502, html: proxy"}, nil},
		{"cut short", Fate{Fault: "truncate: 40"}, nil},
		{"200 with a login page", Fate{Fault: "html: login"}, nil},
		{"200 of maintenance", Fate{Fault: "html: maintenance"}, nil},
	},
	faultStale: {
		{"half a minute old", Fate{Fault: "stale: 30s"}, reads},
		{"five minutes old", Fate{Fault: "stale: 300s"}, reads},
	},
	faultPaging: {
		{"rows twice", Fate{Fault: "list: {duplicate: 2}"}, lists},
		{"a row left out", Fate{Fault: "list: {omit: 1}"}, lists},
	},
	faultClock: {
		{"site ahead", Fate{Fault: "clock: 10m"}, nil},
		{"site behind", Fate{Fault: "clock: -10m"}, nil},
	},
	faultAuth: {
		{"some pages hidden", Fate{Fault: "hide: 0.5"}, reads},
		{"401", Fate{Fault: "status: 401"}, nil},
		{"403", Fate{Fault: "status: 403"}, nil},
		{"404", Fate{Fault: "status: 404"}, reads},
	},
	faultNormal: {
		{"another form of the same", Fate{Fault: "fault: ST-14"}, writes},
	},
	faultTooLarge: {
		{"413", Fate{Fault: "status: 413"}, uploads},
		{"404 for a file", Fate{Fault: "status: 404"}, uploads},
	},
}
