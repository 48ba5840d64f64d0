package emulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// bodyRequest is a body as v2 takes it: {representation, value}, or nested under the representation's name.
type bodyRequest struct {
	Representation string       `json:"representation"`
	Value          string       `json:"value"`
	Storage        *bodyRequest `json:"storage"`
	Wiki           *bodyRequest `json:"wiki"`
	ADF            *bodyRequest `json:"atlas_doc_format"`
}

// sentBody is a body after it was read and normalised.
type sentBody struct {
	given bool
	text  string
}

// readBody checks and normalises a body. scope and the body itself decide the ids that it is given.
func (s *Site) readBody(raw json.RawMessage, in func() *space, scope ...string) (sentBody, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return sentBody{}, nil
	}
	var q bodyRequest
	if err := json.Unmarshal(raw, &q); err != nil {
		return sentBody{}, invalid("Invalid body: " + err.Error())
	}
	for name, nested := range map[string]*bodyRequest{"storage": q.Storage, "wiki": q.Wiki, "atlas_doc_format": q.ADF} {
		if nested != nil && q.Representation == "" {
			q = *nested
			q.Representation = name
			break
		}
	}
	switch q.Representation {
	case "storage":
	case "wiki":
		q.Value = markup.FromWiki(q.Value)
	case "atlas_doc_format":
		return sentBody{}, fail(http.StatusNotImplemented, "NOT_IMPLEMENTED", "The emulator does not convert atlas_doc_format")
	default:
		return sentBody{}, invalid("Provided value {" + q.Representation + "} for 'representation' is not valid")
	}
	text, err := s.normalise(q.Value, in, scope...)
	return sentBody{given: true, text: text}, err
}

// normalise returns what a REST write of storage format stores. The lock must not be held.
func (s *Site) normalise(raw string, in func() *space, scope ...string) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.normaliseLocked(raw, in, scope...)
}

func (s *Site) normaliseLocked(raw string, in func() *space, scope ...string) (string, error) {
	digest := s.digest(append(scope, raw)...)
	text, err := markup.Normalise(raw, markup.Rules{
		ID: func(n int) string { return s.uuid("element", string(digest[:]), strconv.Itoa(n)) },
		Target: func(r markup.Ref) (int, bool) {
			if in == nil {
				return 0, false
			}
			return s.target(in(), r)
		},
		DropEmptyHeadings: s.set.emptyHeadings,
	})
	var syntax *markup.SyntaxError
	if errors.As(err, &syntax) {
		return "", invalid("Error parsing xhtml: " + syntax.Error())
	}
	return text, err
}

// target finds what a reference in a body of that space names.
func (s *Site) target(in *space, r markup.Ref) (int, bool) {
	if r.SpaceKey != "" {
		in = s.world.keys[foldKey(r.SpaceKey)]
	}
	if in == nil || r.Title == "" {
		return 0, false
	}
	var found *content
	switch r.Element {
	case "ri:page":
		found = s.holder(page, in, r.Title, 0)
	case "ri:attachment":
		if on := s.holder(page, in, r.Title, 0); on != nil {
			found = fileNamed(on, r.File)
		}
	}
	if found == nil || found.status != current {
		return 0, false
	}
	return found.number(), true
}

// fileNamed returns the attachment of that name that is not in the trash, or nil.
func fileNamed(on *content, name string) *content {
	for _, f := range on.files() {
		if f.title == name && f.status != trashed {
			return f
		}
	}
	return nil
}

// sameBody reports whether two stored bodies differ only in what the server itself assigns on every save.
func sameBody(a, b string) bool { return a == b || markup.Unassigned(a) == markup.Unassigned(b) }

// bodyV2 is the body in the representation asked for; empty without one.
func (c *call) bodyV2(at span, valid ...string) (object, error) {
	form := c.query.Get("body-format")
	if form == "" {
		return object{}, nil
	}
	if err := checkForm(form, valid); err != nil {
		return nil, err
	}
	value := c.heap.text(at)
	return object{form: object{"representation": form, "value": value}}, nil
}

// bodyText is a piece of storage format in the representation asked for; empty without one.
func (c *call) bodyText(value string, valid ...string) (object, error) {
	form := c.query.Get("body-format")
	if form == "" {
		return object{}, nil
	}
	if err := checkForm(form, valid); err != nil {
		return nil, err
	}
	return object{form: object{"representation": form, "value": value}}, nil
}

var (
	bulkForms   = []string{"storage", "atlas_doc_format"}
	singleForms = []string{"storage", "atlas_doc_format", "view", "export_view", "anonymous_export_view", "styled_view", "editor"}
)

func checkForm(form string, valid []string) error {
	for _, v := range valid {
		if v == form {
			if form == "atlas_doc_format" {
				return fail(http.StatusNotImplemented, "NOT_IMPLEMENTED", "The emulator does not convert to atlas_doc_format")
			}
			return nil
		}
	}
	return invalid("Provided value {" + form + "} for 'body-format' is not valid. Valid: " + strings.Join(valid, ", "))
}
