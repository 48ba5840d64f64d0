package reconcile_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/reconcile/reconciletest"
)

// cases is how many cases of each variant a test plays; TANDEM_PLANS asks for more, TANDEM_PLANS_BASE for others.
func cases(t *testing.T, usual int) (from, to uint64) {
	t.Helper()
	read := func(name string) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return 0
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	base, n := read("TANDEM_PLANS_BASE"), read("TANDEM_PLANS")
	if n == 0 {
		n = uint64(usual)
	}
	return base, base + n
}

// play plays a case; a panic breaks a law too.
func play(c reconciletest.Case) (out reconciletest.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return reconciletest.Run(c)
}

// law is which law an error says was broken, without what it was broken by.
func law(err error) string {
	if err == nil {
		return ""
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsLower(r) || unicode.IsSpace(r) || r == 'I' {
			return r
		}
		return -1
	}, first)
}

// holds plays cases of a variant, and cuts the first that breaks a law down to what is needed for it.
func holds(t *testing.T, usual int, v reconciletest.Variant) {
	t.Helper()
	from, to := cases(t, usual)
	rows, cycles := map[int]int{}, 0
	for seed := from; seed < to; seed++ {
		c := reconciletest.Draw(seed, v)
		out, err := play(c)
		if err != nil {
			small := reconciletest.Shrink(c, func(c reconciletest.Case) bool { _, now := play(c); return law(now) == law(err) })
			_, smallErr := play(small)
			t.Fatalf("seed %d: %v\n\ncut down: %v\n%s", seed, err, smallErr, small.Source())
		}
		for row, n := range out.Rows {
			rows[row] += n
		}
		cycles = max(cycles, out.Cycles)
	}
	t.Logf("%d cases, at most %d plans with changes to rest; rows %v", to-from, cycles, rows)
}

// TestLaws holds plans to the laws of the design on trees that people changed on both sides, in all modes.
func TestLaws(t *testing.T) {
	for _, mode := range reconciletest.AllModes {
		t.Run(string(mode), func(t *testing.T) {
			holds(t, 150, reconciletest.Variant{Modes: []reconcile.Mode{mode}})
		})
	}
}

// TestLawsOfDefaults is the same under the default policy with the brakes on, as most pairs are.
func TestLawsOfDefaults(t *testing.T) {
	holds(t, 300, reconciletest.Variant{Modes: []reconcile.Mode{reconcile.TwoWay}, Defaults: true, Brakes: true})
}

// TestLawsWhenCallsFail lets single calls fail, with all that needs them.
func TestLawsWhenCallsFail(t *testing.T) {
	holds(t, 150, reconciletest.Variant{Fail: true})
}

// TestLawsWhilePeopleWork lets people go on while a plan is carried out.
func TestLawsWhilePeopleWork(t *testing.T) {
	holds(t, 150, reconciletest.Variant{Race: true})
}

// TestLawsOnFoundCases plays the cases that once broke a law, whatever else is played.
func TestLawsOnFoundCases(t *testing.T) {
	two, safe := []reconcile.Mode{reconcile.TwoWay}, []reconcile.Mode{reconcile.SafeAToB}
	for _, found := range []struct {
		variant reconciletest.Variant
		seeds   []uint64
	}{
		{reconciletest.Variant{Modes: two}, []uint64{634, 1561, 1703, 3151, 4787, 5187, 9099, 10372, 12532, 19152}},
		{reconciletest.Variant{Modes: safe}, []uint64{4151}},
		{reconciletest.Variant{Modes: []reconcile.Mode{reconcile.SafeBToA}}, []uint64{7354, 19604}},
		{reconciletest.Variant{Modes: []reconcile.Mode{reconcile.MirrorBToA}}, []uint64{10247}},
		{reconciletest.Variant{Modes: []reconcile.Mode{reconcile.MirrorAToB}}, []uint64{18162, 18473}},
		{reconciletest.Variant{Modes: two, Defaults: true, Brakes: true}, []uint64{881, 1597, 3439, 13120, 20133}},
		{reconciletest.Variant{Fail: true}, []uint64{160, 183, 362}},
		{reconciletest.Variant{Race: true}, []uint64{1054, 1433, 1670, 5014, 13230}},
	} {
		for _, seed := range found.seeds {
			if _, err := play(reconciletest.Draw(seed, found.variant)); err != nil {
				t.Errorf("seed %d of %+v: %v", seed, found.variant, err)
			}
		}
	}
}
