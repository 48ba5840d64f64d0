package cloud_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// TestArchived: what a page has is read from the page itself once it is archived, because no search shows it then.
func TestArchived(t *testing.T) {
	b := newBench(t, nil)
	c := b.open(t, nil)
	s := fill(t, c, 0)
	storage := confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: "<p>x</p>"}}
	apply := func(change confluence.Change, p confluence.Payload) confluence.Result {
		t.Helper()
		r, err := c.Apply(t.Context(), change, p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	page := apply(confluence.Create{Space: s, Kind: confluence.Page, Title: "P"}, storage).ID
	me, err := c.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	only := []confluence.Principal{confluence.UserPrincipal(me.Me.ID)}
	label := confluence.Label{Prefix: "global", Name: "x"}
	apply(confluence.AddLabels{ID: page, Kind: confluence.Page, Labels: []confluence.Label{label}}, confluence.Payload{})
	apply(confluence.Restrict{ID: page, Kind: confluence.Page, Restrictions: confluence.Restrictions{Read: only}}, confluence.Payload{})
	comment := apply(confluence.CreateComment{Container: page, ContainerKind: confluence.Page}, storage).ID
	file := confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("bytes")), nil }}
	attached := apply(confluence.Attach{Container: page, Name: "f.txt", MediaType: "text/plain", Size: 5}, file).ID
	apply(confluence.Archive{IDs: []confluence.ID{page}}, confluence.Payload{})
	b.time.Advance(time.Minute)
	got, err := c.Fetch(t.Context(), confluence.Page, []confluence.ID{page}, confluence.AllFacets)
	if err != nil || len(got) != 1 || got[0].Status != confluence.Archived {
		t.Fatalf("fetched %+v, %v", got, err)
	}
	if !slices.Equal(got[0].Labels, []confluence.Label{label}) || !slices.Equal(got[0].Restrictions.Read, only) ||
		!got[0].Facets.Has(confluence.FacetLabels|confluence.FacetRestrictions) {
		t.Errorf("an archived page is read as %+v", got[0])
	}
	owned, err := c.Owned(t.Context(), confluence.Page, page)
	if err != nil || len(owned) != 2 || owned[0].ID != attached || owned[1].ID != comment {
		t.Errorf("an archived page has %+v, %v; want file %s and comment %s", owned, err, attached, comment)
	}
}
