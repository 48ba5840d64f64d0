package dc

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type propertyW struct {
	ID      id              `json:"id"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
	Version struct {
		Number int `json:"number"`
	} `json:"version"`
}

func (w propertyW) property() confluence.Property {
	return confluence.Property{Key: w.Key, Value: w.Value, Version: w.Version.Number}
}

// Properties returns all properties of a content, sorted by key.
func (c *Connector) Properties(ctx context.Context, _ confluence.Kind, of confluence.ID) ([]confluence.Property, error) {
	k := wire.Get(api+"/content/{id}/property", "the properties could not be read", string(of)).
		With("expand", "version", "limit", "100").At(confluence.Where{Content: string(of)})
	var out []confluence.Property
	err := listAll(ctx, c, k, func(got []propertyW) bool {
		for _, p := range got {
			out = append(out, p.property())
		}
		return true
	})
	slices.SortFunc(out, func(a, b confluence.Property) int { return compare(a.Key, b.Key) })
	return slices.CompactFunc(out, func(a, b confluence.Property) bool { return a.Key == b.Key }), err
}

// propertyOwner is where the properties of a page, or else of a space, are.
func (c *Connector) propertyOwner(ctx context.Context, space confluence.Space, page confluence.ID) (base, owner string, err error) {
	if page != "" {
		return api + "/content/{id}/property", string(page), nil
	}
	space, err = c.space(ctx, space)
	return api + "/space/{spaceKey}/property", space.Key, err
}

// Property reads one property by its key.
func (c *Connector) Property(ctx context.Context, space confluence.Space, page confluence.ID, key string) (confluence.Property, bool, error) {
	base, owner, err := c.propertyOwner(ctx, space, page)
	if err != nil {
		return confluence.Property{}, false, err
	}
	var w propertyW
	k := wire.Get(base+"/{key}", "the property could not be read", owner, key).With("expand", "version").
		At(confluence.Where{Space: space.Key, Content: string(page)})
	_, err = c.do(ctx, k, &w)
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Property{}, false, nil // do has confirmed the account
	}
	return w.property(), err == nil && w.Key == key, err
}

// setProperty writes a property of a space or page. Expect 0 creates it; if there is one already, T-4090 says so.
func (c *Connector) setProperty(ctx context.Context, x confluence.SetProperty) (confluence.Result, error) {
	base, owner, err := c.propertyOwner(ctx, x.Space, x.ID)
	if err != nil {
		return confluence.Result{}, err
	}
	where := confluence.Where{Space: x.Space.Key, Content: string(x.ID)}
	const what = "the property could not be written"
	in := map[string]any{"key": x.Key, "value": json.RawMessage(x.Value)}
	k := wire.Write(http.MethodPost, base, what, in, owner).At(where)
	if x.Expect > 0 {
		in["version"] = versionIn{Number: x.Expect + 1}
		k = wire.Write(http.MethodPut, base+"/{key}", what, in, owner, x.Key).At(where)
	}
	var w propertyW
	if _, err := c.do(ctx, k, &w); err != nil {
		e := confluence.AsError(err)
		if x.Expect == 0 && e.Status == http.StatusBadRequest && c.hasProperty(ctx, base, owner, x.Key) {
			e.Code = confluence.CodeVersionMoved
		}
		return confluence.Result{}, e
	}
	if w.Version.Number == 0 {
		w.Version.Number = x.Expect + 1
	}
	return confluence.Result{ID: w.ID.ID(), Version: w.Version.Number}, nil
}

func (c *Connector) hasProperty(ctx context.Context, base, owner, key string) bool {
	_, err := c.do(ctx, wire.Get(base+"/{key}", "the property could not be read", owner, key), nil)
	return err == nil
}
