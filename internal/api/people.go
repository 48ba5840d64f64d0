package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// People is the mapping of users and groups from one site to another.
type People struct {
	From    string   `json:"from" doc:"name of a site, or export:PLAN for a plan whose source is an export"`
	To      string   `json:"to"`
	File    string   `json:"file" doc:"the people file, CSV"`
	Rows    int      `json:"rows"`
	Changed int      `json:"changed" doc:"rows that differ from what was stored before"`
	Mapped  int      `json:"mapped" doc:"rows that name an account or a group"`
	Preview *Preview `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// EndsParam names the two ends of a call.
type EndsParam struct {
	From string `query:"from" required:"true" doc:"name of a site, or export:PLAN for a plan whose source is an export"`
	To   string `query:"to" required:"true"`
}

type (
	peopleIn    struct{ EndsParam }
	putPeopleIn struct {
		EndsParam
		Write
		Body struct {
			File string `json:"file" doc:"the people file, CSV"`
			Name string `json:"name,omitempty" doc:"name of the file, for messages"`
		}
	}
)

func (s *Server) registerPeople(h huma.API) {
	register(h, get("people", "/people", "Who is who on both sites", ""), s.showPeople)
	register(h, put("people", "/people", "Store who is who on both sites", "The file is checked as a whole; nothing changes if a row is wrong."), s.putPeople)
}

func (s *Server) showPeople(ctx context.Context, in *peopleIn) (*People, error) {
	csv, err := s.store.People(ctx, in.From, in.To)
	if err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return nil, err
	}
	out := People{From: in.From, To: in.To}
	if len(csv) == 0 {
		out.File = string(migration.People{}.CSV())
		return &out, nil
	}
	people, err := migration.ParsePeople(csv, "stored people")
	if err != nil {
		return nil, err
	}
	out.File, out.Rows, out.Mapped = string(csv), len(people.Rows), mapped(people)
	return &out, nil
}

func mapped(p migration.People) int {
	n := 0
	for _, row := range p.Rows {
		if row.Account != "" {
			n++
		}
	}
	return n
}

func (s *Server) putPeople(ctx context.Context, in *putPeopleIn) (*People, error) {
	name := in.Body.Name
	if name == "" {
		name = "people file"
	}
	people, err := migration.ParsePeople([]byte(in.Body.File), name)
	if err != nil {
		return nil, err
	}
	was, err := s.showPeople(ctx, &peopleIn{in.EndsParam})
	if err != nil {
		return nil, err
	}
	old, err := migration.ParsePeople([]byte(was.File), "stored people")
	if err != nil {
		return nil, err
	}
	out := People{From: in.From, To: in.To, File: in.Body.File, Rows: len(people.Rows), Changed: changed(old, people), Mapped: mapped(people)}
	stop, err := in.gate([]any{was.File, in.Body.File}, "store who is who from "+in.From+" to "+in.To)
	if err != nil || stop != nil {
		out.Preview = stop
		return &out, err
	}
	_, err = s.engine.ImportPeople(ctx, in.From, in.To, []byte(in.Body.File))
	return &out, err
}

// changed counts the rows of now that old has not, or has otherwise, and those of old that are gone.
func changed(old, now migration.People) int {
	before := map[string]migration.Person{}
	for _, r := range old.Rows {
		r.Used = 0
		before[r.SourceKey] = r
	}
	n := 0
	for _, r := range now.Rows {
		r.Used = 0
		if before[r.SourceKey] != r {
			n++
		}
		delete(before, r.SourceKey)
	}
	return n + len(before)
}
