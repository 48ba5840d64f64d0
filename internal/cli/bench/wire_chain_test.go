package bench

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var dawn = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return dawn.Add(time.Duration(ms) * time.Millisecond) }

// told makes a call from start to end, in milliseconds.
func told(method, path string, start, end int, needs, gives []string) exchange {
	return exchange{start: at(start), end: at(end), method: method, path: path, needs: needs, gives: gives}
}

func ids(list ...string) []string { return list }

func TestLongestChain(t *testing.T) {
	phases := bounds{content: at(200), verify: at(1000), open: at(2000)}
	calls := []exchange{
		// Two questions one after the other that have nothing to do with each other, and one that carries an answer.
		told("GET", "/who", 0, 10, nil, ids("100")),
		told("GET", "/spaces", 20, 30, nil, ids("200")),
		told("GET", "/home", 40, 50, ids("200"), nil),
		// A tree of three levels, and a sibling that came later without need.
		told("POST", "/pages", 210, 220, ids("200"), ids("301")),
		told("POST", "/pages", 230, 240, ids("200", "301"), ids("302")),
		told("POST", "/pages", 250, 260, ids("200", "302"), ids("303")),
		told("POST", "/pages", 270, 280, ids("200", "301"), ids("304")),
		// Reading back: a listing of three pages; each is searched for, the first while the second is listed.
		told("GET", "/pages", 300, 310, ids("200"), ids("301", "302", "c1")),
		told("GET", "/search", 315, 330, ids("301", "302"), ids("301", "302")),
		told("GET", "/pages", 312, 340, ids("200", "c1"), ids("303", "c2")),
		told("GET", "/pages", 350, 360, ids("200", "c2"), ids("304")),
		told("GET", "/search", 370, 380, ids("304"), ids("304")),
		told("GET", "/search", 390, 400, ids("304"), ids("304")), // asked again: the index lagged
		// The proof reads anew; what the first reading learned counts for nothing.
		told("GET", "/pages", 1010, 1020, ids("200"), ids("301", "302", "303", "304")),
		told("GET", "/search", 1030, 1040, ids("301"), nil),
		told("GET", "/search", 1030, 1041, ids("302"), nil),
	}
	got := longestChain(calls, phases)
	want := chain{longest: 2 + 3 + 4 + 2, shares: [stages]int{2, 3, 4, 2, 0}}
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestNoChainWithoutAnAnswer: a call that came before the answer it would need had left does not depend on it.
func TestNoChainWithoutAnAnswer(t *testing.T) {
	phases := bounds{content: at(0), verify: at(1000), open: at(2000)}
	calls := []exchange{
		told("POST", "/pages", 10, 60, nil, ids("301")),
		told("POST", "/pages", 59, 110, ids("301"), ids("302")),
	}
	if got := longestChain(calls, phases); got.longest != 1 {
		t.Errorf("longest %d, want 1", got.longest)
	}
}

func TestWhatACallCarries(t *testing.T) {
	for _, c := range []struct {
		address, body string
		want          []string
	}{
		{"/wiki/api/v2/pages?space-id=98304&limit=250&cursor=eyJpZCI6MX0%3D&sort=id", "", ids("98304", "eyJpZCI6MX0=")},
		{"/wiki/rest/api/content/search?cql=" + url.QueryEscape("id in (1001,1002)") + "&limit=100&start=100", "", ids("1001", "1002")},
		{"/wiki/api/v2/pages/12345/labels", "", ids("12345")},
		{"/wiki/api/v2/pages", `{"spaceId":"98304","parentId":"1001","title":"Plan 2024","body":{"value":"<p>31415</p>"}}`, ids("98304", "1001")},
		{"/wiki/api/v2/spaces?keys=AB12", "", nil},
	} {
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		got := carried(u, []byte(c.body))
		slices.Sort(got)
		slices.Sort(c.want)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.address, d)
		}
	}
}

func TestWhatAnAnswerHolds(t *testing.T) {
	answer := `{"results":[{"id":"1001","title":"says \"id\":\"9999\" in its text","spaceId":"5"},{"id":1002}],"homepageId":"77001",` +
		`"_links":{"next":"/wiki/api/v2/pages?limit=250&cursor=eyJpZCI6MX0%3D"}}`
	got := given([]byte(answer))
	slices.Sort(got)
	if d := cmp.Diff(ids("1001", "1002", "77001", "eyJpZCI6MX0="), got); d != "" {
		t.Error(d)
	}
	if got := given([]byte(`{"results":[],"_links":{"base":"x"}}`)); len(got) != 0 {
		t.Errorf("nothing gave %v", got)
	}
}

func TestLimitOfTime(t *testing.T) {
	c := crossing{pages: 1000, latency: 50 * time.Millisecond, slots: 8, chain: chain{longest: 20}, wall: 8 * time.Second, lag: noLag}
	if got := c.limit(); got != 7250*time.Millisecond {
		t.Errorf("limit %v", got)
	}
	f := c.wallFigure("wall_over_limit", WallOverLimit)
	if !f.Holds || f.Value != 1.1034 || f.Against != "1,000 pages × 50ms ÷ 8 + 20 dependent calls × 50ms; CQ-01=0s TR-03=0s" {
		t.Errorf("%+v", f)
	}
	if s := fmt.Sprint(c.chain); s == "" {
		t.Error("the chain says nothing")
	}
}
