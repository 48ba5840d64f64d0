package emulator

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// sortKey is where a row stands in an order. It is the content of a cursor, so that paging is stable while rows are
// added and removed.
type sortKey struct {
	N  int64  `json:"n,omitempty"`
	S  string `json:"s,omitempty"`
	ID int64  `json:"i"`
}

func (a sortKey) compare(b sortKey) int {
	return cmp.Or(cmp.Compare(a.N, b.N), strings.Compare(a.S, b.S), cmp.Compare(a.ID, b.ID))
}

// order is an order of rows.
type order[T any] struct {
	key  func(T) sortKey
	desc bool
	// sorted says that the candidates come in this order already.
	sorted bool
	// changes says that it is the order of last changes, which contents are indexed by.
	changes bool
}

func (o order[T]) compare(a, b sortKey) int {
	if o.desc {
		return b.compare(a)
	}
	return a.compare(b)
}

// window is what a listing was asked for.
type window struct {
	limit int
	after *sortKey
}

// window reads limit and cursor of a v2 listing.
func (c *call) window(def int) (window, error) {
	w := window{limit: def}
	if v := c.query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 250 {
			return w, invalid("Provided value {" + v + "} for 'limit' is not valid: it must be between 1 and 250")
		}
		w.limit = n
	}
	after, err := readCursor(c.query.Get("cursor"))
	w.after = after
	return w, err
}

func readCursor(cursor string) (*sortKey, error) {
	if cursor == "" {
		return nil, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	var key sortKey
	if err != nil || json.Unmarshal(data, &key) != nil {
		return nil, invalid("Invalid cursor")
	}
	return &key, nil
}

func (k sortKey) cursor() string {
	data, err := json.Marshal(k)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// pick returns the rows of one page and the cursor of the next one, empty at the end.
func pick[T any](rows []T, keep func(T) bool, o order[T], w window) ([]T, string) {
	var out []T
	if o.sorted {
		from := 0
		if w.after != nil {
			from, _ = slices.BinarySearchFunc(rows, *w.after, func(r T, k sortKey) int {
				if o.compare(o.key(r), k) <= 0 {
					return -1
				}
				return 1
			})
		}
		for _, r := range rows[from:] {
			if keep(r) {
				if out = append(out, r); len(out) > w.limit {
					break
				}
			}
		}
	} else {
		out = smallest(rows, keep, o, w)
	}
	if len(out) <= w.limit {
		return out, ""
	}
	out = out[:w.limit]
	return out, o.key(out[w.limit-1]).cursor()
}

// smallest returns the first limit+1 rows behind the cursor, in order, without sorting all.
func smallest[T any](rows []T, keep func(T) bool, o order[T], w window) []T {
	type keyed struct {
		key sortKey
		row T
	}
	var best []keyed
	full := false // best is cut, and its last row is the largest that can still be among the first
	cut := func() {
		slices.SortFunc(best, func(a, b keyed) int { return o.compare(a.key, b.key) })
		best = best[:min(len(best), w.limit+1)]
		full = len(best) == w.limit+1
	}
	for _, r := range rows {
		k := keyed{o.key(r), r}
		if w.after != nil && o.compare(k.key, *w.after) <= 0 || full && o.compare(k.key, best[w.limit].key) >= 0 || !keep(r) {
			continue
		}
		if best = append(best, k); len(best) > 2*(w.limit+1) {
			cut()
		}
	}
	cut()
	out := make([]T, len(best))
	for i, k := range best {
		out[i] = k.row
	}
	return out
}

// listing answers a page of a v2 listing, with the way to the next page in the body and in a header.
func (c *call) listing(results []object, cursor string) (answer, error) {
	if results == nil {
		results = []object{}
	}
	links := object{"base": c.base()}
	a := answer{status: http.StatusOK}
	if cursor != "" {
		query := url.Values{}
		for k, v := range c.query {
			query[k] = v
		}
		query.Set("cursor", cursor)
		next := c.r.URL.EscapedPath() + "?" + query.Encode()
		links["next"] = next
		a.set("Link", "<"+next+`>; rel="next", <`+c.base()+`>; rel="base"`)
	}
	a.json = object{"results": results, "_links": links}
	return a, nil
}

// contentOrders are the sort parameters of contents.
var contentOrders = map[string]order[*content]{
	"id":            {key: byID, sorted: true},
	"created-date":  {key: func(c *content) sortKey { return sortKey{N: int64(c.created), ID: c.id} }},
	"modified-date": {key: byChange, changes: true},
	"title":         {key: func(c *content) sortKey { return sortKey{S: fold(c.title), ID: c.id} }},
}

func byID(c *content) sortKey { return sortKey{ID: c.id} }

// order reads the sort parameter; only the names given are valid.
func (c *call) order(names ...string) (order[*content], error) {
	sort := c.query.Get("sort")
	if sort == "" {
		return contentOrders["id"], nil
	}
	name, desc := strings.CutPrefix(sort, "-")
	if !slices.Contains(names, name) {
		return order[*content]{}, invalid("Provided value {" + sort + "} for 'sort' is not valid")
	}
	o := contentOrders[name]
	if desc {
		o.desc, o.sorted = true, false
	}
	return o, nil
}

// list reads a parameter that may be repeated or separated by commas.
func (c *call) list(name string) []string {
	var out []string
	for _, v := range c.query[name] {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// ids reads a list of ids, at most so many.
func (c *call) ids(name string, most int) (map[int64]bool, error) {
	values := c.list(name)
	if len(values) == 0 {
		return nil, nil
	}
	if len(values) > most {
		return nil, invalid("Too many values for '" + name + "': at most " + strconv.Itoa(most))
	}
	ids := make(map[int64]bool, len(values))
	for _, v := range values {
		id, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, invalid("Provided value {" + v + "} for '" + name + "' is not the correct type. Expected type is ContentId")
		}
		ids[id] = true
	}
	return ids, nil
}

// flag reads a boolean parameter.
func (c *call) flag(name string, def bool) bool {
	switch c.query.Get(name) {
	case "true":
		return true
	case "false":
		return false
	}
	return def
}

// statuses reads the status filter. Words that are valid but name no kept state, such as deleted, match nothing.
func (c *call) statuses(valid []string, def ...status) (map[status]bool, error) {
	out := map[status]bool{}
	values := c.list("status")
	for _, v := range values {
		if !slices.Contains(valid, v) {
			return nil, invalid("Provided value {" + v + "} for 'status' is not valid")
		}
		if i := slices.Index(statusNames[:], v); i >= 0 {
			out[status(i)] = true
		}
	}
	if len(values) == 0 {
		for _, s := range def {
			out[s] = true
		}
	}
	return out, nil
}
