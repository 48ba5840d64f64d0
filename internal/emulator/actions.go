package emulator

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

func actMove(c *call, p *content, q actRequest) error {
	for where, name := range map[string]string{"append": q.Under, "before": q.Before, "after": q.After} {
		if name == "" || where == "append" && (q.Before != "" || q.After != "") {
			continue
		}
		target, err := c.called(name)
		if err != nil {
			return err
		}
		parent := target.parent
		if where == "append" {
			parent = target
		}
		if inSubtree(parent, p) {
			return fmt.Errorf("%q cannot be moved below itself", p.title)
		}
		c.moveTo(p, parent, where, target)
	}
	return nil
}

func actMoveOut(c *call, p *content, q actRequest) error {
	to := c.world.keys[foldKey(q.Space)]
	if to == nil {
		return fmt.Errorf("no space %q", q.Space)
	}
	if err := c.changeSpace(p, to); err != nil {
		return err
	}
	c.moveTo(p, to.home, "append", nil)
	return nil
}

func actCreate(c *call, raw json.RawMessage) error {
	q, err := readAct(raw)
	if err != nil {
		return err
	}
	p := &content{kind: page, title: q.Title, creator: c.user, created: c.stamp(), firstAt: 1, last: version{at: c.stamp(), by: c.user}}
	if q.Kind == "blog" {
		p.kind = blogPost
	}
	if q.Draft {
		p.status = draft
	}
	var parent *content
	if q.Under != "" {
		if parent, err = c.called(q.Under); err != nil {
			return err
		}
		p.space = parent.space
	} else if p.space = c.world.keys[foldKey(q.Space)]; p.space == nil {
		return fmt.Errorf("create needs under or space")
	} else {
		parent = p.space.home
	}
	if err := c.checkTitle(p.kind, p.space, p.title, p.created, nil); err != nil {
		return err
	}
	p.id = c.world.newID()
	text, err := c.normaliseLocked(asStorage(q.Text), func() *space { return p.space }, "act", p.idText())
	if err != nil {
		return err
	}
	p.body = c.heap.putText(text)
	c.add(p)
	c.todoOf(p, text)
	if p.kind == page {
		c.link(p, parent)
	}
	c.touch(p)
	return nil
}

// asStorage takes text without any element as one paragraph.
func asStorage(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), "<") || text == "" {
		return text
	}
	return "<p>" + markup.EscapeText(text) + "</p>"
}

// commentNamed finds a comment by id or by its text.
func (c *call) commentNamed(p *content, name string) (*content, error) {
	for _, m := range p.comments() {
		if m.idText() == name || strings.Contains(c.plainText(m), name) {
			return m, nil
		}
	}
	return nil, fmt.Errorf("no comment %q on %q", name, p.title)
}

func actComment(c *call, p *content, q actRequest) error {
	var replyTo *content
	if reply := scalar(q.Reply); reply != "" {
		var err error
		if replyTo, err = c.commentNamed(p, reply); err != nil {
			return err
		}
	}
	m := c.newComment(p, replyTo, asStorage(q.Text), q.On != "" || replyTo != nil && replyTo.more.remark.inline)
	if q.On == "" {
		return nil
	}
	ref := c.uuid("marker", m.idText())
	body, err := markup.MarkBlock(c.heap.text(p.body), q.On, ref)
	if err != nil {
		return err
	}
	m.more.remark.marker, m.more.remark.selection, m.more.remark.resolution = ref, q.On, "open"
	p.body = c.heap.putText(body)
	return nil
}

func actEditComment(c *call, p *content, q actRequest) error {
	m, err := c.commentNamed(p, q.Comment)
	if err != nil {
		return err
	}
	c.commit(m, "", false)
	m.body = c.heap.putText(asStorage(q.Text))
	return nil
}
