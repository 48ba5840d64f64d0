package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// authorOf is who made the version of the other side that a change carries. A migration names nobody.
func (a *applier) authorOf(c reconcile.Change) confluence.UserID {
	if src := a.shown(c.Side.Other(), c.Twin); a.s.paired && src != nil {
		return src.Content.Version.By
	}
	return ""
}

// noteOf says in a version's message whose edit is carried, and from where: "Ann Lee on Wiki ". Empty for none.
func (s *work) noteOf(ctx context.Context, w *write) string {
	if w.author == "" {
		return ""
	}
	from := s.sites[w.side.Other()]
	return fmt.Sprintf("%s on %s ", from.names.of(ctx, from.reader, w.author), from.row.Name)
}

// nameList remembers the display names of a site's users, so that each is asked for once. Whoever asks has the turn.
type nameList struct {
	turn  chan struct{}
	known map[confluence.UserID]string
}

func newNameList() *nameList {
	return &nameList{turn: make(chan struct{}, 1), known: map[confluence.UserID]string{}}
}

// of returns the display name of a user, or the id where the site does not tell it.
func (n *nameList) of(ctx context.Context, r confluence.Reader, id confluence.UserID) string {
	if a, ok := r.(confluence.Acquainted); ok {
		if name, met := a.Met(id); met && name != "" {
			return strings.Join(strings.Fields(name), " ")
		}
	}
	dir, ok := r.(confluence.Directory)
	if !ok {
		return string(id)
	}
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-ctx.Done():
		return string(id)
	}
	if name, ok := n.known[id]; ok {
		return name
	}
	users, err := dir.Users(ctx, []confluence.UserID{id})
	if err != nil {
		return string(id) // the next message asks again
	}
	name := string(id)
	for _, u := range users {
		if u.ID == id && u.DisplayName != "" {
			name = strings.Join(strings.Fields(u.DisplayName), " ")
		}
	}
	n.known[id] = name
	return name
}
