package emulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// offsets are what a listing of Data Center by offset was asked for.
type offsets struct{ start, limit int }

// offsetsDC reads start and limit. What is no number is no address at all to the server's router: 404.
func (c *call) offsetsDC(limit int) (offsets, error) {
	o := offsets{limit: limit}
	for name, to := range map[string]*int{"start": &o.start, "limit": &o.limit} {
		v := c.query.Get(name)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		switch {
		case err != nil:
			return o, fail(http.StatusNotFound, "", "HTTP 404 Not Found")
		case n < 0:
			return o, invalid(name + " must not be negative: " + v)
		}
		*to = min(n, 1<<30)
	}
	return o, nil
}

// listDC answers one page of rows by offset. Rows that the caller may not read are left out of the page after it was
// cut, so that a short page is not the end: that is where next is missing (register rows PG-07, PG-08).
func listDC[T any](c *call, rows []T, o offsets, keep func(T) bool, show func(T) object) object {
	from := min(o.start, len(rows))
	to := min(from+o.limit, len(rows))
	results := []object{}
	for _, r := range rows[from:to] {
		if keep(r) {
			results = append(results, show(r))
		}
	}
	return c.pageDC(results, o, to < len(rows) && o.limit > 0)
}

// pageDC is a page of a listing by offset, with the ways to its neighbours, which are relative to base.
func (c *call) pageDC(results []object, o offsets, more bool) object {
	path := strings.TrimPrefix(c.r.URL.Path, c.context)
	to := func(start, limit int) string {
		query := url.Values{}
		for k, v := range c.query {
			query[k] = v
		}
		query.Set("start", strconv.Itoa(start))
		query.Set("limit", strconv.Itoa(limit))
		return path + "?" + query.Encode()
	}
	links := object{"base": c.base(), "context": c.context, "self": c.base() + path + querySuffix(c.r.URL.RawQuery)}
	if more {
		links["next"] = to(o.start+o.limit, o.limit)
	}
	if o.start > 0 {
		links["prev"] = to(max(0, o.start-o.limit), o.limit)
	}
	return object{"results": results, "start": o.start, "limit": o.limit, "size": len(results), "_links": links}
}

func querySuffix(raw string) string {
	if raw == "" {
		return ""
	}
	return "?" + raw
}

// keysetDC is a page of a listing by cursor: type, direction and the id it continues behind (register row PG-10).
type keysetDC struct {
	kind     string
	backward bool
	after    int64
	limit    int
}

// keysetDC reads limit and cursor; kind is the type of the rows where no cursor says it.
func (c *call) keysetDC(kind string, limit int) (keysetDC, error) {
	o, err := c.offsetsDC(limit)
	k := keysetDC{kind: kind, limit: o.limit}
	cursor := c.query.Get("cursor")
	if err != nil || cursor == "" {
		return k, err
	}
	parts := strings.Split(cursor, ":")
	if len(parts) == 3 && cursorKinds[parts[0]] && (parts[1] == "true" || parts[1] == "false") {
		if k.after, err = strconv.ParseInt(parts[2], 10, 64); err == nil && k.after >= 0 {
			k.kind, k.backward = parts[0], parts[1] == "true"
			return k, nil
		}
	}
	return k, invalid("Invalid cursor: " + cursor)
}

var cursorKinds = map[string]bool{"space": true, "content": true, "blog_post": true, "comment": true, "sync": true, "attachment": true}

func (k keysetDC) text(backward bool, id int64) string {
	return k.kind + ":" + strconv.FormatBool(backward) + ":" + text(id)
}

// behind returns, in the order of the ids, the n contents of the lists, each sorted by id, that match and stand directly
// behind an id, or before it when going backward.
func behind(lists [][]*content, id int64, backward bool, n int, match func(*content) bool) []*content {
	var out []*content
	for _, list := range lists {
		at, exact := slices.BinarySearchFunc(list, id, func(p *content, id int64) int { return cmp.Compare(p.id, id) })
		taken := 0
		if backward {
			for i := at - 1; i >= 0 && taken < n; i-- {
				if match(list[i]) {
					out, taken = append(out, list[i]), taken+1
				}
			}
			continue
		}
		if exact {
			at++
		}
		for ; at < len(list) && taken < n; at++ {
			if match(list[at]) {
				out, taken = append(out, list[at]), taken+1
			}
		}
	}
	slices.SortFunc(out, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
	if backward {
		return out[max(0, len(out)-n):]
	}
	return out[:min(n, len(out))]
}

// scanDC answers one page of the lists, each sorted by id, from behind the cursor. Unlike pages by offset it is stable
// while rows are written; rows that the caller may not read make pages shorter.
func (c *call) scanDC(lists [][]*content, k keysetDC, match func(*content) bool, show func(*content) object) object {
	picked := behind(lists, k.after, k.backward, k.limit+1, match)
	more := len(picked) > k.limit
	switch {
	case more && k.backward:
		picked = picked[1:]
	case more:
		picked = picked[:k.limit]
	}
	results := []object{}
	for _, p := range picked {
		if c.sees(p) {
			results = append(results, show(p))
		}
	}
	path := strings.TrimPrefix(c.r.URL.Path, c.context)
	out := object{"results": results, "cursor": k.text(k.backward, k.after), "limit": k.limit, "size": len(results)}
	links := object{"base": c.base(), "context": c.context, "self": c.base() + path + querySuffix(c.r.URL.RawQuery)}
	way := func(member, link string, backward bool, id int64) {
		query := url.Values{}
		for name, v := range c.query {
			if name != "type" {
				query[name] = v
			}
		}
		out[member] = k.text(backward, id)
		query.Set("cursor", k.text(backward, id))
		query.Set("limit", strconv.Itoa(k.limit))
		links[link] = path + "?" + query.Encode()
	}
	if len(picked) > 0 {
		if more && !k.backward || k.backward {
			way("nextCursor", "next", false, picked[len(picked)-1].id)
		}
		if more && k.backward || !k.backward && len(behind(lists, picked[0].id, true, 1, match)) > 0 {
			way("prevCursor", "prev", true, picked[0].id)
		}
	}
	out["_links"] = links
	return out
}

// spanDC reads start and limit of a listing of contents, the limit as the server cuts it.
func (c *call) spanDC(def int, e expansions) (offsets, error) {
	o, err := c.offsetsDC(def)
	o.limit = limitDC(o.limit, e, "")
	return o, err
}

func everything(*content) bool { return true }

// contentsDC answers a listing of contents by offset.
func (c *call) contentsDC(rows []*content, keep func(*content) bool) (answer, error) {
	e := c.expandDC("")
	o, err := c.spanDC(25, e)
	if err != nil {
		return answer{}, err
	}
	return ok(listDC(c, rows, o, keep, func(p *content) object { return c.contentDC(p.now(), e) }))
}
