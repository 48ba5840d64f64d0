package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// rendered is a body made ready for the side it goes to.
type rendered struct {
	body     confluence.Body
	digest   confluence.Digest // content digest of the body as it is sent, references as written
	complete bool              // false: a reference needs an id that the side has not given yet
}

// render rewrites the references of the other side's body so that they lead to the same things on the side to. What
// cannot be resolved stays as it is written and becomes a finding; every other byte stays.
func (a *applier) render(ctx context.Context, to confluence.Side, src *store.Observed) (rendered, error) {
	raw, err := a.s.e.store.Blob(ctx, src.RawBlob)
	if err != nil {
		return rendered{}, err
	}
	r := rendered{complete: true}
	r.body = confluence.Body{Format: confluence.BodyFormat(src.Form.Format), Raw: string(raw)}
	if r.body.Format == "" {
		r.body.Format = confluence.Storage
	}
	if src.Form.Opaque || len(raw) == 0 {
		r.digest = confluence.Sum(raw)
		return r, nil
	}
	tree, err := body.Parse(r.body.Raw)
	if err != nil {
		return rendered{}, confluence.Errorf(confluence.CodeStateDamaged, "a stored body no longer parses").Because(err)
	}
	t := &translator{a: a, from: to.Other(), to: to, src: src, own: a.s.pair.Keys[to.Other()], complete: true}
	r.body.Raw = t.rewrite(tree)
	r.complete = t.complete
	if err := a.s.addFindings(ctx, t.findings()); err != nil {
		return rendered{}, err
	}
	if r.digest, err = sentDigest(r.body.Raw); err != nil || !a.s.paired {
		return r, err
	}
	return r.unmarked(), nil
}

// unmarked is a body without the comment markers of the side it comes from, which would dangle on the other.
func (r rendered) unmarked() rendered {
	if !strings.Contains(r.body.Raw, "ac:inline-comment-marker") {
		return r
	}
	return r.into(rendered{body: confluence.Body{Format: confluence.Storage}})
}

// sentDigest is the digest by which a body that was sent is recognised at the site: canonical, references as written.
func sentDigest(raw string) (confluence.Digest, error) {
	tree, err := body.Parse(raw)
	if err != nil {
		return confluence.Digest{}, confluence.Errorf(confluence.CodeIllFormedBody, "a body cannot be compared").Because(err)
	}
	return tree.Form().Content(func(body.Slot) string { return "" }), nil
}

// translator maps the references of one body.
type translator struct {
	a        *applier
	from, to confluence.Side
	src      *store.Observed
	own      string // key of the space it comes from
	complete bool
	dead     []string
	waiting  []string // written when their targets have arrived
	unmapped []string
}

// rewrite replaces the references. A body without any, or whose references all stay, is returned as it is.
func (t *translator) rewrite(tree *body.Tree) string {
	return tree.Rewrite(func(s body.Slot) (body.Slot, bool) {
		switch s.Kind {
		case body.SlotUser:
			return t.user(s)
		case body.SlotSpace:
			return t.space(s)
		case body.SlotPageID, body.SlotShortLink:
			return t.byID(s)
		case body.SlotTitleURL:
			return t.titleURL(s)
		}
		return t.byTitle(s)
	})
}

func (t *translator) user(s body.Slot) (body.Slot, bool) {
	account, ok := t.a.s.people.user(t.to, s.User)
	if !ok {
		t.unmapped = append(t.unmapped, string(s.User))
		return s, false
	}
	s.User, s.UserAttr = account, t.a.s.ids[t.to].Caps.Mention
	return s, true
}

func (t *translator) space(s body.Slot) (body.Slot, bool) {
	key, ok := t.a.s.keyAcross(t.from, s.SpaceKey)
	if !ok || key == s.SpaceKey {
		return s, false
	}
	s.SpaceKey = key
	return s, true
}

func (t *translator) holder() where { return t.a.view.holderOf(t.from, t.src, t.own) }

// byTitle maps links, includes and images that name their target by space and title. They need no id; a title that had
// to change and a space under another key are adapted.
func (t *translator) byTitle(s body.Slot) (body.Slot, bool) {
	w, ok := t.a.view.index[t.from].find(s, t.own, t.holder())
	if !ok {
		if s.Kind != body.SlotAttachment || s.Title != "" {
			t.dead = append(t.dead, spaceTitle(s, t.own))
		}
		return t.rekey(s)
	}
	out, changed := t.rekey(s)
	if title, ok := t.a.titleOn(t.to, w.twin); ok && s.Title != "" && migration.FoldTitle(title) != migration.FoldTitle(s.Title) {
		out.Title, changed = title, true
	}
	return out, changed
}

