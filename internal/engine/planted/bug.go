// Package planted holds the names of deliberate faults of the engine (decision D41). In a build with the tag "planted" one
// of them can be switched on, and the simulation must find it; in every other build none exists.
package planted

// Bug is a deliberate fault.
type Bug string

// The bugs.
const (
	// NoProbe sends a write of unknown outcome again without looking for it first: comments and posts come twice.
	NoProbe Bug = "unknown outcome sent again without a probe"
	// JournalIgnored does not settle what an earlier process left without an outcome: what it made is made again.
	JournalIgnored Bug = "journal not read after a crash"
	// EmptyRestriction opens a page in place of restricting it.
	EmptyRestriction Bug = "empty restriction written"
	// DeleteOnMissing takes what is not listed for deleted.
	DeleteOnMissing Bug = "delete on 404"
	// EarlyBaseline counts a write as agreed before it was read back.
	EarlyBaseline Bug = "baseline moved before read-back"
	// WatermarkPast moves the watermark of a feed although reading it failed.
	WatermarkPast Bug = "watermark advanced past a failed fetch"
	// TitleLeft leaves a temporary title where it is.
	TitleLeft Bug = "temporary title left over"
	// ContentFirst writes content before the restrictions that it waits for.
	ContentFirst Bug = "tightening after content"
	// LastWriterWins sends an update again with the newer version, whatever that one changed.
	LastWriterWins Bug = "version of an edit in between taken over without reading it"
	// NoConflict lets one side win where both edited.
	NoConflict Bug = "conflict decided without being asked"
	// FenceIgnored lets an execution that has lost its lease write to a site.
	FenceIgnored Bug = "fence ignored"
	// NeedsIgnored sends changes without waiting for those that they need.
	NeedsIgnored Bug = "change sent before what it needs"
	// NoReread deletes what the plan says without looking at it once more.
	NoReread Bug = "delete without a look"
	// RetiredWatched reads the feeds of pairs that have ended.
	RetiredWatched Bug = "feed read for a retired pair"
	// SentTwice sends a write that can be repeated twice: nobody sees it at the sites.
	SentTwice Bug = "label written twice"
	// OneByOne reads each content that a listing shows once more, by itself.
	OneByOne Bug = "one read a content in a sweep"
	// NotWhatWasSeen agrees on what the other side holds in place of what was read back.
	NotWhatWasSeen Bug = "baseline of a side taken from the other one"
	// BothWays carries both ways whatever the direction of the pair.
	BothWays Bug = "direction ignored"
	// SideA lets side A decide ties, whatever the pair says.
	SideA Bug = "primary side ignored"
	// NoOrder begins with any change that is free.
	NoOrder Bug = "order of changes by chance"
	// HeldWhole carries nothing of a content that a conflict is open about.
	HeldWhole Bug = "held facet holds the page"
)

// All are the bugs that a simulation of random lives must find, each with the invariant that must be named.
var All = []struct {
	Bug  Bug
	Must string
}{
	{WatermarkPast, "I1"}, {EarlyBaseline, "I2"}, {LastWriterWins, "I3"}, {NoConflict, "I3"}, {DeleteOnMissing, "I4"}, {NoProbe, "I5"},
	{NeedsIgnored, "I6"}, {TitleLeft, "I7"}, {JournalIgnored, "I8"}, {NoReread, "I9"}, {RetiredWatched, "I10"},
	{EmptyRestriction, "I11"}, {ContentFirst, "I11"}, {SentTwice, "I12"}, {OneByOne, "I12"}, {NotWhatWasSeen, "I13"}, {BothWays, "I14"},
	{SideA, "I15"}, {NoOrder, "I16"}, {HeldWhole, "I17"},
}

// ByScenario are the bugs that the named scenarios of the catalogue must find.
var ByScenario = map[Bug]string{FenceIgnored: "S071-two-engines"}
