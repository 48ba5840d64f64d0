package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// Act performs an action of a person, in the words of formats.md section 2, and returns the ids of the contents that it
// was about. What a person may not do is not checked: it is the fidelity of the effects that counts here.
func (s *Site) Act(userID string, action json.RawMessage) ([]string, error) {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(action, &named); err != nil || len(named) != 1 {
		return nil, fmt.Errorf("emulator: an action is an object with one member: %s", action)
	}
	s.settleLate()
	now := s.clock.Now()
	defer s.change(now)()
	who := s.people.byID[userID]
	if who == nil {
		return nil, fmt.Errorf("emulator: no user %q", userID)
	}
	s.did("act", userID, string(action))
	c := &call{Site: s, now: now, user: who, route: &route{method: "POST", template: "/act", api: v1}}
	for name, raw := range named {
		act, ok := acts[name]
		if !ok {
			return nil, fmt.Errorf("emulator: no action %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(acts)), ", "))
		}
		if err := act(c, raw); err != nil {
			return nil, fmt.Errorf("emulator: %s: %w", name, err)
		}
	}
	c.dispatch()
	ids := []string{}
	for _, p := range c.touched {
		ids = append(ids, p.idText())
		if s.world.contents[p.id] == p {
			s.books.readers(p, s.readers(p.root()))
		}
	}
	return ids, nil
}

// acts are the actions by name.
var acts = map[string]func(*call, json.RawMessage) error{
	"edit": bodyAct(func(q actRequest, raw string) (string, error) {
		return markup.EditBlock(raw, q.Block, scalar(q.Word), q.To)
	}),
	"insert": bodyAct(func(q actRequest, raw string) (string, error) { return markup.InsertAfter(raw, q.After, q.Text) }),
	"drop":   bodyAct(func(q actRequest, raw string) (string, error) { return markup.DropBlock(raw, q.Block) }),
	"body":   bodyAct(func(q actRequest, _ string) (string, error) { return q.Text, nil }),
	"macro": bodyAct(func(q actRequest, raw string) (string, error) {
		if q.Block != "" {
			return markup.EditInMacro(raw, q.Macro, q.Block, q.To)
		}
		return markup.SetMacro(raw, q.Macro, q.Param, q.To)
	}),
	"rename": withPage(func(c *call, p *content, q actRequest) error {
		if err := c.checkTitle(p.kind, p.space, q.To, p.created, p); err != nil {
			return err
		}
		c.commit(p, "", false)
		c.retitle(p, q.To)
		return nil
	}),
	"dropVersion": withPage(func(_ *call, p *content, q actRequest) error {
		if _, found := p.then(q.Version); !found || q.Version == p.number() {
			return fmt.Errorf("%q has no past version %d", p.title, q.Version)
		}
		p.dropVersion(q.Version)
		return nil
	}),
	"move":    withPage(actMove),
	"moveOut": withPage(actMoveOut),
	"editor":  withPages(actEditor),
	"draft":   withPage(actDraft),
	"publish": withPages(actPublish),
	"resave":  withPages(func(c *call, p *content) error { c.commit(p, "", false); return nil }),
	"trash":   withPages(func(c *call, p *content) error { c.trash(p); return nil }),
	"restore": withPages(func(c *call, p *content) error {
		if p.status != trashed {
			return fmt.Errorf("%q is not in the trash", p.title)
		}
		if err := c.checkTitle(p.kind, p.space, p.title, p.created, p); err != nil {
			return err
		}
		c.commit(p, "", false)
		c.untrash(p)
		return nil
	}),
	"purge":   withPages(func(c *call, p *content) error { c.orphan(p); c.erase(p); return nil }),
	"archive": withPages(func(_ *call, p *content) error { p.status = archived; return nil }),
	"view":    withPages(actView),
	"create":  actCreate,
	"like":    actLike(true),
	"unlike":  actLike(false),
	// The editor of a live doc saves by itself.
	"autosave": actAutosave,
	"group":    actGroup,
	"leave":    actLeave,
	"theme":    actTheme,
	// The key of a space is changed.
	"alias": actAlias,
	// A person deletes a space of Cloud: its key stays taken until the space is purged (register row SP-04).
	"trashSpace": withSpace(func(_ *call, s *space) { s.status = "trashed" }),
	"purgeSpace": withSpace(func(c *call, s *space) { c.dropSpace(s) }),
	"label": withPage(func(c *call, p *content, q actRequest) error {
		for _, name := range texts(q.Add) {
			// Servers keep labels in lower case.
			name = strings.ToLower(name)
			prefix, short, ok := strings.Cut(name, ":")
			if !ok {
				prefix, short = "global", name
			}
			p.stick(c.label(prefix, short))
		}
		for _, name := range texts(q.Remove) {
			name = strings.ToLower(name)
			p.labels = slices.DeleteFunc(slices.Clone(p.labels), func(l *label) bool {
				return l.name == name || l.prefix+":"+l.name == name
			})
		}
		return nil
	}),
	"attach": withPage(func(c *call, p *content, q actRequest) error {
		bytesOf, err := c.heap.putFile(strings.NewReader(q.Bytes), 1<<40)
		if err != nil {
			return err
		}
		c.attach(p, uploaded{q.Name, mediaType(q.Name, ""), bytesOf}, &upload{})
		return nil
	}),
	"detach": withPage(func(_ *call, p *content, q actRequest) error {
		f := fileNamed(p, q.Name)
		if f == nil {
			return fmt.Errorf("no attachment %q", q.Name)
		}
		f.status = trashed
		return nil
	}),
	"comment":     withPage(actComment),
	"editComment": withPage(actEditComment),
	"dropComment": withPage(func(c *call, p *content, q actRequest) error {
		m, err := c.commentNamed(p, q.Comment)
		if err == nil {
			c.dropThread(m)
		}
		return err
	}),
	"restrict": withPage(func(c *call, p *content, q actRequest) error {
		for _, who := range slices.Concat(q.Read, q.Update) {
			kind, id, _ := strings.Cut(who, ":")
			if _, err := c.subject(kind, id); err != nil {
				return err
			}
		}
		p.extra().read, p.extra().update = sorted(q.Read), sorted(q.Update)
		return nil
	}),
}

// actRequest holds the members of all actions.
type actRequest struct {
	Page, Block, To, After, Text, Macro, Param, Under, Before, Space, Title, Kind, Name, Bytes, As, On, Comment string

	Word, Add, Remove, Reply any
	Draft                    bool
	Version                  int
	Read, Update             []string
}

// scalar is a number or a text as text.
func scalar(v any) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(encode(v)), `"`)
}

