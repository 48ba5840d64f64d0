package xmlexport

import (
	"context"
	"database/sql"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// found are contents with their places in the file. cut is set where bodies filled a batch before it had all.
type found struct {
	contents []confluence.Content
	seqs     []int64
	cut      bool
	at       map[string]int // id -> index
}

// columns are what scanContent reads, of item i and content c.
const columns = `i.seq, i.kind, i.id, i.space, coalesce((SELECT key FROM space s WHERE s.id = i.space), ''), coalesce(i.title, ''),
 coalesce(c.title, ''), coalesce(i.up, ''), coalesce(i.owner, ''), c.position, coalesce(c.created, ''), coalesce(c.creator, ''),
 coalesce(c.modified, ''), coalesce(c.modifier, ''), coalesce(c.version, ''), coalesce(c.comment, ''), coalesce(c.media, ''),
 c.size, i.inline, i.path, i.size`

// contents reads items that fit where, with their facets.
func (r *Reader) contents(ctx context.Context, facets confluence.Facets, where string, args ...any) (*found, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT "+columns+" FROM item i JOIN content c ON c.seq = i.seq WHERE "+where, args...)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	f := &found{at: map[string]int{}}
	for rows.Next() {
		c, seq, err := r.scanContent(rows)
		if err != nil {
			return nil, readError(err)
		}
		f.at[string(c.ID)] = len(f.contents)
		f.contents, f.seqs = append(f.contents, c), append(f.seqs, seq)
	}
	if err := rows.Err(); err != nil {
		return nil, readError(err)
	}
	rows.Close()
	return f, r.facets(ctx, f, facets)
}

func (r *Reader) scanContent(rows *sql.Rows) (c confluence.Content, seq int64, err error) {
	var kind, inline int64
	var position, version, size any
	var title, own, up, created, modified, comment, media string
	var by, modifier string
	var path sql.NullString
	var length sql.NullInt64
	err = rows.Scan(&seq, &kind, (*string)(&c.ID), (*string)(&c.SpaceID), &c.SpaceKey, &title, &own, &up, (*string)(&c.Container), &position, &created, &by,
		&modified, &modifier, &version, &comment, &media, &size, &inline, &path, &length)
	c.Kind, c.Status, c.Attachments, c.Comments = kindOf(kind), confluence.Current, -1, -1
	c.Title, c.Created, c.Creator = own, r.parseTime(created), confluence.UserID(by)
	c.Version = confluence.Version{Number: number(version), At: r.parseTime(modified), By: confluence.UserID(modifier), Message: comment}
	if n, ok := position.(int64); ok && kind == itemPage {
		c.Position, c.Positioned = int(n), true
	}
	if title != "" {
		c.Title, c.SourceTitle = title, own
	}
	switch kind {
	case itemPage, itemBlogPost:
		c.ParentID = confluence.ID(up)
		if own == "" {
			c.Title, c.Untitled = "Untitled ("+string(c.ID)+")", true
		}
	case itemComment:
		c.Comment = &confluence.CommentInfo{Kind: confluence.Footer, ReplyTo: confluence.ID(up)}
		if inline == 1 {
			c.Comment.Kind = confluence.Inline
		}
		c.Title = ""
	case itemAttachment:
		c.File = &confluence.FileInfo{MediaType: media, Comment: comment, Size: length.Int64, Missing: !path.Valid}
		if n, ok := size.(int64); ok && !length.Valid {
			c.File.Size = n
		}
		if c.Title == "" {
			c.Title, c.Untitled = "Untitled ("+string(c.ID)+")", true
		}
	}
	return c, seq, err
}

// number reads a version number, 1 where there is none.
func number(v any) int {
	if n, ok := v.(int64); ok && n > 0 {
		return int(n)
	}
	return 1
}

// facets adds the facets asked for, and what comments and attachments keep in properties.
func (r *Reader) facets(ctx context.Context, f *found, want confluence.Facets) error {
	if want.Has(confluence.FacetBody) {
		if err := r.addBodies(ctx, f); err != nil {
			return err
		}
	}
	if err := r.addProperties(ctx, f); err != nil {
		return err
	}
	if want.Has(confluence.FacetLabels) {
		if err := r.addLabels(ctx, f); err != nil {
			return err
		}
	}
	if want.Has(confluence.FacetRestrictions) {
		if err := r.addRestrictions(ctx, f); err != nil {
			return err
		}
	}
	if err := r.addCounts(ctx, f); err != nil {
		return err
	}
	for i := range f.contents {
		f.contents[i].Facets = want
	}
	return nil
}

// over runs a query with the ids of all contents found as its only list, and calls fn for each row.
func (r *Reader) over(ctx context.Context, f *found, query string, fn func(*sql.Rows) error) error {
	if len(f.contents) == 0 {
		return nil
	}
	args := make([]any, len(f.contents))
	for i, c := range f.contents {
		args[i] = idKey(c.ID)
	}
	list := "(" + strings.TrimSuffix(strings.Repeat("?,", len(args)), ",") + ")"
	rows, err := r.db.QueryContext(ctx, strings.Replace(query, "IDS", list, 1), args...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return readError(err)
		}
	}
	if err := rows.Err(); err != nil {
		return readError(err)
	}
	return nil
}

// storedBody is one of a content's bodies.
type storedBody struct {
	off, size int64
	format    any
	flags     int64
}

