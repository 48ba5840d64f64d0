package emulator

import "time"

// view is a look that a person had at a content in a browser, which the act "view" stands for: reads through the
// interface are none.
type view struct {
	by *user
	at stamp
}

// countViews answers how many looks a content had, or how many people looked, since a date.
func countViews(people bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.any(c.params[0])
		if err != nil {
			return answer{}, err
		}
		from := stamp(0)
		if v := c.query.Get("fromDate"); v != "" {
			t, err := time.Parse("2006-01-02", v[:min(len(v), 10)])
			if err != nil {
				return answer{}, invalid("Invalid fromDate: " + v)
			}
			from = stampOf(t)
		}
		count, who := 0, map[*user]bool{}
		for _, look := range c.world.annex.views[p.id] {
			if look.at >= from {
				count++
				who[look.by] = true
			}
		}
		if people {
			count = len(who)
		}
		return ok(object{"id": p.id, "count": count})
	}
}

// actView lets a person look at contents.
func actView(c *call, p *content) error {
	c.world.annex.views[p.id] = append(c.world.annex.views[p.id], view{c.user, c.stamp()})
	return nil
}
