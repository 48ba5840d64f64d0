// Package emulator is a Confluence, as far as HTTP can tell: the Cloud personality with the routes that a migration
// needs. It is built from the vendor's published API descriptions and publicly measured behaviour, imports nothing of
// the product, and shares no code with it, so that one misreading cannot hide on both sides.
//
// The way of a request is one: match a route, pass the gates (limits, delays, later fault rules), run the handler under
// the site's lock, pass the gates back, write the answer, log it. Routes are data (routes.go); handlers stand in one
// file per subject.
package emulator
