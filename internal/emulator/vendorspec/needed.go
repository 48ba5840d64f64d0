package vendorspec

import "strings"

// Need is an operation that the references name as one that a migration or a sync product touches.
type Need struct{ Personality, Method, Path string }

// Needed are the operations named by cloud-api.md sections 1 to 9 and dc-api.md sections 1 to 13. Paths of Cloud begin
// below /wiki, those of Data Center below the context path.
func Needed() []Need {
	var out []Need
	for personality, list := range map[string]string{"cloud": neededOfCloud, "dc": neededOfDC} {
		for line := range strings.Lines(list) {
			methods, path, ok := strings.Cut(strings.TrimSpace(line), " ")
			if !ok {
				continue
			}
			for method := range strings.SplitSeq(methods, "|") {
				out = append(out, Need{personality, method, path})
			}
		}
	}
	return out
}

const neededOfCloud = `
GET /_edge/tenant_info
GET /rest/api/content/{id}/child/page
GET /rest/api/content/{id}/child/folder
GET|PUT|POST /rest/api/content/{id}/child/attachment
POST /rest/api/content/{id}/child/attachment/{attachmentId}/data
PUT /rest/api/content/{id}/child/attachment/{attachmentId}
GET /rest/api/content/{id}/child/attachment/{attachmentId}/download
GET /rest/api/user/current
GET /rest/api/user
GET /rest/api/user/bulk
GET /rest/api/user/email
GET /rest/api/user/memberof
POST /api/v2/users-bulk
POST /api/v2/user/access/check-access-by-email
POST /api/v2/user/access/invite-by-email
GET|POST /api/v2/admin-key
GET|POST /rest/api/group
POST|DELETE /rest/api/group/userByGroupId
GET /rest/api/group/{groupId}/membersByGroupId
GET /rest/api/group/by-id
GET|POST /api/v2/spaces
GET /api/v2/spaces/{id}
POST /rest/api/space
POST /rest/api/space/_private
PUT|DELETE /rest/api/space/{key}
GET /api/v2/space-role-mode
GET /api/v2/space-roles
GET|POST /api/v2/spaces/{id}/role-assignments
GET /api/v2/spaces/{id}/permissions
POST /rest/api/space/{key}/permission
DELETE /rest/api/space/{key}/permission/{id}
GET|POST /api/v2/spaces/{id}/properties
GET|PUT|DELETE /api/v2/spaces/{id}/properties/{property}
GET|POST|DELETE /rest/api/space/{key}/label
GET /api/v2/spaces/{id}/labels
GET /api/v2/spaces/{id}/pages
GET|PUT /rest/api/space/{key}/settings
GET|POST /api/v2/pages
GET|PUT|DELETE /api/v2/pages/{id}
PUT /api/v2/pages/{id}/title
GET /api/v2/pages/{id}/direct-children
GET /api/v2/pages/{id}/children
GET /api/v2/pages/{id}/descendants
GET /api/v2/pages/{id}/ancestors
GET /api/v2/pages/{id}/versions
GET /api/v2/pages/{id}/versions/{n}
GET /api/v2/pages/{id}/labels
GET /api/v2/pages/{id}/likes/count
GET /api/v2/pages/{id}/operations
GET /api/v2/pages/{id}/attachments
GET /api/v2/pages/{id}/footer-comments
GET /api/v2/pages/{id}/inline-comments
GET|POST /api/v2/pages/{id}/properties
GET|PUT|DELETE /api/v2/pages/{id}/properties/{property}
DELETE /rest/api/content/{id}/pageTree
POST /rest/api/content/archive
PUT /rest/api/content/{id}/move/{position}/{target}
POST /rest/api/content/{id}/copy
POST /rest/api/content/{id}/pagehierarchy/copy
GET|POST /api/v2/blogposts
GET|PUT|DELETE /api/v2/blogposts/{id}
GET /api/v2/blogposts/{id}/versions
POST /api/v2/folders
GET|DELETE /api/v2/folders/{id}
GET /api/v2/folders/{id}/direct-children
POST /api/v2/whiteboards
GET|DELETE /api/v2/whiteboards/{id}
POST /api/v2/databases
GET|DELETE /api/v2/databases/{id}
POST /api/v2/embeds
GET|DELETE /api/v2/embeds/{id}
GET /api/v2/attachments
GET|DELETE /api/v2/attachments/{id}
GET /api/v2/attachments/{id}/versions
GET|POST /api/v2/footer-comments
GET|PUT|DELETE /api/v2/footer-comments/{id}
GET /api/v2/footer-comments/{id}/children
GET|POST /api/v2/inline-comments
GET|PUT|DELETE /api/v2/inline-comments/{id}
GET /api/v2/inline-comments/{id}/children
GET /api/v2/labels/{id}/pages
POST|DELETE /rest/api/content/{id}/label
GET|PUT|POST|DELETE /rest/api/content/{id}/restriction
GET|PUT|DELETE /rest/api/content/{id}/restriction/byOperation/{op}/user
GET|PUT|DELETE /rest/api/content/{id}/restriction/byOperation/{op}/byGroupId/{group}
GET|PUT|DELETE /rest/api/content/{id}/state
GET /rest/api/content/{id}/state/available
GET|POST|DELETE /rest/api/user/watch/content/{id}
GET|POST|DELETE /rest/api/user/watch/space/{key}
GET /api/v2/tasks
GET|PUT /api/v2/tasks/{id}
POST /rest/api/content/{id}/version
DELETE /rest/api/content/{id}/version/{n}
GET /rest/api/template/page
GET /rest/api/template/blueprint
POST|PUT /rest/api/template
GET|DELETE /rest/api/template/{id}
GET /rest/api/search
GET /rest/api/content/search
GET /rest/api/search/user
GET /rest/api/longtask
GET /rest/api/longtask/{id}
GET|POST /rest/api/audit
POST /rest/api/contentbody/convert/async/{to}
GET /rest/api/contentbody/convert/async/{id}
`

