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
