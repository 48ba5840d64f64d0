package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

const conflict = "Version must be incremented when updating a page. Current Version: [%d]. Provided version: [%d]"

// TestVersions: PA-01, OF-10, DL-11.
func TestVersions(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("V")
	p := b.page(id, "", "P", "<p>one</p>")
	b.wait(time.Minute)
	equal(t, "version", b.put(200, p, "P", "<p>two</p>", 2).num("version.number"), 2)
	for _, number := range []int{1, 2, 4} {
		got := b.put(409, p, "P", "<p>three</p>", number)
		equal(t, "conflict", got.title(), fmt.Sprintf(conflict, 2, number))
		equal(t, "code", got.str("errors.0.code"), "CONFLICT")
	}
	equal(t, "a write without a change makes no version", b.put(200, p, "P", "<p>two<!-- c --></p>", 3).num("version.number"), 2)
	equal(t, "body", b.body(p), "<p>two</p>")
	old := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"?version=1&body-format=storage", nil)
	equal(t, "old body", old.str("body.storage.value"), "<p>one</p>")
	equal(t, "old status", old.str("status"), "historical")
	b.put(200, p, "Q", "<p>two</p>", 3)
	list := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/versions?body-format=storage", nil)
	same(t, "versions, newest first", list.col("number"), "3", "2", "1")
	equal(t, "message", list.str("results.0.message"), "m")
	equal(t, "old title", list.str("results.1.page.title"), "P")
	equal(t, "old body in the list", list.str("results.2.page.body.storage.value"), "<p>one</p>")
	detail := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/versions/2", nil)
	equal(t, "previous", detail.num("prevVersion"), 1)
	b.do(404, "GET", "/wiki/api/v2/pages/"+p+"/versions/9", nil)
	body := object{"id": p, "status": "current", "title": "R", "version": object{"number": 4}}
	equal(t, "a write without body keeps it", b.do(200, "PUT", "/wiki/api/v2/pages/"+p, body).num("version.number"), 4)
	equal(t, "kept body", b.body(p), "<p>two</p>")
	for _, lacking := range []string{"id", "status", "title", "version"} {
		part := object{"id": p, "status": "current", "title": "R", "version": object{"number": 5}, "body": storage("<p/>")}
		delete(part, lacking)
		b.do(400, "PUT", "/wiki/api/v2/pages/"+p, part)
	}
}

// TestTitles: PA-08, PA-09, OF-04, OF-05.
func TestTitles(t *testing.T) {
	b := newBench(t)
	id, home := b.space("T")
	other, _ := b.space("U")
	p := b.page(id, "", "Taken", "<p/>")
	create := func(want int, space, title string) got {
		return b.do(want, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "current", "title": title, "body": storage("")})
	}
	const text = "A page with this title already exists: A page already exists with the same TITLE in this space"
	equal(t, "clash", create(400, id, "Taken").title(), text)
	equal(t, "clash in another case", create(400, id, " TAKEN ").title(), text)
	create(200, other, "Taken")
	create(400, id, "")
	create(400, id, strings.Repeat("x", 256))
	create(200, id, strings.Repeat("ü", 255))
	b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": id, "title": "Taken"})
	equal(t, "folders among themselves", b.do(400, "POST", "/wiki/api/v2/folders", object{"spaceId": id, "title": "taken"}).title(),
		"A folder exists with the same title in this space")
	q := b.page(id, "", "Free", "<p/>")
	b.put(400, q, "taken", "<p/>", 2)
	equal(t, "own title in another case", b.put(200, p, "tAKEN", "<p/>", 2).str("title"), "tAKEN")

	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	again := create(200, id, "Taken").str("id")
	equal(t, "restore over a taken title", b.put(400, p, "x", "", 3).title(), text)
	b.archive(again)
	create(400, id, "Taken")
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+again, nil)
	create(200, id, "Taken")
	_ = home

	strict := newBench(t, "PA-09", "yes")
	id, _ = strict.space("T")
	p = strict.page(id, "", "Taken", "<p/>")
	strict.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	strict.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "title": "Taken"})
}

