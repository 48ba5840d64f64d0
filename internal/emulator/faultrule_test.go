package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestFaultRulesAreReadStrictly(t *testing.T) {
	for _, c := range []struct{ rules, want string }{
		{"rulez: []", `line 1, column 1: the file has no key "rulez"`},
		{"rules:\n  - do: {status: 500}\n    mach: {}", `line 3, column 5: a rule has no key "mach"`},
		{"rules:\n  - match: {pathh: /x}\n    do: {status: 500}", `line 2, column 13: match has no key "pathh"`},
		{"rules:\n  - do: {stauts: 500}", `line 2, column 10: do has no key "stauts"`},
		{"rules:\n  - do:\n      list: {double: 1}", `line 3, column 14: list has no key "double"`},
		{"rules:\n  - do: {status: 500}\n    do: {status: 501}", "line 3, column 5"},
		{"rules:\n  - match: {method: GET}", "must say what to do"},
		{"rules:\n  - do: {}", "do is empty"},
		{"rules: {}", "rules must be a list"},
		{"rules:\n  - do: 5", "do must be a mapping"},
		{"[]", "the file must be a mapping"},
		{"rules:\n  - do: {status: 5000}", `line 2, column 18: "5000": this must be a status from 200 to 599`},
		{"rules:\n  - do: {delay: soon}", `"soon": this must be a duration`},
		{"rules:\n  - do: {delay: [1s]}", "this must be a text or a number"},
		{"rules:\n  - do: {drop: sometimes}", "one of before-apply, after-apply"},
		{"rules:\n  - do: {html: blank}", "one of login, proxy, maintenance"},
		{"rules:\n  - do: {expire: session}", "one of token"},
		{"rules:\n  - do: {hide: 2}", "a share above 0, at most 1"},
		{"rules:\n  - do: {truncate: -1}", "a whole number from 0"},
		{"rules:\n  - do: {clock: 0s}", "a duration that is not zero"},
		{"rules:\n  - do: {apply: true}", "apply needs status or html"},
		{"rules:\n  - do: {apply: maybe, status: 500}", "true or false"},
		{"rules:\n  - do: {body: x}", "body needs status"},
		{"rules:\n  - do: {body: x, html: login}", "cannot be given together"},
		{"rules:\n  - do: {variant: x}", "variant needs fault"},
		{"rules:\n  - do: {drop: after-apply, status: 500}", "drop and status or html cannot be done together"},
		{"rules:\n  - do: {stale: 2s, applyLate: 2s}", "applyLate and stale cannot"},
		{"rules:\n  - do: {fault: ER-11, hide: 0.5}", "cannot be given with fault"},
		{"rules:\n  - do: {fault: ZZ-99}", `line 2, column 10: there is no fault "ZZ-99"; there are ID-16, AU-10, AU-12`},
		{"rules:\n  - do: {fault: PA-01}", "there is no fault"},
		{"rules:\n  - do: {fault: ER-11, variant: 509}", `no variant "509"; there are 500, 502`},
		{"rules:\n  - do: {fault: PA-02, variant: x}", "fault PA-02 has no variants"},
		{"rules:\n  - match: {method: FETCH}\n    do: {status: 500}", `"FETCH": a method is one of`},
		{"rules:\n  - match: {method: []}\n    do: {status: 500}", "this list is empty"},
		{"rules:\n  - match: {nth: 0}\n    do: {status: 500}", "a whole number from 1"},
		{"rules:\n  - match: {nth: 1, every: 2}\n    do: {status: 500}", "at most one of nth, every and probability"},
		{"rules:\n  - match: {probability: 1.5}\n    do: {status: 500}", "a share above 0"},
		{"rules:\n  - match: {seed: -1}\n    do: {status: 500}", "a whole number from 0"},
		{"rules:\n  - match: {after: 2m, until: 1m}\n    do: {status: 500}", "until must be later"},
		{"rules:\n  - match: {site: server}\n    do: {status: 500}", "one of dc, cloud"},
		{"rules:\n  - match: {query: x}\n    do: {status: 500}", "query must be a mapping"},
		{"options:\n  TR-03: soon", `line 2, column 3: option TR-03 cannot be "soon"`},
		{"options: {ID-99: /confluence}", `no option "ID-99"; there are AT-07`},
		{"rules: [\n", "line "},
		{"a: b: c", "line 1"},
		{"rules: []\n---\nrules: []", "one document"},
	} {
		_, err := New(Options{Faults: []byte(c.rules)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v, want %q", c.rules, err, c.want)
		}
	}
	for _, empty := range []string{"", "# nothing\n", "rules: []", "options: {}"} {
		site, err := New(Options{Faults: []byte(empty)})
		if err != nil {
			t.Errorf("%q: %v", empty, err)
			continue
		}
		site.Close()
	}
}

func FuzzFaultRules(f *testing.F) {
	for _, seed := range []string{"", "rules: [{match: {method: [GET, PUT], path: /a/**, nth: 2}, do: {status: 500, header: {A: null}}}]", "options: {TR-03: 2s}", "rules:\n- do: {fault: ST-14}", "&a [*a]", "? : ,"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseFaults(data)
		if err == nil && file == nil {
			t.Fatal("no rules and no error")
		}
	})
}

