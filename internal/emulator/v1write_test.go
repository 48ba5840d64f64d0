package emulator

import (
	"strings"
	"testing"
)

func TestRow_AT_01(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	at := restV1 + "/content/" + p + "/child/attachment"
	file := func(value string) part { return part{"file", "a.txt", "text/plain", value} }
	first := b.upload(200, "PUT", at, file("one"))
	again := b.upload(200, "PUT", at, file("two"))
	equal(t, "the same", again.str("results.0.id"), first.str("results.0.id"))
	equal(t, "next version", again.num("results.0.version.number"), 2)
	if g := b.upload(400, "POST", at, file("three")); !strings.Contains(g.str("message"), "same file name") {
		t.Errorf("text %s", g.raw)
	}
	both := b.upload(200, "POST", at, part{"file", "b.txt", "text/plain", "b"}, part{"file", "c.txt", "text/plain", "c"})
	same(t, "several", both.col("title"), "b.txt", "c.txt")
	b.upload(404, "POST", restV1+"/content/0/child/attachment", file("x"))
	b.upload(400, "POST", at)
}

func TestRow_AT_03_V1(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p, q := b.page(id, "", "P", "<p>p</p>"), b.page(id, "", "Q", "<p>q</p>")
	at := "/content/" + p + "/child/attachment"
	f := b.upload(200, "POST", restV1+at, part{"file", "a.txt", "text/plain", "x"}).str("results.0.id")
	change := func(number int, title, container string) object {
		o := object{"id": f, "type": "attachment", "title": title, "version": object{"number": number}}
		if container != "" {
			o["container"] = object{"id": container, "type": "page"}
		}
		return o
	}
	b.v1(409, "PUT", at+"/"+f, change(3, "b.txt", ""))
	b.v1(409, "PUT", at+"/"+f, change(0, "b.txt", ""))
	equal(t, "renamed by the stored number", b.v1(200, "PUT", at+"/"+f, change(1, "b.txt", "")).str("title"), "b.txt")
	equal(t, "by the next one, too", b.v1(200, "PUT", at+"/"+f, change(3, "c.txt", "")).str("title"), "c.txt") // open-facts OF-34
	b.v1(200, "PUT", at+"/"+f, change(3, "c.txt", q))
	same(t, "moved", b.do(200, "GET", "/wiki/api/v2/pages/"+q+"/attachments", nil).col("title"), "c.txt")
	b.v1(404, "PUT", at+"/"+f, change(4, "d.txt", ""))
	b.v1(400, "PUT", "/content/"+q+"/child/attachment/"+f, object{"id": "att1", "type": "attachment", "version": object{"number": 4}})
}

func TestRow_AT_04(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	at := restV1 + "/content/" + p + "/child/attachment"
	bare := b.upload(200, "POST", at, part{"file", "a.txt", "text/plain", "x"}, part{"comment", "", "", "Grüße"})
	equal(t, "without charset", bare.str("results.0.metadata.comment"), "GrÃ¼Ã\u009fe")
	told := b.upload(200, "POST", at, part{"file", "b.txt", "text/plain", "x"}, part{"comment", "", "text/plain; charset=UTF-8", "Grüße"})
	equal(t, "with charset", told.str("results.0.metadata.comment"), "Grüße")
}

func TestRow_AT_05(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	at := "/content/" + p + "/child/attachment"
	f := b.upload(200, "POST", restV1+at, part{"file", "a.txt", "text/plain", "old"}).str("results.0.id")
	b.upload(200, "POST", restV1+at+"/"+f+"/data", part{"file", "a.txt", "text/plain", "new"})
	follow := func(path string) string {
		t.Helper()
		where := b.v1(302, "GET", path, nil).header.Get("Location")
		r := b.request("GET", strings.TrimPrefix(where, "https://emulated.example.test"), nil)
		r.Header.Del("Authorization") // it must not follow
		return string(b.sent(200, r).raw)
	}
	equal(t, "now", follow(at+"/"+f+"/download"), "new")
	equal(t, "a version", follow(at+"/"+f+"/download?version=1"), "old")
	b.v1(404, "GET", at+"/att0/download", nil)
	b.v1(404, "GET", at+"/"+f+"/download?version=9", nil)
	where := b.v1(302, "GET", at+"/"+f+"/download", nil).header.Get("Location")
	b.do(403, "GET", strings.TrimPrefix(strings.Split(where, "?")[0], "https://emulated.example.test"), nil)
	b.do(404, "GET", "/wiki/download/attachments/"+p+"/a.txt", nil)
}

func TestRow_AT_07_V1(t *testing.T) {
	b := newBench(t, "AT-07", "10")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	at := restV1 + "/content/" + p + "/child/attachment"
	b.upload(200, "POST", at, part{"file", "a.txt", "text/plain", "0123456789"})
	b.upload(404, "POST", at, part{"file", "b.txt", "text/plain", "0123456789x"})
	equal(t, "the page is there", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).str("status"), "current")
}