const neededOfDC = `
GET /rest/applinks/1.0/manifest
GET /rest/api/server-information
GET /rest/api/instance-metrics
GET /rest/api/cluster/nodes
GET /rest/plugins/1.0/
GET /status
GET /rest/api/accessmode
POST /rest/pat/latest/tokens
GET /rest/api/user/current
GET /rest/api/user
GET /rest/api/user/list
GET /rest/api/user/anonymous
GET /rest/api/user/memberof
GET|POST /rest/api/space
POST /rest/api/space/_private
POST /rest/api/space/personal
POST /rest/api/admin/space/personal/{username}
GET|PUT|DELETE /rest/api/space/{key}
PUT /rest/api/space/{key}/archive
PUT /rest/api/space/{key}/restore
POST|DELETE /rest/api/space/{key}/category/{name}
GET|DELETE /rest/api/space/{key}/trash
GET /rest/api/space/{key}/watchers
GET /rest/api/space/{key}/content
GET /rest/api/space/{key}/content/{type}
GET /rest/api/space/{key}/labels
GET|POST /rest/api/space/{key}/property
GET|PUT|POST|DELETE /rest/api/space/{key}/property/{property}
GET|POST /rest/api/space/{key}/permissions
GET /rest/api/space/{key}/permissions/user/{user}
GET /rest/api/space/{key}/permissions/group/{group}
GET /rest/api/space/{key}/permissions/anonymous
PUT /rest/api/space/{key}/permissions/anonymous/grant
PUT /rest/api/space/{key}/permissions/group/{group}/grant
PUT /rest/api/space/{key}/permissions/user/{user}/grant
PUT /rest/api/space/{key}/permissions/anonymous/revoke
PUT /rest/api/space/{key}/permissions/group/{group}/revoke
PUT /rest/api/space/{key}/permissions/user/{user}/revoke
GET /rest/api/permissions
GET|POST /rest/api/content
GET|PUT|DELETE /rest/api/content/{id}
GET /rest/api/content/scan
GET /rest/api/content/search
GET /rest/api/search
POST /rest/api/contentbody/convert/{to}
POST /pages/movepage.action
GET /rest/api/content/{id}/history
GET /rest/experimental/content/{id}/version
DELETE /rest/api/content/{id}/version/{n}
GET /rest/api/content/{id}/history/{version}/macro/id/{macro}
GET /rest/api/content/{id}/child
GET /rest/api/content/{id}/child/{type}
GET /rest/api/content/{id}/child/comment
GET /rest/api/content/{id}/descendant/{type}
GET|POST /rest/api/content/{id}/child/attachment
POST /rest/api/content/{id}/child/attachment/{attachment}/data
PUT|DELETE /rest/api/content/{id}/child/attachment/{attachment}
POST /rest/api/content/{id}/child/attachment/{attachment}/move
DELETE /rest/api/content/{id}/child/attachment/{attachment}/version/{n}
GET|POST|DELETE /rest/api/content/{id}/label
DELETE /rest/api/content/{id}/label/{name}
GET|POST /rest/api/content/{id}/property
GET|PUT|POST|DELETE /rest/api/content/{id}/property/{property}
GET /rest/api/content/{id}/restriction/byOperation
GET /rest/api/content/{id}/restriction/byOperation/{op}
GET /rest/api/content/{id}/restriction/relevantViewRestrictions
PUT /rest/api/content/{id}/restriction
GET /rest/api/content/{id}/watchers
GET|POST|DELETE /rest/api/user/watch/content/{id}
POST|PUT /rest/api/content/blueprint/instance/{draft}
GET /rest/api/group
GET /rest/api/group/{group}
GET /rest/api/group/{group}/member
GET /rest/api/admin/users/list/active
POST /rest/api/admin/user
PUT|DELETE /rest/api/admin/user/{username}
PUT /rest/api/admin/user/{username}/disable
PUT /rest/api/admin/user/{username}/enable
POST /rest/api/admin/group
DELETE /rest/api/admin/group/{group}
PUT|DELETE /rest/api/user/{username}/group/{group}
GET|POST /rest/api/webhooks
GET|PUT|DELETE /rest/api/webhooks/{id}
POST /rest/api/webhooks/test
GET /rest/api/webhooks/{id}/latest
GET /rest/api/webhooks/{id}/statistics
GET /rest/api/longtask
GET /rest/api/longtask/{id}
POST /rest/api/backup-restore/backup/space
POST /rest/api/backup-restore/backup/site
GET /rest/api/backup-restore/jobs
GET /rest/api/backup-restore/jobs/{id}
GET /rest/api/backup-restore/jobs/{id}/download
PUT /rest/api/backup-restore/jobs/{id}/cancel
PUT /rest/api/backup-restore/jobs/clear-queue
GET /rest/api/backup-restore/restore/files
POST /rest/api/backup-restore/restore/space
POST /rest/api/backup-restore/restore/site
POST /rest/api/backup-restore/restore/space/upload
POST /rest/api/backup-restore/restore/site/upload
GET /rest/api/audit
GET /rest/auditing/1.0/events
`
