package emulator

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// firedBackups are the faults of backups and webhooks, as firedDC are the others of a Data Center.
var firedBackups = map[string]func(*lab) error{
	"WH-05/lost": func(l *lab) error { return l.hooked("page_updated,page_updated") },
	"WH-05/twice": func(l *lab) error {
		return l.hooked("page_created,page_created,page_updated,page_updated")
	},
	"WH-05/reordered":   func(l *lab) error { return l.hooked("page_updated,page_created,page_updated") },
	"WH-05/unreachable": func(l *lab) error { return l.hooked("page_updated,page_updated") },
	"LT-02": func(l *lab) error {
		j := l.backup("FAILED")
		return all(not(j.str("errorMessage") == "", "no reason"), answered(l.get("/rest/api/backup-restore/jobs/"+scalar(j.at("id"))+"/download"), 404))
	},
	"XM-06/control-character-body":  defective(func(e string, _ []string) bool { return strings.Contains(e, "\x08") }),
	"XM-06/control-character-title": defective(func(e string, _ []string) bool { return strings.Contains(e, "\x1c") }),
	"XM-06/invalid-utf8":            defective(func(e string, _ []string) bool { return strings.ToValidUTF8(e, "") != e }),
	"XM-06/no-xml-declaration":      defective(func(e string, _ []string) bool { return !strings.HasPrefix(e, "<?xml") }),
	"XM-06/line-separator":          defective(func(e string, _ []string) bool { return strings.Contains(e, "one\u2028two") }),
	"XM-06/unknown-element":         defective(func(e string, _ []string) bool { return strings.Contains(e, "<oddity ") }),
	"XM-07/missing-binary":          defective(func(_ string, names []string) bool { return attachedIn(names) == 0 }),
	"XM-07/zero-byte-file":          defective(func(e string, names []string) bool { return attachedIn(names) == 1 }),
	"XM-07/missing-parent":          defective(strayParent),
	"XM-07/parent-in-other-space":   defective(func(e string, _ []string) bool { return true }),
	"XM-07/parent-not-current":      defective(func(e string, _ []string) bool { return true }),
	"XM-08": defective(func(e string, _ []string) bool {
		return strings.Count(e, `class="Space"`) > strings.Count(plainExport, `class="Space"`)
	}),
	"XM-09/orphan-version": defective(func(e string, _ []string) bool { return true }),
	"XM-09/deleted-version": defective(func(e string, _ []string) bool {
		return strings.Contains(e, ">deleted<")
	}),
	"XM-09/missing-version-object": defective(func(e string, _ []string) bool { return len(e) < len(plainExport) }),
	"XM-09/missing-body": defective(func(e string, _ []string) bool {
		return strings.Count(e, `class="BodyContent"`) < strings.Count(plainExport, `class="BodyContent"`)
	}),
	"XM-09/duplicate-object-id": defective(func(e string, _ []string) bool { return len(e) > len(plainExport) }),
	"XM-17/no-entities":         defective(func(e string, names []string) bool { return e == "" }),
	"XM-17/path-trick":          defective(func(_ string, names []string) bool { return strings.Contains(strings.Join(names, "\n"), "..") }),
	"XM-17/doctype":             defective(func(e string, _ []string) bool { return strings.Contains(e, "<!DOCTYPE") }),
	"XM-17/truncated": defective(func(e string, _ []string) bool {
		return !strings.HasSuffix(strings.TrimSpace(e), ">") || len(e) < len(plainExport)
	}),
}

// plainExport is entities.xml of the same export without the defect, of the fault that is tried.
var plainExport string

// hooked demands events, in this order, after a write under the rules and two without.
func (l *lab) hooked(want string) error {
	g, _ := l.try(l.request("POST", "/rest/api/webhooks", object{"name": "n", "url": "https://receiver.example.test/hook", "events": []string{"page_created", "page_updated"}, "active": true}))
	made, _ := l.try(l.create("hooked"))
	if err := all(answered(g, 201), answered(made, 200), lift(l)); err != nil {
		return err
	}
	for n := range 2 {
		if g, _ := l.try(l.rewrite(fmt.Sprint("<p>", n, "</p>"), n+2)); g.status != 200 {
			return answered(g, 200)
		}
	}
	var got []string
	for range strings.Count(want, ",") + 1 {
		got = append(got, <-l.delivered)
	}
	return not(strings.Join(got, ",") != want, fmt.Sprint(got))
}

