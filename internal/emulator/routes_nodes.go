package emulator

import "slices"

// nodeRoutes are the routes of folders, whiteboards, databases and embeds.
var nodeRoutes = slices.Concat(
	nodeRoutesOf("folder", folder, "/folders"),
	nodeRoutesOf("whiteboard", whiteboard, "/whiteboards"),
	nodeRoutesOf("database", database, "/databases"),
	nodeRoutesOf("embed", embed, "/embeds"),
)

const shellGap = "a shell only: there is nothing behind it that a person could open"

// nodeRoutesOf are the routes of one kind of node, which differ by name only.
func nodeRoutesOf(name string, k kind, path string) []route {
	base := "/wiki/api/v2" + path
	read, write, remove := "read:"+name+":confluence", "write:"+name+":confluence", "delete:"+name+":confluence"
	gap := shellGap
	if k == folder {
		gap = ""
	}
	out := []route{
		{method: "POST", template: base, api: v2, scope: write, limit: createLimit, prepare: prepareNode, handle: createNode(k), evidence: byLiveSuite, gap: gap},
		{method: "GET", template: base + "/{id}", api: v2, scope: read, handle: getNode(k), evidence: byLiveSuite, gap: gap},
		{method: "DELETE", template: base + "/{id}", api: v2, scope: remove, handle: deleteNode(k), evidence: byLiveSuite},
		{method: "GET", template: base + "/{id}/direct-children", api: v2, scope: "read:hierarchical-content:confluence", handle: directChildren(k, true)},
		{method: "GET", template: base + "/{id}/descendants", api: v2, scope: "read:hierarchical-content:confluence", handle: descendants(k)},
		{method: "GET", template: base + "/{id}/ancestors", api: v2, scope: "read:content.metadata:confluence", handle: ancestors(k)},
		{method: "GET", template: base + "/{id}/operations", api: v2, scope: read, handle: listOperations(k), evidence: byLiveSuite, gap: operationsGap},
	}
	return append(out, propertyRoutes(base+"/{id}", base+"/{"+name+"-id}", k, read, write)...)
}

// propertyRoutes are the routes of the properties of one kind of content. The documents name the path parameter of the
// list and of one property differently.
func propertyRoutes(ofList, ofOne string, k kind, read, write string) []route {
	list, one := ofList+"/properties", ofOne+"/properties/{property-id}"
	return []route{
		{method: "GET", template: list, api: v2, scope: read, handle: listProperties(k, false), evidence: byLiveSuite},
		{method: "POST", template: list, api: v2, scope: write, prepare: prepareProperty, handle: createProperty(k, false), evidence: byLiveSuite},
		{method: "GET", template: one, api: v2, scope: read, handle: getProperty(k, false), evidence: byLiveSuite},
		{method: "PUT", template: one, api: v2, scope: write, prepare: prepareProperty, handle: updateProperty(k, false), evidence: byLiveSuite},
		{method: "DELETE", template: one, api: v2, scope: write, handle: deleteProperty(k, false), evidence: byLiveSuite},
	}
}
