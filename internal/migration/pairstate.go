package migration

// PairState says how a pair stands. What an active pair shows (in sync, newer on one side, conflicts) is derived from its
// contents and is no state.
type PairState string

// The states of a pair.
const (
	PairDraft      PairState = "draft"      // composed, never compared
	PairBaselining PairState = "baselining" // what both sides agree on is being established
	PairActive     PairState = "active"     // cycles carry edits
	PairPaused     PairState = "paused"     // a person stopped the writing; edits keep being counted
	PairHalted     PairState = "halted"     // a brake stopped it: a person looks, then lets it go on
	PairCutover    PairState = "cutover"    // one side is frozen and the last edits are carried
	PairRetiring   PairState = "retiring"   // it is being ended
	PairRetired    PairState = "retired"    // it has ended: no call is made for it any more
)

// The events that move a pair, besides EventPause, EventHalt and EventResume.
const (
	EventBaseline Event = "baseline" // a person confirmed a baseline
	EventBased    Event = "based"    // the baseline stands
	EventCutover  Event = "cutover"  // a person begins the cutover
	EventRetire   Event = "retire"   // a person ends the pair
	EventRetired  Event = "retired"  // nothing of it is under way any more
	EventReopen   Event = "reopen"   // a person begins a retired pair anew
)

// PairTransitions is the machine of pairs. A pair that is halted while it is being baselined goes on with another
// baseline; everything but a retired pair can be retired.
var PairTransitions = []Transition[PairState]{
	{PairDraft, EventBaseline, PairBaselining},
	{PairDraft, EventRetire, PairRetiring},
	{PairBaselining, EventBased, PairActive},
	{PairBaselining, EventHalt, PairHalted},
	{PairBaselining, EventRetire, PairRetiring},
	{PairActive, EventPause, PairPaused},
	{PairActive, EventHalt, PairHalted},
	{PairActive, EventBaseline, PairBaselining},
	{PairActive, EventCutover, PairCutover},
	{PairActive, EventRetire, PairRetiring},
	{PairPaused, EventResume, PairActive},
	{PairPaused, EventHalt, PairHalted},
	{PairPaused, EventBaseline, PairBaselining},
	{PairPaused, EventRetire, PairRetiring},
	{PairHalted, EventResume, PairActive},
	{PairHalted, EventPause, PairPaused},
	{PairHalted, EventBaseline, PairBaselining},
	{PairHalted, EventRetire, PairRetiring},
	{PairCutover, EventHalt, PairHalted},
	{PairCutover, EventResume, PairActive},
	{PairCutover, EventRetire, PairRetiring},
	{PairRetiring, EventRetired, PairRetired},
	{PairRetired, EventReopen, PairDraft},
}

// On returns the state of a pair after an event, and false, with the state as it is, if the event does not apply.
func (s PairState) On(e Event) (PairState, bool) { return next(PairTransitions, s, e) }

// Watched reports whether the feeds of its sites note edits for a pair in this state.
func (s PairState) Watched() bool {
	switch s {
	case PairActive, PairPaused, PairHalted, PairCutover:
		return true
	}
	return false
}

// Writes reports whether cycles of a pair in this state may write to its sites.
func (s PairState) Writes() bool { return s == PairActive || s == PairCutover }
