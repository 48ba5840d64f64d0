package xmlexport

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// defectCase is an export with defects: those that a report counts, and what a Scan must make of it.
type defectCase struct {
	name  string
	build func() *fixture
	want  map[string]int
	check func(*testing.T, *Reader, told)
}

// inDOC are the references of a page of space DOC below its home page.
func inDOC(more ...string) []string {
	return append([]string{ref("space", "Space", "1"), ref("parent", "Page", "10")}, more...)
}

func parentOf(id confluence.ID, want confluence.ID) func(*testing.T, *Reader, told) {
	return func(t *testing.T, _ *Reader, all told) {
		t.Helper()
		if got, ok := all.contents[id]; !ok || got.ParentID != want {
			t.Errorf("parent of %s: got %q (told: %v), want %q", id, got.ParentID, ok, want)
		}
	}
}

func bodyOf(id confluence.ID, want confluence.Body) func(*testing.T, *Reader, told) {
	return func(t *testing.T, _ *Reader, all told) {
		t.Helper()
		if diff := gocmp.Diff(want, all.contents[id].Body); diff != "" {
			t.Errorf("body of %s (-want +got):\n%s", id, diff)
		}
	}
}

func leftOut(ids ...confluence.ID) func(*testing.T, *Reader, told) {
	return func(t *testing.T, _ *Reader, all told) {
		t.Helper()
		for _, id := range ids {
			if _, ok := all.contents[id]; ok {
				t.Errorf("%s is told, but must be left out", id)
			}
		}
	}
}

func titleOf(id confluence.ID, want, source string) func(*testing.T, *Reader, told) {
	return func(t *testing.T, _ *Reader, all told) {
		t.Helper()
		if c := all.contents[id]; c.Title != want || c.SourceTitle != source {
			t.Errorf("title of %s: got %q (at the source %q), want %q (%q)", id, c.Title, c.SourceTitle, want, source)
		}
	}
}

func both(checks ...func(*testing.T, *Reader, told)) func(*testing.T, *Reader, told) {
	return func(t *testing.T, r *Reader, all told) {
		t.Helper()
		for _, check := range checks {
			check(t, r, all)
		}
	}
}

func storage(raw string) confluence.Body {
	return confluence.Body{Format: confluence.Storage, Raw: raw}
}

