package emulator

import (
	"encoding/json"
	"fmt"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// live reports whether a page is a live doc.
func (c *content) live() bool {
	return c.kind == page && c.more != nil && c.more.nature != nil && c.more.nature.live
}

// subtype is live for a live doc, else null.
func (c *content) subtype() any {
	if c.live() {
		return "live"
	}
	return nil
}

// bySubtype narrows a listing of pages to live docs, or to pages that are none.
func (c *call) bySubtype(keep func(*content) bool) (func(*content) bool, error) {
	switch subtype := c.query.Get("subtype"); subtype {
	case "":
		return keep, nil
	case "live", "page":
		return func(p *content) bool { return p.live() == (subtype == "live") && keep(p) }, nil
	default:
		return nil, invalid("Provided value {" + subtype + "} for 'subtype' is not valid")
	}
}

// makeLive makes a new page a live doc. It has a document of its own in the editor, beside the stored body.
func (p *content) makeLive() {
	p.extra().nature = &nature{live: true, document: p.body}
}

// actAutosave is the editor of a live doc saving by itself. What REST wrote since, the editor knows by the local ids of
// its elements: a body with a macro without one is given up for the editor's own document, all else is taken over
// (register row PA-18).
func actAutosave(c *call, raw json.RawMessage) error {
	return withPage(func(c *call, p *content, _ actRequest) error {
		if !p.live() {
			return fmt.Errorf("%q is no live doc", p.title)
		}
		stored, document := c.heap.text(p.body), c.heap.text(p.more.nature.document)
		undo, err := markup.HasMacroWithoutLocalID(stored)
		if err != nil {
			return err
		}
		next := *p.more.nature
		if !undo {
			next.document = p.body
			p.more.nature = &next
			return nil
		}
		c.commit(p, "", false)
		c.setBody(p, document)
		return nil
	})(c, raw)
}
