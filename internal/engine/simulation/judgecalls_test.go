package simulation

import (
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// TestJudgePosts: two calls that made the same comment are one too many; what was refused, never arrived or came after its
// time does not count (I5).
func TestJudgePosts(t *testing.T) {
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	post := func(said int, fault string, waited time.Duration) *Call {
		return &Call{Method: "POST", Verb: confluence.VerbComment, Body: []byte("<p>c1</p>"), Fault: fault, said: said, begun: noon, Time: noon.Add(waited)}
	}
	cases := []struct {
		name  string
		calls []*Call
		wrong int
	}{
		{"one", []*Call{post(201, "", 0)}, 0},
		{"two", []*Call{post(201, "", 0), post(200, "", 0)}, 1},
		{"the answer to the first was lost", []*Call{post(201, lostAfter, 0), post(200, "", 0)}, 1},
		{"the first reads as a failure", []*Call{post(500, "status: 500, apply: true", 0), post(200, "", 0)}, 1},
		{"a refusal was lost", []*Call{post(404, lostAfter, 0), post(200, "", 0)}, 0},
		{"the first never arrived", []*Call{post(0, lostBefore, 0), post(200, "", 0)}, 0},
		{"the first was applied late", []*Call{post(504, "applyLate: 100s", 0), post(200, "", 0)}, 0},
		{"the second was sent after its time", []*Call{post(201, "", 0), post(200, "", callTime)}, 0},
		{"the second was sent within its time", []*Call{post(201, "", 0), post(200, "", callTime-1)}, 1},
	}
	for _, c := range cases {
		l := &life{w: &World{calls: c.calls}, crowd: newCrowd(nil, nil, "", nil)}
		l.crowd.written["c1"] = &word{side: confluence.A, page: "o1", kind: 'c'}
		if l.judgePosts(); len(l.broken) != c.wrong {
			t.Errorf("%s: %v", c.name, l.broken)
		}
	}
}

// TestJudgeRefusals: what is refused in a calm is a fault, but for the first refusal of a title that only a page in the
// trash has (I6).
func TestJudgeRefusals(t *testing.T) {
	put := func(title string) *Call {
		return &Call{Method: "PUT", Path: "/1", Verb: confluence.VerbPut, Status: 400, Body: []byte(`{"title":"` + title + `"}`)}
	}
	side := func() *picture {
		return &picture{pages: []*item{
			{Title: "Live", Status: "current"}, {Title: "Gone", Status: "trashed"}, {Title: "Both", Status: "trashed"}, {Title: "Both", Status: "current"},
		}}
	}
	cases := []struct {
		name  string
		calls []*Call
		wrong int
	}{
		{"of a title in the trash", []*Call{put("Gone")}, 0},
		{"of it again", []*Call{put("Gone"), put("Gone")}, 1},
		{"of a title in the tree", []*Call{put("Live")}, 1},
		{"of a title in both", []*Call{put("Both")}, 1},
		{"of a title that nothing has", []*Call{put("None")}, 1},
		{"of something without a title", []*Call{{Method: "PUT", Path: "/1", Verb: confluence.VerbRestrict, Status: 400}}, 1},
	}
	for _, c := range cases {
		l := &life{w: &World{calls: c.calls}}
		if l.judgeRefusals(0, [2]*picture{side(), side()}); len(l.broken) != c.wrong {
			t.Errorf("%s: %v", c.name, l.broken)
		}
	}
}