// addBodies reads the bodies, and cuts the batch where they become too much. Of several the newest in storage format is
// taken, then the newest of any.
func (r *Reader) addBodies(ctx context.Context, f *found) error {
	chosen := map[string]storedBody{}
	err := r.over(ctx, f, "SELECT content, off, size, type, flags FROM body WHERE content IN IDS ORDER BY type = 2, seq", func(rows *sql.Rows) error {
		var id string
		var b storedBody
		err := rows.Scan(&id, &b.off, &b.size, &b.format, &b.flags)
		chosen[id] = b
		return err
	})
	if err != nil {
		return err
	}
	total := 0
	for i := range f.contents {
		c := &f.contents[i]
		if c.Kind == confluence.Attachment {
			continue
		}
		if total > batchBodies {
			f.contents, f.seqs, f.cut = f.contents[:i], f.seqs[:i], true
			f.at = map[string]int{}
			for j, c := range f.contents {
				f.at[string(c.ID)] = j
			}
			return nil
		}
		if c.Body, err = r.body(chosen[string(c.ID)]); err != nil {
			return err
		}
		total += len(c.Body.Raw)
	}
	return nil
}

// body reads one body and repairs what the export did to it. The zero storedBody is an empty body in storage format.
func (r *Reader) body(b storedBody) (confluence.Body, error) {
	raw, err := r.bodies.read(b.off, b.size)
	if err != nil {
		return confluence.Body{}, err
	}
	switch b.format {
	case int64(1):
		return confluence.Body{Format: confluence.Storage, Raw: paragraph(raw)}, nil
	case int64(2):
		return confluence.Body{Format: confluence.Storage, Raw: repairCDATA(string(raw))}, nil
	}
	if b == (storedBody{}) {
		return confluence.Body{Format: confluence.Storage}, nil
	}
	return confluence.Body{Format: confluence.Wiki, Raw: string(raw)}, nil
}

// addProperties reads what is kept in content properties.
func (r *Reader) addProperties(ctx context.Context, f *found) error {
	return r.over(ctx, f, "SELECT owner, name, coalesce(value, '') FROM property WHERE owner IN IDS ORDER BY seq", func(rows *sql.Rows) error {
		var id, name, value string
		if err := rows.Scan(&id, &name, &value); err != nil {
			return err
		}
		c := &f.contents[f.at[id]]
		switch {
		case c.Comment != nil:
			commentProperty(c.Comment, name, value)
		case c.File != nil:
			fileProperty(c, name, value)
		}
		return nil
	})
}

func commentProperty(c *confluence.CommentInfo, name, value string) {
	switch name {
	case "status":
		c.Resolution = value
	case "inline-marker-ref":
		if c.Kind == confluence.Inline {
			c.Marker = value
		}
	case "inline-original-selection":
		if c.Kind == confluence.Inline {
			c.Selection = value
		}
	}
}

func fileProperty(c *confluence.Content, name, value string) {
	switch name {
	case "MEDIA_TYPE":
		c.File.MediaType = value
	case "FILESIZE":
		if n, ok := key([]byte(value)).(int64); ok && c.File.Missing {
			c.File.Size = n
		}
	case "MINOR_EDIT":
		c.Version.Minor = value == "true"
	}
}

func (r *Reader) addLabels(ctx context.Context, f *found) error {
	return r.over(ctx, f, `SELECT DISTINCT g.content, coalesce(l.namespace, 'global'), l.name FROM labelling g JOIN label l ON l.id = g.label
		WHERE g.content IN IDS AND l.name IS NOT NULL ORDER BY 1, 2, 3`, func(rows *sql.Rows) error {
		var id string
		var l confluence.Label
		if err := rows.Scan(&id, &l.Prefix, &l.Name); err != nil {
			return err
		}
		c := &f.contents[f.at[id]]
		c.Labels = append(c.Labels, l)
		return nil
	})
}

// addRestrictions reads View as Read and Edit as Update; other sets restrict nothing.
func (r *Reader) addRestrictions(ctx context.Context, f *found) error {
	err := r.over(ctx, f, `SELECT s.content, s.type, coalesce(p.user, ''), coalesce(p.grp, '') FROM permset s JOIN perm p ON p.owner = s.id
		WHERE s.content IN IDS AND s.type IN ('View', 'Edit')`, func(rows *sql.Rows) error {
		var id, kind, user, group string
		if err := rows.Scan(&id, &kind, &user, &group); err != nil {
			return err
		}
		c := &f.contents[f.at[id]]
		who := confluence.UserPrincipal(confluence.UserID(user))
		if user == "" {
			who = confluence.GroupPrincipal(group)
		}
		if kind == "View" {
			c.Restrictions.Read = append(c.Restrictions.Read, who)
		} else {
			c.Restrictions.Update = append(c.Restrictions.Update, who)
		}
		return nil
	})
	for i := range f.contents {
		if c := &f.contents[i]; !c.Restrictions.Open() {
			c.Restrictions = c.Restrictions.Sorted()
		}
	}
	return err
}

// addCounts counts what belongs to pages, posts and attachments.
func (r *Reader) addCounts(ctx context.Context, f *found) error {
	for i := range f.contents {
		f.contents[i].Attachments, f.contents[i].Comments = 0, 0
	}
	return r.over(ctx, f, "SELECT owner, kind, count(*) FROM item WHERE owner IN IDS GROUP BY 1, 2", func(rows *sql.Rows) error {
		var id string
		var kind int64
		var n int
		if err := rows.Scan(&id, &kind, &n); err != nil {
			return err
		}
		if c := &f.contents[f.at[id]]; kind == itemComment {
			c.Comments = n
		} else {
			c.Attachments = n
		}
		return nil
	})
}
