package emulator

import "slices"

// createLimit is the largest body of a v2 create (register row ER-18).
const createLimit = 5 << 20

// cloudTables are the routes of the Cloud personality, a table for each subject.
var cloudTables = [][]route{
	coreRoutes,
	contentRoutesV1,
	siteRoutesV1,
	nodeRoutes,
	v2Routes,
	oauthRoutes,
	adminKeyRoutes,
	organizationRoutes,
	scimRoutes,
}

// cloudRoutes are all documented routes of the Cloud personality.
var cloudRoutes = slices.Concat(cloudTables...)

// coreRoutes are the routes that a migration needs. Scopes are those of the vendor's documents.
var coreRoutes = []route{
	{method: "GET", template: "/_edge/tenant_info", api: edge, handle: tenantInfo, evidence: byClient},
	{method: "GET", template: "/media/file/{id}/{version}", api: edge, handle: media, evidence: byClient, gap: "on the same host; the real one is another"},

	{method: "POST", template: "/wiki/api/v2/users-bulk", api: v2, scope: "read:user:confluence", prepare: prepareUsers, handle: usersBulkV2},

	{method: "GET", template: "/wiki/api/v2/spaces", api: v2, scope: "read:space:confluence", handle: listSpaces},
	{method: "POST", template: "/wiki/api/v2/spaces", api: v2, scope: "write:space:confluence", limit: createLimit, prepare: prepareSpace, handle: createSpaceV2},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}", api: v2, scope: "read:space:confluence", handle: getSpace},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/permissions", api: v2, scope: "read:space:confluence", handle: listGrants},
	{method: "GET", template: "/wiki/api/v2/space-role-mode", api: v2, scope: "read:configuration:confluence", handle: getRoleMode},
	{method: "GET", template: "/wiki/api/v2/space-roles", api: v2, scope: "read:space.permission:confluence", handle: listRoles},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/role-assignments", api: v2, scope: "read:space.permission:confluence", handle: listAssignments},
	{method: "POST", template: "/wiki/api/v2/spaces/{id}/role-assignments", api: v2, scope: "write:space.permission:confluence", limit: createLimit, prepare: prepareAssignments, handle: setAssignments},
	{method: "GET", template: "/wiki/api/v2/spaces/{space-id}/properties", api: v2, scope: "read:space:confluence", handle: listProperties(0, true)},
	{method: "POST", template: "/wiki/api/v2/spaces/{space-id}/properties", api: v2, scope: "write:space:confluence", prepare: prepareProperty, handle: createProperty(0, true)},
	{method: "GET", template: "/wiki/api/v2/spaces/{space-id}/properties/{property-id}", api: v2, scope: "read:space:confluence", handle: getProperty(0, true)},
	{method: "PUT", template: "/wiki/api/v2/spaces/{space-id}/properties/{property-id}", api: v2, scope: "write:space:confluence", prepare: prepareProperty, handle: updateProperty(0, true)},
	{method: "DELETE", template: "/wiki/api/v2/spaces/{space-id}/properties/{property-id}", api: v2, scope: "write:space:confluence", handle: deleteProperty(0, true)},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/pages", api: v2, scope: "read:page:confluence", handle: listSpacePages(page)},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/blogposts", api: v2, scope: "read:page:confluence", handle: listSpacePages(blogPost)},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/labels", api: v2, scope: "read:space:confluence", handle: listSpaceLabels},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/content/labels", api: v2, scope: "read:space:confluence", handle: listContentLabels},

	{method: "GET", template: "/wiki/api/v2/pages", api: v2, scope: "read:page:confluence", handle: listPages},
	{method: "POST", template: "/wiki/api/v2/pages", api: v2, scope: "write:page:confluence", limit: createLimit, prepare: prepareCreate, handle: createPage(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}", api: v2, scope: "read:page:confluence", handle: getPage(page)},
	{method: "PUT", template: "/wiki/api/v2/pages/{id}", api: v2, scope: "write:page:confluence", prepare: prepareUpdate, handle: updatePage(page)},
	{method: "PUT", template: "/wiki/api/v2/pages/{id}/title", api: v2, scope: "write:page:confluence", prepare: prepareTitle, handle: updateTitle},
	{method: "DELETE", template: "/wiki/api/v2/pages/{id}", api: v2, scope: "delete:page:confluence", handle: deletePage(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/direct-children", api: v2, scope: "read:hierarchical-content:confluence", handle: directChildren(page, true)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/children", api: v2, scope: "read:page:confluence", handle: directChildren(page, false)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/descendants", api: v2, scope: "read:hierarchical-content:confluence", handle: descendants(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/ancestors", api: v2, scope: "read:content.metadata:confluence", handle: ancestors(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/versions", api: v2, scope: "read:page:confluence", handle: listVersions(page, "page")},
	{method: "GET", template: "/wiki/api/v2/pages/{page-id}/versions/{version-number}", api: v2, scope: "read:page:confluence", handle: getVersion(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/labels", api: v2, scope: "read:page:confluence", handle: listLabels(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/attachments", api: v2, scope: "read:attachment:confluence", handle: listAttachments(page)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(page, false)},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/inline-comments", api: v2, scope: "read:comment:confluence", handle: listComments(page, true)},
	{method: "GET", template: "/wiki/api/v2/pages/{page-id}/properties", api: v2, scope: "read:page:confluence", handle: listProperties(page, false)},
	{method: "POST", template: "/wiki/api/v2/pages/{page-id}/properties", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: createProperty(page, false)},
	{method: "GET", template: "/wiki/api/v2/pages/{page-id}/properties/{property-id}", api: v2, scope: "read:page:confluence", handle: getProperty(page, false)},
	{method: "PUT", template: "/wiki/api/v2/pages/{page-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: updateProperty(page, false)},
	{method: "DELETE", template: "/wiki/api/v2/pages/{page-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", handle: deleteProperty(page, false)},

	{method: "GET", template: "/wiki/api/v2/blogposts", api: v2, scope: "read:page:confluence", handle: listBlogPosts},
	{method: "POST", template: "/wiki/api/v2/blogposts", api: v2, scope: "write:page:confluence", limit: createLimit, prepare: prepareCreate, handle: createPage(blogPost)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}", api: v2, scope: "read:page:confluence", handle: getPage(blogPost)},
	{method: "PUT", template: "/wiki/api/v2/blogposts/{id}", api: v2, scope: "write:page:confluence", prepare: prepareUpdate, handle: updatePage(blogPost)},
	{method: "DELETE", template: "/wiki/api/v2/blogposts/{id}", api: v2, scope: "delete:page:confluence", handle: deletePage(blogPost)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/versions", api: v2, scope: "read:page:confluence", handle: listVersions(blogPost, "blogpost")},
	{method: "GET", template: "/wiki/api/v2/blogposts/{blogpost-id}/versions/{version-number}", api: v2, scope: "read:page:confluence", handle: getVersion(blogPost)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/labels", api: v2, scope: "read:page:confluence", handle: listLabels(blogPost)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/attachments", api: v2, scope: "read:attachment:confluence", handle: listAttachments(blogPost)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(blogPost, false)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/inline-comments", api: v2, scope: "read:comment:confluence", handle: listComments(blogPost, true)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties", api: v2, scope: "read:page:confluence", handle: listProperties(blogPost, false)},
	{method: "POST", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: createProperty(blogPost, false)},
	{method: "GET", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties/{property-id}", api: v2, scope: "read:page:confluence", handle: getProperty(blogPost, false)},
	{method: "PUT", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: updateProperty(blogPost, false)},
	{method: "DELETE", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", handle: deleteProperty(blogPost, false)},

	{method: "GET", template: "/wiki/api/v2/attachments", api: v2, scope: "read:attachment:confluence", handle: listAllAttachments},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}", api: v2, scope: "read:attachment:confluence", handle: getAttachment},
	{method: "DELETE", template: "/wiki/api/v2/attachments/{id}", api: v2, scope: "delete:attachment:confluence", handle: deleteAttachment},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/versions", api: v2, scope: "read:attachment:confluence", handle: listVersions(attachment, "attachment")},
	{method: "GET", template: "/wiki/api/v2/attachments/{attachment-id}/versions/{version-number}", api: v2, scope: "read:attachment:confluence", handle: getVersion(attachment)},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/labels", api: v2, scope: "read:attachment:confluence", handle: listLabels(attachment)},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(attachment, false)},

	{method: "GET", template: "/wiki/api/v2/footer-comments", api: v2, scope: "read:comment:confluence", handle: listAllComments(false)},
	{method: "POST", template: "/wiki/api/v2/footer-comments", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: createFooterComment},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{comment-id}", api: v2, scope: "read:comment:confluence", handle: getComment(false)},
	{method: "PUT", template: "/wiki/api/v2/footer-comments/{comment-id}", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: updateComment(false)},
	{method: "DELETE", template: "/wiki/api/v2/footer-comments/{comment-id}", api: v2, scope: "delete:comment:confluence", handle: deleteComment(false)},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/children", api: v2, scope: "read:comment:confluence", handle: listReplies(false)},
	{method: "GET", template: "/wiki/api/v2/inline-comments", api: v2, scope: "read:comment:confluence", handle: listAllComments(true)},
	{method: "POST", template: "/wiki/api/v2/inline-comments", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: createInlineComment},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{comment-id}", api: v2, scope: "read:comment:confluence", handle: getComment(true)},
	{method: "PUT", template: "/wiki/api/v2/inline-comments/{comment-id}", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: updateComment(true)},
	{method: "DELETE", template: "/wiki/api/v2/inline-comments/{comment-id}", api: v2, scope: "delete:comment:confluence", handle: deleteComment(true)},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/children", api: v2, scope: "read:comment:confluence", handle: listReplies(true)},

	{method: "GET", template: "/wiki/api/v2/labels/{id}/pages", api: v2, scope: "read:page:confluence", handle: listLabelled(page)},
	{method: "GET", template: "/wiki/api/v2/labels/{id}/blogposts", api: v2, scope: "read:page:confluence", handle: listLabelled(blogPost)},
}

// allRoutes are the documented routes and those that were removed.
func allRoutes() []route {
	out := slices.Clone(cloudRoutes)
	for _, r := range removedRoutes {
		out = append(out, legacyOf(r))
	}
	return append(out, undocumentedRoutes...)
}

func tenantInfo(c *call) (answer, error) { return ok(object{"cloudId": c.cloudID}) }
