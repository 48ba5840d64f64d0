package reconciletest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// Start is one content that both sides hold alike before people begin. Contents whose parent was dropped from a script
// stand below the home page.
type Start struct {
	Birth, Parent int
	Kind          confluence.Kind
	N             int
}

// Case is a start, what people do on both sides, and how plans are carried out. It is a script: any part of it is a case
// too, so that a failing one can be cut down.
type Case struct {
	Seed    uint64 // of the order of application and of failures
	Policy  reconcile.Policy
	Options [2]Options
	Start   []Start
	Rounds  [][]Op // after each round the pair is brought to rest
	Held    []int  // births of contents with facets that wait for a person from the start
	Fail    int    // chance in percent that a call fails, while people are at work
	Race    []Op   // done between plan and application, and while it goes on
	Feed    bool   // the first plan of each round sees what a feed sees only
}

// Variant says what is made up beyond scripts of people.
type Variant struct {
	Modes    []reconcile.Mode // to choose from; empty: all
	Defaults bool             // policies are the defaults
	Brakes   bool             // brakes stand at their defaults; else they never act
	Fail     bool             // some calls fail
	Race     bool             // people go on while a plan is carried out
}

const (
	firstNew  = 100 // births and tokens of what people make: above all births of the start
	firstText = 200 // tokens of bodies and files at the start: above all that people make
)

// AllModes are the five modes.
var AllModes = []reconcile.Mode{reconcile.TwoWay, reconcile.SafeAToB, reconcile.MirrorAToB, reconcile.SafeBToA, reconcile.MirrorBToA}

const allFacets = reconcile.Title | reconcile.Parent | reconcile.Order | reconcile.Body | reconcile.Labels | reconcile.Restrictions |
	reconcile.File | reconcile.Status

// Draw makes a case up.
func Draw(seed uint64, v Variant) Case {
	r := rand.New(rand.NewPCG(seed, 11))
	c := Case{Seed: seed, Policy: drawPolicy(r, v)}
	for side := range c.Options {
		c.Options[side] = Options{TrashHolds: r.IntN(4) == 0, ArchiveHolds: r.IntN(2) == 0, Cascades: r.IntN(4) == 0, MoveBumps: r.IntN(2) == 0, RestoreRoot: r.IntN(2) == 0}
	}
	pages := 5 + r.IntN(1+r.IntN(56)) // small trees, where more meets, are more frequent
	c.Start = drawStart(r, pages)
	rounds := 1
	if r.IntN(6) == 0 {
		rounds = 2
	}
	next := firstNew
	for range rounds {
		var ops []Op
		ops, next = drawOps(r, c.Start, next, 12)
		c.Rounds = append(c.Rounds, ops)
	}
	for range r.IntN(3) * r.IntN(2) {
		c.Held = append(c.Held, c.Start[r.IntN(len(c.Start))].Birth)
	}
	if v.Fail {
		c.Fail = 5 + r.IntN(30)
	}
	if v.Race {
		c.Race, _ = drawOps(r, c.Start, next, 6)
	}
	c.Feed = r.IntN(6) == 0
	return c
}

func drawStart(r *rand.Rand, pages int) []Start {
	out := []Start{{Birth: 0, Parent: Nowhere, Kind: confluence.Page}}
	var all []int
	for len(all) < pages-1 {
		s := Start{Birth: len(out), Kind: confluence.Page, N: r.IntN(64)}
		switch {
		case len(all) > 0 && r.IntN(3) > 0:
			s.Parent = all[max(0, len(all)-1-r.IntN(6))]
		case r.IntN(12) == 0:
			s.Parent = Nowhere
		}
		all = append(all, s.Birth)
		out = append(out, s)
	}
	for range r.IntN(pages/3 + 2) {
		s := Start{Birth: len(out), Parent: out[r.IntN(len(out))].Birth, N: r.IntN(64)}
		switch on := out[s.Parent].Kind; {
		case on == confluence.Attachment:
			continue
		case on == confluence.Comment || r.IntN(2) == 0:
			s.Kind = confluence.Comment
		case r.IntN(6) == 0:
			s.Kind, s.Parent = confluence.BlogPost, Nowhere
		default:
			s.Kind = confluence.Attachment
		}
		out = append(out, s)
	}
	return out
}

