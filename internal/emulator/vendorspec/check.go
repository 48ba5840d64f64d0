package vendorspec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Answer is an answer of the emulator with what asked for it.
type Answer struct {
	Personality string          `json:"personality"` // cloud or dc
	Version     string          `json:"version"`     // of Data Center
	Method      string          `json:"method"`
	Template    string          `json:"template"` // of the route, empty where there is none
	Target      string          `json:"target"`   // path and query as asked
	Status      int             `json:"status"`
	Form        string          `json:"form"` // content type
	Body        json.RawMessage `json:"body"` // where it is JSON
	Bytes       int64           `json:"bytes"`
}

func (a *Answer) hasJSON() bool { return len(a.Body) > 0 && string(a.Body) != "null" }

// Check says what of an answer is not as documented: the status; the schema of a success; members that the document
// does not know; of an error the personality's own shape. An answer on a route that no document describes is not
// judged. What the reviewed exceptions allow is allowed.
func Check(a Answer) error {
	docs, err := documents()
	if err != nil {
		return err
	}
	f, path := FamilyOf(a.Personality, a.Template)
	if docs == nil || f == "" {
		return nil
	}
	op := docs[f].operations[a.Method+" "+Shape(path)]
	if a.Status >= 400 {
		if err := errorShape(f, a); err != nil {
			return err
		}
	}
	if op == nil {
		if a.Status == 410 || undocumentedRoute(f, a.Method, path) {
			return nil
		}
		return fmt.Errorf("no operation %s %s", a.Method, path)
	}
	response := op.Responses.Status(a.Status)
	if response == nil {
		if undocumentedStatus(f, a.Method, path, a.Status) {
			return nil
		}
		return fmt.Errorf("status %d is not documented", a.Status)
	}
	if a.Status >= 300 {
		return nil
	}
	return success(f, path, a, response.Value)
}

// success compares the body of a success with its schema.
func success(f Family, path string, a Answer, response *openapi3.Response) error {
	media := response.Content.Get("application/json")
	if media == nil {
		media = response.Content.Get("*/*")
	}
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		if a.Bytes > 0 && len(response.Content) == 0 && !undocumentedBody(f, a.Method, path) {
			return fmt.Errorf("a body where none is documented")
		}
		return nil
	}
	if !a.hasJSON() {
		if bodiless(f, a.Method, path) {
			return nil
		}
		return fmt.Errorf("no JSON where the document has a schema")
	}
	var body any
	if err := json.Unmarshal(a.Body, &body); err != nil {
		return err
	}
	body = excepted(f, path, "", body)
	if err := media.Schema.Value.VisitJSON(body, openapi3.MultiErrors()); err != nil {
		return fmt.Errorf("%.900s", err.Error())
	}
	var bad []string
	for _, at := range unknownMembers(media.Schema.Value, body, "", 0) {
		if !extraMember(f, path, at) {
			bad = append(bad, at)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("members that the document does not know: %v", bad)
	}
	return nil
}

// errorShape holds the body of an error against the shape of its family (cloud-api.md section 3, dc-api.md section 2).
// Pages of HTML and plain text come from what stands before the product; an empty body is for 401, 405 and the like.
func errorShape(f Family, a Answer) error {
	if !a.hasJSON() {
		return nil
	}
	var body map[string]any
	if err := json.Unmarshal(a.Body, &body); err != nil {
		return fmt.Errorf("the error is no object: %w", err)
	}
	if code, ok := body["code"].(float64); ok && int(code) == a.Status && body["message"] != "" {
		return nil // the gateway's own (cloud-api.md sections 2 and 4)
	}
	if f == V2 {
		list, ok := body["errors"].([]any)
		if !ok || len(list) == 0 {
			return fmt.Errorf("the error has no errors")
		}
		for _, e := range list {
			e, _ := e.(map[string]any)
			if status, ok := e["status"].(float64); !ok || int(status) != a.Status || e["title"] == nil || e["code"] == nil {
				return fmt.Errorf("the error's status, code or title is wrong: %v", e)
			}
		}
		return nil
	}
	if status, ok := body["statusCode"].(float64); !ok || int(status) != a.Status {
		return fmt.Errorf("the error's statusCode is %v, not %d", body["statusCode"], a.Status)
	}
	if _, ok := body["message"].(string); !ok {
		return fmt.Errorf("the error has no message")
	}
	return nil
}

// unknownMembers lists the paths of members that a schema does not name. A schema without any names, or one that says
// that it may have others, is open.
func unknownMembers(s *openapi3.Schema, v any, at string, depth int) []string {
	if depth > 14 {
		return nil
	}
	var out []string
	switch x := v.(type) {
	case []any:
		if s.Items != nil {
			for _, row := range x {
				out = append(out, unknownMembers(s.Items.Value, row, at+"[]", depth+1)...)
			}
		}
	case map[string]any:
		known, open := members(s)
		if len(known) == 0 || open {
			return nil
		}
		for k, sub := range x {
			if p := known[k]; p != nil {
				out = append(out, unknownMembers(p, sub, at+"."+k, depth+1)...)
			} else {
				out = append(out, at+"."+k)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// members are the members of a schema and of those it is made of; open says that it allows any other.
func members(s *openapi3.Schema) (map[string]*openapi3.Schema, bool) {
	out := map[string]*openapi3.Schema{}
	open := len(s.OneOf)+len(s.AnyOf) > 0 || s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has || s.AdditionalProperties.Schema != nil
	for name, p := range s.Properties {
		out[name] = p.Value
	}
	for _, part := range s.AllOf {
		sub, o := members(part.Value)
		open = open || o
		for name, p := range sub {
			if twin := out[name]; twin != nil {
				p = &openapi3.Schema{AllOf: openapi3.SchemaRefs{{Value: twin}, {Value: p}}}
			}
			out[name] = p
		}
	}
	return out, open
}

// excepted is the body without what the reviewed exceptions allow.
func excepted(f Family, path, at string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, sub := range x {
			if sub == nil && nullMember(f, path, k) || strangeValue(f, path, k, sub) {
				continue
			}
			out[k] = excepted(f, path, at+"."+k, sub)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, sub := range x {
			out[i] = excepted(f, path, at+"[]", sub)
		}
		return out
	}
	return v
}

func lastMember(at string) string { return at[strings.LastIndexByte(at, '.')+1:] }
