package engine_test

import (
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

// TestUnusualShapesOfSpaces migrates spaces whose trees, titles and references are not as in the textbook, proves them and
// runs again.
func TestUnusualShapesOfSpaces(t *testing.T) {
	link := func(title string) string {
		return `<p><ac:link><ri:page ri:content-title="` + title + `"/></ac:link></p>`
	}
	shapes := map[string]func(*backup.Writer){
		"no home page, several roots": func(bw *backup.Writer) {
			bw.Space(backup.Space{Key: "ODD", Name: "Odd", Creator: aliceKey})
			for i, title := range []string{"B root", "A root", "C root"} {
				p := page(int64(1001+i), 0, title, link("a ROOT"))
				p.Space, p.Creator = "ODD", aliceKey
				bw.Page(p)
			}
		},
		"the home page is called as another page would be": func(bw *backup.Writer) {
			space(bw, "ODD", page(1001, 0, "Start", link("Space ODD")), page(1002, 1001, "Space ODD", link("start")), page(1003, 0, "Beside", link("Space odd")))
		},
		"home page below another page": func(bw *backup.Writer) {
			space(bw, "ODD", page(1001, 1002, "Home", link("Root")), page(1002, 0, "Root", link("Home")), page(1003, 1002, "Leaf", "<p>x</p>"))
		},
		"titles twice": func(bw *backup.Writer) {
			space(bw, "ODD", page(1001, 0, "Home", link("Twice")), page(1002, 1001, "Twice", link("Home")), page(1003, 1002, "twice", link("Twice")),
				page(1004, 1002, "TWICE", `<p><a href="/pages/viewpage.action?pageId=1003">id</a></p>`))
		},
		"links to itself, anchors, dead ends": func(bw *backup.Writer) {
			space(bw, "ODD", page(1001, 0, "Home", `<p><a href="/pages/viewpage.action?pageId=1001#top">me</a> <a href="/x/6QM">short</a></p>`+link("Nowhere")),
				page(1002, 1001, "Anchors", `<p><ac:link ac:anchor="a b"><ri:page ri:content-title="Home"/></ac:link> <a href="/pages/viewpage.action?pageId=424242">dead</a> <a href="/display/ODD/Home#x">t</a> <a href="/display/NONE/Gone">g</a></p>`))
		},
	}
	for name, fill := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.open()
			w.addSite()
			w.plan("P", exportOf(t, w.dir, "odd.zip", fill), migration.NewScope("ODD", "ODDX"))
			w.mustFinish(w.migrate("P"))
			before := w.writes()
			run := w.migrate("P")
			w.mustFinish(run)
			if n := w.writes() - before; n != 0 {
				t.Errorf("the next run made %d writes: %s", n, w.story(run.ID))
			}
			w.mustNotFind(run.ID, confluence.CodeTargetEdited)
		})
	}
}
