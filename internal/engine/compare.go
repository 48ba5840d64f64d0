package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// compareSpaces shows how two spaces that nobody migrated belong together.
func (e *Engine) compareSpaces(_ context.Context, row store.PairRow) (BaselinePreview, func(context.Context) error, error) {
	b := BaselinePreview{Pair: row.Spec.Name, State: row.State}
	return b, nil, confluence.Errorf(confluence.CodeNotCapable, "this version takes over a finished migration only: name its run with --adopt")
}
