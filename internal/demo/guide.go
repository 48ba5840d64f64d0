package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/api"
)

// stayFeed is how often the pairs ask both sites what was edited once the tour is over: somebody is watching.
const stayFeed = "2s"

// Stay lets the pairs run by themselves. There are none where the wiki came as an export.
func (s *Stage) Stay(ctx context.Context, tandem API) error {
	if s.Sites[sideA] == nil {
		return nil
	}
	for _, key := range Spaces() {
		path := "/pairs/" + PairName(key)
		var file api.PairFile
		if err := tandem.Call(ctx, http.MethodGet, path+"/file", nil, &file); err != nil {
			return err
		}
		file.File = strings.Replace(file.File, "\nmode: on-demand\n", "\nmode: continuous\n", 1)
		file.File = strings.Replace(file.File, "\nfeed: 10s\n", "\nfeed: "+stayFeed+"\n", 1)
		file.File = strings.Replace(file.File, "\nfeed: \"10s\"\n", "\nfeed: "+stayFeed+"\n", 1)
		if err := tandem.Call(ctx, http.MethodPut, path, file, nil); err != nil {
			return err
		}
		if err := tandem.Call(ctx, http.MethodPost, path+"/resume", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// Guide is how to edit one of the sites from a terminal.
type Guide struct {
	Site string // its name
	Who  string // full name of the person whose credential it is
	Page string // title
	Edit string // a call of the product's own API; good for one edit, because it names the next version
	More string // an edit by the control plane, good for any number of times
}

// Guides tell how to edit both sites. None where the wiki came as an export.
func (s *Stage) Guides() ([]Guide, error) {
	if s.Sites[sideA] == nil {
		return nil, nil
	}
	var guides []Guide
	for side, x := range [2]struct{ who, page, text string }{
		{"ruben.devries", "Goods receipt", "<p>Edited on the Data Center, with curl.</p>"},
		{"liang.wei", "Dangerous goods: batteries", "<p>Edited on the Cloud, with curl.</p>"},
	} {
		g, err := s.guide(side, x.who, x.page, x.text)
		if err != nil {
			return nil, err
		}
		guides = append(guides, g)
	}
	return guides, nil
}

func (s *Stage) guide(side int, who, page, text string) (Guide, error) {
	site, user := s.Sites[side], s.accounts[side][who]
	id, version, err := site.find(page)
	if err != nil {
		return Guide{}, err
	}
	token := site.emulated.Token(user)
	body := map[string]any{"representation": "storage", "value": text}
	update := map[string]any{"id": id, "status": "current", "title": page, "version": map[string]int{"number": version + 1}, "body": body}
	credential, path := fmt.Sprintf("-u '%s@lindgaard.example:%s'", who, token), "/api/v2/pages/"+id
	if site.kind == personalityDC {
		update["type"], update["body"] = "page", map[string]any{"storage": body}
		credential, path = fmt.Sprintf("-H 'Authorization: Bearer %s'", token), "/rest/api/content/"+id
	}
	act := map[string]any{"user": user, "action": map[string]any{"insert": map[string]string{"page": id, "after": "p1", "text": "One more line."}}}
	texts := [2][]byte{}
	for i, v := range [2]any{update, act} {
		if texts[i], err = json.Marshal(v); err != nil {
			return Guide{}, err
		}
	}
	return Guide{
		Site: site.Name, Who: fullName(who), Page: page,
		Edit: fmt.Sprintf("curl -s -o /dev/null -w '%%{http_code}\\n' -X PUT %s -H 'Content-Type: application/json' '%s%s' -d '%s'", credential, site.URL, path, unescaped(texts[0])),
		More: fmt.Sprintf("curl -s -X POST '%s/act' -d '%s'", site.Control, unescaped(texts[1])),
	}, nil
}

// unescaped is JSON with the signs of markup as they are, for people to read.
func unescaped(text []byte) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(text))
}

// find returns id and version of the page of a title.
func (s *Site) find(title string) (id string, version int, err error) {
	var dump struct {
		Content []struct {
			ID      string `json:"id"`
			Kind    string `json:"kind"`
			Title   string `json:"title"`
			Version int    `json:"version"`
		} `json:"content"`
	}
	if err := json.Unmarshal(s.emulated.Dump("full"), &dump); err != nil {
		return "", 0, fmt.Errorf("read the state dump: %w", err)
	}
	for _, c := range dump.Content {
		if c.Kind == "page" && c.Title == title {
			return c.ID, c.Version, nil
		}
	}
	return "", 0, fmt.Errorf("%s has no page %q", s.Name, title)
}
