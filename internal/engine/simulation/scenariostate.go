package simulation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// siteState is what a state dump says, with the contents by id.
type siteState struct {
	Content []*content `json:"content"`
	Groups  []struct {
		Name    string   `json:"name"`
		Members []string `json:"members"`
	} `json:"groups"`
	Users []struct {
		ID     string `json:"id"`
		Active bool   `json:"active"`
	} `json:"users"`
	Spaces []struct {
		ID         string                     `json:"id"`
		Key        string                     `json:"key"`
		Home       string                     `json:"home"`
		Properties map[string]json.RawMessage `json:"properties"`
	} `json:"spaces"`

	byID map[string]*content
}

// content is a row of a state dump.
type content struct {
	ID           string   `json:"id"`
	Kind         string   `json:"kind"`
	Space        string   `json:"space"`
	Status       string   `json:"status"`
	Title        string   `json:"title"`
	Body         string   `json:"body"`
	Parent       string   `json:"parent"`
	Position     *int64   `json:"position"`
	Version      int      `json:"version"`
	Labels       []string `json:"labels"`
	Restrictions struct {
		Read   []string `json:"read"`
		Update []string `json:"update"`
	} `json:"restrictions"`
	File *struct {
		Name   string `json:"name"`
		SHA256 string `json:"sha256"`
	} `json:"file"`
	Comment *struct {
		Kind       string `json:"kind"`
		Marker     string `json:"marker"`
		Parent     string `json:"parent"`
		Resolution string `json:"resolution"`
	} `json:"comment"`
	Versions []struct {
		Number int    `json:"number"`
		By     string `json:"by"`
	} `json:"versions"`
}

func readState(dump []byte) (*siteState, error) {
	s := &siteState{byID: map[string]*content{}}
	if err := json.Unmarshal(dump, s); err != nil {
		return nil, fmt.Errorf("the state dump cannot be read: %w", err)
	}
	for _, c := range s.Content {
		s.byID[c.ID] = c
	}
	return s, nil
}

// isPage reports whether a content is a page or blog post.
func (c *content) isPage() bool { return c.Kind == "page" || c.Kind == "blogpost" }

// live reports whether a content takes part in what the sides share: neither trashed nor a draft.
func (c *content) live() bool { return c.Status == "current" || c.Status == "archived" }

// pages are the pages and blog posts of a space.
func (s *siteState) pages(key string) []*content {
	var out []*content
	for _, c := range s.Content {
		if c.isPage() && c.Space == key {
			out = append(out, c)
		}
	}
	return out
}

