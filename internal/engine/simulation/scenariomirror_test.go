package simulation

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// oneSided are the scenarios that say something about one product alone, and why.
var oneSided = map[string]string{
	"S055": "the editor of Cloud is what it is about",
	"S073": "no page of Data Center can be archived by itself",
}

// TestScenariosMirrored: with the sides exchanged everywhere, the policy's primary side included, the same holds (I15).
func TestScenariosMirrored(t *testing.T) {
	for name, s := range scenarioFiles(t) {
		if oneSided[s.ID] != "" || namesSite(s.Faults) || knownFailures(t)[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m := mirrored(s)
			if r := plays(t, m, ScenarioOptions{}); !r.Holds {
				t.Errorf("line %d: %s", r.Line, r.Failed)
			}
		})
	}
}

// namesSite reports whether fault rules are about one of the sites.
func namesSite(faults []byte) bool { return bytes.Contains(faults, []byte("match:")) }

// mirrored is a scenario with its sides exchanged.
func mirrored(s *Scenario) *Scenario {
	m := *s
	other := map[string]string{"dc": "cloud", "cloud": "dc", "to-dc": "to-cloud", "to-cloud": "to-dc", "": "cloud"}
	swap := func(word string) string {
		if o := other[word]; o != "" {
			return o
		}
		return word
	}
	m.Policy.Primary = swap(s.Policy.Primary)
	if s.Policy.Mode != "" {
		m.Policy.Mode = swap(s.Policy.Mode)
	}
	m.Policy.Facets = map[string]string{}
	for facet, choice := range s.Policy.Facets {
		m.Policy.Facets[facet] = swap(choice)
	}
	m.Steps = mirroredSteps(s.Steps, swap)
	w := &m.Want
	w.Pages = [2]map[string]*pageWant{mirroredPages(s.Want.Pages[1]), mirroredPages(s.Want.Pages[0])}
	if s.Want.Calls != nil {
		c := *s.Want.Calls
		c.Sides[0], c.Sides[1] = c.Sides[1], c.Sides[0]
		c.AnyOf, c.Order = slices.Clone(c.AnyOf), slices.Clone(c.Order)
		for i := range c.AnyOf {
			c.AnyOf[i][0], c.AnyOf[i][1] = c.AnyOf[i][1], c.AnyOf[i][0]
		}
		for i := range c.Order {
			for k := range c.Order[i] {
				c.Order[i][k].Side = c.Order[i][k].Side.Other()
			}
		}
		w.Calls = &c
	}
	w.Conflicts = slices.Clone(s.Want.Conflicts)
	for i := range w.Conflicts {
		w.Conflicts[i].Page = otherNames.Replace(w.Conflicts[i].Page)
	}
	w.Readers = slices.Clone(s.Want.Readers)
	for i, r := range w.Readers {
		w.Readers[i].Never = nil
		for _, who := range r.Never {
			if who == "alice" || who == "bob" {
				continue // who acts on a side is exchanged too
			}
			w.Readers[i].Never = append(w.Readers[i].Never, who)
		}
	}
	return &m
}

func mirroredSteps(steps []scriptStep, swap func(string) string) []scriptStep {
	out := slices.Clone(steps)
	for i := range out {
		st := &out[i]
		if st.Act != nil {
			a := *st.Act
			a.Side, a.Args, a.Pages = a.Side.Other(), maps.Clone(a.Args), slices.Clone(a.Pages)
			if page := a.Args["page"]; page != "" {
				a.Args["page"] = otherNames.Replace(page)
			}
			for i := range a.Pages {
				a.Pages[i] = otherNames.Replace(a.Pages[i])
			}
			st.Act = &a
		}
		if st.Repeat != nil {
			r := *st.Repeat
			r.Steps = mirroredSteps(r.Steps, swap)
			st.Repeat = &r
		}
		if st.During != nil {
			d := *st.During
			d.Side, d.Do = d.Side.Other(), mirroredSteps([]scriptStep{d.Do}, swap)[0]
			st.During = &d
		}
		if st.Checkpoint != nil {
			c := *st.Checkpoint
			c.Side = c.Side.Other()
			st.Checkpoint = &c
		}
		if st.Resolve != nil {
			r := *st.Resolve
			if r.Use == "dc" || r.Use == "cloud" {
				r.Use = swap(r.Use)
			}
			st.Resolve = &r
		}
	}
	return out
}

func mirroredPages(pages map[string]*pageWant) map[string]*pageWant {
	out := map[string]*pageWant{}
	for name, w := range maps.All(pages) {
		if w != nil && w.Title != nil {
			c := *w
			title := otherNames.Replace(*w.Title)
			c.Title, w = &title, &c
		}
		out[otherNames.Replace(name)] = w
	}
	return out
}

// otherNames exchanges the names of the sites in titles that tandem gave.
var otherNames = strings.NewReplacer(
	"("+siteNames[confluence.A]+")", "("+siteNames[confluence.B]+")", "("+siteNames[confluence.B]+")", "("+siteNames[confluence.A]+")",
	", "+siteNames[confluence.A]+",", ", "+siteNames[confluence.B]+",", ", "+siteNames[confluence.B]+",", ", "+siteNames[confluence.A]+",",
)
