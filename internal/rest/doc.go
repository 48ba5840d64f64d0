// Package rest speaks HTTP politely: one client for every product, paced by a budget that all callers of a site share,
// which sends again only what may be sent again, and which says of every failure whether the site can have acted on it.
//
// It knows nothing of Confluence. Addresses, headers and bodies come from the connectors; they also translate Error.
package rest
