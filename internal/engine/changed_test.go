package engine_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

// wiki is a space before or after a month of work at the source.
func wiki(after bool) func(*backup.Writer) {
	pick := func(before, now string) string {
		if after {
			return now
		}
		return before
	}
	group := func(names ...string) (out []backup.Principal) {
		for _, n := range names {
			out = append(out, backup.Principal{Group: n})
		}
		return out
	}
	return func(bw *backup.Writer) {
		var pages []backup.Content
		add := func(c backup.Content) *backup.Content {
			pages = append(pages, c)
			return &pages[len(pages)-1]
		}
		version := 1
		if after {
			version = 2
		}
		add(page(1001, 0, "Home", `<p>see <ac:link><ri:page ri:content-title="`+pick("Old name", "New name")+`"/></ac:link></p>`))
		add(page(1002, 1001, pick("Old name", "New name"), `<p>renamed <a href="/pages/viewpage.action?pageId=1005">id</a></p>`))
		add(page(1003, 1001, pick("Left", "Right"), "<p>titles change places</p>"))
		add(page(1004, 1001, pick("Right", "Left"), "<p>titles change places</p>"))
		moved := add(page(1005, 1001, "Moved", "<p>moved</p>"))
		if after {
			moved.Parent = 1020
			add(page(1020, 1002, "New parent", `<p>new <ac:image><ri:attachment ri:filename="a.txt"><ri:page ri:content-title="Files"/></ri:attachment></ac:image></p>`))
		}
		labels := add(page(1006, 1001, "Labels", "<p>labels</p>"))
		for _, l := range strings.Fields(pick("one two three", "three four")) {
			labels.Labels = append(labels.Labels, backup.Label{Namespace: "global", Name: l})
		}
		tight := add(page(1007, 1001, "Tightened", "<p>"+pick("open", "secret")+"</p>"))
		loose := add(page(1008, 1001, "Loosened", "<p>loose</p>"))
		other := add(page(1009, 1001, "Other editors", "<p>edit</p>"))
		if after {
			tight.Readers, other.Editors = group("staff"), group("staff", "admins")
		} else {
			loose.Readers, other.Editors = group("staff"), group("admins")
		}
		add(page(1010, 1001, "Files", "<p>files</p>"))
		add(page(1011, 1001, "Comments", "<p>comments</p>"))
		for i, title := range []string{"Order a", "Order b", "Order c", "Order d"} {
			o := add(page(int64(1012+i), 1010, title, "<p>x</p>"))
			o.Position, o.Positioned = 10*(i+1), true
			if after {
				o.Position = 10 * (1 + (i+2)%4)
			}
		}
		for i := range pages {
			pages[i].Version = version
			if pages[i].Parent == 1001 {
				pages[i].Position, pages[i].Positioned = i, true
			}
		}
		space(bw, "WORK", pages...)
		for _, day := range []int{3, 4} {
			bw.BlogPost(backup.Content{ID: 1100 + int64(day), Space: "WORK", Title: "Weekly", Creator: aliceKey, Version: version,
				Created: time.Date(2025, 3, day, 8, 0, 0, 0, time.UTC), Body: backup.Storage("<p>day " + pick("x", "y") + "</p>")})
		}
		text := pick("bytes", "other bytes")
		bw.Attachment(backup.Attachment{ID: 1200, Container: 1010, Space: "WORK", Name: "a.txt", MediaType: "text/plain", Size: int64(len(text)), Version: version,
			Creator: aliceKey, Open: func() (io.Reader, error) { return strings.NewReader(text), nil }})
		c := bw.Comment(backup.Comment{ID: 1300, Container: 1011, Creator: aliceKey, Version: version, Created: time.Unix(1e9, 0), Body: backup.Storage("<p>" + pick("first", "first, edited") + "</p>")})
		bw.Comment(backup.Comment{ID: 1301, Container: 1011, Parent: c, Creator: aliceKey, Created: time.Unix(1e9+1, 0), Body: backup.Storage("<p>answer</p>")})
		if after {
			bw.Comment(backup.Comment{ID: 1302, Container: 1011, Parent: 1301, Creator: aliceKey, Created: time.Unix(1e9+2, 0), Body: backup.Storage("<p>another</p>")})
		}
	}
}

// TestASecondExportBringsTheSameAsAFreshMigration changes at the source whatever can be carried, and wants the
// destination to be as if only the newer export had been migrated.
func TestASecondExportBringsTheSameAsAFreshMigration(t *testing.T) {
	begin := func(t *testing.T) *world {
		w := newWorld(t, nil)
		w.site.AddGroup("staff")
		w.site.AddGroup("admins")
		w.open()
		w.addSite()
		return w
	}
	fresh := begin(t)
	fresh.plan("W", exportOf(t, fresh.dir, "2.zip", wiki(true)), migration.NewScope("WORK", ""))
	fresh.mustFinish(fresh.migrate("W"))
	for _, slice := range []time.Duration{0, time.Nanosecond} {
		t.Run(slice.String(), func(t *testing.T) {
			w := begin(t)
			w.close()
			w.slice = slice
			w.open()
			w.plan("W", exportOf(t, w.dir, "1.zip", wiki(false)), migration.NewScope("WORK", ""))
			w.mustFinish(w.migrate("W"))
			w.edit("W", exportOf(t, w.dir, "2.zip", wiki(true)))
			run := w.migrate("W")
			w.mustFinish(run)
			w.mustEqual(fresh.site.Dump("neutral"))
			before := w.writes()
			w.mustFinish(w.migrate("W"))
			if n := w.writes() - before; n != 0 {
				t.Errorf("the next run made %d writes", n)
			}
		})
	}
}
