package body_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/body"
)

func parsed(t *testing.T, raw string) *body.Tree {
	t.Helper()
	tree, err := body.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestBeside: edits of one block meet in one row, what one side added or dropped has a row of its own, and ids that sites
// give do not make a difference.
func TestBeside(t *testing.T) {
	base := parsed(t, `<h2>Plan</h2><p>Release on Thursday.</p><p>Ask Anna first.</p><ul><li>one</li></ul>`)
	a := parsed(t, `<h2 local-id="7">Plan</h2><p>Release on Tuesday.</p><p>Ask Anna first.</p>`)
	b := parsed(t, `<h2>Plan</h2><p>Release on Friday.</p><p>New from here.</p><p>Ask Anna first.</p><ul><li>one</li></ul>`)
	want := []body.Row{
		{"<h2>Plan</h2>", [2]string{"<h2>Plan</h2>", "<h2>Plan</h2>"}},
		{"<p>Release on Thursday.</p>", [2]string{"<p>Release on Tuesday.</p>", "<p>Release on Friday.</p>"}},
		{"", [2]string{"", "<p>New from here.</p>"}},
		{"<p>Ask Anna first.</p>", [2]string{"<p>Ask Anna first.</p>", "<p>Ask Anna first.</p>"}},
		{"<ul><li>one</li></ul>", [2]string{"", "<ul><li>one</li></ul>"}},
	}
	got := body.Beside(base, a, b)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	var clash, changed []int
	for i, r := range got {
		if r.Clash() {
			clash = append(clash, i)
		}
		if r.Changed(0) {
			changed = append(changed, i)
		}
	}
	if !slices.Equal(clash, []int{1}) || !slices.Equal(changed, []int{1, 4}) {
		t.Errorf("clashes in rows %v, side A changed %v", clash, changed)
	}
}

// TestBesideWithoutBase: two bodies of which nothing is known are compared with each other.
func TestBesideWithoutBase(t *testing.T) {
	got := body.Beside(nil, parsed(t, `<p>same</p><p>red house</p><p>only a</p>`), parsed(t, `<p>only b, first</p><p>same</p><p>blue house</p>`))
	if len(got) < 3 || got[1].Sides != [2]string{"<p>same</p>", "<p>same</p>"} {
		t.Errorf("%q", got)
	}
	clashes := 0
	for _, r := range got {
		if r.Clash() {
			clashes++
			if r.Sides != [2]string{"<p>red house</p>", "<p>blue house</p>"} {
				t.Errorf("%q clash", r.Sides)
			}
		}
	}
	if clashes != 1 {
		t.Errorf("%d clashes in %q", clashes, got)
	}
}

// TestBesideLosesNothing: whatever three bodies hold stands in the rows, in its order, once.
func TestBesideLosesNothing(t *testing.T) {
	bodies := []string{"", "<p>x</p>", "<p>x</p><p>x</p><h1>t</h1>", "text<p>y</p>more", "<h1>t</h1><p>y z</p><p>x</p><hr/>", "<p>y</p><table><tbody><tr><td>c</td></tr></tbody></table>"}
	for _, base := range bodies {
		for _, a := range bodies {
			for _, b := range bodies {
				var joined [3]strings.Builder
				for _, r := range body.Beside(parsed(t, base), parsed(t, a), parsed(t, b)) {
					for i, s := range [3]string{r.Base, r.Sides[0], r.Sides[1]} {
						joined[i].WriteString(s)
					}
				}
				for i, raw := range [3]string{base, a, b} {
					if want := parsed(t, raw).Canonical(); joined[i].String() != want {
						t.Fatalf("of %q, %q, %q the rows hold %q, not %q", base, a, b, joined[i].String(), want)
					}
				}
			}
		}
	}
}
