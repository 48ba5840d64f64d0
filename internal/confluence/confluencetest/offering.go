package confluencetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// testInline makes inline comments on a word that stands twice, answers, changes, resolves and deletes them.
func testInline(t *testing.T, w *world) {
	if !w.caps.InlineComments {
		t.Skip("the site takes no inline comments")
	}
	r := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Parent: w.ids["delta"], Title: "Marked"},
		text("<p>a word, and once more a word</p>"))
	w.Settle()
	made := w.do(t, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page,
		Inline: &confluence.Anchor{Selection: "word", Matches: 2, Index: 1}}, text("<p>on a word</p>"))
	x := w.one(t, confluence.Comment, made.ID)
	if x.Comment.Kind != confluence.Inline || x.Comment.Selection != "word" || x.Comment.Marker == "" || x.Container != r.ID {
		t.Errorf("an inline comment is read as %+v on %s", *x.Comment, x.Container)
	}
	page := w.one(t, confluence.Page, r.ID)
	if !strings.Contains(page.Body.Raw, x.Comment.Marker) {
		t.Errorf("the body %q has no marker %s", page.Body.Raw, x.Comment.Marker)
	}
	reply := w.do(t, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page, ReplyTo: made.ID, Kind: confluence.Inline}, text("<p>reply</p>"))
	found, err := w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Comment, Container: r.ID, Inline: true})
	must(t, err, "Find")
	if len(found) != 1 || found[0].ID != made.ID {
		t.Errorf("inline comments of the page: %v, want the one", brief(found))
	}
	if found, err = w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Comment, Container: r.ID}); err != nil || len(found) != 0 {
		t.Errorf("footer comments of the page: %v, %v", brief(found), err)
	}
	if got := w.one(t, confluence.Comment, reply.ID); got.Comment.ReplyTo != made.ID || got.Comment.Kind != confluence.Inline {
		t.Errorf("the reply is read as %+v", *got.Comment)
	}
	w.do(t, confluence.UpdateComment{ID: made.ID, Kind: confluence.Inline, Expect: x.Version.Number}, text("<p>changed</p>"))
	if w.caps.Resolution {
		for _, resolved := range []bool{true, false} {
			x = w.one(t, confluence.Comment, made.ID)
			w.do(t, confluence.ResolveComment{ID: made.ID, Resolved: resolved, Expect: x.Version.Number}, confluence.Payload{})
			if got := w.one(t, confluence.Comment, made.ID); (got.Comment.Resolution == "resolved") != resolved || plain(got.Body) != "<p>changed</p>" {
				t.Errorf("resolved %v: the comment is %q with body %q", resolved, got.Comment.Resolution, got.Body.Raw)
			}
		}
	}
	w.do(t, confluence.RemoveComment{ID: reply.ID, Kind: confluence.Inline}, confluence.Payload{})
	w.do(t, confluence.RemoveComment{ID: made.ID, Kind: confluence.Inline}, confluence.Payload{})
	got, err := w.r.Fetch(t.Context(), confluence.Comment, []confluence.ID{made.ID, reply.ID}, 0)
	must(t, err, "Fetch")
	if len(got) != 0 {
		t.Errorf("removed comments are read: %v", brief(got))
	}
}

