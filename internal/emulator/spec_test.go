package emulator

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// shared is the folder of reference data, beside the repository or where TANDEM_SHARED says; empty if it is not there.
var shared = sync.OnceValue(func() string {
	dir := os.Getenv("TANDEM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "specs", "cloud-v2.json")); err != nil {
		return ""
	}
	return dir
})

// specs are the vendor's documents by api.
var specs = sync.OnceValue(func() map[api]*openapi3.T {
	if shared() == "" {
		return nil
	}
	out := map[api]*openapi3.T{}
	for family, name := range map[api]string{v1: "cloud-v1.json", v2: "cloud-v2.json"} {
		doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(shared(), "specs", name))
		if err != nil {
			panic(err)
		}
		out[family] = doc
	}
	return out
})

// undocumented are the statuses that occur although the documents do not name them.
var undocumented = []struct {
	api      api
	status   int
	evidence string
}{
	{v2, 403, "cloud-api.md 0: occurs, documented nowhere for contents"},
	{v2, 405, "cloud-api.md 3: METHOD_NOT_ALLOWED"},
	{v2, 409, "cloud-api.md 3: developer community thread 98344"},
	{v2, 413, "cloud-api.md 11: PUT unverified, option ER-18; properties open-facts OF-32"},
	{v2, 429, "cloud-api.md 4"},
	{v2, 404, "cloud-api.md 2: refused credentials are 404 on every v2 route"},
	{v1, 400, "cloud-api.md 3: malformed input is 400 everywhere"},
	{v1, 401, "cloud-api.md 2: scopes, and scoped tokens on the site, on every v1 route"},
	{v1, 403, "cloud-api.md 2: refused credentials are 403 on every v1 route"},
	{v1, 404, "emulator-faults.md ER-05"},
	{v1, 409, "cloud-api.md 3"},
	{v1, 413, "emulator-faults.md ER-18"},
	{v1, 415, "the answer of a servlet to another content type"},
	{v1, 429, "cloud-api.md 4"},
	{v1, 500, "emulator-faults.md ER-08"},
	{v1, 501, "emulator-faults.md ER-09; relations: the live suite of confluence.js"},
}

// nulls are members that are null although the documents give them a type that has no null.
var nulls = []struct{ member, evidence string }{
	{"parentId", "cloud-api.md 6.2: PageSingle parentId|null, null in the trash [M]"},
	{"parentType", "cloud-api.md 6.2: null in the trash [M]"},
	{"homepageId", "a space whose home page is in the trash; the description calls it the id, if there is one"},
	{"description", "null unless asked for by description-format"},
	{"icon", "null unless asked for by include-icon"},
	{"detail", "cloud-api.md 3: error bodies"},
}

// values are values that an enumeration of the documents does not have.
var values = []struct{ route, member, value, evidence string }{
	{"/direct-children", "status", "draft", "open-facts OF-20"},
	{"/children", "status", "draft", "open-facts OF-20"},
	{"/descendants", "status", "draft", "open-facts OF-20"},
	{"/permissions", "principal.type", "access-class", "emulator-faults.md ID-13"},
	{"/permissions", "operation.key", "manage_users", "emulator-faults.md ID-13"},
	{"/permissions", "operation.key", "archive_space", "emulator-faults.md ID-13"},
}

// extras are members that the documents do not have, per family.
var extras = map[api]map[string]string{
	v1: {
		"ari": "recorded: deepak-cprime/step1.json", "base64EncodedAri": "recorded: the same", "subType": "recorded: the same", "subtype": "recorded: the same",
		"accountStatus": "recorded: mcp-atlassian/mock_page_response.json", "locale": "recorded: the same",
		"draftVersion": "recorded: deepak-cprime", "roles": "recorded: mcp-atlassian",
		"comments": "expandable of metadata", "simple": "expandable of metadata", "likes": "expandable of metadata",
		"currentuser": "expandable of metadata", "properties": "expandable of metadata", "frontend": "expandable of metadata",
		"_expandable": "metadata names what is not expanded", "position": "recorded: extensions.position",
		"mediaType": "metadata of an attachment: cloud-v1.json AttachmentPropertiesUpdateBody", "comment": "the same",
	},
	v2: {
		"edituiv2": "recorded for v1; cloud-api.md 0: 161 undocumented members", "base": "list links",
		"directChildren":  "named by include-direct-children, not in the schema",
		"roleAssignments": "named by include-role-assignments, not in the schema",
		"isDefault":       "icon", "operations": "named by include-operations", "properties": "named by include-properties",
		"raw":         "body-format=raw of custom content",
		"export_view": "body-format offers it: PrimaryBodyRepresentationSingle", "anonymous_export_view": "the same", "styled_view": "the same", "editor": "the same",
		"ncsStepVersion": "live audit of confluence.js", "lastModified": "the same", "count": "the same", "noAccessEmails": "the same",
		"authorId": "of a space property: confluence.js tests/live/v2/spaceProperties.test.ts", "attachmentId": "open-facts: container of the comment", "meta": "optional field", "customContentId": "container",
	},
}

