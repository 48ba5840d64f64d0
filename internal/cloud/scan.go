package cloud

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

const batchSize = 250

// place is where a Scan stands. Its JSON, in base64, is the Cursor.
type place struct {
	Stage   int             `json:"s,omitempty"`
	Cursor  string          `json:"c,omitempty"` // of the site's listing
	Folders []confluence.ID `json:"f,omitempty"` // listed already
	Any     bool            `json:"a,omitempty"` // some content was listed
}

// stage is one listing of a Scan or of the trash.
type stage struct {
	kind  confluence.Kind
	route string
	trash bool
}

var stages = []stage{
	{confluence.Page, v2 + "/pages", false},
	{confluence.BlogPost, v2 + "/blogposts", false},
	{confluence.Page, v2 + "/pages", true},
	{confluence.BlogPost, v2 + "/blogposts", true},
}

// firstTrashed is the first of the stages that list the trash alone.
const firstTrashed = 2

// statuses are those that a listing asks for: one listing shows all, so that the trash and the archive cost no calls of
// their own but for their rows.
func (st stage) statuses(req confluence.ScanRequest) []string {
	if st.trash {
		return []string{"trashed"}
	}
	out := []string{"current"}
	if req.Archived && st.kind == confluence.Page {
		out = append(out, "archived")
	}
	if req.Trash {
		out = append(out, "trashed")
	}
	return out
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
	batchBytes = 16 << 20 // of answers
	batchTime  = 3 * time.Second
)