func (b *bench) archive(id string) {
	b.t.Helper()
	task := b.do(202, "POST", "/wiki/rest/api/content/archive", object{"pages": []object{{"id": id}}}).str("id")
	b.finish(task)
}

// finish looks at a long task until it has ended.
func (b *bench) finish(id string) got {
	b.t.Helper()
	for range 5 {
		state := b.do(200, "GET", "/wiki/rest/api/longtask/"+id, nil)
		if state.at("finished") == true {
			return state
		}
	}
	b.t.Fatalf("task %s does not end", id)
	return got{}
}

// TestTrash: DL-01, DL-02, DL-04, PA-12, OF-14, OF-15, OF-16.
func TestTrash(t *testing.T) {
	b := newBench(t)
	id, home := b.space("T")
	parent := b.page(id, "", "Parent", "<p>x</p>")
	a := b.page(id, parent, "A", "<p/>")
	c := b.page(id, parent, "C", "<p/>")
	b.do(404, "DELETE", "/wiki/api/v2/pages/"+parent+"?purge=true", nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+parent, nil)
	b.do(404, "DELETE", "/wiki/api/v2/pages/"+parent, nil)
	trashed := b.do(200, "GET", "/wiki/api/v2/pages/"+parent+"?body-format=storage", nil)
	equal(t, "status", trashed.str("status"), "trashed")
	for _, member := range []string{"parentId", "parentType", "position"} {
		equal(t, member, trashed.at(member), nil)
	}
	same(t, "children move up, last", b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/direct-children", nil).col("id"), a, c)
	same(t, "not listed", b.do(200, "GET", "/wiki/api/v2/pages?title=Parent", nil).col("id"))
	same(t, "listed in the trash", b.do(200, "GET", "/wiki/api/v2/pages?status=trashed", nil).col("id"), parent)
	restored := b.put(200, parent, "ignored", "<p>ignored</p>", 2)
	equal(t, "restored title", restored.str("title"), "Parent")
	equal(t, "restored number", restored.num("version.number"), 2)
	equal(t, "restored below the home page", restored.str("parentId"), home)
	equal(t, "restored body", b.body(parent), "<p>x</p>")
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+parent, nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+parent+"?purge=true", nil)
	purged := b.do(404, "GET", "/wiki/api/v2/pages/"+parent, nil)
	equal(t, "purged is bare", purged.title(), "Not Found")
	equal(t, "never there is named", b.do(404, "GET", "/wiki/api/v2/pages/123", nil).title(), "Cannot find a page with id [123]")
	b.do(400, "GET", "/wiki/api/v2/pages/x1", nil)
}

// TestDrafts: PA-03, OF-20, OF-21.
func TestDrafts(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, home := b.space("D")
	d := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "draft", "title": "Home-made", "body": storage("<p>d</p>")}).str("id")
	b.do(404, "GET", "/wiki/api/v2/pages/"+d, nil)
	b.do(200, "GET", "/wiki/api/v2/pages/"+d+"?get-draft=true", nil)
	b.as("ann").do(404, "GET", "/wiki/api/v2/pages/"+d+"?get-draft=true", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?status=draft", nil)
	same(t, "batch drops drafts", b.do(200, "GET", "/wiki/api/v2/pages?id="+d, nil).col("id"))
	draftChildren := b.send(b.request("GET", "/wiki/api/v2/pages/"+home+"/direct-children", nil))
	same(t, "child listings show them", draftChildren.col("status"), "draft")
	equal(t, "counted", b.site.Counts().Drafts, 1)
	b.put(409, d, "Home-made", "<p>d</p>", 2)
	equal(t, "published with number 1", b.put(200, d, "Home-made", "<p>d</p>", 1).str("status"), "current")
	b.do(200, "GET", "/wiki/api/v2/pages/"+d, nil)
	held := b.page(id, "", "Held", "<p/>")
	late := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "draft", "title": "Held"}).str("id")
	b.put(400, late, "Held", "", 1)
	b.put(200, late, "Late", "", 1)
	b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "title": "Held"})
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+held, nil)
	over := object{"id": d, "status": "draft", "title": "Later", "body": storage("<p>later</p>"), "version": object{"number": 1}}
	b.do(200, "PUT", "/wiki/api/v2/pages/"+d, over)
	equal(t, "the live page stays", b.body(d), "<p>d</p>")
	equal(t, "draft over it", b.do(200, "GET", "/wiki/api/v2/pages/"+d+"?get-draft=true&body-format=storage", nil).str("body.storage.value"), "<p>later</p>")
	e := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "draft", "title": "x"}).str("id")
	b.do(404, "DELETE", "/wiki/api/v2/pages/"+e, nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+e+"?draft=true", nil)
	b.do(404, "GET", "/wiki/api/v2/pages/"+e+"?get-draft=true", nil)
}

