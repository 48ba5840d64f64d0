package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
)

// Conflict is a facet of a content that both sides changed and of which no lossless answer exists, or the record of one
// that a policy answered. What belongs to one side stands in Sides under the name of its site.
type Conflict struct {
	ID      string          `json:"id" example:"C-7"`
	Pair    string          `json:"pair"`
	State   string          `json:"state" enum:"open,resolved,closed"`
	Kind    string          `json:"kind" doc:"body, title, parent, delete-edit, attachment, label, restriction, order, contested, ..."`
	Facet   string          `json:"facet"`
	Content confluence.Kind `json:"content"`
	Title   string          `json:"title" doc:"of the content"`
	What    string          `json:"what"`
	Row     int             `json:"row,omitempty" doc:"of the decision table"`
	Policy  string          `json:"policy,omitempty" doc:"that applied"`
	Base    string          `json:"base,omitempty" doc:"what both sides agreed on: a value, or with bodies a body"`
	Sides   [2]ConflictSide `json:"sides"`
	Opened  time.Time       `json:"opened"`
	Closed  *time.Time      `json:"closed,omitempty"`
	Cycle   int64           `json:"cycle" doc:"that found it"`
	Decided string          `json:"decided,omitempty"`
	Comment string          `json:"comment,omitempty"`
	Who     string          `json:"who,omitempty"`
	Bodies  bool            `json:"bodies" doc:"base and values are bodies in storage format"`
	Preview *Preview        `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// ConflictSide is what one side holds.
type ConflictSide struct {
	Site    string     `json:"site"`
	ID      string     `json:"id,omitempty" doc:"of the content there"`
	Version int        `json:"version,omitempty"`
	By      string     `json:"by,omitempty" doc:"who wrote it"`
	At      *time.Time `json:"at,omitempty"`
	Value   string     `json:"value,omitempty" doc:"a value, or with bodies a body"`
}

// Conflicts is a list of conflicts by number, without bodies.
type Conflicts struct {
	Conflicts []Conflict `json:"conflicts"`
}

type (
	conflictsIn struct {
		Pair  string `query:"pair" doc:"of this pair only"`
		Kind  string `query:"kind" doc:"of this kind only"`
		State string `query:"state" enum:"open,resolved,closed,all" default:"open"`
	}
	// ConflictParam names the conflict of a call.
	ConflictParam struct {
		ID string `path:"id" example:"C-7"`
	}
	conflictIn struct{ ConflictParam }
	resolveIn  struct {
		ConflictParam
		Write
		Body struct {
			Use      string `json:"use,omitempty" doc:"name of the site whose text is taken, or both; absent with a file"`
			File     string `json:"file,omitempty" doc:"the result: a body in storage format"`
			First    string `json:"first,omitempty" doc:"with both: the site whose text comes first"`
			Comment  string `json:"comment,omitempty"`
			Versions []int  `json:"versions,omitempty" maxItems:"2" doc:"versions of the two sides that were looked at; refused if a side has moved on since"`
		}
	}
)

func (s *Server) registerConflicts(h huma.API) {
	register(h, get("conflicts", "/conflicts", "The conflicts", "By number, without bodies."), s.listConflicts)
	register(h, get("conflicts", "/conflicts/{id}", "One conflict with what both sides hold", ""), s.showConflict)
	register(h, post("conflicts", "/conflicts/{id}/resolve", "Settle a conflict", "The decision is carried out by the very path that "+
		"carries edits, before the call ends. What is replaced stays in the history of its side."), s.resolveConflict)
}

func conflictOf(c engine.ConflictReport) Conflict {
	out := Conflict{
		ID: c.ID, Pair: c.Pair, State: c.State, Kind: c.Kind, Facet: c.Facet, Content: c.Content, Title: c.Title, What: c.What,
		Row: c.Row, Policy: c.Policy, Base: c.BaseValue, Opened: c.Opened, Closed: whenever(c.Closed), Cycle: c.Cycle,
		Decided: c.Decided, Comment: c.Comment, Who: c.Who, Bodies: c.Bodies != [2]string{},
	}
	if out.Bodies {
		out.Base = c.Base
	}
	for i, site := range c.Sites {
		side := ConflictSide{
			Site: site, ID: string(c.Conflict.ID[i]), Version: c.Versions[i], By: c.By[i], At: whenever(c.At[i]), Value: c.Values[i],
		}
		if out.Bodies {
			side.Value = c.Bodies[i]
		}
		out.Sides[i] = side
	}
	return out
}

func (s *Server) listConflicts(ctx context.Context, in *conflictsIn) (*Conflicts, error) {
	f := engine.ConflictFilter{Pair: in.Pair, Kind: in.Kind, State: in.State}
	if in.State == "all" {
		f.State = ""
	}
	list, err := s.engine.Conflicts(ctx, f)
	if err != nil {
		return nil, err
	}
	out := Conflicts{Conflicts: []Conflict{}}
	for _, c := range list {
		out.Conflicts = append(out.Conflicts, s.withNames(ctx, conflictOf(c)))
	}
	return &out, nil
}

func (s *Server) showConflict(ctx context.Context, in *conflictIn) (*Conflict, error) {
	c, err := s.engine.Conflict(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := s.withNames(ctx, conflictOf(c))
	return &out, nil
}

// withNames names the authors.
func (s *Server) withNames(ctx context.Context, c Conflict) Conflict {
	names := s.namesOf(ctx, [2]string{c.Sides[0].Site, c.Sides[1].Site})
	for i := range c.Sides {
		c.Sides[i].By = names(c.Sides[i].By)
	}
	return c
}

func (s *Server) resolveConflict(ctx context.Context, in *resolveIn) (*Conflict, error) {
	c, err := s.engine.Conflict(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	does := "take what " + b.Use + " holds for " + c.Title
	switch {
	case b.Use == "" && b.File == "":
		return nil, usage("a decision names a site, both, or brings a file")
	case b.Use != "" && b.File != "":
		return nil, usage("a decision names a site or brings a file, not both of it")
	case b.File != "":
		does = "give both sides the body in the file for " + c.Title
	case b.Use == "both":
		does = "keep what both sides hold for " + c.Title
	}
	stop, err := in.gate([]any{in.ID, c.State, c.Versions, b}, does)
	if err != nil {
		return nil, err
	}
	if stop == nil {
		r := engine.Resolution{Use: b.Use, File: []byte(b.File), First: b.First, Comment: b.Comment}
		copy(r.Versions[:], b.Versions)
		if c, err = s.engine.ResolveConflict(ctx, in.ID, r); err != nil {
			return nil, err
		}
	}
	out := s.withNames(ctx, conflictOf(c))
	out.Preview = stop
	return &out, nil
}
