package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// fired are, by "id" or "id/variant", requests whose answers must be as the row says.
var fired = map[string]func(*lab) error{
	"ID-16/ahead":  skewed("Mon, 05 Jan 2026 09:05:00 GMT"),
	"ID-16/behind": skewed("Mon, 05 Jan 2026 08:55:00 GMT"),
	"AU-10/revoked": func(l *lab) error {
		return all(answered(l.get("/wiki/rest/api/user/current"), 403), lift(l), answered(l.get("/wiki/rest/api/user/current"), 403))
	},
	"AU-10/once": func(l *lab) error {
		g, _ := l.try(l.create("once"))
		return all(answered(g, 404), not(l.has("once"), "applied"), lift(l), answered(l.get("/wiki/rest/api/user/current"), 200))
	},
	"ER-04/502":             page502(502),
	"ER-04/403":             page502(403),
	"ER-04/200":             page502(200),
	"ER-11/500":             unapplied(500),
	"ER-11/502":             unapplied(502),
	"ER-11/503":             unapplied(503),
	"ER-11/503-retry-after": unapplied(503, "Retry-After", "1"),
	"ER-11/504":             unapplied(504),
	"ER-11/reset":           unapplied(0),
	"ER-12/applied": func(l *lab) error {
		g, cut := l.try(l.create("lost"))
		return all(answered(g, 0), not(!cut || !l.has("lost"), "not applied"), answered(l.get("/wiki/api/v2/pages"), 200))
	},
	"ER-12/not-applied": unapplied(0),
	"ER-12/late": func(l *lab) error {
		g, _ := l.try(l.create("late"))
		early := l.has("late")
		l.clock.Wait(10 * time.Second)
		return all(answered(g, 0), not(early, "applied at once"), not(!l.has("late"), "never applied"))
	},
	"ER-19": func(l *lab) error {
		first := l.get("/wiki/rest/api/content/search?cql=type=page&limit=2")
		return all(answered(first, 200), answered(l.get("/wiki"+first.str("_links.next")), 413))
	},
	"RL-04": func(l *lab) error {
		g, _ := l.try(l.create("limited"))
		return all(answered(g, 429), not(g.header.Get("X-Failure-Category") == "" || g.header.Get("Retry-After") != "", "headers"), not(l.has("limited"), "applied"))
	},
	"RL-06/retry-after": unapplied(429, "Retry-After", "1"),
	"RL-06/without":     unapplied(429, "Retry-After", ""),
	"RL-06/either": func(l *lab) error {
		with := 0
		for range 40 {
			if g := l.get("/wiki/api/v2/pages"); g.header.Get("Retry-After") != "" {
				with++
			}
		}
		return not(with == 0 || with == 40, fmt.Sprintf("%d of 40 with Retry-After", with))
	},
	"PG-14": func(l *lab) error {
		g := l.do(200, "GET", "/wiki/rest/api/search?cql=type=page", nil)
		return not(g.num("totalSize") <= len(g.col("title")), "totalSize is right")
	},
	"PA-02": func(l *lab) error {
		g := l.put(409, l.pages[0], "P0", "<p>new</p>", 2)
		return all(not(!strings.Contains(g.title(), "OptimisticLockException"), g.title()), not(strings.Contains(l.body(l.pages[0]), "new"), "applied"))
	},
	"AT-12/missing":   func(l *lab) error { return answered(l.get(l.attachedFile()+"/download"), 404) },
	"AT-12/truncated": func(l *lab) error { return l.download(4, true) },
	"AT-12/short":     func(l *lab) error { return l.download(4, false) },
	"AT-12/altered":   func(l *lab) error { return l.download(8, false) },
	"ER-11/starting":  unapplied(503),
	"OF-03": func(l *lab) error {
		got := l.do(200, "GET", "/wiki/api/v2/pages/"+l.home+"/descendants", nil).col("id")
		return all(not(slices.Equal(got, l.pages), "in order"), not(!slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(l.pages))), "not the same"))
	},
	"OF-30/flap403404": func(l *lab) error {
		seen := map[string]int{}
		for range 20 {
			g := l.get("/wiki/api/v2/pages/" + l.home)
			seen[fmt.Sprint(g.status, g.header.Get("X-Cache"))]++
		}
		return all(not(len(seen) != 2 || seen["403"] == 0 || seen["404Error from cloudfront"] == 0, fmt.Sprint(seen)), lift(l), answered(l.get("/wiki/api/v2/pages/"+l.home), 200))
	},
	"OF-30/ghostCreate": func(l *lab) error {
		g, _ := l.try(l.create("ghost"))
		at := "/wiki/api/v2/pages/" + g.str("id")
		return all(answered(g, 200), answered(l.get(at), 404), answered(l.get("/wiki/api/v2/pages/"+l.home), 200), lift(l), answered(l.get(at), 200))
	},
	"OF-30/upload503Partial": func(l *lab) error {
		path := "/wiki/rest/api/content/" + l.pages[0] + "/child/attachment"
		g, _ := l.try(l.uploadRequest("PUT", path, part{"file", "f.txt", "text/plain", fileText}))
		listed := l.do(200, "GET", "/wiki/api/v2/pages/"+l.pages[0]+"/attachments", nil)
		down := path + "/" + listed.str("results.0.id") + "/download"
		return all(answered(g, 503), answered(l.get(down), 404), lift(l), answered(l.get(down), 302))
	},
	"CQ-09": func(l *lab) error {
		found := len(l.do(200, "GET", "/wiki/rest/api/content/search?cql=type=page&limit=100", nil).col("id"))
		listed := len(l.do(200, "GET", "/wiki/api/v2/pages?limit=100", nil).col("id"))
		return not(found == 0 || found >= listed, fmt.Sprintf("%d of %d found", found, listed))
	},
	"ST-14": func(l *lab) error {
		seen := map[string]bool{}
		sent := `<p>a</p><p>b &mdash; c</p><hr /><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<p>a</p><p>b</p> />]]></ac:plain-text-body></ac:structured-macro>`
		for n := 2; n < 22; n++ {
			l.put(200, l.pages[0], "P0", sent, n)
			got := l.body(l.pages[0])
			a, err := markup.Text(got)
			b, err2 := markup.Text(sent)
			if err != nil || err2 != nil || strings.Join(strings.Fields(a), "") != strings.Join(strings.Fields(b), "") || !strings.Contains(got, "<![CDATA[<p>a</p><p>b</p> />]]>") {
				return fmt.Errorf("another text: %s", got)
			}
			seen[got] = true
		}
		return not(len(seen) < 10 || seen[sent], fmt.Sprintf("%d forms", len(seen)))
	},
}

