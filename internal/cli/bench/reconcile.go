package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/reconcile/reconciletest"
)

const (
	// caseSeconds is how long cases of the planner's simulator are played at a time.
	caseSeconds = 2
	// designBytes is what a page may take in each tree while a pair is planned: design decision D15, "about 250 bytes a
	// page and tree". It is no bound of an issue.
	designBytes = 250
	// changedOne in so many pages is changed on each side of the space that is planned.
	changedOne = 100
)

// reconciled measures the planner: how many cases of its simulator a core plays in a second, how planning grows from a
// space to one of ten times its pages, and how many bytes it takes.
func reconciled(ctx context.Context, o Options) ([]Figure, error) {
	o.Say("reconcile: playing cases of the simulator")
	var speeds []float64
	var raw []string
	var broken []string
	seed := o.Seed
	for range o.Repeat {
		played, err := o.playCases(ctx, seed)
		if err != nil {
			return nil, err
		}
		speeds, raw, broken = append(speeds, played.speed), append(raw, played.line), append(broken, played.broken...)
		seed = played.next
	}
	against := "one second of one processor, collector included, in the fastest stretch: what else the machine does can only slow it; " +
		"all modes, one plan in sixteen is made with the sides exchanged as well, one in sixteen with its input shuffled"
	figures := []Figure{figure("reconcile", "cases_per_second", slices.Max(speeds), unitCases, PlannerCases, against, raw...),
		figure("reconcile", "cases_that_break_a_law", float64(len(broken)), unitCount, BrokenCases, fmt.Sprintf("%s cases", thousands(int(seed-o.Seed))), broken...)}
	more, err := o.planLarge(ctx)
	return append(figures, more...), err
}

// played are cases of one stretch of time.
type played struct {
	speed  float64
	next   uint64 // seed
	line   string
	broken []string // a line for each case that broke a law
}

// playCases plays cases on one core until the time is up. Where the system tells how long a processor was busy with us,
// that counts: what else runs on the machine does not make the planner slower.
func (o Options) playCases(ctx context.Context, seed uint64) (out played, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	began := o.Now()
	busy, _ := processor()
	n, plans, calls := 0, 0, 0
	var player reconciletest.Player
	for o.Now().Sub(began) < caseSeconds*time.Second && ctx.Err() == nil {
		for range 50 {
			ran, err := player.Run(reconciletest.Draw(seed, reconciletest.Variant{}))
			if err != nil {
				first, _, _ := strings.Cut(err.Error(), "\n")
				out.broken = append(out.broken, fmt.Sprintf("case %d: %s", seed, first))
			}
			seed++
			n, plans, calls = n+1, plans+ran.Plans, calls+ran.Calls
		}
	}
	wall := o.Now().Sub(began)
	took, after := wall, "of the clock"
	if now, known := processor(); known {
		took, after = now-busy, "of a processor"
	}
	out.line = fmt.Sprintf("%s cases, %s plans, %s calls in %s %s, %s of the clock", thousands(n), thousands(plans), thousands(calls), seconds(took), after, seconds(wall))
	out.speed, out.next = perSecond(float64(n), took), seed
	return out, ctx.Err()
}

// grown is what planning a space took.
type grown struct {
	pages, changes int
	took           time.Duration
	bytes          uint64 // allocated by Plan
}

func (g grown) line() string {
	return fmt.Sprintf("%s pages, %s changes: %s, %.0f bytes a page allocated by Plan", thousands(g.pages), thousands(g.changes),
		g.took.Round(time.Millisecond), float64(g.bytes)/float64(g.pages))
}

// planLarge measures how planning grows.
func (o Options) planLarge(ctx context.Context) ([]Figure, error) {
	small, err := o.planOne(ctx, o.PlanPages)
	if err != nil {
		return nil, err
	}
	large, err := o.planOne(ctx, 10*o.PlanPages)
	if err != nil {
		return nil, err
	}
	raw := []string{small.line(), large.line()}
	space := fmt.Sprintf("%s pages, one in %d changed on each side", thousands(o.PlanPages), changedOne)
	design := fmt.Sprintf("%d bytes a page and tree in design decision D15", designBytes)
	node, base := unsafe.Sizeof(reconcile.Node{}), unsafe.Sizeof(reconcile.Agreed{})
	return []Figure{
		figure("reconcile", "planning_ten_times_the_pages", large.took.Seconds()/small.took.Seconds(), unitRatio, PlanningGrowth, space, raw...),
		figure("reconcile", "plan_bytes_per_node", float64(large.bytes)/float64(3*large.pages), unitBytes, PlanBytes, "a page in each of the three trees, allocated by Plan; "+design, raw...),
		figure("reconcile", "node_bytes", float64(node), unitBytes, Bound{}, "a page as a snapshot of one side holds it; "+design,
			fmt.Sprintf("a node takes %d bytes and what was agreed on %d, without the strings they point to", node, base)),
	}, nil
}

// busy is how long a processor was busy with us so far; where the system does not tell, the time of the clock.
func (o Options) busy() time.Duration {
	if took, known := processor(); known {
		return took
	}
	return o.Now().Sub(time.Time{})
}

// planOne plans a space a few times, on one core; the fastest counts.
func (o Options) planOne(ctx context.Context, pages int) (g grown, err error) {
	o.Say("reconcile: planning a space of %s pages", thousands(pages))
	space := reconciletest.NewLarge(pages, changedOne)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var times []int64
	for range max(5, o.Repeat) {
		if ctx.Err() != nil {
			return g, ctx.Err()
		}
		runtime.GC()
		before, began := allocated(), o.busy()
		r := reconcile.Plan(space.Each, space.Nodes, largePolicy)
		times = append(times, int64(o.busy()-began))
		g = grown{pages: pages, changes: len(r.Changes), bytes: allocated() - before}
	}
	g.took = time.Duration(slices.Min(times))
	return g, nil
}

var largePolicy = reconcile.Policy{
	Mode: reconcile.TwoWay, Facets: ^reconcile.Facets(0), Position: [2]bool{true, true}, RootPosition: [2]bool{true, true}, Names: [2]string{"DC", "Cloud"},
	Deletes: reconcile.DeletesPropagate, Sweep: true,
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
