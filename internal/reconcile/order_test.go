package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// A side that nobody ever put in order sorts by title, and no more after the first move among siblings: it is told an
// order only where somebody made one on the other side.
func TestOrderBesideASideThatSortsByTitle(t *testing.T) {
	tests := []struct {
		name   string
		mode   Mode
		placed []twinID // as agreed on
		landed map[twinID]confluence.Side
		shown  []twinID // on Cloud now; Data Center sorts by twin
		moves  []string
		agreed []twinID // whose places are recorded
	}{
		{"agreed as it stands", TwoWay, nil, nil, []twinID{"c", "a", "b"}, nil, []twinID{"a", "b", "c"}},
		{"as agreed on", TwoWay, []twinID{"c", "a", "b"}, nil, []twinID{"c", "a", "b"}, nil, nil},
		{"made on Cloud, where new pages come last", TwoWay, []twinID{"b", "c"}, map[twinID]confluence.Side{"a": confluence.A},
			[]twinID{"b", "c", "a"}, nil, []twinID{"a"}},
		{"made on Cloud, and put first there", TwoWay, []twinID{"a", "b"}, map[twinID]confluence.Side{"c": confluence.A},
			[]twinID{"c", "a", "b"}, []string{"A c before a"}, nil},
		{"made on Data Center, where titles decide", TwoWay, []twinID{"a", "c"}, map[twinID]confluence.Side{"b": confluence.B},
			[]twinID{"a", "c", "b"}, nil, []twinID{"b"}},
		{"put in order on Cloud", TwoWay, []twinID{"a", "b", "c", "d"}, nil, []twinID{"d", "a", "b", "c"}, []string{"A d before a"}, nil},
		{"put in the order of the titles", TwoWay, []twinID{"b", "a", "c"}, nil, []twinID{"a", "b", "c"}, nil, []twinID{"a", "b", "c"}},
		{"made on Cloud that alone sends", MirrorBToA, []twinID{"b", "c"}, map[twinID]confluence.Side{"a": confluence.A},
			[]twinID{"b", "c", "a"}, nil, []twinID{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var nodes [2][]Node
			var base []Agreed
			for i, twin := range tt.shown {
				n := Node{Twin: twin, ID: confluence.ID(twin), Kind: confluence.Page, Title: string(twin), Rank: -1}
				nodes[confluence.A] = append(nodes[confluence.A], n)
				n.Rank = i
				nodes[confluence.B] = append(nodes[confluence.B], n)
				a := Agreed{Twin: twin, Kind: n.Kind, ID: [2]confluence.ID{n.ID, n.ID}, Title: [2]string{n.Title, n.Title}, Facets: Title | Parent}
				if at := slices.Index(tt.placed, twin); at >= 0 {
					a.Facets |= Order
					a.Digest[0][Order.Index()], a.Digest[1][Order.Index()] = place("", at), place("", at)
				}
				if side, landed := tt.landed[twin]; landed {
					a.Landed[side] = true
				}
				base = append(base, a)
			}
			r := Plan(slices.Values(base), nodes, Policy{Mode: tt.mode, Facets: Title | Parent | Order, Deletes: DeletesPropagate, Sweep: true,
				Position: [2]bool{true, true}, RootPosition: [2]bool{true, true}})
			var moves []string
			for _, c := range r.Changes {
				where := "after " + string(c.After)
				if c.First {
					where = "before " + string(c.Before)
				}
				moves = append(moves, fmt.Sprintf("%c %s %s", 'A'+rune(c.Side), c.Twin, where))
			}
			var agreed []twinID
			for _, o := range r.Ordered {
				agreed = append(agreed, o.Twin)
			}
			if diff := cmp.Diff(tt.moves, moves); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.agreed, agreed); diff != "" {
				t.Errorf("places recorded (-want +got):\n%s", diff)
			}
		})
	}
}
