package vendorspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// node is an object of a document as it was read.
type node = map[string]any

// verbs are the members of a path that are operations.
var verbs = []string{"get", "put", "post", "delete", "patch"}

// repair mends the known defects of the document of Data Center (specs/README.md, "Known defects of dc.json"), by number
// there. It returns how often each was met, so that a test notices when the document changes.
func repair(doc node) map[string]int {
	met := map[string]int{}
	paths := doc["paths"].(node)
	unifyTemplates(paths, met)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, verb := range verbs {
			op, ok := paths[path].(node)[verb].(node)
			if !ok {
				continue
			}
			mergeParameters(op, met)
			if _, has := op["requestBody"]; has && verb == "get" {
				delete(op, "requestBody")
				met["2 body of GET"]++
			}
			mendStatus(op, verb, path, met)
		}
	}
	schemas := doc["components"].(node)["schemas"].(node)
	renameMembers(schemas, met)
	mendShapes(paths, schemas, met)
	resolveReferences(schemas, met)
	openLinks(schemas, met)
	openLinks(paths, met)
	return met
}

// mergeParameters joins parameters that are given twice (defect 1): the prose of the first, the schema of the last.
func mergeParameters(op node, met map[string]int) {
	list, _ := op["parameters"].([]any)
	first := map[string]node{}
	var merged []any
	twice := false
	for _, p := range list {
		p := p.(node)
		key := fmt.Sprint(p["in"], " ", p["name"])
		kept, again := first[key]
		if !again {
			first[key] = p
			merged = append(merged, p)
			continue
		}
		twice = true
		met["1 parameter twice"]++
		if schema, ok := p["schema"]; ok {
			kept["schema"] = schema
		}
		if required, ok := p["required"]; ok {
			kept["required"] = required
		}
	}
	if twice {
		met["1 operation with a parameter twice"]++
		op["parameters"] = merged
	}
}

// unifyTemplates joins paths that differ in the name of a parameter only (defect 3).
func unifyTemplates(paths node, met map[string]int) {
	byShape := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		shape := Shape(path)
		kept, again := byShape[shape]
		if !again {
			byShape[shape] = path
			continue
		}
		met["3 path twice"]++
		names, others := parameters(kept), parameters(path)
		item := paths[path].(node)
		for _, verb := range verbs {
			op, ok := item[verb].(node)
			if !ok {
				continue
			}
			list, _ := op["parameters"].([]any)
			for _, p := range list {
				if p := p.(node); p["in"] == "path" {
					if i := slices.Index(others, fmt.Sprint(p["name"])); i >= 0 {
						p["name"] = names[i]
					}
				}
			}
			paths[kept].(node)[verb] = op
		}
		delete(paths, path)
	}
}

// Shape is a path template without the names of its parameters.
func Shape(template string) string {
	parts := strings.Split(template, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

func parameters(template string) []string {
	var out []string
	for part := range strings.SplitSeq(template, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, strings.TrimSuffix(name, "}"))
		}
	}
	return out
}

// mendStatus gives answers the status that real servers give (defect 6).
func mendStatus(op node, verb, path string, met map[string]int) {
	answers, _ := op["responses"].(node)
	switch {
	case verb == "get" && strings.HasSuffix(path, "/child/attachment") && answers["200"] == nil && answers["201"] != nil:
		answers["200"] = answers["201"]
		delete(answers, "201")
	case verb == "delete" && path == "/rest/api/content/{id}" && answers["204"] == nil:
		answers["204"] = answers["200"]
	case answers["default"] != nil && answers["200"] == nil:
		answers["200"] = answers["default"]
		delete(answers, "default")
	case answers["204"] != nil && answers["204"].(node)["content"] != nil:
		delete(answers["204"].(node), "content")
	default:
		return
	}
	met["6 status"]++
}

// renameMembers gives members the names that answers have (defect 4), and opens schemas that name next to nothing of
// what they describe (defect 5).
func renameMembers(schemas node, met map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		members, _ := schemas[name].(node)["properties"].(node)
		for wrong, right := range map[string]string{"get_links": "_links", "get_expandable": "_expandable"} {
			if m, has := members[wrong]; has {
				members[right] = m
				delete(members, wrong)
				met["4 member"]++
			}
		}
		if name == "Person" || name == "Subject" || len(members) == 0 {
			schemas[name].(node)["additionalProperties"] = true
			met["5 schema opened"]++
		}
	}
}
