package engine

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// whoIsIt is the last answer of a site to who it is. Several steps in a row ask; one answer is good for all of them.
//
// Two things can turn false, at different paces. That we are who we were: a token ends at any moment, and the site then
// shows less, or nothing, without a word. Every feed ends with that question, and a cycle that begins soon after one takes
// its answer; what a cycle does not find, or finds less restricted, it asks about anew (see work.vouchFor). And that the
// site is the one we are bound to: another one knows neither our account nor our contents, so the first question already
// tells it apart, and the full answer is asked for by who composes and starts things, by sweeps that a person asked for,
// and once in a while.
type whoIsIt struct {
	turn chan struct{} // held by who asks
	id   confluence.Identity
	at   time.Time
}

func newWhoIsIt() *whoIsIt { return &whoIsIt{turn: make(chan struct{}, 1)} }

const (
	// identityAge is how long a full answer is good for steps in a row.
	identityAge = 10 * time.Second
	// standingAge is how long the name, version and abilities of a site are taken to stand, while it goes on vouching for
	// our account.
	standingAge = time.Hour
	// vouchAge is how old that may be: a feed at defaults asks every ten seconds.
	vouchAge = 30 * time.Second
)

// ask asks the site for all that it says of itself.
func (w *whoIsIt) ask(ctx context.Context, r confluence.Reader, now func() time.Time) (confluence.Identity, error) {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	if younger(w.at, now(), identityAge) {
		return w.id, nil
	}
	return w.full(ctx, r, now)
}

// younger reports whether an answer is not that old. One from the future is from before our clock was set back, and tells
// nothing of the site's.
func younger(at, now time.Time, age time.Duration) bool {
	return !at.IsZero() && !now.Before(at) && now.Sub(at) < age
}

func (w *whoIsIt) full(ctx context.Context, r confluence.Reader, now func() time.Time) (confluence.Identity, error) {
	id, err := r.Identity(ctx)
	w.at = time.Time{}
	if err == nil {
		w.id, w.at = id, now()
	}
	return id, err
}

// stands is ask at the least cost: none where somebody was told a moment ago that we are who we were, and one call where
// only that has to be asked again.
func (w *whoIsIt) stands(ctx context.Context, r confluence.Reader, now func() time.Time) (confluence.Identity, error) {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	v, vouches := r.(confluence.Voucher)
	c, confirms := r.(confluence.Confirmer)
	if !vouches || !confirms || !younger(w.at, now(), standingAge) {
		if younger(w.at, now(), identityAge) {
			return w.id, nil
		}
		return w.full(ctx, r, now)
	}
	at, site := v.Vouched()
	if !younger(at, now(), vouchAge) {
		if err := c.Confirm(ctx); err != nil {
			w.at = time.Time{}
			return confluence.Identity{}, err
		}
		at, site = v.Vouched()
	}
	id := w.id
	if id.Now = site; !site.IsZero() {
		id.Now = site.Add(now().Sub(at))
	}
	return id, nil
}