func testFileComments(t *testing.T, w *world) {
	on := w.attach(t, "delta", "commented.bin", noise(5, 5))
	r, err := w.w.Apply(t.Context(), confluence.CreateComment{Container: on, ContainerKind: confluence.Attachment}, text("<p>on a file</p>"))
	if confluence.ClassOf(err) == confluence.ClassUnsupported {
		t.Skip("the site takes no comments on attachments")
	}
	must(t, err, "comment on a file")
	w.Settle()
	for facets, want := range map[confluence.Facets]bool{confluence.AllFacets: false, confluence.AllFacets | confluence.FacetFileComments: true} {
		batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Facets: facets})
		must(t, err, "Scan")
		all := contents(batches)
		i := slices.IndexFunc(all, func(x confluence.Content) bool { return x.ID == r.ID })
		if (i >= 0) != want {
			t.Errorf("facets %b: the comment on a file is listed: %v", facets, i >= 0)
		}
		if i >= 0 && (all[i].Container != on || plain(all[i].Body) != "<p>on a file</p>") {
			t.Errorf("the comment is on %s with body %q", all[i].Container, all[i].Body.Raw)
		}
	}
	found, err := w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Comment, Container: on})
	must(t, err, "Find")
	if len(found) != 1 || found[0].ID != r.ID {
		t.Errorf("comments of the file: %v", brief(found))
	}
}

// trashed reads the whole trash of the suite's space.
func (w *world) trashed(t *testing.T) []confluence.Content {
	t.Helper()
	var out []confluence.Content
	bin := w.r.(confluence.TrashReader)
	for cursor := confluence.Cursor(""); ; {
		b, err := bin.Trashed(t.Context(), w.held.Space, cursor)
		must(t, err, "Trashed")
		out = append(out, b.Contents...)
		if cursor = b.Next; cursor == "" {
			return out
		}
	}
}

func testTrashed(t *testing.T, w *world) {
	if _, is := w.r.(confluence.TrashReader); w.caps.Trash != is {
		t.Fatalf("capability Trash is %v, and there is a TrashReader: %v", w.caps.Trash, is)
	}
	if !w.caps.Trash {
		t.Skip("the site does not show its trash")
	}
	if got := w.trashed(t); len(got) != 0 {
		t.Fatalf("a fresh space has %v in the trash", brief(got))
	}
	_, err := w.w.Apply(t.Context(), confluence.Purge{ID: w.ids["beta"], Kind: confluence.Page}, confluence.Payload{})
	refused(t, err, confluence.ClassInvalid, "purge of what is not in the trash")
	for _, name := range []string{"beta", "post1"} {
		w.do(t, confluence.Trash{ID: w.ids[name], Kind: w.noted(w.ids[name]).Kind}, confluence.Payload{})
	}
	w.Settle()
	holds := func(name string) bool {
		return slices.ContainsFunc(w.trashed(t), func(x confluence.Content) bool {
			return x.ID == w.ids[name] && x.Status == confluence.Trashed && x.Kind == w.noted(x.ID).Kind && x.SpaceKey == w.held.Space.Key
		})
	}
	if !holds("beta") || !holds("post1") {
		t.Errorf("the trash lists %v", brief(w.trashed(t)))
	}
	w.do(t, confluence.Purge{ID: w.ids["beta"], Kind: confluence.Page}, confluence.Payload{})
	w.Settle()
	if holds("beta") || !holds("post1") {
		t.Errorf("after the purge the trash lists %v", brief(w.trashed(t)))
	}
	got, err := w.r.Fetch(t.Context(), confluence.Page, []confluence.ID{w.ids["beta"]}, 0)
	must(t, err, "Fetch")
	if len(got) != 0 {
		t.Errorf("a purged page is read: %v", brief(got))
	}
}

func testStates(t *testing.T, w *world) {
	states, is := w.r.(confluence.States)
	if !w.caps.States || w.State == "" {
		t.Skip("the site has no content states")
	}
	if !is {
		t.Fatal("capability States without States")
	}
	id := w.ids["delta"]
	_, err := w.w.Apply(t.Context(), confluence.SetState{ID: id, Name: "No such state"}, confluence.Payload{})
	refused(t, err, confluence.ClassUnsupported, "a state that is not offered")
	for _, name := range []string{w.State, ""} {
		w.do(t, confluence.SetState{ID: id, Name: name}, confluence.Payload{})
		got, err := states.State(t.Context(), id)
		must(t, err, "State")
		if got != name {
			t.Errorf("the state is %q, want %q", got, name)
		}
	}
	same(t, w.one(t, confluence.Page, id), *w.noted(id), confluence.AllFacets)
}

