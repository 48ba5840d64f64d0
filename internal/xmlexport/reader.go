package xmlexport

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// The size of a Scan's batches: contents, and bytes of bodies after which a batch ends early.
const (
	batchContents = 500
	batchBodies   = 8 << 20
)

// asString returns an id of the index as text.
func asString(id any) string {
	switch id := id.(type) {
	case int64:
		return strconv.FormatInt(id, 10)
	case string:
		return id
	case []byte:
		return string(id)
	}
	return ""
}

// idKey returns an id as the index holds it.
func idKey[T ~string](id T) any { return key([]byte(id)) }

func readError(err error) error {
	var e *confluence.Error
	if errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return confluence.Errorf(confluence.CodeUnreachable, "the reading of the export was given up").Because(err)
	}
	return confluence.Errorf(confluence.CodeStateDamaged, "the scratch index of the export cannot be read").Because(err)
}

// Identity says what export this is. The fingerprint is the digest of the file, or of the folder's files.
func (r *Reader) Identity(context.Context) (confluence.Identity, error) {
	return confluence.Identity{
		Kind: confluence.Export, Product: "export of " + r.product(), Version: r.desc.Version, Fingerprint: r.fingerprint,
		BaseURL: r.facts.BaseURL,
		Caps: confluence.Capabilities{Position: true, BlogDate: true, WikiBodies: true, PersonalLabels: true, InlineComments: true,
			RootPages: true, Directory: true, Mention: "userkey", FetchBatch: batchContents, MaxTitle: 255, MaxBody: MaxBody, Concurrent: 4, UnpaginatedRead: true},
	}, nil
}

// product names the Confluence that made the export.
func (r *Reader) product() string {
	switch {
	case r.desc.Source == "cloud":
		return "Confluence Cloud"
	case r.desc.Version != "":
		return "Confluence " + r.desc.Version
	case r.desc.Build != "":
		return "Confluence, build " + r.desc.Build
	}
	return "a Confluence of unknown version"
}