func (t *translator) rekey(s body.Slot) (body.Slot, bool) {
	if s.SpaceKey == "" {
		return s, false
	}
	key, ok := t.a.s.keyAcross(t.from, s.SpaceKey)
	if !ok || key == s.SpaceKey {
		return s, false
	}
	s.SpaceKey = key
	return s, true
}

// byID maps addresses that hold a page id. They can be written only once the side has given the target its id.
func (t *translator) byID(s body.Slot) (body.Slot, bool) {
	w, ok := t.a.view.index[t.from].find(s, t.own, t.holder())
	if !ok {
		if t.a.view.index[t.from].own(s.Base) {
			t.dead = append(t.dead, s.Written)
		}
		return s, false
	}
	id, ok := t.a.idOn(t.to, w.twin)
	if !ok {
		t.complete = false
		t.waiting = append(t.waiting, s.Written)
		return s, false
	}
	s.ID = id
	s.Base = t.base(s.Base)
	if s.SpaceKey != "" {
		if key, ok := t.a.s.keyAcross(t.from, s.SpaceKey); ok {
			s.SpaceKey = key
		}
	}
	return s, true
}

func (t *translator) titleURL(s body.Slot) (body.Slot, bool) {
	if !t.a.view.index[t.from].own(s.Base) {
		return s, false
	}
	key, ok := t.a.s.keyAcross(t.from, s.SpaceKey)
	if !ok {
		t.dead = append(t.dead, s.Written)
		return s, false
	}
	s.SpaceKey, s.Base = key, t.base(s.Base)
	if w, ok := t.a.view.index[t.from].find(s, t.own, t.holder()); ok {
		if title, ok := t.a.titleOn(t.to, w.twin); ok {
			s.Title = title
		}
	}
	return s, true
}

// base turns the beginning of an address of one site into that of the other; site-relative ones stay so.
func (t *translator) base(base string) string {
	to := t.a.s.ids[t.to].BaseURL
	if strings.Contains(base, "://") {
		return to
	}
	return contextPath(to)
}

func spaceTitle(s body.Slot, own string) string {
	key := s.SpaceKey
	if key == "" {
		key = own
	}
	if s.Kind == body.SlotAttachment {
		return fmt.Sprintf("%s: %s, file %s", key, s.Title, s.File)
	}
	return fmt.Sprintf("%s: %s", key, s.Title)
}

// findings reports what was left as it is, one finding a kind, with the number of occurrences.
func (t *translator) findings() []migration.Finding {
	var out []migration.Finding
	add := func(code confluence.Code, list []string, what string) {
		if len(list) == 0 {
			return
		}
		f := t.a.s.finding(t.from, code, t.src.Content, confluence.Kept, "body", what)
		f.Severity = migration.SeverityWarning
		f.Count = len(list)
		f.Where.Detail = strings.Join(firstFew(list), "; ")
		out = append(out, f)
	}
	add(confluence.CodeDeadReference, t.dead, "a link in "+describe(t.src.Content)+" leads to nothing that is part of this migration")
	if t.a.s.last {
		add(confluence.CodeDeadReference, t.waiting, "a link in "+describe(t.src.Content)+" leads to something that has not arrived")
	}
	add(confluence.CodeUserUnmapped, t.unmapped, "a mention in "+describe(t.src.Content)+" names a user without an account")
	return out
}

// firstFew keeps messages short: the first five different ones.
func firstFew(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, x := range list {
		if !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
		if len(out) == 5 {
			break
		}
	}
	return out
}

// titleOn is the title that a twin has on a side, or gets there; false for contents of other spaces.
func (a *applier) titleOn(side confluence.Side, twin confluence.TwinID) (string, bool) {
	if title, ok := a.titles[side][twin]; ok {
		return title, true
	}
	if !a.s.paired {
		o := a.view.seen[side.Other()].get(twin)
		if o == nil {
			return "", false
		}
		return o.Content.Title, true
	}
	if title := a.titleNow(side, twin); title != "" {
		return title, true
	}
	return "", false
}

// idOn is the id on a side of a twin of this space or of another one of the same sites.
func (a *applier) idOn(side confluence.Side, twin confluence.TwinID) (confluence.ID, bool) {
	if d, ok := a.destOf(side, twin); ok {
		return d.id, true
	}
	id, ok := a.view.elsewhere[side][twin]
	return id, ok
}
