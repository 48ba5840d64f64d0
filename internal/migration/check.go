package migration

import (
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Facts is what is known about a plan's two ends and its spaces before it runs.
type Facts struct {
	Plan  Plan
	Now   time.Time
	Sites [2]SiteFacts
	// Spaces are the facts of the plan's spaces, in the order of the plan.
	Spaces []SpaceFacts
	People People
	// Users are the source's users by id, as far as the source tells.
	Users map[confluence.UserID]confluence.User
	// Groups holds which groups exist at the destination, Accounts which accounts; nil where it cannot be asked.
	Groups   map[string]bool
	Accounts map[confluence.UserID]bool
}

// SiteFacts is what a site said about itself.
type SiteFacts struct {
	Name     string // what people call it
	Identity confluence.Identity
	ReadOnly bool // switched read-only here
	// CreateSpaces says if the account may create spaces; nil where it cannot be known without trying.
	CreateSpaces *bool
	Exported     time.Time // when an export was made; zero for other sites
}

// KeyState says what a space key means at the destination.
type KeyState string

// The states of a key at the destination.
const (
	KeyFree     KeyState = "free"
	KeyOurs     KeyState = "ours"     // the space there was made by an earlier run of the same pair
	KeyTaken    KeyState = "taken"    // a space that tandem did not make
	KeyReserved KeyState = "reserved" // held by a space in the trash or archived
)

// Check returns what stands in the way of a plan (error), what is better known before (warning), and what will be
// different (info), sorted by space, check and content.
func Check(f Facts) []Finding { panic("being written") }
