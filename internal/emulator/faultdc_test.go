package emulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// firedDC are the faults that only a Data Center has, as fired are the others.
var firedDC = map[string]func(*lab) error{
	"AU-12/request": func(l *lab) error {
		g := l.get("/rest/api/content/" + l.home)
		return all(answered(g, 403), not(!strings.HasPrefix(g.header.Get("X-Authentication-Denied-Reason"), "CAPTCHA_CHALLENGE"), fmt.Sprint(g.header)))
	},
	"AU-12/failures": func(l *lab) error {
		ask := func(password string) int {
			r := l.request("GET", "/rest/api/content/"+l.home, nil)
			r.SetBasicAuth(serviceID, password)
			g, _ := l.try(r)
			return g.status
		}
		_, right := l.site.Account()
		var got []int
		for _, password := range []string{"x", "x", right, "x", "x", "x", right, right} {
			got = append(got, ask(password))
		}
		return not(!slices.Equal(got, []int{401, 401, 200, 401, 401, 401, 403, 403}), fmt.Sprint(got))
	},
	"AU-19/200": func(l *lab) error {
		g := l.get("/rest/api/content/" + l.home)
		return all(answered(g, 200), not(!strings.Contains(string(g.raw), "Log in"), string(g.raw)))
	},
	"AU-19/302": func(l *lab) error {
		g := l.get("/rest/api/content/" + l.home)
		return all(answered(g, 302), not(!strings.HasPrefix(g.header.Get("Location"), "https://emulated.example.test/login.action?os_destination=%2Frest"), g.header.Get("Location")))
	},
	"AU-19/refused": func(l *lab) error {
		fine := l.get("/rest/api/content/" + l.home)
		l.site.Revoke(serviceID)
		g := l.get("/rest/api/content/" + l.home)
		return all(answered(fine, 200), answered(g, 200), not(fine.json == nil || g.json != nil, string(g.raw)))
	},
	"ER-15/slash": func(l *lab) error {
		return all(answered(l.get("/rest/api/content/"+l.home), 200), answered(l.get("/rest/api/content/"+l.home+"/"), 404), lift(l),
			answered(l.get("/rest/api/content/"+l.home+"/"), 200))
	},
	"ER-15/case": func(l *lab) error {
		return all(answered(l.get("/rest/api/content?spaceKey=K"), 200), answered(l.get("/rest/api/content?spaceKey=k"), 404), lift(l),
			not(len(l.do(200, "GET", "/rest/api/content?spaceKey=k", nil).col("id")) != 11, "the key's case matters"))
	},
	"RL-08": func(l *lab) error {
		done := make(chan got)
		go func() { done <- l.get("/rest/api/content?type=page&start=20000") }()
		<-l.clock.set
		l.clock.Wait(13 * time.Second)
		select {
		case <-done:
			return fmt.Errorf("answered within 13 s")
		default:
		}
		l.clock.Wait(time.Second)
		return all(answered(<-done, 200), answered(l.get("/rest/api/content?type=page"), 200))
	},
	"PG-11": func(l *lab) error {
		for i := range 60 {
			if g, _ := l.try(l.create(fmt.Sprint("more ", i))); g.status != 200 {
				return answered(g, 200)
			}
		}
		list := func() []string { return l.do(200, "GET", "/rest/api/content?type=page&limit=100", nil).col("id") }
		got := list()
		once := map[string]bool{}
		for _, id := range got {
			once[id] = true
		}
		return all(not(len(once) == len(got), "no id twice"), not(len(once) >= 71 || len(once) < 40, fmt.Sprint(len(once), " of 71")), not(!slices.Equal(got, list()), "another time another list"))
	},
}

