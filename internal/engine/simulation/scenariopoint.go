package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// checkpointKey is the key of the property of both spaces that holds the double checkpoint.
const checkpointKey = "tandem.pair"

// mark is what a server says about the pair that wrote to it, as JSON.
type mark map[string]any

// marked reads the checkpoint that a side holds; nil where there is none.
func (s *siteState) marked() (m mark, spaceID string, version int, err error) {
	for _, space := range s.Spaces {
		if space.Key != scenarioKey {
			continue
		}
		raw, found := space.Properties[checkpointKey]
		if !found {
			return nil, space.ID, 0, nil
		}
		var row struct {
			Value   mark `json:"value"`
			Version int  `json:"version"`
		}
		err := json.Unmarshal(raw, &row)
		return row.Value, space.ID, row.Version, err
	}
	return nil, "", 0, fmt.Errorf("there is no space %s", scenarioKey)
}

// remember keeps what the servers say after a cycle, for steps that turn the time back.
func (p *play) remember(states [2]*siteState) error {
	for _, side := range confluence.Sides {
		m, _, _, err := states[side].marked()
		if err != nil {
			return err
		}
		if list := p.marks[side]; m != nil && (len(list) == 0 || fmt.Sprint(list[len(list)-1]) != fmt.Sprint(m)) {
			p.marks[side] = append(list, m)
		}
	}
	return nil
}

// checkpoint changes what the double checkpoint of a side says.
func (p *play) checkpoint(c checkpointStep) error {
	state, err := p.state(c.Side)
	if err != nil {
		return err
	}
	now, space, version, err := state.marked()
	if err != nil {
		return err
	}
	next := p.markNamed(c)
	if c.Pair != "none" && next == nil {
		return fmt.Errorf("%s was never written to: it has no checkpoint that is %s", siteNames[c.Side], c.Pair)
	}
	s := p.w.Site(c.Side)
	cloud := s.Product() == "Cloud"
	one := "/rest/api/space/" + scenarioKey + "/property/" + checkpointKey
	body := map[string]any{"key": checkpointKey, "value": next, "version": map[string]any{"number": version + 1}}
	if cloud {
		one = "/api/v2/spaces/" + space + "/properties"
		if now != nil {
			if one, err = p.propertyOf(s, one); err != nil {
				return err
			}
		}
	}
	method := http.MethodPut
	switch {
	case c.Pair == "none" && now == nil:
		return nil
	case c.Pair == "none":
		method, body = http.MethodDelete, nil
	case now == nil:
		method = http.MethodPost
		delete(body, "version")
		if !cloud {
			one = "/rest/api/space/" + scenarioKey + "/property"
		}
	}
	if body == nil {
		_, err = s.Ask(method, one, nil)
		return err
	}
	_, err = s.Ask(method, one, body)
	return err
}

// markNamed is the checkpoint that a step puts on a server.
func (p *play) markNamed(c checkpointStep) mark {
	list := p.marks[c.Side]
	switch {
	case c.Pair == "foreign" && len(list) == 0:
		return mark{"pair": "another", "epoch": 1, "cycle": 1}
	case len(list) == 0:
		return nil
	case c.Pair == "own":
		return list[len(list)-1]
	case c.Pair == "foreign":
		m := maps.Clone(list[len(list)-1])
		m["pair"] = "another"
		return m
	case c.Pair == "older" && len(list) > 1:
		return list[len(list)-2]
	case c.Pair == "older":
		m := maps.Clone(list[0])
		if n, ok := m["cycle"].(float64); ok {
			m["cycle"] = n - 1
		}
		return m
	}
	return nil
}

// propertyOf is the address of the checkpoint's property on Cloud.
func (p *play) propertyOf(s *Site, list string) (string, error) {
	answer, err := s.Ask(http.MethodGet, list+"?key="+checkpointKey, nil)
	if err != nil {
		return "", err
	}
	var page struct {
		Results []struct {
			ID string `json:"id"`
		} `json:"results"`
	}
	if err := json.Unmarshal(answer, &page); err != nil || len(page.Results) != 1 {
		return "", fmt.Errorf("the property cannot be found: %s", answer)
	}
	return list + "/" + page.Results[0].ID, nil
}
