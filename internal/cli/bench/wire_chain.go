package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// The stages of a run that no call can leave before all calls of it have ended: one cannot write before one has looked,
// read back before one has written, prove before one has read back, open a space before it is proved.
const (
	stageLook = iota
	stageWrite
	stageReadBack
	stageProve
	stageOpen
	stages
)

var stageNames = [stages]string{"look", "write", "read back", "prove", "open"}

// chain is the longest chain of dependent calls of a run.
//
// A call depends on the first call of its stage whose answer held an id or a cursor that it carries, if that answer had
// left before it came: a page on the creation of its parent, a page of a listing on the page of the listing before, a
// question about contents on the listing that named them. The longest path over these is a stage's share, and the
// stages add up. Two calls that merely came one after the other do not depend on each other, and neither does asking
// again what the search index did not show yet.
type chain struct {
	longest int
	shares  [stages]int
}

// String tells the shares.
func (c chain) String() string {
	parts := make([]string, stages)
	for i, n := range c.shares {
		parts[i] = fmt.Sprintf("%s %d", stageNames[i], n)
	}
	return fmt.Sprintf("longest chain %d: %s", c.longest, strings.Join(parts, ", "))
}

// bounds say when stages began, by the run's log.
type bounds struct{ content, verify, open time.Time }

// stagesOf reads from a run's log when its one space entered its phases.
func stagesOf(ctx context.Context, s *store.Store, run string) (b bounds, err error) {
	for after := int64(0); ; {
		lines, err := s.Log(ctx, run, after, 1000)
		if err != nil || len(lines) == 0 {
			if err == nil && (b.content.IsZero() || b.verify.IsZero() || b.open.IsZero()) {
				err = fmt.Errorf("the log of run %s does not name its phases", run)
			}
			return b, err
		}
		for _, l := range lines {
			after = l.N
			switch _, phase, _ := strings.Cut(l.Text, ": "); migration.Phase(phase) {
			case migration.PhaseContent:
				b.content = l.At
			case migration.PhaseVerify:
				b.verify = l.At
			case migration.PhaseOpen:
				b.open = l.At
			}
		}
	}
}

// stage puts each call into its stage. Writing ends with the last write before the proof.
func (b bounds) stage(calls []exchange) []int {
	var lastWrite time.Time
	for _, x := range calls {
		if x.writes() && x.start.Before(b.verify) && x.start.After(lastWrite) {
			lastWrite = x.start
		}
	}
	out := make([]int, len(calls))
	for i, x := range calls {
		switch {
		case !x.start.Before(b.open):
			out[i] = stageOpen
		case !x.start.Before(b.verify):
			out[i] = stageProve
		case x.start.After(lastWrite):
			out[i] = stageReadBack
		case !x.start.Before(b.content) || x.writes():
			out[i] = stageWrite
		default:
			out[i] = stageLook
		}
	}
	return out
}

// longestChain finds the longest chain. Calls are in the order in which they ended.
func longestChain(calls []exchange, b bounds) chain {
	var c chain
	in := b.stage(calls)
	for stage := range stages {
		first := map[string]int{} // the call of this stage whose answer held a token first
		depth := make([]int, len(calls))
		for i, x := range calls {
			if in[i] != stage {
				continue
			}
			depth[i] = 1
			for _, token := range x.needs {
				if from, ok := first[token]; ok && calls[from].end.Before(x.start) {
					depth[i] = max(depth[i], depth[from]+1)
				}
			}
			for _, token := range x.gives {
				if _, known := first[token]; !known {
					first[token] = i
				}
			}
			c.shares[stage] = max(c.shares[stage], depth[i])
		}
		c.longest += c.shares[stage]
	}
	return c
}
