package vendorspec

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Family is one of the vendor's documents.
type Family string

// The families. V1 and V2 are Cloud's.
const (
	V1 Family = "cloud-v1"
	V2 Family = "cloud-v2"
	DC Family = "dc"
)

// document is a vendor's document with its operations by method and shape of the path.
type document struct {
	operations map[string]*openapi3.Operation
	repaired   map[string]int
}

// documents are read once, where they are at hand.
var documents = sync.OnceValues(func() (map[Family]*document, error) {
	if Shared() == "" {
		return nil, nil
	}
	out := map[Family]*document{}
	for _, f := range []Family{V1, V2, DC} {
		d, err := load(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		out[f] = d
	}
	return out, nil
})

func load(f Family) (*document, error) {
	data, err := os.ReadFile(filepath.Join(Shared(), "specs", string(f)+".json"))
	if err != nil {
		return nil, err
	}
	d := &document{operations: map[string]*openapi3.Operation{}}
	if f == DC {
		var raw node
		if err := json.Unmarshal(data, &raw); err != nil {
			return nil, err
		}
		d.repaired = repair(raw)
		if data, err = json.Marshal(raw); err != nil {
			return nil, err
		}
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			d.operations[method+" "+Shape(path)] = op
		}
	}
	return d, nil
}

// FamilyOf is the document that a route template belongs to, and the path as the document writes it; none for routes
// that no document describes. Cloud's templates have /wiki, those of Data Center begin below the context path.
func FamilyOf(personality, template string) (Family, string) {
	switch {
	case personality == "dc" && strings.HasPrefix(template, "/rest/api/"):
		return DC, template
	case personality == "dc":
	case strings.HasPrefix(template, "/wiki/api/v2/"):
		return V2, strings.TrimPrefix(template, "/wiki/api/v2")
	case strings.HasPrefix(template, "/wiki/rest/api/"):
		return V1, template
	}
	return "", ""
}

// Operation is the documented operation of a route, or nil: no documents, or none that describes it.
func Operation(personality, method, template string) *openapi3.Operation {
	docs, err := documents()
	f, path := FamilyOf(personality, template)
	if err != nil || docs[f] == nil {
		return nil
	}
	return docs[f].operations[method+" "+Shape(path)]
}

// Operations are all documented operations of a family as "METHOD /path/{}".
func Operations(f Family) []string {
	docs, err := documents()
	if err != nil || docs[f] == nil {
		return nil
	}
	var out []string
	for key := range docs[f].operations {
		out = append(out, key)
	}
	return out
}