func TestRow_AT_11_V1(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	at := restV1 + "/content/" + p + "/child/attachment"
	for _, name := range []string{"a b+c%20.txt", "Grüße.txt", "日本.png"} {
		equal(t, name, b.upload(200, "POST", at, part{"file", name, "text/plain", "x"}).str("results.0.title"), name)
	}
	b.upload(400, "POST", at, part{"file", "a/b.txt", "text/plain", "x"})
}

func TestRow_AT_13(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	number := func() int { t.Helper(); return b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number") }
	at := restV1 + "/content/" + p + "/child/attachment"
	b.upload(200, "PUT", at, part{"file", "a.txt", "text/plain", "x"})
	equal(t, "by default", number(), 1)
	if err := b.site.SetOptions(map[string]string{"AT-13": "bumps"}); err != nil {
		t.Fatal(err)
	}
	b.upload(200, "PUT", at, part{"file", "a.txt", "text/plain", "y"})
	equal(t, "by option", number(), 2)
	b.upload(200, "PUT", at, part{"file", "a.txt", "text/plain", "z"}, part{"minorEdit", "", "", "true"})
	equal(t, "not by a minor edit", number(), 2)
}

func TestRow_LB_01(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	add := func(want int, name string) got {
		t.Helper()
		return b.v1(want, "POST", "/content/"+p+"/label", []object{{"prefix": "global", "name": name}})
	}
	same(t, "lower case", add(200, "ÄRGER").col("name"), "ärger")
	same(t, "split", add(200, "one two,three").col("name"), "ärger", "one", "two", "three")
	same(t, "no twice", add(200, "ONE").col("name"), "ärger", "one", "two", "three")
	for _, r := range "!#&()*.:;<>?@[]^\t" {
		g := add(400, "bad"+string(r))
		equal(t, string(r), g.str("data.errors.0.message.translation"), "label.contains.invalid.chars")
	}
	add(200, strings.Repeat("x", 255))
	add(400, strings.Repeat("x", 256))
	add(400, strings.Repeat("𝄞", 128)) // two units each
	add(400, " ")
	b.v1(404, "POST", "/content/0/label", object{"prefix": "global", "name": "x"})
}

func TestRow_LB_02_V1(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	b.v1(200, "POST", "/content/"+p+"/label", []object{{"prefix": "global", "name": "a/b"}, {"prefix": "global", "name": "c"}})
	b.v1(400, "DELETE", "/content/"+p+"/label/a%2Fb", nil)
	b.v1(204, "DELETE", "/content/"+p+"/label?name=a/b", nil)
	b.v1(204, "DELETE", "/content/"+p+"/label/c", nil)
	b.v1(404, "DELETE", "/content/"+p+"/label/c", nil)
	// Of two labels of one name the personal one goes first, whatever the prefix (open-facts OF-44).
	b.v1(200, "POST", "/content/"+p+"/label", []object{{"prefix": "global", "name": "d"}, {"prefix": "my", "name": "d"}})
	b.v1(204, "DELETE", "/content/"+p+"/label?name=d&prefix=global", nil)
	same(t, "left", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/labels", nil).col("prefix"), "global")
}

func TestRow_LB_03_V1(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	version := func() string {
		t.Helper()
		return string(encode(b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).at("version")))
	}
	before := version()
	b.wait(1 << 40)
	b.v1(200, "POST", "/content/"+p+"/label", object{"prefix": "global", "name": "x"})
	equal(t, "added", version(), before)
	b.v1(204, "DELETE", "/content/"+p+"/label?name=x", nil)
	equal(t, "removed", version(), before)
}

func TestRow_LB_04_V1(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	var all []object
	for _, prefix := range []string{"my", "team", "global", "system"} {
		all = append(all, object{"prefix": prefix, "name": "n-" + prefix})
	}
	same(t, "written", b.v1(200, "POST", "/content/"+p+"/label", all).col("prefix"), "my", "team", "global", "system")
	b.v1(400, "POST", "/content/"+p+"/label", object{"prefix": "royal", "name": "x"})
}

func TestRow_LB_07_V1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.site.AddGroup("staff", "ann")
	group := b.v1(200, "GET", "/group/picker?query=staff", nil).str("results.0.id")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	at := "/content/" + p + "/restriction"
	who := func(operation string, users ...string) object {
		var list []object
		for _, u := range users {
			list = append(list, object{"type": "known", "accountId": u})
		}
		return object{"operation": operation, "restrictions": object{"user": list}}
	}
	names := func(operation string) []string {
		t.Helper()
		out := []string{}
		for _, u := range b.v1(200, "GET", at+"/byOperation/"+operation+"?expand=restrictions.user", nil).at("restrictions.user.results").([]any) {
			out = append(out, u.(map[string]any)["accountId"].(string))
		}
		return out
	}
	b.v1(200, "POST", at, []object{who("update", serviceID)})
	b.v1(200, "POST", at, []object{who("update", "ann"), who("read", serviceID)})
	same(t, "POST adds", names("update"), "ann", serviceID)
	b.v1(200, "PUT", at, []object{who("update", serviceID)})
	same(t, "PUT replaces", names("update"), serviceID)
	same(t, "all", names("read"))
	probe := at + "/byOperation/update/user?accountId="
	b.v1(200, "GET", probe+serviceID, nil)
	b.v1(404, "GET", probe+"ann", nil)
	b.v1(200, "PUT", probe+"ann", nil)
	b.v1(200, "GET", probe+"ann", nil)
	b.v1(200, "DELETE", probe+"ann", nil)
	b.v1(404, "DELETE", probe+"ann", nil)
	byGroup := at + "/byOperation/update/byGroupId/" + group
	b.v1(404, "GET", byGroup, nil)
	b.v1(200, "PUT", byGroup, nil)
	b.v1(200, "GET", byGroup, nil)
	b.v1(200, "DELETE", byGroup, nil)
	both := b.v1(200, "GET", at+"/byOperation?expand=update.restrictions.user", nil)
	equal(t, "by operation", both.num("update.restrictions.user.size"), 1)
	b.v1(200, "DELETE", at, nil)
	same(t, "DELETE clears", names("update"))
	equal(t, "no version", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number"), 1)
	b.v1(404, "GET", "/content/0/restriction", nil)
}

func TestRow_LB_08_V1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	b.v1(200, "PUT", "/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{
		"user": []object{{"type": "known", "accountId": "ann"}}}}})
	b.v1(404, "GET", "/content/"+p+"/restriction", nil) // locked out, and nobody said so
	b.as("ann").v1(200, "GET", "/content/"+p+"/restriction", nil)
}