var treeCases = []defectCase{
	{"archived page", func() *fixture { return newFixture().child("20", "Old", prop("contentStatus", "archived")) },
		map[string]int{"archived page": 1}, leftOut("20")},
	{"deleted revision", func() *fixture {
		return newFixture().page("20", "Home", prop("contentStatus", "deleted"), ref("originalVersion", "Page", "10"))
	}, map[string]int{"deleted revision": 1}, leftOut("20")},
	{"no space object", func() *fixture {
		f := bare().user("u1", "ann").page("10", "Home", ref("space", "Space", "1")).body("11", "10", "x")
		f.descriptor = "exportType=space\nspaceKey=DOC\nbuildNumber=9012\n"
		return f
	}, map[string]int{"no space object": 1, "missing space": 1, "extra root": 1}, func(t *testing.T, r *Reader, all told) {
		if c := all.contents["10"]; c.SpaceKey != "DOC" {
			t.Errorf("the space comes from the descriptor: got %q", c.SpaceKey)
		}
	}},
	{"extraneous space", func() *fixture {
		f := newFixture().object("Space", "2", prop("key", "OTHER")).page("20", "Elsewhere", ref("space", "Space", "2"))
		f.descriptor = "spaceKey=DOC\n"
		return f
	}, map[string]int{"extraneous space": 1}, leftOut("20")},
	{"page without space", func() *fixture {
		return newFixture().page("20", "Lost", ref("parent", "Page", "10")).body("21", "20", "x")
	},
		map[string]int{"page without space": 1, "parent in other space": 1}, func(t *testing.T, _ *Reader, all told) {
			if c := all.contents["20"]; c.SpaceKey != "DOC" {
				t.Errorf("it goes to the first space: got %q", c.SpaceKey)
			}
		}},
	{"missing space", func() *fixture {
		return newFixture().page("20", "Lost", ref("space", "Space", "77")).body("21", "20", "x")
	},
		map[string]int{"missing space": 1, "extra root": 1}, func(t *testing.T, _ *Reader, all told) {
			if c := all.contents["20"]; c.SpaceKey != "SPACE77" || c.SpaceID != "77" {
				t.Errorf("a space is made up: got %q", c.SpaceKey)
			}
		}},
	{"no home page", func() *fixture {
		return bare().user("u1", "ann").object("Space", "1", prop("key", "DOC")).page("20", "Alone", ref("space", "Space", "1")).body("21", "20", "x")
	}, map[string]int{"no home page": 1, "extra root": 1}, homeIs("")},
	{"missing home page", func() *fixture {
		return bare().user("u1", "ann").object("Space", "1", prop("key", "DOC"), ref("homePage", "Page", "5")).page("20", "Alone", ref("space", "Space", "1")).body("21", "20", "x")
	}, map[string]int{"missing home page": 1, "extra root": 1}, homeIs("")},
	{"missing parent", func() *fixture {
		return newFixture().page("20", "Child", ref("space", "Space", "1"), ref("parent", "Page", "404")).body("21", "20", "x")
	},
		map[string]int{"missing parent": 1}, parentOf("20", "")},
	{"parent not current", func() *fixture {
		return newFixture().child("20", "Draft", prop("contentStatus", "draft")).page("30", "Child", ref("space", "Space", "1"), ref("parent", "Page", "20")).body("31", "30", "x")
	}, map[string]int{"parent not current": 1}, parentOf("30", "")},
	{"parent in other space", func() *fixture {
		return newFixture().object("Space", "2", prop("key", "TWO"), ref("homePage", "Page", "20")).page("20", "Home", ref("space", "Space", "2")).body("21", "20", "x").
			page("30", "Child", ref("space", "Space", "2"), ref("parent", "Page", "10")).body("31", "30", "x")
	}, map[string]int{"parent in other space": 1}, parentOf("30", "")},
	{defectParentCycle, func() *fixture {
		return newFixture().page("20", "A", ref("space", "Space", "1"), ref("parent", "Page", "30")).body("21", "20", "x").
			page("30", "B", ref("space", "Space", "1"), ref("parent", "Page", "20")).body("31", "30", "x").
			page("40", "C", ref("space", "Space", "1"), ref("parent", "Page", "30")).body("41", "40", "x")
	}, map[string]int{defectParentCycle: 2}, both(parentOf("20", ""), parentOf("30", ""), parentOf("40", "30"))},
	{"extra root", func() *fixture {
		return newFixture().page("20", "Root", ref("space", "Space", "1")).body("21", "20", "x")
	},
		map[string]int{"extra root": 1}, parentOf("20", "")},
	{defectDuplicateTitle, func() *fixture { return newFixture().child("20", "Rota").child("30", "ROTA").child("40", "Rota (2)") },
		map[string]int{defectDuplicateTitle: 1}, both(titleOf("20", "Rota", ""), titleOf("30", "ROTA (3)", "ROTA"), titleOf("40", "Rota (2)", ""))},
	{"empty title", func() *fixture { return newFixture().page("20", "", inDOC()...).body("21", "20", "x") },
		map[string]int{"empty title": 1}, func(t *testing.T, _ *Reader, all told) {
			if c := all.contents["20"]; !c.Untitled || c.Title != "Untitled (20)" || c.SourceTitle != "" {
				t.Errorf("got %+v", c)
			}
		}},
	{"missing template object", func() *fixture {
		return newFixture().object("Space", "2", prop("key", "TWO"), ref("homePage", "Page", "20"), list("pageTemplates", "PageTemplate", "70", "71")).
			object("PageTemplate", "70", prop("name", "T"), ref("space", "Space", "2")).page("20", "Home", ref("space", "Space", "2")).body("21", "20", "x")
	}, map[string]int{"missing template object": 1}, nil},
}

func homeIs(want confluence.ID) func(*testing.T, *Reader, told) {
	return func(t *testing.T, r *Reader, _ told) {
		spaces, err := r.Spaces(t.Context(), []string{"doc"})
		if err != nil || len(spaces) != 1 || spaces[0].HomeID != want {
			t.Errorf("got %+v, %v, want home %q", spaces, err, want)
		}
	}
}

