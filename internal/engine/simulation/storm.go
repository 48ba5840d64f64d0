package simulation

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
)

// The faults that the design lists as F1 to F18, by number. A storm has some of them. New ids (F11) and people whom one
// side does not know (F17) are what people do; a server restored from a backup (F12) comes when a life is over.
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
	main   int // the fault that strikes more often than others; 0: none
	// left bounds how many faults come, so that what they hit can still end; unsure how many writes of which nobody knows
	// what became of them.
	left, unsure int
	races        int // how many writes somebody comes before
	crashes      int
	crowd        *crowd
	acts         int // that may still come between two events
	until        [2]time.Time
	paused       time.Time // until then a site wants to be left alone
	blowing      bool
	deaf         string // what cannot be read: a part of address or query; empty: nothing
	paired       bool   // there is a pair to ask for cycles of
	count        func(string)
	err          error
}

// hits draws a fault of the list with a chance of 1 in n.
func (s *storm) hits(fault, n int) bool {
	if fault == s.main {
		n = (n + 3) / 4
	}
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
	if e.Kind == Request && e.Call.Verb == confluence.VerbPut && s.races > 0 && (s.main == faultRace || s.rand.IntN(6) == 0) {
		s.races--
		s.err = s.collide(e.Call)
		s.count("F7 at the page that is written")
		s.count(fmt.Sprintf("F%d", faultRace))
	}
	if len(s.w.others) > 0 && !s.w.proc.asleep {
		s.err = s.w.alone() // who asks the first engine for something waits for what that one does
	}
	if s.crowd != nil && s.acts > 0 && s.rand.IntN(60) == 0 {
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
	if e.Kind == Point && e.Point == "after-call" && s.crashes > 0 && slices.Contains(repeated, e.Verb) && s.rand.IntN(8) > 0 {
		s.crashes--
		s.count(fmt.Sprintf("F%d", faultCrash))
		s.count(fmt.Sprintf("F%d after %s", faultCrash, e.Verb))
		return Fate{Crash: true}
	}
	if s.hits(faultClock, 200) {
		s.struck(faultClock, "own clock jumps")
		s.w.Skew([]time.Duration{-10 * time.Minute, 10 * time.Minute, 0}[s.rand.IntN(3)])
	}
	if s.paired && s.hits(faultHint, 150) {
		s.struck(faultHint, "")
		s.hint()
	}
	switch e.Kind {
	case Request:
		if e.Call.Writes() && e.Call.Verb != "" && len(s.w.others) == 0 && s.hits(faultSecond, 4) {
			s.struck(faultSecond, "")
			return Fate{Sleep: true}
		}
		return s.request(e.Call)
	case Commit:
		if s.hits(faultDisk, 40) {
			s.struck(faultDisk, "disk full")
			return Fate{Refuse: true}
		}
	}
	return Fate{}
}

// collide lets somebody write to the page that is about to be updated (F7).
func (s *storm) collide(c *Call) error {
	p, err := s.w.look(c.Side, s.crowd.key)
	if err != nil {
		return err
	}
	for _, page := range p.pages {
		if page.live() && page.origin != "" && c.names(page.ID) {
			return s.crowd.appendWord(p, page)
		}
	}
	return nil
}

// hint asks for a look at one page or at all, as a webhook or a person does: more than once, about pages that are gone, or
// in the middle of another cycle (F6).
func (s *storm) hint() {
	var pages []*item
	side := confluence.Side(s.rand.IntN(2))
	if p, err := s.w.look(side, s.crowd.key); err == nil {
		pages = p.pages
	}
	for range 1 + s.rand.IntN(2) {
		opt := engine.SyncOptions{}
		if len(pages) > 0 && s.rand.IntN(3) > 0 {
			opt.Page, opt.Site = confluence.ID(pages[s.rand.IntN(len(pages))].ID), s.w.sites[side].Name
		}
		p := s.w.proc
		s.w.births++
		p.startNamed(fmt.Sprintf("hint%d", s.w.births), func() { _, _ = p.engine.SyncPair(p.ctx, pairOfLife, opt) })
	}
}

// common are the verbs of which a life has many; of others nearly every write is made unsure.
var common = []confluence.Verb{confluence.VerbPut, confluence.VerbPost, confluence.VerbMove}

// repeated are the verbs that are sent again where nobody knows what became of them: only after a crash are they looked
// for.
var repeated = []confluence.Verb{
	confluence.VerbTrash, confluence.VerbUnlabel, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbRecomment, confluence.VerbPermission,
}

// request decides what becomes of a request.
func (s *storm) request(c *Call) Fate {
	if s.deaf != "" && strings.Contains(c.Path+"?"+c.Query, s.deaf) {
		s.count(fmt.Sprintf("F%d", faultServer))
		return Fate{Fault: "status: 500"}
	}
	now := s.w.Now()
	if now.Before(s.until[c.Side]) {
		s.count(fmt.Sprintf("F%d request", faultPartition))
		return Fate{Lose: Unreachable}
	}
	if s.hits(faultPartition, 40) {
		s.struck(faultPartition, "begins")
		s.until[c.Side] = now.Add(time.Duration(5+s.rand.IntN(60)) * time.Minute)
		return Fate{Lose: Unreachable}
	}
	if c.Verb != "" && c.Writes() && s.unsure > 0 {
		if chance := s.rand.IntN(6); chance == 0 || (chance < 5 || c.Verb == confluence.VerbReplace) && !slices.Contains(common, c.Verb) && !slices.Contains(repeated, c.Verb) {
			s.unsure--
			m := unknown[s.rand.IntN(len(unknown))]
			if c.Verb == confluence.VerbComment && s.rand.IntN(2) == 0 {
				m = unknown[2] // of two comments that say the same no site says that they are one too many
			}
			s.count(fmt.Sprintf("F%d", m.fault))
			s.count(fmt.Sprintf("F%d %s", m.fault, m.name))
			return m.fate
		}
	}
	rate := 7
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
		if m.name == longPause {
			s.paused = now.Add(5 * time.Minute)
		}
		return m.fate
	}
	return Fate{}
}

// unknown are the ways in which a write ends so that nobody knows what became of it.
var unknown = []struct {
	fault int
	misfortune
}{
	{faultTimeout, misfortune{"not applied", Fate{Lose: Unsent}, nil}},
	{faultTimeout, misfortune{"not applied", Fate{Lose: Unsent}, nil}},
	{faultTimeout, misfortune{"applied, answer lost", Fate{Lose: Unheard}, nil}},
	{faultServer, misfortune{"500 applied", Fate{Fault: "status: 500, apply: true"}, nil}},
	{faultServer, misfortune{"500 not applied", Fate{Fault: "status: 500"}, nil}},
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

// carries reports whether a call brings a file or a body.
func carries(c *Call) bool {
	return c.Writes() && slices.Contains([]confluence.Verb{confluence.VerbAttach, confluence.VerbReplace, confluence.VerbPost, confluence.VerbPut}, c.Verb)
}

// longPause is a refusal for five minutes, in which nothing is sent to the site.
const longPause = "429 with a long time"

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
		{longPause, Fate{Fault: `status: 429, header: {Retry-After: "300"}`}, nil},
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
		{"413 for a file or body", Fate{Fault: "status: 413"}, carries},
		{"upload cut", Fate{Lose: Unsent}, carries},
		{"refused by a scanner", Fate{Fault: "status: 400"}, carries},
	},
}
