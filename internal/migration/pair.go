package migration

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// PairSpec is what a person wants to be kept together, and how. The zero value is no valid pair; NewPair gives the
// defaults.
type PairSpec struct {
	Name string `json:"name"`
	// A and B are the two ends; in the usual pair A is the Data Center.
	A PairEnd `json:"a"`
	B PairEnd `json:"b"`
	// Adopt is the finished run whose map the pair continues from; empty: the spaces are compared.
	Adopt     string `json:"adopt,omitempty"`
	Direction string `json:"direction"` // both, or "to:SITE"
	Strict    string `json:"strict"`    // safe or mirror; counts for one direction
	Mode      string `json:"mode"`      // continuous or on-demand
	// Facets that are kept equal: body, title, tree, order, labels, attachments, comments, restrictions.
	Facets    []string `json:"facets"`
	Deletes   string   `json:"deletes"`   // propagate, archive or ignore
	Conflicts string   `json:"conflicts"` // hold, merge, prefer:SITE, newer or copy
	// Choices overrides Conflicts for single facets, and for "order" and "restrictions" the defaults (the primary side;
	// tighten). Values are those of Conflicts, and tighten.
	Choices      map[string]string `json:"choices,omitempty"`
	DeleteVsEdit string            `json:"deleteVsEdit"` // edit, delete or hold
	// RenameProtects: a rename alone keeps a page that the other side trashed.
	RenameProtects     bool   `json:"renameProtects,omitempty"`
	ResurrectAncestors bool   `json:"resurrectAncestors,omitempty"`
	Prune              bool   `json:"prune,omitempty"`
	OutOfScope         string `json:"outOfScope"`        // keep or trash
	Primary            string `json:"primary,omitempty"` // site; empty: that of A
	// Brakes overrides limits: deletes (share), listing (share), mass-change (share), least (a number), clock (a duration).
	Brakes map[string]string `json:"brakes,omitempty"`
	Feed   string            `json:"feed"`  // interval of the feed, a duration
	Sweep  string            `json:"sweep"` // interval of sweeps at rest, a duration
	Owner  string            `json:"owner,omitempty"`
	Review string            `json:"review,omitempty"` // a day, 2006-01-02
	End    string            `json:"end,omitempty"`    // a day, 2006-01-02
}

// PairEnd is one end of a pair.
type PairEnd struct {
	Site        string `json:"site"`
	Space       string `json:"space"`                 // key
	Fingerprint string `json:"fingerprint,omitempty"` // empty: filled in when the pair is created
}

// The words of a pair.
const (
	DirectionBoth = "both"
	ModeAlways    = "continuous"
	ModeOnDemand  = "on-demand"
)

// PairFacets are the facets of a pair by the names that people use, in the order they are shown.
var PairFacets = []string{"body", "title", "tree", "order", "labels", "attachments", "comments", "restrictions"}

// Default intervals of feeds and sweeps.
const (
	DefaultFeed  = 10 * time.Second
	DefaultSweep = 15 * time.Minute
)

// NewPair returns a pair with the default of every field, without name and ends.
func NewPair() PairSpec {
	return PairSpec{
		Direction: DirectionBoth, Strict: "safe", Mode: ModeAlways, Facets: slices.Clone(PairFacets), Deletes: "propagate",
		Conflicts: "merge", DeleteVsEdit: "edit", OutOfScope: "keep", Feed: DefaultFeed.String(), Sweep: DefaultSweep.String(),
	}
}

// Ends returns both ends, indexed by side.
func (p PairSpec) Ends() [2]PairEnd { return [2]PairEnd{p.A, p.B} }

// SideOf returns the side that a site of the pair stands on; of two spaces of one site that of A.
func (p PairSpec) SideOf(site string) (confluence.Side, bool) {
	for side, end := range p.Ends() {
		if end.Site == site && site != "" {
			return confluence.Side(side), true
		}
	}
	return confluence.A, false
}

// PrimarySide is the side that decides ties.
func (p PairSpec) PrimarySide() confluence.Side {
	side, _ := p.SideOf(p.Primary)
	return side
}

// Intervals returns how often the feed is read and how often a quiet pair is swept.
func (p PairSpec) Intervals() (feed, sweep time.Duration) {
	feed, sweep = DefaultFeed, DefaultSweep
	if d, err := time.ParseDuration(p.Feed); err == nil && d > 0 {
		feed = d
	}
	if d, err := time.ParseDuration(p.Sweep); err == nil && d > 0 {
		sweep = d
	}
	return feed, sweep
}

// Receivers reports for each side whether the pair may write to it.
func (p PairSpec) Receivers() [2]bool {
	if to, one := strings.CutPrefix(p.Direction, "to:"); one {
		side, _ := p.SideOf(to)
		return [2]bool{side == confluence.A, side == confluence.B}
	}
	return [2]bool{true, true}
}

// Validate reports the first rule that the pair breaks, as T-1003 or T-2007.
func (p PairSpec) Validate() error {
	if v := p.violation(); v != nil {
		return confluence.Errorf(v.code, "pair %s: %s: %s", p.Name, v.path, v.what)
	}
	return nil
}

func (p PairSpec) violation() *violation {
	if !planName.MatchString(p.Name) {
		return broken("name", "a name has 1 to 64 letters, digits, dots, underscores and hyphens, is %q", p.Name)
	}
	for i, end := range p.Ends() {
		path := [2]string{"a", "b"}[i]
		if end.Site == "" || end.Space == "" {
			return broken(path, "a side needs a site and the key of a space")
		}
	}
	if p.A.Site == p.B.Site && p.A.Space == p.B.Space {
		return broken("b", "both sides are the same space")
	}
	for _, check := range []func() *violation{p.wordViolation, p.choiceViolation, p.brakeViolation, p.timeViolation} {
		if v := check(); v != nil {
			return v
		}
	}
	return nil
}

