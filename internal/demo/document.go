package demo

import (
	"fmt"

	"github.com/tandem-sync/tandem/internal/demo/company"
)

// Document is what `tandem demo --exit` prints.
type Document struct {
	Migration Migration `json:"migration"`
	Sync      Sync      `json:"sync"`
	Parity    Parity    `json:"parity"`
}

// Migration is the outcome of the demo's plan. Pages, blog posts and attachments are what the Cloud holds at the end, as
// its own state dump counts them.
type Migration struct {
	Status      string `json:"status"`
	Pages       int    `json:"pages"`
	BlogPosts   int    `json:"blogPosts"`
	Attachments int    `json:"attachments"`
	Users       int    `json:"users"`
	Groups      int    `json:"groups"`
	Failures    int    `json:"failures"`
}

// Sync is what the pairs did; all 0 where there is nothing to sync with: an export is a file.
type Sync struct {
	Cycles     int     `json:"cycles"`     // rounds, each one cycle of every pair, idle ones included
	Propagated int     `json:"propagated"` // changes carried across
	Merged     int     `json:"merged"`
	Conflicts  int     `json:"conflicts"`
	Failed     int     `json:"failed"`
	Sides      []Side  `json:"sides"`
	Parity     *Parity `json:"parity,omitempty"` // after the last round
}

// Side is what arrived at one site.
type Side struct {
	Site    string `json:"site"`
	Carried int    `json:"carried"` // changes of the other site that cycles made here
	Writes  int    `json:"writes"`  // requests that wrote, checkpoints included, as the site itself counted them
}

// Parity is the proof over all spaces.
type Parity struct {
	Equal       bool `json:"equal"`
	Differences int  `json:"differences"`
}

// Deviation says in which part the tour did not end as it must.
type Deviation struct {
	Part string // migration, parity or sync
	What string
}

// Check compares a document with what the company is known to hold. It returns nil if everything is as it must be.
func Check(d Document) *Deviation {
	e := company.Expected
	m := d.Migration
	if m.Status != "FINISHED" {
		return &Deviation{"migration", "expected status FINISHED, got " + m.Status}
	}
	for _, row := range []struct {
		part, name string
		want, got  int
	}{
		{"migration", "pages", e.Pages, m.Pages},
		{"migration", "blogPosts", e.BlogPosts, m.BlogPosts},
		{"migration", "attachments", e.Attachments, m.Attachments},
		{"migration", "failures", 0, m.Failures},
		{"parity", "differences", 0, d.Parity.Differences},
		{"sync", "conflicts", 0, d.Sync.Conflicts},
		{"sync", "merged", 0, d.Sync.Merged},
		{"sync", "failed", 0, d.Sync.Failed},
	} {
		if row.want != row.got {
			return &Deviation{row.part, fmt.Sprintf("expected %s %d, got %d", row.name, row.want, row.got)}
		}
	}
	if !d.Parity.Equal {
		return &Deviation{"parity", "expected parity equal, got different roots"}
	}
	if d.Sync.Cycles == 0 { // the wiki came as an export
		return nil
	}
	// Every edit of one site arrives at the other by one change, and the last round finds nothing to do.
	edits := Edits()
	for i, side := range d.Sync.Sides {
		if want := edits[1-i]; side.Carried != want {
			return &Deviation{"sync", fmt.Sprintf("expected carried to %s %d, got %d", side.Site, want, side.Carried)}
		}
	}
	if !d.Sync.Parity.Equal {
		return &Deviation{"parity", "expected parity equal after the sync, got different roots"}
	}
	return nil
}
