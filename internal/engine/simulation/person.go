package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Ask sends a request of the site's administrator past the gate, as a person with curl would: it is no call of tandem's,
// and needs no scheduler. body nil is none; an answer of 400 and more is an error.
func (s *Site) Ask(method, path string, body any) ([]byte, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, strings.NewReader(string(text)))
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(s.Account())
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	a := s.answer(r, text)
	if a.status >= 400 || a.aborted {
		return nil, fmt.Errorf("simulation: %s %s %s: %d %s", s.Name, method, path, a.status, a.body.String())
	}
	return a.body.Bytes(), nil
}

// AddSpace makes a space on a side that everybody who is logged in may read and write. Its home page gets the space's
// name as its title.
func (w *World) AddSpace(side confluence.Side, key, name string) error {
	s := w.sites[side]
	answer, err := s.Ask(http.MethodPost, "/rest/api/space", map[string]any{"key": key, "name": name})
	if err != nil {
		return err
	}
	var made struct {
		Homepage struct {
			ID json.RawMessage `json:"id"`
		} `json:"homepage"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return err
	}
	login, _ := s.Account()
	id, _, _ := strings.Cut(login, "@")
	home := strings.Trim(string(made.Homepage.ID), `"`)
	if home == "" {
		return fmt.Errorf("simulation: the new space %s has no home page: %s", key, answer)
	}
	_, err = w.Act(side, id, map[string]any{"rename": map[string]string{"page": home, "to": name}})
	return err
}