func (p PairSpec) wordViolation() *violation {
	if to, one := strings.CutPrefix(p.Direction, "to:"); one {
		if _, ok := p.SideOf(to); !ok {
			return broken("direction", "the pair has no site %q", to)
		}
	} else if p.Direction != DirectionBoth {
		return broken("direction", "direction is both or to:SITE, is %q", p.Direction)
	}
	if p.Primary != "" {
		if _, ok := p.SideOf(p.Primary); !ok {
			return broken("primary", "the pair has no site %q", p.Primary)
		}
	}
	if p.Mode == "scheduled" {
		return notBuilt("mode", "a pair with a schedule")
	}
	for _, f := range []struct {
		path, value string
		words       []string
	}{
		{"strict", p.Strict, []string{"safe", "mirror"}},
		{"mode", p.Mode, []string{ModeAlways, ModeOnDemand}},
		{"deletes", p.Deletes, []string{"propagate", "archive", "ignore"}},
		{"deleteVsEdit", p.DeleteVsEdit, []string{"edit", "delete", "hold"}},
		{"outOfScope", p.OutOfScope, []string{"keep", "trash"}},
	} {
		if !slices.Contains(f.words, f.value) {
			return broken(f.path, "must be one of %s, is %q", strings.Join(f.words, ", "), f.value)
		}
	}
	if len(p.Facets) == 0 {
		return broken("facets", "a pair keeps at least one facet equal")
	}
	for _, f := range p.Facets {
		if !slices.Contains(PairFacets, f) {
			return broken("facets", "%q is none of %s", f, strings.Join(PairFacets, ", "))
		}
	}
	return nil
}

func (p PairSpec) choiceViolation() *violation {
	choice := func(path, value string, more ...string) *violation {
		if site, prefer := strings.CutPrefix(value, "prefer:"); prefer {
			if _, ok := p.SideOf(site); ok {
				return nil
			}
			return broken(path, "the pair has no site %q", site)
		}
		words := append([]string{"hold", "merge", "newer", "copy"}, more...)
		if !slices.Contains(words, value) {
			return broken(path, "must be one of %s or prefer:SITE, is %q", strings.Join(words, ", "), value)
		}
		return nil
	}
	if v := choice("conflicts", p.Conflicts); v != nil {
		return v
	}
	for _, facet := range slices.Sorted(maps.Keys(p.Choices)) {
		if !slices.Contains(PairFacets, facet) {
			return broken("choices", "%q is none of %s", facet, strings.Join(PairFacets, ", "))
		}
		if v := choice("choices."+facet, p.Choices[facet], "tighten", "union"); v != nil {
			return v
		}
	}
	return nil
}

// brakeNames are the limits of brakes with the kind of their values.
var brakeNames = map[string]string{"deletes": "share", "listing": "share", "mass-change": "share", "least": "number", "clock": "duration"}

func (p PairSpec) brakeViolation() *violation {
	for _, name := range slices.Sorted(maps.Keys(p.Brakes)) {
		value, ok := p.Brakes[name], false
		switch brakeNames[name] {
		case "share":
			_, ok = share(value)
		case "number":
			n, err := strconv.Atoi(value)
			ok = err == nil && n >= 0
		case "duration":
			d, err := time.ParseDuration(value)
			ok = err == nil && d > 0
		default:
			return broken("brakes", "%q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(brakeNames)), ", "))
		}
		if !ok {
			return broken("brakes."+name, "%q is no %s", value, brakeNames[name])
		}
	}
	return nil
}

func (p PairSpec) timeViolation() *violation {
	for _, f := range [][2]string{{"feed", p.Feed}, {"sweep", p.Sweep}} {
		if d, err := time.ParseDuration(f[1]); err != nil || d < time.Second {
			return broken(f[0], "must be a duration of a second at least, such as 10s, is %q", f[1])
		}
	}
	for _, f := range [][2]string{{"review", p.Review}, {"end", p.End}} {
		if _, err := time.Parse(time.DateOnly, f[1]); f[1] != "" && err != nil {
			return broken(f[0], "must be a day such as 2027-02-01, is %q", f[1])
		}
	}
	return nil
}

// share reads "10%" or "0.1" as a part of one.
func share(text string) (float64, bool) {
	scale := 1.0
	if cut, percent := strings.CutSuffix(text, "%"); percent {
		text, scale = cut, 100
	}
	v, err := strconv.ParseFloat(text, 64)
	v /= scale
	return v, err == nil && v >= 0 && v <= 1
}

// BrakeShare returns the limit of a brake as a part of one: the pair's own, or otherwise.
func (p PairSpec) BrakeShare(name string, otherwise float64) float64 {
	if v, ok := share(p.Brakes[name]); ok {
		return v
	}
	return otherwise
}

// BrakeLeast returns how many deletes never stop a pair, whatever their share.
func (p PairSpec) BrakeLeast(otherwise int) int {
	if n, err := strconv.Atoi(p.Brakes["least"]); err == nil {
		return n
	}
	return otherwise
}

// BrakeClock returns how far the clocks may be apart.
func (p PairSpec) BrakeClock(otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(p.Brakes["clock"]); err == nil {
		return d
	}
	return otherwise
}

// Describe names the two spaces for people.
func (p PairSpec) Describe() string {
	return fmt.Sprintf("%s:%s ⇄ %s:%s", p.A.Site, p.A.Space, p.B.Site, p.B.Space)
}
