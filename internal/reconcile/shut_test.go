package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// A page that we made shut at B and did not restrict yet gets what A says, also where A has opened it meanwhile; one that
// a person shut at both sides in two ways waits for a person.
func TestShutUntilRestricted(t *testing.T) {
	nobody, alice := []confluence.Principal{"user:tandem"}, []confluence.Principal{"user:alice"}
	for _, c := range []struct {
		name    string
		readers []confluence.Principal
		owed    Facets
		want    string
	}{
		{"restricted", alice, Restrictions, "1 RS [user:alice]"},
		{"opened meanwhile", nil, Restrictions, "1 RS []"},
		{"shut by a person", alice, 0, "clash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := func(readers []confluence.Principal) Node {
				n := Node{Twin: twinID("1"), ID: "1", Kind: confluence.Page, Status: confluence.Current, Title: "P", Version: 1, Rank: -1,
					Read: Body | Labels | Restrictions, Readers: readers, Editors: readers}
				if len(readers) > 0 {
					n.Digest[Restrictions.Index()] = confluence.Sum([]byte(fmt.Sprint(readers)))
				}
				return n
			}
			base := Agreed{Twin: twinID("1"), Kind: confluence.Page, ID: [2]confluence.ID{"1", "1"}, Version: [2]int{1, 1}, Title: [2]string{"P", "P"},
				Facets: Title | Parent | Body | Labels}
			base.Owed[confluence.B] = c.owed
			r := Plan(slices.Values([]Agreed{base}), [2][]Node{{page(c.readers)}, {page(nobody)}}, Policy{Mode: TwoWay, Facets: ^Facets(0), Sweep: true})
			var got []string
			for _, ch := range r.Changes {
				got = append(got, fmt.Sprintf("%d %s %v", ch.Side, ch.Verb, ch.Readers))
			}
			for range r.Clashes {
				got = append(got, "clash")
			}
			if !slices.Equal(got, []string{c.want}) {
				t.Errorf("%v, not %s", got, c.want)
			}
		})
	}
}
