package migration

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// plain matches what YAML reads as this very text without quotes; words with a meaning of their own are in reserved.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

var reserved = map[string]bool{"true": true, "false": true, "null": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true}

// scalar writes a text so that YAML reads it as this text.
func scalar(s string) string {
	if plain.MatchString(s) && !reserved[strings.ToLower(s)] {
		return s
	}
	// A JSON string is a YAML double-quoted scalar.
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return strconv.Quote(s)
	}
	return string(quoted)
}

func list(items []string) string {
	parts := make([]string, len(items))
	for i, s := range items {
		parts[i] = scalar(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// flow writes a map on one line; values are YAML already.
func flow(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pairs[i] + ": " + pairs[i+1])
	}
	return "{" + b.String() + "}"
}

func (e Endpoint) yaml() string {
	var pairs []string
	for _, f := range []struct{ name, value string }{{"site", e.Site}, {"export", e.Export}, {"fingerprint", e.Fingerprint}} {
		if f.value != "" {
			pairs = append(pairs, f.name, scalar(f.value))
		}
	}
	return flow(pairs...)
}

func (s SpaceScope) yaml() string {
	history := s.History
	if _, err := strconv.Atoi(history); err != nil {
		history = scalar(history)
	}
	return flow("key", scalar(s.Key), "target", scalar(s.Target), "what", scalar(s.What), "existing", scalar(s.Existing), "history", history,
		"restrictions", strconv.FormatBool(s.Restrictions), "permissions", strconv.FormatBool(s.Permissions),
		"attachmentsFirst", strconv.FormatBool(s.AttachmentsFirst))
}

// YAML returns the plan file: every field, in the order of the format.
func (p Plan) YAML() []byte {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + ": " + value + "\n") }
	line("apiVersion", planVersion)
	line("kind", planKind)
	line("name", scalar(p.Name))
	line("stage", scalar(p.Stage))
	line("from", p.From.yaml())
	line("to", p.To.yaml())
	line("users", scalar(p.Users))
	line("people", scalar(p.People))
	line("templates", strconv.FormatBool(p.Templates))
	b.WriteString("spaces:\n")
	for _, s := range p.Spaces {
		b.WriteString("  - " + s.yaml() + "\n")
	}
	line("select", flow("cql", scalar(p.Select.CQL), "labels", list(p.Select.Labels), "subtree", list(p.Select.Subtree),
		"editedAfter", scalar(p.Select.EditedAfter)))
	line("neverSend", list(p.NeverSend))
	line("options", flow("quietWrites", strconv.FormatBool(p.Options.QuietWrites), "concurrent", strconv.Itoa(p.Options.Concurrent),
		"editor", scalar(p.Options.Editor), "provenance", list(p.Options.Provenance), "macros", scalar(p.Options.Macros)))
	return []byte(b.String())
}
