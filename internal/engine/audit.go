package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// auditEvery is the time within which facets that no listing carries are read of every page once, where nothing else
// shows that they changed: labels, restrictions, and what a feed never tells of files and comments.
const auditEvery = 25 * time.Minute

// stepAudit reads such facets of the next pages of each side, as many as the interval of sweeps asks for.
func (c *cycle) stepAudit(ctx context.Context) error {
	for _, side := range confluence.Sides {
		if err := c.audit(ctx, side); err != nil {
			return onSide(side, err)
		}
	}
	c.enter(stepFetch)
	return nil
}

// unlisted are the facets of the pair that the listing of a side does not carry.
func (c *cycle) unlisted(side confluence.Side) confluence.Facets {
	facets := confluence.FacetLabels | confluence.FacetRestrictions | confluence.FacetAttachments | confluence.FacetComments
	return facets &^ c.listed(side)
}

func (c *cycle) audit(ctx context.Context, side confluence.Side) error {
	facets := c.unlisted(side)
	if facets == 0 {
		c.row.Sync.Audited[side] = c.cursor.Began[side]
		return nil
	}
	pages, err := c.auditable(ctx, side)
	if err != nil || len(pages) == 0 {
		return err
	}
	for _, group := range byKind(c.budgeted(side, pages)) {
		if err := c.glance(ctx, side, group, facets); err != nil {
			return err
		}
	}
	return nil
}

// audited is a page or a post of which facets are to be read. A space may have a hundred thousand of them.
type audited struct {
	id   confluence.ID
	kind confluence.Kind
}

// auditable are the pages and posts of a side that are there, by id as text.
func (c *cycle) auditable(ctx context.Context, side confluence.Side) ([]audited, error) {
	var out []audited
	err := c.e.store.EachObserved(ctx, c.row.ID, side, func(o store.Observed) error {
		page := o.Content.Kind == confluence.Page || o.Content.Kind == confluence.BlogPost
		if page && statusOrCurrent(o.Content) == confluence.Current {
			out = append(out, audited{o.ID, o.Content.Kind})
		}
		return nil
	})
	slices.SortFunc(out, func(a, b audited) int { return cmp.Compare(a.id, b.id) })
	return out, err
}

// budgeted are the pages that this sweep looks at: the next ones of the round, the whole round in auditEvery. A round that
// ends begins anew with the next sweep; when the last one began says how old any page's facets may be.
func (c *cycle) budgeted(side confluence.Side, pages []audited) []audited {
	_, every := c.row.Spec.Intervals()
	n := len(pages)
	if !c.rec.Request.Sweep && every < auditEvery {
		n = int((int64(len(pages))*int64(every) + int64(auditEvery) - 1) / int64(auditEvery))
	}
	sync := &c.row.Sync
	from, _ := slices.BinarySearchFunc(pages, sync.Audit[side], func(x audited, id confluence.ID) int { return cmp.Compare(x.id, id) })
	if from == 0 || from >= len(pages) || n == len(pages) {
		from = 0
		sync.Audited[side], sync.Round[side] = sync.Round[side], c.cursor.Began[side]
	}
	if n == len(pages) {
		sync.Audited[side] = c.cursor.Began[side]
	}
	to := min(len(pages), from+n)
	sync.Audit[side] = ""
	if to < len(pages) {
		sync.Audit[side] = pages[to].id
	}
	return pages[from:to]
}

func byKind(list []audited) [][]audited {
	var out [][]audited
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost} {
		var of []audited
		for _, x := range list {
			if x.kind == kind {
				of = append(of, x)
			}
		}
		if len(of) > 0 {
			out = append(out, of)
		}
	}
	return out
}

// glance reads facets of pages of one kind, by the cheapest way the site has.
func (c *cycle) glance(ctx context.Context, side confluence.Side, pages []audited, facets confluence.Facets) error {
	caps, reader := c.ids[side].Caps, c.sites[side].reader
	kind, size := pages[0].kind, max(1, caps.FetchBatch)
	read := func(ids []confluence.ID) ([]confluence.Content, error) {
		return reader.Fetch(ctx, kind, ids, facets&^confluence.FacetBody)
	}
	if g, ok := reader.(confluence.Glancer); ok && caps.Glanced&facets != 0 {
		size = max(1, caps.GlanceBatch)
		read = func(ids []confluence.ID) ([]confluence.Content, error) {
			return g.Glance(ctx, kind, ids, caps.Glanced&facets)
		}
	}
	for batch := range slices.Chunk(pages, size) {
		ids := make([]confluence.ID, 0, len(batch))
		for _, x := range batch {
			ids = append(ids, x.id)
		}
		known, err := c.e.store.ObservedByID(ctx, c.row.ID, side, ids...)
		if err != nil {
			return err
		}
		known = slices.DeleteFunc(known, func(o store.Observed) bool { return o.Content.Kind != kind })
		seen, err := read(ids)
		if err != nil {
			return err
		}
		if err := c.takeGlance(ctx, side, known, seen); err != nil {
			return err
		}
	}
	return nil
}

