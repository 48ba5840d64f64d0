package emulator

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// dateDC writes a time as Data Center does: with milliseconds and the offset of the server's zone (register row ID-15).
func (c *call) dateDC(at stamp) string {
	return at.time().In(c.set.dateZone).Format("2006-01-02T15:04:05.000Z07:00")
}

// windowDC reads start and limit. A limit above most is cut without a word (register row PG-09).
func (c *call) windowDC(def, most int) (start, limit int, err error) {
	limit = def
	for _, q := range []struct {
		name string
		to   *int
	}{{"start", &start}, {"limit", &limit}} {
		v := c.query.Get(q.name)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return 0, 0, invalid("Invalid value for " + q.name + ": " + v)
		}
		*q.to = n
	}
	return min(start, 1<<30), min(limit, most), nil
}

// listDC answers one page of a listing. What the caller may not see is left out after the page was cut, so that a page
// can be short, or empty, and not be the last one (register row PG-08).
func listDC[T any](c *call, rows []T, def, most int, sees func(T) bool, view func(T) object) (answer, error) {
	o, err := pageDC(c, rows, def, most, sees, view)
	if err != nil {
		return answer{}, err
	}
	return ok(o)
}

// pageDC is the page itself, for answers that hold several.
func pageDC[T any](c *call, rows []T, def, most int, sees func(T) bool, view func(T) object) (object, error) {
	start, limit, err := c.windowDC(def, most)
	if err != nil {
		return nil, err
	}
	picked, more := slicePage(rows, start, limit)
	out := []object{}
	for _, r := range picked {
		if sees == nil || sees(r) {
			out = append(out, view(r))
		}
	}
	return object{
		"results": out, "start": start, "limit": limit, "size": len(out), "_links": c.pageLinksDC(start, limit, more && limit > 0),
	}, nil
}

// pageLinksDC are the links of a page of a listing; those to other pages are relative to the base.
func (c *call) pageLinksDC(start, limit int, more bool) object {
	links := object{"base": c.base(), "context": c.context, "self": c.base() + c.pathDC(c.query)}
	to := func(start int) string {
		q := url.Values{}
		for name, values := range c.query {
			q[name] = values
		}
		q.Set("limit", strconv.Itoa(limit))
		q.Set("start", strconv.Itoa(start))
		return c.pathDC(q)
	}
	if more {
		links["next"] = to(start + limit)
	}
	if start > 0 {
		links["prev"] = to(max(0, start-limit))
	}
	return links
}

// pathDC is the path of the call below the context path, with a query.
func (c *call) pathDC(q url.Values) string {
	path := strings.TrimPrefix(c.r.URL.EscapedPath(), c.context)
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// wholeDC adds the links of an answer that is one object.
func (c *call) wholeDC(o object, collection string) object {
	links, _ := o["_links"].(object)
	if links == nil {
		links = object{}
		o["_links"] = links
	}
	links["base"], links["context"] = c.base(), c.context
	if collection != "" {
		links["collection"] = collection
	}
	return o
}

// settledDC is how long a long task of Data Center is remembered after its end (register row LT-01).
const settledDC = time.Hour
