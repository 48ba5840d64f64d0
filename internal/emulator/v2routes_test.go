package emulator

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// v2Site is a site with one of everything, for the routes of REST v2.
type v2Site struct {
	*bench
	names map[string]string // "{page}" -> id
}

func newV2Site(t *testing.T) *v2Site {
	b := newBench(t, "AU-09", "on", "OF-31", "at once")
	v := &v2Site{b, map[string]string{}}
	space, home := b.space("S")
	p := b.page(space, "", "P", `<p>one two</p><ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>do</ac:task-body></ac:task></ac:task-list>`)
	blog := b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": space, "title": "B", "body": storage("<p>b</p>")}).str("id")
	file := b.upload(200, "PUT", "/wiki/rest/api/content/"+p+"/child/attachment", part{"file", "f.png", "image/png", "x"}).str("results.0.id")
	footer := b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": p, "body": storage("<p>f</p>")}).str("id")
	inline := b.do(201, "POST", "/wiki/api/v2/inline-comments", object{"pageId": p, "body": storage("<p>i</p>"), "inlineCommentProperties": object{
		"textSelection": "two", "textSelectionMatchCount": 1, "textSelectionMatchIndex": 0,
	}}).str("id")
	custom := b.do(201, "POST", "/wiki/api/v2/custom-content", object{"type": "ac:app:note", "pageId": p, "title": "C", "body": storage("<p>c</p>")}).str("id")
	label := b.do(200, "POST", "/wiki/rest/api/content/"+p+"/label", []object{{"prefix": "global", "name": "l"}}).str("results.0.id")
	role := b.do(201, "POST", "/wiki/api/v2/space-roles", object{"name": "R", "description": "d", "spacePermissions": []string{"read/space"}}).str("id")
	v.names = map[string]string{
		"{space}": space, "{home}": home, "{page}": p, "{blog}": blog, "{file}": file, "{footer}": footer, "{inline}": inline,
		"{custom}": custom, "{label}": label, "{role}": role,
		"{task}":        b.do(200, "GET", "/wiki/api/v2/tasks", nil).str("results.0.id"),
		"{combination}": b.do(200, "GET", "/wiki/api/v2/space-permissions/transition/combinations", nil).str("results.0.combinationId"),
	}
	for _, node := range []string{"folder", "whiteboard", "database", "embed"} {
		v.names["{"+node+"}"] = b.do(200, "POST", "/wiki/api/v2/"+node+"s", object{"spaceId": space, "title": node, "parentId": p}).str("id")
	}
	for name, holder := range map[string]string{
		"{pageProp}": "pages/{page}", "{blogProp}": "blogposts/{blog}", "{fileProp}": "attachments/{file}", "{commentProp}": "comments/{footer}",
		"{customProp}": "custom-content/{custom}", "{folderProp}": "folders/{folder}", "{whiteboardProp}": "whiteboards/{whiteboard}",
		"{databaseProp}": "databases/{database}", "{embedProp}": "embeds/{embed}",
	} {
		v.names[name] = b.do(200, "POST", v.fill("/wiki/api/v2/"+holder+"/properties"), object{"key": "k", "value": 1}).str("id")
	}
	v.names["{spaceProp}"] = b.do(201, "POST", v.fill("/wiki/api/v2/spaces/{space}/properties"), object{"key": "k", "value": 1}).str("id")
	v.names["{transition}"] = b.do(202, "POST", "/wiki/api/v2/space-permissions/transition/combinations", nil).str("taskId")
	return v
}

func (v *v2Site) fill(s string) string {
	for name, id := range v.names {
		s = strings.ReplaceAll(s, name, id)
	}
	return s
}