// takeGlance takes over what was read: facets of the pages, and all that belongs to a page of which the whole was listed.
func (c *cycle) takeGlance(ctx context.Context, side confluence.Side, pages []store.Observed, seen []confluence.Content) error {
	pass := c.pair.Pass[side]
	whole := map[confluence.ID]confluence.Facets{}
	var below []confluence.Content
	var rows []store.Observed
	var hints []store.Hint
	for _, s := range seen {
		i := slices.IndexFunc(pages, func(o store.Observed) bool { return o.ID == s.ID })
		switch {
		case i < 0:
			below = append(below, s)
		case !sameVersion(pages[i].Content, s):
			hints = append(hints, hintOf(c.row.ID, side, s))
		default:
			whole[s.ID] = s.Facets
			row := refreshed(pages[i], placed(s, pages[i].Content))
			row.Pass = pass
			rows = append(rows, row)
		}
	}
	more, named, err := c.belongings(ctx, side, whole, below)
	if err != nil {
		return err
	}
	rows, hints = append(rows, more...), append(hints, named...)
	return c.commit(ctx, func(tx *store.Tx) error {
		if err := tx.PutObserved(rows...); err != nil {
			return err
		}
		return tx.PutHint(hints...)
	})
}

func hintOf(pair int64, side confluence.Side, c confluence.Content) store.Hint {
	return store.Hint{Pair: pair, Side: side, Kind: c.Kind, ID: c.ID, Version: c.Version.Number, Container: c.Container, At: c.Version.At}
}

// placed gives a glanced content the place that the listing showed: a glance may come from an index that is behind.
func placed(seen, known confluence.Content) confluence.Content {
	seen.ParentID, seen.Position, seen.Positioned, seen.Status = known.ParentID, known.Position, known.Positioned, known.Status
	seen.Title, seen.SpaceID, seen.SpaceKey, seen.Live = known.Title, known.SpaceID, known.SpaceKey, known.Live
	seen.Attachments, seen.Comments = known.Attachments, known.Comments
	return seen
}

// belongings compares files and comments that a glance listed with those that are known of the same pages: new and changed
// ones are named for the fetch, and what a whole listing lacks is asked for by id before it counts as gone.
func (c *cycle) belongings(ctx context.Context, side confluence.Side, whole map[confluence.ID]confluence.Facets, below []confluence.Content) ([]store.Observed, []store.Hint, error) {
	var hints []store.Hint
	listed := map[confluence.ID]bool{}
	for _, b := range below {
		listed[b.ID] = true
		known, err := c.e.store.ObservedByID(ctx, c.row.ID, side, b.ID)
		if err != nil {
			return nil, nil, err
		}
		if len(known) == 0 || !sameVersion(known[0].Content, b) || resolvedOtherwise(known[0].Content, b) {
			hints = append(hints, hintOf(c.row.ID, side, b))
		}
	}
	if whole == nil || c.unlisted(side)&(confluence.FacetAttachments|confluence.FacetComments) == 0 {
		return nil, hints, nil
	}
	missed := map[confluence.Kind][]store.Observed{}
	err := c.e.store.EachObserved(ctx, c.row.ID, side, func(o store.Observed) error {
		facet := confluence.FacetAttachments
		if o.Content.Kind == confluence.Comment {
			facet = confluence.FacetComments
		} else if o.Content.Kind != confluence.Attachment {
			return nil
		}
		if whole[o.Content.Container].Has(facet) && !listed[o.ID] && statusOrCurrent(o.Content) == confluence.Current {
			missed[o.Content.Kind] = append(missed[o.Content.Kind], o)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err := c.confirmGone(ctx, side, missed)
	return rows, hints, err
}

func resolvedOtherwise(known, seen confluence.Content) bool {
	return known.Comment != nil && seen.Comment != nil && seen.Comment.Resolution != "" && known.Comment.Resolution != seen.Comment.Resolution
}

// confirmGone asks by id for what a whole listing of its page lacks, and returns it as trashed or gone.
func (c *cycle) confirmGone(ctx context.Context, side confluence.Side, missed map[confluence.Kind][]store.Observed) ([]store.Observed, error) {
	var rows []store.Observed
	for _, kind := range []confluence.Kind{confluence.Attachment, confluence.Comment} {
		for batch := range slices.Chunk(missed[kind], max(1, c.ids[side].Caps.FetchBatch)) {
			ids := make([]confluence.ID, 0, len(batch))
			for _, o := range batch {
				ids = append(ids, o.ID)
			}
			seen, err := c.sites[side].reader.Fetch(ctx, kind, ids, 0)
			if err != nil {
				return nil, err
			}
			for _, o := range batch {
				i := slices.IndexFunc(seen, func(s confluence.Content) bool { return s.ID == o.ID })
				switch {
				case i < 0:
					o.Content.Status = purged
				case seen[i].Status == confluence.Trashed:
					o.Content.Status = confluence.Trashed
				default:
					continue
				}
				o.Pass = c.pair.Pass[side]
				rows = append(rows, unrestorable(o))
			}
		}
	}
	return rows, nil
}