// firedOnDC are faults of both personalities, on a Data Center.
var firedOnDC = map[string]func(*lab) error{
	"ID-16": func(l *lab) error {
		g := l.get("/rest/api/content/" + l.home)
		return not(g.header.Get("Date") != "Mon, 05 Jan 2026 09:05:00 GMT", g.header.Get("Date"))
	},
	"AU-10": func(l *lab) error {
		return all(answered(l.get("/rest/api/content/"+l.home), 401), lift(l), answered(l.get("/rest/api/content/"+l.home), 401))
	},
	"AU-10/once": func(l *lab) error {
		return all(answered(l.get("/rest/api/content/"+l.home), 401), lift(l), answered(l.get("/rest/api/content/"+l.home), 200))
	},
	"ER-04":          page502(502),
	"ER-11":          unapplied(500),
	"ER-11/starting": unapplied(503),
	"ER-11/reset":    unapplied(0),
	"ER-12": func(l *lab) error {
		g, cut := l.try(l.create("lost"))
		return all(answered(g, 0), not(!cut || !l.has("lost"), "not applied"))
	},
	"ER-12/not-applied": unapplied(0),
	"ER-12/late":        fired["ER-12/late"],
	"RL-06":             unapplied(429, "Retry-After", "1"),
	"PG-14": func(l *lab) error {
		g := l.do(200, "GET", "/rest/api/search?cql=type=page", nil)
		pages := l.do(200, "GET", "/rest/api/instance-metrics", nil).num("pages")
		return not(g.num("totalSize") <= 11 || pages <= 11, fmt.Sprint(g.num("totalSize"), pages))
	},
	"PA-02": func(l *lab) error {
		g, _ := l.try(l.rewrite("<p>new</p>", 2))
		return all(answered(g, 409), not(!strings.Contains(string(g.raw), "OptimisticLockException"), string(g.raw)), lift(l),
			not(strings.Contains(l.storedDC(), "new"), "applied"))
	},
	"AT-12":       func(l *lab) error { return all(answered(l.fileDC(), 404), lift(l), answered(l.fileDC(), 200)) },
	"AT-12/short": func(l *lab) error { g := l.fileDC(); return all(answered(g, 200), not(len(g.raw) != 4, string(g.raw))) },
	"AT-12/altered": func(l *lab) error {
		g := l.fileDC()
		return not(len(g.raw) != 8 || string(g.raw) == fileText, string(g.raw))
	},
	"AT-12/truncated": func(l *lab) error { g := l.fileDC(); return not(len(g.raw) != 4, string(g.raw)) },
	"CQ-09": func(l *lab) error {
		found := len(l.do(200, "GET", "/rest/api/content/search?cql=type=page&limit=100", nil).col("id"))
		return not(found == 0 || found >= 11, fmt.Sprint(found))
	},
	"ST-14": func(l *lab) error {
		seen := map[string]bool{}
		for n := range 12 {
			if g, _ := l.try(l.rewrite("<p>a</p><p>b &mdash; c</p><hr />", n+2)); g.status != 200 {
				return answered(g, 200)
			}
			seen[l.storedDC()] = true
		}
		return not(len(seen) < 6, fmt.Sprint(len(seen), " forms"))
	},
}

// fileDC gives the first page a file, unless it has it, and downloads it.
func (l *lab) fileDC() got {
	l.try(l.uploadRequest("POST", "/rest/api/content/"+l.pages[0]+"/child/attachment", part{"file", "f.txt", "text/plain", fileText}))
	return l.get("/download/attachments/" + l.pages[0] + "/f.txt")
}

// rewrite is an update of the body of the first page.
func (l *lab) rewrite(body string, number int) *http.Request {
	return l.request("PUT", "/rest/api/content/"+l.pages[0], object{
		"id": l.pages[0], "type": "page", "title": "P0", "body": object{"storage": storage(body)}, "version": object{"number": number},
	})
}

func (l *lab) storedDC() string {
	return l.do(200, "GET", "/rest/api/content/"+l.pages[0]+"?expand=body.storage", nil).str("body.storage.value")
}

func TestFaultsOnDataCenter(t *testing.T) {
	for _, key := range slices.Sorted(maps.Keys(firedOnDC)) {
		t.Run(key, func(t *testing.T) {
			id, variant, _ := strings.Cut(key, "/")
			do := "fault: " + id
			if variant != "" {
				do += ", variant: " + variant
			}
			if err := firedOnDC[key](newDCLab(t, "rules: [{match: {site: dc}, do: {"+do+"}}]")); err != nil {
				t.Error(err)
			}
		})
	}
	l := newDCLab(t, "rules: [{match: {site: cloud}, do: {fault: ER-11}}, {do: {fault: RL-04}}]")
	equal(t, "a rule for Cloud, and a fault of Cloud", l.get("/rest/api/content/"+l.home).status, 200)
}