// under are the live pages below a parent, in their order; explicit says that people or programs chose it.
func (s *siteState) under(parent *content) (out []*content, explicit bool) {
	explicit = true
	for _, c := range s.Content {
		if c.Kind == "page" && c.live() && c.Parent == parent.ID {
			out = append(out, c)
			explicit = explicit && c.Position != nil
		}
	}
	slices.SortStableFunc(out, func(a, b *content) int {
		switch {
		case a.Position != nil && b.Position != nil:
			return cmp.Compare(*a.Position, *b.Position)
		case a.Position != nil:
			return -1
		case b.Position != nil:
			return 1
		}
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return out, explicit
}

// titled is the live page of a title.
func (s *siteState) titled(key, title string) *content {
	for _, c := range s.Content {
		if c.isPage() && c.live() && c.Space == key && strings.EqualFold(c.Title, title) {
			return c
		}
	}
	return nil
}

// on are the contents of a kind on a page, in the order of the dump.
func (s *siteState) on(page *content, kind string) []*content {
	var out []*content
	for _, c := range s.Content {
		if c.Kind == kind && c.Status != "trashed" && s.holder(c) == page {
			out = append(out, c)
		}
	}
	return out
}

// holder is the page that an attachment or comment is on.
func (s *siteState) holder(c *content) *content {
	for c != nil && !c.isPage() {
		c = s.byID[c.Parent]
	}
	return c
}

// neutral is one page in words that both sides share.
type neutral struct {
	Kind, Title, Parent, Status string
	Body                        confluence.Digest
	Labels, Comments            []string
	Files                       map[string]string
	Read, Update                []string
}

// neutralOf puts a page into words that both sides share.
func (c *cast) neutralOf(side confluence.Side, s *siteState, p *content) neutral {
	n := neutral{
		Kind: p.Kind, Title: p.Title, Status: p.Status, Body: c.digest(side, s, p, p.Body), Labels: slices.Clone(p.Labels),
		Comments: c.comments(side, s, p), Files: map[string]string{},
		Read: c.principals(side, p.Restrictions.Read), Update: c.principals(side, p.Restrictions.Update),
	}
	if parent := s.byID[p.Parent]; parent != nil && p.Kind == "page" {
		n.Parent = c.nameOf(side, parent)
	}
	slices.Sort(n.Labels)
	for _, f := range s.on(p, "attachment") {
		if f.File != nil && f.Status == "current" {
			n.Files[f.Title] = f.File.SHA256
		}
	}
	return n
}

// comments are the comments of a page, each with its answers, sorted.
func (c *cast) comments(side confluence.Side, s *siteState, p *content) []string {
	all := s.on(p, "comment")
	var below func(parent string) []string
	below = func(parent string) []string {
		out := []string{}
		for _, m := range all {
			if m.Comment == nil || m.Comment.Parent != parent {
				continue
			}
			line := fmt.Sprintf("%.8x %q", c.digest(side, s, p, m.Body), plain(m.Body))
			if parent == "" {
				line = m.Comment.Kind + " " + line
			}
			if m.Comment.Resolution == "resolved" {
				line += " resolved"
			}
			out = append(out, line+fmt.Sprint(below(m.ID)))
		}
		slices.Sort(out)
		return out
	}
	return below("")
}

// texts are the visible texts of the comments on a page, answers included, sorted.
func (s *siteState) texts(p *content) []string {
	out := []string{}
	for _, m := range s.on(p, "comment") {
		out = append(out, plain(m.Body))
	}
	slices.Sort(out)
	return out
}

// plain is the visible text of a body on one line.
func plain(raw string) string {
	text, err := markup.Text(raw)
	if err != nil {
		text = raw
	}
	return strings.Join(strings.Fields(text), " ")
}

// digest is what a body says, with its references resolved on its own side and named as both sides name them.
func (c *cast) digest(side confluence.Side, s *siteState, p *content, raw string) confluence.Digest {
	tree, err := body.Parse(raw)
	if err != nil {
		return confluence.Sum([]byte("unreadable " + raw))
	}
	return tree.Form().Content(func(slot body.Slot) string { return c.target(side, s, p, slot) })
}

// target names what a reference leads to; empty where that is unknown.
func (c *cast) target(side confluence.Side, s *siteState, p *content, slot body.Slot) string {
	key := cmp.Or(slot.SpaceKey, p.Space)
	page := func(found *content) string {
		if found == nil {
			return ""
		}
		return "page:" + c.nameOf(side, found)
	}
	switch slot.Kind {
	case body.SlotPage, body.SlotBlogPost, body.SlotTitleURL:
		if slot.Title == "" {
			return "space:" + key
		}
		return page(s.titled(key, slot.Title))
	case body.SlotPageID, body.SlotShortLink:
		return page(s.byID[string(slot.ID)])
	case body.SlotAttachment:
		on := p
		if slot.Title != "" {
			on = s.titled(key, slot.Title)
		} else if slot.ID != "" {
			on = s.byID[string(slot.ID)]
		}
		if on == nil {
			return ""
		}
		return "attachment:" + c.nameOf(side, on) + "/" + slot.File
	case body.SlotUser:
		if name := c.person(side, string(slot.User)); name != "" {
			return "user:" + name
		}
	case body.SlotSpace:
		return "space:" + key
	}
	return ""
}

// principals are restrictions in scenario words, tandem's own account left out, sorted.
func (c *cast) principals(side confluence.Side, list []string) []string {
	out := []string{}
	for _, p := range list {
		if id, ok := strings.CutPrefix(p, "user:"); ok {
			if id == c.service[side] {
				continue
			}
			p = "user:" + cmp.Or(c.person(side, id), id)
		}
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// readers are the people who can read a page, by its restrictions and those of the pages above it.
func (c *cast) readers(side confluence.Side, s *siteState, p *content) map[string]bool {
	out := map[string]bool{}
	for _, name := range people {
		out[name] = true
	}
	for ; p != nil; p = s.byID[p.Parent] {
		allowed := p.Restrictions.Read
		if len(allowed) == 0 {
			continue
		}
		can := map[string]bool{}
		for _, principal := range allowed {
			if id, ok := strings.CutPrefix(principal, "user:"); ok {
				can[c.person(side, id)] = true
			}
			for _, g := range s.Groups {
				if principal == "group:"+g.Name {
					for _, id := range g.Members {
						can[c.person(side, id)] = true
					}
				}
			}
		}
		for name := range out {
			if !can[name] {
				delete(out, name)
			}
		}
	}
	return out
}
