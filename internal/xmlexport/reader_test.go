package xmlexport

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func code(t *testing.T, err error, want confluence.Code) {
	t.Helper()
	if e := confluence.AsError(err); e == nil || e.Code != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// rich is an export of the new generation with one of everything.
func rich() *fixture {
	f := newFixture()
	f.descriptor = "#Tue Apr 23\nexportType=space\nspaceKey=DOC\ncreatedByBuildNumber=9012\ncreatedByVersionNumber=8.5.6\nbuildNumber=8703\ntimezoneId=Europe/Berlin\n"
	f.child("20", "Rota", prop("position", "3"), prop("creationDate", "2024-06-01 10:00:00.500"), prop("lastModificationDate", "2024-12-01 10:00:00"),
		prop("versionComment", "typo"), ref("lastModifier", "ConfluenceUserImpl", "u2"))
	f.object("Page", "21", prop("title", "Rota (old)"), prop("version", "7"), ref("originalVersion", "Page", "20"), prop("contentStatus", "current")).
		body("219", "21", "<p>before</p>")
	f.object("BlogPost", "25", prop("title", "News"), ref("space", "Space", "1"), prop("creationDate", "2024-03-01 08:00:00.000"), prop("version", "2")).body("259", "25", "<p>news</p>")
	f.attachment("30", "20", "plan.txt", prop("contentStatus", "current")).file("attachments/20/30/1", "the plan").
		object("ContentProperty", "31", prop("name", "MEDIA_TYPE"), prop("stringValue", "text/plain"), ref("content", "Attachment", "30"))
	f.comment("40", "20").comment("41", "20", ref("parent", "Comment", "40"))
	f.comment("42", "20").property("90", "42", "inline-comment", "true").property("91", "42", "inline-marker-ref", "m-1").
		property("92", "42", "status", "resolved").property("93", "42", "inline-original-selection", "Rota")
	f.object("Label", "50", prop("name", "ops"), prop("namespace", "global")).object("Labelling", "51", ref("label", "Label", "50"), ref("content", "Page", "20"))
	f.object("ContentPermissionSet", "60", prop("type", "View"), ref("owningContent", "Page", "20")).
		object("ContentPermission", "61", prop("type", "View"), prop("groupName", "staff"), ref("owningSet", "ContentPermissionSet", "60")).
		object("ContentPermission", "62", prop("type", "View"), ref("userSubject", "ConfluenceUserImpl", "u2"), ref("owningSet", "ContentPermissionSet", "60")).
		object("ContentPermissionSet", "63", prop("type", "Edit"), ref("owningContent", "Page", "20")).
		object("ContentPermission", "64", prop("type", "Edit"), ref("userSubject", "ConfluenceUserImpl", "u1"), ref("owningSet", "ContentPermissionSet", "63")).
		object("ContentPermissionSet", "65", prop("type", "Share"), ref("owningContent", "Page", "10")).
		object("ContentPermission", "66", prop("type", "Share"), ref("userSubject", "ConfluenceUserImpl", "u1"), ref("owningSet", "ContentPermissionSet", "65"))
	f.object("SpacePermission", "80", prop("type", "VIEWSPACE"), ref("space", "Space", "1"), prop("group", "staff")).
		object("SpacePermission", "81", prop("type", "EDITSPACE"), ref("space", "Space", "1"), ref("userSubject", "ConfluenceUserImpl", "u2")).
		object("SpacePermission", "82", prop("type", "VIEWSPACE"), ref("space", "Space", "1")).
		object("SpacePermission", "83", prop("type", "COMMENT"), ref("space", "Space", "1"), prop("allUsersSubject", "authenticated-users")).
		object("SpacePermission", "84", prop("type", "USECONFLUENCE"), prop("group", "everyone"))
	return f.user("u2", "Bob")
}

// TestReader reads one of everything through every method.
func TestReader(t *testing.T) {
	for _, form := range []string{"folder", "zip"} {
		t.Run(form, func(t *testing.T) {
			path := rich().folder(t)
			if form == "zip" {
				path = rich().zip(t)
			}
			r := openPath(t, path, Options{})
			all := scanAll(t, r)
			berlin, err := time.LoadLocation("Europe/Berlin")
			if err != nil {
				t.Fatal(err)
			}
			want := confluence.Content{ID: "20", Kind: confluence.Page, Status: confluence.Current, SpaceID: "1", SpaceKey: "DOC", Title: "Rota",
				ParentID: "10", Position: 3, Positioned: true, Created: time.Date(2024, 6, 1, 10, 0, 0, 5e8, berlin).UTC(), Creator: "u1",
				Version: confluence.Version{Number: 1, At: time.Date(2024, 12, 1, 10, 0, 0, 0, berlin).UTC(), By: "u2", Message: "typo"},
				Facets:  confluence.AllFacets, Body: storage("<p>Rota</p>"), Labels: []confluence.Label{{Prefix: "global", Name: "ops"}},
				Restrictions: confluence.Restrictions{Read: []confluence.Principal{"group:staff", "user:u2"}, Update: []confluence.Principal{"user:u1"}},
				Attachments:  1, Comments: 3}
			if diff := gocmp.Diff(want, all.contents["20"]); diff != "" {
				t.Errorf("the page (-want +got):\n%s", diff)
			}
			if c := all.contents["10"]; !c.Restrictions.Open() {
				t.Errorf("a Share set restricts nothing: %+v", c.Restrictions)
			}
			if c := all.contents["25"]; c.Kind != confluence.BlogPost || c.Created.IsZero() || c.Version.Number != 2 {
				t.Errorf("the blog post: %+v", c)
			}
			if diff := gocmp.Diff(&confluence.CommentInfo{Kind: confluence.Inline, Marker: "m-1", Selection: "Rota", Resolution: "resolved"}, all.contents["42"].Comment); diff != "" {
				t.Errorf("the inline comment:\n%s", diff)
			}
			replyTo("41", confluence.Footer, "40")(t, r, all)
			file := all.contents["30"]
			if diff := gocmp.Diff(&confluence.FileInfo{MediaType: "text/plain", Size: 8}, file.File); diff != "" || file.Container != "20" {
				t.Errorf("the attachment of %q:\n%s", file.Container, diff)
			}
			if got := contentOf(t, r, file); got != "the plan" {
				t.Errorf("its file: %q", got)
			}
			if c, err := r.Version(t.Context(), confluence.Page, "20", 7); err != nil || c.Body.Raw != "<p>before</p>" || c.Title != "Rota (old)" || c.ID != "20" {
				t.Errorf("version 7: %+v, %v", c, err)
			}
			_, err = r.Version(t.Context(), confluence.Page, "20", 99)
			code(t, err, confluence.CodeNotThere)
			_, err = r.Feed(t.Context(), time.Now())
			code(t, err, confluence.CodeNotCapable)
		})
	}
}

func contentOf(t *testing.T, r *Reader, c confluence.Content) string {
	t.Helper()
	f, err := r.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestIdentity tells product, digest and capabilities; the digest is that of the bytes.
func TestIdentity(t *testing.T) {
	path := rich().zip(t)
	a, b := openPath(t, path, Options{}), openPath(t, path, Options{})
	other := openPath(t, rich().child("70", "More").zip(t), Options{})
	id, err := a.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if id.Kind != confluence.Export || id.Product != "export of Confluence 8.5.6" || !strings.HasPrefix(id.Fingerprint, "sha256:") ||
		len(id.Fingerprint) != 71 || !id.Caps.UnpaginatedRead || !id.Caps.Directory || id.Caps.Write {
		t.Errorf("got %+v", id)
	}
	again, _ := b.Identity(t.Context())
	changed, _ := other.Identity(t.Context())
	if again.Fingerprint != id.Fingerprint || changed.Fingerprint == id.Fingerprint {
		t.Errorf("digests: %s, again %s, of another export %s", id.Fingerprint, again.Fingerprint, changed.Fingerprint)
	}
	folder := rich().folder(t)
	first, _ := openPath(t, folder, Options{}).Identity(t.Context())
	if err := os.WriteFile(filepath.Join(folder, "attachments", "20", "30", "1"), []byte("THE plan"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, _ := openPath(t, folder, Options{}).Identity(t.Context())
	if first.Fingerprint == second.Fingerprint {
		t.Error("a changed file of a folder leaves the digest as it was")
	}
}

// TestSpaces maps permissions to Cloud's words and leaves out global ones.
func TestSpaces(t *testing.T) {
	f := rich().object("SpaceDescription", "5", ref("space", "Space", "2")).body("59", "5", "<p>All &amp; everything</p>").
		object("Space", "2", prop("key", "~bob"), ref("description", "SpaceDescription", "5"), prop("spaceStatus", "ARCHIVED"), ref("homePage", "Page", "20"))
	f.descriptor = ""
	r := f.open(t)
	spaces, err := r.Spaces(t.Context(), nil)
	if err != nil || len(spaces) != 2 {
		t.Fatal(spaces, err)
	}
	want := []confluence.Permission{{Principal: "user:u2", Operation: "create/page"}, {Principal: confluence.Anonymous, Operation: "read/space"},
		{Principal: "group:staff", Operation: "read/space"}}
	if diff := gocmp.Diff(want, spaces[0].Permissions); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
	bob := confluence.Space{ID: "2", Key: "~bob", Name: "~bob", Type: "personal", Status: "archived", Description: "All & everything"}
	if diff := gocmp.Diff(bob, spaces[1]); diff != "" {
		t.Errorf("personal space (-want +got):\n%s", diff)
	}
	if none, err := r.Spaces(t.Context(), []string{"NONE"}); err != nil || len(none) != 0 {
		t.Errorf("got %v, %v", none, err)
	}
}

// TestFetchAndFind read by id and by probe.
func TestFetchAndFind(t *testing.T) {
	r := rich().open(t)
	got, err := r.Fetch(t.Context(), confluence.Page, []confluence.ID{"20", "404", "10", "30"}, confluence.FacetBody)
	if err != nil || len(got) != 2 || got[0].ID != "20" || got[1].Body.Raw != "<p>Welcome</p>" {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		probe confluence.Probe
		want  []confluence.ID
	}{
		"title":     {confluence.Probe{Kind: confluence.Page, Title: "Rota"}, []confluence.ID{"20"}},
		"container": {confluence.Probe{Kind: confluence.Comment, Container: "20", ReplyTo: "40"}, []confluence.ID{"41"}},
		"file":      {confluence.Probe{Kind: confluence.Attachment, Title: "plan.txt", Space: confluence.Space{ID: "1"}}, []confluence.ID{"30"}},
		"since":     {confluence.Probe{Kind: confluence.Page, Since: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}, nil},
		"creator":   {confluence.Probe{Kind: confluence.Page, Creator: "nobody"}, nil},
	} {
		found, err := r.Find(t.Context(), c.probe)
		var ids []confluence.ID
		for _, f := range found {
			ids = append(ids, f.ID)
		}
		if err != nil || !gocmp.Equal(ids, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, ids, err, c.want)
		}
	}
}

// TestDirectory joins user rows with the directories of a site backup, and knows users of old exports by name.
func TestDirectory(t *testing.T) {
	f := rich().object("InternalUser", "7", prop("name", "Bob"), prop("lowerName", "bob"), prop("displayName", "Bob B."), prop("emailAddress", "bob@example.invalid"), prop("active", "false")).
		object("InternalUser", "8", prop("name", "Carl"), prop("displayName", "Carl C.")).
		object("InternalGroup", "9", prop("name", "Staff")).
		page("70", "Old", prop("creatorName", "BOB"), prop("lastModifierName", "carl"), ref("space", "Space", "1"), ref("parent", "Page", "10")).body("79", "70", "x")
	f.xml.WriteString(`<object class="ConfluenceUserImpl" package="p"><id name="key">u3</id><property name="name">dora</property>` +
		`<property name="atlassianAccountId">557058:dora</property><property name="email">dora@example.invalid</property></object>`)
	r := f.open(t)
	got, err := r.Users(t.Context(), []confluence.UserID{"u2", "404", "carl", "557058:dora", "u1"})
	want := []confluence.User{{ID: "u2", Name: "Bob", DisplayName: "Bob B.", Email: "bob@example.invalid"}, {ID: "carl", Name: "Carl", DisplayName: "Carl C.", Active: true},
		{ID: "u3", Name: "dora", Email: "dora@example.invalid", Active: true}, {ID: "u1", Name: "ann", Active: true}}
	if diff := gocmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("users (-want +got): %v\n%s", err, diff)
	}
	groups, err := r.Groups(t.Context(), []string{"staff", "nobody"})
	if err != nil || !gocmp.Equal(groups, []string{"staff"}) {
		t.Errorf("groups: %v, %v", groups, err)
	}
	c := scanAll(t, r).contents["70"]
	if c.Version.By != "carl" || c.Creator != "u1" {
		t.Errorf("authors: %q %q", c.Creator, c.Version.By)
	}
}

// TestOldGeneration reads what only collections and old names tell.
func TestOldGeneration(t *testing.T) {
	f := bare().object("Space", "1", prop("key", "OLD"), ref("homePage", "Page", "10")).
		object("BodyContent", "11", prop("body", "h1. Welcome")).
		object("Attachment", "30", prop("fileName", "a.txt"), prop("contentType", "text/plain"), prop("fileSize", "3"), prop("attachmentVersion", "2"), prop("comment", "first")).
		object("Comment", "40", ref("owner", "Page", "10"), prop("creatorName", "Ann"), list("bodyContents", "BodyContent", "41")).
		object("BodyContent", "41", prop("body", "said"), prop("bodyType", "0")).
		object("Comment", "42", ref("parent", "Comment", "40"), list("contentProperties", "ContentProperty", "43")).
		object("ContentProperty", "43", prop("name", "status"), prop("stringValue", "open")).
		object("Page", "10", prop("title", "Home"), ref("space", "Space", "1"), list("bodyContents", "BodyContent", "11"), list("attachments", "Attachment", "30"),
			list("labellings", "Labelling", "51"), list("contentPermissionSets", "ContentPermissionSet", "60"), prop("originalVersion", ""), prop("originalVersionId", "")).
		object("Label", "50", prop("name", "ops")).object("Labelling", "51", ref("label", "Label", "50")).
		object("ContentPermissionSet", "60", prop("type", "View"), list("contentPermissions", "ContentPermission", "61")).
		object("ContentPermission", "61", prop("userName", "Ann")).
		object("DefaultHibernateUser", "2", prop("name", "Ann"), prop("password", "x")).
		file("attachments/10/30/2", "abc")
	r := f.open(t)
	rep, err := r.Report(t.Context())
	if err != nil || rep.Generation != "old" {
		t.Fatal(rep.Generation, err)
	}
	all := scanAll(t, r)
	page := all.contents["10"]
	if page.Body != (confluence.Body{Format: confluence.Wiki, Raw: "h1. Welcome"}) || len(page.Labels) != 1 || page.Labels[0].String() != "global:ops" {
		t.Errorf("the page: %+v", page)
	}
	readers("10", "user:ann")(t, r, all)
	file := all.contents["30"]
	if file.Title != "a.txt" || file.Version.Number != 2 || contentOf(t, r, file) != "abc" ||
		!gocmp.Equal(file.File, &confluence.FileInfo{MediaType: "text/plain", Size: 3, Comment: "first"}) {
		t.Errorf("the attachment: %+v %+v", file, file.File)
	}
	if c := all.contents["40"]; c.Creator != "ann" || c.Container != "10" || c.Body.Raw != "said" {
		t.Errorf("the comment: %+v", c)
	}
	if c := all.contents["42"]; c.Container != "10" || c.Comment.ReplyTo != "40" || c.Comment.Resolution != "open" {
		t.Errorf("the reply: %+v %+v", c, c.Comment)
	}
}

// TestOtherFileLayouts finds files of copied attachment folders and of old versions.
func TestOtherFileLayouts(t *testing.T) {
	f := newFixture().attachment("30", "10", "by id.txt").file("ver003/1/2/3/4/5/10/30/1", "home directory").
		attachment("31", "10", "v4.txt").file("v4/1/2/31/31.1", "keyed by attachment").
		attachment("32", "10", "named.txt").file("attachments/10/named.txt", "by name").
		attachment("33", "10", "now.txt").file("attachments/10/33/1", "current").
		object("Attachment", "34", prop("title", "now.txt"), prop("version", "9"), ref("originalVersion", "Attachment", "33"), ref("containerContent", "Page", "10")).file("attachments/10/33/9", "older").
		object("Attachment", "35", prop("title", "now.txt"), prop("version", "8"), ref("originalVersion", "Attachment", "33"), ref("containerContent", "Page", "10")).file("attachments/10/35/8", "own id")
	r := f.open(t)
	all := scanAll(t, r)
	for id, want := range map[confluence.ID]string{"30": "home directory", "31": "keyed by attachment", "32": "by name", "33": "current"} {
		if c := all.contents[id]; c.File.Missing || contentOf(t, r, c) != want {
			t.Errorf("%s: %+v, want %q", id, c.File, want)
		}
	}
	for number, want := range map[int]string{9: "older", 8: "own id"} {
		c, err := r.Version(t.Context(), confluence.Attachment, "33", number)
		if err != nil || contentOf(t, r, c) != want || c.File.Size != int64(len(want)) {
			t.Errorf("version %d: %+v, %v", number, c.File, err)
		}
	}
}
