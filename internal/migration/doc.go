// Package migration knows what a plan is, whether it may run, and how it stands.
//
// It holds the plan file, the statuses of plans and tasks with the tables of their transitions, findings, the file that
// maps people, and the checks before a run. Everything here is a pure function of its input.
package migration
