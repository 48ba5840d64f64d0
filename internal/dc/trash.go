package dc

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Trashed returns the next batch of a space's trash: pages, blog posts and attachments, without bodies.
func (c *Connector) Trashed(ctx context.Context, space confluence.Space, cursor confluence.Cursor) (confluence.Batch, error) {
	at, err := positionOf(cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	if space, err = c.space(ctx, space); err != nil {
		return confluence.Batch{}, err
	}
	at.Stage = trashStage
	rows, err := c.trashPage(ctx, space, &at)
	if err != nil {
		return confluence.Batch{}, err
	}
	batch := confluence.Batch{Contents: rows}
	for i := range rows {
		rows[i].SpaceID, rows[i].SpaceKey = space.ID, space.Key
	}
	if at.Stage < len(stages) {
		batch.Next = at.cursor()
	}
	return batch, c.confirm(ctx)
}

const trashExpand = "ancestors,container,space,metadata,version,history"

// trashPage reads one page of the trash and moves at behind it. Who is no administrator of the space may not read its
// trash (SP-14), and old sites have no such resource: the content listing shows what is trashed there too, of pages and
// blog posts.
func (c *Connector) trashPage(ctx context.Context, space confluence.Space, at *position) ([]confluence.Content, error) {
	trashed := func(x confluence.Content) bool { return x.Status == confluence.Trashed }
	if !at.Offset {
		k := wire.Get(api+"/space/{spaceKey}/trash", "the trash of the space could not be listed", space.Key).
			With("expand", trashExpand, "cursor", at.Cursor).At(confluence.Where{Space: space.Key})
		var page listW[contentW]
		err := c.sized(ctx, k, &page)
		refused := confluence.ClassOf(err) == confluence.ClassForbidden || lacking(err)
		if err == nil {
			next, err := onward(k, &page, at.Cursor)
			// All that the trash lists is trashed, whatever its rows say of themselves.
			for i := range page.Results {
				page.Results[i].Status = string(confluence.Trashed)
			}
			rows := contentsOf(page.Results, nil)
			at.pass(next, 0, rows)
			return rows, err
		}
		if at.Cursor != "" || !refused {
			return nil, err
		}
		at.Offset = true
	}
	var out []confluence.Content
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost} {
		k := wire.Get(api+"/content", "the trash of the space could not be listed").At(confluence.Where{Space: space.Key}).
			With("spaceKey", space.Key, "type", string(kind), "status", "trashed", "expand", "version,history,ancestors", "limit", "200")
		err := listAll(ctx, c, k, func(got []contentW) bool { out = append(out, contentsOf(got, trashed)...); return true })
		if err != nil {
			return nil, err
		}
	}
	at.pass("", 0, nil)
	return out, nil
}
