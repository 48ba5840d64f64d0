package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	rt "github.com/tandem-sync/tandem/internal/reconcile/reconciletest"
)

// The rows of the decision table, each in each mode. Pages are called by number: 1, 2 and 3 stand below the home page 0;
// 4 and 5 below 1; 6 below 4; 7 is a file and 8 a comment on 4. Page 3 has label global:a and may be read by group:g0 and
// user:u0 only. Sides are called 1 and 2: each row is played with side A as 1 and with side B as 1, so that the modes
// of one direction are both played, and two-way with either side primary.
var rowStart = []rt.Start{
	{Birth: 0, Parent: rt.Nowhere, Kind: confluence.Page}, {Birth: 1, Kind: confluence.Page}, {Birth: 2, Kind: confluence.Page},
	{Birth: 3, Kind: confluence.Page, N: 53}, {Birth: 4, Parent: 1, Kind: confluence.Page}, {Birth: 5, Parent: 1, Kind: confluence.Page},
	{Birth: 6, Parent: 4, Kind: confluence.Page}, {Birth: 7, Parent: 4, Kind: confluence.Attachment}, {Birth: 8, Parent: 4, Kind: confluence.Comment},
}

// wanted is what a plan must be: calls, and clashes that wait for a person, exactly; records that must be among those.
type wanted struct {
	calls   []string // "2 PUT 4 body"
	open    []string // "4 body 10": twin, facet, row
	records []string // of what was decided over somebody's head
	lists   string   // other lists of the result: "tombs 6"
	rows    []int    // that decided, beside row 1
}

// modes are the three kinds of mode; side 1 is the sender of the last two.
type modes struct{ two, safe, mirror wanted }

// alike is the same in all modes.
func alike(w wanted) modes { return modes{w, w, w} }

func calls(list ...string) []string { return list }

// step is an act at side 1 or 2.
type step struct {
	side  int
	act   rt.Act
	at    int
	to, n int
}

type rowCase struct {
	row    int
	name   string
	steps  []step
	before []step // acts that are brought to rest first
	policy func(p *reconcile.Policy, one, two reconcile.Choice)
	want   modes
}

// newTwin is the number of what the n-th act makes.
const newTwin = 500