var bodyCases = []defectCase{
	{"missing body", func() *fixture { return newFixture().page("20", "Bare", inDOC()...) },
		map[string]int{"missing body": 1}, bodyOf("20", storage(""))},
	{"empty body", func() *fixture { return newFixture().page("20", "Blank", inDOC()...).body("21", "20", " \n ") },
		map[string]int{"empty body": 1}, bodyOf("20", storage(" \n "))},
	{"several bodies", func() *fixture {
		return newFixture().page("20", "Two", inDOC()...).body("21", "20", "old").body("22", "20", "new").
			object("BodyContent", "23", prop("body", "wiki"), ref("content", "Page", "20"), prop("bodyType", "0"))
	}, map[string]int{"several bodies": 1}, bodyOf("20", storage("new"))},
	{"contradictory body reference", func() *fixture {
		return newFixture().child("20", "Claims", list("bodyContents", "BodyContent", "11"))
	}, map[string]int{"contradictory body reference": 1}, both(bodyOf("20", storage("<p>Claims</p>")), bodyOf("10", storage("<p>Welcome</p>")))},
	{"no bodyType", func() *fixture {
		return newFixture().page("20", "Ancient", inDOC()...).object("BodyContent", "21", prop("body", "h1. Hi"), ref("content", "Page", "20"))
	},
		map[string]int{"no bodyType": 1}, bodyOf("20", confluence.Body{Format: confluence.Wiki, Raw: "h1. Hi"})},
	{"plain body", func() *fixture {
		return newFixture().page("20", "Plain", inDOC()...).object("BodyContent", "21", prop("body", "1 < 2"), ref("content", "Page", "20"), prop("bodyType", "1"))
	},
		map[string]int{"plain body": 1}, bodyOf("20", storage("<p>1 &lt; 2</p>"))},
	{defectBrokenCDATA, func() *fixture {
		return newFixture().page("20", "Code", inDOC()...).body("21", "20", "<ac:plain-text-body><![CDATA[a[b[1]] = 2;]] ></ac:plain-text-body><p>x ]] > y</p>")
	}, map[string]int{defectBrokenCDATA: 1}, bodyOf("20", storage("<ac:plain-text-body><![CDATA[a[b[1]]= 2;]]></ac:plain-text-body><p>x ]] > y</p>"))},
	{"too large body", func() *fixture {
		return newFixture().page("20", "Huge", inDOC()...).body("21", "20", strings.Repeat("x", MaxBody+1)).child("30", "After")
	}, map[string]int{"too large body": 1}, both(bodyOf("20", storage("")), bodyOf("30", storage("<p>After</p>")))},
	{defectOverlong, func() *fixture {
		return newFixture().child("20", "Long", prop("versionComment", strings.Repeat("y", maxText+1)))
	},
		map[string]int{defectOverlong: 1}, bodyOf("20", storage("<p>Long</p>"))},
	{defectDuplicateID, func() *fixture { return newFixture().child("20", "First").page("20", "Second", inDOC()...) },
		map[string]int{defectDuplicateID: 1}, titleOf("20", "Second", "")},
	{defectRepeatedProperty, func() *fixture { return newFixture().child("20", "First", prop("title", "Second")) },
		map[string]int{defectRepeatedProperty: 1}, titleOf("20", "Second", "")},
	{defectNoID, func() *fixture { return newFixture().page("", "Nobody", inDOC()...) }, map[string]int{defectNoID: 1}, nil},
	{"orphan revision", func() *fixture { return newFixture().page("20", "Gone", ref("originalVersion", "Page", "404")) },
		map[string]int{"orphan revision": 1}, leftOut("20")},
	{"missing revision object", func() *fixture {
		return newFixture().child("20", "Kept", list("historicalVersions", "Page", "21", "404"), "").history("21", "20", "2")
	},
		map[string]int{"missing revision object": 1}, leftOut("21")},
	{"duplicate version", func() *fixture {
		return newFixture().child("20", "Kept").history("21", "20", "7").history("22", "20", "7")
	},
		map[string]int{"duplicate version": 1}, leftOut("21", "22")},
}

// history adds an old version of a page.
func (f *fixture) history(id, of, number string) *fixture {
	return f.object("Page", id, prop("title", "before"), prop("version", number), ref("originalVersion", "Page", of))
}

