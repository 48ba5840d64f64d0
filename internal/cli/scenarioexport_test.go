package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sort"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// wikiSpec describes the wiki of a scenario.
type wikiSpec struct {
	Users []struct{ Key, Name, Full, Email string } `yaml:"users"`
	// Groups stand in permissions and restrictions; a space export does not hold them.
	Spaces  []spaceSpec     `yaml:"spaces"`
	Defects []backup.Defect `yaml:"defects"`
}

type spaceSpec struct {
	Key   string     `yaml:"key"`
	Name  string     `yaml:"name"`
	Home  string     `yaml:"home"` // title of the home page; empty: the first page
	Pages []pageSpec `yaml:"pages"`
	Blog  []pageSpec `yaml:"blog"`
	Open  []string   `yaml:"open"` // groups that may read and edit
}

type pageSpec struct {
	Title    string            `yaml:"title"`
	Under    string            `yaml:"under"`
	Body     string            `yaml:"body"`
	Labels   []string          `yaml:"labels"`
	Files    map[string]string `yaml:"files"`
	Readers  []string          `yaml:"readers"` // user keys, or group:NAME
	Editors  []string          `yaml:"editors"`
	Comments []commentSpec     `yaml:"comments"`
	Inline   []commentSpec     `yaml:"inline"` // on marked text of the body
	Wiki     bool              `yaml:"wiki"`   // the body is wiki markup
	Root     bool              `yaml:"root"`   // beside the home page and not below it
	Position int               `yaml:"position"`
	Day      string            `yaml:"day"` // blog posts: 2026-01-31
}

type commentSpec struct {
	Text    string        `yaml:"text"`
	Replies []commentSpec `yaml:"replies"`
}

// export writes the export that a YAML file describes.
func (s *story) export(file, from string) error {
	text, err := os.ReadFile(s.path(from))
	if err != nil {
		return err
	}
	var spec wikiSpec
	if err := yaml.UnmarshalWithOptions(text, &spec, yaml.Strict()); err != nil {
		return err
	}
	var out bytes.Buffer
	w, err := backup.Create(&out, backup.Options{Site: len(spec.Spaces) > 1, Defects: spec.Defects})
	if err != nil {
		return err
	}
	author := ""
	for _, u := range spec.Users {
		w.User(backup.User{Key: u.Key, Name: u.Name, FullName: u.Full, Email: u.Email})
		author = u.Key
	}
	next := int64(1000)
	for _, sp := range spec.Spaces {
		if next, err = writeSpace(w, sp, author, next); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	s.write(file, out.Bytes())
	return nil
}

// writeSpace writes one space with ids from next on.
func writeSpace(w *backup.Writer, sp spaceSpec, author string, next int64) (int64, error) {
	ids := map[string]int64{}
	for i, p := range sp.Pages {
		ids[p.Title] = next + int64(i)
	}
	if sp.Home == "" && len(sp.Pages) > 0 {
		sp.Home = sp.Pages[0].Title
	}
	space := backup.Space{Key: sp.Key, Name: sp.Name, Home: ids[sp.Home], Creator: author}
	for _, g := range sp.Open {
		for _, right := range []string{"VIEWSPACE", "EDITSPACE", "COMMENT"} {
			space.Permissions = append(space.Permissions, backup.Permission{Type: right, Principal: backup.Principal{Group: g}})
		}
	}
	w.Space(space)
	for _, p := range sp.Pages {
		c := content(p, sp.Key, author)
		c.ID = ids[p.Title]
		if p.Under != "" {
			if c.Parent = ids[p.Under]; c.Parent == 0 {
				return 0, fmt.Errorf("%s is under %s, which is no page", p.Title, p.Under)
			}
		} else if p.Title != sp.Home && !p.Root {
			c.Parent = ids[sp.Home]
		}
		beside(w, p, w.Page(c), backup.OnPage, sp.Key, author)
	}
	for _, p := range sp.Blog {
		c := content(p, sp.Key, author)
		day, err := time.Parse(time.DateOnly, p.Day)
		if err != nil {
			return 0, err
		}
		c.Created = day
		beside(w, p, w.BlogPost(c), backup.OnBlogPost, sp.Key, author)
	}
	return next + 1000, nil
}

func content(p pageSpec, key, author string) backup.Content {
	body := p.Body
	if body == "" {
		body = "<p>" + p.Title + "</p>"
	}
	c := backup.Content{Space: key, Title: p.Title, Body: backup.Storage(body), Creator: author, Readers: principals(p.Readers), Editors: principals(p.Editors)}
	if p.Wiki {
		c.Body = backup.Wiki(p.Body)
	}
	c.Position, c.Positioned = p.Position, p.Position > 0
	for _, l := range p.Labels {
		c.Labels = append(c.Labels, backup.Label{Namespace: "global", Name: l})
	}
	return c
}

func principals(names []string) []backup.Principal {
	var out []backup.Principal
	for _, n := range names {
		if len(n) > 6 && n[:6] == "group:" {
			out = append(out, backup.Principal{Group: n[6:]})
			continue
		}
		out = append(out, backup.Principal{User: n})
	}
	return out
}

// beside writes files and comments of a content.
func beside(w *backup.Writer, p pageSpec, id int64, on backup.Kind, key, author string) {
	names := make([]string, 0, len(p.Files))
	for name := range p.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		text := p.Files[name]
		w.Attachment(backup.Attachment{
			Container: id, On: on, Space: key, Name: name, MediaType: "text/plain", Size: int64(len(text)), Creator: author,
			Open: func() (io.Reader, error) { return bytes.NewReader([]byte(text)), nil },
		})
	}
	for i, c := range p.Inline {
		at := backup.Comment{Container: id, On: on, Creator: author}
		at.Inline = &backup.Inline{Marker: fmt.Sprintf("%08d-0000-4000-8000-000000000000", i+1), Selection: "text", Status: "open"}
		discuss(w, c, at)
	}
	for _, c := range p.Comments {
		discuss(w, c, backup.Comment{Container: id, On: on, Creator: author})
	}
}

func discuss(w *backup.Writer, c commentSpec, at backup.Comment) {
	at.Body = backup.Storage("<p>" + c.Text + "</p>")
	id := w.Comment(at)
	for _, r := range c.Replies {
		at.Parent = id
		if at.Inline != nil {
			at.Inline = &backup.Inline{}
		}
		discuss(w, r, at)
	}
}
