package confluencetest

import (
	"net/http"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Site is one fresh site, and how to reach it.
type Site struct {
	// Connect opens the site as the same administrator each time. All requests go through wrap, if that is not nil; a
	// Reader that sends none ignores it. The Writer is nil where the site cannot be written.
	Connect func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer)
	// Settle lets caches and indexes of the site catch up with what was written; nil: nothing to wait for.
	Settle func()
	// Now is the site's clock; nil: time.Now.
	Now func() time.Time
	// Other is a second account, Group a group without the administrator.
	Other confluence.UserID
	Group string
	// Blind opens the site as Other, who is no administrator and no member of Group; nil: cannot be had.
	Blind func(t *testing.T) confluence.Reader
	// Absent is a well-formed id that nothing has.
	Absent confluence.ID
	// FileLimit is the largest file the site takes, in bytes; 0 = not tested.
	FileLimit int64
	// Listing tells the requests that list a space, for faults in listings; nil: no such faults.
	Listing func(*http.Request) bool
	// Key gives the key of a space that the suite makes under a name of its own; nil: the name. A site that is used by many
	// tests needs it.
	Key func(name string) string
	// Remove deletes a space that a test has made, with everything in it; nil: the site is thrown away. It is called when a
	// test has ended, however it has ended, for every key that was asked for.
	Remove func(t *testing.T, key string)
	// Many is how many pages a large space has; 0 = 1,040, more than any listing gives at once.
	Many int
	// State is a content state that the site offers for its pages; empty: not tested.
	State string
	// Template makes a template in a space; nil: not tested.
	Template func(t *testing.T, space, name, body string)
	// Uneasy is set where requests fail now and then, so that they are sent again and are not counted. Forgetful is set where
	// the site's search index has lost contents, so that what only the index tells may be missing.
	Uneasy, Forgetful bool
	// Robot edits a page as an account that is no person's; nil: not tested.
	Robot func(t *testing.T, page confluence.ID)
	// Hidden restricts a page to somebody else, so that the administrator does not see it any more; nil: not tested.
	Hidden func(t *testing.T, page confluence.ID)
	// Held is what a site without a Writer holds. It is nil where there is one: then the suite fills the site itself.
	Held *Held
}

// Held is what one space of a site holds: every current content with every facet, and the bytes of the attachments.
type Held struct {
	Space    confluence.Space
	Contents []confluence.Content
	Files    map[confluence.ID][]byte
	// Untold are facets that the site does not tell of these contents, so that they are not compared.
	Untold confluence.Facets
}

// Factory makes a fresh site. It is called once for every test of the suite.
type Factory func(t *testing.T) Site

// Run runs the suite.
func Run(t *testing.T, fresh Factory) {
	Exercise(t, fresh)
	t.Run("hostile", func(t *testing.T) {
		if fresh(t).Held != nil {
			t.Skip("the site is not reached by requests")
		}
		testHostile(t, fresh)
	})
}

// Exercise runs the suite without its hostile part.
func Exercise(t *testing.T, fresh Factory) {
	reading := []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"identity", testIdentity}, {"spaces", testSpaces}, {"scan", testScan}, {"scan resumes", testScanResumes},
		{"scan of facets", testScanFacets}, {"fetch", testFetch}, {"open", testOpen}, {"find", testFind}, {"canceled", testCanceled},
		{"side by side", testSideBySide},
	}
	for _, r := range reading {
		t.Run(r.name, func(t *testing.T) { r.test(t, settled(t, fresh(t))) })
	}
	writing := []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"many pages", testManyPages}, {"empty space", testEmptySpace}, {"versions", testVersions}, {"pages", testPages},
		{"moves", testMoves}, {"trash", testTrash}, {"labels", testLabels}, {"files", testFiles}, {"comments", testComments},
		{"restrictions", testRestrictions}, {"properties", testProperties}, {"space", testSpaceChanges},
		{"version moved", testVersionMoved}, {"title taken", testTitleTaken}, {"absent", testAbsent}, {"bad body", testBadBody},
		{"unicode", testUnicode}, {"writers side by side", testWritersSideBySide}, {"blind account", testBlind}, {"drafts", testDrafts}, {"feed", testFeed}, {"directory", testDirectory},
		{"feed rows", testFeedRows}, {"feed of somebody else", testFeedRefuses}, {"sweep", testSweep}, {"unproved", testUnproved}, {"glance", testGlance},
		{"archived", testArchived}, {"gone for good", testProbe}, {"one property", testProperty}, {"robot", testRobot},
		{"inline comments", testInline}, {"comments on files", testFileComments}, {"trash can", testTrashed}, {"states", testStates},
		{"templates", testTemplates}, {"calls", testCalls},
	}
	for _, w := range writing {
		t.Run(w.name, func(t *testing.T) {
			s := fresh(t)
			if s.Held != nil {
				t.Skip("the site cannot be written")
			}
			w.test(t, settled(t, s))
		})
	}
	t.Run("every change", func(t *testing.T) {
		s := fresh(t)
		if s.Held != nil {
			t.Skip("the site cannot be written")
		}
		testEveryChange(t, settled(t, s))
	})
}
