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

// What ends a batch before the listing ends: a reading must not hold more than this, or work longer before its caller
// can note down how far it came.
const (
	batchPages = 3        // of the listing
	batchBytes = 16 << 20 // of bodies
	batchTime  = 3 * time.Second
)

// Scan returns the next batch: pages or blog posts in the order of their ids, 250 or up to three times as many where they
// come quickly, with the attachments and comments of these and the folders that are parents of them and were not listed
// before. Trashed contents come with their bodies only. A content that is not listed is not proven absent: Fetch it.
//
// While the search and the listings below contents of one page of the listing run, the next page is already asked for:
// nothing in it depends on them.
func (c *Connector) Scan(ctx context.Context, req confluence.ScanRequest) (confluence.Batch, error) {
	at, err := placeOf(req.Cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	if req.Space, err = c.space(ctx, req.Space); err != nil {
		return confluence.Batch{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var batch confluence.Batch
	began, pages, size := c.clock.Now(), 0, 0
	pending := c.ask(ctx, req, at)
	for pending != nil {
		got := <-pending
		pending = nil
		if got.err != nil {
			return confluence.Batch{}, got.err
		}
		listed := stages[at.Stage]
		at.pass(got.next)
		pages, size = pages+1, size+got.size()
		if !at.over(req.Trash) && pages < batchPages && size < batchBytes && c.clock.Now().Sub(began) < batchTime {
			pending = c.ask(ctx, req, at)
		}
		contents, err := c.complete(ctx, req, listed, got, &at)
		if err != nil {
			cancel()
			if pending != nil {
				<-pending
			}
			return confluence.Batch{}, err
		}
		batch.Contents = append(batch.Contents, contents...)
	}
	if !at.over(req.Trash) {
		batch.Next = at.cursor()
	} else if !at.Any {
		// A space that showed nothing at all is believed only from an account that is confirmed.
		return batch, c.confirm(ctx)
	}
	return batch, nil
}

// page is one page of a listing.
type page struct {
	rows []contentV2
	next string
	now  time.Time // the server's clock
	err  error
}

func (p page) size() (n int) {
	for i := range p.rows {
		n += len(p.rows[i].Body.body().Raw)
	}
	return n
}

// ask reads one page of a listing beside the caller. The channel gives it, once.
func (c *Connector) ask(ctx context.Context, req confluence.ScanRequest, at place) <-chan page {
	out := make(chan page, 1)
	go func() {
		var p page
		p.rows, p.next, p.now, p.err = c.batch(ctx, req, stages[at.Stage], at.Cursor)
		out <- p
	}()
	return out
}

// complete reads what belongs to a page of a listing.
func (c *Connector) complete(ctx context.Context, req confluence.ScanRequest, st stage, got page, at *place) ([]confluence.Content, error) {
	listed := contentsOf(got.rows, st.kind)
	at.Any = at.Any || len(listed) > 0
	out := listed
	if st.status == "current" {
		if err := c.enrich(ctx, listed, req.Facets, got.now); err != nil {
			return nil, err
		}
		below, err := c.belongings(ctx, listed, req.Facets)
		if err != nil {
			return nil, err
		}
		folders, err := c.folders(ctx, got.rows, at)
		if err != nil {
			return nil, err
		}
		out = append(append(out, below...), folders...)
	}
	for i := range out {
		if x := &out[i]; x.SpaceID == "" || x.SpaceID == req.Space.ID {
			x.SpaceID, x.SpaceKey = req.Space.ID, req.Space.Key
		}
	}
	return out, nil
}

// pass moves to the next page of the listing, or to the next listing.
func (p *place) pass(next string) {
	p.Cursor = next
	if next == "" {
		p.Stage++
	}
}

// over reports whether nothing is left to list.
func (p *place) over(trash bool) bool {
	last := 1
	if trash {
		last = len(stages) - 1
	}
	return p.Stage > last
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
