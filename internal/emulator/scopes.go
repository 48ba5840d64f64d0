package emulator

import (
	"slices"
	"strings"
	"sync"
)

// scopeTable says what an app or a scoped token must be allowed for each operation: a line of scopes, and below it the
// operations that ask for them (facts of the vendor's documents, x-atlassian-oauth2-scopes). A bar separates two ways to
// be allowed, the classic and the granular scopes; one of them must be held as a whole, and neither implies the other
// (register row AU-05). v1/ stands for /wiki/rest/api/, v2/ for /wiki/api/v2/, :* at the end of a scope for :confluence.
const scopeTable = `
delete:attachment:*
  DELETE v2/attachments/{}
delete:comment:*
  DELETE v2/footer-comments/{} v2/inline-comments/{}
delete:custom-content:*
  DELETE v2/custom-content/{}
delete:database:*
  DELETE v2/databases/{}
delete:embed:*
  DELETE v2/embeds/{}
delete:folder:*
  DELETE v2/folders/{}
delete:page:*
  DELETE v2/blogposts/{} v2/pages/{}
delete:whiteboard:*
  DELETE v2/whiteboards/{}
manage:confluence-configuration | read:configuration:*
  GET v1/settings/systemInfo v1/settings/theme v1/settings/theme/selected v1/settings/theme/{}
manage:confluence-configuration | read:configuration:* read:space.setting:*
  GET v1/settings/lookandfeel
manage:confluence-configuration | read:configuration:* read:space.setting:* write:configuration:* write:space.setting:*
  POST v1/settings/lookandfeel/custom
manage:confluence-configuration | read:space.setting:* write:space.setting:*
  PUT v1/settings/lookandfeel
manage:confluence-configuration | write:configuration:* write:space.setting:*
  DELETE v1/settings/lookandfeel/custom
read:app-data:*
  GET v2/app/properties v2/app/properties/{}
read:attachment:*
  GET v2/attachments v2/attachments/{} v2/attachments/{}/labels v2/attachments/{}/operations v2/attachments/{}/properties
  GET v2/attachments/{}/properties/{} v2/attachments/{}/versions v2/attachments/{}/versions/{} v2/blogposts/{}/attachments
  GET v2/custom-content/{}/attachments v2/labels/{}/attachments v2/pages/{}/attachments v2/attachments/{}/thumbnail/download
read:attachment:* write:attachment:*
  POST v2/attachments/{}/properties
  PUT v2/attachments/{}/properties/{}
  DELETE v2/attachments/{}/properties/{}
read:audit-log:*
  GET v1/audit v1/audit/export v1/audit/retention v1/audit/since
read:audit-log:* write:audit-log:*
  POST v1/audit
read:comment:*
  GET v2/attachments/{}/footer-comments v2/custom-content/{}/footer-comments v2/pages/{}/footer-comments
  GET v2/pages/{}/inline-comments v2/blogposts/{}/footer-comments v2/blogposts/{}/inline-comments v2/footer-comments
  GET v2/footer-comments/{} v2/footer-comments/{}/children v2/footer-comments/{}/likes/count
  GET v2/footer-comments/{}/likes/users v2/footer-comments/{}/operations v2/footer-comments/{}/versions
  GET v2/footer-comments/{}/versions/{} v2/inline-comments v2/inline-comments/{} v2/inline-comments/{}/children
  GET v2/inline-comments/{}/likes/count v2/inline-comments/{}/likes/users v2/inline-comments/{}/operations
  GET v2/inline-comments/{}/versions v2/inline-comments/{}/versions/{} v2/comments/{}/properties
  GET v2/comments/{}/properties/{}
read:comment:* write:comment:*
  POST v2/comments/{}/properties
  PUT v2/comments/{}/properties/{}
  DELETE v2/comments/{}/properties/{}
read:configuration:*
  GET v2/space-permissions/transition/combinations v2/space-permissions/transition/tasks/{} v2/space-role-mode
  GET v2/data-policies/metadata v2/classification-levels
  POST v2/user/access/check-access-by-email v2/user/access/invite-by-email
read:confluence-content.all | read:content-details:*
  GET v1/content/{}/restriction v1/content/{}/restriction/byOperation v1/content/{}/restriction/byOperation/{}
read:confluence-content.all | read:content.metadata:*
  GET v1/content/{}/history/{}/macro/id/{} v1/content/{}/history/{}/macro/id/{}/convert/{}
  GET v1/content/{}/history/{}/macro/id/{}/convert/async/{} v1/contentbody/convert/async/{}
  GET v1/contentbody/convert/async/bulk/tasks
  POST v1/contentbody/convert/async/{} v1/contentbody/convert/async/bulk/tasks
read:confluence-content.all | read:content.restriction:*
  GET v1/content/{}/restriction/byOperation/{}/byGroupId/{} v1/content/{}/restriction/byOperation/{}/user
read:confluence-content.all | read:content:*
  GET v1/space/{}/state/content
read:confluence-content.permission | read:content.permission:*
  POST v1/content/{}/permission/check
read:confluence-content.summary | read:analytics.content:*
  GET v1/analytics/content/{}/views v1/analytics/content/{}/viewers
read:confluence-content.summary | read:content-details:*
  GET v1/content/{}/descendant v1/content/{}/descendant/{} v1/content/{}/state
read:confluence-content.summary | read:content-details:* read:relation:*
  GET v1/relation/{}/from/{}/{}/to/{} v1/relation/{}/from/{}/{}/to/{}/{} v1/relation/{}/to/{}/{}/from/{}
read:confluence-content.summary | read:content-details:* read:template:*
  GET v1/template/blueprint v1/template/page v1/template/{}
read:confluence-content.summary | read:content:* read:label:*
  GET v1/label
read:confluence-content.summary | read:user:* read:watcher:*
  GET v1/content/{}/notification/child-created v1/content/{}/notification/created
read:confluence-content.summary | read:watcher:*
  GET v1/user/watch/content/{} v1/user/watch/label/{} v1/user/watch/space/{}
read:confluence-groups | read:group:*
  GET v1/group v1/group/by-id v1/group/picker
read:confluence-groups | read:group:* read:user:*
  GET v1/group/{}/membersByGroupId
read:confluence-space.summary | read:content.metadata:*
  GET v1/longtask/{}
read:confluence-space.summary | read:label:*
  GET v1/space/{}/label
read:confluence-space.summary | read:space.setting:*
  GET v1/space/{}/settings v1/space/{}/state v1/space/{}/state/settings v1/space/{}/theme
read:confluence-user | read:content-details:*
  GET v1/user v1/user/current v1/user/bulk
read:confluence-user | read:group:* read:user:*
  GET v1/user/memberof
read:confluence-user | read:user:*
  GET v1/user/anonymous
read:content-details:*
  GET v1/search/user
read:content.metadata:*
  GET v1/longtask v2/whiteboards/{}/ancestors v2/databases/{}/ancestors v2/embeds/{}/ancestors v2/folders/{}/ancestors
  GET v2/pages/{}/ancestors
  POST v2/content/convert-ids-to-types
read:custom-content:*
  GET v2/blogposts/{}/custom-content v2/custom-content v2/custom-content/{} v2/custom-content/{}/labels
  GET v2/custom-content/{}/operations v2/custom-content/{}/properties v2/custom-content/{}/properties/{}
  GET v2/pages/{}/custom-content v2/custom-content/{}/versions v2/custom-content/{}/versions/{} v2/spaces/{}/custom-content
  GET v2/custom-content/{}/children
read:custom-content:* write:custom-content:*
  POST v2/custom-content/{}/properties
  PUT v2/custom-content/{}/properties/{}
  DELETE v2/custom-content/{}/properties/{}
read:database:*
  GET v2/databases/{} v2/databases/{}/properties v2/databases/{}/properties/{} v2/databases/{}/operations
  GET v2/databases/{}/classification-level
read:database:* write:database:*
  POST v2/databases/{}/properties
  PUT v2/databases/{}/properties/{}
  DELETE v2/databases/{}/properties/{}
read:email-address:*
  GET v1/user/email v1/user/email/bulk
read:embed:*
  GET v2/embeds/{} v2/embeds/{}/properties v2/embeds/{}/properties/{} v2/embeds/{}/operations
read:embed:* write:embed:*
  POST v2/embeds/{}/properties
  PUT v2/embeds/{}/properties/{}
  DELETE v2/embeds/{}/properties/{}
read:folder:*
  GET v2/folders/{} v2/folders/{}/properties v2/folders/{}/properties/{} v2/folders/{}/operations
read:folder:* write:folder:*
  POST v2/folders/{}/properties
  PUT v2/folders/{}/properties/{}
  DELETE v2/folders/{}/properties/{}
read:hierarchical-content:*
  GET v2/whiteboards/{}/direct-children v2/whiteboards/{}/descendants v2/databases/{}/direct-children
  GET v2/databases/{}/descendants v2/embeds/{}/direct-children v2/embeds/{}/descendants v2/folders/{}/direct-children
  GET v2/folders/{}/descendants v2/pages/{}/direct-children v2/pages/{}/descendants
read:label:*
  GET v2/labels
read:page:*
  GET v2/blogposts v2/blogposts/{} v2/blogposts/{}/labels v2/blogposts/{}/likes/count v2/blogposts/{}/likes/users
  GET v2/blogposts/{}/properties v2/blogposts/{}/properties/{} v2/blogposts/{}/operations v2/blogposts/{}/versions
  GET v2/blogposts/{}/versions/{} v2/labels/{}/blogposts v2/labels/{}/pages v2/pages v2/pages/{} v2/pages/{}/labels
  GET v2/pages/{}/likes/count v2/pages/{}/likes/users v2/pages/{}/operations v2/pages/{}/properties
  GET v2/pages/{}/properties/{} v2/pages/{}/versions v2/pages/{}/versions/{} v2/spaces/{}/blogposts v2/spaces/{}/pages
  GET v2/pages/{}/children
read:page:* write:page:*
  POST v2/blogposts/{}/properties v2/pages/{}/properties
  PUT v2/blogposts/{}/properties/{} v2/pages/{}/properties/{}
  DELETE v2/blogposts/{}/properties/{} v2/pages/{}/properties/{}
  GET v2/pages/{}/classification-level v2/blogposts/{}/classification-level
read:space.permission:*
  GET v2/space-permissions v2/space-roles v2/space-roles/{} v2/spaces/{}/role-assignments
read:space.permission:* write:space.permission:*
  POST v1/space/{}/permission v1/space/{}/permission/custom-content
read:space:*
  GET v2/spaces v2/spaces/{} v2/spaces/{}/labels v2/spaces/{}/content/labels v2/spaces/{}/operations v2/spaces/{}/properties
  GET v2/spaces/{}/properties/{} v2/spaces/{}/permissions v2/data-policies/spaces v2/spaces/{}/classification-level/default
read:space:* write:space:*
  POST v2/spaces/{}/properties
  PUT v2/spaces/{}/properties/{} v2/spaces/{}/classification-level/default
  DELETE v2/spaces/{}/properties/{} v2/spaces/{}/classification-level/default
read:task:*
  GET v2/tasks v2/tasks/{}
read:user.property:*
  GET v1/user/{}/property v1/user/{}/property/{}
read:user.property:* | read:user.property:*
  GET v1/content-states
read:user:*
  POST v2/users-bulk
read:user:* read:watcher:*
  GET v1/space/{}/watch
read:whiteboard:*
  GET v2/whiteboards/{} v2/whiteboards/{}/properties v2/whiteboards/{}/properties/{} v2/whiteboards/{}/operations
  GET v2/whiteboards/{}/classification-level
read:whiteboard:* write:whiteboard:*
  POST v2/whiteboards/{}/properties
  PUT v2/whiteboards/{}/properties/{}
  DELETE v2/whiteboards/{}/properties/{}
readonly:content.attachment:* | read:attachment:*
  GET v1/content/{}/child/attachment/{}/download
search:* | read:content-details:*
  GET v1/content/search v1/search
write:app-data:*
  PUT v2/app/properties/{}
  DELETE v2/app/properties/{}
write:audit-log:*
  PUT v1/audit/retention
write:comment:*
  POST v2/footer-comments v2/inline-comments
  PUT v2/footer-comments/{} v2/inline-comments/{}
write:configuration:*
  POST v2/space-permissions/transition/combinations v2/space-permissions/transition/role-assignments
  POST v2/space-permissions/transition/access-removals v2/space-roles
  PUT v2/space-roles/{}
  DELETE v2/space-roles/{}
write:confluence-content | delete:content:*
  DELETE v1/content/{}/pageTree v1/content/{}/version/{}
write:confluence-content | read:content-details:* read:template:* write:template:*
  PUT v1/template
  POST v1/template
write:confluence-content | read:content-details:* write:content.restriction:*
  PUT v1/content/{}/restriction
  POST v1/content/{}/restriction
  DELETE v1/content/{}/restriction
write:confluence-content | read:content-details:* write:content:*
  PUT v1/content/blueprint/instance/{} v1/content/{}/state
  POST v1/content/blueprint/instance/{} v1/content/{}/version
  DELETE v1/content/{}/state
write:confluence-content | read:content-details:* write:page:*
  POST v1/content/{}/copy
write:confluence-content | read:content.metadata:* write:page:*
  POST v1/content/archive v1/content/{}/pagehierarchy/copy
write:confluence-content | read:content:* read:relation:* read:space:* read:user:* write:relation:*
  PUT v1/relation/{}/from/{}/{}/to/{}/{}
write:confluence-content | read:label:* write:label:*
  POST v1/content/{}/label
write:confluence-content | write:content.restriction:*
  PUT v1/content/{}/restriction/byOperation/{}/byGroupId/{} v1/content/{}/restriction/byOperation/{}/user
  DELETE v1/content/{}/restriction/byOperation/{}/byGroupId/{} v1/content/{}/restriction/byOperation/{}/user
write:confluence-content | write:content:*
  GET v1/content/{}/state/available
write:confluence-content | write:label:*
  DELETE v1/content/{}/label v1/content/{}/label/{}
write:confluence-content | write:page:*
  PUT v1/content/{}/move/{}/{}
write:confluence-content | write:relation:*
  DELETE v1/relation/{}/from/{}/{}/to/{}/{}
write:confluence-content | write:template:*
  DELETE v1/template/{}
write:confluence-content | write:watcher:*
  POST v1/user/watch/content/{} v1/user/watch/label/{} v1/user/watch/space/{}
  DELETE v1/user/watch/content/{} v1/user/watch/label/{} v1/user/watch/space/{}
write:confluence-file write:confluence-props | read:content-details:* write:attachment:*
  PUT v1/content/{}/child/attachment/{}
write:confluence-file | read:content-details:* write:attachment:*
  PUT v1/content/{}/child/attachment
  POST v1/content/{}/child/attachment v1/content/{}/child/attachment/{}/data
write:confluence-groups | read:group:* write:group:*
  POST v1/group
write:confluence-groups | write:group:*
  DELETE v1/group/by-id v1/group/userByGroupId
  POST v1/group/userByGroupId
write:confluence-space | delete:space:* read:content.metadata:*
  DELETE v1/space/{}
write:confluence-space | read:label:* write:label:*
  POST v1/space/{}/label
write:confluence-space | read:space-details:* write:space.permission:* write:space:*
  POST v1/space v1/space/_private
  PUT v1/space/{}
write:confluence-space | read:space.setting:* write:space.setting:*
  PUT v1/space/{}/settings v1/space/{}/theme
write:confluence-space | write:label:*
  DELETE v1/space/{}/label
write:confluence-space | write:space.setting:*
  DELETE v1/space/{}/theme
write:custom-content:*
  POST v2/custom-content
  PUT v2/custom-content/{}
write:database:*
  POST v2/databases v2/databases/{}/classification-level/reset
  PUT v2/databases/{}/classification-level
write:embed:*
  POST v2/embeds
write:folder:*
  POST v2/folders
write:page:*
  POST v2/blogposts v2/pages v2/pages/{}/redact v2/blogposts/{}/redact v2/pages/{}/classification-level/reset
  POST v2/blogposts/{}/classification-level/reset
  PUT v2/blogposts/{} v2/pages/{} v2/pages/{}/title v2/pages/{}/classification-level v2/blogposts/{}/classification-level
write:space.permission:*
  DELETE v1/space/{}/permission/{}
  POST v2/spaces/{}/role-assignments
write:space:*
  POST v2/spaces
write:task:*
  PUT v2/tasks/{}
write:user.property:*
  PUT v1/user/{}/property/{}
  POST v1/user/{}/property/{}
  DELETE v1/user/{}/property/{}
write:whiteboard:*
  POST v2/whiteboards v2/whiteboards/{}/classification-level/reset
  PUT v2/whiteboards/{}/classification-level
`

