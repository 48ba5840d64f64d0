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

// readBody checks and normalises a body. scope and the body itself decide the ids that it is given. The lock must not be
// held.
func (c *call) readBody(raw json.RawMessage, in func() *space, scope ...string) (sentBody, error) {
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
	case "storage", "wiki", "atlas_doc_format":
	default:
		return sentBody{}, invalid("Provided value {" + q.Representation + "} for 'representation' is not valid")
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	text, err := c.storage(q.Value, q.Representation, in, c.bodyOf(), scope...)
	return sentBody{given: true, text: text}, err
}

// bodyOf is the content that the call's body is written to, or nil.
func (c *call) bodyOf() *content {
	for _, id := range c.params {
		if n, err := strconv.ParseInt(numeric(id), 10, 64); err == nil {
			return c.world.contents[n]
		}
	}
	return nil
}

// storage makes any representation that servers take what they store of it: storage, wiki, atlas_doc_format, editor and
// view. in and on are what the body belongs to and may be nil. The lock must be held, for reading at least.
func (c *call) storage(value, form string, in func() *space, on *content, scope ...string) (string, error) {
	switch form {
	case "storage":
	case "wiki":
		value = markup.FromWiki(value)
	case "editor", "editor2", "view", "export_view", "styled_view":
		value = markup.FromHTML(value)
	case "atlas_doc_format":
		var at *space
		if in != nil {
			at = in()
		}
		var err error
		if value, err = markup.FromADF(value, c.scene(at, on), c.set.decorateMedia); err != nil {
			return "", badDocument(err)
		}
	default:
		return "", invalid("Provided value {" + form + "} for 'representation' is not valid")
	}
	return c.normaliseLocked(value, in, scope...)
}

// badDocument is the refusal of a document of the new editor (register rows ER-13, AT-10).
func badDocument(err error) error {
	var bad *markup.DocError
	if errors.As(err, &bad) && bad.Media {
		return fail(http.StatusBadRequest, "ATTACHMENT_VALIDATION_ERROR", bad.What)
	}
	return invalid("Invalid ADF document: " + err.Error())
}

// viewGap is what renderings for readers do not show of a real server's.
const viewGap = "views have the elements, classes, links and macros that clients read, not the markup of a theme; macros that gather from elsewhere show nothing"

// rendering returns a stored body in any form that servers give: storage, atlas_doc_format, editor and the views. in and
// on are what the body belongs to and may be nil. The lock must be held, for reading at least.
func (c *call) rendering(stored, form string, in *space, on *content) (string, error) {
	var out string
	var err error
	switch form {
	case "storage", "raw":
		return stored, nil
	case "atlas_doc_format":
		out, err = markup.ToADF(stored, c.scene(in, on))
	case "view", "export_view", "styled_view", "anonymous_export_view", "editor", "editor2":
		out, err = markup.Render(stored, markup.Form(strings.TrimSuffix(form, "2")), c.scene(in, on))
	default:
		return "", invalid("Provided value {" + form + "} for the representation is not valid")
	}
	if err != nil { // a body that came in by an import or an act and is no storage format
		return "", invalid("Error parsing xhtml: " + err.Error())
	}
	return out, nil
}

// converted returns a body in another form, as content body conversion does. The lock must be held.
func (c *call) converted(value, from, to string, in *space, on *content) (string, error) {
	of := func() *space { return in }
	stored, err := c.storage(value, from, of, on, "convert", to)
	if err != nil {
		return "", err
	}
	return c.rendering(stored, to, in, on)
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
		DataCenter: s.dc(),
		ID:         func(n int) string { return s.uuid("element", string(digest[:]), strconv.Itoa(n)) },
		Target: func(r markup.Ref) (int, bool) {
			if in == nil {
				return 0, false
			}
			return s.target(in(), r)
		},
		User:              s.renamedUser,
		DropEmptyHeadings: s.set.emptyHeadings,
	})
	var syntax *markup.SyntaxError
	if errors.As(err, &syntax) {
		return "", invalid("Error parsing xhtml: " + syntax.Error())
	}
	return text, err
}

// renamedUser returns how a server writes an account that a body names in an older way: by key in place of the username
// on Data Center, by account id on Cloud where it does so at all (row 21; register row ST-02).
func (s *Site) renamedUser(kind, id string) (newKind, newID string, ok bool) {
	u := s.account(kind, id)
	switch {
	case u == nil:
		return "", "", false
	case s.dc():
		return "userkey", u.key, kind == "username"
	}
	return "account-id", u.id, s.set.userkeys
}

// account finds an account as bodies name it, or nil.
func (s *Site) account(kind, id string) *user {
	switch kind {
	case "account-id":
		return s.people.byID[id]
	case "username":
		return s.people.named(id)
	}
	for _, u := range s.people.users {
		if u.key == id {
			return u
		}
	}
	return nil
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

// bodyV2 is the body of a content, or of one of its versions, in the representation asked for; empty without one.
func (c *call) bodyV2(p *content, at span, valid ...string) (object, error) {
	form := c.query.Get("body-format")
	if form == "" {
		return object{}, nil
	}
	if err := checkForm(form, valid); err != nil {
		return nil, err
	}
	value, err := c.rendering(c.heap.text(at), form, p.root().space, p)
	if err != nil {
		return nil, err
	}
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
	value, err := c.rendering(value, form, nil, nil)
	if err != nil {
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
			return nil
		}
	}
	return invalid("Provided value {" + form + "} for 'body-format' is not valid. Valid: " + strings.Join(valid, ", "))
}
