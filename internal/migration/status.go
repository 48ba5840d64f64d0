package migration

// PlanStatus says how a plan or a run stands.
type PlanStatus string

// The statuses of plans and runs: those of Atlassian's migration assistant, and PAUSED.
const (
	PlanSaved      PlanStatus = "SAVED"
	PlanRunning    PlanStatus = "RUNNING"
	PlanPaused     PlanStatus = "PAUSED"
	PlanFinished   PlanStatus = "FINISHED"
	PlanStopped    PlanStatus = "STOPPED"
	PlanIncomplete PlanStatus = "INCOMPLETE"
	PlanFailed     PlanStatus = "FAILED"
)

// TaskStatus says how one item of a run stands.
type TaskStatus string

// The statuses of items, in the words of Atlassian's migration assistant.
const (
	TaskReady      TaskStatus = "READY"
	TaskRunning    TaskStatus = "RUNNING"
	TaskComplete   TaskStatus = "COMPLETE"
	TaskIncomplete TaskStatus = "INCOMPLETE"
	TaskFailed     TaskStatus = "FAILED"
	TaskSkipped    TaskStatus = "SKIPPED"
)

// The reasons why an item is SKIPPED.
const (
	SkipGone          = "is no longer at the source"
	SkipImported      = "was already imported"
	SkipBeingImported = "is being imported by another migration"
)

// Event is what moves a plan, a run or a task from one status to the next.
type Event string

// The events.
const (
	EventStart      Event = "start"      // a person or the schedule starts a run; a task begins
	EventPause      Event = "pause"      // a person pauses, and nothing is in flight any more
	EventHalt       Event = "halt"       // the run cannot go on by itself: credential, outage, wrong site
	EventResume     Event = "resume"     // a person resumes
	EventStop       Event = "stop"       // a person stopped it and the step in progress has ended
	EventRetry      Event = "retry"      // what failed is queued again
	EventFinished   Event = "finished"   // everything arrived or was skipped
	EventIncomplete Event = "incomplete" // something arrived and something failed
	EventFailed     Event = "failed"     // nothing arrived
	EventSkipped    Event = "skipped"    // an item is left out, with a reason
)

// Transition is one row of a machine: the event moves From to To.
type Transition[S ~string] struct {
	From S
	On   Event
	To   S
}

// PlanTransitions is the machine of plans. A run goes the same ways but for EventStart: it begins RUNNING, and a plan
// that is started again gets a new run.
var PlanTransitions = []Transition[PlanStatus]{
	{PlanSaved, EventStart, PlanRunning},
	{PlanRunning, EventPause, PlanPaused},
	{PlanRunning, EventHalt, PlanPaused},
	{PlanRunning, EventStop, PlanStopped},
	{PlanRunning, EventFinished, PlanFinished},
	{PlanRunning, EventIncomplete, PlanIncomplete},
	{PlanRunning, EventFailed, PlanFailed},
	{PlanPaused, EventResume, PlanRunning},
	{PlanPaused, EventStop, PlanStopped},
	{PlanFinished, EventStart, PlanRunning},
	{PlanStopped, EventStart, PlanRunning},
	{PlanIncomplete, EventStart, PlanRunning},
	{PlanIncomplete, EventRetry, PlanRunning},
	{PlanFailed, EventStart, PlanRunning},
	{PlanFailed, EventRetry, PlanRunning},
}

// TaskTransitions is the machine of items. A task that is stopped before anything of it arrived goes back to READY; one
// of which something arrived becomes INCOMPLETE.
var TaskTransitions = []Transition[TaskStatus]{
	{TaskReady, EventStart, TaskRunning},
	{TaskReady, EventSkipped, TaskSkipped},
	{TaskRunning, EventSkipped, TaskSkipped},
	{TaskRunning, EventFinished, TaskComplete},
	{TaskRunning, EventIncomplete, TaskIncomplete},
	{TaskRunning, EventFailed, TaskFailed},
	{TaskRunning, EventStop, TaskReady},
	{TaskIncomplete, EventRetry, TaskReady},
	{TaskFailed, EventRetry, TaskReady},
}

func next[S ~string](machine []Transition[S], s S, on Event) (S, bool) {
	for _, t := range machine {
		if t.From == s && t.On == on {
			return t.To, true
		}
	}
	return s, false
}

// On returns the status of a plan after an event, and false, with the status as it is, if the event does not apply.
func (s PlanStatus) On(e Event) (PlanStatus, bool) { return next(PlanTransitions, s, e) }

// OnRun is On for a run, which is never started a second time.
func (s PlanStatus) OnRun(e Event) (PlanStatus, bool) {
	if e == EventStart {
		return s, false
	}
	return s.On(e)
}

// Final reports whether a run of this status does nothing any more unless a person asks.
func (s PlanStatus) Final() bool {
	switch s {
	case PlanFinished, PlanStopped, PlanIncomplete, PlanFailed:
		return true
	}
	return false
}

// On returns the status of a task after an event, and false, with the status as it is, if the event does not apply.
func (s TaskStatus) On(e Event) (TaskStatus, bool) { return next(TaskTransitions, s, e) }

// Final reports whether a task of this status is done with in its run.
func (s TaskStatus) Final() bool { return s != TaskReady && s != TaskRunning }

// Diagram returns a machine as a mermaid state diagram.
func Diagram[S ~string](initial S, machine []Transition[S]) string {
	text := "stateDiagram-v2\n    [*] --> " + string(initial) + "\n"
	for _, t := range machine {
		text += "    " + string(t.From) + " --> " + string(t.To) + ": " + string(t.On) + "\n"
	}
	return text
}
