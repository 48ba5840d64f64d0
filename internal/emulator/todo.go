package emulator

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// todo is a task in the body of a page or blog post, as the index of tasks has it. Tasks are made by writing a body only
// (register row LB-14). A todo is never changed, only replaced.
type todo struct {
	id       int64
	on       int64 // id of the page or blog post
	task     markup.Task
	by       *user // who wrote it first
	doneBy   *user
	created  stamp
	changed  stamp
	finished stamp // 0: not done
}

// todoOf brings the index of tasks up to a body that was just stored. A task keeps its id as long as its number in the
// body stays.
func (s *Site) todoOf(p *content, raw string) {
	old := s.world.todos[p.id]
	if len(old) == 0 && !strings.Contains(raw, "<ac:task>") || p.kind != page && p.kind != blogPost {
		return
	}
	var next []*todo
	for _, t := range markup.Tasks(raw) {
		d := &todo{id: 0, on: p.id, task: t, by: p.last.by, created: p.last.at, changed: p.last.at}
		if i := slices.IndexFunc(old, func(o *todo) bool { return o.task.ID == t.ID }); i >= 0 {
			was := old[i]
			d.id, d.by, d.created, d.changed, d.doneBy, d.finished = was.id, was.by, was.created, was.changed, was.doneBy, was.finished
			if was.task != t {
				d.changed = p.last.at
			}
		} else {
			d.id = s.world.newID()
		}
		switch {
		case t.Done && d.finished == 0:
			d.doneBy, d.finished = p.last.by, p.last.at
		case !t.Done:
			d.doneBy, d.finished = nil, 0
		}
		next = append(next, d)
	}
	if len(next) == 0 {
		delete(s.world.todos, p.id)
		return
	}
	s.world.todos[p.id] = next
}

// todoSeen returns the content of a task, if the caller may see it and the index has it already.
func (c *call) todoSeen(t *todo) *content {
	p := c.world.contents[t.on]
	if p == nil || p.status != current || t.created+stamp(c.set.indexLag.Milliseconds()) > c.stamp() || !c.sees(p) {
		return nil
	}
	return p
}

// due is the start of the day that a task is due on; 0 where it has none.
func (t *todo) due() stamp {
	day, err := time.Parse(time.DateOnly, t.task.Due)
	if err != nil {
		return 0
	}
	return stampOf(day)
}

func (c *call) todoV2(t *todo, p *content) (object, error) {
	state := map[bool]string{true: "complete", false: "incomplete"}[t.task.Done]
	o := object{
		"id": text(t.id), "localId": t.task.ID, "spaceId": text(p.space.id), "status": state, "createdBy": t.by.id,
		"createdAt": t.created.String(), "updatedAt": t.changed.String(), "body": object{},
	}
	o[map[kind]string{page: "pageId", blogPost: "blogPostId"}[p.kind]] = p.idText()
	if t.task.Assignee != "" {
		o["assignedTo"] = t.task.Assignee
	}
	if due := t.due(); due != 0 {
		o["dueAt"] = due.String()
	}
	if t.finished != 0 {
		o["completedBy"], o["completedAt"] = t.doneBy.id, t.finished.String()
	}
	body, err := c.bodyText(t.task.Body, bulkForms...)
	o["body"] = body
	return o, err
}

// between reads a pair of parameters in milliseconds since 1970.
func (c *call) between(name string) (func(stamp) bool, error) {
	var bounds [2]*int64
	for i, end := range []string{"-from", "-to"} {
		v := c.query.Get(name + end)
		if v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, invalid("Provided value {" + v + "} for '" + name + end + "' is not valid")
		}
		bounds[i] = &n
	}
	return func(at stamp) bool {
		if bounds[0] == nil && bounds[1] == nil {
			return true
		}
		return at != 0 && (bounds[0] == nil || int64(at) >= *bounds[0]) && (bounds[1] == nil || int64(at) <= *bounds[1])
	}, nil
}

