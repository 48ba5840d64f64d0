package engine

// brakes are the names of the rules that halt a pair. The first six are decided by package reconcile; the others by what
// a site says about itself.
var brakes = []string{"deletes", "emptied", "mass-change", "scope", "canary", "oscillation", brakeCheckpoint, brakeClock}

const (
	brakeCheckpoint = "checkpoint" // a site was restored, is a clone, or belongs to another tandem too
	brakeClock      = "clock"      // the clock of a site is too far from ours
)
