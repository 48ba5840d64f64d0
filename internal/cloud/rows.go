package cloud

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// rowV1 is a content as v1 content/search shows it with the expansions of searchExpand, or with those of a feed.
type rowV1 struct {
	ID        id         `json:"id"`
	Type      string     `json:"type"`
	Status    string     `json:"status"`
	Title     string     `json:"title"`
	Version   *versionV1 `json:"version"`
	Space     placeV1    `json:"space"`
	Container placeV1    `json:"container"`
	Metadata  struct {
		Labels    *listV1[labelV2] `json:"labels"`
		MediaType string           `json:"mediaType"`
		Comment   string           `json:"comment"`
	} `json:"metadata"`
	Extensions struct {
		MediaType string `json:"mediaType"`
		FileSize  int64  `json:"fileSize"`
		Comment   string `json:"comment"`
		Location  string `json:"location"`
	} `json:"extensions"`
	Children struct {
		Attachment *listV1[rowV1] `json:"attachment"`
	} `json:"children"`
	Descendants struct {
		Comment *listV1[rowV1] `json:"comment"`
	} `json:"descendants"`
	Restrictions struct {
		Read   *restrictionV1 `json:"read"`
		Update *restrictionV1 `json:"update"`
	} `json:"restrictions"`
	ChildTypes struct {
		Attachment *flagV1 `json:"attachment"`
		Comment    *flagV1 `json:"comment"`
	} `json:"childTypes"`
}

// placeV1 is a space, which has a key, or the content that another belongs to.
type placeV1 struct {
	ID  id     `json:"id"`
	Key string `json:"key"`
}

type versionV1 struct {
	Number    int    `json:"number"`
	When      stamp  `json:"when"`
	By        userV1 `json:"by"`
	Message   string `json:"message"`
	MinorEdit bool   `json:"minorEdit"`
}

func (v *versionV1) version() confluence.Version {
	if v == nil {
		return confluence.Version{}
	}
	return confluence.Version{
		Number: v.Number, At: v.When.Time(), By: confluence.UserID(v.By.AccountID), Message: v.Message, Minor: v.MinorEdit,
		App: v.By.app(),
	}
}

// kindsV1 are the types of rows that have a place in the seam.
var kindsV1 = map[string]confluence.Kind{
	"page": confluence.Page, "blogpost": confluence.BlogPost, "attachment": confluence.Attachment, "comment": confluence.Comment,
}

// content translates a row; ok is false for one that says too little.
func (r rowV1) content() (x confluence.Content, ok bool) {
	kind, ok := kindsV1[r.Type]
	if !ok || r.ID == "" || r.Version == nil {
		return x, false
	}
	x = confluence.Content{
		ID: r.ID.ID(), Kind: kind, Status: confluence.Status(wire.First(r.Status, string(confluence.Current))), Title: r.Title,
		SpaceID: r.Space.ID.ID(), SpaceKey: r.Space.Key, Version: r.Version.version(), Attachments: -1, Comments: -1,
	}
	if r.Container.Key == "" {
		x.Container = r.Container.ID.ID()
	} else if x.SpaceKey == "" {
		x.SpaceID, x.SpaceKey = r.Container.ID.ID(), r.Container.Key
	}
	switch kind {
	case confluence.Attachment:
		x.File = &confluence.FileInfo{
			MediaType: wire.First(r.Extensions.MediaType, r.Metadata.MediaType), Size: r.Extensions.FileSize,
			Comment: wire.First(r.Extensions.Comment, r.Metadata.Comment),
		}
	case confluence.Comment:
		x.Title, x.Comment = "", &confluence.CommentInfo{Kind: confluence.Footer}
		if r.Extensions.Location == "inline" || r.Extensions.Location == "resolved" {
			x.Comment.Kind = confluence.Inline
		}
	}
	return x, true
}

type flagV1 struct {
	Value bool `json:"value"`
}

type listV1[T any] struct {
	Results []T   `json:"results"`
	Limit   int   `json:"limit"`
	Size    int   `json:"size"`
	Links   links `json:"_links"`
}

// whole reports whether a list inside a row holds all there is.
func (l *listV1[T]) whole() bool {
	return l != nil && l.Links.Next == "" && (l.Limit == 0 || len(l.Results) < l.Limit)
}

type groupV1 struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type restrictionV1 struct {
	Operation    string `json:"operation"`
	Restrictions struct {
		User  *listV1[userV1]  `json:"user"`
		Group *listV1[groupV1] `json:"group"`
	} `json:"restrictions"`
}

// principals returns who is named, and whether the lists are whole.
func (r *restrictionV1) principals() ([]confluence.Principal, bool) {
	if r == nil || !r.Restrictions.User.whole() || !r.Restrictions.Group.whole() {
		return nil, false
	}
	var out []confluence.Principal
	for _, u := range r.Restrictions.User.Results {
		out = append(out, confluence.UserPrincipal(confluence.UserID(u.AccountID)))
	}
	for _, g := range r.Restrictions.Group.Results {
		out = append(out, confluence.GroupPrincipal(wire.First(g.Name, g.ID)))
	}
	slices.Sort(out)
	return slices.Compact(out), true
}

const searchChunk = 100

func searchExpand(facets confluence.Facets) string {
	expand := []string{"version"}
	if facets.Has(confluence.FacetLabels) {
		expand = append(expand, "metadata.labels")
	}
	if facets.Has(confluence.FacetRestrictions) {
		expand = append(expand, "restrictions.read.restrictions.user", "restrictions.read.restrictions.group",
			"restrictions.update.restrictions.user", "restrictions.update.restrictions.group")
	}
	if facets.Has(confluence.FacetAttachments) {
		expand = append(expand, "childTypes.attachment")
	}
	if facets.Has(confluence.FacetComments) {
		expand = append(expand, "childTypes.comment")
	}
	return strings.Join(expand, ",")
}

// glanceExpand is searchExpand with whole lists of attachments and comments in place of whether there are any.
func glanceExpand(facets confluence.Facets) string {
	expand := searchExpand(facets &^ (confluence.FacetAttachments | confluence.FacetComments))
	if facets.Has(confluence.FacetAttachments) {
		expand += ",children.attachment.version"
	}
	if facets.Has(confluence.FacetComments) {
		expand += ",descendants.comment.version"
	}
	return expand
}

// search returns the rows that the index has for these ids.
func (c *Connector) search(ctx context.Context, ids []confluence.ID, expand string) (map[confluence.ID]rowV1, error) {
	chunks := slices.Collect(slices.Chunk(ids, searchChunk))
	found := make([][]rowV1, len(chunks))
	err := c.each(ctx, len(chunks), func(ctx context.Context, i int) error {
		k := wire.Get(v1+"/content/search", "labels and restrictions could not be read").With(
			"cql", "id in ("+join(chunks[i])+")", "limit", itoa(searchChunk), "expand", expand)
		return listAll(ctx, c, k, func(got []rowV1) bool { found[i] = append(found[i], got...); return true })
	})
	if err != nil {
		return nil, err
	}
	out := make(map[confluence.ID]rowV1, len(ids))
	for _, rows := range found {
		for _, r := range rows {
			out[r.ID.ID()] = r
		}
	}
	return out, nil
}