// todoFilter reads the filters of a listing of tasks.
func (c *call) todoFilter() (func(*todo, *content) bool, error) {
	var tests []func(*todo, *content) bool
	for name, of := range map[string]func(*todo, *content) int64{
		"task-id":     func(t *todo, _ *content) int64 { return t.id },
		"space-id":    func(_ *todo, p *content) int64 { return p.space.id },
		"page-id":     func(_ *todo, p *content) int64 { return p.id },
		"blogpost-id": func(_ *todo, p *content) int64 { return p.id },
	} {
		ids, err := c.ids(name, 250)
		if err != nil {
			return nil, err
		}
		if ids != nil {
			tests = append(tests, func(t *todo, p *content) bool { return ids[of(t, p)] })
		}
	}
	for name, of := range map[string]func(*todo) string{
		"created-by":  func(t *todo) string { return t.by.id },
		"assigned-to": func(t *todo) string { return t.task.Assignee },
		"completed-by": func(t *todo) string {
			if t.doneBy == nil {
				return ""
			}
			return t.doneBy.id
		},
	} {
		if who := c.list(name); len(who) > 0 {
			tests = append(tests, func(t *todo, _ *content) bool { return slices.Contains(who, of(t)) })
		}
	}
	for name, of := range map[string]func(*todo) stamp{
		"created-at":   func(t *todo) stamp { return t.created },
		"due-at":       (*todo).due,
		"completed-at": func(t *todo) stamp { return t.finished },
	} {
		in, err := c.between(name)
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(t *todo, _ *content) bool { return in(of(t)) })
	}
	switch state := c.query.Get("status"); state {
	case "":
	case "complete", "incomplete":
		tests = append(tests, func(t *todo, _ *content) bool { return t.task.Done == (state == "complete") })
	default:
		return nil, invalid("Provided value {" + state + "} for 'status' is not valid")
	}
	blank := c.flag("include-blank-tasks", true)
	return func(t *todo, p *content) bool {
		return (blank || t.task.Body != "") && !slices.ContainsFunc(tests, func(test func(*todo, *content) bool) bool { return !test(t, p) })
	}, nil
}

func listTodos(c *call) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	keep, err := c.todoFilter()
	if err != nil {
		return answer{}, err
	}
	var all []*todo
	for _, list := range c.world.todos {
		all = append(all, list...)
	}
	rows, cursor := pick(all, func(t *todo) bool {
		p := c.todoSeen(t)
		return p != nil && keep(t, p)
	}, order[*todo]{key: func(t *todo) sortKey { return sortKey{ID: t.id} }}, w)
	var out []object
	for _, t := range rows {
		row, err := c.todoV2(t, c.world.contents[t.on])
		if err != nil {
			return answer{}, err
		}
		out = append(out, row)
	}
	return c.listing(out, cursor)
}

// todoNamed returns the task of the call.
func (c *call) todoNamed() (*todo, *content, error) {
	id, err := strconv.ParseInt(c.params[0], 10, 64)
	if err == nil {
		for _, list := range c.world.todos {
			for _, t := range list {
				if p := c.todoSeen(t); t.id == id && p != nil {
					return t, p, nil
				}
			}
		}
	}
	return nil, nil, missing("task", c.params[0])
}

func getTodo(c *call) (answer, error) {
	t, p, err := c.todoNamed()
	if err != nil {
		return answer{}, err
	}
	o, err := c.todoV2(t, p)
	if err != nil {
		return answer{}, err
	}
	return ok(o)
}

type todoRequest struct {
	Status string `json:"status"`
}

func prepareTodo(c *call) (any, error) {
	var q todoRequest
	return &q, c.decode(&q)
}

// updateTodo ticks a task or takes the tick away: the body of its page changes, as a version of its own. A public
// publisher for Cloud documents that a tick is an update of the page (Appfire, "Page changes and changes in the
// publishing state").
func updateTodo(c *call) (answer, error) {
	q := c.prepared.(*todoRequest)
	t, p, err := c.todoNamed()
	switch {
	case err != nil:
		return answer{}, err
	case !p.edits(c.user):
		return answer{}, c.forbidden("task", c.params[0])
	case q.Status != "complete" && q.Status != "incomplete":
		return answer{}, invalid("Provided value {" + q.Status + "} for 'status' is not valid")
	}
	if done := q.Status == "complete"; done != t.task.Done {
		body, found := markup.SetTask(c.heap.text(p.body), t.task.ID, done)
		if !found {
			return answer{}, missing("task", c.params[0])
		}
		c.commit(p, "", false)
		c.setBody(p, body)
		c.touch(p)
		if t, p, err = c.todoNamed(); err != nil {
			return answer{}, err
		}
	}
	o, err := c.todoV2(t, p)
	if err != nil {
		return answer{}, err
	}
	return ok(o)
}
