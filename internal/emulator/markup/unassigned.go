package markup

import "regexp"

// assigned matches what the server gives on every save by itself.
var assigned = regexp.MustCompile(` (?:ac:macro-id|ri:version-at-save)="[^"]*"|<ac:task-uuid>[^<]*</ac:task-uuid>`)

// localIDs matches the ids that the editor of Cloud gives to blocks.
var localIDs = regexp.MustCompile(` (?:ac:)?local-id="[^"]*"`)

// Unassigned returns a stored body without the ids and version notes that the server assigns: two bodies are the same
// write when this is equal.
func Unassigned(stored string) string { return assigned.ReplaceAllString(stored, "") }
