package migration

import "github.com/tandem-sync/tandem/internal/confluence"

// SpaceFacts is what a survey learned about one space.
type SpaceFacts struct {
	Space  confluence.Space
	Target string
	Found  bool     // the space is there and visible at the source
	Key    KeyState // of Target at the destination
	Counts Counts
	// Hidden counts contents that the source counts and does not show to the account; -1 where it cannot be known.
	Hidden int
	// Bytes is the size of the attachments.
	Bytes int64
	// Users counts the uses of each source user in mentions and restrictions, Groups those of each group in
	// restrictions and permissions.
	Users  map[confluence.UserID]int
	Groups map[string]int

	offences map[string]*offence
}

type offence struct {
	count    int
	contents []FindingContent
	details  []string
}

// Survey gathers the facts of one space while it is scanned. It keeps the titles and at most a few dozen offenders of
// each kind, never a body.
type Survey struct {
	facts SpaceFacts
}

// NewSurvey starts the survey of a space that is to go to the key target of a site with these capabilities.
func NewSurvey(space confluence.Space, target string, destination confluence.Capabilities) *Survey {
	panic("being written")
}

// Add takes note of one content of the source.
func (s *Survey) Add(c confluence.Content) { panic("being written") }

// Defect takes note of a defect that the Reader reported.
func (s *Survey) Defect(d confluence.Defect) { panic("being written") }

// Mention takes note of a user mentioned in a body.
func (s *Survey) Mention(user confluence.UserID) { panic("being written") }

// Facts returns what was learned so far.
func (s *Survey) Facts() SpaceFacts { panic("being written") }
