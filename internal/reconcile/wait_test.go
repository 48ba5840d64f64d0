package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// What would come below a page of which the other side says nothing waits, and a person hears of each: the page may have
// been purged, or hidden for good.
func TestWaitsBelowUnknown(t *testing.T) {
	page := func(twin, parent twinID, id confluence.ID) Node {
		return Node{Twin: twin, ID: id, Kind: confluence.Page, Title: string(twin), Parent: parent, Rank: -1, Version: 2}
	}
	agreed := func(twin twinID) Agreed {
		return Agreed{Twin: twin, Kind: confluence.Page, ID: [2]confluence.ID{"1", "2"}, Title: [2]string{string(twin), string(twin)}, Facets: Title | Parent, Version: [2]int{1, 1}}
	}
	for _, side := range confluence.Sides {
		var nodes [2][]Node
		nodes[side] = []Node{page("lost", "", "1"), page("moved", "lost", "2"), page("fresh", "lost", "3"), page("deeper", "fresh", "4")}
		nodes[side.Other()] = []Node{page("moved", "", "12")}
		base := []Agreed{agreed("lost"), agreed("moved")}
		r := Plan(slices.Values(base), nodes, Policy{Mode: TwoWay, Facets: Title | Parent | Body, Deletes: DeletesPropagate, Sweep: true})
		if len(r.Changes) > 0 {
			t.Errorf("side %d: changes %+v", side, r.Changes)
		}
		var got []string
		for _, c := range r.Clashes {
			got = append(got, fmt.Sprintf("%s %s %v", c.Twin, strings.Join(c.Facet.Names(), ","), c.Open))
		}
		if diff := cmp.Diff([]string{"deeper status true", "fresh status true", "moved parent true"}, got); diff != "" {
			t.Errorf("side %d: clashes (-want +got):\n%s", side, diff)
		}
	}
}

// What is changed on one side while the other does not show it is named, and nothing else that is not shown.
func TestChangedOutOfSight(t *testing.T) {
	for _, side := range confluence.Sides {
		var nodes [2][]Node
		var base []Agreed
		for _, twin := range []twinID{"same", "renamed", "commented"} {
			title := string(twin)
			if twin == "renamed" {
				title = "another"
			}
			nodes[side] = append(nodes[side], Node{Twin: twin, ID: "1", Kind: confluence.Page, Title: title, Rank: -1, Version: 1})
			base = append(base, Agreed{Twin: twin, Kind: confluence.Page, ID: [2]confluence.ID{"1", "2"}, Title: [2]string{string(twin), string(twin)}, Facets: Title | Parent, Version: [2]int{1, 1}})
		}
		nodes[side] = append(nodes[side], Node{Twin: "comment", ID: "9", Kind: confluence.Comment, Parent: "commented", Rank: -1, Version: 1, Read: Body})
		// Something is to be seen, else the side counts as emptied.
		for n := range 4 {
			twin := twinID(fmt.Sprint("shown", n))
			for s := range nodes {
				nodes[s] = append(nodes[s], Node{Twin: twin, ID: "3", Kind: confluence.Page, Title: string(twin), Rank: -1, Version: 1})
			}
			base = append(base, Agreed{Twin: twin, Kind: confluence.Page, ID: [2]confluence.ID{"3", "3"}, Title: [2]string{string(twin), string(twin)}, Facets: Title | Parent, Version: [2]int{1, 1}})
		}
		r := Plan(slices.Values(base), nodes, Policy{Mode: TwoWay, Facets: Title | Parent | Body, Deletes: DeletesPropagate, Sweep: true})
		var got []string
		for _, c := range r.Clashes {
			got = append(got, fmt.Sprintf("%s %s %s %v", c.Twin, c.Kind, strings.Join(c.Facet.Names(), ","), c.Open))
		}
		if diff := cmp.Diff([]string{"commented unseen status true", "renamed unseen status true"}, got); diff != "" || len(r.Changes)+len(r.Brakes) > 0 {
			t.Errorf("side %d: changes %+v, brakes %+v, clashes (-want +got):\n%s", side, r.Changes, r.Brakes, diff)
		}
	}
}