func TestRow_LB_09_V1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	top := b.page(id, "", "Top", "<p>p</p>")
	kid := b.page(id, top, "Kid", "<p>k</p>")
	drawer := b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": id, "title": "Drawer"}).str("id")
	own := []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}}}
	b.v1(200, "PUT", "/content/"+top+"/restriction", own)
	b.v1(200, "PUT", "/content/"+drawer+"/restriction", own)
	equal(t, "not in the child's list", b.v1(200, "GET", "/content/"+kid+"/restriction?expand=restrictions.user", nil).num("results.0.restrictions.user.size"), 0)
	b.as("ann").do(404, "GET", "/wiki/api/v2/pages/"+kid, nil)
	b.as("ann").do(404, "GET", "/wiki/api/v2/folders/"+drawer, nil)
}

func TestRow_LB_11_V1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	write := func(want int, users, groups []object) {
		t.Helper()
		b.v1(want, "PUT", "/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{"user": users, "group": groups}}})
	}
	write(400, []object{{"type": "known", "accountId": "nobody"}}, nil)
	write(400, nil, []object{{"type": "group", "id": "nothing"}})
	b.v1(400, "POST", "/space/S/permission", object{"subject": object{"type": "group", "identifier": "nothing"}, "operation": object{"key": "read", "target": "space"}})
	write(200, []object{{"type": "known", "accountId": "ann"}}, nil)
	if _, err := b.site.Act(serviceID, []byte(`{"leave":"ann"}`)); err != nil {
		t.Fatal(err)
	}
	b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil) // the only reader has left
	b.as("ann").do(404, "GET", "/wiki/api/v2/pages/"+p, nil)
	if _, err := b.site.Act(serviceID, []byte(`{"leave":"nobody"}`)); err == nil {
		t.Error("somebody left who was not there")
	}
}

func TestRow_TR_05(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	other, otherHome := b.space("T")
	a, c, d := b.page(id, "", "A", "<p>a</p>"), b.page(id, "", "C", "<p>c</p>"), b.page(id, "", "D", "<p>d</p>")
	order := func() []string { t.Helper(); return b.v1(200, "GET", "/content/"+home+"/child/page", nil).col("title") }
	move := func(want int, p, where, target string) {
		t.Helper()
		b.v1(want, "PUT", "/content/"+p+"/move/"+where+"/"+target, nil)
	}
	move(200, d, "before", a)
	same(t, "before", order(), "D", "A", "C")
	move(200, d, "after", a)
	same(t, "after", order(), "A", "D", "C")
	move(200, d, "append", c)
	same(t, "below", order(), "A", "C")
	equal(t, "no version", b.do(200, "GET", "/wiki/api/v2/pages/"+d, nil).num("version.number"), 1)
	move(400, c, "append", d) // a loop
	move(400, c, "beside", d)
	move(404, c, "append", "0")
	move(200, d, "after", home)
	equal(t, "an orphan at the root", b.do(200, "GET", "/wiki/api/v2/pages/"+d, nil).at("parentId"), nil)
	same(t, "not in the tree", order(), "A", "C")
	b.page(other, "", "A", "<p>a</p>")
	move(400, a, "append", otherHome) // the title is taken there
	move(200, c, "append", otherHome)
	equal(t, "in another space", b.do(200, "GET", "/wiki/api/v2/pages/"+c, nil).str("spaceId"), other)
}
