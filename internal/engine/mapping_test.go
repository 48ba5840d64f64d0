package engine_test

import (
	"io"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

const bobKey = "00000000000000000000000000000b0b"

// TestSeveralUsersOnOneAccount maps two users to one account and a third to tandem's own, and restricts pages to them in
// every combination, by reading and by editing alone.
func TestSeveralUsersOnOneAccount(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddUser("acc-both", "Both", "both@example.com")
	w.site.AddGroup("staff")
	w.open()
	w.addSite()
	const carolKey, daveKey = "00000000000000000000000000000ca1", "00000000000000000000000000000da7"
	path := exportOf(t, w.dir, "people.zip", func(bw *backup.Writer) {
		bw.User(backup.User{Key: bobKey, Name: "bob"})
		bw.User(backup.User{Key: carolKey, Name: "carol"})
		bw.User(backup.User{Key: daveKey, Name: "dave"})
		pages := []backup.Content{page(1001, 0, "Home", `<p><ac:link><ri:user ri:username="bob"/></ac:link> and <ac:link><ri:user ri:userkey="`+aliceKey+`"/></ac:link></p>`)}
		user := func(key string) backup.Principal { return backup.Principal{User: key} }
		for i, who := range [][2][]backup.Principal{
			{{user(aliceKey), user(bobKey)}, nil}, {nil, {user(bobKey)}}, {{user(carolKey)}, {user(carolKey)}}, {{user(daveKey)}, nil},
			{{user(aliceKey), user(carolKey), user(daveKey), {Group: "staff"}, {Group: "nobody"}}, {user(aliceKey)}},
		} {
			p := page(int64(1002+i), 1001, "Page "+string(rune('A'+i)), "<p>x</p>")
			p.Readers, p.Editors = who[0], who[1]
			pages = append(pages, p)
		}
		space(bw, "MAP", pages...)
	})
	w.plan("P", path, migration.NewScope("MAP", ""))
	me, _ := w.site.Account()
	row, _, err := w.connect(t.Context(), w.siteRow(), w.token())
	if err != nil {
		t.Fatal(err)
	}
	id, err := row.Identity(t.Context())
	if err != nil {
		t.Fatal(me, err)
	}
	csv := "source_key,source_name,source_email,match,account_id,used\n" +
		aliceKey + ",alice,,manual,acc-both,\n" + bobKey + ",bob,,manual,acc-both,\n" + carolKey + ",carol,,manual," + string(id.Me.ID) + ",\n"
	if _, err := w.engine.ImportPeople(t.Context(), "export:P", "cloud", []byte(csv)); err != nil {
		t.Fatal(err)
	}
	run := w.migrate("P")
	w.mustFinish(run)
	w.mustFind(run.ID, "Page D", confluence.CodeReaderUnmapped)
	w.mustFind(run.ID, "Page E", confluence.CodeReaderUnmapped)
	var dump struct{ Content []dumped }
	w.dump(&dump)
	for _, c := range dump.Content {
		read, update := len(c.Restrictions.Read) > 0, len(c.Restrictions.Update) > 0
		if want := map[string][2]bool{"Page A": {true, false}, "Page B": {false, true}, "Page C": {true, true}, "Page D": {true, false}, "Page E": {true, true}}; want[c.Title] != [2]bool{read, update} {
			t.Errorf("%s: restricted %t %t", c.Title, read, update)
		}
		if c.Title == "Home" && strings.Count(c.Body, "acc-both") != 2 {
			t.Errorf("mentions: %s", c.Body)
		}
	}
	before := w.writes()
	w.mustFinish(w.migrate("P"))
	if n := w.writes() - before; n != 0 {
		t.Errorf("the next run made %d writes", n)
	}
}

// TestWhatCannotBeCarriedIsSaid moves a page to the root, gives the space another home page and renames a file: what does
// not arrive is named, nothing is written again and again.
func TestWhatCannotBeCarriedIsSaid(t *testing.T) {
	for name, edit := range map[string]func(pages []backup.Content, file *string) (home int64){
		"to the root":  func(p []backup.Content, _ *string) int64 { p[2].Parent = 0; return 1001 },
		"another home": func(p []backup.Content, _ *string) int64 { return 1002 },
		"another file": func(p []backup.Content, f *string) int64 { *f = "new.txt"; return 1001 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.open()
			w.addSite()
			write := func(name string, edited bool) string {
				return exportOf(t, w.dir, name, func(bw *backup.Writer) {
					pages := []backup.Content{page(1001, 0, "Home", "<p>h</p>"), page(1002, 1001, "One", "<p>1</p>"), page(1003, 1002, "Two", "<p>2</p>")}
					home, file := int64(1001), "old.txt"
					if edited {
						home = edit(pages, &file)
					}
					bw.Space(backup.Space{Key: "CAN", Name: "Can", Home: home, Creator: aliceKey})
					for _, p := range pages {
						p.Space, p.Creator = "CAN", aliceKey
						bw.Page(p)
					}
					bw.Attachment(backup.Attachment{ID: 1200, Container: 1002, Space: "CAN", Name: file, MediaType: "text/plain", Size: 1,
						Creator: aliceKey, Open: func() (io.Reader, error) { return strings.NewReader("x"), nil }})
				})
			}
			w.plan("P", write("1.zip", false), migration.NewScope("CAN", ""))
			w.mustFinish(w.migrate("P"))
			w.edit("P", write("2.zip", true))
			run := w.migrate("P")
			if name == "to the root" {
				w.mustFinish(run)
			} else {
				w.mustFind(run.ID, map[string]string{"another home": "One", "another file": "new.txt"}[name],
					map[string]confluence.Code{"another home": confluence.CodeNotCapable, "another file": confluence.CodeTargetEdited}[name])
			}
			before := w.writes()
			w.migrate("P")
			if n := w.writes() - before; n != 0 {
				t.Errorf("the next run made %d writes", n)
			}
		})
	}
}
