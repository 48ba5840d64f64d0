package engine

import (
	"context"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// abilities say what a site offers and what not, in the words of people.
func abilities(caps confluence.Capabilities) []SiteLine {
	writes := SiteLine{Level: "ok", Name: "writes", Text: "taken"}
	if !caps.Write {
		writes = SiteLine{Level: "warn", Name: "writes", Text: "not taken: the site can only be read"}
	}
	var can, cannot []string
	for _, a := range []struct {
		has  bool
		name string
	}{
		{caps.Position, "order of pages"}, {caps.RootPages, "pages beside the home page"}, {caps.BlogDate, "dates of blog posts"},
		{caps.InlineComments, "inline comments"}, {caps.Resolution, "resolution of comments"}, {caps.Drafts, "drafts"},
		{caps.Permissions, "permissions of spaces"}, {caps.Archive, "archived pages"}, {caps.Trash, "trash"},
		{caps.Properties, "properties"}, {caps.Templates, "templates"}, {caps.States, "content states"}, {caps.Directory, "users and groups"},
	} {
		if a.has {
			can = append(can, a.name)
		} else {
			cannot = append(cannot, a.name)
		}
	}
	out := []SiteLine{writes}
	if len(can) > 0 {
		out = append(out, SiteLine{Level: "info", Name: "offers", Text: strings.Join(can, ", ")})
	}
	if len(cannot) > 0 {
		out = append(out, SiteLine{Level: "info", Name: "does not offer", Text: strings.Join(cannot, ", ")})
	}
	return out
}

// RecordSite records what a site answers to a tour of one of its spaces. Nothing is written to the site.
func (e *Engine) RecordSite(ctx context.Context, name, space, dir string) (int, error) {
	row, secret, err := e.siteRow(ctx, name)
	if err != nil {
		return 0, err
	}
	if e.opt.Record == nil || row.Kind == confluence.Export {
		return 0, confluence.Errorf(confluence.CodeNotCapable, "there are no answers of %s to record", name).At(confluence.Where{Site: name})
	}
	return e.opt.Record(ctx, row, secret, space, dir)
}
