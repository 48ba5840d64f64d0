package simulation

import (
	"context"
	"runtime/pprof"
	"unsafe"
)

// goroutineMark returns the profiler's labels of the calling goroutine: the runtime's only name for a goroutine that costs
// nothing to read. The runtime keeps this name for packages outside it (go.dev/issue/67401); what it points to is never
// looked at here.
//
//go:linkname goroutineMark runtime/pprof.runtime_getProfLabel
func goroutineMark() unsafe.Pointer

// markGoroutine gives the calling goroutine a mark of its own. What it starts without being announced has the same one.
func markGoroutine() unsafe.Pointer {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels()))
	return goroutineMark()
}

// unmarkGoroutine takes the mark away.
func unmarkGoroutine() { pprof.SetGoroutineLabels(context.Background()) }
