package migration

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	// offendersKept bounds how many offenders of one kind are named; the rest is counted.
	offendersKept = 10
	// maxLabel is the longest label name in UTF-16 units, measured on Cloud.
	maxLabel = 255
)

// SpaceFacts is what a survey learned about one space.
type SpaceFacts struct {
	Space  confluence.Space // with Key set even where the space was not found
	Target string
	Found  bool     // the space is there and visible at the source
	Key    KeyState // of Target at the destination
	Counts Counts   // totals only
	// Hidden counts contents that the source counts and does not show to the account; negative where it cannot be known.
	Hidden int
	// Bytes is the size of the attachments.
	Bytes int64
	// Mentions and Readers count the uses of each source user in bodies, and in restrictions; Groups those of each group
	// in restrictions and permissions.
	Mentions map[confluence.UserID]int
	Readers  map[confluence.UserID]int
	Groups   map[string]int

	offences map[string]*offence
}

// offence counts the contents of a space that one check is about, and keeps the first few.
type offence struct {
	count  int
	first  []FindingContent
	detail string // of the first
}

// Survey gathers the facts of one space while it is scanned. It keeps the titles of pages and a few offenders of each
// kind, never a body. It is not safe for concurrent use.
type Survey struct {
	facts  SpaceFacts
	caps   confluence.Capabilities
	titles map[string]bool // folded titles of pages
}

// NewSurvey starts the survey of a space that is to go to the key target of a site with these capabilities.
func NewSurvey(space confluence.Space, target string, destination confluence.Capabilities) *Survey {
	s := &Survey{
		caps: destination, titles: map[string]bool{},
		facts: SpaceFacts{
			Space: space, Target: target, Found: true, Hidden: -1,
			Mentions: map[confluence.UserID]int{}, Readers: map[confluence.UserID]int{}, Groups: map[string]int{},
			offences: map[string]*offence{},
		},
	}
	for _, p := range space.Permissions {
		s.principal(p.Principal)
		if p.Principal == confluence.Anonymous {
			s.offend("anonymous-access", FindingContent{Title: space.Name}, p.Operation)
		}
	}
	return s
}

// FoldTitle returns the form in which titles are compared for uniqueness: NFC, trimmed, lower case.
func FoldTitle(title string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFC.String(title)))
}

func (s *Survey) offend(check string, c FindingContent, detail string) {
	o := s.facts.offences[check]
	if o == nil {
		o = &offence{detail: detail}
		s.facts.offences[check] = o
	}
	o.count++
	if len(o.first) < offendersKept {
		o.first = append(o.first, c)
	}
}

func (s *Survey) principal(p confluence.Principal) {
	if id, ok := p.User(); ok {
		s.facts.Readers[id]++
	} else if name, ok := p.Group(); ok {
		s.facts.Groups[name]++
	}
}

// Mention takes note of a user mentioned in a body.
func (s *Survey) Mention(user confluence.UserID) { s.facts.Mentions[user]++ }

// Defect takes note of a defect that the Reader reported.
func (s *Survey) Defect(d confluence.Defect) {
	s.offend("source-defects", FindingContent{Kind: d.Kind, ID: d.ID, Title: d.Title}, d.Name)
}

// Add takes note of one content of the source, once.
func (s *Survey) Add(c confluence.Content) {
	at := FindingContent{Kind: c.Kind, ID: c.ID, Title: c.Title}
	switch c.Kind {
	case confluence.Page, confluence.BlogPost:
		s.addPage(c, at)
	case confluence.Attachment:
		s.addFile(c, at)
	case confluence.Comment:
		s.addComment(c)
	}
	s.addBody(c, at)
	if len(c.Labels) > 0 {
		s.facts.Counts.Labels.Total++
		s.addLabels(c.Labels, at)
	}
	if !c.Restrictions.Open() {
		s.facts.Counts.Restrictions.Total++
		for _, p := range slices.Concat(c.Restrictions.Read, c.Restrictions.Update) {
			s.principal(p)
		}
	}
}

func (s *Survey) addPage(c confluence.Content, at FindingContent) {
	if s.caps.MaxTitle > 0 && utf8.RuneCountInString(c.Title) > s.caps.MaxTitle {
		s.offend("titles-long", at, "")
	}
	switch {
	case c.Untitled:
		s.offend("untitled", at, "")
	case c.SourceTitle != "":
		s.offend("titles-changed", at, c.SourceTitle)
	}
	if c.Kind == confluence.BlogPost {
		s.facts.Counts.BlogPosts.Total++
		return
	}
	s.facts.Counts.Pages.Total++
	fold := FoldTitle(c.Title)
	if s.titles[fold] {
		s.offend("titles-duplicate", at, "")
	}
	s.titles[fold] = true
	if c.ParentID == "" {
		if c.Positioned && !s.caps.RootPosition {
			s.offend("root-order", at, "")
		}
		if c.ID != s.facts.Space.HomeID && !s.caps.RootPages {
			s.offend("root-pages", at, "")
		}
	}
}

func (s *Survey) addFile(c confluence.Content, at FindingContent) {
	s.facts.Counts.Attachments.Total++
	if c.SourceTitle != "" {
		s.offend("files-duplicate", at, c.SourceTitle)
	}
	if c.File == nil {
		return
	}
	s.facts.Bytes += c.File.Size
	if c.File.Missing {
		s.offend("files-missing", at, "")
	}
	if s.caps.MaxFile > 0 && c.File.Size > s.caps.MaxFile {
		s.offend("files-large", at, "")
	}
}

func (s *Survey) addComment(c confluence.Content) {
	s.facts.Counts.Comments.Total++
	if c.Comment != nil && c.Comment.Kind == confluence.Inline && !s.caps.InlineComments {
		s.offend("inline-comments", FindingContent{Kind: confluence.Comment, ID: c.ID}, "")
	}
}

func (s *Survey) addBody(c confluence.Content, at FindingContent) {
	if s.caps.MaxBody > 0 && len(c.Body.Raw) > s.caps.MaxBody {
		s.offend("bodies-large", at, "")
	}
	if c.Body.Format == confluence.Wiki && c.Body.Raw != "" {
		s.offend("wiki-bodies", at, "")
	}
}

func (s *Survey) addLabels(labels []confluence.Label, at FindingContent) {
	for _, l := range labels {
		switch {
		case l.Prefix == "my" && !s.caps.PersonalLabels:
			s.offend("labels-personal", at, l.String())
		case strings.ContainsAny(l.Name, " ,") || utf16Len(l.Name) > maxLabel:
			s.offend("labels-refused", at, l.String())
		}
	}
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// CommentOnFile takes note of a comment whose container is an attachment.
func (s *Survey) CommentOnFile(c confluence.Content) {
	s.offend("file-comments", FindingContent{Kind: confluence.Comment, ID: c.ID}, "")
}

// Hide states how many contents the source counts beyond those it showed.
func (s *Survey) Hide(n int) { s.facts.Hidden = n }

// Key states what the target key means at the destination.
func (s *Survey) Key(k KeyState) { s.facts.Key = k }

// Facts returns what was learned so far; it shares nothing with the survey but the lists of offenders.
func (s *Survey) Facts() SpaceFacts {
	f := s.facts
	f.Mentions, f.Readers, f.Groups = maps.Clone(f.Mentions), maps.Clone(f.Readers), maps.Clone(f.Groups)
	f.offences = maps.Clone(f.offences)
	return f
}
