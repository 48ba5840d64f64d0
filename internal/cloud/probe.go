package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// keyMinutes is how long an admin key that was turned on for a Probe works at most, should it not come to be turned off.
const keyMinutes = 1

// Probe reads contents by id past all restrictions, with an admin key that is turned on for it and then off again, unless
// one was on already. Only organization and site administrators of Premium and Enterprise sites can turn one on: who
// cannot is told so by T-2007.
func (c *Connector) Probe(ctx context.Context, kind confluence.Kind, ids []confluence.ID) ([]confluence.Content, error) {
	const route, what = v2 + "/admin-key", "the site could not be asked past its restrictions"
	var key struct {
		Until stamp `json:"expirationTime"`
	}
	if _, err := c.do(ctx, wire.Get(route, what), &key); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return nil, keyless(err)
	}
	if now := c.clock.Now(); key.Until.Time().Before(now.Add(time.Minute)) {
		on := wire.Write(http.MethodPost, route, what, map[string]any{"durationInMinutes": keyMinutes}).Repeatable()
		if _, err := c.do(ctx, on, &key); err != nil {
			return nil, keyless(err)
		}
		// The key ends by itself in a minute if this does not reach the site.
		defer func() {
			_, _ = c.do(context.WithoutCancel(ctx), wire.Write(http.MethodDelete, route, what, nil).Repeatable(), nil)
		}()
	}
	found := map[confluence.ID]confluence.Content{}
	if err := c.fetchListed(ctx, kind, ids, 0, true, found); err != nil {
		return nil, err
	}
	return c.fetched(ctx, ids, found)
}

// keyless says of a refusal that there is no admin key to be had.
func keyless(err error) error {
	e := confluence.AsError(err)
	if class := e.Class(); class != confluence.ClassNotFound && class != confluence.ClassForbidden && class != confluence.ClassUnsupported {
		return e
	}
	out := confluence.Errorf(confluence.CodeNotCapable, "%s", e.What)
	out.Cause, out.Status, out.Err = "the account cannot have an admin key: "+e.Cause, e.Status, e
	return out
}
