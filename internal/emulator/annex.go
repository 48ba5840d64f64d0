package emulator

// annex is the state that no content needs for itself: who watches what, favourites, templates, properties of accounts,
// conversions, the audit log. It names contents and spaces by id and is guarded by the Site's lock. A stale read sees it
// as it is now.
type annex struct {
	watches     map[watched]map[string]bool // by account id; false = not even as the creator
	relations   []*relation
	templates   []*template
	states      map[string][]*contentState // made by an account, oldest first
	spaceStates []*contentState
	userProps   map[string][]*property
	conversions map[string]*conversion
	disturbed   map[int64]stamp // contents whose deletion of a version was refused, with the time of the edit
	views       map[int64][]view
	notified    map[string]int64 // notifications sent, by account id
	audit       auditLog
	looks       looks
}

func newAnnex() *annex {
	return &annex{
		watches: map[watched]map[string]bool{}, states: map[string][]*contentState{}, spaceStates: suggestedStates(),
		userProps: map[string][]*property{}, conversions: map[string]*conversion{}, disturbed: map[int64]stamp{},
		views: map[int64][]view{}, audit: auditLog{retention: retention{Number: 3, Units: "MONTHS"}},
	}
}