func (c rowCase) play(t *testing.T, mode reconcile.Mode, one confluence.Side) reconcile.Result {
	t.Helper()
	policy := reconcile.Policy{
		Mode: mode, Primary: one, Facets: ^reconcile.Facets(0), Position: [2]bool{true, true}, RootPosition: [2]bool{true, true},
		Names: [2]string{"One", "Two"}, Deletes: reconcile.DeletesPropagate, DeleteVsEdit: reconcile.EditWins, OutOfScope: reconcile.ScopeKeep, Sweep: true,
		CanArchive: [2]bool{true, true}, Brakes: reconcile.Limits{DeleteShare: 1, DeleteLeast: 100, Listing: 1e-9, MassChange: 1},
	}
	if one == confluence.B {
		policy.Names = [2]string{"Two", "One"}
	}
	if c.policy != nil {
		prefer := []reconcile.Choice{reconcile.PreferA, reconcile.PreferB}
		c.policy(&policy, prefer[one], prefer[one.Other()])
	}
	p := rt.NewPair(policy, [2]rt.Options{}, rowStart)
	settle := func() {
		for range 8 {
			if err := p.Carry(p.Plan(), 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	settle()
	act := func(steps []step, made int) {
		for i, s := range steps {
			side := one
			if s.side == 2 {
				side = one.Other()
			}
			if !p.Act(rt.Op{Side: side, Act: s.act, At: s.at, To: s.to, N: s.n, New: made + i}) {
				t.Fatalf("%v did nothing", s)
			}
		}
	}
	if len(c.before) > 0 {
		act(c.before, newTwin+100)
		settle()
	}
	act(c.steps, newTwin)
	return p.Plan()
}

// number writes a twin as the table does.
func number(twin confluence.TwinID) string {
	n := strings.TrimLeft(strings.TrimPrefix(string(twin), "t"), "0")
	return max(n, "0")
}

// sideOf writes a side as the table does.
func sideOf(side, one confluence.Side) int {
	if side == one {
		return 1
	}
	return 2
}

func describe(c reconcile.Change, one confluence.Side) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s", sideOf(c.Side, one), c.Verb, number(c.Twin))
	for _, f := range c.Facets.Names() {
		switch f {
		case "title":
			if c.Kind == confluence.Page || c.Kind == confluence.BlogPost {
				fmt.Fprintf(&b, " title=%q", c.Title)
			}
		case "parent":
			fmt.Fprintf(&b, " parent=%s", number(c.Parent))
		case "restrictions":
			fmt.Fprintf(&b, " readers=%v", c.Readers)
		case "labels":
			if len(c.Add) > 0 {
				fmt.Fprintf(&b, " add=%v", c.Add)
			}
			if len(c.Remove) > 0 {
				fmt.Fprintf(&b, " remove=%v", c.Remove)
			}
		case "status":
		default:
			b.WriteString(" " + f)
		}
	}
	return b.String()
}

// oneName calls contents that were joined by the number of the first of them, whichever twin stays.
func oneName(r reconcile.Result) func(confluence.TwinID) string {
	return func(twin confluence.TwinID) string {
		for _, j := range r.Joined {
			if twin == j.Twins[0] || twin == j.Twins[1] {
				return number(min(j.Twins[0], j.Twins[1]))
			}
		}
		return number(twin)
	}
}

// listed writes the other lists of a result.
func listed(r reconcile.Result) string {
	var out []string
	name := oneName(r)
	add := func(word string, twins []confluence.TwinID) {
		for _, twin := range twins {
			out = append(out, word+" "+name(twin))
		}
	}
	add("tombs", r.Tombs)
	add("detached", r.Detached)
	add("converged", r.Converged)
	for _, j := range r.Joined {
		word := "joined"
		if j.Contested {
			word = "contested"
		}
		out = append(out, fmt.Sprintf("%s %s %s", word, number(min(j.Twins[0], j.Twins[1])), number(max(j.Twins[0], j.Twins[1]))))
	}
	return strings.Join(out, ", ")
}

// mirrorRow gives the row with the sides exchanged.
var mirrorRow = func() (m [39]int) {
	for row := range m {
		m[row] = row
	}
	for _, low := range []int{2, 4, 6, 8, 13, 17, 21} {
		m[low], m[low+1] = low+1, low
	}
	return m
}()

// mirrorRows sorts rows, without row 1. Where no side is the sender, rows that are each other's mirror are one.
func mirrorRows(rows []int, mode reconcile.Mode) []int {
	var out []int
	for _, n := range rows {
		if mode == reconcile.TwoWay && slices.Contains([]int{3, 5, 7, 9, 14, 18, 22}, n) {
			n--
		}
		if n != 1 && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

func (w wanted) hold(t *testing.T, r reconcile.Result, mode reconcile.Mode, one confluence.Side) {
	t.Helper()
	var got, open, records []string
	for _, c := range r.Changes {
		got = append(got, describe(c, one))
	}
	name := oneName(r)
	for _, c := range r.Clashes {
		if mode == reconcile.TwoWay && one == confluence.B && c.Facet == reconcile.Status {
			c.Row = mirrorRow[c.Row] // the planner calls side A side 1
		}
		line := fmt.Sprintf("%s %s %d", name(c.Twin), strings.Join(c.Facet.Names(), ","), c.Row)
		if c.Open {
			open = append(open, line)
		} else {
			records = append(records, line)
		}
	}
	want := slices.Sorted(slices.Values(w.calls))
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
	if d := cmp.Diff(slices.Sorted(slices.Values(w.open)), slices.Sorted(slices.Values(open))); d != "" {
		t.Errorf("what waits for a person (-want +got):\n%s", d)
	}
	for _, line := range w.records {
		if !slices.Contains(records, line) {
			t.Errorf("no record %q; there are %q", line, records)
		}
	}
	if got := listed(r); w.lists != got {
		t.Errorf("lists %q, want %q", got, w.lists)
	}
	if d := cmp.Diff(mirrorRows(w.rows, mode), mirrorRows(slices.Collect(maps.Keys(r.Rows)), mode)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if len(r.Brakes) > 0 {
		t.Errorf("brakes %v", r.Brakes)
	}
}

// TestRows plays each row of the decision table in each mode.
func TestRows(t *testing.T) {
	seen := map[int]bool{}
	for _, c := range rowCases {
		seen[c.row] = true
		t.Run(fmt.Sprintf("%02d %s", c.row, c.name), func(t *testing.T) {
			for i, side := range confluence.Sides {
				for _, m := range []struct {
					mode reconcile.Mode
					want wanted
				}{
					{reconcile.TwoWay, c.want.two},
					{[]reconcile.Mode{reconcile.SafeAToB, reconcile.SafeBToA}[i], c.want.safe},
					{[]reconcile.Mode{reconcile.MirrorAToB, reconcile.MirrorBToA}[i], c.want.mirror},
				} {
					t.Run(fmt.Sprintf("%s, side %d as 1", m.mode, side), func(t *testing.T) {
						m.want.hold(t, c.play(t, m.mode, side), m.mode, side)
					})
				}
			}
		})
	}
	for row := 1; row <= 38; row++ {
		if !seen[row] {
			t.Errorf("row %d is played by no case", row)
		}
	}
}
