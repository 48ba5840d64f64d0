package xmlexport

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Fetch reads contents by id. A body beyond what a batch of Scan holds comes all the same.
func (r *Reader) Fetch(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) ([]confluence.Content, error) {
	var all []confluence.Content
	for len(ids) > 0 {
		n := min(len(ids), batchContents)
		args := make([]any, 0, n+1)
		for _, id := range ids[:n] {
			args = append(args, idKey(id))
		}
		args = append(args, kindCode(kind))
		f, err := r.contents(ctx, facets, "i.id IN ("+strings.TrimSuffix(strings.Repeat("?,", n), ",")+") AND i.kind = ?", args...)
		if err != nil {
			return nil, err
		}
		if f.cut && n > 1 {
			half := n / 2
			first, err := r.Fetch(ctx, kind, ids[:half], facets)
			if err != nil {
				return nil, err
			}
			all, ids = append(all, first...), ids[half:]
			continue
		}
		for _, id := range ids[:n] {
			if at, ok := f.at[string(id)]; ok {
				all = append(all, f.contents[at])
				delete(f.at, string(id))
			}
		}
		ids = ids[n:]
	}
	return all, nil
}

// Find looks for current contents that fit the probe.
func (r *Reader) Find(ctx context.Context, probe confluence.Probe) ([]confluence.Content, error) {
	where, args := "1", []any{}
	and := func(cond string, arg ...any) { where, args = where+" AND "+cond, append(args, arg...) }
	if probe.Kind != "" {
		and("i.kind = ?", kindCode(probe.Kind))
	}
	if probe.Space.ID != "" {
		and("i.space = ?", idKey(probe.Space.ID))
	}
	if probe.Title != "" {
		and("(i.title = ? OR i.title IS NULL AND c.title = ?)", probe.Title, probe.Title)
	}
	if probe.Container != "" {
		and("i.owner = ?", idKey(probe.Container))
	}
	switch {
	case probe.ReplyTo != "":
		and("i.up = ?", idKey(probe.ReplyTo))
	case probe.Kind == confluence.Comment:
		and("i.up IS NULL")
	}
	if probe.Kind == confluence.Comment {
		and("i.inline = ?", probe.Inline)
	}
	if probe.Creator != "" {
		and("c.creator = ?", idKey(probe.Creator))
	}
	f, err := r.contents(ctx, confluence.FacetBody, where+" ORDER BY i.seq LIMIT 500", args...)
	if err != nil {
		return nil, err
	}
	var fit []confluence.Content
	for _, c := range f.contents {
		if probe.Since.IsZero() || !c.Created.Before(probe.Since) {
			fit = append(fit, c)
		}
	}
	return fit, nil
}

// Version reads one version of a content, an older one where the export holds its history.
func (r *Reader) Version(ctx context.Context, kind confluence.Kind, id confluence.ID, number int) (confluence.Content, error) {
	heads, err := r.Fetch(ctx, kind, []confluence.ID{id}, confluence.AllFacets)
	if err != nil {
		return confluence.Content{}, err
	}
	if len(heads) == 0 {
		return confluence.Content{}, notThere(id)
	}
	c := heads[0]
	if c.Version.Number == number {
		return c, nil
	}
	var old, created, modified, title, comment, modifier string
	err = r.db.QueryRowContext(ctx, `SELECT id, coalesce(created, ''), coalesce(modified, ''), coalesce(title, ''), coalesce(comment, ''), coalesce(modifier, '')
		FROM content WHERE original = ? AND version = ? AND state = 5 ORDER BY seq DESC LIMIT 1`, idKey(id), number).
		Scan(&old, &created, &modified, &title, &comment, &modifier)
	if errors.Is(err, sql.ErrNoRows) {
		return confluence.Content{}, notThere(id)
	}
	if err != nil {
		return confluence.Content{}, readError(err)
	}
	c.Version = confluence.Version{Number: number, At: r.parseTime(modified), By: confluence.UserID(modifier), Message: comment}
	if title != "" {
		c.Title, c.SourceTitle = title, ""
	}
	c.Facets, c.Labels, c.Restrictions = confluence.FacetBody, nil, confluence.Restrictions{}
	if kind == confluence.Attachment {
		return c, r.oldFile(ctx, &c, old)
	}
	f := &found{contents: []confluence.Content{{ID: confluence.ID(old), Kind: kind}}, seqs: []int64{0}, at: map[string]int{}}
	if err := r.addBodies(ctx, f); err != nil {
		return confluence.Content{}, err
	}
	c.Body = f.contents[0].Body
	return c, nil
}

func notThere(id confluence.ID) error {
	return confluence.Errorf(confluence.CodeNotThere, "the export does not hold that version of the content %s", id)
}

// oldFile finds the file of an attachment's older version: under the id of the current one, else under its own.
func (r *Reader) oldFile(ctx context.Context, c *confluence.Content, own string) error {
	file := *c.File
	file.Missing, file.Size = true, 0
	err := r.db.QueryRowContext(ctx, `SELECT size FROM file WHERE id IN (?, ?) AND version = ? ORDER BY id = ? DESC, container = ? DESC, path LIMIT 1`,
		idKey(c.ID), key([]byte(own)), c.Version.Number, idKey(c.ID), idKey(c.Container)).Scan(&file.Size)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return readError(err)
	}
	file.Missing = err != nil
	c.File = &file
	return nil
}

// Open opens the file of an attachment as a stream out of the export; of an older version, as Version returned it.
func (r *Reader) Open(ctx context.Context, attachment confluence.Content) (io.ReadCloser, error) {
	var path sql.NullString
	var head any
	err := r.db.QueryRowContext(ctx, "SELECT i.path, c.version FROM item i JOIN content c ON c.seq = i.seq WHERE i.id = ? AND i.kind = 4",
		idKey(attachment.ID)).Scan(&path, &head)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, readError(err)
	}
	if n := attachment.Version.Number; err == nil && n > 0 && n != number(head) {
		path = sql.NullString{}
		err = r.db.QueryRowContext(ctx, `SELECT path FROM file WHERE (id = ?1 OR id IN (SELECT id FROM content WHERE original = ?1 AND version = ?2))
			AND version = ?2 ORDER BY id = ?1 DESC, container = ?3 DESC, path LIMIT 1`, idKey(attachment.ID), n, idKey(attachment.Container)).Scan(&path)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, readError(err)
	}
	if !path.Valid {
		return nil, confluence.Errorf(confluence.CodeFileMissing, "the export holds no file for the attachment %s", attachment.ID).
			At(confluence.Where{Content: string(attachment.ID)})
	}
	return r.archive.open(path.String)
}

// Feed is not offered: an export does not change.
func (r *Reader) Feed(context.Context, time.Time) ([]confluence.Content, error) {
	return nil, confluence.Errorf(confluence.CodeNotCapable, "an export has no changes to follow")
}
