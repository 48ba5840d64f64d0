package simulation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// act lets a person do something on a side. Pages and people are called as the scenario calls them.
func (p *play) act(side confluence.Side, person string, d deed) error {
	if actions[d.Name].pages {
		for _, name := range d.Pages {
			id, err := p.find(side, name)
			if err != nil {
				return err
			}
			if _, err := p.perform(side, person, map[string]any{d.Name: id}); err != nil {
				return err
			}
		}
		return nil
	}
	args, err := p.words(side, d)
	if err != nil {
		return err
	}
	ids, err := p.perform(side, person, map[string]any{d.Name: args})
	if err != nil {
		return err
	}
	switch d.Name {
	case "create":
		if len(ids) == 0 {
			return fmt.Errorf("the page %q was made without an id", d.Args["title"])
		}
		p.cast.call(side, d.Args["title"], ids[0])
		p.cast.made[side][d.Args["title"]] = true
	case "comment":
		if as := d.Args["as"]; as != "" {
			p.cast.remarks[as] = d.Args["text"]
		}
	case "editComment":
		p.cast.remarks[d.Args["comment"]] = d.Args["text"]
	}
	return nil
}

func (p *play) perform(side confluence.Side, person string, action map[string]any) ([]string, error) {
	if p.started {
		p.w.clock.set(p.w.Now().Add(deedTime)) // people take their time: no two do something in one moment
	}
	ids, err := p.w.Act(side, p.cast.accounts[side][person], action)
	if err != nil {
		text, _ := json.Marshal(action)
		return nil, fmt.Errorf("%s: %s: %w", siteNames[side], text, err)
	}
	return ids, nil
}

// deedTime is how long a person takes to do something; what is due meanwhile waits for the next cycle or wait.
const deedTime = 250 * time.Millisecond

// words are the members of an action as the emulator of a side takes them.
func (p *play) words(side confluence.Side, d deed) (map[string]any, error) {
	out := map[string]any{}
	for name, value := range d.Args {
		switch name {
		case "page", "under", "before", "after":
			if name == "after" && d.Name == "insert" {
				out[name] = value
				continue
			}
			id, err := p.find(side, value)
			if err != nil {
				return nil, err
			}
			out[name] = id
		case "file":
			text, err := p.sc.named(value)
			if err != nil {
				return nil, err
			}
			out[map[bool]string{true: "bytes", false: "text"}[d.Name == "attach"]] = text
		case "draft":
			out[name] = value == "true"
		case "comment", "reply":
			id, err := p.remark(side, d.Args["page"], value)
			if err != nil {
				return nil, err
			}
			out[name] = id
		default:
			out[name] = value
		}
	}
	for name, list := range d.Lists {
		if d.Name == "restrict" {
			list = slices.Clone(list)
			for i, principal := range list {
				list[i] = p.cast.principal(side, principal)
			}
		}
		out[name] = list
	}
	if d.Name == "create" && d.Args["under"] == "" {
		out["space"] = scenarioKey
	}
	return out, nil
}

// find is the id of a page on a side.
func (p *play) find(side confluence.Side, name string) (string, error) {
	if name == "Home" {
		name = homeName
	}
	if id := p.cast.ids[side][name]; id != "" {
		return id, nil
	}
	state, err := p.state(side)
	if err != nil {
		return "", err
	}
	for _, c := range state.pages(scenarioKey) {
		if c.Title == name && p.cast.names[side][c.ID] == "" {
			p.cast.call(side, name, c.ID)
			return c.ID, nil
		}
	}
	return "", fmt.Errorf("%s has no page %q", siteNames[side], name)
}

// remark is the id of a comment on a page, by the name it was given, or by its text.
func (p *play) remark(side confluence.Side, page, name string) (string, error) {
	text := cmp.Or(p.cast.remarks[name], name)
	id, err := p.find(side, page)
	if err != nil {
		return "", err
	}
	state, err := p.state(side)
	if err != nil {
		return "", err
	}
	var like string
	for _, m := range state.on(state.byID[id], "comment") {
		switch have := plain(m.Body); {
		case have == text:
			return m.ID, nil
		case like == "" && strings.Contains(have, text):
			like = m.ID
		}
	}
	if like == "" {
		return "", fmt.Errorf("%s: page %q has no comment %q", siteNames[side], page, name)
	}
	return like, nil
}