// reads are all GET routes, in which each answer is 200 unless another status stands in front.
const reads = `
/spaces?include-icon=true&description-format=plain /spaces/{space}?include-icon=true&include-labels=true&include-properties=true&include-permissions=true&include-operations=true&include-role-assignments=true
/spaces/{space}/permissions /spaces/{space}/operations /spaces/{space}/role-assignments /spaces/{space}/labels /spaces/{space}/content/labels
/spaces/{space}/pages /spaces/{space}/blogposts /spaces/{space}/properties /spaces/{space}/properties/{spaceProp} /spaces/{space}/custom-content?type=ac:app:note
/space-role-mode /space-roles /space-roles/{role} /space-permissions /space-permissions/transition/combinations /space-permissions/transition/tasks/{transition}
/pages /pages/{page}?include-labels=true&include-properties=true&include-operations=true&include-likes=true&include-versions=true&include-direct-children=true&include-favorited-by-current-user-status=true&body-format=storage
/pages/{page}/direct-children?sort=-id /pages/{page}/children?sort=-child-position /pages/{page}/descendants?depth=3 /pages/{page}/ancestors
/pages/{page}/versions?body-format=storage /pages/{page}/versions/1 /pages/{page}/labels /pages/{page}/attachments /pages/{page}/footer-comments /pages/{page}/inline-comments
/pages/{page}/properties /pages/{page}/properties/{pageProp} /pages/{page}/likes/count /pages/{page}/likes/users /pages/{page}/operations /pages/{page}/custom-content?type=ac:app:note
/blogposts /blogposts/{blog}?include-likes=true&include-versions=true /blogposts/{blog}/versions /blogposts/{blog}/versions/1 /blogposts/{blog}/labels /blogposts/{blog}/attachments
/blogposts/{blog}/footer-comments /blogposts/{blog}/inline-comments /blogposts/{blog}/properties /blogposts/{blog}/properties/{blogProp}
/blogposts/{blog}/likes/count /blogposts/{blog}/likes/users /blogposts/{blog}/operations /blogposts/{blog}/custom-content?type=ac:app:note
/attachments /attachments/{file}?include-labels=true&include-properties=true&include-operations=true&include-versions=true /attachments/{file}/versions /attachments/{file}/versions/1
/attachments/{file}/labels /attachments/{file}/footer-comments /attachments/{file}/properties /attachments/{file}/properties/{fileProp} /attachments/{file}/operations
302:/attachments/{file}/thumbnail/download
/footer-comments /footer-comments/{footer}?include-properties=true&include-operations=true&include-likes=true&include-versions=true&body-format=storage /footer-comments/{footer}/children
/footer-comments/{footer}/versions /footer-comments/{footer}/versions/1 /footer-comments/{footer}/likes/count /footer-comments/{footer}/likes/users /footer-comments/{footer}/operations
/inline-comments /inline-comments/{inline}?include-properties=true&include-operations=true&include-likes=true&include-versions=true /inline-comments/{inline}/children
/inline-comments/{inline}/versions /inline-comments/{inline}/versions/1 /inline-comments/{inline}/likes/count /inline-comments/{inline}/likes/users /inline-comments/{inline}/operations
/comments/{footer}/properties /comments/{footer}/properties/{commentProp}
/labels?prefix=global&sort=-name /labels/{label}/pages /labels/{label}/blogposts /labels/{label}/attachments
/custom-content?type=ac:app:note /custom-content/{custom}?include-labels=true&include-properties=true&include-operations=true&include-versions=true&body-format=raw /custom-content/{custom}/attachments
/custom-content/{custom}/footer-comments /custom-content/{custom}/labels /custom-content/{custom}/children /custom-content/{custom}/operations /custom-content/{custom}/versions?body-format=raw
/custom-content/{custom}/versions/1 /custom-content/{custom}/properties /custom-content/{custom}/properties/{customProp}
/folders/{folder}?include-operations=true&include-properties=true&include-direct-children=true /folders/{folder}/direct-children /folders/{folder}/descendants /folders/{folder}/ancestors
/folders/{folder}/operations /folders/{folder}/properties /folders/{folder}/properties/{folderProp}
/whiteboards/{whiteboard}?include-operations=true&include-properties=true /whiteboards/{whiteboard}/direct-children /whiteboards/{whiteboard}/descendants /whiteboards/{whiteboard}/ancestors
/whiteboards/{whiteboard}/operations /whiteboards/{whiteboard}/properties /whiteboards/{whiteboard}/properties/{whiteboardProp}
/databases/{database} /databases/{database}/direct-children /databases/{database}/descendants /databases/{database}/ancestors /databases/{database}/operations
/databases/{database}/properties /databases/{database}/properties/{databaseProp}
/embeds/{embed} /embeds/{embed}/direct-children /embeds/{embed}/descendants /embeds/{embed}/ancestors /embeds/{embed}/operations /embeds/{embed}/properties /embeds/{embed}/properties/{embedProp}
/tasks?status=incomplete&body-format=storage /tasks/{task} /admin-key
404:/classification-levels 404:/spaces/{space}/classification-level/default 404:/pages/{page}/classification-level 404:/blogposts/{blog}/classification-level
404:/whiteboards/{whiteboard}/classification-level 404:/databases/{database}/classification-level
401:/data-policies/metadata 401:/data-policies/spaces 403:/app/properties 403:/app/properties/k`