func replyTo(id confluence.ID, kind confluence.CommentKind, want confluence.ID) func(*testing.T, *Reader, told) {
	return func(t *testing.T, _ *Reader, all told) {
		t.Helper()
		c, ok := all.contents[id]
		if !ok || c.Comment.ReplyTo != want || c.Comment.Kind != kind {
			t.Errorf("comment %s: got %+v, want %s, a reply to %q", id, c.Comment, kind, want)
		}
	}
}

var commentCases = []defectCase{
	{defectCommentOnFile, func() *fixture {
		return newFixture().attachment("30", "10", "a.txt").file("attachments/10/30/1", "x").comment("40", "30")
	}, map[string]int{defectCommentOnFile: 1}, func(t *testing.T, _ *Reader, all told) {
		if c := all.contents["40"]; c.Container != "30" || c.Comment == nil {
			t.Errorf("it is told with its attachment: %+v", c)
		}
	}},
	{"comment without page", func() *fixture { return newFixture().comment("40", "404") }, map[string]int{"comment without page": 1}, leftOut("40")},
	{"missing comment", func() *fixture { return newFixture().child("20", "Talk", list("comments", "Comment", "404")) },
		map[string]int{"missing comment": 1}, nil},
	{"missing parent comment", func() *fixture { return newFixture().comment("40", "10", ref("parent", "Comment", "404")) },
		map[string]int{"missing parent comment": 1}, replyTo("40", confluence.Footer, "")},
	{"parent comment not current", func() *fixture {
		return newFixture().comment("40", "10").comment("41", "10", ref("parent", "Comment", "40"), prop("contentStatus", "deleted")).
			comment("42", "10", ref("parent", "Comment", "41"))
	}, map[string]int{"parent comment not current": 1}, replyTo("42", confluence.Footer, "40")},
	{"reply cycle", func() *fixture {
		return newFixture().comment("40", "10", ref("parent", "Comment", "41")).comment("41", "10", ref("parent", "Comment", "40"))
	}, map[string]int{"reply cycle": 2}, both(replyTo("40", confluence.Footer, ""), replyTo("41", confluence.Footer, ""))},
	{defectMarker, func() *fixture {
		return newFixture().page("20", "Marked", inDOC()...).body("21", "20", `<p><ac:inline-comment-marker ac:ref="aaa-1">x</ac:inline-comment-marker></p>`).
			comment("40", "20").property("90", "40", "inline-marker-ref", "aaa-1").comment("41", "20").property("91", "41", "inline-marker-ref", "bbb-2").
			comment("42", "20", ref("parent", "Comment", "41"))
	}, map[string]int{defectMarker: 1}, both(replyTo("40", confluence.Inline, ""), replyTo("42", confluence.Inline, "41"))},
	{"missing user", func() *fixture {
		return newFixture().child("20", "By", ref("lastModifier", "ConfluenceUserImpl", "gone"))
	},
		map[string]int{"missing user": 1}, nil},
	{"missing label", func() *fixture {
		return newFixture().object("Labelling", "50", ref("label", "Label", "404"), ref("content", "Page", "10"))
	},
		map[string]int{"missing label": 1}, nil},
	{"missing permission set", func() *fixture {
		return newFixture().child("20", "Secret", list("contentPermissionSets", "ContentPermissionSet", "404"))
	}, map[string]int{"missing permission set": 1}, readers("20", "user:ContentPermissionSet#404")},
	{"missing permission", func() *fixture {
		return newFixture().object("ContentPermissionSet", "60", prop("type", "View"), ref("owningContent", "Page", "10"), list("contentPermissions", "ContentPermission", "404"))
	}, map[string]int{"missing permission": 1}, readers("10", "user:ContentPermission#404")},
	{"unknown permission", func() *fixture {
		return newFixture().object("SpacePermission", "80", prop("type", "REMOVEMAIL"), ref("space", "Space", "1"), prop("group", "staff"))
	}, nil, func(t *testing.T, _ *Reader, all told) {
		if !slices.ContainsFunc(all.defects, func(d confluence.Defect) bool { return d.Name == "unknown permission" && d.Title == "REMOVEMAIL" }) {
			t.Errorf("the permission is not told: %+v", all.defects)
		}
	}},
}

func readers(id confluence.ID, want ...confluence.Principal) func(*testing.T, *Reader, told) {
	return func(t *testing.T, _ *Reader, all told) {
		t.Helper()
		if diff := gocmp.Diff(want, all.contents[id].Restrictions.Read); diff != "" {
			t.Errorf("readers of %s (-want +got):\n%s", id, diff)
		}
	}
}

