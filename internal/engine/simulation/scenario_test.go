package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
)

// hand stands in for tandem in tests of the runner: a person who does on the other side, over HTTP, what sync would do.
type hand struct {
	p      *play
	cycles []func(*hand) error // what to do in each cycle
	done   int
	now    standing
}

func (h *hand) Begin() error { return nil }

func (h *hand) Sync(string) error {
	h.done++
	if h.done < 2 || h.done-2 >= len(h.cycles) {
		return nil
	}
	return h.p.w.Do(func(*engine.Engine) error { return h.cycles[h.done-2](h) })
}

func (h *hand) Order(st scriptStep) error {
	switch st.Order {
	case "pause":
		h.now.Pair = "paused"
	case "retire":
		h.now.Pair = "retired"
	}
	return nil
}

func (h *hand) Standing() (standing, error) { return h.now, nil }

// send makes a call as tandem does, with the site's own account.
func (h *hand) send(side confluence.Side, method, path string, body any) error {
	p := h.p
	s := p.w.Site(side)
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	r, err := http.NewRequestWithContext(p.w.Context(), method, s.URL+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.SetBasicAuth(s.Account())
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Atlassian-Token", "no-check")
	answer, err := line{p.w.proc, side}.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	return err
}

// carry copies title and body of a page to the other side.
func (h *hand) carry(to confluence.Side, page string) error {
	return h.write(to, page, func(_, body string) string { return body })
}

func (h *hand) write(to confluence.Side, page string, change func(title, body string) string) error {
	p := h.p
	states, err := p.states()
	if err != nil {
		return err
	}
	from := states[to.Other()].byID[p.cast.ids[to.Other()][page]]
	target := states[to].byID[p.cast.ids[to][page]]
	body := map[string]any{"representation": "storage", "value": change(from.Title, from.Body)}
	version := map[string]any{"number": target.Version + 1}
	if to == confluence.B {
		return h.send(to, http.MethodPut, "/api/v2/pages/"+target.ID,
			map[string]any{"id": target.ID, "status": "current", "title": from.Title, "body": body, "version": version})
	}
	return h.send(to, http.MethodPut, "/rest/api/content/"+target.ID,
		map[string]any{"id": target.ID, "type": "page", "title": from.Title, "body": map[string]any{"storage": body}, "version": version})
}

// playHand plays a scenario with a stand-in.
func playHand(t *testing.T, text string, cycles ...func(*hand) error) (r ScenarioResult) {
	t.Helper()
	return playAs(t, text, func(p *play) driver { return &hand{p: p, cycles: cycles, now: standing{Pair: "active"}} })
}

func playAs(t *testing.T, text string, as func(*play) driver) (r ScenarioResult) {
	t.Helper()
	s, err := Parse([]byte(text), "x.txtar")
	if err != nil {
		t.Fatal(err, confluence.AsError(err).Where)
	}
	synctest.Test(t, func(t *testing.T) {
		r, err = s.Run(ScenarioOptions{Quiet: synctest.Wait, driver: as})
		if err != nil {
			t.Fatal(err, confluence.AsError(err).Where)
		}
	})
	return r
}

const plainHead = "X001 a test\n-- start.yaml --\nuse: S0\n"

func TestScenarioOfNothing(t *testing.T) {
	r := playHand(t, plainHead+"-- steps.yaml --\n- cycle: sweep\n-- want.yaml --\ncalls: {dc: {}, cloud: {}}\n")
	if !r.Holds || r.Assertions < 10 || r.Writes != [2]int{} {
		t.Errorf("%+v", r)
	}
}

// TestEveryAssertionCanFail: each kind of assertion holds where it should, and fails where it does not.
func TestEveryAssertionCanFail(t *testing.T) {
	edit := "-- steps.yaml --\n- dc: {edit: {page: A, block: p3, to: \"A p3 new\"}}\n- cycle: sweep\n-- want.yaml --\n"
	carry := func(h *hand) error { return h.carry(confluence.B, "A") }
	nothing := func(*hand) error { return nil }
	both := `both: {A: {blocks: {p3: "A p3 new"}, version: "+1"}}` + "\n"
	for _, c := range []struct {
		name, steps, want string
		do                []func(*hand) error
		fails             string // empty: it holds
	}{
		{"carried", edit, both + "calls: {cloud: {PUT: 1}}", []func(*hand) error{carry}, ""},
		{"not carried", edit, both, []func(*hand) error{nothing}, `Cloud: page "A": block p3 reads "A p3 alpha beta gamma delta"`},
		{"not named", edit, `cloud: {A: {version: "+1"}}`, []func(*hand) error{carry}, `DC: page "A" is not as at the start: another body`},
		{"unequal", edit, `dc: {A: {blocks: {p3: "A p3 new"}}}`, []func(*hand) error{nothing}, `the sides differ in page "A"`},
		{"need not be equal", edit, "equal: false\n" + `dc: {A: {blocks: {p3: "A p3 new"}}}`, []func(*hand) error{nothing}, ""},
		{"a call too many", edit, both + "calls: {}", []func(*hand) error{carry}, "Cloud: PUT was sent 1 times, not 0"},
		{"a call too few", edit, both + `calls: {cloud: {PUT: "2..3"}}`, []func(*hand) error{carry}, "PUT was sent 1 times, not 2..3"},
		{"a sum", edit, both + `calls: {cloud: {sum: {"PUT+MV": "0..2"}}}`, []func(*hand) error{carry}, ""},
		{"a wrong sum", edit, both + `calls: {sum: {"PUT+MV": "2..3"}}`, []func(*hand) error{carry}, "[PUT MV] were sent 1 times on both sides together"},
		{"an alternative", edit, both + `calls: {cloud: {anyOf: [{MV: 1}, {PUT: 1}]}}`, []func(*hand) error{carry}, ""},
		{"no alternative", edit, both + `calls: {anyOf: [{cloud: {MV: 1}}, {dc: {PUT: 1}}]}`, []func(*hand) error{carry}, "no alternative of calls holds"},
		{"order", edit, both + `calls: {cloud: {PUT: 1}, order: ["cloud AT+", "cloud PUT"]}`, []func(*hand) error{carry}, "cloud AT+ was not sent before cloud PUT"},
		{"versions", edit, `both: {A: {blocks: {p3: "A p3 new"}, version: "+2"}}`, []func(*hand) error{carry}, "has 1 versions more than at the start, not 2"},
		{"one more", edit, both, []func(*hand) error{carry, carry}, "one more sweep sent 1 mutating calls, not 0"},
		{"refused", edit, both, []func(*hand) error{func(h *hand) error {
			if err := carry(h); err != nil {
				return err
			}
			return h.send(confluence.B, http.MethodPut, "/api/v2/pages/1", map[string]any{})
		}}, "1 mutating calls were refused, not 0"},
		{"unknown route", edit, both + "calls: {cloud: {PUT: 1}}", []func(*hand) error{func(h *hand) error {
			if err := carry(h); err != nil {
				return err
			}
			return h.send(confluence.B, http.MethodPost, "/rest/api/content/1/hierarchy/copy", nil)
		}}, "mutating calls were refused"},
		{"nowhere", edit, both + "cloud: {B: null}", []func(*hand) error{carry}, `Cloud: page "B" is there, and must be nowhere`},
		{"status", edit, "both: {A: {status: trashed}}", []func(*hand) error{carry}, `DC: page "A" is current, not trashed`},
		{"place", edit, "both: {A1: {under: B}}", []func(*hand) error{carry}, `stands under "A", not under "B"`},
		{"neighbour", edit, "both: {B: {after: C}}", []func(*hand) error{carry}, `stands after "A", not after "C"`},
		{"title", edit, "both: {A: {title: X}}", []func(*hand) error{carry}, `is titled "A", not "X"`},
		{"labels", edit, "both: {A: {labels: [x, y]}}", []func(*hand) error{carry}, `has the labels ["global:x"]`},
		{"files", edit, "both: {A: {files: {f.png: other}}}", []func(*hand) error{carry}, `has the files`},
		{"the same files", edit, `both: {A: {files: {f.png: "A f.png"}, comments: ["A c1"], labels: [x], read: []}}`, []func(*hand) error{carry}, ""},
		{"comments", edit, "both: {A: {comments: []}}", []func(*hand) error{carry}, `has the comments ["A c1"]`},
		{"readers", edit, "both: {A: {read: [group:g1]}}", []func(*hand) error{carry}, `has the readers []`},
		{"without", edit, "both: {A: {without: [p4]}}", []func(*hand) error{carry}, `has block "p4"`},
		{"a lost text", edit, both, []func(*hand) error{func(h *hand) error {
			return h.write(confluence.B, "A", func(_, body string) string {
				return strings.Replace(body, "<p>A p5 alpha beta gamma delta</p>", "", 1)
			})
		}}, `Cloud: page "A" has lost the text "A p5 alpha beta gamma delta"`},
		{"an unnamed page", edit, both, []func(*hand) error{func(h *hand) error {
			if err := carry(h); err != nil {
				return err
			}
			_, err := h.p.w.Act(confluence.B, "712020:bob", map[string]any{"create": map[string]any{"title": "Z", "space": "K"}})
			return err
		}}, `there is page "Z" (current), and want.yaml does not name it`},
		{"conflict", edit, both + "conflicts: [{page: A, facet: body}]", []func(*hand) error{carry}, `there is no open conflict about body of page "A"`},
		{"pair", edit, both + "pair: {halted: deletes}", []func(*hand) error{carry}, "the pair is active, not halted"},
		{"paused", "-- steps.yaml --\n- pause\n-- want.yaml --\n", "pair: paused", nil, ""},
		{"read by whom", "-- steps.yaml --\n- dc: {restrict: {page: A, read: [user:alice]}}\n- dc: {edit: {page: A, block: p3, to: \"A p3 new\"}}\n- cycle: sweep\n-- want.yaml --\n",
			"equal: false\nreaders: [{page: A, never: [carol], since: 1}]\ndc: {A: {read: [user:alice], blocks: {p3: \"A p3 new\"}}}\n" + `cloud: {A: {blocks: {p3: "A p3 new"}}}`,
			[]func(*hand) error{carry}, `after a write to page "A" bob can read it`},
		{"read by whom it must not be", edit, both + "readers: [{page: A, never: [carol], since: 1}]", []func(*hand) error{carry}, `carol could read page "A" after a write in step 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playHand(t, plainHead+c.steps+c.want+"\n", c.do...)
			if r.Holds != (c.fails == "") || !strings.Contains(r.Failed, c.fails) {
				t.Errorf("holds %v: %q, want %q", r.Holds, r.Failed, c.fails)
			}
		})
	}
}

// TestBadScenarios: what is wrong with a file is said with part and line of the file.
func TestBadScenarios(t *testing.T) {
	steps := "-- steps.yaml --\n- cycle: sweep\n"
	want := "-- want.yaml --\ncalls: {}\n"
	for _, c := range []struct {
		name, text, says string
		line             int
	}{
		{"no heading", "-- start.yaml --\nuse: S0\n" + steps + want, "the first line must be an id and a name", 1},
		{"no want", plainHead + steps, "the part want.yaml is missing", 1},
		{"a strange part", plainHead + steps + want + "-- other.yaml --\n", `there is no part "other.yaml"`, 8},
		{"a part twice", plainHead + steps + want + steps, "the part steps.yaml is there twice", 8},
		{"unknown key", plainHead + steps + want + "cals: {}\n", `want.yaml has no key "cals"`, 8},
		{"unknown start", "X a\n-- start.yaml --\nuse: S9\n" + steps + want, `"S9": this must be one of S0, empty`, 3},
		{"unknown action", plainHead + steps + "- dc: {edti: {page: A}}\n" + want, `there is no action "edti"`, 6},
		{"missing member", plainHead + steps + "- dc: {edit: {page: A, block: p1}}\n" + want, "edit needs to", 6},
		{"unknown member", plainHead + steps + "- dc: {edit: {page: A, block: p1, to: x, at: 3}}\n" + want, `edit has no key "at"`, 6},
		{"two steps in one", plainHead + steps + "- {cycle: sweep, wait: 3s}\n" + want, "a step has one key", 6},
		{"unknown verb", plainHead + steps + "-- want.yaml --\ncalls: {dc: {PIT: 1}}\n", `"PIT" is no verb`, 7},
		{"bad range", plainHead + steps + "-- want.yaml --\ncalls: {dc: {PUT: 3..1}}\n", "this must be a number, or a range", 7},
		{"no such part", plainHead + steps + "- dc: {body: {page: A, file: bodies/x.xml}}\n" + want, `there is no part "bodies/x.xml"`, 6},
		{"bad YAML", plainHead + steps + "-- want.yaml --\ncalls: {dc: [}\n", "", 7},
		{"bad faults", plainHead + steps + want + "-- faults.yaml --\nrules:\n- do: {boom: 1}\n", `do has no key "boom"`, 10},
		{"bad policy", plainHead + "-- policy.yaml --\nmode: upwards\n" + steps + want, `"upwards": this must be one of two-way, to-dc, to-cloud`, 5},
		{"both places", plainHead + steps + "- dc: {move: {page: A, before: B, after: C}}\n" + want, "before and after cannot be given together", 6},
		{"bad crash", plainHead + steps + "- crash: {at: noon, n: 1}\n" + want, `"noon": this must be one of before-call`, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text), "x.txtar")
			e := confluence.AsError(err)
			if err == nil || e.Code != confluence.CodeBadFile || !strings.Contains(e.Cause, c.says) || e.Where.Line != c.line || e.Where.File != "x.txtar" {
				t.Errorf("%v at %+v, want line %d: %s", err, e, c.line, c.says)
			}
		})
	}
}

// TestScenarioVerbs: calls are told by route and method alone.
func TestScenarioVerbs(t *testing.T) {
	state := &siteState{byID: map[string]*content{
		"1": {ID: "1", Kind: "page", Status: "current"}, "2": {ID: "2", Kind: "page", Status: "trashed"}, "3": {ID: "3", Kind: "comment"}, "4": {ID: "4", Kind: "attachment"},
	}}
	for _, c := range []struct {
		cloud                     bool
		method, path, query, body string
		want                      string
	}{
		{true, "POST", "/wiki/api/v2/pages", "", `{"title":"x"}`, "POST"},
		{true, "PUT", "/wiki/api/v2/pages/1", "", `{}`, "PUT"},
		{true, "PUT", "/wiki/api/v2/pages/2", "", `{}`, "RST"},
		{true, "DELETE", "/wiki/api/v2/pages/1", "", "", "DEL"},
		{true, "DELETE", "/wiki/api/v2/pages/2", "purge=true", "", "PRG"},
		{true, "PUT", "/wiki/rest/api/content/1/move/append/2", "", "", "MV"},
		{true, "POST", "/wiki/rest/api/content/archive", "", "", "ARC"},
		{true, "POST", "/wiki/rest/api/content/1/label", "", "", "LB+"},
		{true, "DELETE", "/wiki/rest/api/content/1/label", "name=x", "", "LB-"},
		{true, "PUT", "/wiki/rest/api/content/1/restriction", "", "", "RS"},
		{true, "POST", "/wiki/rest/api/content/1/child/attachment", "", "", "AT+"},
		{true, "POST", "/wiki/rest/api/content/1/child/attachment/att4/data", "", "", "ATv"},
		{true, "DELETE", "/wiki/api/v2/attachments/att4", "", "", "AT-"},
		{true, "POST", "/wiki/api/v2/footer-comments", "", "", "CM+"},
		{true, "PUT", "/wiki/api/v2/inline-comments/3", "", `{"body":{},"resolved":true}`, "CMu"},
		{true, "PUT", "/wiki/api/v2/inline-comments/3", "", `{"resolved":true}`, "CMr"},
		{true, "DELETE", "/wiki/api/v2/footer-comments/3", "", "", "CM-"},
		{true, "POST", "/wiki/api/v2/spaces/9/properties", "", `{"key":"other"}`, "PR"},
		{true, "POST", "/wiki/api/v2/spaces/9/properties", "", `{"key":"tandem.pair"}`, ""},
		{true, "POST", "/wiki/rest/api/space", "", "", "SP"},
		{true, "PUT", "/wiki/rest/api/space/K", "", "", "HM"},
		{true, "POST", "/wiki/rest/api/space/K/permission", "", "", "PM"},
		{true, "POST", "/wiki/api/v2/users-bulk", "", "", ""},
		{true, "GET", "/wiki/api/v2/pages/1", "", "", ""},
		{true, "POST", "/wiki/rest/api/nonsense", "", "", "?"},
		{false, "POST", "/rest/api/content", "", `{"type":"page"}`, "POST"},
		{false, "POST", "/rest/api/content", "", `{"type":"comment"}`, "CM+"},
		{false, "PUT", "/rest/api/content/1", "", `{}`, "PUT"},
		{false, "PUT", "/rest/api/content/3", "", `{}`, "CMu"},
		{false, "PUT", "/rest/api/content/2", "status=trashed", `{}`, "RST"},
		{false, "DELETE", "/rest/api/content/1", "", "", "DEL"},
		{false, "DELETE", "/rest/api/content/2", "status=trashed", "", "PRG"},
		{false, "DELETE", "/rest/api/content/3", "", "", "CM-"},
		{false, "DELETE", "/rest/api/content/4", "", "", "AT-"},
		{false, "POST", "/pages/movepage.action", "pageId=1", "", "MV"},
		{false, "POST", "/rest/api/content/1/label", "", "", "LB+"},
		{false, "PUT", "/rest/api/content/1/restriction", "", "", "RS"},
		{false, "POST", "/rest/api/content/1/child/attachment/4/data", "", "", "ATv"},
		{false, "PUT", "/rest/api/space/K", "", "", "HM"},
	} {
		context := map[bool]string{true: "/wiki"}[c.cloud]
		got, counts := verbOf(confluence.A, c.cloud, context, &Call{Method: c.method, Path: c.path, Query: c.query, Body: []byte(c.body)}, state)
		if verb := string(got.Verb); counts != (c.want != "") || counts && verb != c.want {
			t.Errorf("%s %s?%s is %s (%v), want %q", c.method, c.path, c.query, verb, counts, c.want)
		}
	}
	if got := fmt.Sprint(splitVerbs("PUT+MV"), splitVerbs("AT+"), splitVerbs("RST+AT+"), splitVerbs("LB−")); got != "[PUT MV] [AT+] [RST AT+] [LB-]" {
		t.Errorf("verbs are split as %s", got)
	}
}
