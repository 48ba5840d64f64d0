package markup

import "strings"

// Task is a task of a body.
type Task struct {
	ID       string // ac:task-id, unique within the body
	Done     bool
	Body     string // storage format
	Assignee string // account id of the first person mentioned
	Due      string // first date, yyyy-mm-dd
}

// Tasks returns the tasks of a body, in order, those within others included.
func Tasks(raw string) []Task {
	if !strings.Contains(raw, "<ac:task>") {
		return nil
	}
	root, err := Parse(raw)
	if err != nil {
		return nil
	}
	var out []Task
	walk(root, func(n *Node) {
		if n.Name == "ac:task" {
			out = append(out, task(n))
		}
	})
	return out
}

func task(n *Node) Task {
	var t Task
	if id := n.Kid("ac:task-id"); id != nil {
		t.ID = inner(id)
	}
	if state := n.Kid("ac:task-status"); state != nil {
		t.Done = inner(state) == "complete"
	}
	body := n.Kid("ac:task-body")
	if body == nil {
		return t
	}
	for _, k := range body.Kids {
		t.Body += k.String()
	}
	walk(body, func(k *Node) {
		if id, _ := k.Attr("ri:account-id"); k.Name == "ri:user" && t.Assignee == "" {
			t.Assignee = id
		}
		if at, _ := k.Attr("datetime"); k.Name == "time" && t.Due == "" {
			t.Due = at
		}
	})
	return t
}

// inner is the text right inside an element.
func inner(n *Node) string {
	text := ""
	for _, k := range n.Kids {
		text += k.Text
	}
	return strings.TrimSpace(text)
}

// SetTask gives the task of that id another status. It reports false where there is none.
func SetTask(raw, id string, done bool) (string, bool) {
	root, err := Parse(raw)
	if err != nil {
		return raw, false
	}
	state := map[bool]string{true: "complete", false: "incomplete"}[done]
	found := false
	walk(root, func(n *Node) {
		if n.Name != "ac:task" || found || n.Kid("ac:task-id") == nil || task(n).ID != id {
			return
		}
		found = true
		if kid := n.Kid("ac:task-status"); kid != nil {
			kid.Kids = []*Node{{Text: state}}
		}
	})
	return root.String(), found
}
