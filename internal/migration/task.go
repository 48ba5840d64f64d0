package migration

import "time"

// Phase is a part of the task of one space.
type Phase string

// The phases in their order.
const (
	PhaseSurvey  Phase = "survey"  // read the source, check, compare
	PhaseSpace   Phase = "space"   // make the destination space, private, and take over its home page
	PhaseContent Phase = "content" // pages, blog posts, files, labels, comments, restrictions
	PhaseRelink  Phase = "relink"  // second pass over bodies that refer to what did not exist yet
	PhaseVerify  Phase = "verify"  // read the destination again and prove parity
	PhaseOpen    Phase = "open"    // give the space its permissions
)

// Phases lists the phases in order.
var Phases = []Phase{PhaseSurvey, PhaseSpace, PhaseContent, PhaseRelink, PhaseVerify, PhaseOpen}

// Tally counts contents of one kind.
type Tally struct {
	Done      int `json:"done"` // arrived or found unchanged
	Total     int `json:"total"`
	Failed    int `json:"failed"`
	Unchanged int `json:"unchanged"` // of Done: needed no call
}

// Counts are the tallies of a task. Labels and restrictions count the contents that have any.
type Counts struct {
	Pages        Tally `json:"pages"`
	BlogPosts    Tally `json:"blogPosts"`
	Attachments  Tally `json:"attachments"`
	Comments     Tally `json:"comments"`
	Labels       Tally `json:"labels"`
	Restrictions Tally `json:"restrictions"`
}

// Task is the work on one space within one run.
type Task struct {
	Space      string     `json:"space"`  // key at the source
	Target     string     `json:"target"` // key at the destination
	Phase      Phase      `json:"phase"`
	Status     TaskStatus `json:"status"`
	SkipReason string     `json:"skipReason,omitempty"`
	Counts     Counts     `json:"counts"`
	Arrived    bool       `json:"arrived"` // something of it is at the destination
	Started    time.Time  `json:"started,omitzero"`
	Ended      time.Time  `json:"ended,omitzero"`
	Error      *Finding   `json:"error,omitempty"` // why it is FAILED or INCOMPLETE as a whole
}

// Each calls f with every tally and its name, in the order of the fields.
func (c *Counts) Each(f func(kind string, t *Tally)) {
	f("pages", &c.Pages)
	f("blogPosts", &c.BlogPosts)
	f("attachments", &c.Attachments)
	f("comments", &c.Comments)
	f("labels", &c.Labels)
	f("restrictions", &c.Restrictions)
}

// Sum adds all tallies up.
func (c Counts) Sum() Tally {
	var sum Tally
	c.Each(func(_ string, t *Tally) {
		sum.Done += t.Done
		sum.Total += t.Total
		sum.Failed += t.Failed
		sum.Unchanged += t.Unchanged
	})
	return sum
}

// Outcome returns the event that ends a running task, judged by what arrived and what failed.
func (t Task) Outcome() Event {
	switch failed := t.Counts.Sum().Failed > 0 || t.Error != nil; {
	case t.SkipReason != "":
		return EventSkipped
	case !failed:
		return EventFinished
	case t.Arrived:
		return EventIncomplete
	}
	return EventFailed
}

// RollUp returns the status of a run from its tasks: RUNNING while one is READY or RUNNING, else FINISHED, INCOMPLETE or
// FAILED. STOPPED and PAUSED are acts of people or brakes and no result of tasks.
func RollUp(tasks []Task) PlanStatus {
	arrived, failed := false, false
	for _, t := range tasks {
		switch t.Status {
		case TaskReady, TaskRunning:
			return PlanRunning
		case TaskIncomplete:
			arrived, failed = true, true
		case TaskFailed:
			arrived, failed = arrived || t.Arrived, true
		case TaskComplete:
			arrived = true
		}
	}
	switch {
	case !failed:
		return PlanFinished
	case arrived:
		return PlanIncomplete
	}
	return PlanFailed
}
