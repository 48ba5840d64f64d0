package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

var _ confluence.Properties = (*Connector)(nil)

type propertyV2 struct {
	ID      id              `json:"id"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
	Version struct {
		Number int `json:"number"`
	} `json:"version"`
}

func (w propertyV2) property() confluence.Property {
	return confluence.Property{Key: w.Key, Value: w.Value, Version: w.Version.Number}
}

// Properties returns all properties of a content, sorted by key. The editor's own are among them, and the server may add
// some a moment after the content was made (OF-31).
func (c *Connector) Properties(ctx context.Context, kind confluence.Kind, of confluence.ID) ([]confluence.Property, error) {
	route := collection(kind)
	if kind == confluence.Comment {
		route = v2 + "/comments"
	}
	k := wire.Get(route+"/{id}/properties", "the properties could not be read", string(of)).
		With("limit", "250").At(confluence.Where{Content: string(of)})
	var out []confluence.Property
	err := listAll(ctx, c, k, func(got []propertyV2) bool {
		for _, p := range got {
			out = append(out, p.property())
		}
		return true
	})
	slices.SortStableFunc(out, func(a, b confluence.Property) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(out, func(a, b confluence.Property) bool { return a.Key == b.Key }), err
}

// propertyOwner is where the properties of a page, or else of a space, are.
func (c *Connector) propertyOwner(ctx context.Context, space confluence.Space, page confluence.ID) (base string, owner confluence.ID, err error) {
	if page != "" {
		return v2 + "/pages/{id}/properties", page, nil
	}
	space, err = c.space(ctx, space)
	return v2 + "/spaces/{id}/properties", space.ID, err
}

// Property reads one property by its key.
func (c *Connector) Property(ctx context.Context, space confluence.Space, page confluence.ID, key string) (confluence.Property, bool, error) {
	base, owner, err := c.propertyOwner(ctx, space, page)
	if err != nil {
		return confluence.Property{}, false, err
	}
	k := wire.Get(base, "the property could not be read", string(owner)).At(confluence.Where{Space: space.Key, Content: string(page)})
	w, found, err := c.lookUp(ctx, k, base, owner, key)
	if err == nil && !found {
		err = c.confirm(ctx)
	}
	return w.property(), found, err
}

// lookUp finds a property by its key and remembers its id, which is what writes name it by.
func (c *Connector) lookUp(ctx context.Context, k call, base string, owner confluence.ID, key string) (out propertyV2, found bool, err error) {
	err = listAll(ctx, c, k.With("key", key), func(got []propertyV2) bool {
		if i := slices.IndexFunc(got, func(p propertyV2) bool { return p.Key == key }); i >= 0 {
			out, found = got[i], true
		}
		return !found
	})
	c.held(base, owner, key, out.ID)
	return out, found, err
}

// held notes the id of a property; the empty id forgets it.
func (c *Connector) held(base string, owner confluence.ID, key string, of id) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := base + string(owner) + "/" + key; of == "" {
		delete(c.props, at)
	} else {
		c.props[at] = of
	}
}

// setProperty writes a property of a space or page. Expect 0 creates it; if there is one already, T-4090 says so. A
// property that this connector has read or written before costs one call, any other one more.
func (c *Connector) setProperty(ctx context.Context, x confluence.SetProperty) (confluence.Result, error) {
	base, owner, err := c.propertyOwner(ctx, x.Space, x.ID)
	if err != nil {
		return confluence.Result{}, err
	}
	where := confluence.Where{Space: x.Space.Key, Content: string(x.ID)}
	const what = "the property could not be written"
	in := map[string]any{"key": x.Key, "value": json.RawMessage(x.Value)}
	put := func(k call) (confluence.Result, error) {
		var w propertyV2
		if _, err := c.do(ctx, k.At(where), &w); err != nil {
			return confluence.Result{}, err
		}
		c.held(base, owner, x.Key, w.ID)
		return confluence.Result{ID: w.ID.ID(), Version: w.Version.Number}, nil
	}
	if x.Expect == 0 {
		return put(wire.Write(http.MethodPost, base, what, in, string(owner)))
	}
	in["version"] = versionIn{Number: x.Expect + 1}
	c.mu.Lock()
	known := c.props[base+string(owner)+"/"+x.Key]
	c.mu.Unlock()
	if known != "" {
		r, err := put(wire.Write(http.MethodPut, base+"/{property}", what, in, string(owner), string(known)))
		if confluence.ClassOf(err) != confluence.ClassNotFound {
			return r, err
		}
	}
	w, found, err := c.lookUp(ctx, wire.Get(base, what, string(owner)).At(where), base, owner, x.Key)
	if err != nil {
		return confluence.Result{}, err
	}
	if !found {
		return confluence.Result{}, confluence.Errorf(confluence.CodeVersionMoved, "%s: it is no longer there", what).At(where)
	}
	return put(wire.Write(http.MethodPut, base+"/{property}", what, in, string(owner), string(w.ID)))
}
