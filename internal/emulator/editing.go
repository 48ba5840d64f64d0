package emulator

import (
	"fmt"
	"strconv"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// actEditor is a person opening a page in the editor and saving it (register row ST-04).
func actEditor(c *call, p *content) error {
	raw := c.heap.text(p.body)
	if c.dc() { // the editor of Data Center writes storage format as it is
		return c.save(p, raw)
	}
	saved, err := markup.EditorSave(raw, func(n int) string {
		return c.uuid("editor", p.idText(), strconv.Itoa(p.number()), strconv.Itoa(n))
	})
	if err != nil {
		return err
	}
	return c.save(p, saved)
}

// actDraft is a person writing in the editor without publishing: readers see nothing of it.
func actDraft(c *call, p *content, q actRequest) error {
	d := pending{title: p.title, body: p.body, base: p.body}
	if old := p.extra().pending; old != nil {
		d = *old
	}
	raw, err := q.Text, error(nil)
	if q.Text == "" {
		if raw, err = markup.EditBlock(c.heap.text(d.body), q.Block, scalar(q.Word), q.To); err != nil {
			return err
		}
	}
	if raw, err = c.normaliseLocked(asStorage(raw), func() *space { return p.space }, "draft", p.idText()); err != nil {
		return err
	}
	d.body, d.at, d.by = c.heap.putText(raw), c.stamp(), c.user
	p.more.pending = &d
	return nil
}

// actPublish is a person publishing the draft (register row PA-04): what was published since it was begun is in it.
func actPublish(c *call, p *content) error {
	d := p.extra().pending
	if d == nil {
		return fmt.Errorf("%q has no draft", p.title)
	}
	if d.title != p.title {
		if err := c.checkTitle(p.kind, p.space, d.title, p.created, p); err != nil {
			return err
		}
	}
	c.reconcile(p)
	if p.more.pending != nil {
		d = p.more.pending
	}
	body := c.heap.text(d.body)
	c.commit(p, "", false)
	p.more.pending = nil
	c.setBody(p, body)
	if d.title != p.title {
		c.retitle(p, d.title)
	}
	return nil
}

// reconcile brings the unpublished draft of a page up to what was just written under it, or drops it (register row
// PA-04).
func (s *Site) reconcile(p *content) {
	if p.more == nil || p.more.pending == nil {
		return
	}
	d := *p.more.pending
	if s.set.dropDrafts {
		p.more.pending = nil
		return
	}
	if d.base == p.body {
		return
	}
	merged, _ := markup.Reconcile(s.heap.text(d.base), s.heap.text(d.body), s.heap.text(p.body))
	d.body, d.base = s.heap.putText(merged), p.body
	p.more.pending = &d
}

// editorKey is the property that says with which editor a content is edited: "v2" is the new one, "v1" the legacy one.
const editorKey = "editor"

// checkEditor refuses the new editor for a content that it cannot hold (register row PA-17).
func (c *call) checkEditor(p *content, q *propertyRequest) error {
	if q.Key != editorKey || string(q.Value) != `"v2"` || p == nil || p.kind != page && p.kind != blogPost {
		return nil
	}
	if !markup.FitsEditor(c.heap.text(p.body)) {
		return invalid("Content body cannot be converted to new editor format")
	}
	return nil
}

// editorProperty is what the site decides itself where nobody chose: by what the content holds.
func (c *call) editorProperty(p *content) *property {
	value := `"v1"`
	if markup.FitsEditor(c.heap.text(p.body)) {
		value = `"v2"`
	}
	return &property{id: ownPropertyID(p, len(ownProperties)-1), key: editorKey, value: []byte(value), number: 1, at: p.created, created: p.created, by: p.creator}
}
