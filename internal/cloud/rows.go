package cloud

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// rowV1 is a content as v1 content/search shows it with the expansions of searchExpand.
type rowV1 struct {
	ID      id     `json:"id"`
	Type    string `json:"type"`
	Version *struct {
		Number int `json:"number"`
	} `json:"version"`
	Metadata struct {
		Labels *listV1[labelV2] `json:"labels"`
	} `json:"metadata"`
	Restrictions struct {
		Read   *restrictionV1 `json:"read"`
		Update *restrictionV1 `json:"update"`
	} `json:"restrictions"`
	ChildTypes struct {
		Attachment *flagV1 `json:"attachment"`
		Comment    *flagV1 `json:"comment"`
	} `json:"childTypes"`
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
		out = append(out, confluence.GroupPrincipal(first(g.Name, g.ID)))
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

// search returns the rows that the index has for these ids.
func (c *Connector) search(ctx context.Context, ids []confluence.ID, facets confluence.Facets) (map[confluence.ID]rowV1, error) {
	chunks := slices.Collect(slices.Chunk(ids, searchChunk))
	found := make([][]rowV1, len(chunks))
	err := c.each(ctx, len(chunks), func(ctx context.Context, i int) error {
		k := get(v1+"/content/search", "labels and restrictions could not be read").with(
			"cql", "id in ("+join(chunks[i])+")", "limit", "100", "expand", searchExpand(facets))
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
