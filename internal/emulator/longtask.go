package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// longTask is work that ends after the call that asked for it: a second later on the site's clock, or at the second
// look at it, whichever comes first. Its effect comes at the end, all at once.
type longTask struct {
	id       string
	key      string
	started  stamp
	ends     stamp
	looks    int
	finished bool
	effect   func(now stamp)
}

const longTaskTime = time.Second

// submit begins a long task and answers 202.
func (c *call) submit(key string, effect func(now stamp)) (answer, error) {
	id := c.world.newID()
	t := &longTask{
		id: strconv.FormatInt(id, 10), key: key, started: c.stamp(),
		ends: stampOf(c.now.Add(longTaskTime)), effect: effect,
	}
	c.world.tasks = append(c.world.tasks, t)
	if c.due.Load() == 0 {
		c.due.Store(int64(t.ends))
	}
	return answer{status: http.StatusAccepted, json: object{
		"ari": "ari:cloud:confluence:" + c.cloudID + ":long-running-task/" + t.id, "id": t.id,
		"links": object{"status": "/rest/api/longtask/" + t.id},
	}}, nil
}

// settleDue ends the long tasks whose time has come.
func (s *Site) settleDue(now time.Time) {
	if due := s.due.Load(); due == 0 || stamp(due) > stampOf(now) {
		return
	}
	defer s.change(now)()
	s.settle(stampOf(now))
}

func (s *Site) settle(now stamp) {
	next := stamp(0)
	for _, t := range s.world.tasks {
		if !t.finished && (t.ends <= now || t.looks > 1) {
			t.effect(now)
			t.finished, t.ends, t.effect = true, now, nil
		}
		if !t.finished && (next == 0 || t.ends < next) {
			next = t.ends
		}
	}
	s.due.Store(int64(next))
}

// underWay reports whether a task of that kind is not finished.
func (s *Site) underWay(key string) bool {
	for _, t := range s.world.tasks {
		if t.key == key && !t.finished {
			return true
		}
	}
	return false
}

func getLongTask(c *call) (answer, error) {
	for _, t := range c.world.tasks {
		if t.id == c.params[0] {
			t.looks++
			c.settle(stampOf(c.now))
			return ok(c.longTask(t))
		}
	}
	return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No long running task with id "+c.params[0])
}

func (c *call) longTask(t *longTask) object {
	percent, until, state := 50, c.stamp(), "RUNNING"
	if t.finished {
		percent, until, state = 100, t.ends, "SUCCESS"
	}
	return object{
		"ari": "ari:cloud:confluence:" + c.cloudID + ":long-running-task/" + t.id, "id": t.id,
		"name":        object{"key": t.key, "args": []object{}},
		"elapsedTime": int64(until - t.started), "percentageComplete": percent, "successful": t.finished,
		"finished": t.finished, "messages": []object{}, "status": state, "errors": []object{},
		"additionalDetails": object{},
		"_links":            object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/longtask/" + t.id},
	}
}
