package cloud

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const batchSize = 250

// place is where a Scan stands. Its JSON, in base64, is the Cursor.
type place struct {
	Stage   int             `json:"s,omitempty"`
	Cursor  string          `json:"c,omitempty"` // of the site's listing
	Folders []confluence.ID `json:"f,omitempty"` // listed already
	Any     bool            `json:"a,omitempty"` // some content was listed
}

// stage is one listing of a Scan.
type stage struct {
	kind   confluence.Kind
	route  string
	status string
}

var stages = []stage{
	{confluence.Page, v2 + "/pages", "current"},
	{confluence.BlogPost, v2 + "/blogposts", "current"},
	{confluence.Page, v2 + "/pages", "trashed"},
	{confluence.BlogPost, v2 + "/blogposts", "trashed"},
}

func (p place) cursor() confluence.Cursor {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return confluence.Cursor(base64.RawURLEncoding.EncodeToString(b))
}

func placeOf(c confluence.Cursor) (place, error) {
	var p place
	if c == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err == nil && (p.Stage < 0 || p.Stage >= len(stages)) {
		err = errors.New("no such stage")
	}
	if err != nil {
		return p, confluence.Errorf(confluence.CodeInternal, "the scan cannot go on: its cursor is not one of Confluence Cloud").Because(err)
	}
	return p, nil
}

// Scan returns the next batch: up to 250 pages or blog posts in the order of their ids, followed by the attachments and
// comments of these, and by the folders that are parents of them and were not listed before. Trashed contents come with
// their bodies only. A content that is not listed is not proven absent: Fetch it.
func (c *Connector) Scan(ctx context.Context, req confluence.ScanRequest) (confluence.Batch, error) {
	at, err := placeOf(req.Cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	if req.Space, err = c.space(ctx, req.Space); err != nil {
		return confluence.Batch{}, err
	}
	st := stages[at.Stage]
	wired, next, now, err := c.batch(ctx, req, st, at.Cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	listed := contentsOf(wired, st.kind)
	batch := confluence.Batch{Contents: listed}
	if st.status == "current" {
		if err := c.enrich(ctx, listed, req.Facets, now); err != nil {
			return confluence.Batch{}, err
		}
		below, err := c.belongings(ctx, listed, req.Facets)
		if err != nil {
			return confluence.Batch{}, err
		}
		folders, err := c.folders(ctx, wired, &at)
		if err != nil {
			return confluence.Batch{}, err
		}
		batch.Contents = append(append(batch.Contents, below...), folders...)
	}
	at.Any = at.Any || len(listed) > 0
	if err := c.advance(ctx, &at, next, req.Trash, &batch); err != nil {
		return confluence.Batch{}, err
	}
	for i := range batch.Contents {
		if x := &batch.Contents[i]; x.SpaceID == "" || x.SpaceID == req.Space.ID {
			x.SpaceID, x.SpaceKey = req.Space.ID, req.Space.Key
		}
	}
	return batch, nil
}

// advance moves to the next page of the listing, or to the next listing. A space that showed nothing at all is believed
// only from an account that is confirmed.
func (c *Connector) advance(ctx context.Context, at *place, next string, trash bool, batch *confluence.Batch) error {
	last := 1
	if trash {
		last = len(stages) - 1
	}
	at.Cursor = next
	if next == "" {
		at.Stage++
	}
	if at.Stage <= last {
		batch.Next = at.cursor()
		return nil
	}
	if !at.Any {
		return c.confirm(ctx)
	}
	return nil
}

// batch reads one page of a listing. If the answer would be too large, fewer rows are asked for: cursors of the site do
// not depend on the limit.
func (c *Connector) batch(ctx context.Context, req confluence.ScanRequest, st stage, cursor string) ([]contentV2, string, time.Time, error) {
	k := get(st.route, "the contents of the space could not be listed").at(confluence.Where{Space: req.Space.Key}).
		with("space-id", string(req.Space.ID), "status", st.status, "sort", "id")
	if req.Facets.Has(confluence.FacetBody) {
		k = k.with("body-format", "storage")
	}
	for limit := batchSize; ; limit = (limit + 4) / 5 {
		got, next, ans, err := listPage[contentV2](ctx, c, k.with("limit", strconv.Itoa(limit)), cursor)
		if tooLarge(err) && limit > 1 {
			continue
		}
		if err != nil {
			return nil, "", ans.Date, err
		}
		return got, next, ans.Date, nil
	}
}

// contentsOf translates rows, leaving out repeated ones.
func contentsOf(got []contentV2, kind confluence.Kind) []confluence.Content {
	out := make([]confluence.Content, 0, len(got))
	seen := make(map[confluence.ID]bool, len(got))
	for _, w := range got {
		if w.ID != "" && !seen[w.ID.ID()] {
			seen[w.ID.ID()] = true
			out = append(out, w.content(kind))
		}
	}
	return out
}

// folders reads the folders that pages of the batch hang on, and those that these hang on.
func (c *Connector) folders(ctx context.Context, listed []contentV2, at *place) ([]confluence.Content, error) {
	seen := map[confluence.ID]bool{}
	for _, f := range at.Folders {
		seen[f] = true
	}
	var wanted []confluence.ID
	above := func(w contentV2) {
		if p := w.ParentID.ID(); w.ParentType == string(confluence.Folder) && !seen[p] {
			seen[p] = true
			wanted = append(wanted, p)
		}
	}
	for _, w := range listed {
		above(w)
	}
	var out []confluence.Content
	for len(wanted) > 0 {
		f := wanted[0]
		wanted = wanted[1:]
		at.Folders = append(at.Folders, f)
		w, err := c.folder(ctx, f)
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w.content(confluence.Folder))
		above(w)
	}
	slices.Sort(at.Folders)
	return out, nil
}

func (c *Connector) folder(ctx context.Context, id confluence.ID) (contentV2, error) {
	var w contentV2
	k := get(v2+"/folders/{id}", "a folder could not be read", string(id)).at(confluence.Where{Content: string(id)})
	_, err := c.do(ctx, k, &w)
	return w, err
}
