package engine

import (
	"context"
	"fmt"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// scan reads one batch of one side and stores what it shows. It reports whether the side is read completely; then
// everything that was not seen in this pass is forgotten.
func (s *work) scan(ctx context.Context, side confluence.Side) (done bool, err error) {
	c := &s.listing
	if c.Pass[side] == 0 {
		c.Pass[side] = s.pair.Pass[side] + 1
	}
	batch, err := s.batch(ctx, side)
	if err != nil {
		return false, err
	}
	rows, blobs, findings := s.observe(side, c.Pass[side], batch)
	c.Scan = string(batch.Next)
	done = batch.Next == ""
	err = s.commit(ctx, func(tx *store.Tx) error {
		for _, b := range blobs {
			tx.PutBlob(b)
		}
		if err := tx.PutObserved(rows...); err != nil {
			return err
		}
		if side == confluence.A || s.paired {
			if err := tx.AddFinding(s.runID, findings...); err != nil {
				return err
			}
		}
		if done {
			return s.endPass(tx, side)
		}
		return nil
	})
	s.gauge.read(side, len(batch.Contents))
	return done, err
}

func (s *work) endPass(tx *store.Tx, side confluence.Side) error {
	s.pair.Pass[side] = s.listing.Pass[side]
	s.listing.Pass[side] = 0
	if side == confluence.A || s.paired {
		s.people = nil // others may be mentioned now
	}
	if err := tx.ForgetObserved(s.pair.ID, side, s.pair.Pass[side]); err != nil {
		return err
	}
	return tx.PutPair(&s.pair)
}

// observe turns a batch into rows of a pass; bodies become blobs.
func (s *work) observe(side confluence.Side, pass int64, batch confluence.Batch) (rows []store.Observed, blobs [][]byte, findings []migration.Finding) {
	n := len(batch.Contents)
	rows = make([]store.Observed, n)
	bodies, problems := make([][]byte, n), make([]*migration.Finding, n)
	_ = s.e.spread(n, s.e.opt.Parallel, func(i int) error { // nothing in it fails
		rows[i], bodies[i], problems[i] = s.observed(side, pass, batch.Contents[i])
		return nil
	})
	for i := range n {
		if bodies[i] != nil {
			blobs = append(blobs, bodies[i])
		}
		if problems[i] != nil {
			findings = append(findings, *problems[i])
		}
	}
	for _, d := range batch.Defects {
		f := migration.FromDefect(d)
		f.Site = s.sites[side].row.Name
		if f.Space == "" {
			f.Space = s.space
		}
		findings = append(findings, s.stamp(f))
	}
	return rows, blobs, findings
}

func (s *work) observed(side confluence.Side, pass int64, c confluence.Content) (store.Observed, []byte, *migration.Finding) {
	row := store.Observed{Pair: s.pair.ID, Side: side, Pass: pass, Content: c}
	row.Content.Body.Raw = ""
	if c.Body.Format == "" {
		return row, nil, nil
	}
	raw := []byte(c.Body.Raw)
	row.RawBlob = confluence.Sum(raw)
	row.Form.Format = string(c.Body.Format)
	if c.Body.Format != confluence.Storage {
		row.Form.Opaque = true
		row.Form.Skeleton = row.RawBlob
		return row, raw, nil
	}
	tree, err := body.Parse(c.Body.Raw)
	if err != nil {
		row.Form.Opaque = true
		row.Form.Skeleton = row.RawBlob
		f := s.finding(side, confluence.CodeIllFormedBody, c, confluence.Kept, "body",
			fmt.Sprintf("the body of %s is ill-formed: %v", describe(c), err))
		f.Severity = migration.SeverityWarning
		return row, raw, &f
	}
	form := tree.Form()
	row.Form.Skeleton, row.Form.Presentation = form.Skeleton, form.Presentation
	row.Form.Refs = encodeSlots(form.Slots)
	return row, raw, nil
}

// describe names a content for a sentence.
func describe(c confluence.Content) string {
	switch c.Kind {
	case confluence.Comment:
		return "a comment"
	case confluence.Attachment:
		return fmt.Sprintf("the file %q", c.Title)
	case confluence.BlogPost:
		return fmt.Sprintf("the blog post %q", c.Title)
	}
	return fmt.Sprintf("the page %q", c.Title)
}

// confirmHome asks by id for the home page of the source where its listing left it out: another page would become the home
// page of the destination, for good.
func (s *work) confirmHome(ctx context.Context) error {
	home := s.pair.Homes[confluence.A]
	if home == "" || s.ids[confluence.A].Caps.UnpaginatedRead {
		return nil
	}
	v, err := s.look(ctx)
	if err != nil || v.seen[confluence.A].has(s.twinOf(confluence.A, home)) {
		return err
	}
	return s.fetchAgain(ctx, confluence.A, confluence.Page, []confluence.ID{home}, confluence.AllFacets)
}

// confirmMissing asks by id for what both agreed on and a complete listing of a side did not show: a listing
// that leaves something out must not read as a deletion.
func (s *work) confirmMissing(ctx context.Context, v *view, side confluence.Side) error {
	missing := map[confluence.Kind][]confluence.ID{}
	for twin, a := range v.agreed.all() {
		if id := a.ID[side]; id != "" && !v.seen[side].has(twin) && (s.paired || !a.Tomb) {
			missing[a.Kind] = append(missing[a.Kind], id)
		}
	}
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Attachment, confluence.Comment} {
		if err := s.fetchAgain(ctx, side, kind, missing[kind], confluence.AllFacets); err != nil {
			return err
		}
	}
	return nil
}

// fetchAgain reads contents of a side by id and stores what it shows. Of a pair that is kept equal the state of each is
// stored as it is; a migration takes what is not current for absent. Facets of pages that are not read stay as known.
func (s *work) fetchAgain(ctx context.Context, side confluence.Side, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) error {
	size := max(1, s.ids[side].Caps.FetchBatch)
	for len(ids) > 0 {
		n := min(size, len(ids))
		contents, err := s.fetchBelieved(ctx, side, kind, ids[:n], facets)
		if err != nil {
			return err
		}
		if facets != confluence.AllFacets {
			if err := s.keepUnread(ctx, side, contents); err != nil {
				return err
			}
		}
		ids = ids[n:]
		live := contents[:0]
		for _, c := range contents {
			if s.paired || c.Status == confluence.Current || c.Status == "" {
				live = append(live, c)
			}
		}
		rows, blobs, _ := s.observe(side, s.pair.Pass[side], confluence.Batch{Contents: live})
		err = s.commit(ctx, func(tx *store.Tx) error {
			for _, b := range blobs {
				tx.PutBlob(b)
			}
			return tx.PutObserved(rows...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
