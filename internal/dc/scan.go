package dc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// What is asked for at once. The site cuts it to 50 with bodies (PG-09); asking for more costs nothing.
const listingSize = 200

// What ends a batch before the listing ends: a reading must not hold more than this, or work longer before its caller can
// note down how far it came.
const (
	batchRows  = 200      // with bodies
	batchHeads = 4_000    // without: each batch costs a call that says who we are
	batchBytes = 16 << 20 // of bodies
	batchTime  = 3 * time.Second
)

// Without bodies a batch is larger, as it costs a call that says who we are.
const (
	headRows = 12_000
	headTime = 6 * time.Second
)

// position is where a Scan stands. Its JSON, in base64, is the Cursor.
type position struct {
	Stage  int             `json:"s,omitempty"`
	Cursor string          `json:"c,omitempty"` // of the site's listing
	Start  int             `json:"o,omitempty"` // or its offset, where the site has no scan
	Offset bool            `json:"l,omitempty"`
	Last   []confluence.ID `json:"i,omitempty"` // last rows, that may come again
	Any    bool            `json:"a,omitempty"` // some content was listed
}

// stages are the listings of a Scan, then that of the trash alone, which Trashed reads.
var stages = []confluence.Kind{confluence.Page, confluence.BlogPost, ""}

const trashStage = 2

func (p position) cursor() confluence.Cursor {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return confluence.Cursor(base64.RawURLEncoding.EncodeToString(b))
}

func positionOf(c confluence.Cursor) (position, error) {
	var p position
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
		return p, confluence.Errorf(confluence.CodeInternal, "the scan cannot go on: its cursor is not one of Confluence Data Center").Because(err)
	}
	return p, nil
}

