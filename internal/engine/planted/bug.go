// Package planted holds the names of deliberate faults of the engine (decision D41). In a build with the tag "planted" one
// of them can be switched on, and the simulation must find it; in every other build none exists.
package planted

// Bug is a deliberate fault.
type Bug string

// The bugs, and what must notice them.
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
)

// All are the bugs that a simulation of random lives must find.
var All = []Bug{NoProbe, JournalIgnored, EmptyRestriction, DeleteOnMissing, EarlyBaseline, WatermarkPast, TitleLeft, ContentFirst, LastWriterWins, NoConflict}

// ByScenario are the bugs that the named scenarios of the catalogue must find.
var ByScenario = map[Bug]string{FenceIgnored: "S071-two-engines"}