// TestPlaces: PA-05, TR-01, TR-02, TR-04, TR-05, OF-01, OF-06.
func TestPlaces(t *testing.T) {
	b := newBench(t)
	id, home := b.space("P")
	root := b.do(200, "POST", "/wiki/api/v2/pages?root-level=true", object{"spaceId": id, "title": "Root"})
	equal(t, "root", root.at("parentId"), nil)
	b.do(400, "POST", "/wiki/api/v2/pages?root-level=true", object{"spaceId": id, "title": "Both", "parentId": home})
	b.do(404, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "title": "Lost", "parentId": "9"})
	folder := b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": id, "title": "F"}).str("id")
	a, c := b.page(id, home, "zz", "<p/>"), b.page(id, home, "aa", "<p/>")
	deep := b.page(id, a, "deep", "<p/>")
	deeper := b.page(id, deep, "deeper", "<p/>")
	children := func() []string {
		return b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/direct-children", nil).col("id")
	}
	same(t, "in the order they were made", children(), folder, a, c)
	same(t, "the old listing hides folders", b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/children", nil).col("id"), a, c)
	same(t, "depth 2", b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/descendants", nil).col("id"), folder, a, deep, c)
	all := b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/descendants?depth=10&limit=3", nil)
	same(t, "first page of the tree", all.col("id"), folder, a, deep)
	same(t, "rest of the tree", b.do(200, "GET", all.str("_links.next"), nil).col("id"), deeper, c)
	b.do(400, "GET", "/wiki/api/v2/pages/"+home+"/descendants?depth=11", nil)
	same(t, "ancestors, top first", b.do(200, "GET", "/wiki/api/v2/pages/"+deeper+"/ancestors", nil).col("id"), home, a, deep)
	same(t, "the nearest ancestors", b.do(200, "GET", "/wiki/api/v2/pages/"+deeper+"/ancestors?limit=2", nil).col("id"), a, deep)
	move := func(want int, p, where, target string) {
		t.Helper()
		b.do(want, "PUT", "/wiki/rest/api/content/"+p+"/move/"+where+"/"+target, nil)
	}
	move(200, c, "before", a)
	same(t, "before", children(), folder, c, a)
	move(200, folder, "after", a)
	same(t, "after", children(), c, a, folder)
	move(200, deeper, "append", home)
	same(t, "append", children(), c, a, folder, deeper)
	equal(t, "no version", b.do(200, "GET", "/wiki/api/v2/pages/"+deeper, nil).num("version.number"), 1)
	move(400, a, "append", deep)
	move(400, a, "append", a)
	move(400, a, "beside", c)
	move(404, a, "append", "1")
	moved := object{"id": deeper, "status": "current", "title": "deeper", "parentId": a, "version": object{"number": 2}}
	equal(t, "a PUT bumps", b.do(200, "PUT", "/wiki/api/v2/pages/"+deeper, moved).num("version.number"), 2)
	moved = object{"id": a, "status": "current", "title": "zz", "parentId": deeper, "version": object{"number": 2}}
	b.do(400, "PUT", "/wiki/api/v2/pages/"+a, moved)
	for range 30 { // no room is left between two after some halvings
		move(200, c, "after", a)
		move(200, a, "after", c)
		move(200, c, "before", a)
	}
	same(t, "after many moves", children(), c, a, folder)
}

// TestUnpositioned: OF-02.
func TestUnpositioned(t *testing.T) {
	b := newBench(t)
	id, home := b.space("M")
	two, ten := b.page(id, home, "Part 10", "<p/>"), b.page(id, home, "Part 2", "<p/>")
	b.site.Unposition("M")
	list := b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/direct-children", nil)
	same(t, "natural order", list.col("id"), ten, two)
	same(t, "no position", list.col("childPosition"), "<nil>", "<nil>")
	last := b.page(id, home, "AAA", "<p/>")
	list = b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/direct-children", nil)
	same(t, "the first change gives all a position", list.col("id"), ten, two, last)
	if slices.Contains(list.col("childPosition"), "<nil>") {
		t.Errorf("positions %v", list.col("childPosition"))
	}
}

// TestTreeLag: TR-03, OF-28.
func TestTreeLag(t *testing.T) {
	b := newBench(t, "TR-03", "10s")
	id, home := b.space("L")
	for i := range 20 {
		b.page(id, home, fmt.Sprint("P", i), "<p/>")
	}
	count := func() int {
		return len(b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/direct-children", nil).col("id"))
	}
	if n := count(); n == 20 {
		t.Errorf("all %d children are shown at once", n)
	}
	b.wait(11 * time.Second)
	equal(t, "children in the end", count(), 20)
}

// TestCrossSpaceMove: TR-05.
func TestCrossSpaceMove(t *testing.T) {
	b := newBench(t)
	from, _ := b.space("A")
	to, home := b.space("B")
	p := b.page(from, "", "Moves", "<p/>")
	kid := b.page(from, p, "Kid", "<p/>")
	b.page(to, "", "Kid", "<p/>")
	b.do(400, "PUT", "/wiki/rest/api/content/"+p+"/move/append/"+home, nil)
	b.put(200, kid, "Other kid", "<p/>", 2)
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/move/append/"+home, nil)
	equal(t, "space of the kid", b.do(200, "GET", "/wiki/api/v2/pages/"+kid, nil).str("spaceId"), to)
	same(t, "old space", b.do(200, "GET", "/wiki/api/v2/spaces/"+from+"/pages?title=Moves", nil).col("id"))
}

// TestCursors: PG-01, PG-15.
func TestCursors(t *testing.T) {
	b := newBench(t)
	id, home := b.space("C")
	want := []string{home}
	for i := range 11 {
		b.wait(time.Second)
		want = append(want, b.page(id, "", fmt.Sprintf("P%02d", i), "<p>x</p>"))
	}
	for _, sort := range []string{"id", "-id", "title", "-modified-date", "created-date"} {
		var have []string
		path := "/wiki/api/v2/pages?limit=5&body-format=storage&space-id=" + id + "&sort=" + sort
		for path != "" {
			row := b.do(200, "GET", path, nil)
			have = append(have, row.col("id")...)
			path = ""
			if next, ok := row.at("_links.next").(string); ok {
				if !strings.HasPrefix(next, "/wiki/api/v2/pages?") || !strings.HasPrefix(row.header.Get("Link"), "<"+next+`>; rel="next"`) {
					t.Fatalf("next %q, header %q", next, row.header.Get("Link"))
				}
				path = next
			}
		}
		expected := slices.Clone(want)
		if strings.HasPrefix(sort, "-") {
			slices.Reverse(expected)
		}
		if sort == "title" { // the home page is called "Space C"
			expected = append(expected[1:], home)
		}
		same(t, sort, have, expected...)
	}
	b.do(400, "GET", "/wiki/api/v2/pages?limit=251", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?cursor=x", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?sort=size", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?body-format=view", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?id="+strings.Repeat("1,", 251), nil)
	same(t, "in id order", b.do(200, "GET", "/wiki/api/v2/pages?id="+want[3]+","+want[1], nil).col("id"), want[1], want[3])
	first := b.do(200, "GET", "/wiki/api/v2/pages?limit=3&space-id="+id, nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+first.str("results.2.id"), nil)
	same(t, "paging is stable when a row goes", b.do(200, "GET", first.str("_links.next"), nil).col("id"), want[3:6]...)
	equal(t, "default limit", len(b.do(200, "GET", "/wiki/api/v2/pages", nil).col("id")), 11)
}

// TestBlogPosts: PA-20, C6.3.
func TestBlogPosts(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("B")
	create := func(want int, title, at string) got {
		return b.do(want, "POST", "/wiki/api/v2/blogposts", object{"spaceId": id, "title": title, "createdAt": at, "body": storage("<p>b</p>")})
	}
	post := create(200, "News", "2019-03-04T10:11:12.345Z")
	equal(t, "posting date", post.str("createdAt"), "2019-03-04T10:11:12.345Z")
	equal(t, "written now", post.str("version.createdAt"), "2026-01-05T09:00:00.000Z")
	create(400, "news", "2019-03-04T23:00:00.000Z")
	create(200, "News", "2019-03-05T00:00:00.000Z")
	create(400, "Bad", "2019-03-05")
	p := post.str("id")
	moved := b.do(200, "PUT", "/wiki/api/v2/blogposts/"+p, object{
		"id": p, "status": "current", "title": "News", "body": storage("<p>b</p>"), "version": object{"number": 2}, "createdAt": "2018-01-01T00:00:00.000Z",
	})
	equal(t, "new date", moved.str("createdAt"), "2018-01-01T00:00:00.000Z")
	create(200, "News", "2019-03-04T10:11:12.345Z")
	same(t, "list", b.do(200, "GET", "/wiki/api/v2/blogposts?space-id="+id+"&sort=created-date&body-format=storage", nil).col("createdAt"),
		"2018-01-01T00:00:00.000Z", "2019-03-04T10:11:12.345Z", "2019-03-05T00:00:00.000Z")
	equal(t, "a page route does not know it", b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil).title(), "Cannot find a page with id ["+p+"]")
	b.do(204, "DELETE", "/wiki/api/v2/blogposts/"+p, nil)
	equal(t, "trashed", b.do(200, "GET", "/wiki/api/v2/blogposts/"+p, nil).str("status"), "trashed")
	equal(t, "counts", b.site.Counts().BlogPosts, 2)
}

// TestBodies: ER-13, ER-18, OF-12, OF-36.
func TestBodies(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("X")
	create := func(want int, title string, body object) got {
		return b.do(want, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "title": title, "body": body})
	}
	bad := create(400, "Bad", storage("<p>a & b</p>"))
	if !strings.HasPrefix(bad.title(), "Error parsing xhtml: ") {
		t.Errorf("title %q", bad.title())
	}
	created := create(200, "Good", object{"storage": object{"representation": "storage", "value": "<p>é</p>"}})
	equal(t, "create answers the stored body", created.str("body.storage.value"), "<p>&eacute;</p>")
	updated := b.put(200, created.str("id"), "Good", "<p>new</p>", 2)
	equal(t, "update answers none", fmt.Sprint(updated.at("body")), "map[]")
	wiki := create(200, "Wiki", object{"representation": "wiki", "value": "h2. T\n* a"})
	equal(t, "wiki markup", wiki.str("body.storage.value"), "<h2>T</h2><ul><li>a</li></ul>")
	create(400, "Odd", object{"representation": "view", "value": "x"})
	create(413, "Big", storage("<p>"+strings.Repeat("x", 5<<20)+"</p>"))
	create(200, "Nearly big", storage("<p>"+strings.Repeat("x", 5<<20-1000)+"</p>"))
	big := b.page(id, "", "To grow", "<p/>")
	b.put(413, big, "To grow", "<p>"+strings.Repeat("x", 5<<20)+"</p>", 2)
	target := b.page(id, "", "Target", "<p/>")
	b.put(200, target, "Target", "<p>2</p>", 2)
	ref := create(200, "Ref", storage(`<p><ac:link><ri:page ri:content-title="target"/></ac:link></p>`))
	equal(t, "version at save", ref.str("body.storage.value"), `<p><ac:link><ri:page ri:content-title="target" ri:version-at-save="2" /></ac:link></p>`)
	macro := `<ac:structured-macro ac:name="toc"/>`
	m := create(200, "Macro", storage(macro)).str("id")
	stored := b.body(m)
	if !strings.Contains(stored, `ac:macro-id="`) {
		t.Errorf("no macro id: %s", stored)
	}
	equal(t, "the same body again makes no version", b.put(200, m, "Macro", macro, 2).num("version.number"), 1)
	equal(t, "ids sent back stay", b.put(200, m, "Macro", stored, 2).num("version.number"), 1)
}

