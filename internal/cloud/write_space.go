package cloud

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type spaceIn struct {
	Key                string `json:"key"`
	Name               string `json:"name"`
	Description        any    `json:"description,omitempty"`
	CreatePrivateSpace bool   `json:"createPrivateSpace,omitempty"`
}

// createSpace makes a space. Sites that keep permissions as roles have it in v2, all others in v1. The home page that the
// site makes with it is read by one call more where the answer does not name it.
func (c *Connector) createSpace(ctx context.Context, x confluence.CreateSpace) (confluence.Result, error) {
	mode, err := c.roleMode(ctx)
	if err != nil {
		return confluence.Result{}, err
	}
	where := confluence.Where{Space: x.Key}
	in := spaceIn{Key: x.Key, Name: x.Name}
	plain := written{Representation: "plain", Value: x.Description}
	k := wire.Write(http.MethodPost, v1+"/space", "the space could not be created", &in).At(where)
	switch {
	case mode == "ROLES":
		k.Route = v2 + "/spaces"
		in.CreatePrivateSpace = x.Private
		if x.Description != "" {
			in.Description = plain
		}
	default:
		if x.Private {
			k.Route = v1 + "/space/_private"
		}
		if x.Description != "" {
			in.Description = map[string]any{"plain": plain}
		}
	}
	var w struct {
		spaceV2
		Homepage struct {
			ID id `json:"id"`
		} `json:"homepage"`
	}
	if _, err := c.do(ctx, k, &w); err != nil {
		return confluence.Result{}, c.keyed(ctx, confluence.AsError(err), x.Key)
	}
	s := confluence.Space{ID: w.ID.ID(), Key: x.Key, HomeID: confluence.ID(wire.First(string(w.HomepageID), string(w.Homepage.ID)))}
	if s.ID == "" || s.HomeID == "" {
		// The space is there; where its home page is not told, the caller can read the space again.
		if got, err := c.look(ctx, x.Key); err == nil && got.ID != "" {
			s = got
		}
	}
	if s.ID == "" {
		return confluence.Result{}, wire.NoID(k)
	}
	c.learn(s)
	return confluence.Result{ID: s.ID, HomeID: s.HomeID}, nil
}

// keyed tells if a space was refused because its key is taken.
func (c *Connector) keyed(ctx context.Context, e *confluence.Error, key string) error {
	if e.Status != http.StatusBadRequest && e.Status != http.StatusConflict && e.Status != http.StatusForbidden {
		return e
	}
	says := strings.Contains(strings.ToLower(e.Cause), "already exists")
	if s, err := c.look(ctx, key); says || err == nil && s.ID != "" {
		out := confluence.Errorf(confluence.CodeKeyTaken, "the space key %s is taken", key).At(e.Where)
		out.Cause, out.Status, out.Err = e.Cause, e.Status, e
		return out
	}
	return e
}

// look reads a space by key, whatever is known of it. The zero Space says that none is visible.
func (c *Connector) look(ctx context.Context, key string) (confluence.Space, error) {
	k := wire.Get(v2+"/spaces", "the space could not be read").With("keys", key).At(confluence.Where{Space: key})
	var out confluence.Space
	err := listAll(ctx, c, k, func(got []spaceV2) bool {
		for _, w := range got {
			if strings.EqualFold(w.Key, key) {
				out = w.space()
			}
		}
		return true
	})
	return out, err
}

func (c *Connector) setHomepage(ctx context.Context, x confluence.SetHomepage) (confluence.Result, error) {
	s, err := c.space(ctx, x.Space)
	if err != nil {
		return confluence.Result{}, err
	}
	in := map[string]any{"homepage": map[string]any{"id": x.Page}}
	if s.Name != "" {
		in["name"] = s.Name
	}
	k := wire.Write(http.MethodPut, v1+"/space/{spaceKey}", "the home page could not be set", in, s.Key).At(confluence.Where{Space: s.Key})
	return c.silent(ctx, k.Repeatable(), x.Page)
}

// RemoveSpace deletes a space for good, with everything in it, and waits until it is gone. Tests clean up with it.
func (c *Connector) RemoveSpace(ctx context.Context, key string) error {
	k := wire.Write(http.MethodDelete, v1+"/space/{spaceKey}", "the space could not be deleted", nil, key).At(confluence.Where{Space: key})
	if _, err := c.do(ctx, k.Repeatable(), nil); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return err
	}
	for began, delay := c.clock.Now(), 100*time.Millisecond; c.clock.Now().Sub(began) < 10*time.Minute; delay = min(2*delay, 10*time.Second) {
		s, err := c.look(ctx, key)
		if err != nil {
			return err
		}
		if s.ID == "" {
			c.mu.Lock()
			maps.DeleteFunc(c.keys, func(_ confluence.ID, held string) bool { return strings.EqualFold(held, key) })
			c.mu.Unlock()
			return nil
		}
		if err := c.clock.Wait(ctx, delay); err != nil {
			return confluence.AsError(wire.Unusable(k, err.Error())).Because(err)
		}
	}
	return wire.Unusable(k, "the space is still there after ten minutes")
}