// backup starts a backup of all spaces and waits for that end.
func (l *lab) backup(end string) got {
	l.t.Helper()
	keys := []string{}
	for _, s := range l.site.world.spaces {
		keys = append(keys, s.key)
	}
	id := scalar(l.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": keys}).at("id"))
	for range 9 {
		if j := l.do(200, "GET", "/rest/api/backup-restore/jobs/"+id, nil); j.str("jobState") == end {
			return j
		}
	}
	l.t.Fatalf("the job never comes to %s", end)
	return got{}
}

// entities downloads the file of a new backup and returns entities.xml and the names of the entries.
func (l *lab) entities() (string, []string) {
	l.t.Helper()
	id := scalar(l.backup("FINISHED").at("id"))
	g, _ := l.try(l.request("GET", "/rest/api/backup-restore/jobs/"+id+"/download", nil))
	z, err := zip.NewReader(bytes.NewReader(g.raw), int64(len(g.raw)))
	if z == nil {
		l.t.Fatalf("no zip: %v", err)
	}
	var names []string
	text := ""
	for _, f := range z.File {
		names = append(names, fmt.Sprint(f.Name, " ", f.UncompressedSize64))
		if f.Name == "entities.xml" {
			r, err := f.Open()
			if err != nil {
				l.t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				l.t.Fatal(err)
			}
			text = string(data)
		}
	}
	return text, names
}

// defective wants an export that is another than the one without the rules, and has what the defect brings.
func defective(fits func(entities string, names []string) bool) func(*lab) error {
	return func(l *lab) error {
		rules := l.site.Faults()
		if err := lift(l); err != nil {
			return err
		}
		l.upload(200, http.MethodPost, "/rest/api/content/"+l.pages[0]+"/child/attachment", part{"file", "f.txt", "text/plain", fileText})
		for n := range 2 {
			if g, _ := l.try(l.rewrite(fmt.Sprint("<p>", n, "</p>"), n+2)); g.status != 200 {
				return answered(g, 200)
			}
		}
		other := &call{Site: l.site, now: l.clock.Now(), user: l.site.people.byID[serviceID], route: &route{method: "POST", api: dc}}
		if _, err := other.newSpace(&spaceRequest{Key: "Z", Name: "Other"}, false); err != nil {
			return err
		}
		below, _ := l.try(l.request("POST", "/rest/api/content", object{"type": "page", "title": "Below", "space": object{"key": "Z"},
			"ancestors": []object{{"id": l.site.world.keys["Z"].home.idText()}}, "body": object{"storage": storage("<p>x</p>")}}))
		if below.status != 200 {
			return answered(below, 200)
		}
		l.do(204, "DELETE", "/rest/api/content/"+l.pages[9], nil)
		var plainNames []string
		plainExport, plainNames = l.entities()
		l.rules(string(rules))
		text, names := l.entities()
		return all(not(text == plainExport && fmt.Sprint(names) == fmt.Sprint(plainNames), "the same export"), not(!fits(text, names), "without the defect"))
	}
}

// attachedIn counts the entries that are files of attachments.
func attachedIn(names []string) int {
	n := 0
	for _, name := range names {
		if strings.HasPrefix(name, "attachments/") && !strings.HasSuffix(name, "/ 0") {
			n++
		}
	}
	return n
}

var (
	pageObject = regexp.MustCompile(`<object class="Page"[^>]*>\s*<id name="id">(\d+)<`)
	pageParent = regexp.MustCompile(`<property name="parent" class="Page"[^>]*>\s*<id name="id">(\d+)<`)
)

// strayParent reports whether a page's parent is the id of no page.
func strayParent(entities string, _ []string) bool {
	pages := map[string]bool{}
	for _, m := range pageObject.FindAllStringSubmatch(entities, -1) {
		pages[m[1]] = true
	}
	return slices.ContainsFunc(pageParent.FindAllStringSubmatch(entities, -1), func(m []string) bool { return !pages[m[1]] })
}

func TestRow_WH_05_Faults(t *testing.T) { faulty(t, "WH-05") }
func TestRow_LT_02_Faults(t *testing.T) { faulty(t, "LT-02") }
func TestRow_XM_06_Faults(t *testing.T) { faulty(t, "XM-06") }
func TestRow_XM_07_Faults(t *testing.T) { faulty(t, "XM-07") }
func TestRow_XM_08_Faults(t *testing.T) { faulty(t, "XM-08") }
func TestRow_XM_09_Faults(t *testing.T) { faulty(t, "XM-09") }
func TestRow_XM_17_Faults(t *testing.T) { faulty(t, "XM-17") }
