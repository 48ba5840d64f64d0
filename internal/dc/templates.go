package dc

import (
	"cmp"
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type templateW struct {
	ID          id       `json:"templateId"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Labels      []labelW `json:"labels"`
	Body        bodyW    `json:"body"`
}

// Templates returns the page templates of a space or of the site. The resource is experimental, and some sites have none:
// Capabilities.Templates tells.
func (c *Connector) Templates(ctx context.Context, space confluence.Space) ([]confluence.Template, error) {
	k := wire.Get(experimental+"/template/page", "the templates could not be listed").
		With("spaceKey", space.Key, "expand", "body", "limit", "100").At(confluence.Where{Space: space.Key})
	var out []confluence.Template
	seen := map[id]bool{}
	err := listAll(ctx, c, k, func(got []templateW) bool {
		for _, w := range got {
			if seen[w.ID] {
				continue
			}
			seen[w.ID] = true
			t := confluence.Template{ID: w.ID.ID(), Name: w.Name, Description: w.Description, SpaceKey: space.Key, Labels: labelsOf(w.Labels)}
			if w.Body.Storage != nil {
				t.Body = confluence.Body{Format: confluence.Storage, Raw: w.Body.Storage.Value}
			}
			out = append(out, t)
		}
		return true
	})
	slices.SortFunc(out, func(a, b confluence.Template) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}
