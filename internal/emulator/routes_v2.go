package emulator

import "slices"

// v2Routes are the routes of REST v2 beside those of the core: what stands on contents, and custom content.
var v2Routes = slices.Concat(likeRoutes, customRoutes, commentRoutes, roleRoutes, unentitledRoutesOf(),
	propertyRoutes("/wiki/api/v2/attachments/{attachment-id}", "/wiki/api/v2/attachments/{attachment-id}", attachment,
		"read:attachment:confluence", "write:attachment:confluence"),
	propertyRoutes("/wiki/api/v2/comments/{comment-id}", "/wiki/api/v2/comments/{comment-id}", comment,
		"read:comment:confluence", "write:comment:confluence"),
)

// likeRoutes are likes, which v2 only reads, and permitted operations.
var likeRoutes = []route{
	{method: "GET", template: "/wiki/api/v2/pages/{id}/likes/count", api: v2, scope: "read:page:confluence", handle: countLikes(ofKind(page)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/likes/users", api: v2, scope: "read:page:confluence", handle: listLikes(ofKind(page)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/likes/count", api: v2, scope: "read:page:confluence", handle: countLikes(ofKind(blogPost)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/likes/users", api: v2, scope: "read:page:confluence", handle: listLikes(ofKind(blogPost)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/likes/count", api: v2, scope: "read:comment:confluence", handle: countLikes(ofComments(false)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/likes/users", api: v2, scope: "read:comment:confluence", handle: listLikes(ofComments(false)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/likes/count", api: v2, scope: "read:comment:confluence", handle: countLikes(ofComments(true)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/likes/users", api: v2, scope: "read:comment:confluence", handle: listLikes(ofComments(true)), evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/pages/{id}/operations", api: v2, scope: "read:page:confluence", handle: listOperations(page), evidence: byLiveSuite, gap: operationsGap},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/operations", api: v2, scope: "read:page:confluence", handle: listOperations(blogPost), evidence: byLiveSuite, gap: operationsGap},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/operations", api: v2, scope: "read:attachment:confluence", handle: listOperations(attachment), evidence: byLiveSuite, gap: operationsGap},
	{method: "GET", template: "/wiki/api/v2/custom-content/{id}/operations", api: v2, scope: "read:custom-content:confluence", handle: listOperations(customContent), evidence: byLiveSuite, gap: operationsGap},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/operations", api: v2, scope: "read:comment:confluence", handle: operationsOf(ofComments(false)), evidence: byLiveSuite, gap: operationsGap},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/operations", api: v2, scope: "read:comment:confluence", handle: operationsOf(ofComments(true)), evidence: byLiveSuite, gap: operationsGap},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/operations", api: v2, scope: "read:space:confluence", handle: listSpaceOperations, evidence: byLiveSuite, gap: operationsGap},
}

// commentRoutes are versions of comments, and what labels and ids lead to.
var commentRoutes = []route{
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/versions", api: v2, scope: "read:comment:confluence", handle: versionsOf(ofComments(false), "comment"), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/versions/{version-number}", api: v2, scope: "read:comment:confluence", handle: versionOf(ofComments(false)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/versions", api: v2, scope: "read:comment:confluence", handle: versionsOf(ofComments(true), "comment"), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/versions/{version-number}", api: v2, scope: "read:comment:confluence", handle: versionOf(ofComments(true)), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/labels", api: v2, scope: "read:label:confluence", handle: listAllLabels, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/labels/{id}/attachments", api: v2, scope: "read:attachment:confluence", handle: listLabelledFiles, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/tasks", api: v2, scope: "read:task:confluence", handle: listTodos, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/tasks/{id}", api: v2, scope: "read:task:confluence", handle: getTodo, evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/tasks/{id}", api: v2, scope: "write:task:confluence", prepare: prepareTodo, handle: updateTodo, evidence: byLiveSuite, gap: "each tick makes a version at once; a real site may join several"},
	{method: "POST", template: "/wiki/api/v2/content/convert-ids-to-types", api: v2, scope: "read:content.metadata:confluence", prepare: prepareIDs, handle: convertIDs, evidence: byLiveSuite},
}

// customRoutes are custom content, which belongs to apps.
var customRoutes = slices.Concat([]route{
	{method: "GET", template: "/wiki/api/v2/custom-content", api: v2, scope: "read:custom-content:confluence", handle: listCustom, gap: customGap},
	{method: "POST", template: "/wiki/api/v2/custom-content", api: v2, scope: "write:custom-content:confluence", limit: createLimit, prepare: prepareCustom, handle: createCustom, gap: customGap},
	{method: "GET", template: "/wiki/api/v2/custom-content/{id}", api: v2, scope: "read:custom-content:confluence", handle: getCustom},
	{method: "PUT", template: "/wiki/api/v2/custom-content/{id}", api: v2, scope: "write:custom-content:confluence", prepare: prepareCustom, handle: updateCustom},
	{method: "DELETE", template: "/wiki/api/v2/custom-content/{id}", api: v2, scope: "delete:custom-content:confluence", handle: deleteCustom},
	{method: "GET", template: "/wiki/api/v2/custom-content/{id}/attachments", api: v2, scope: "read:attachment:confluence", handle: listAttachments(customContent)},
	{method: "GET", template: "/wiki/api/v2/custom-content/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(customContent, false)},
	{method: "GET", template: "/wiki/api/v2/custom-content/{id}/labels", api: v2, scope: "read:custom-content:confluence", handle: listLabels(customContent)},
	{method: "GET", template: "/wiki/api/v2/custom-content/{id}/children", api: v2, scope: "read:custom-content:confluence", handle: listCustomChildren},
	{method: "GET", template: "/wiki/api/v2/custom-content/{custom-content-id}/versions", api: v2, scope: "read:custom-content:confluence", handle: listVersions(customContent, "custom")},
	{method: "GET", template: "/wiki/api/v2/custom-content/{custom-content-id}/versions/{version-number}", api: v2, scope: "read:custom-content:confluence", handle: getVersion(customContent)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/custom-content", api: v2, scope: "read:custom-content:confluence", handle: listCustomOn(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/custom-content", api: v2, scope: "read:custom-content:confluence", handle: listCustomOn(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/custom-content", api: v2, scope: "read:custom-content:confluence", handle: listSpaceCustom, evidence: byLiveSuite},
}, propertyRoutes("/wiki/api/v2/custom-content/{custom-content-id}", "/wiki/api/v2/custom-content/{custom-content-id}", customContent,
	"read:custom-content:confluence", "write:custom-content:confluence"))

const customGap = "any type of the form app:key is taken; a real site takes those that an installed app declares"

// roleRoutes are role-based access, the way there from classic permissions, and invitations.
var roleRoutes = []route{
	{method: "GET", template: "/wiki/api/v2/space-permissions", api: v2, scope: "read:space.permission:confluence", handle: listPermissionIDs, gap: "the permissions are those that the emulator tells apart, not the product's whole list"},
	{method: "POST", template: "/wiki/api/v2/space-roles", api: v2, scope: "write:configuration:confluence", prepare: prepareRole, handle: createRole, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/space-roles/{id}", api: v2, scope: "read:space.permission:confluence", handle: getRole, evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/space-roles/{id}", api: v2, scope: "write:configuration:confluence", prepare: prepareRole, handle: updateRole, evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/space-roles/{id}", api: v2, scope: "write:configuration:confluence", handle: deleteRole, evidence: byLiveSuite, gap: "who had the role has none then; a real site may ask for another one first"},
	{method: "GET", template: "/wiki/api/v2/space-permissions/transition/combinations", api: v2, scope: "read:configuration:confluence", handle: listCombinations, gap: transitionGap},
	{method: "POST", template: "/wiki/api/v2/space-permissions/transition/combinations", api: v2, scope: "write:configuration:confluence", handle: generateCombinations, gap: transitionGap},
	{method: "POST", template: "/wiki/api/v2/space-permissions/transition/role-assignments", api: v2, scope: "write:configuration:confluence", prepare: prepareTransition, handle: bulkAssign, gap: transitionGap},
	{method: "POST", template: "/wiki/api/v2/space-permissions/transition/access-removals", api: v2, scope: "write:configuration:confluence", prepare: prepareTransition, handle: bulkRemove, gap: transitionGap},
	{method: "GET", template: "/wiki/api/v2/space-permissions/transition/tasks/{taskId}", api: v2, scope: "read:configuration:confluence", handle: transitionStatus, gap: transitionGap},
	{method: "POST", template: "/wiki/api/v2/user/access/check-access-by-email", api: v2, scope: "read:configuration:confluence", prepare: prepareEmails, handle: checkAccess, evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/user/access/invite-by-email", api: v2, scope: "read:configuration:confluence", prepare: prepareEmails, handle: inviteByEmail, evidence: byLiveSuite, gap: "no mail is sent, and no invite policy of the site is asked"},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/thumbnail/download", api: v2, scope: "read:attachment:confluence", handle: thumbnail, gap: "leads to the picture itself, in its own size"},
}

const transitionGap = "by the document alone: the combinations are counted when they are asked for, not when they were last generated"
