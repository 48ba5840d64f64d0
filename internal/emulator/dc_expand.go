package emulator

import (
	"strconv"
	"strings"
)

// expandDC reads the expand parameter of Data Center, where a collection can be cut by a range: children.page[0:50]. The
// range stands in the set as "children.page#0:50". def is what is expanded where the parameter is not given.
func (c *call) expandDC(def string) expansions {
	given, present := c.query["expand"]
	if !present {
		given = []string{def}
	}
	e := expansions{}
	for path := range strings.SplitSeq(strings.Join(given, ","), ",") {
		at := ""
		for step := range strings.SplitSeq(strings.TrimSpace(path), ".") {
			name, cut, ranged := strings.Cut(step, "[")
			if name == "" {
				break
			}
			if at != "" {
				at += "."
			}
			at += name
			e[at] = true
			if ranged {
				e[at+"#"+strings.TrimSuffix(cut, "]")] = true
			}
		}
	}
	return e
}

// cut is the range of a collection: from a start, so many.
func (e expansions) cut(member string, limit int) (start, size int) {
	for path := range e {
		span, ok := strings.CutPrefix(path, member+"#")
		if !ok {
			continue
		}
		from, to, _ := strings.Cut(span, ":")
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA == nil && errB == nil && a >= 0 && b >= a {
			return a, min(b-a, 200)
		}
	}
	return 0, limit
}

// limitDC cuts a page size as the server does, without saying so (register row PG-09): 50 with a body, 200 with any
// other expansion, 1000 with none.
func limitDC(limit int, e expansions, prefix string) int {
	for path := range e {
		if path == prefix+"body" {
			return min(limit, 50)
		}
	}
	if len(e) > 0 {
		return min(limit, 200)
	}
	return min(limit, 1000)
}