// texts is one text or a list of them.
func texts(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, scalar(e))
		}
		return out
	}
	return nil
}

func readAct(raw json.RawMessage) (actRequest, error) {
	var q actRequest
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(&q)
	return q, err
}

func withSpace(do func(*call, *space)) func(*call, json.RawMessage) error {
	return func(c *call, raw json.RawMessage) error {
		q, err := readAct(raw)
		if err != nil {
			return err
		}
		s := c.world.keys[foldKey(q.Space)]
		if s == nil {
			return fmt.Errorf("no space %q", q.Space)
		}
		do(c, s)
		return nil
	}
}

func withPage(do func(*call, *content, actRequest) error) func(*call, json.RawMessage) error {
	return func(c *call, raw json.RawMessage) error {
		q, err := readAct(raw)
		if err != nil {
			return err
		}
		p, err := c.called(q.Page)
		if err != nil {
			return err
		}
		c.touch(p)
		return do(c, p, q)
	}
}

// withPages takes a name, a list of names, or a range F001..F030.
func withPages(do func(*call, *content) error) func(*call, json.RawMessage) error {
	return func(c *call, raw json.RawMessage) error {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		for _, name := range texts(v) {
			for _, one := range ranged(name) {
				p, err := c.called(one)
				if err != nil {
					return err
				}
				c.touch(p)
				if err := do(c, p); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func ranged(name string) []string {
	from, to, ok := strings.Cut(name, "..")
	prefix := strings.TrimRight(from, "0123456789")
	var a, b int
	if _, err := fmt.Sscanf(strings.TrimPrefix(from, prefix), "%d", &a); !ok || err != nil {
		return []string{name}
	}
	if _, err := fmt.Sscanf(strings.TrimPrefix(to, prefix), "%d", &b); err != nil {
		return []string{name}
	}
	width := len(from) - len(prefix)
	var out []string
	for ; a <= b; a++ {
		out = append(out, fmt.Sprintf("%s%0*d", prefix, width, a))
	}
	return out
}

// called finds a page or blog post by id, by the title it was made with, or by its title now.
func (c *call) called(name string) (*content, error) {
	var now *content
	for _, s := range c.world.spaces {
		for _, p := range slices.Concat(s.pages, s.blogs, s.folders) {
			first := p.title
			if p.more != nil && p.more.firstly != "" {
				first = p.more.firstly
			}
			if first == name || p.idText() == name {
				return p, nil
			}
			if p.title == name && now == nil {
				now = p
			}
		}
	}
	if now == nil {
		return nil, fmt.Errorf("no page %q", name)
	}
	return now, nil
}

func bodyAct(edit func(actRequest, string) (string, error)) func(*call, json.RawMessage) error {
	return withPage(func(c *call, p *content, q actRequest) error {
		raw, err := edit(q, c.heap.text(p.body))
		if err != nil {
			return err
		}
		return c.save(p, raw)
	})
}

// save makes a new version with another body.
func (c *call) save(p *content, raw string) error {
	text, err := c.normaliseLocked(raw, func() *space { return p.space }, "act", p.idText())
	if err != nil {
		return err
	}
	c.commit(p, "", false)
	c.setBody(p, text)
	return nil
}
