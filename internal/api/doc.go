// Package api offers tandem to programs: JSON over HTTP described by OpenAPI 3.1, and a stream of events. It is the only
// backend of the command line. Commands go through the engine, questions to the store; a handler decides nothing.
//
// Errors are problem+json with the members code, class, what, where, cause, remedy and help. Every call that changes
// something takes dryRun and planDigest: what would be done, and a refusal if that is no longer what was reviewed.
package api
