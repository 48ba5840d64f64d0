package migration

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// docs/statuses.md shows the machines that the code has.
func TestDiagrams(t *testing.T) {
	data, err := os.ReadFile("../../docs/statuses.md")
	if err != nil {
		t.Fatal(err)
	}
	var diagrams []string
	for i, part := range strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "```") {
		if body, ok := strings.CutPrefix(part, "mermaid\n"); i%2 == 1 && ok {
			diagrams = append(diagrams, body)
		}
	}
	want := []string{Diagram(PlanSaved, PlanTransitions), Diagram(TaskReady, TaskTransitions), Diagram(PairDraft, PairTransitions)}
	if diff := cmp.Diff(want, diagrams); diff != "" {
		t.Errorf("diagrams of docs/statuses.md (-tables +file):\n%s", diff)
	}
}

func reachable[S ~string](initial S, machine []Transition[S]) map[S]bool {
	seen := map[S]bool{initial: true}
	for grown := true; grown; {
		grown = false
		for _, row := range machine {
			if seen[row.From] && !seen[row.To] {
				seen[row.To], grown = true, true
			}
		}
	}
	return seen
}

func TestMachines(t *testing.T) {
	plans := map[PlanStatus]bool{PlanSaved: true, PlanRunning: true, PlanPaused: true, PlanFinished: true, PlanStopped: true, PlanIncomplete: true, PlanFailed: true}
	if diff := cmp.Diff(plans, reachable(PlanSaved, PlanTransitions)); diff != "" {
		t.Errorf("statuses of plans (-want +reachable):\n%s", diff)
	}
	tasks := map[TaskStatus]bool{TaskReady: true, TaskRunning: true, TaskComplete: true, TaskIncomplete: true, TaskFailed: true, TaskSkipped: true}
	if diff := cmp.Diff(tasks, reachable(TaskReady, TaskTransitions)); diff != "" {
		t.Errorf("statuses of tasks (-want +reachable):\n%s", diff)
	}
	seen := map[[2]string]bool{}
	for _, row := range PlanTransitions {
		key := [2]string{string(row.From), string(row.On)}
		if seen[key] {
			t.Errorf("two ways from %s by %s", row.From, row.On)
		}
		seen[key] = true
	}
}

func TestOn(t *testing.T) {
	plans := []struct {
		from PlanStatus
		on   Event
		to   PlanStatus
		ok   bool
	}{
		{PlanSaved, EventStart, PlanRunning, true},
		{PlanSaved, EventPause, PlanSaved, false},
		{PlanRunning, EventHalt, PlanPaused, true},
		{PlanPaused, EventStop, PlanStopped, true},
		{PlanStopped, EventResume, PlanStopped, false},
		{PlanStopped, EventRetry, PlanStopped, false},
		{PlanStopped, EventStart, PlanRunning, true},
		{PlanFailed, EventRetry, PlanRunning, true},
		{PlanFinished, EventRetry, PlanFinished, false},
	}
	for _, tt := range plans {
		if to, ok := tt.from.On(tt.on); to != tt.to || ok != tt.ok {
			t.Errorf("%s by %s: %s, %v; want %s, %v", tt.from, tt.on, to, ok, tt.to, tt.ok)
		}
	}
	for _, s := range []PlanStatus{PlanFinished, PlanStopped, PlanIncomplete, PlanFailed} {
		if _, ok := s.OnRun(EventStart); ok || !s.Final() {
			t.Errorf("a run that is %s can be started again, or is not final", s)
		}
	}
	if to, ok := PlanIncomplete.OnRun(EventRetry); !ok || to != PlanRunning {
		t.Error("what failed in a run cannot be retried")
	}
	if to, ok := TaskRunning.On(EventStop); !ok || to != TaskReady || to.Final() || !TaskSkipped.Final() {
		t.Error("a task stopped before anything arrived is not READY, or finality is wrong")
	}
}

func TestRollUp(t *testing.T) {
	task := func(s TaskStatus, arrived bool) Task { return Task{Status: s, Arrived: arrived} }
	tests := []struct {
		name  string
		tasks []Task
		want  PlanStatus
	}{
		{"all complete", []Task{task(TaskComplete, true), task(TaskComplete, true)}, PlanFinished},
		{"complete and skipped", []Task{task(TaskComplete, true), task(TaskSkipped, false)}, PlanFinished},
		{"all skipped", []Task{task(TaskSkipped, false)}, PlanFinished},
		{"one failed", []Task{task(TaskComplete, true), task(TaskFailed, false)}, PlanIncomplete},
		{"one incomplete", []Task{task(TaskIncomplete, true)}, PlanIncomplete},
		{"failed after something arrived", []Task{task(TaskFailed, true)}, PlanIncomplete},
		{"nothing arrived", []Task{task(TaskFailed, false), task(TaskSkipped, false)}, PlanFailed},
		{"still running", []Task{task(TaskFailed, false), task(TaskRunning, false)}, PlanRunning},
		{"not begun", []Task{task(TaskComplete, true), task(TaskReady, false)}, PlanRunning},
	}
	for _, tt := range tests {
		if got := RollUp(tt.tasks); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Order does not matter, and the three sentences of the rule hold.
func TestRollUpLaws(t *testing.T) {
	statuses := []TaskStatus{TaskComplete, TaskIncomplete, TaskFailed, TaskSkipped}
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Task {
			s := rapid.SampledFrom(statuses).Draw(t, "status")
			return Task{Status: s, Arrived: s == TaskComplete || s == TaskIncomplete || s == TaskFailed && rapid.Bool().Draw(t, "arrived")}
		}), 1, 6).Draw(t, "tasks")
		allWell, arrived := true, false
		for _, task := range tasks {
			allWell = allWell && (task.Status == TaskComplete || task.Status == TaskSkipped)
			arrived = arrived || task.Arrived
		}
		got := RollUp(tasks)
		if (got == PlanFinished) != allWell || (got == PlanFailed) != (!allWell && !arrived) || (got == PlanIncomplete) != (!allWell && arrived) {
			t.Errorf("%v: %s", tasks, got)
		}
		if turned := RollUp(rapid.Permutation(tasks).Draw(t, "order")); turned != got {
			t.Errorf("%s in one order, %s in another", got, turned)
		}
	})
}

func TestOutcome(t *testing.T) {
	failed := Counts{Comments: Tally{Total: 2, Done: 1, Failed: 1}}
	tests := []struct {
		name string
		task Task
		want Event
	}{
		{"all there", Task{Arrived: true, Counts: Counts{Pages: Tally{Done: 3, Total: 3}}}, EventFinished},
		{"empty space", Task{}, EventFinished},
		{"one failed", Task{Arrived: true, Counts: failed}, EventIncomplete},
		{"nothing there", Task{Counts: failed}, EventFailed},
		{"failed as a whole", Task{Error: &Finding{}}, EventFailed},
		{"skipped", Task{SkipReason: SkipGone}, EventSkipped},
	}
	for _, tt := range tests {
		if got := tt.task.Outcome(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if sum := failed.Sum(); sum != (Tally{Total: 2, Done: 1, Failed: 1}) {
		t.Errorf("sum %+v", sum)
	}
}