// Scan returns the next batch: about 200 pages or blog posts, or without bodies many more, with their attachments and
// comments. Trashed pages and blog posts come in the same listing, without facets but the body. A content that is not listed is not proven absent: Fetch it.
func (c *Connector) Scan(ctx context.Context, req confluence.ScanRequest) (confluence.Batch, error) {
	at, err := positionOf(req.Cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	if req.Space, err = c.space(ctx, req.Space); err != nil {
		return confluence.Batch{}, err
	}
	if req.Kind == confluence.BlogPost && at.Stage == 0 {
		at.Stage = 1
	}
	began, size, most, longest := c.clock.Now(), 0, headRows, headTime
	if req.Facets.Has(confluence.FacetBody) {
		most, longest = batchRows, batchTime
	}
	var batch confluence.Batch
	for !at.over(req.Kind) && len(batch.Contents) < most && size < batchBytes && c.clock.Now().Sub(began) < longest {
		listed, err := c.listing(ctx, req, &at)
		if err != nil {
			return confluence.Batch{}, err
		}
		for i := range listed {
			size += len(listed[i].Body.Raw)
		}
		batch.Contents = append(batch.Contents, listed...)
	}
	for i := range batch.Contents {
		if x := &batch.Contents[i]; x.SpaceKey == "" || strings.EqualFold(x.SpaceKey, req.Space.Key) {
			x.SpaceID, x.SpaceKey = req.Space.ID, req.Space.Key
		}
	}
	if !at.over(req.Kind) {
		batch.Next = at.cursor()
	}
	// What was shown counts only if it was shown to us.
	if !req.Unproved || len(batch.Contents) == 0 {
		if err := c.confirm(ctx); err != nil {
			return confluence.Batch{}, err
		}
	}
	return batch, nil
}

// over reports whether a Scan of a kind, or of both, has nothing left to list.
func (p *position) over(kind confluence.Kind) bool {
	if kind == confluence.Page {
		return p.Stage > 0
	}
	return p.Stage >= trashStage
}

// pass moves to the next page of a listing, or to the next listing.
func (p *position) pass(cursor string, start int, rows []confluence.Content) {
	p.Cursor, p.Start, p.Last = cursor, start, nil
	for i := max(0, len(rows)-overlap); i < len(rows); i++ {
		p.Last = append(p.Last, rows[i].ID)
	}
	if cursor == "" && start == 0 {
		p.Stage, p.Last, p.Offset = p.Stage+1, nil, false
	}
}

// overlap is how many rows a listing by offset goes back, so that rows that move up while it is read are not missed.
const overlap = 10

// listing reads one page of a listing with what belongs to its contents, and moves at behind it.
func (c *Connector) listing(ctx context.Context, req confluence.ScanRequest, at *position) ([]confluence.Content, error) {
	kind := stages[at.Stage]
	page, err := c.listingPage(ctx, req, kind, at)
	if err != nil {
		return nil, err
	}
	last := at.Last
	var rows []contentW
	for _, w := range page.rows {
		if !slices.Contains(last, w.ID.ID()) {
			rows = append(rows, w)
		}
	}
	listed := contentsOf(rows, func(x confluence.Content) bool {
		return x.Kind == kind && (x.Status == confluence.Current || x.Status == confluence.Trashed && req.Trash)
	})
	at.pass(page.cursor, page.start, listed)
	// Current ones first: only they have facets beyond the body.
	slices.SortStableFunc(listed, func(a, b confluence.Content) int { return compare(string(a.Status), string(b.Status)) })
	current := listed
	if i := slices.IndexFunc(listed, func(x confluence.Content) bool { return x.Status == confluence.Trashed }); i >= 0 {
		current = listed[:i]
	}
	below, err := c.belongings(ctx, current, rows, req.Facets)
	return append(listed, below...), err
}

// pageOf is one page of a listing, and how the listing goes on.
type pageOf struct {
	rows   []contentW
	cursor string
	start  int
}

// listingPage reads a page of content/scan, or of the content listing where the site has no scan.
func (c *Connector) listingPage(ctx context.Context, req confluence.ScanRequest, kind confluence.Kind, at *position) (pageOf, error) {
	c.mu.Lock()
	offset := at.Offset || c.noScan && at.Cursor == ""
	c.mu.Unlock()
	if !offset {
		p, err := c.scanPage(ctx, req, kind, at.Cursor)
		if at.Cursor != "" || !lacking(err) {
			return p, err
		}
		// Refused from the start: the resource is lacking if the listing answers in its place.
		if q, other := c.offsetPage(ctx, req, kind, 0); other == nil {
			c.mu.Lock()
			c.noScan = true
			c.mu.Unlock()
			at.Offset = true
			return q, nil
		}
		return p, err
	}
	at.Offset = true
	return c.offsetPage(ctx, req, kind, at.Start)
}

func (c *Connector) scanPage(ctx context.Context, req confluence.ScanRequest, kind confluence.Kind, cursor string) (pageOf, error) {
	k := wire.Get(api+"/content/scan", "the contents of the space could not be listed").At(confluence.Where{Space: req.Space.Key}).
		With("spaceKey", req.Space.Key, "status", statusFor(req), "expand", expansions(req.Facets), "cursor", cursor)
	if cursor == "" {
		k = k.With("type", string(kind)) // later pages have it in the cursor (PG-10)
	}
	var page listW[contentW]
	if err := c.sized(ctx, k, &page); err != nil {
		return pageOf{}, err
	}
	next, err := onward(k, &page, cursor)
	return pageOf{rows: page.Results, cursor: next}, err
}

func (c *Connector) offsetPage(ctx context.Context, req confluence.ScanRequest, kind confluence.Kind, start int) (pageOf, error) {
	from := max(0, start-overlap)
	k := wire.Get(api+"/content", "the contents of the space could not be listed").At(confluence.Where{Space: req.Space.Key}).
		With("spaceKey", req.Space.Key, "type", string(kind), "status", statusFor(req), "expand", expansions(req.Facets))
	if from > 0 {
		k = k.With("start", itoa(from))
	}
	var page listW[contentW]
	if err := c.sized(ctx, k, &page); err != nil {
		return pageOf{}, err
	}
	out := pageOf{rows: page.Results}
	if page.Links.Next != "" {
		out.start = max(startOf(page.Links.Next), from+len(page.Results))
		if out.start <= start {
			return out, wire.Unusable(k, "the listing names a next page that leads nowhere")
		}
	}
	return out, nil
}

// sized reads a page of a listing, and asks for fewer rows if the answer would be too large.
func (c *Connector) sized(ctx context.Context, k call, page *listW[contentW]) error {
	for limit := listingSize; ; limit = (limit + 4) / 5 {
		_, err := c.do(ctx, k.With("limit", strconv.Itoa(limit)), page)
		if !tooLarge(err) || limit == 1 {
			return err
		}
		*page = listW[contentW]{}
	}
}

// statusFor is what a listing asks for: with the trash, everything in one listing, so that the trash costs no calls of its
// own but for its rows.
func statusFor(req confluence.ScanRequest) string {
	if req.Trash {
		return "any"
	}
	return string(confluence.Current)
}

// expansions are what a listing must expand for facets.
func expansions(facets confluence.Facets) string {
	expand := []string{"version", "history", "ancestors"}
	if facets.Has(confluence.FacetBody) {
		expand = append(expand, "body.storage")
	}
	if facets.Has(confluence.FacetLabels) {
		expand = append(expand, "metadata.labels")
	}
	if facets.Has(confluence.FacetRestrictions) {
		expand = append(expand, "restrictions.read.restrictions.user", "restrictions.read.restrictions.group",
			"restrictions.update.restrictions.user", "restrictions.update.restrictions.group")
	}
	if facets.Has(confluence.FacetAttachments) {
		expand = append(expand, "children.attachment.version", "children.attachment.history")
	}
	if facets.Has(confluence.FacetComments) {
		expand = append(expand, "children.comment")
		if !facets.Has(confluence.FacetBody) {
			// Comments of every depth, as far as one row holds them; bodies are only to be had page by page.
			expand = append(expand, "descendants.comment.version", "descendants.comment.ancestors")
		}
	}
	return strings.Join(expand, ",")
}
