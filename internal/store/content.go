package store

import (
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// contentDoc is the part of a content that is stored but never searched. Its member names are part of the file's format.
type contentDoc struct {
	Status      confluence.Status `json:"status,omitempty"`
	SpaceID     confluence.ID     `json:"spaceId,omitempty"`
	ParentID    confluence.ID     `json:"parent,omitempty"`
	Container   confluence.ID     `json:"container,omitempty"`
	Position    int               `json:"position,omitempty"`
	Positioned  bool              `json:"positioned,omitempty"`
	Created     time.Time         `json:"created,omitzero"`
	Creator     confluence.UserID `json:"creator,omitempty"`
	Number      int               `json:"version,omitempty"`
	At          time.Time         `json:"at,omitzero"`
	By          confluence.UserID `json:"by,omitempty"`
	Message     string            `json:"message,omitempty"`
	Minor       bool              `json:"minor,omitempty"`
	Facets      confluence.Facets `json:"facets,omitempty"`
	BodyFormat  string            `json:"format,omitempty"`
	Labels      []labelDoc        `json:"labels,omitempty"`
	Read        []string          `json:"read,omitempty"`
	Update      []string          `json:"update,omitempty"`
	Comment     *commentDoc       `json:"comment,omitempty"`
	File        *fileDoc          `json:"file,omitempty"`
	Attachments int               `json:"attachments,omitempty"`
	Comments    int               `json:"comments,omitempty"`
	Untitled    bool              `json:"untitled,omitempty"`
	SourceTitle string            `json:"sourceTitle,omitempty"`
	Live        bool              `json:"live,omitempty"`
	App         bool              `json:"app,omitempty"` // the author of the version
}

type labelDoc [2]string // prefix, name

type commentDoc struct {
	Kind       confluence.CommentKind `json:"kind"`
	ReplyTo    confluence.ID          `json:"replyTo,omitempty"`
	Marker     string                 `json:"marker,omitempty"`
	Selection  string                 `json:"selection,omitempty"`
	Resolution string                 `json:"resolution,omitempty"`
}

type fileDoc struct {
	MediaType string `json:"mediaType,omitempty"`
	Size      int64  `json:"size"`
	Comment   string `json:"comment,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	Missing   bool   `json:"missing,omitempty"`
}

func docOf(c *confluence.Content) contentDoc {
	d := contentDoc{
		Status: c.Status, SpaceID: c.SpaceID, ParentID: c.ParentID, Container: c.Container, Position: c.Position,
		Positioned: c.Positioned, Created: c.Created, Creator: c.Creator, Number: c.Version.Number, At: c.Version.At,
		By: c.Version.By, Message: c.Version.Message, Minor: c.Version.Minor, Facets: c.Facets, BodyFormat: string(c.Body.Format),
		Read: texts(c.Restrictions.Read), Update: texts(c.Restrictions.Update), Comment: (*commentDoc)(c.Comment),
		File: (*fileDoc)(c.File), Attachments: c.Attachments, Comments: c.Comments, Untitled: c.Untitled, SourceTitle: c.SourceTitle,
		Live: c.Live, App: c.Version.App,
	}
	for _, l := range c.Labels {
		d.Labels = append(d.Labels, labelDoc{l.Prefix, l.Name})
	}
	return d
}

// into sets all members of c but ID, kind, title and space key, which are columns, and the raw body.
func (d *contentDoc) into(c *confluence.Content) {
	c.Status, c.SpaceID, c.ParentID, c.Container = d.Status, d.SpaceID, d.ParentID, d.Container
	c.Position, c.Positioned, c.Created, c.Creator = d.Position, d.Positioned, d.Created, d.Creator
	c.Version = confluence.Version{Number: d.Number, At: d.At, By: d.By, Message: d.Message, Minor: d.Minor, App: d.App}
	c.Facets, c.Body = d.Facets, confluence.Body{Format: confluence.BodyFormat(d.BodyFormat)}
	c.Restrictions = confluence.Restrictions{Read: principals(d.Read), Update: principals(d.Update)}
	c.Comment, c.File = (*confluence.CommentInfo)(d.Comment), (*confluence.FileInfo)(d.File)
	c.Attachments, c.Comments, c.Untitled, c.SourceTitle = d.Attachments, d.Comments, d.Untitled, d.SourceTitle
	c.Live = d.Live
	for _, l := range d.Labels {
		c.Labels = append(c.Labels, confluence.Label{Prefix: l[0], Name: l[1]})
	}
}

func texts(ps []confluence.Principal) []string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p))
	}
	return out
}

func principals(ts []string) []confluence.Principal {
	var out []confluence.Principal
	for _, t := range ts {
		out = append(out, confluence.Principal(t))
	}
	return out
}
