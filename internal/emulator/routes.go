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

	{method: "POST", template: "/wiki/api/v2/users-bulk", api: v2, scope: "read:user:confluence", prepare: prepareUsers, handle: usersBulkV2, evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/spaces", api: v2, scope: "read:space:confluence", handle: listSpaces, evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/spaces", api: v2, scope: "write:space:confluence", limit: createLimit, prepare: prepareSpace, handle: createSpaceV2, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}", api: v2, scope: "read:space:confluence", handle: getSpace, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/permissions", api: v2, scope: "read:space:confluence", handle: listGrants, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/space-role-mode", api: v2, scope: "read:configuration:confluence", handle: getRoleMode, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/space-roles", api: v2, scope: "read:space.permission:confluence", handle: listRoles, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/role-assignments", api: v2, scope: "read:space.permission:confluence", handle: listAssignments, evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/spaces/{id}/role-assignments", api: v2, scope: "write:space.permission:confluence", limit: createLimit, prepare: prepareAssignments, handle: setAssignments, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{space-id}/properties", api: v2, scope: "read:space:confluence", handle: listProperties(0, true), evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/spaces/{space-id}/properties", api: v2, scope: "write:space:confluence", prepare: prepareProperty, handle: createProperty(0, true), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{space-id}/properties/{property-id}", api: v2, scope: "read:space:confluence", handle: getProperty(0, true), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/spaces/{space-id}/properties/{property-id}", api: v2, scope: "write:space:confluence", prepare: prepareProperty, handle: updateProperty(0, true), evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/spaces/{space-id}/properties/{property-id}", api: v2, scope: "write:space:confluence", handle: deleteProperty(0, true), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/pages", api: v2, scope: "read:page:confluence", handle: listSpacePages(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/blogposts", api: v2, scope: "read:page:confluence", handle: listSpacePages(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/labels", api: v2, scope: "read:space:confluence", handle: listSpaceLabels, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/spaces/{id}/content/labels", api: v2, scope: "read:space:confluence", handle: listContentLabels, evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/pages", api: v2, scope: "read:page:confluence", handle: listPages, evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/pages", api: v2, scope: "write:page:confluence", limit: createLimit, prepare: prepareCreate, handle: createPage(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}", api: v2, scope: "read:page:confluence", handle: getPage(page), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/pages/{id}", api: v2, scope: "write:page:confluence", prepare: prepareUpdate, handle: updatePage(page), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/pages/{id}/title", api: v2, scope: "write:page:confluence", prepare: prepareTitle, handle: updateTitle, evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/pages/{id}", api: v2, scope: "delete:page:confluence", handle: deletePage(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/direct-children", api: v2, scope: "read:hierarchical-content:confluence", handle: directChildren(page, true), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/children", api: v2, scope: "read:page:confluence", handle: directChildren(page, false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/descendants", api: v2, scope: "read:hierarchical-content:confluence", handle: descendants(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/ancestors", api: v2, scope: "read:content.metadata:confluence", handle: ancestors(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/versions", api: v2, scope: "read:page:confluence", handle: listVersions(page, "page"), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{page-id}/versions/{version-number}", api: v2, scope: "read:page:confluence", handle: getVersion(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/labels", api: v2, scope: "read:page:confluence", handle: listLabels(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/attachments", api: v2, scope: "read:attachment:confluence", handle: listAttachments(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(page, false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{id}/inline-comments", api: v2, scope: "read:comment:confluence", handle: listComments(page, true), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{page-id}/properties", api: v2, scope: "read:page:confluence", handle: listProperties(page, false), evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/pages/{page-id}/properties", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: createProperty(page, false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/pages/{page-id}/properties/{property-id}", api: v2, scope: "read:page:confluence", handle: getProperty(page, false), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/pages/{page-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: updateProperty(page, false), evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/pages/{page-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", handle: deleteProperty(page, false), evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/blogposts", api: v2, scope: "read:page:confluence", handle: listBlogPosts, evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/blogposts", api: v2, scope: "write:page:confluence", limit: createLimit, prepare: prepareCreate, handle: createPage(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}", api: v2, scope: "read:page:confluence", handle: getPage(blogPost), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/blogposts/{id}", api: v2, scope: "write:page:confluence", prepare: prepareUpdate, handle: updatePage(blogPost), evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/blogposts/{id}", api: v2, scope: "delete:page:confluence", handle: deletePage(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/versions", api: v2, scope: "read:page:confluence", handle: listVersions(blogPost, "blogpost"), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{blogpost-id}/versions/{version-number}", api: v2, scope: "read:page:confluence", handle: getVersion(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/labels", api: v2, scope: "read:page:confluence", handle: listLabels(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/attachments", api: v2, scope: "read:attachment:confluence", handle: listAttachments(blogPost), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(blogPost, false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{id}/inline-comments", api: v2, scope: "read:comment:confluence", handle: listComments(blogPost, true), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties", api: v2, scope: "read:page:confluence", handle: listProperties(blogPost, false), evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: createProperty(blogPost, false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties/{property-id}", api: v2, scope: "read:page:confluence", handle: getProperty(blogPost, false), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", prepare: prepareProperty, handle: updateProperty(blogPost, false), evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/blogposts/{blogpost-id}/properties/{property-id}", api: v2, scope: "write:page:confluence", handle: deleteProperty(blogPost, false), evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/attachments", api: v2, scope: "read:attachment:confluence", handle: listAllAttachments, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}", api: v2, scope: "read:attachment:confluence", handle: getAttachment, evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/attachments/{id}", api: v2, scope: "delete:attachment:confluence", handle: deleteAttachment, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/versions", api: v2, scope: "read:attachment:confluence", handle: listVersions(attachment, "attachment"), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/attachments/{attachment-id}/versions/{version-number}", api: v2, scope: "read:attachment:confluence", handle: getVersion(attachment), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/labels", api: v2, scope: "read:attachment:confluence", handle: listLabels(attachment), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/attachments/{id}/footer-comments", api: v2, scope: "read:comment:confluence", handle: listComments(attachment, false), evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/footer-comments", api: v2, scope: "read:comment:confluence", handle: listAllComments(false), evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/footer-comments", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: createFooterComment, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{comment-id}", api: v2, scope: "read:comment:confluence", handle: getComment(false), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/footer-comments/{comment-id}", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: updateComment(false), evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/footer-comments/{comment-id}", api: v2, scope: "delete:comment:confluence", handle: deleteComment(false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/footer-comments/{id}/children", api: v2, scope: "read:comment:confluence", handle: listReplies(false), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments", api: v2, scope: "read:comment:confluence", handle: listAllComments(true), evidence: byLiveSuite},
	{method: "POST", template: "/wiki/api/v2/inline-comments", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: createInlineComment, evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{comment-id}", api: v2, scope: "read:comment:confluence", handle: getComment(true), evidence: byLiveSuite},
	{method: "PUT", template: "/wiki/api/v2/inline-comments/{comment-id}", api: v2, scope: "write:comment:confluence", prepare: prepareComment, handle: updateComment(true), evidence: byLiveSuite},
	{method: "DELETE", template: "/wiki/api/v2/inline-comments/{comment-id}", api: v2, scope: "delete:comment:confluence", handle: deleteComment(true), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/inline-comments/{id}/children", api: v2, scope: "read:comment:confluence", handle: listReplies(true), evidence: byLiveSuite},

	{method: "GET", template: "/wiki/api/v2/labels/{id}/pages", api: v2, scope: "read:page:confluence", handle: listLabelled(page), evidence: byLiveSuite},
	{method: "GET", template: "/wiki/api/v2/labels/{id}/blogposts", api: v2, scope: "read:page:confluence", handle: listLabelled(blogPost), evidence: byLiveSuite},
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