// Spaces lists the spaces that the export is one of; what it holds of other spaces is left out.
func (r *Reader) Spaces(ctx context.Context, keys []string) ([]confluence.Space, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT s.id, s.key, coalesce(s.name, s.key), coalesce(s.type, ''), coalesce(s.status, ''),
		coalesce((SELECT i.id FROM item i WHERE i.id = s.home AND i.space = s.id AND i.kind = 1), ''), coalesce(s.creator, ''),
		coalesce(s.created, ''), (SELECT count(*) FROM item i WHERE i.space = s.id AND i.kind IN (1, 2)) FROM space s WHERE s.scope > 0 ORDER BY s.key, s.id`)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	var found []confluence.Space
	for rows.Next() {
		var s confluence.Space
		var created string
		if err := rows.Scan((*string)(&s.ID), &s.Key, &s.Name, &s.Type, &s.Status, (*string)(&s.HomeID), (*string)(&s.Creator), &created, &s.Pages); err != nil {
			return nil, readError(err)
		}
		s.Created, s.Status, s.Type = r.parseTime(created), strings.ToLower(s.Status), strings.ToLower(s.Type)
		if s.Status != "archived" {
			s.Status = "current"
		}
		if s.Type == "" {
			s.Type = "global"
			if strings.HasPrefix(s.Key, "~") {
				s.Type = "personal"
			}
		}
		if len(keys) == 0 || containsKey(keys, s.Key) {
			found = append(found, s)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, readError(err)
	}
	for i := range found {
		if err := r.describe(ctx, &found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func containsKey(keys []string, key string) bool {
	for _, k := range keys {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}

// describe adds a space's description and permissions.
func (r *Reader) describe(ctx context.Context, s *confluence.Space) error {
	var off, size int64
	var kind any
	err := r.db.QueryRowContext(ctx, `SELECT b.off, b.size, b.type FROM space s JOIN body b ON b.content = s.description
		WHERE s.id = ? ORDER BY b.seq DESC LIMIT 1`, idKey(s.ID)).Scan(&off, &size, &kind)
	if err == nil {
		raw, err := r.bodies.read(off, size)
		if err != nil {
			return err
		}
		s.Description = plainText(string(raw))
	} else if !errors.Is(err, sql.ErrNoRows) {
		return readError(err)
	}
	s.Permissions, _, err = r.permissions(ctx, s.ID)
	return err
}

// Scan returns the next batch of a space's contents in the order of the file, with the defects of what lies between. The
// cursor is the place in the file: it stays good for the same bytes, also after the export was opened anew.
func (r *Reader) Scan(ctx context.Context, req confluence.ScanRequest) (confluence.Batch, error) {
	after, err := position(req.Cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	kinds := "1, 2"
	if req.Facets.Has(confluence.FacetComments) {
		kinds += ", 3"
	}
	if req.Facets.Has(confluence.FacetAttachments) {
		kinds += ", 4"
	}
	found, err := r.contents(ctx, req.Facets, "i.space = ? AND i.seq > ? AND i.kind IN ("+kinds+") ORDER BY i.seq LIMIT ?",
		idKey(req.Space.ID), after, batchContents)
	if err != nil {
		return confluence.Batch{}, err
	}
	until, full := int64(1)<<62, found.cut || len(found.contents) == batchContents
	if full {
		until = found.seqs[len(found.seqs)-1]
	}
	b := confluence.Batch{Contents: found.contents}
	if full {
		b.Next = confluence.Cursor(strconv.FormatInt(until, 10))
	}
	b.Defects, err = r.defects(ctx, `space = ? AND seq > ? AND seq <= ? AND (kind IS NULL OR kind NOT IN (3, 4) OR kind IN (`+kinds+`))`,
		idKey(req.Space.ID), after, until)
	if err == nil && after < 0 {
		var more []confluence.Defect
		_, more, err = r.permissions(ctx, req.Space.ID)
		b.Defects = append(b.Defects, more...)
	}
	return b, err
}

// position reads a cursor: the place of the last content told, -1 before the first.
func position(c confluence.Cursor) (int64, error) {
	if c == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(string(c), 10, 64)
	if err != nil || n < 0 {
		return 0, confluence.Errorf(confluence.CodeUsage, "the cursor is none of an export's").Because(err)
	}
	return n, nil
}

// defects reads what is wrong, in the order of the file.
func (r *Reader) defects(ctx context.Context, where string, args ...any) ([]confluence.Defect, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT d.name, coalesce((SELECT key FROM space s WHERE s.id = d.space), ''), coalesce(d.id, ''),
		coalesce(d.kind, 0), coalesce(d.title, ''), coalesce(d.path, '') FROM defect d WHERE `+where+" ORDER BY d.seq, d.name, d.path", args...)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	var found []confluence.Defect
	for rows.Next() {
		var d confluence.Defect
		var kind int64
		if err := rows.Scan(&d.Name, &d.Space, (*string)(&d.ID), &kind, &d.Title, &d.Path); err != nil {
			return nil, readError(err)
		}
		rule := rules[d.Name]
		d.Code, d.Effect, d.What, d.Kind = rule.Code, rule.Effect, rule.What, kindOf(kind)
		found = append(found, d)
	}
	if err := rows.Err(); err != nil {
		return nil, readError(err)
	}
	return found, nil
}

// kindOf turns a class code into a kind of content.
func kindOf(code int64) confluence.Kind {
	switch code {
	case itemPage:
		return confluence.Page
	case itemBlogPost:
		return confluence.BlogPost
	case itemComment:
		return confluence.Comment
	case itemAttachment:
		return confluence.Attachment
	}
	return ""
}

// kindCode is the reverse of kindOf, 0 for kinds that an export does not hold.
func kindCode(kind confluence.Kind) int64 {
	for code := itemPage; code <= itemAttachment; code++ {
		if kindOf(code) == kind {
			return code
		}
	}
	return 0
}
