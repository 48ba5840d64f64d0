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
func (s *spaceRun) scan(ctx context.Context, side confluence.Side) (done bool, err error) {
	c := &s.cursor
	if c.Pass[side] == 0 {
		c.Pass[side] = s.pair.Pass[side] + 1
	}
	batch, err := s.batch(ctx, side)
	if err != nil {
		return false, err
	}
	rows, blobs, findings := s.observe(side, batch)
	c.Scan = string(batch.Next)
	done = batch.Next == ""
	err = s.commit(ctx, func(tx *store.Tx) error {
		for _, b := range blobs {
			tx.PutBlob(b)
		}
		if err := tx.PutObserved(rows...); err != nil {
			return err
		}
		if side == confluence.A {
			if err := tx.AddFinding(s.run.ID, findings...); err != nil {
				return err
			}
		}
		if done {
			return s.endPass(tx, side)
		}
		return nil
	})
	s.meter.read(side, len(batch.Contents))
	return done, err
}

func (s *spaceRun) endPass(tx *store.Tx, side confluence.Side) error {
	s.pair.Pass[side] = s.cursor.Pass[side]
	s.cursor.Pass[side] = 0
	if side == confluence.A {
		s.people = nil // others may be mentioned now
	}
	if err := tx.ForgetObserved(s.pair.ID, side, s.pair.Pass[side]); err != nil {
		return err
	}
	return tx.PutPair(&s.pair)
}

// observe turns a batch into rows; bodies become blobs.
func (s *spaceRun) observe(side confluence.Side, batch confluence.Batch) (rows []store.Observed, blobs [][]byte, findings []migration.Finding) {
	n := len(batch.Contents)
	rows = make([]store.Observed, n)
	bodies, problems := make([][]byte, n), make([]*migration.Finding, n)
	_ = s.e.spread(n, s.e.opt.Parallel, func(i int) error { // nothing in it fails
		rows[i], bodies[i], problems[i] = s.observed(side, batch.Contents[i])
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
			f.Space = s.scope.Key
		}
		findings = append(findings, s.stamp(f))
	}
	return rows, blobs, findings
}

func (s *spaceRun) observed(side confluence.Side, c confluence.Content) (store.Observed, []byte, *migration.Finding) {
	row := store.Observed{Pair: s.pair.ID, Side: side, Pass: s.cursor.Pass[side], Content: c}
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
		f := s.finding(confluence.CodeIllFormedBody, c, confluence.Kept, "body",
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

// space returns what the connectors need to name the space of a side.
func (s *spaceRun) space(side confluence.Side) confluence.Space {
	return confluence.Space{ID: s.pair.Spaces[side], Key: s.pair.Keys[side], HomeID: s.pair.Homes[side]}
}

// confirmMissing asks by id for what both agreed on and a complete listing of the destination did not show: a listing
// that leaves something out must not read as a deletion.
func (s *spaceRun) confirmMissing(ctx context.Context, v *view) error {
	missing := map[confluence.Kind][]confluence.ID{}
	for _, twin := range sortedKeys(v.agreed) {
		a := v.agreed[twin]
		if id := a.ID[confluence.B]; id != "" && v.target[twin] == nil && !a.Tomb {
			missing[a.Kind] = append(missing[a.Kind], id)
		}
	}
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Attachment, confluence.Comment} {
		if err := s.fetchMissing(ctx, kind, missing[kind]); err != nil {
			return err
		}
	}
	return nil
}

func (s *spaceRun) fetchMissing(ctx context.Context, kind confluence.Kind, ids []confluence.ID) error {
	size := max(1, s.ids[confluence.B].Caps.FetchBatch)
	for len(ids) > 0 {
		n := min(size, len(ids))
		contents, err := s.sites[confluence.B].reader.Fetch(ctx, kind, ids[:n], confluence.AllFacets)
		if err != nil {
			return err
		}
		ids = ids[n:]
		live := contents[:0]
		for _, c := range contents {
			if c.Status == confluence.Current || c.Status == "" {
				live = append(live, c)
			}
		}
		s.cursor.Pass[confluence.B] = s.pair.Pass[confluence.B]
		rows, blobs, _ := s.observe(confluence.B, confluence.Batch{Contents: live})
		s.cursor.Pass[confluence.B] = 0
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

// total counts what the source holds, takes note of what will not arrive as it is, and starts the tallies.
func (s *spaceRun) total(ctx context.Context) error {
	if err := s.loadSourceIDs(ctx); err != nil {
		return err
	}
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	var c migration.Counts
	for _, o := range v.source {
		switch o.Content.Kind {
		case confluence.Page:
			c.Pages.Total++
		case confluence.BlogPost:
			c.BlogPosts.Total++
		case confluence.Attachment:
			c.Attachments.Total++
		case confluence.Comment:
			c.Comments.Total++
		}
		if len(carriedLabels(o.Content.Labels)) > 0 {
			c.Labels.Total++
		}
		if !o.Content.Restrictions.Open() {
			c.Restrictions.Total++
		}
	}
	s.meter.setTotals(c)
	return s.reportSource(ctx, v)
}
