package emulator

import (
	"net/http"
	"slices"
	"time"
)

// settledDC is how long a long task is remembered after its end.
const settledDC = time.Hour

// dcLongTaskRoutes tell how far work is that goes on after its call (register row LT-01).
var dcLongTaskRoutes = []route{
	{method: "GET", template: "/rest/api/longtask", api: dc, guard: forKnown, handle: listLongTasksDC},
	{method: "GET", template: "/rest/api/longtask/{id}", api: dc, guard: forKnown, handle: getLongTaskDC, changes: true},
}

// submitDC begins a long task and answers 202. Its effect comes at the end, all at once, in the name of by.
func (c *call) submitDC(key, what string, effect func(now stamp), by *user) (answer, error) {
	site := c.Site
	_, err := c.submit(key, nil, func(now stamp) error {
		effect(now)
		done := &call{Site: site, now: now.time(), user: by, route: c.route, r: c.r, context: c.context}
		done.dispatch()
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	t := c.world.tasks[len(c.world.tasks)-1]
	t.what, t.by = what, by
	return answer{status: http.StatusAccepted, json: object{
		"id": t.id, "links": object{"status": "/rest/api/longtask/" + t.id},
	}}, nil
}

// remembered reports whether a task is still known: some time after its end it is forgotten.
func (t *longTask) remembered(now stamp) bool {
	return !t.finished || now-t.ends < stamp(settledDC.Milliseconds())
}

func listLongTasksDC(c *call) (answer, error) {
	now := c.stamp()
	rows := slices.DeleteFunc(slices.Clone(c.world.tasks), func(t *longTask) bool {
		return !t.remembered(now) || t.by != c.user && !c.user.admin
	})
	return rowsDC(c, rows, 100, 1000, nil, c.longTaskDC)
}

func getLongTaskDC(c *call) (answer, error) {
	for _, t := range c.world.tasks {
		if t.id == c.params[0] && t.remembered(c.stamp()) {
			t.looks++
			c.settle(stampOf(c.now))
			return ok(c.wholeDC(c.longTaskDC(t), ""))
		}
	}
	return answer{}, fail(http.StatusNotFound, "", "No long task with id "+c.params[0])
}

func (c *call) longTaskDC(t *longTask) object {
	percent, until, message := 50, c.stamp(), "In progress"
	if t.finished {
		percent, until, message = 100, t.ends, "Completed successfully"
	}
	return object{
		"id": t.id, "name": object{"key": t.key, "args": []object{}, "translation": t.what}, "elapsedTime": int64(until - t.started),
		"percentageComplete": percent, "successful": t.finished,
		"messages": []object{{"key": "longtask.message", "args": []object{}, "translation": message}},
		"_links":   object{"self": c.base() + "/rest/api/longtask/" + t.id},
	}
}