// Scan returns the next batch: pages or blog posts in the order of their ids, 250 or up to three times as many where they
// come quickly, with the attachments and comments of these and the folders that are parents of them and were not listed
// before. Trashed and archived contents come with their bodies only. A content that is not listed is not proven absent:
// Fetch it.
//
// The listing runs ahead: while the search and the listings below the contents of one page run, the next pages are read
// already, because nothing in them depends on that.
func (c *Connector) Scan(ctx context.Context, req confluence.ScanRequest) (confluence.Batch, error) {
	at, err := placeOf(req.Cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	if req.Space, err = c.space(ctx, req.Space); err != nil {
		return confluence.Batch{}, err
	}
	if req.Kind == confluence.BlogPost && at.Stage == 0 {
		at.Stage = 1
	}
	parts, err := c.pages(ctx, req, &at)
	if err != nil {
		return confluence.Batch{}, err
	}
	var batch confluence.Batch
	for _, p := range parts {
		at.Any = at.Any || len(p.listed) > 0
		batch.Contents = append(append(batch.Contents, p.listed...), p.below...)
		folders, err := c.folders(ctx, p.rows.Results, &at)
		if err != nil {
			return confluence.Batch{}, err
		}
		batch.Contents = append(batch.Contents, folders...)
	}
	for i := range batch.Contents {
		if x := &batch.Contents[i]; x.SpaceID == "" || x.SpaceID == req.Space.ID {
			x.SpaceID, x.SpaceKey = req.Space.ID, req.Space.Key
		}
	}
	if err := c.attribute(ctx, batch.Contents); err != nil {
		return confluence.Batch{}, err
	}
	if !at.over(req.Kind) {
		batch.Next = at.cursor()
	} else if !at.Any {
		// A space that showed nothing at all is believed only from an account that is confirmed.
		return batch, c.confirm(ctx)
	}
	return batch, nil
}

// pages reads some pages of the listing with what belongs to their contents, and moves at behind them.
func (c *Connector) pages(ctx context.Context, req confluence.ScanRequest, at *place) (parts []*page, err error) {
	began, size := c.clock.Now(), 0
	g, ctx := c.clock.Group(ctx, 0)
	var turn chan struct{} // closed when the last page so far is complete
	for {
		p := c.page(ctx, req, stages[at.Stage], at.Cursor)
		if p.err != nil {
			// What is under way is given up. If it was that which failed, the listing only failed with it.
			g.Go(func() error { return p.err })
			return nil, g.Wait()
		}
		parts, size = append(parts, p), size+len(p.raw)
		before, after := turn, make(chan struct{})
		turn = after
		g.Go(func() error {
			defer close(after)
			return c.complete(ctx, req, p, before)
		})
		at.pass(p.next)
		if at.over(req.Kind) || len(parts) == batchPages || size >= batchBytes || c.clock.Now().Sub(began) >= batchTime {
			return parts, g.Wait()
		}
	}
}

// page is one page of a listing. How the listing goes on is known before its rows are.
type page struct {
	stage stage
	call  call
	raw   []byte // the answer
	next  string
	now   time.Time // the server's clock
	err   error

	rows   rows[contentV2] // made of the answer by complete
	listed []confluence.Content
	below  []confluence.Content
}

// complete makes the contents of a page and reads what belongs to them. before is closed when the page before is complete.
func (c *Connector) complete(ctx context.Context, req confluence.ScanRequest, p *page, before <-chan struct{}) error {
	if err := json.Unmarshal(p.raw, &p.rows); err != nil {
		return wire.Unusable(p.call, "the answer is not the JSON it should be: "+err.Error())
	}
	p.raw = nil
	p.listed = contentsOf(p.rows.Results, p.stage.kind)
	// Current ones first: only they have facets beyond the body.
	slices.SortStableFunc(p.listed, func(a, b confluence.Content) int { return cmp.Compare(lifeless(a), lifeless(b)) })
	current := p.listed
	if i := slices.IndexFunc(p.listed, func(x confluence.Content) bool { return lifeless(x) != 0 }); i >= 0 {
		current = p.listed[:i]
	}
	if err := c.enrich(ctx, current, req.Facets, p.now, before); err != nil {
		return err
	}
	var err error
	p.below, err = c.belongings(ctx, current, req.Facets)
	return err
}

// lifeless is 1 for a content in the trash or the archive.
func lifeless(x confluence.Content) int {
	if x.Status == confluence.Trashed || x.Status == confluence.Archived {
		return 1
	}
	return 0
}

// pass moves to the next page of the listing, or to the next listing.
func (p *place) pass(next string) {
	p.Cursor = next
	if next == "" {
		p.Stage++
	}
}

// over reports whether a Scan of a kind, or of both, has nothing left to list.
func (p *place) over(kind confluence.Kind) bool {
	if kind == confluence.Page {
		return p.Stage > 0
	}
	return p.Stage >= firstTrashed
}

// page reads one page of a listing. If the answer would be too large, fewer rows are asked for: cursors of the site do not
// depend on the limit.
func (c *Connector) page(ctx context.Context, req confluence.ScanRequest, st stage, cursor string) *page {
	k := wire.Get(st.route, "the contents of the space could not be listed").At(confluence.Where{Space: req.Space.Key}).
		With("space-id", string(req.Space.ID), "sort", "id", "cursor", cursor)
	for _, status := range st.statuses(req) {
		k = k.With("status", status)
	}
	if req.Facets.Has(confluence.FacetBody) {
		k = k.With("body-format", "storage")
	}
	for limit := batchSize; ; limit = (limit + 4) / 5 {
		p := &page{stage: st, call: k.With("limit", strconv.Itoa(limit))}
		ans, err := c.do(ctx, p.call, nil)
		if tooLarge(err) && limit > 1 {
			continue
		}
		if p.raw, p.now, p.err = ans.Body, ans.Date, err; err == nil {
			p.next, p.err = p.onward(ans.Header, cursor)
		}
		return p
	}
}

// onward finds how the listing goes on: the header says it at once, else the answer has to be looked through.
func (p *page) onward(header http.Header, cursor string) (string, error) {
	link := nextOf(header.Values("Link"))
	if link == "" {
		var end struct {
			Links links `json:"_links"`
		}
		if err := json.Unmarshal(p.raw, &end); err != nil {
			return "", wire.Unusable(p.call, "the answer is not the JSON it should be: "+err.Error())
		}
		link = end.Links.Next
	}
	return nextCursor(p.call, link, cursor)
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

// nodes are the kinds that stand in the tree without being pages: folders, and those whose content no API shows. All have
// a resource of their own, and none a listing.
var nodes = []confluence.Kind{confluence.Folder, confluence.Whiteboard, confluence.Database, confluence.Embed}

// folders reads the nodes that pages of the batch hang on, and those that these hang on.
func (c *Connector) folders(ctx context.Context, listed []contentV2, at *place) ([]confluence.Content, error) {
	seen := map[confluence.ID]bool{}
	for _, f := range at.Folders {
		seen[f] = true
	}
	type node struct {
		kind confluence.Kind
		id   confluence.ID
	}
	var wanted []node
	above := func(w contentV2) {
		p, kind := w.ParentID.ID(), confluence.Kind(w.ParentType)
		if slices.Contains(nodes, kind) && !seen[p] {
			seen[p] = true
			wanted = append(wanted, node{kind, p})
		}
	}
	for _, w := range listed {
		above(w)
	}
	var out []confluence.Content
	for len(wanted) > 0 {
		f := wanted[0]
		wanted = wanted[1:]
		at.Folders = append(at.Folders, f.id)
		w, err := c.node(ctx, f.kind, f.id)
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w.content(f.kind))
		above(w)
	}
	slices.Sort(at.Folders)
	return out, nil
}

func (c *Connector) node(ctx context.Context, kind confluence.Kind, id confluence.ID) (contentV2, error) {
	var w contentV2
	k := wire.Get(collection(kind)+"/{id}", "a "+string(kind)+" could not be read", string(id)).At(confluence.Where{Content: string(id)})
	_, err := c.do(ctx, k, &w)
	return w, err
}

// Trashed returns the next batch of a space's trash: pages and blog posts, in the order of their ids.
func (c *Connector) Trashed(ctx context.Context, space confluence.Space, cursor confluence.Cursor) (confluence.Batch, error) {
	at, err := placeOf(cursor)
	if err != nil {
		return confluence.Batch{}, err
	}
	if at.Stage < firstTrashed {
		at.Stage = firstTrashed
	}
	if space, err = c.space(ctx, space); err != nil {
		return confluence.Batch{}, err
	}
	req := confluence.ScanRequest{Space: space}
	p := c.page(ctx, req, stages[at.Stage], at.Cursor)
	if p.err != nil {
		return confluence.Batch{}, p.err
	}
	if err := c.complete(ctx, req, p, nil); err != nil {
		return confluence.Batch{}, err
	}
	batch := confluence.Batch{Contents: p.listed}
	for i := range batch.Contents {
		batch.Contents[i].SpaceID, batch.Contents[i].SpaceKey = space.ID, space.Key
	}
	at.Any = at.Any || len(p.listed) > 0
	if at.pass(p.next); at.Stage < len(stages) {
		batch.Next = at.cursor()
	} else if !at.Any {
		return batch, c.confirm(ctx)
	}
	return batch, nil
}