// TestMatch sends a series of requests and wants some of them to be hit.
func TestMatch(t *testing.T) {
	l := newLab(t, "")
	pages, space := "/wiki/api/v2/pages", "/wiki/api/v2/spaces/"+l.space
	type request struct{ method, path string }
	for _, c := range []struct {
		match string
		send  []request
		hit   string // one character a request: x = hit
	}{
		{"{}", []request{{"GET", pages}, {"GET", "/nowhere"}}, "xx"},
		{"{site: cloud}", []request{{"GET", pages}}, "x"},
		{"{site: dc}", []request{{"GET", pages}}, "."},
		{"{method: GET}", []request{{"GET", pages}, {"DELETE", pages + "/1"}}, "x."},
		{"{method: [PUT, DELETE]}", []request{{"GET", pages}, {"DELETE", pages + "/1"}}, ".x"},
		{"{path: /wiki/api/v2/pages}", []request{{"GET", pages}, {"GET", pages + "?limit=1"}, {"GET", pages + "/1"}}, "xx."},
		{"{path: /wiki/api/*/pages}", []request{{"GET", pages}, {"GET", space + "/pages"}}, "x."},
		{"{path: /wiki/**/pages}", []request{{"GET", pages}, {"GET", space + "/pages"}, {"GET", pages + "/1"}}, "xx."},
		{"{path: '/wiki/api/v2/pages*'}", []request{{"GET", pages}, {"GET", pages + "/1"}}, "x."},
		{"{query: {limit: 1}}", []request{{"GET", pages + "?limit=1&sort=id"}, {"GET", pages + "?limit=2"}, {"GET", pages}}, "x.."},
		{"{nth: 2}", []request{{"GET", pages}, {"GET", pages}, {"GET", pages}, {"GET", pages}}, ".x.."},
		{"{nth: 2, method: GET}", []request{{"GET", pages}, {"DELETE", pages + "/1"}, {"GET", pages}}, "..x"},
		{"{every: 2}", []request{{"GET", pages}, {"GET", pages}, {"GET", pages}, {"GET", pages}}, ".x.x"},
		{"{times: 2}", []request{{"GET", pages}, {"GET", pages}, {"GET", pages}}, "xx."},
		{"{every: 2, times: 1}", []request{{"GET", pages}, {"GET", pages}, {"GET", pages}, {"GET", pages}}, ".x.."},
	} {
		l.rules("rules: [{match: " + c.match + ", do: {status: 418}}]")
		hit := ""
		for _, r := range c.send {
			g, _ := l.try(l.request(r.method, r.path, nil))
			hit += map[bool]string{true: "x", false: "."}[g.status == 418]
		}
		if hit != c.hit {
			t.Errorf("%s: hit %s, want %s", c.match, hit, c.hit)
		}
	}
}

func TestAfterAndUntil(t *testing.T) {
	l := newLab(t, "rules: [{match: {after: 1m, until: 2m}, do: {status: 418}}]")
	for _, c := range []struct {
		wait time.Duration
		want int
	}{{0, 200}, {59 * time.Second, 200}, {time.Second, 418}, {59 * time.Second, 418}, {time.Second, 200}, {time.Hour, 200}} {
		l.clock.Wait(c.wait)
		if g := l.get("/wiki/api/v2/pages"); g.status != c.want {
			t.Errorf("%v later: %d, want %d", c.wait, g.status, c.want)
		}
	}
}