var fileCases = []defectCase{
	{"missing attachment object", func() *fixture { return newFixture().child("20", "Lists", list("attachments", "Attachment", "404")) },
		map[string]int{"missing attachment object": 1}, nil},
	{defectDuplicateFile, func() *fixture {
		return newFixture().attachment("30", "10", "Plan.pdf").attachment("31", "10", "plan.PDF").file("attachments/10/30/1", "x").file("attachments/10/31/1", "y")
	}, map[string]int{defectDuplicateFile: 1}, both(titleOf("30", "Plan.pdf", ""), titleOf("31", "plan (2).PDF", "plan.PDF"))},
	{"missing binary", func() *fixture { return newFixture().attachment("30", "10", "a.txt") }, map[string]int{"missing binary": 1},
		func(t *testing.T, r *Reader, all told) {
			if c := all.contents["30"]; !c.File.Missing {
				t.Errorf("got %+v", c.File)
			}
			if _, err := r.Open(t.Context(), all.contents["30"]); confluence.AsError(err) == nil || confluence.AsError(err).Code != confluence.CodeFileMissing {
				t.Errorf("got %v, want %s", err, confluence.CodeFileMissing)
			}
		}},
	{"size mismatch", func() *fixture {
		return newFixture().attachment("30", "10", "a.txt").file("attachments/10/30/1", "four").
			object("ContentProperty", "31", prop("name", "FILESIZE"), prop("longValue", "9"), ref("content", "Attachment", "30"))
	}, map[string]int{"size mismatch": 1}, func(t *testing.T, _ *Reader, all told) {
		if c := all.contents["30"]; c.File.Size != 4 {
			t.Errorf("the file is believed: got %d", c.File.Size)
		}
	}},
	{"zero-byte file", func() *fixture { return newFixture().attachment("30", "10", "a.txt").file("attachments/10/30/1", "") },
		map[string]int{"zero-byte file": 1}, nil},
	{"unreferenced file", func() *fixture {
		return newFixture().file("attachments/10/99/1", "x").attachment("30", "10", "a.txt", "").file("attachments/10/30/1", "x").
			attachment("31", "10", "a.txt", ref("originalVersion", "Attachment", "30")).file("attachments/10/30/0", "older")
	}, map[string]int{"unreferenced file": 1}, leftOut("31")},
}

// TestDefects has one fixture per defect: the report counts it, a Scan tells it once per object with a code, a sentence
// and an effect, and what is told of the content is what the rule says.
func TestDefects(t *testing.T) {
	cases := slices.Concat(treeCases, bodyCases, commentCases, fileCases)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := c.build().open(t)
			rep, err := r.Report(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want == nil {
				want = map[string]int{}
			}
			if diff := gocmp.Diff(want, rep.Defects); diff != "" {
				t.Errorf("defects of the report (-want +got):\n%s", diff)
			}
			all := scanAll(t, r)
			n := 0
			for _, d := range all.defects {
				if d.Name == c.name {
					n++
				}
				if rule := rules[d.Name]; d.Code != rule.Code || d.What == "" || d.Effect == "" || d.Space == "" || d.Path == "" {
					t.Errorf("a defect that says too little: %+v", d)
				}
			}
			if n != max(1, c.want[c.name]) {
				t.Errorf("the Scan tells %q %d times, want %d", c.name, n, c.want[c.name])
			}
			if c.check != nil {
				c.check(t, r, all)
			}
		})
	}
	for _, rule := range Rules {
		if !slices.ContainsFunc(cases, func(c defectCase) bool { return c.name == rule.Name }) {
			t.Errorf("the defect %q has no test", rule.Name)
		}
	}
}

// TestRules holds the register to its form and to the names of the table of expectations.
func TestRules(t *testing.T) {
	if !slices.IsSortedFunc(Rules, func(a, b Rule) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }) {
		t.Error("the rules are not sorted by name")
	}
	for _, row := range expectations(t) {
		for part := range strings.SplitSeq(row["defects"], "; ") {
			name, _, ok := strings.Cut(part, ":")
			if _, known := rules[name]; ok && !known {
				t.Errorf("%s: the table names %q, the rules do not", row["export"], name)
			}
		}
	}
}