// scopes are the ways to be allowed, by method and path with {} for each parameter.
var scopes = sync.OnceValue(func() map[string][][]string {
	out := map[string][][]string{}
	var ways [][]string
	for line := range strings.Lines(strings.TrimSpace(scopeTable)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, " ") {
			ways = nil
			for way := range strings.SplitSeq(strings.ReplaceAll(line, ":*", ":confluence"), " | ") {
				ways = append(ways, strings.Fields(way))
			}
			continue
		}
		words := strings.Fields(line)
		for _, path := range words[1:] {
			path = strings.Replace(strings.Replace(path, "v1/", "/wiki/rest/api/", 1), "v2/", "/wiki/api/v2/", 1)
			out[words[0]+" "+path] = ways
		}
	}
	return out
})

// key is how the table of scopes calls a route.
func (r *route) key() string {
	segments := strings.Split(r.template, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return r.method + " " + strings.Join(segments, "/")
}

// allowed are the ways in which scopes open a route; nil where nothing is known about it, so that no scope is asked for.
func (r *route) allowed() [][]string {
	if ways := scopes()[r.key()]; ways != nil || r.scope == "" {
		return ways
	}
	return [][]string{{r.scope}}
}

// opens reports whether scopes held are enough for the route.
func (r *route) opens(held []string) bool {
	ways := r.allowed()
	return ways == nil || slices.ContainsFunc(ways, func(way []string) bool {
		return !slices.ContainsFunc(way, func(scope string) bool { return !slices.Contains(held, scope) })
	})
}