// TestTitleOnly: PA-13.
func TestTitleOnly(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("T")
	p := b.page(id, "", "Old", "<p>b</p>")
	got := b.do(200, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "New"})
	equal(t, "version", got.num("version.number"), 2)
	equal(t, "body", b.body(p), "<p>b</p>")
	equal(t, "title", got.str("title"), "New")
	b.page(id, "", "Old", "<p/>")
	b.do(400, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "old"})
}

// TestArchive: DL-07.
func TestArchive(t *testing.T) {
	b := newBench(t)
	id, home := b.space("A")
	p, q := b.page(id, "", "P", "<p>x</p>"), b.page(id, "", "Q", "<p/>")
	b.do(400, "POST", "/wiki/rest/api/content/archive", object{"pages": []object{{"id": p}, {"id": q}}})
	task := b.do(202, "POST", "/wiki/rest/api/content/archive", object{"pages": []object{{"id": p}}}).str("id")
	equal(t, "not at once", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).str("status"), "current")
	b.do(400, "POST", "/wiki/rest/api/content/archive", object{"pages": []object{{"id": q}}})
	b.wait(2 * time.Second)
	archived := b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	equal(t, "after a while", archived.str("status"), "archived")
	equal(t, "keeps its parent", archived.str("parentId"), home)
	equal(t, "finished", b.finish(task).at("successful"), true)
	b.do(400, "POST", "/wiki/rest/api/content/archive", object{"pages": []object{{"id": p}}})
	b.put(400, p, "P", "<p>y</p>", 2)
	b.do(200, "POST", "/wiki/rest/api/content/"+q+"/label", []object{{"prefix": "global", "name": "l"}})
	b.archive(q)
	b.do(403, "DELETE", "/wiki/rest/api/content/"+q+"/label?name=l", nil)
	same(t, "default statuses", b.do(200, "GET", "/wiki/api/v2/pages?space-id="+id, nil).col("status"), "current", "archived", "archived")
	equal(t, "counts", b.site.Counts().Archived, 2)
}

func TestPageTreeIsTrashedAsTask(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("A")
	p := b.page(id, "", "P", "<p/>")
	kid := b.page(id, p, "K", "<p/>")
	b.finish(b.do(202, "DELETE", "/wiki/rest/api/content/"+p+"/pageTree", nil).str("id"))
	equal(t, "kid", b.do(200, "GET", "/wiki/api/v2/pages/"+kid, nil).str("status"), "trashed")
	equal(t, "trash", b.site.Counts().Trashed, 2)
}