func testTemplates(t *testing.T, w *world) {
	templates, is := w.r.(confluence.Templates)
	if !w.caps.Templates {
		t.Skip("the site has no templates")
	}
	if !is {
		t.Fatal("capability Templates without Templates")
	}
	none, err := templates.Templates(t.Context(), w.held.Space)
	must(t, err, "Templates")
	if len(none) != 0 {
		t.Errorf("a fresh space has templates: %+v", none)
	}
	if w.Template == nil {
		t.Skip("the site's templates cannot be made over its API")
	}
	for _, name := range []string{"Minutes", "Decision", "Minutes"} {
		w.Template(t, w.held.Space.Key, name, "<p>"+name+"</p>")
	}
	got, err := templates.Templates(t.Context(), w.held.Space)
	must(t, err, "Templates")
	var names []string
	for _, x := range got {
		names = append(names, x.Name)
		if plain(x.Body) != "<p>"+x.Name+"</p>" || x.SpaceKey != w.held.Space.Key {
			t.Errorf("template %+v", x)
		}
	}
	if !slices.Equal(names, []string{"Decision", "Minutes", "Minutes"}) {
		t.Errorf("templates %v", names)
	}
}

// testCalls: who counts calls counts them all.
func testCalls(t *testing.T, w *world) {
	net := &network{}
	r, _ := w.Connect(t, net.over())
	c, ok := r.(confluence.Calls)
	if !ok {
		t.Skip("the site counts no calls")
	}
	_, err := r.Spaces(t.Context(), []string{w.held.Space.Key})
	must(t, err, "Spaces")
	sent, _ := net.count()
	if counted, _ := c.Calls(); counted != int64(sent) || sent == 0 {
		t.Errorf("%d calls were counted, %d were sent", counted, sent)
	}
}