// drawOps makes up what people do on both sides, up to most acts each. Half of the acts of the second side are about
// something that the first side touched too.
func drawOps(r *rand.Rand, start []Start, next, most int) ([]Op, int) {
	var ops []Op
	var touched []int
	var made []int
	for _, side := range confluence.Sides {
		for range r.IntN(most + 1) {
			o := Op{Side: side, Act: drawAct(r), At: start[r.IntN(len(start))].Birth, To: start[r.IntN(len(start))].Birth, N: r.IntN(8), New: next}
			next++
			if len(touched) > 0 && r.IntN(2) == 0 {
				o.At = touched[r.IntN(len(touched))]
			}
			if len(touched) > 0 && r.IntN(2) == 0 {
				o.To = touched[r.IntN(len(touched))]
			}
			if len(made) > 0 && r.IntN(6) == 0 {
				o.At = made[r.IntN(len(made))]
			}
			o.Act = fitting(r, o, start)
			if o.Act == NewPage || o.Act == NewPageAlike {
				made = append(made, o.New)
			}
			touched = append(touched, o.At, o.To)
			ops = append(ops, o)
		}
	}
	return ops, next
}

// actWeights say how often people do what.
var actWeights = [acts]int{
	EditBody: 8, EditAlike: 5, Revert: 2, Resave: 2, Rename: 4, RenameAlike: 5, Swap: 3, Rotate: 2, MoveUnder: 9, MoveToRoot: 1, Reorder: 4,
	TrashOne: 6, TrashTree: 3, Restore: 3, ArchiveOne: 1, MoveAway: 1, NewPage: 5, NewPageAlike: 4, NewPost: 1, NewHidden: 1, NewFile: 4,
	NewComment: 2, Label: 3, Unlabel: 2, Tighten: 3, Loosen: 2,
}

func drawAct(r *rand.Rand) Act {
	n := 0
	for _, w := range actWeights {
		n += w
	}
	at := r.IntN(n)
	for a, w := range actWeights {
		if at -= w; at < 0 {
			return Act(a)
		}
	}
	return EditBody
}

// fitting replaces an act by one that the kind of content knows.
func fitting(r *rand.Rand, o Op, start []Start) Act {
	if o.At >= len(start) || o.Act == NewPage || o.Act == NewPageAlike {
		return o.Act
	}
	switch start[o.At].Kind {
	case confluence.Attachment:
		return []Act{NewVersion, NewVersionAlike, NewVersionAlike, DropFile, Restore}[r.IntN(5)]
	case confluence.Comment:
		return []Act{EditComment, EditComment, Reply, Reply, DropComment}[r.IntN(5)]
	}
	return o.Act
}

func drawPolicy(r *rand.Rand, v Variant) reconcile.Policy {
	modes := v.Modes
	if len(modes) == 0 {
		modes = AllModes
	}
	p := reconcile.Policy{
		Mode: modes[r.IntN(len(modes))], Facets: allFacets, Position: [2]bool{true, true}, RootPosition: [2]bool{true, true}, Names: [2]string{"DC", "Cloud"},
		Deletes: reconcile.DeletesPropagate, DeleteVsEdit: reconcile.EditWins, OutOfScope: reconcile.ScopeKeep, Sweep: true,
		CanArchive: [2]bool{true, true},
	}
	if !v.Brakes {
		p.Brakes = reconcile.Limits{DeleteShare: 1, DeleteLeast: 1 << 20, Listing: 1e-9, MassChange: 1}
	}
	if v.Defaults {
		return p
	}
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	choice := func(list ...reconcile.Choice) reconcile.Choice { return list[r.IntN(len(list))] }
	p.Primary = confluence.Side(r.IntN(2))
	p.Position = [2]bool{r.IntN(6) > 0, r.IntN(6) > 0}
	p.RootPosition = [2]bool{r.IntN(2) > 0, r.IntN(2) > 0}
	p.Deletes = one(reconcile.DeletesPropagate, reconcile.DeletesPropagate, reconcile.DeletesPropagate, reconcile.DeletesArchive, reconcile.DeletesIgnore)
	p.DeleteVsEdit = one(reconcile.EditWins, reconcile.EditWins, reconcile.DeleteWins, reconcile.HoldBoth)
	p.OutOfScope = one(reconcile.ScopeKeep, reconcile.ScopeKeep, reconcile.ScopeTrash)
	p.RenameProtects, p.ResurrectAncestors, p.Prune = r.IntN(4) == 0, r.IntN(4) == 0, r.IntN(4) == 0
	p.CanArchive = [2]bool{r.IntN(3) > 0, r.IntN(3) > 0}
	if r.IntN(2) == 0 {
		p.Choices = map[reconcile.Facets]reconcile.Choice{
			reconcile.Body:   choice(reconcile.Hold, reconcile.Merge, reconcile.PreferA, reconcile.PreferB, reconcile.Newer, reconcile.Copy),
			reconcile.Title:  choice(reconcile.Hold, reconcile.PreferA, reconcile.PreferB, reconcile.Newer),
			reconcile.Parent: choice(reconcile.Hold, reconcile.PreferA, reconcile.PreferB, reconcile.Newer),
			reconcile.File:   choice(reconcile.Hold, reconcile.PreferA, reconcile.PreferB, reconcile.Newer, reconcile.Copy),
		}
	}
	if r.IntN(8) == 0 {
		p.Facets &^= []reconcile.Facets{reconcile.Labels, reconcile.Restrictions, reconcile.Order, reconcile.File}[r.IntN(4)]
	}
	return p
}

