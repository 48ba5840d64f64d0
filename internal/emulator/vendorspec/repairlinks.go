package vendorspec

import "strings"

// openLinks mends what the document says of members that every answer has (defect 5 of specs/README.md, and what the
// recordings in rest-dc show): _links and _expandable are stand-ins there, with one made-up member or none, and many
// schemas lack them although every object of an answer has them.
func openLinks(v any, met map[string]int) {
	switch x := v.(type) {
	case node:
		if members, ok := x["properties"].(node); ok {
			for _, name := range []string{"_links", "_expandable"} {
				members[name] = node{"type": "object"}
			}
			met["5 links opened"]++
		}
		for _, sub := range x {
			openLinks(sub, met)
		}
	case []any:
		for _, sub := range x {
			openLinks(sub, met)
		}
	}
}

// resolveReferences makes the schemas called ReferenceX what they stand for: the document shows the server's own holder
// of an X ({idProperties, expanded}), answers show the X (recorded: rest-dc/forthic).
func resolveReferences(schemas node, met map[string]int) {
	for name, schema := range schemas {
		of, ok := strings.CutPrefix(name, "Reference")
		if !ok {
			continue
		}
		met["5 reference"]++
		if _, known := schemas[of]; known && of != "Object" {
			schemas[name] = node{"$ref": "#/components/schemas/" + of}
			continue
		}
		members, _ := schema.(node)["properties"].(node)
		clear(members)
		schema.(node)["additionalProperties"] = true
	}
}
