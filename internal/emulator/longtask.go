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
	what     string // Data Center: for people
	by       *user  // Data Center: who asked for it
	failure  error  // what went wrong; such a task is finished without success
	details  object
	effect   func(now stamp) error
}

const longTaskTime = time.Second

// submit begins a long task and answers 202. details are what the task says besides its progress; nil is nothing.
func (c *call) submit(key string, details object, effect func(now stamp) error) (answer, error) {
	t := c.later(key, longTaskTime, effect)
	if details != nil {
		t.details = details
	}
	return answer{status: http.StatusAccepted, json: object{
		"ari": "ari:cloud:confluence:" + c.cloudID + ":long-running-task/" + t.id, "id": t.id,
		"links": object{"status": "/rest/api/longtask/" + t.id},
	}}, nil
}

// later begins work whose effect comes once a time has passed on the site's clock.
func (c *call) later(key string, wait time.Duration, effect func(now stamp) error) *longTask {
	t := &longTask{
		id: strconv.FormatInt(c.world.newID(), 10), key: key, started: c.stamp(), ends: stampOf(c.now.Add(wait)), effect: effect,
		details: object{},
	}
	c.world.tasks = append(c.world.tasks, t)
	if due := stamp(c.due.Load()); due == 0 || t.ends < due {
		c.due.Store(int64(t.ends))
	}
	return t
}

// settleDue ends the long tasks whose time has come.
func (s *Site) settleDue(now time.Time) {
	if due := s.due.Load(); due == 0 || stamp(due) > stampOf(now) {
		return
	}
	defer s.change(now)()
	if s.settle(stampOf(now)) && !s.replaying && s.folder != nil {
		s.folder.add(&entry{At: now, Deed: "settle"})
	}
}

// settle ends the tasks that are due, and reports whether there was one.
func (s *Site) settle(now stamp) (ended bool) {
	next := stamp(0)
	for _, t := range s.world.tasks {
		if !t.finished && (t.ends <= now || t.looks > 1) {
			t.failure = t.effect(now)
			t.finished, t.ends, t.effect = true, now, nil
			ended = true
		}
		if !t.finished && (next == 0 || t.ends < next) {
			next = t.ends
		}
	}
	s.due.Store(int64(next))
	return ended
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

// listLongTasks lists the tasks under way, oldest first.
func listLongTasks(c *call) (answer, error) {
	c.settle(stampOf(c.now))
	start, limit, err := c.offset(100)
	if err != nil {
		return answer{}, err
	}
	key, byKey := c.query["key"]
	var active []*longTask
	for _, t := range c.world.tasks {
		if !t.finished && (!byKey || t.key == key[0]) {
			active = append(active, t)
		}
	}
	picked, more := slicePage(active, start, limit)
	rows := []object{}
	for _, t := range picked {
		row := c.longTask(t)
		delete(row, "_links")
		rows = append(rows, row)
	}
	return c.rowsV1(rows, start, limit, more)
}

func (c *call) longTask(t *longTask) object {
	percent, until, state, errs := 50, c.stamp(), "RUNNING", []object{}
	if t.finished {
		percent, until, state = 100, t.ends, "SUCCESS"
	}
	if t.failure != nil {
		state = "FAILED"
		errs = append(errs, message(t.failure.Error()))
	}
	return object{
		"ari": "ari:cloud:confluence:" + c.cloudID + ":long-running-task/" + t.id, "id": t.id,
		"name":        object{"key": t.key, "args": []object{}},
		"elapsedTime": int64(until - t.started), "percentageComplete": percent, "successful": t.finished && t.failure == nil,
		"finished": t.finished, "messages": []object{}, "status": state, "errors": errs,
		"additionalDetails": t.details,
		"_links":            object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/longtask/" + t.id},
	}
}

// message is a text in the way REST v1 writes them.
func message(text string) object { return object{"translation": text, "args": []string{}} }
