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

// rendered is a body made ready for the destination.
type rendered struct {
	body     confluence.Body
	digest   confluence.Digest // content digest of the body as it is sent, references as written
	complete bool              // false: a reference needs an id that the destination has not given yet
}

// render rewrites the references of a source body so that they lead to the same things at the destination. What cannot
// be resolved stays as it is written and becomes a finding; every other byte stays.
func (a *applier) render(ctx context.Context, src *store.Observed) (rendered, error) {
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
	t := &translator{a: a, src: src, own: a.s.pair.Keys[confluence.A], complete: true}
	r.body.Raw = t.rewrite(tree)
	r.complete = t.complete
	if err := a.s.addFindings(ctx, t.findings()); err != nil {
		return rendered{}, err
	}
	r.digest, err = sentDigest(r.body.Raw)
	return r, err
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
	src      *store.Observed
	own      string // space key of the source
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
	account, ok := t.a.s.people.account(s.User)
	if !ok {
		t.unmapped = append(t.unmapped, string(s.User))
		return s, false
	}
	s.User, s.UserAttr = account, "account-id"
	return s, true
}

func (t *translator) space(s body.Slot) (body.Slot, bool) {
	key, ok := t.a.s.targetKey(s.SpaceKey)
	if !ok || key == s.SpaceKey {
		return s, false
	}
	s.SpaceKey = key
	return s, true
}

func (t *translator) holder() where {
	c := t.src.Content
	w := where{twin: t.src.Twin, id: c.ID, kind: c.Kind, key: t.own}
	if c.Kind == confluence.Comment {
		if h, ok := t.a.view.index[confluence.A].ids[c.Container]; ok {
			return h
		}
	}
	return w
}

// byTitle maps links, includes and images that name their target by space and title. They need no id; a title that had
// to change and a space under another key are adapted.
func (t *translator) byTitle(s body.Slot) (body.Slot, bool) {
	w, ok := t.a.view.index[confluence.A].find(s, t.own, t.holder())
	if !ok {
		if s.Kind != body.SlotAttachment || s.Title != "" {
			t.dead = append(t.dead, spaceTitle(s, t.own))
		}
		return t.rekey(s)
	}
	out, changed := t.rekey(s)
	if title, ok := t.a.targetTitle(w.twin); ok && s.Title != "" && migration.FoldTitle(title) != migration.FoldTitle(s.Title) {
		out.Title, changed = title, true
	}
	return out, changed
}

func (t *translator) rekey(s body.Slot) (body.Slot, bool) {
	if s.SpaceKey == "" {
		return s, false
	}
	key, ok := t.a.s.targetKey(s.SpaceKey)
	if !ok || key == s.SpaceKey {
		return s, false
	}
	s.SpaceKey = key
	return s, true
}

// byID maps addresses that hold a page id. They can be written only once the destination has given the target its id.
func (t *translator) byID(s body.Slot) (body.Slot, bool) {
	w, ok := t.a.view.index[confluence.A].find(s, t.own, t.holder())
	if !ok {
		if t.a.view.index[confluence.A].own(s.Base) {
			t.dead = append(t.dead, s.Written)
		}
		return s, false
	}
	id, ok := t.a.targetID(w.twin)
	if !ok {
		t.complete = false
		t.waiting = append(t.waiting, s.Written)
		return s, false
	}
	s.ID = id
	s.Base = t.base(s.Base)
	if s.SpaceKey != "" {
		if key, ok := t.a.s.targetKey(s.SpaceKey); ok {
			s.SpaceKey = key
		}
	}
	return s, true
}

func (t *translator) titleURL(s body.Slot) (body.Slot, bool) {
	if !t.a.view.index[confluence.A].own(s.Base) {
		return s, false
	}
	key, ok := t.a.s.targetKey(s.SpaceKey)
	if !ok {
		t.dead = append(t.dead, s.Written)
		return s, false
	}
	s.SpaceKey, s.Base = key, t.base(s.Base)
	if w, ok := t.a.view.index[confluence.A].find(s, t.own, t.holder()); ok {
		if title, ok := t.a.targetTitle(w.twin); ok {
			s.Title = title
		}
	}
	return s, true
}

// base turns the beginning of an address of the source into that of the destination; site-relative ones stay so.
func (t *translator) base(base string) string {
	to := t.a.s.ids[confluence.B].BaseURL
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
		f := t.a.s.finding(code, t.src.Content, confluence.Kept, "body", what)
		f.Severity = migration.SeverityWarning
		f.Count = len(list)
		f.Where.Detail = strings.Join(firstFew(list), "; ")
		out = append(out, f)
	}
	add(confluence.CodeDeadReference, t.dead, "a link in "+describe(t.src.Content)+" leads to nothing that is part of this migration")
	if t.a.s.row.Task.Phase == migration.PhaseRelink {
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

// targetKey returns the destination's key of a source space that takes part, or took part in an earlier run.
func (s *spaceRun) targetKey(key string) (string, bool) {
	if key == s.scope.Key {
		return s.pair.Keys[confluence.B], true
	}
	if target, ok := s.planned(key); ok {
		return target, true
	}
	target, ok := s.partners[key]
	return target, ok
}

// targetTitle is the title a twin has, or gets, at the destination.
func (a *applier) targetTitle(twin confluence.TwinID) (string, bool) {
	if o := a.view.source[twin]; o != nil {
		return o.Content.Title, true
	}
	return "", false
}

// targetID is the destination's id of a twin of this space or of another one of the same sites.
func (a *applier) targetID(twin confluence.TwinID) (confluence.ID, bool) {
	if d, ok := a.destOf(twin); ok {
		return d.id, true
	}
	id, ok := a.view.elsewhere[twin]
	return id, ok
}