// v2Write is one call that changes something.
type v2Write struct {
	status       int
	method, path string
	body         any
}

func propertyWrites(ofList, ofOne string) []v2Write {
	return []v2Write{
		{200, "POST", ofList + "/properties", object{"key": "other", "value": object{"a": 1}}},
		{200, "PUT", ofOne, object{"key": "k", "value": 2, "version": object{"number": 2}}},
		{204, "DELETE", ofOne, nil},
	}
}

func v2Writes() []v2Write {
	next := func(number int) object { return object{"number": number} }
	out := []v2Write{
		{200, "POST", "/admin-key", object{"durationInMinutes": 10}},
		{204, "DELETE", "/admin-key", nil},
		{201, "POST", "/spaces", object{"key": "NEW", "name": "New"}},
		{201, "POST", "/spaces/{space}/properties", object{"key": "other", "value": true}},
		{200, "PUT", "/spaces/{space}/properties/{spaceProp}", object{"key": "k", "value": 2, "version": next(2)}},
		{204, "DELETE", "/spaces/{space}/properties/{spaceProp}", nil},
		{200, "POST", "/spaces/{space}/role-assignments", []object{{"principal": object{"principalType": "USER", "principalId": serviceID}, "roleId": "{role}"}}},
		{200, "POST", "/pages", object{"spaceId": "{space}", "title": "Q", "subtype": "live", "body": storage("<p>q</p>")}},
		{200, "PUT", "/pages/{page}", object{"id": "{page}", "status": "current", "title": "P2", "body": storage("<p>p</p>"), "version": next(2)}},
		{200, "PUT", "/pages/{page}/title", object{"status": "current", "title": "P3"}},
		{200, "POST", "/blogposts", object{"spaceId": "{space}", "title": "B2", "body": storage("<p>b</p>")}},
		{200, "PUT", "/blogposts/{blog}", object{"id": "{blog}", "status": "current", "title": "B3", "body": storage("<p>c</p>"), "version": next(2)}},
		{201, "POST", "/footer-comments", object{"blogPostId": "{blog}", "body": storage("<p>f</p>")}},
		{200, "PUT", "/footer-comments/{footer}", object{"version": next(2), "body": storage("<p>g</p>")}},
		{201, "POST", "/inline-comments", object{"blogPostId": "{blog}", "body": storage("<p>i</p>"), "inlineCommentProperties": object{
			"textSelection": "c", "textSelectionMatchCount": 1, "textSelectionMatchIndex": 0}}},
		{400, "PUT", "/inline-comments/{inline}", object{"version": next(2), "body": storage("<p>j</p>")}}, // it dangles by now
		{201, "POST", "/custom-content", object{"type": "ac:app:note", "spaceId": "{space}", "title": "C2", "body": object{"representation": "raw", "value": "{}"}}},
		{200, "PUT", "/custom-content/{custom}", object{"id": "{custom}", "type": "ac:app:note", "status": "current", "title": "C3", "body": storage("<p>c</p>"), "version": next(2)}},
		{200, "POST", "/content/convert-ids-to-types", object{"contentIds": []any{"{page}", "{footer}", 1}}},
		{404, "PUT", "/tasks/{task}", object{"status": "complete"}}, // the body above has lost it
		{200, "POST", "/users-bulk", object{"accountIds": []string{serviceID, "nobody"}}},
		{200, "POST", "/user/access/check-access-by-email", object{"emails": []string{"a@example.test", "no address"}}},
		{200, "POST", "/user/access/invite-by-email", object{"emails": []string{"a@example.test"}}},
		{201, "POST", "/space-roles", object{"name": "R2", "description": "d", "spacePermissions": []string{"read/space"}}},
		{202, "PUT", "/space-roles/{role}", object{"name": "R3", "description": "d", "spacePermissions": []string{"create/page"}}},
		{202, "DELETE", "/space-roles/{role}", nil},
		{202, "POST", "/space-permissions/transition/role-assignments", object{
			"assignments":    []object{{"permissionCombinationId": "{combination}", "principalTypeAssignments": []object{{"principalType": "GUEST", "removeAccess": true}}}},
			"spaceSelection": object{"spaceType": "ALL"}}},
		{202, "POST", "/space-permissions/transition/access-removals", object{
			"permissionCombinationIds": []string{"{combination}"}, "spaceSelection": object{"spaceType": "PERSONAL"}}},
		{404, "PUT", "/spaces/{space}/classification-level/default", object{"id": "x"}}, {404, "DELETE", "/spaces/{space}/classification-level/default", nil},
		{400, "POST", "/pages/{page}/redact", object{}}, {400, "POST", "/blogposts/{blog}/redact", object{}},
		{403, "PUT", "/app/properties/k", 1}, {403, "DELETE", "/app/properties/k", nil},
	}
	for _, at := range []string{"/pages/{page}", "/blogposts/{blog}", "/whiteboards/{whiteboard}", "/databases/{database}"} {
		out = append(out, v2Write{404, "PUT", at + "/classification-level", object{"id": "x", "status": "current"}},
			v2Write{404, "POST", at + "/classification-level/reset", object{"status": "current"}})
	}
	for _, k := range [][2]string{
		{"/pages/{page}", "{pageProp}"}, {"/blogposts/{blog}", "{blogProp}"}, {"/attachments/{file}", "{fileProp}"}, {"/comments/{footer}", "{commentProp}"},
		{"/custom-content/{custom}", "{customProp}"}, {"/folders/{folder}", "{folderProp}"}, {"/whiteboards/{whiteboard}", "{whiteboardProp}"},
		{"/databases/{database}", "{databaseProp}"}, {"/embeds/{embed}", "{embedProp}"},
	} {
		out = append(out, propertyWrites(k[0], k[0]+"/properties/"+k[1])...)
	}
	for _, node := range []string{"folder", "whiteboard", "database", "embed"} {
		out = append(out, v2Write{200, "POST", "/" + node + "s", object{"spaceId": "{space}", "title": "another " + node}},
			v2Write{204, "DELETE", "/" + node + "s/{" + node + "}", nil})
	}
	return append(out, v2Write{204, "DELETE", "/footer-comments/{footer}", nil}, v2Write{204, "DELETE", "/inline-comments/{inline}", nil},
		v2Write{204, "DELETE", "/attachments/{file}", nil}, v2Write{204, "DELETE", "/custom-content/{custom}", nil},
		v2Write{204, "DELETE", "/blogposts/{blog}", nil}, v2Write{204, "DELETE", "/pages/{page}", nil})
}

