package cloud

import (
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type (
	call  = wire.Call
	id    = wire.ID
	stamp = wire.Stamp
)

// Shapes of answers. They hold what is used; unknown members are ignored. Ids are taken as strings or numbers: the
// documents say string, answers of v1 hold both.

type versionV2 struct {
	Number    int    `json:"number"`
	CreatedAt stamp  `json:"createdAt"`
	AuthorID  string `json:"authorId"`
	Message   string `json:"message"`
	MinorEdit bool   `json:"minorEdit"`
}

func (v versionV2) version() confluence.Version {
	return confluence.Version{Number: v.Number, At: v.CreatedAt.Time(), By: confluence.UserID(v.AuthorID), Message: v.Message, Minor: v.MinorEdit}
}

type bodyV2 struct {
	Storage *struct {
		Value string `json:"value"`
	} `json:"storage"`
}

func (b bodyV2) body() confluence.Body {
	if b.Storage == nil {
		return confluence.Body{}
	}
	return confluence.Body{Format: confluence.Storage, Raw: b.Storage.Value}
}

type labelV2 struct {
	Prefix string `json:"prefix"`
	Name   string `json:"name"`
	Label  string `json:"label"`
}

func (l labelV2) label() confluence.Label {
	out := confluence.Label{Prefix: l.Prefix, Name: l.Name}
	if out.Name == "" {
		out.Name = l.Label
	}
	if out.Prefix == "" {
		out.Prefix = "global"
	}
	return out
}

// contentV2 is a page, blog post, folder, attachment or comment of v2.
type contentV2 struct {
	ID           id        `json:"id"`
	Status       string    `json:"status"`
	Title        string    `json:"title"`
	SpaceID      id        `json:"spaceId"`
	ParentID     id        `json:"parentId"`
	ParentType   string    `json:"parentType"`
	Position     *int      `json:"position"`
	AuthorID     string    `json:"authorId"`
	CreatedAt    stamp     `json:"createdAt"`
	Version      versionV2 `json:"version"`
	Body         bodyV2    `json:"body"`
	Type         string    `json:"type"`
	Subtype      string    `json:"subtype"`
	PageID       id        `json:"pageId"`
	BlogPostID   id        `json:"blogPostId"`
	AttachmentID id        `json:"attachmentId"`
	// attachments
	MediaType string `json:"mediaType"`
	Comment   string `json:"comment"`
	FileSize  int64  `json:"fileSize"`
	// comments
	ParentCommentID  id     `json:"parentCommentId"`
	ResolutionStatus string `json:"resolutionStatus"`
	Properties       struct {
		MarkerRef  string `json:"inlineMarkerRef"`
		MarkerRef2 string `json:"inline-marker-ref"`
		Selection  string `json:"inlineOriginalSelection"`
		Selection2 string `json:"inline-original-selection"`
	} `json:"properties"`
}

func (w contentV2) content(kind confluence.Kind) confluence.Content {
	c := confluence.Content{
		ID: w.ID.ID(), Kind: kind, Status: statusOf(w.Status), SpaceID: w.SpaceID.ID(), Title: w.Title,
		ParentID: w.ParentID.ID(), Created: w.CreatedAt.Time(), Creator: confluence.UserID(w.AuthorID),
		Version: w.Version.version(), Body: w.Body.body(), Attachments: -1, Comments: -1,
	}
	if w.Position != nil {
		c.Position, c.Positioned = *w.Position, true
	}
	c.Live = w.Subtype == "live"
	if c.Body.Format != "" {
		c.Facets |= confluence.FacetBody
	}
	return c
}

func statusOf(s string) confluence.Status {
	if s == "deleted" {
		return confluence.Trashed
	}
	return confluence.Status(s)
}

// container returns what an attachment or a comment hangs on.
func (w contentV2) container() confluence.ID {
	for _, c := range []id{w.PageID, w.BlogPostID, w.AttachmentID} {
		if c != "" {
			return c.ID()
		}
	}
	return ""
}

func (w contentV2) attachment() confluence.Content {
	c := w.content(confluence.Attachment)
	c.Container, c.ParentID, c.Positioned, c.Position = w.container(), "", false, 0
	if c.Creator == "" && w.Version.Number == 1 {
		c.Creator = c.Version.By
	}
	c.File = &confluence.FileInfo{MediaType: w.MediaType, Size: w.FileSize, Comment: w.Comment}
	return c
}

func (w contentV2) comment(kind confluence.CommentKind) confluence.Content {
	c := w.content(confluence.Comment)
	c.Container, c.ParentID, c.Positioned, c.Position, c.Title = w.container(), "", false, 0, ""
	if w.Version.Number == 1 {
		// A comment has no creation of its own in v2, only that of its version.
		c.Created, c.Creator = c.Version.At, c.Version.By
	}
	p := w.Properties
	c.Comment = &confluence.CommentInfo{
		Kind: kind, ReplyTo: w.ParentCommentID.ID(), Marker: wire.First(p.MarkerRef, p.MarkerRef2),
		Selection: wire.First(p.Selection, p.Selection2), Resolution: w.ResolutionStatus,
	}
	// Some answers carry the resolution where the status belongs.
	if s := w.Status; s == "open" || s == "resolved" || s == "reopened" || s == "dangling" {
		c.Comment.Resolution, c.Status = wire.First(c.Comment.Resolution, s), confluence.Current
	}
	return c
}
