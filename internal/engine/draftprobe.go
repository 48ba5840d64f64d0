package engine

import (
	"context"
	"errors"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// DraftFate says what becomes of restrictions that are put on a draft. Public sources do not settle it (open-facts OF-22),
// so a site is asked with a page of our own before a restricted page is made in a space that others see.
type DraftFate string

// The fates of the restrictions of a draft.
const (
	DraftRefused DraftFate = "refused" // the site takes no restrictions on a draft
	DraftKept    DraftFate = "kept"    // a page that is published is restricted from its first moment
	DraftLost    DraftFate = "lost"    // taken, and gone with the publication
)

// ProbeDrafts makes a draft in a space, restricts it to the account me, publishes it, and looks. The page has no content,
// and is purged in the end; where that fails the error names it, with the fate that was found. The space should be one
// that nobody else sees.
func ProbeDrafts(ctx context.Context, r confluence.Reader, w confluence.Writer, space confluence.Space, me confluence.UserID, title string) (fate DraftFate, err error) {
	made, err := w.Apply(ctx, confluence.Create{Space: space, Kind: confluence.Page, Title: title, Draft: true},
		confluence.Payload{Body: confluence.Body{Format: confluence.Storage}})
	if err != nil {
		return "", err
	}
	published := false
	defer func() {
		if published {
			if _, trashErr := w.Apply(ctx, confluence.Trash{ID: made.ID, Kind: confluence.Page}, confluence.Payload{}); trashErr != nil {
				err = errors.Join(err, trashErr)
				return
			}
		}
		_, purgeErr := w.Apply(ctx, confluence.Purge{ID: made.ID, Kind: confluence.Page}, confluence.Payload{})
		err = errors.Join(err, purgeErr)
	}()
	only := confluence.Restrictions{Read: []confluence.Principal{confluence.UserPrincipal(me)}, Update: []confluence.Principal{confluence.UserPrincipal(me)}}
	switch _, err := w.Apply(ctx, confluence.Restrict{ID: made.ID, Kind: confluence.Page, Restrictions: only}, confluence.Payload{}); confluence.ClassOf(err) {
	case "":
	case confluence.ClassNotFound, confluence.ClassInvalid, confluence.ClassUnsupported:
		return DraftRefused, nil
	default:
		return "", err
	}
	_, err = w.Apply(ctx, confluence.Update{ID: made.ID, Kind: confluence.Page, Space: space, Title: title},
		confluence.Payload{Body: confluence.Body{Format: confluence.Storage}})
	if err != nil {
		return "", err
	}
	published = true
	got, err := r.Fetch(ctx, confluence.Page, []confluence.ID{made.ID}, confluence.FacetRestrictions)
	if err != nil {
		return "", err
	}
	if len(got) == 1 && len(got[0].Restrictions.Read) > 0 && len(got[0].Restrictions.Update) > 0 {
		return DraftKept, nil
	}
	return DraftLost, nil
}
