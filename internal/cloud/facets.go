package cloud

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// collection returns the v2 collection that contents of a kind stand in.
func collection(kind confluence.Kind) string {
	switch kind {
	case confluence.BlogPost:
		return v2 + "/blogposts"
	case confluence.Attachment:
		return v2 + "/attachments"
	case confluence.Comment:
		return v2 + "/footer-comments"
	case confluence.Folder, confluence.Whiteboard, confluence.Database, confluence.Embed:
		return v2 + "/" + string(kind) + "s"
	}
	return v2 + "/pages"
}

// labels reads all labels of a content.
func (c *Connector) labels(ctx context.Context, kind confluence.Kind, of confluence.ID) ([]confluence.Label, error) {
	k := wire.Get(collection(kind)+"/{id}/labels", "the labels could not be read", string(of)).
		With("limit", "250").At(confluence.Where{Content: string(of)})
	var out []confluence.Label
	err := listAll(ctx, c, k, func(got []labelV2) bool {
		for _, l := range got {
			out = append(out, l.label())
		}
		return true
	})
	sortLabels(out)
	return slices.Compact(out), err
}

func sortLabels(labels []confluence.Label) {
	slices.SortFunc(labels, func(a, b confluence.Label) int {
		return cmp.Or(cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Name, b.Name))
	})
}

const restrictionPage = 200

// restrictions reads all principals of a content's own restrictions. Users and groups inside the answer are paged
// together, so pages are read until both lists are shorter than asked.
func (c *Connector) restrictions(ctx context.Context, of confluence.ID) (confluence.Restrictions, error) {
	k := wire.Get(v1+"/content/{id}/restriction", "the restrictions could not be read", string(of)).
		With("expand", "restrictions.user,restrictions.group").At(confluence.Where{Content: string(of)})
	var out confluence.Restrictions
	for start := 0; ; start += restrictionPage {
		var page struct {
			Results []restrictionV1 `json:"results"`
		}
		if _, err := c.do(ctx, k.With("start", strconv.Itoa(start), "limit", strconv.Itoa(restrictionPage)), &page); err != nil {
			return out, err
		}
		full := false
		for _, r := range page.Results {
			users, groups := r.Restrictions.User, r.Restrictions.Group
			if users == nil || groups == nil {
				return out, wire.Unusable(k, "the answer does not name users and groups")
			}
			full = full || len(users.Results) >= restrictionPage || len(groups.Results) >= restrictionPage
			users.Limit, groups.Limit, users.Links.Next, groups.Links.Next = 0, 0, "", ""
			who, _ := r.principals()
			switch r.Operation {
			case "read":
				out.Read = append(out.Read, who...)
			case "update":
				out.Update = append(out.Update, who...)
			}
		}
		if !full {
			return out.Sorted(), nil
		}
	}
}