// checkSpec holds an answer against the vendor's documents: the status, and the body of a success.
func checkSpec(t *testing.T, r *http.Request, g got) {
	t.Helper()
	if specs() == nil {
		return
	}
	methods, _ := routesForTest().find(r.URL.EscapedPath())
	route := methods[r.Method]
	if route == nil || route.api == edge {
		return
	}
	if err := conform(route, g); err != nil {
		t.Errorf("%s %s is not as documented: %v\n%.600s", r.Method, r.URL, err, g.raw)
	}
}

var routesForTest = sync.OnceValue(func() *routeTree { return newRouteTree(cloudRoutes) })

func operation(route *route) (*openapi3.Operation, error) {
	path := route.template
	if route.api == v2 {
		path = strings.TrimPrefix(path, "/wiki/api/v2")
	}
	item := specs()[route.api].Paths.Value(path)
	if item == nil || item.GetOperation(route.method) == nil {
		return nil, fmt.Errorf("no operation %s %s", route.method, path)
	}
	return item.GetOperation(route.method), nil
}

func conform(route *route, g got) error {
	op, err := operation(route)
	if err != nil {
		return err
	}
	response := op.Responses.Status(g.status)
	if response == nil {
		for _, u := range undocumented {
			if u.api == route.api && u.status == g.status {
				return nil
			}
		}
		return fmt.Errorf("status %d is not documented", g.status)
	}
	media := response.Value.Content.Get("application/json")
	if g.status >= 300 {
		return nil
	}
	if media == nil || media.Schema == nil {
		if len(g.raw) > 0 && len(response.Value.Content) == 0 {
			return fmt.Errorf("a body where none is documented")
		}
		return nil
	}
	body := withoutNulls(g.json)
	if strings.HasSuffix(route.template, "/convert-ids-to-types") { // what is not there maps to null, says the description
		maps.DeleteFunc(body.(map[string]any)["results"].(map[string]any), func(_ string, v any) bool { return v == nil })
	}
	for _, v := range values {
		if strings.HasSuffix(route.template, v.route) {
			for _, row := range body.(map[string]any)["results"].([]any) {
				m, member := row.(map[string]any), v.member
				if outer, inner, nested := strings.Cut(member, "."); nested {
					m, member = m[outer].(map[string]any), inner
				}
				if m[member] == v.value {
					delete(m, member)
				}
			}
		}
	}
	if err := media.Schema.Value.VisitJSON(body, openapi3.MultiErrors()); err != nil {
		return fmt.Errorf("%.900s", err.Error())
	}
	if unknown := undocumentedMembers(media.Schema.Value, body, "", 0); len(unknown) > 0 {
		var bad []string
		for _, path := range unknown {
			member := path[strings.LastIndexByte(path, '.')+1:]
			if extras[route.api][member] == "" {
				bad = append(bad, path)
			}
		}
		if len(bad) > 0 {
			return fmt.Errorf("members that the document does not know: %v", bad)
		}
	}
	return nil
}

func withoutNulls(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, sub := range x {
			excepted := sub == nil && slices.ContainsFunc(nulls, func(n struct{ member, evidence string }) bool { return n.member == k })
			if !excepted {
				out[k] = withoutNulls(sub)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, sub := range x {
			out[i] = withoutNulls(sub)
		}
		return out
	}
	return v
}

// undocumentedMembers lists the paths of members that a schema does not name. A schema without any names is open.
func undocumentedMembers(s *openapi3.Schema, v any, at string, depth int) []string {
	if depth > 12 {
		return nil
	}
	var out []string
	switch x := v.(type) {
	case []any:
		if s.Items != nil {
			for _, row := range x {
				out = append(out, undocumentedMembers(s.Items.Value, row, at, depth+1)...)
			}
		}
	case map[string]any:
		known, open := properties(s)
		if len(known) == 0 || open {
			return nil
		}
		for k, sub := range x {
			if p := known[k]; p != nil {
				out = append(out, undocumentedMembers(p, sub, at+"."+k, depth+1)...)
			} else {
				out = append(out, at+"."+k)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// properties are the members of a schema and of those it is made of; open says that it allows any other.
func properties(s *openapi3.Schema) (map[string]*openapi3.Schema, bool) {
	out := map[string]*openapi3.Schema{}
	open := len(s.OneOf)+len(s.AnyOf) > 0
	for name, p := range s.Properties {
		out[name] = p.Value
	}
	for _, part := range s.AllOf {
		sub, o := properties(part.Value)
		open = open || o
		for name, p := range sub {
			if twin := out[name]; twin != nil {
				p = &openapi3.Schema{AllOf: openapi3.SchemaRefs{{Value: twin}, {Value: p}}}
			}
			out[name] = p
		}
	}
	return out, open
}

// TestRoutesAreDocumented holds the routing table against the documents: each route is an operation there, with the
// scope it names.
func TestRoutesAreDocumented(t *testing.T) {
	if specs() == nil {
		t.Skip("the vendor's documents are not there")
	}
	for i := range cloudRoutes {
		r := &cloudRoutes[i]
		if r.api == edge {
			continue
		}
		op, err := operation(r)
		if err != nil {
			t.Error(err)
			continue
		}
		scopes := fmt.Sprint(op.Extensions["x-atlassian-oauth2-scopes"], op.Security)
		if !strings.Contains(scopes, r.scope) {
			t.Errorf("%s %s: scope %q is not among %s", r.method, r.template, r.scope, scopes)
		}
	}
}
