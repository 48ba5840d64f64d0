package vendorspec

import (
	"fmt"
	"slices"
	"strings"
)

// Exception is a reviewed difference between what the vendor's document says and what its servers do, with the evidence
// for the servers. It allows the one thing that its kind says, in one family.
type Exception struct {
	Family   Family
	Kind     kind
	Names    []string // statuses, members, routes ("METHOD /shape") or values ("member=value"), by Kind
	Only     string   // where set: only on paths that contain it
	Evidence string
}

type kind string

const (
	aStatus kind = "status"     // of an error or success that the operation does not document
	aNull   kind = "null"       // member that is null although its type has no null
	aMember kind = "member"     // that the schema does not name
	aValue  kind = "value"      // that an enumeration or type does not have
	aRoute  kind = "route"      // that the document does not have
	aBody   kind = "body"       // where none is documented
	noBody  kind = "empty body" // where a schema is documented
)

// exceptions are at most 40 (TestExceptions).
var exceptions = []Exception{
	{V2, aStatus, []string{"403", "405", "409", "413", "429"}, "", "specs/README.md: documented nowhere or for few operations, although all occur; cloud-api.md 3, open-facts OF-32"},
	{V2, aStatus, []string{"404"}, "", "cloud-api.md 2: refused credentials are a bare 404 on every route"},
	{V2, aStatus, []string{"400", "401"}, "", "cloud-api.md 2 and 3: malformed input is 400 and a missing scope 401 on every route"},
	{V2, aNull, []string{"parentId", "parentType", "position"}, "", "cloud-api.md 6.2: null in the trash [M]"},
	{V2, aNull, []string{"homepageId", "description", "icon"}, "", "null unless there is a home page, unless asked for by description-format, include-icon"},
	{V2, aValue, []string{"status=draft"}, "/", "open-facts OF-20: child listings show drafts"},
	{V2, aValue, []string{"type=access-class", "key=manage_users", "key=archive_space"}, "/spaces", "emulator-faults.md ID-13: vocabularies of permissions are open [M]"},
	{V2, aMember, []string{"edituiv2", "base"}, "", "cloud-api.md 0: 161 undocumented members, links among them"},
	{V2, aMember, []string{"directChildren", "roleAssignments", "isDefault", "operations", "properties"}, "", "named by the include parameters of the route, not in the schemas"},
	{V2, aMember, []string{"attachmentId", "customContentId", "meta"}, "", "cloud-api.md 6.5, 6.6: containers of attachments and comments; optional fields of open-facts OF-17"},
	{V2, aMember, []string{"ncsStepVersion", "lastModified", "count", "noAccessEmails"}, "", "emulator-faults.md ID-13; confluence.js audit of live answers, src/v2/models version, descendants, optionalFieldMeta, accessByEmail"},
	{V2, aNull, []string{"*"}, "/convert-ids-to-types", "its description: what is not there or not visible maps to null"},
	{V2, aMember, []string{"export_view", "anonymous_export_view", "styled_view", "editor"}, "", "cloud-v2.json PrimaryBodyRepresentationSingle: body-format offers them, BodySingle lacks them"},
	{V2, aMember, []string{"raw"}, "/custom-content", "body-format=raw of the operation: the schema of a version lacks it"},
	{V2, aMember, []string{"authorId"}, "", "confluence.js tests/live/v2/spaceProperties.test.ts: a space property names its author so, not createdBy"},
	{V1, aStatus, []string{"400", "403", "404", "409", "413", "415", "429"}, "", "cloud-api.md 2 and 3: occur on every route, documented for some"},
	{V1, aStatus, []string{"401"}, "", "cloud-api.md 2: a missing scope, before routing"},
	{V1, aStatus, []string{"500", "501"}, "", "emulator-faults.md ER-08, ER-09"},
	{V1, aMember, []string{"ari", "base64EncodedAri", "draftVersion", "position", "subType", "subtype"}, "", "recorded: rest-cloud/deepak-cprime/step1.json"},
	{V1, aMember, []string{"accountStatus", "locale", "roles"}, "", "recorded: rest-cloud/mcp-atlassian/mock_page_response.json"},
	{V1, aMember, []string{"comments", "simple", "likes", "currentuser", "properties", "frontend", "_expandable"}, "", "recorded: metadata names what is not expanded"},
	{V1, aMember, []string{"mediaType", "comment"}, "", "cloud-v1.json AttachmentPropertiesUpdateBody: metadata of an attachment"},
	{V1, aStatus, []string{"410"}, "", "cloud-api.md 1: the 37 operations that were removed"},
	{DC, aMember, []string{"totalSize", "cqlQuery", "searchDuration", "archivedResultCount"}, "", "dc-api.md 2 and 10: members of a search"},
	{DC, aMember, []string{"content", "space", "user"}, "", "dc-api.md 10: the envelope of a search names its entity by kind; the schema shows the server's own field"},
	{DC, aMember, []string{"page", "comment", "attachment"}, "", "the operation's own text: children are a map by kind, not a list"},
	{DC, aMember, []string{"page", "blogpost"}, "/content", "dc-api.md 3: the contents of a space are a map by kind"},
	{DC, aMember, []string{"id", "counts", "lastSuccess", "lastFailure", "lastError"}, "/webhooks", "a path parameter of five operations, which the schema of reads lacks; statistics are asked for and have no schema"},
	{DC, aRoute, []string{"GET /rest/api/content/{}/version", "GET /rest/api/content/{}/version/{}"}, "", "dc-api.md 4, open-facts OF-39: client libraries list versions there"},
	{V1, aRoute, []string{
		"GET /wiki/rest/api/content/{}/child/page", "GET /wiki/rest/api/content/{}/child/folder", "GET /wiki/rest/api/content/{}/child/attachment", "GET /wiki/rest/api/content/{}/child/label", "POST /wiki/rest/api/content/{}/child/label",
	}, "", "cloud-api.md 1 and 3, emulator-faults.md ER-06 and ER-17: answer although undocumented [M]"},
	{V1, aRoute, []string{
		"GET /wiki/rest/api/content", "POST /wiki/rest/api/content", "GET /wiki/rest/api/content/{}", "PUT /wiki/rest/api/content/{}",
		"DELETE /wiki/rest/api/content/{}", "GET /wiki/rest/api/content/{}/history", "GET /wiki/rest/api/content/{}/child", "GET /wiki/rest/api/content/{}/child/comment",
		"GET /wiki/rest/api/content/{}/label", "GET /wiki/rest/api/content/{}/version", "GET /wiki/rest/api/content/{}/version/{}", "GET /wiki/rest/api/content/{}/property",
		"POST /wiki/rest/api/content/{}/property", "GET /wiki/rest/api/content/{}/property/{}", "PUT /wiki/rest/api/content/{}/property/{}", "DELETE /wiki/rest/api/content/{}/property/{}",
		"GET /wiki/rest/api/space", "GET /wiki/rest/api/space/{}", "GET /wiki/rest/api/space/{}/content", "GET /wiki/rest/api/space/{}/content/{}",
		"POST /wiki/rest/api/contentbody/convert/{}",
	}, "", "cloud-api.md 1, emulator-faults.md ER-16: removed from the document, answer to an API token with the option legacy-v1"},
	{DC, aStatus, []string{"400", "401", "403", "404", "405", "409", "413", "415", "429", "500", "503"}, "", "dc-api.md 2: occur on every route, documented for some"},
}

func (e Exception) holds(f Family, k kind, path, name string) bool {
	return e.Family == f && e.Kind == k && strings.Contains(path, e.Only) && slices.Contains(e.Names, name)
}

func allowed(f Family, k kind, path, name string) bool {
	return slices.ContainsFunc(exceptions, func(e Exception) bool { return e.holds(f, k, path, name) })
}

func undocumentedRoute(f Family, method, path string) bool {
	return allowed(f, aRoute, path, method+" "+Shape(path))
}

func undocumentedStatus(f Family, _, path string, status int) bool {
	return allowed(f, aStatus, path, fmt.Sprint(status))
}

func undocumentedBody(f Family, method, path string) bool {
	return allowed(f, aBody, path, method+" "+Shape(path))
}

func bodiless(f Family, method, path string) bool {
	return allowed(f, noBody, path, method+" "+Shape(path))
}

func nullMember(f Family, path, name string) bool {
	return allowed(f, aNull, path, name) || allowed(f, aNull, path, "*")
}

func extraMember(f Family, path, at string) bool { return allowed(f, aMember, path, lastMember(at)) }

func strangeValue(f Family, path, member string, v any) bool {
	s, ok := v.(string)
	return ok && allowed(f, aValue, path, member+"="+s)
}