func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func not(bad bool, what string) error {
	if bad {
		return fmt.Errorf("%s", what)
	}
	return nil
}

func answered(g got, want int) error {
	return not(g.status != want, fmt.Sprintf("status %d: %.200s", g.status, g.raw))
}

func lift(l *lab) error { return l.site.SetFaults(nil) }

func skewed(date string) func(*lab) error {
	return func(l *lab) error {
		g := l.do(200, "GET", "/wiki/api/v2/pages", nil)
		return not(g.header.Get("Date") != date, g.header.Get("Date"))
	}
}

func page502(want int) func(*lab) error {
	return func(l *lab) error {
		g, _ := l.try(l.create("through a proxy"))
		return all(answered(g, want), not(!strings.HasPrefix(string(g.raw), "<html>"), "no page"), not(l.has("through a proxy"), "applied"))
	}
}

// unapplied wants a status, a header, and no effect.
func unapplied(want int, header ...string) func(*lab) error {
	return func(l *lab) error {
		g, _ := l.try(l.create("unapplied"))
		for i := 0; i < len(header); i += 2 {
			if g.header.Get(header[i]) != header[i+1] {
				return fmt.Errorf("header %v", g.header)
			}
		}
		return all(answered(g, want), not(l.has("unapplied"), "applied"))
	}
}

const fileText = "12345678"

// attachedFile gives the first page a file and returns its path.
func (l *lab) attachedFile() string {
	path := "/wiki/rest/api/content/" + l.pages[0] + "/child/attachment"
	return path + "/" + l.upload(200, "PUT", path, part{"file", "f.txt", "text/plain", fileText}).str("results.0.id")
}

func (l *lab) download(size int, cut bool) error {
	where := l.do(302, "GET", l.attachedFile()+"/download", nil).header.Get("Location")
	r := l.request("GET", strings.TrimPrefix(where, "https://emulated.example.test"), nil)
	g, was := l.try(r)
	announced, _ := strconv.Atoi(g.header.Get("Content-Length"))
	return all(answered(g, 200), not(len(g.raw) != size || was != cut || string(g.raw) == fileText, fmt.Sprintf("%q, cut %v", g.raw, was)),
		not(cut != (announced > size), fmt.Sprintf("%d announced", announced)))
}

func TestEachFaultFires(t *testing.T) {
	left := maps.Clone(fired)
	maps.Copy(left, firedDC)
	maps.Copy(left, firedBackups)
	for _, row := range faultRows {
		for _, v := range row.variants {
			key := row.id
			do := "{fault: " + row.id + "}"
			if v.name != "" {
				key += "/" + v.name
				do = fmt.Sprintf("{fault: %s, variant: %s}", row.id, v.name)
			}
			t.Run(key, func(t *testing.T) {
				act := left[key]
				if act == nil {
					t.Fatal("not tested")
				}
				delete(left, key)
				lab := newLab
				if row.personality == "dc" {
					lab = newDCLab
				}
				l := lab(t, "rules: [{do: "+do+"}]")
				if err := act(l); err != nil {
					t.Error(err)
				}
				hit := slices.ContainsFunc(l.log(), func(r requestLine) bool { return r.Rule == "rule 0" })
				if !hit {
					t.Error("the log names no rule")
				}
			})
		}
		if first := row.variants; len(first) > 0 {
			var e effect
			if err := e.become(row.id, ""); err != nil || e.variant != first[0].name {
				t.Errorf("%s: default %q, %v", row.id, e.variant, err)
			}
		}
	}
	for key := range left {
		t.Errorf("%s is no fault", key)
	}
}

