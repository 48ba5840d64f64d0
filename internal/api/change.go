package api

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// Change is one write of a cycle: an edit of one side that was carried to the other.
type Change struct {
	Time   time.Time       `json:"time"`
	Cycle  int64           `json:"cycle"`
	Site   string          `json:"site" doc:"where it was edited"`
	To     string          `json:"to" doc:"where it was carried to"`
	Who    string          `json:"who,omitempty" doc:"who wrote it, where that leaves a trace: by name, or by id where nobody said the name"`
	Kind   confluence.Kind `json:"kind,omitempty"`
	Page   string          `json:"page" doc:"the page or blog post, of a comment or file the one it belongs to"`
	File   string          `json:"file,omitempty" doc:"name of an attachment"`
	Change []string        `json:"change" doc:"facets"`
	Verb   string          `json:"verb"`
	Result string          `json:"result" enum:"done,refused,unknown,absent,overtaken,intent"`
}

// Changes is what cycles wrote, the newest first.
type Changes struct {
	Changes []Change `json:"changes"`
}

// pairChanges reads the journal of the newest cycles that wrote something.
func (s *Server) pairChanges(ctx context.Context, in *recentIn) (*Changes, error) {
	row, err := s.store.PairRow(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	list, err := s.store.Cycles(ctx, row.ID, 0)
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx, row.Sites)
	out := Changes{Changes: []Change{}}
	left := in.Limit
	for _, c := range list {
		if c.Written(0)+c.Written(1) == 0 && c.Failed == 0 {
			continue
		}
		if left--; left < 0 {
			break
		}
		changes, err := s.changesOf(ctx, row, c, names)
		if err != nil {
			return nil, err
		}
		out.Changes = append(out.Changes, changes...)
	}
	return &out, nil
}

// changesOf lists what a cycle carried, in the order it was sent. Its checkpoint is no edit of anybody.
func (s *Server) changesOf(ctx context.Context, row store.PairRow, c store.Cycle, names func(string) string) ([]Change, error) {
	carried, err := s.store.Carried(ctx, row.ID, c.Number)
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, w := range carried {
		if w.Verb == confluence.VerbProperty {
			continue
		}
		from := w.Side.Other()
		x := Change{
			Time: c.Started, Cycle: c.Number, Site: row.Sites[from], To: row.Sites[w.Side], Change: w.Facets.Names(),
			Verb: string(w.Verb), Result: w.State,
		}
		if err := s.about(ctx, row.ID, w, &x); err != nil {
			return nil, err
		}
		x.Who = names(x.Who)
		out = append(out, x)
	}
	return out, nil
}

// signed are the verbs that carry a version, which has an author; who moved, labelled or trashed something shows nowhere.
var signed = map[confluence.Verb]bool{
	confluence.VerbPost: true, confluence.VerbPut: true, confluence.VerbAttach: true, confluence.VerbReplace: true,
	confluence.VerbComment: true, confluence.VerbRecomment: true,
}

// about fills in what a change is about and who wrote it.
func (s *Server) about(ctx context.Context, pair int64, w store.Carried, x *Change) error {
	from := w.Side.Other()
	for twin := w.Twin; twin != ""; {
		rows, err := s.store.AgreedByTwin(ctx, pair, twin)
		if err != nil || len(rows) == 0 {
			return err
		}
		a := rows[0]
		if twin == w.Twin {
			x.Kind = a.Kind
			seen, err := s.store.ObservedByID(ctx, pair, from, a.ID[from])
			if err != nil {
				return err
			}
			if len(seen) > 0 && signed[w.Verb] {
				x.Who = string(seen[0].Content.Version.By)
			}
		}
		if a.Kind == confluence.Page || a.Kind == confluence.BlogPost {
			x.Page = a.Title[from]
			return nil
		}
		if a.Kind == confluence.Attachment {
			x.File = a.Title[from]
		}
		twin = a.Parent
	}
	return nil
}

// namesOf names the users of both sites as the people file does; whom it does not name keeps the id.
func (s *Server) namesOf(ctx context.Context, sites [2]string) func(string) string {
	names := map[string]string{}
	if csv, err := s.store.People(ctx, sites[0], sites[1]); err == nil {
		if people, err := migration.ParsePeople(csv, "stored people"); err == nil {
			for _, row := range people.Rows {
				names[row.SourceKey], names[row.Account] = row.SourceName, row.SourceName
			}
		}
	}
	return func(id string) string {
		if name := names[id]; id != "" && name != "" {
			return name
		}
		return id
	}
}