// Source writes a case as Go, to be put into a test.
func (c Case) Source() string {
	var b strings.Builder
	fmt.Fprintf(&b, "reconciletest.Case{\n\tSeed: %d, Fail: %d, Feed: %v, Held: %#v,\n\tPolicy: %s,\n\tOptions: %#v,\n", c.Seed, c.Fail, c.Feed, c.Held, nonZero(c.Policy), c.Options)
	b.WriteString("\tStart: []reconciletest.Start{\n")
	for _, s := range c.Start {
		fmt.Fprintf(&b, "\t\t{Birth: %d, Parent: %d, Kind: %q, N: %d},\n", s.Birth, s.Parent, s.Kind, s.N)
	}
	b.WriteString("\t},\n\tRounds: [][]reconciletest.Op{\n")
	for _, ops := range c.Rounds {
		b.WriteString("\t\t{\n")
		for _, o := range ops {
			fmt.Fprintf(&b, "\t\t\t%v,\n", o)
		}
		b.WriteString("\t\t},\n")
	}
	b.WriteString("\t},\n\tRace: []reconciletest.Op{\n")
	for _, o := range c.Race {
		fmt.Fprintf(&b, "\t\t%v,\n", o)
	}
	return b.String() + "\t},\n}"
}

// nonZero writes the fields of a policy that are set.
func nonZero(p reconcile.Policy) string {
	var fields []string
	v := reflect.ValueOf(p)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() && f.Kind() != reflect.Func {
			fields = append(fields, fmt.Sprintf("%s: %#v", v.Type().Field(i).Name, f.Interface()))
		}
	}
	return "reconcile.Policy{" + strings.Join(fields, ", ") + "}"
}

// Shrink cuts a case down while it fails: first acts, then contents of the start, then what else it has.
func Shrink(c Case, fails func(Case) bool) Case {
	for again := true; again; {
		again = false
		try := func(cut Case) bool {
			if fails(cut) {
				c, again = cut, true
				return true
			}
			return false
		}
		for i := len(c.Rounds) - 1; i >= 0; i-- {
			cut := c
			cut.Rounds = slices.Delete(slices.Clone(c.Rounds), i, i+1)
			try(cut)
		}
		for i := range c.Rounds {
			for _, n := range []int{8, 4, 2, 1} {
				for j := 0; i < len(c.Rounds) && j+n <= len(c.Rounds[i]); {
					cut := c
					cut.Rounds = slices.Clone(c.Rounds)
					cut.Rounds[i] = slices.Delete(slices.Clone(c.Rounds[i]), j, j+n)
					if !try(cut) {
						j++
					}
				}
			}
		}
		for j := 0; j < len(c.Race); {
			cut := c
			cut.Race = slices.Delete(slices.Clone(c.Race), j, j+1)
			if !try(cut) {
				j++
			}
		}
		for _, n := range []int{16, 4, 1} {
			for j := 1; j+n <= len(c.Start); {
				cut := c
				cut.Start = slices.Delete(slices.Clone(c.Start), j, j+n)
				if !try(cut) {
					j++
				}
			}
		}
		shrinkRest(c, try)
	}
	return c
}

func shrinkRest(c Case, try func(Case) bool) {
	for _, simpler := range []func(*Case){
		func(c *Case) { c.Fail = 0 }, func(c *Case) { c.Held = nil }, func(c *Case) { c.Feed = false },
		func(c *Case) { c.Options = [2]Options{} }, func(c *Case) { c.Policy.Choices = nil },
		func(c *Case) { c.Policy.Primary = confluence.A }, func(c *Case) { c.Policy.RenameProtects = false },
		func(c *Case) { c.Policy.ResurrectAncestors = false }, func(c *Case) { c.Policy.Prune = false },
		func(c *Case) { c.Policy.Deletes = reconcile.DeletesPropagate }, func(c *Case) { c.Policy.DeleteVsEdit = reconcile.EditWins },
		func(c *Case) { c.Policy.Facets = allFacets }, func(c *Case) { c.Policy.OutOfScope = reconcile.ScopeKeep },
		func(c *Case) { c.Policy.Position, c.Policy.RootPosition = [2]bool{true, true}, [2]bool{true, true} },
		func(c *Case) { c.Seed = 1 },
	} {
		cut := c
		simpler(&cut)
		if cut.Source() != c.Source() && try(cut) {
			c = cut
		}
	}
}