// testEveryChange makes every change that the seam knows and the site offers, once, and reads properties back.
func testEveryChange(t *testing.T, w *world) {
	l := map[confluence.Verb]bool{}
	do := func(change confluence.Change, p confluence.Payload) confluence.Result {
		t.Helper()
		l[change.Verb()] = true
		return w.do(t, change, p)
	}
	space := w.held.Space
	page := do(confluence.Create{Space: space, Kind: confluence.Page, Parent: w.ids["delta"], Title: "Every"}, text("<p>every word</p>"))
	do(confluence.Update{ID: page.ID, Kind: confluence.Page, Space: space, Title: "Every one", Expect: page.Version}, text("<p>every word</p>"))
	do(confluence.Move{ID: page.ID, Where: confluence.Append, Target: w.ids["alpha"]}, confluence.Payload{})
	do(confluence.AddLabels{ID: page.ID, Kind: confluence.Page, Labels: []confluence.Label{{Prefix: "global", Name: "x"}}}, confluence.Payload{})
	do(confluence.RemoveLabel{ID: page.ID, Label: confluence.Label{Prefix: "global", Name: "x"}}, confluence.Payload{})
	f := do(confluence.Attach{Container: page.ID, Name: "x.bin", Size: 1}, file([]byte("x")))
	do(confluence.ReplaceFile{ID: f.ID, Container: page.ID, Name: "x.bin", Size: 2}, file([]byte("xy")))
	do(confluence.Detach{ID: f.ID}, confluence.Payload{})
	c := do(confluence.CreateComment{Container: page.ID, ContainerKind: confluence.Page}, text("<p>c</p>"))
	do(confluence.UpdateComment{ID: c.ID, Expect: c.Version}, text("<p>d</p>"))
	do(confluence.RemoveComment{ID: c.ID}, confluence.Payload{})
	do(confluence.Restrict{ID: page.ID, Kind: confluence.Page, Restrictions: confluence.Restrictions{Update: []confluence.Principal{confluence.UserPrincipal(w.me)}}}, confluence.Payload{})
	do(confluence.SetProperty{ID: page.ID, Key: "tandem.b", Value: []byte(`[1,"zwei"]`)}, confluence.Payload{})
	do(confluence.SetProperty{ID: page.ID, Key: "tandem.a", Value: []byte(`{"n":1}`)}, confluence.Payload{})
	w.properties(t, page.ID)
	do(confluence.SetHomepage{Space: space, Page: page.ID}, confluence.Payload{})
	do(confluence.SetHomepage{Space: space, Page: w.ids["home"]}, confluence.Payload{})
	now := w.one(t, confluence.Page, page.ID)
	do(confluence.Trash{ID: page.ID, Kind: confluence.Page}, confluence.Payload{})
	back := do(confluence.Restore{ID: page.ID, Kind: confluence.Page, Space: space, Title: now.Title, Expect: now.Version.Number}, confluence.Payload{})
	if back.ID != page.ID {
		t.Errorf("the restore of %s gave %s", page.ID, back.ID)
	}
	do(confluence.Trash{ID: page.ID, Kind: confluence.Page}, confluence.Payload{})
	do(confluence.Purge{ID: page.ID, Kind: confluence.Page}, confluence.Payload{})
	do(confluence.CreateSpace{Key: w.key("EVERY"), Name: "Every"}, confluence.Payload{})
	offered := map[confluence.Verb]bool{
		confluence.VerbArchive: w.caps.Archive, confluence.VerbPermission: w.caps.Permissions, confluence.VerbResolve: w.caps.Resolution,
		confluence.VerbState: w.caps.States,
	}
	if w.caps.Permissions {
		do(confluence.Grant{Space: space, Permission: confluence.Permission{Principal: confluence.UserPrincipal(w.Other), Operation: "read/space"}}, confluence.Payload{})
	}
	for _, v := range confluence.Verbs {
		if has, depends := offered[v]; !l[v] && !depends {
			t.Errorf("%s is not tried", v)
		} else if depends && !has {
			w.unsupported(t, v)
		}
	}
}

// properties reads back what testEveryChange has written.
func (w *world) properties(t *testing.T, id confluence.ID) {
	t.Helper()
	p, is := w.r.(confluence.Properties)
	if is != w.caps.Properties {
		t.Fatalf("capability Properties is %v, and there are Properties: %v", w.caps.Properties, is)
	}
	if !is {
		return
	}
	got, err := p.Properties(t.Context(), confluence.Page, id)
	must(t, err, "Properties")
	var ours []string
	for _, x := range got {
		if strings.HasPrefix(x.Key, "tandem.") {
			ours = append(ours, x.Key+"="+strings.ReplaceAll(string(x.Value), " ", ""))
			if x.Version != 1 {
				t.Errorf("the property %s has version %d", x.Key, x.Version)
			}
		}
	}
	if !slices.Equal(ours, []string{`tandem.a={"n":1}`, `tandem.b=[1,"zwei"]`}) {
		t.Errorf("properties %q", ours)
	}
}

// unsupported checks that what a site does not offer is refused by its connector, with a code that says so.
func (w *world) unsupported(t *testing.T, v confluence.Verb) {
	t.Helper()
	changes := map[confluence.Verb]confluence.Change{
		confluence.VerbArchive: confluence.Archive{IDs: []confluence.ID{w.ids["beta"]}},
		confluence.VerbPermission: confluence.Grant{Space: w.held.Space,
			Permission: confluence.Permission{Principal: confluence.UserPrincipal(w.Other), Operation: "read/space"}},
		confluence.VerbState: confluence.SetState{ID: w.ids["beta"], Name: "x"},
	}
	if c := changes[v]; c != nil {
		_, err := w.w.Apply(t.Context(), c, confluence.Payload{})
		refused(t, err, confluence.ClassUnsupported, string(v)+" at a site that does not offer it")
	}
}