// filled puts the ids into a body.
func (v *v2Site) filled(body any) any {
	if body == nil {
		return nil
	}
	return v.fill(string(encode(body)))
}

// TestV2RoutesAreAnswered asks every route of REST v2 at least once; each answer is held against the vendor's document.
func TestV2RoutesAreAnswered(t *testing.T) {
	v := newV2Site(t)
	asked := map[string]bool{}
	ask := func(status int, method, path string, body any) {
		path = v.fill("/wiki/api/v2" + path)
		methods, _ := routesForTest().find(strings.Split(path, "?")[0])
		if r := methods[method]; r != nil {
			asked[method+" "+r.template] = true
		}
		v.do(status, method, path, v.filled(body))
	}
	ask(200, "POST", "/admin-key", nil)
	ask(202, "POST", "/space-permissions/transition/combinations", nil)
	for _, path := range strings.Fields(reads) {
		status, rest, other := strings.Cut(path, ":/")
		switch {
		case other && status == "302":
			ask(302, "GET", "/"+rest, nil)
		case other && status == "401":
			ask(401, "GET", "/"+rest, nil)
		case other && status == "403":
			ask(403, "GET", "/"+rest, nil)
		case other && status == "404":
			ask(404, "GET", "/"+rest, nil)
		default:
			ask(200, "GET", path, nil)
		}
	}
	for _, w := range v2Writes() {
		ask(w.status, w.method, w.path, w.body)
		v.wait(time.Millisecond)
	}
	var missed []string
	for i := range cloudRoutes {
		if r := &cloudRoutes[i]; r.api == v2 && !asked[r.method+" "+r.template] {
			missed = append(missed, r.method+" "+r.template)
		}
	}
	slices.Sort(missed)
	if len(missed) > 0 {
		t.Errorf("%d routes were not asked: %s", len(missed), strings.Join(missed, ", "))
	}
	t.Logf("%d routes of REST v2 answered", len(asked))
}
