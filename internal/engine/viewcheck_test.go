package engine

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"sync/atomic"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// CheckViews lets every view that a cycle follows be compared with one that is loaded, and counts them. A difference goes
// to report.
func (e *Engine) CheckViews(count *atomic.Int64, report func(error)) {
	e.checkView = func(ctx context.Context, s *work, v *view) error {
		count.Add(1)
		if err := sameAsLoaded(ctx, s, v); err != nil {
			report(err)
		}
		return nil
	}
}

// sameAsLoaded compares a view with what would be loaded now.
func sameAsLoaded(ctx context.Context, s *work, v *view) error {
	twins, people, asked, keys := s.twins, s.people, s.asked, s.keys
	want, err := s.load(ctx)
	loaded := s.twins
	s.twins, s.people, s.asked, s.keys = twins, people, asked, keys
	if err != nil {
		return err
	}
	if v.home != want.home {
		return fmt.Errorf("home is %s, want %s", v.home, want.home)
	}
	if err := sameRows("baseline", v.agreed, want.agreed); err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		if err := sameRows(fmt.Sprint("side ", side), v.seen[side], want.seen[side]); err != nil {
			return err
		}
		if err := sameIndex(v.index[side], want.index[side]); err != nil {
			return fmt.Errorf("side %v: %w", side, err)
		}
		for _, pair := range [][2]any{{v.above[side], want.above[side]}, {v.elsewhere[side], want.elsewhere[side]}, {v.files[side], want.files[side]},
			{v.mended[side], want.mended[side]}, {len(v.extra[side]), len(want.extra[side])}, {len(v.left[side]), len(want.left[side])}} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				return fmt.Errorf("side %v: %v, want %v", side, pair[0], pair[1])
			}
		}
		for twin := range want.seen[side].all() {
			if v.rankOf(side, twin) != want.rankOf(side, twin) {
				return fmt.Errorf("side %v: %s stands at %d, want %d", side, twin, v.rankOf(side, twin), want.rankOf(side, twin))
			}
		}
		for _, pair := range [][2]*twinsByID{{twins[side], loaded[side]}, {loaded[side], twins[side]}} {
			for i, num := range pair[0].nums {
				was := pair[0].of.nameOf(pair[0].twins[i])
				if t, ok := pair[1].get(numbered(num)); !ok || t != was {
					return fmt.Errorf("side %v: %d is %s in one and %q in the other", side, num, was, t)
				}
			}
		}
		if !maps.Equal(twins[side].others, loaded[side].others) {
			return fmt.Errorf("side %v: other ids differ", side)
		}
	}
	return nil
}

func sameRows[T any](what string, got, want *rows[T]) error {
	for twin, w := range want.all() {
		if g := got.get(twin); g == nil || !reflect.DeepEqual(g, w) {
			return fmt.Errorf("%s: %s is\n%+v, want\n%+v", what, twin, g, w)
		}
	}
	for twin := range got.all() {
		if !want.has(twin) {
			return fmt.Errorf("%s: %s is not stored", what, twin)
		}
	}
	return nil
}

func sameIndex(got, want *index) error {
	for _, pair := range [][2]*index{{got, want}, {want, got}} {
		for i := range pair[0].list {
			w := pair[0].where(int32(i))
			if x, ok := pair[1].byID(w.id); !ok || x != w {
				return fmt.Errorf("%+v is %+v in the other", w, x)
			}
		}
		for _, t := range pair[0].titles {
			w := pair[0].where(t.n)
			n, ok := pair[1].titleNumber(t.key)
			if !ok || pair[1].where(pair[1].titles[n].n).id != w.id {
				return fmt.Errorf("a title of %+v leads elsewhere", w)
			}
		}
	}
	return nil
}
