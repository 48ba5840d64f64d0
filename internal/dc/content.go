package dc

import (
	"encoding/json"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// contentW is a content of any type, with the expansions that are asked for.
type contentW struct {
	ID        id            `json:"id"`
	Type      string        `json:"type"`
	Status    string        `json:"status"`
	Title     string        `json:"title"`
	Space     *spaceW       `json:"space"`
	Container *containerW   `json:"container"`
	Ancestors []ancestorW   `json:"ancestors"`
	Version   versionW      `json:"version"`
	History   historyW      `json:"history"`
	Body      bodyW         `json:"body"`
	Position  rank          `json:"position"`
	Ext       extensionsW   `json:"extensions"`
	Metadata  metadataW     `json:"metadata"`
	Restrict  restrictionsW `json:"restrictions"`
	Children  struct {
		Attachment *listW[contentW] `json:"attachment"`
		Comment    *listW[contentW] `json:"comment"`
	} `json:"children"`
	Descendants struct {
		Comment *listW[contentW] `json:"comment"`
	} `json:"descendants"`
	Links links `json:"_links"`
}

type ancestorW struct {
	ID   id     `json:"id"`
	Type string `json:"type"`
}

// containerW is what a content belongs to: a space (which has a key) or another content.
type containerW struct {
	ID    id      `json:"id"`
	Type  string  `json:"type"`
	Key   string  `json:"key"`
	Space *spaceW `json:"space"`
}

type historyW struct {
	CreatedBy   userW `json:"createdBy"`
	CreatedDate stamp `json:"createdDate"`
}

type bodyW struct {
	Storage *textW `json:"storage"`
}

type extensionsW struct {
	Position  rank   `json:"position"`
	MediaType string `json:"mediaType"`
	FileSize  int64  `json:"fileSize"`
	Comment   string `json:"comment"`
	Location  string `json:"location"`
	Inline    struct {
		Selection string `json:"originalSelection"`
		Marker    string `json:"markerRef"`
	} `json:"inlineProperties"`
	Resolution word `json:"resolution"`
}

// metadataW holds members that are not of one form: labels as a list, or nothing.
type metadataW struct {
	Labels    *listW[labelW] `json:"labels"`
	MediaType string         `json:"mediaType"`
	Comment   string         `json:"comment"`
}

func (m *metadataW) UnmarshalJSON(b []byte) error {
	type plain metadataW
	if json.Unmarshal(b, (*plain)(m)) != nil {
		*m = metadataW{} // a form that is not known tells nothing
	}
	return nil
}

// kinds are the types of content that have a place in the seam; apps add others.
var kinds = map[string]confluence.Kind{
	"page": confluence.Page, "blogpost": confluence.BlogPost, "comment": confluence.Comment, "attachment": confluence.Attachment,
}

// content translates a row; ok is false for a type that has no place in the seam.
func (w contentW) content() (x confluence.Content, ok bool) {
	kind, ok := kinds[w.Type]
	if !ok || w.ID == "" {
		return x, false
	}
	x = confluence.Content{
		ID: w.ID.ID(), Kind: kind, Status: statusOf(w.Status), Title: w.Title, Created: w.History.CreatedDate.Time(),
		Creator: w.History.CreatedBy.key(), Version: w.Version.version(), Attachments: -1, Comments: -1,
	}
	if w.Space != nil {
		x.SpaceID, x.SpaceKey = w.Space.ID.ID(), w.Space.Key
	}
	if w.Body.Storage != nil {
		x.Body = confluence.Body{Format: confluence.Storage, Raw: w.Body.Storage.Value}
		x.Facets |= confluence.FacetBody
	}
	if w.Version.Number == 1 && x.Created.IsZero() {
		x.Created, x.Creator = x.Version.At, x.Version.By
	}
	w.belongs(&x)
	switch kind {
	case confluence.Page:
		if n := len(w.Ancestors); n > 0 {
			x.ParentID = w.Ancestors[n-1].ID.ID()
		}
		// The number under extensions is the older place and the one that all versions have (TR-04).
		for _, r := range []rank{w.Ext.Position, w.Position} {
			if r.set {
				x.Position, x.Positioned = r.n, true
				break
			}
		}
	case confluence.Attachment:
		x.File = &confluence.FileInfo{
			MediaType: wire.First(w.Ext.MediaType, w.Metadata.MediaType), Size: w.Ext.FileSize,
			Comment: firstOf(w.Ext.Comment, w.Metadata.Comment),
		}
	case confluence.Comment:
		x.Title, x.Comment = "", w.comment()
	}
	return x, true
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// belongs sets what a comment or attachment belongs to, and its space where that is told through it.
func (w contentW) belongs(x *confluence.Content) {
	if w.Container == nil {
		return
	}
	if w.Container.Key != "" {
		if x.SpaceKey == "" {
			x.SpaceID, x.SpaceKey = w.Container.ID.ID(), w.Container.Key
		}
		return
	}
	if x.Kind == confluence.Comment || x.Kind == confluence.Attachment {
		x.Container = w.Container.ID.ID()
	}
	if s := w.Container.Space; s != nil && x.SpaceKey == "" {
		x.SpaceID, x.SpaceKey = s.ID.ID(), s.Key
	}
}

func (w contentW) comment() *confluence.CommentInfo {
	info := &confluence.CommentInfo{
		Kind: confluence.Footer, Marker: w.Ext.Inline.Marker, Selection: w.Ext.Inline.Selection,
		Resolution: string(w.Ext.Resolution),
	}
	// A resolved comment is listed under the location resolved, and is an inline one.
	if w.Ext.Location == "inline" || w.Ext.Location == "resolved" || info.Marker != "" {
		info.Kind = confluence.Inline
	}
	if n := len(w.Ancestors); n > 0 && (w.Ancestors[n-1].Type == "comment" || w.Ancestors[n-1].Type == "") {
		info.ReplyTo = w.Ancestors[n-1].ID.ID()
	}
	return info
}

func statusOf(s string) confluence.Status {
	switch s {
	case "deleted":
		return confluence.Trashed
	case "":
		return confluence.Current
	}
	return confluence.Status(s)
}
