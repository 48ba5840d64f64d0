package cloud

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

var (
	_ confluence.TrashReader = (*Connector)(nil)
	_ confluence.Templates   = (*Connector)(nil)
	_ confluence.States      = (*Connector)(nil)
)

type templateV1 struct {
	ID          id        `json:"templateId"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Labels      []labelV2 `json:"labels"`
	Body        bodyV2    `json:"body"`
}

// Templates returns the page templates of a space or of the site. Names are not unique.
func (c *Connector) Templates(ctx context.Context, space confluence.Space) ([]confluence.Template, error) {
	if space.ID != "" && space.Key == "" {
		var err error
		if space, err = c.space(ctx, space); err != nil {
			return nil, err
		}
	}
	k := wire.Get(v1+"/template/page", "the templates could not be listed").
		With("spaceKey", space.Key, "expand", "body").At(confluence.Where{Space: space.Key})
	var out []confluence.Template
	seen := map[id]bool{}
	err := listByStart(ctx, c, k, func(got []templateV1) {
		for _, w := range got {
			if seen[w.ID] {
				continue
			}
			seen[w.ID] = true
			t := confluence.Template{ID: w.ID.ID(), Name: w.Name, Description: w.Description, SpaceKey: space.Key, Body: w.Body.body()}
			for _, l := range w.Labels {
				t.Labels = append(t.Labels, l.label())
			}
			out = append(out, t)
		}
	})
	slices.SortFunc(out, func(a, b confluence.Template) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

type stateV1 struct {
	ID   id     `json:"id"`
	Name string `json:"name"`
}

// State returns the name of a page's content state.
func (c *Connector) State(ctx context.Context, of confluence.ID) (string, error) {
	var w struct {
		State *stateV1 `json:"contentState"`
	}
	k := wire.Get(v1+"/content/{id}/state", "the content state could not be read", string(of)).
		With("status", "current").At(confluence.Where{Content: string(of)})
	if _, err := c.do(ctx, k, &w); err != nil || w.State == nil {
		return "", err
	}
	return w.State.Name, nil
}

// setState sets a state by its id, from those that the site offers for the page: a write by name would make a personal
// state that stays for good (cloud-api.md section 6.9).
func (c *Connector) setState(ctx context.Context, x confluence.SetState) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	const what, route = "the content state could not be set", v1 + "/content/{id}/state"
	if x.Name == "" {
		return c.silent(ctx, wire.Write(http.MethodDelete, route, what, nil, string(x.ID)).With("status", "current").At(where).Repeatable(), x.ID)
	}
	var offered struct {
		Space  []stateV1 `json:"spaceContentStates"`
		Custom []stateV1 `json:"customContentStates"`
	}
	if _, err := c.do(ctx, wire.Get(route+"/available", what, string(x.ID)).At(where), &offered); err != nil {
		return confluence.Result{}, err
	}
	all := append(offered.Space, offered.Custom...)
	i := slices.IndexFunc(all, func(s stateV1) bool { return strings.EqualFold(strings.TrimSpace(s.Name), strings.TrimSpace(x.Name)) })
	if i < 0 {
		return confluence.Result{}, confluence.Errorf(confluence.CodeNotCapable, "the site offers no state %q for the page", x.Name).At(where)
	}
	in := map[string]any{"id": all[i].ID.Number()}
	// It makes a version each time, so it is not sent again after a lost answer.
	return c.silent(ctx, wire.Write(http.MethodPut, route, what, in, string(x.ID)).With("status", "current").At(where), x.ID)
}