// TestFaultRowsAreThoseOfTheRegister holds the table to the register of behaviours, where that is at hand.
func TestFaultRowsAreThoseOfTheRegister(t *testing.T) {
	if shared() == "" {
		t.Skip("the register is not there")
	}
	page, err := os.ReadFile(filepath.Join(shared(), "reference", "emulator-faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]{2}-\d\d) \|.*$`).FindAllStringSubmatch(string(page), -1) {
		if cells := strings.Split(strings.ReplaceAll(m[0], `\|`, ""), " | "); regexp.MustCompile(`\bfault\b`).MatchString(cells[3]) {
			want = append(want, m[1])
		}
	}
	for _, row := range faultRows {
		if !strings.HasPrefix(row.id, "OF-") {
			got = append(got, row.id)
		}
	}
	same(t, "rows", got, want...)
}

// faultTables are the tables of docs/fidelity.md.
func faultTables() string {
	var b strings.Builder
	b.WriteString("| fault | variant | what happens |\n| --- | --- | --- |\n")
	for _, row := range faultRows {
		only := map[string]string{"cloud": "Cloud: ", "dc": "Data Center: "}[row.personality]
		for i, v := range row.variants {
			switch {
			case v.name == "":
				fmt.Fprintf(&b, "| %s | – | %s%s |\n", row.id, only, row.what)
			case i == 0:
				fmt.Fprintf(&b, "| %s | `%s` (default) | %s%s: %s |\n", row.id, v.name, only, row.what, v.what)
			default:
				fmt.Fprintf(&b, "| | `%s` | %s |\n", v.name, v.what)
			}
		}
	}
	b.WriteString("\n| option | start value | values | what it sets |\n| --- | --- | --- | --- |\n")
	for _, o := range optionRows {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", o.name, o.start, o.values, o.what)
	}
	return b.String()
}

// TestDocumentedFaults holds the tables of docs/fidelity.md to the code. With TANDEM_UPDATE=1 it writes them instead.
func TestDocumentedFaults(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "fidelity.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(page), "| fault |")
	if !ok {
		t.Fatalf("%s has no table of faults", path)
	}
	want := head + faultTables()
	if os.Getenv("TANDEM_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s is not what the code says; run the test with TANDEM_UPDATE=1", path)
	}
}

// TestFaultsUnderLoad has readers, writers and a change of rules at once; it is for the race detector.
func TestFaultsUnderLoad(t *testing.T) {
	l := newLab(t, "")
	rules := []string{
		"rules: [{match: {every: 3, method: GET}, do: {stale: 1s}}, {match: {every: 4}, do: {hide: 0.5}}, {match: {every: 5}, do: {list: {duplicate: 1, omit: 1}}}, {match: {method: POST, every: 2}, do: {applyLate: 1ms}}]",
		"rules: [{match: {every: 2, method: PUT}, do: {fault: ST-14}}, {match: {every: 3}, do: {fault: RL-06, variant: either}}, {match: {method: POST, every: 2}, do: {drop: after-apply}}]",
	}
	var g sync.WaitGroup
	for worker := range 4 {
		g.Go(func() {
			for i := range 40 {
				p := l.pages[worker]
				send := []*http.Request{
					l.request("GET", "/wiki/api/v2/spaces/"+l.space+"/pages?body-format=storage", nil), l.create(fmt.Sprintf("T %d %d", worker, i)),
					l.request("GET", "/wiki/rest/api/search?cql=type=page", nil), l.request("GET", "/wiki/api/v2/pages/"+l.home+"/descendants", nil),
					l.request("PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P" + strconv.Itoa(worker), "body": storage(fmt.Sprintf("<p>%d</p>", i)), "version": object{"number": i + 2}}),
				}
				for _, r := range send {
					l.try(r)
				}
				if worker == 0 {
					l.rules(rules[i%2])
				}
				l.clock.Wait(time.Millisecond)
			}
		})
	}
	g.Wait()
	var dump struct{ Counts map[string]int }
	if err := json.NewDecoder(bytes.NewReader(l.site.Dump("full"))).Decode(&dump); err != nil || dump.Counts["currentPages"] < 11 {
		t.Errorf("%v %v", dump.Counts, err)
	}
}