// TestProbabilityIsTheDocumentedHash computes by other means which requests must be hit.
func TestProbabilityIsTheDocumentedHash(t *testing.T) {
	const n, percent = 300, 20
	hits := func(seed uint64, rule int, rules string) string {
		l := newLab(t, rules)
		out, want := "", ""
		for k := 1; k <= n; k++ {
			out += map[bool]string{true: "x", false: "."}[l.get("/wiki/api/v2/space-role-mode").status == 418]
			sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%d", seed, rule, k))
			x := new(big.Int).SetUint64(binary.BigEndian.Uint64(sum[:8]))
			x.Mul(x, big.NewInt(100))
			limit := new(big.Int).Mul(new(big.Int).Lsh(big.NewInt(1), 64), big.NewInt(percent))
			want += map[bool]string{true: "x", false: "."}[x.Cmp(limit) < 0]
		}
		if out != want {
			t.Errorf("%s:\n%s, want\n%s", rules, out, want)
		}
		return out
	}
	one := hits(7, 0, "rules: [{match: {probability: 0.2}, do: {status: 418}}]")
	again := hits(7, 0, "rules: [{match: {probability: 0.2}, do: {status: 418}}]")
	other := hits(8, 0, "rules: [{match: {probability: 0.2, seed: 8}, do: {status: 418}}]")
	second := hits(7, 1, "rules: [{match: {path: /none}, do: {status: 500}}, {match: {probability: 0.2}, do: {status: 418}}]")
	if one != again || one == other || one == second {
		t.Error("hits do not follow from seed and rule number")
	}
	if x := strings.Count(one, "x"); x < n*percent/100/2 || x > n*percent/100*2 {
		t.Errorf("%d of %d hit", x, n)
	}
	always := hits(7, 0, "rules: [{match: {probability: 0.2}, do: {status: 418}}, {do: {header: {X: y}}}]")
	if always != one {
		t.Error("another rule changes the hits")
	}
}

func TestRulesAddUpUntilOneDecides(t *testing.T) {
	l := newLab(t, `
rules:
  - name: slow
    do: {delay: 1s}
  - {name: marked, do: {header: {X-One: "1", X-Both: one}}}
  - {name: skewed, do: {clock: 1h}}
  - {match: {nth: 2}, do: {status: 418, delay: 1s, header: {X-Both: two}}}
  - {name: never, do: {status: 500}}`)
	answered := make(chan got, 1)
	ask := func(wait time.Duration) got {
		t.Helper()
		go func() { answered <- l.get("/wiki/api/v2/space-role-mode") }()
		<-l.clock.set
		l.clock.Wait(wait - time.Millisecond)
		select {
		case <-answered:
			t.Error("answered too early")
		default:
		}
		l.clock.Wait(time.Millisecond)
		return <-answered
	}
	g := ask(time.Second)
	equal(t, "rule", l.last().Rule, "slow, marked, skewed, never")
	equal(t, "status", g.status, 500)
	equal(t, "header", g.header.Get("X-One")+g.header.Get("X-Both"), "1one")
	equal(t, "date", g.header.Get("Date"), "Mon, 05 Jan 2026 10:00:00 GMT")
	g = ask(2 * time.Second)
	equal(t, "rule", l.last().Rule, "slow, marked, skewed, rule 3")
	equal(t, "status", g.status, 418)
	equal(t, "header", g.header.Get("X-Both"), "two")
}

func TestFaultsOnTheControlPlane(t *testing.T) {
	l := newLab(t, "")
	rules := "options: {SP-07: ROLES}\nrules: [{do: {status: 418}}]\n"
	control := controlOf(l.bench)
	equal(t, "none", string(control(200, "GET", "/faults", "")), "")
	control(204, "PUT", "/faults", rules)
	equal(t, "rules", string(control(200, "GET", "/faults", "")), rules)
	equal(t, "hit", l.get("/wiki/api/v2/pages").status, 418)
	if text := string(control(200, "GET", "/options", "")); !strings.Contains(text, `"SP-07":"ROLES"`) || !strings.Contains(text, `"TR-03":"0s"`) {
		t.Errorf("options %s", text)
	}
	if text := string(control(400, "PUT", "/faults", "rules: [{do: {fly: 1}}]")); !strings.Contains(text, "line 1, column 15") {
		t.Errorf("error %s", text)
	}
	equal(t, "kept", string(control(200, "GET", "/faults", "")), rules)
	control(204, "PUT", "/options", `{"TR-03":"3s"}`)
	equal(t, "option", l.site.Options()["TR-03"], "3s")
	control(204, "PUT", "/faults", "")
	equal(t, "lifted", l.get("/wiki/api/v2/space-role-mode").str("mode"), "ROLES")
}
