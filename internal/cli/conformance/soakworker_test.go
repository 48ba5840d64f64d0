package conformance_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// worker does what a sync does, in no order, and remembers what it made.
type worker struct {
	*soaked
	rng   *rand.Rand
	name  string
	made  int
	pages []confluence.ID
	files map[confluence.ID]confluence.ID // attachment -> page
	said  []confluence.ID
}

func (w *worker) page() confluence.ID {
	if len(w.pages) == 0 {
		return w.home
	}
	return w.pages[w.rng.IntN(len(w.pages))]
}

func bodyOf(text string) confluence.Payload {
	return confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: "<p>" + text + " &mdash; ä</p>"}}
}

// step does one thing and says what.
func (w *worker) step(ctx context.Context, c connector) (string, error) {
	if n := len(w.pages); n < 4 || n < 60 && w.rng.IntN(4) == 0 {
		return "POST", w.create(ctx, c)
	}
	if w.rng.IntN(2) == 0 {
		return w.read(ctx, c)
	}
	return w.write(ctx, c)
}

func (w *worker) create(ctx context.Context, c connector) error {
	w.made++
	change := confluence.Create{Space: w.space, Kind: confluence.Page, Title: fmt.Sprintf("%s %d", w.name, w.made), Parent: w.home}
	if w.rng.IntN(3) == 0 {
		change.Parent = w.page()
	}
	r, err := c.Apply(ctx, change, bodyOf(change.Title))
	if err == nil {
		w.pages = append(w.pages, r.ID)
	}
	return err
}

func (w *worker) read(ctx context.Context, c connector) (string, error) {
	switch w.rng.IntN(8) {
	case 0:
		_, err := c.Identity(ctx)
		return "identity", err
	case 1:
		_, err := c.Spaces(ctx, nil)
		return "spaces", err
	case 2:
		return "scan", w.scan(ctx, c)
	case 3:
		_, err := c.Find(ctx, confluence.Probe{Space: w.space, Kind: confluence.Page, Title: fmt.Sprintf("%s %d", w.name, 1+w.rng.IntN(w.made))})
		return "find", err
	case 4:
		_, err := c.Version(ctx, confluence.Page, w.page(), 1)
		return "version", err
	case 5:
		_, err := c.Feed(ctx, time.Now().Add(-time.Minute))
		return "feed", err
	case 6:
		return "open", w.open(ctx, c)
	}
	_, err := c.Fetch(ctx, confluence.Page, []confluence.ID{w.page(), w.page()}, confluence.FacetBody|confluence.FacetLabels|confluence.FacetRestrictions)
	return "fetch", err
}

// scan reads some batches of the space with everything in them.
func (w *worker) scan(ctx context.Context, c connector) error {
	q := confluence.ScanRequest{Space: w.space, Facets: confluence.AllFacets}
	for range 3 {
		batch, err := c.Scan(ctx, q)
		if err != nil || batch.Next == "" {
			return err
		}
		q.Cursor = batch.Next
	}
	return nil
}

func (w *worker) open(ctx context.Context, c connector) error {
	for id := range w.files {
		found, err := c.Fetch(ctx, confluence.Attachment, []confluence.ID{id}, 0)
		if err != nil || len(found) == 0 {
			return err
		}
		r, err := c.Open(ctx, found[0])
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		_ = r.Close()
		if err != nil {
			return confluence.Errorf(confluence.CodeUnreachable, "cut").Because(err)
		}
		return nil
	}
	return nil
}

func (w *worker) write(ctx context.Context, c connector) (string, error) {
	p := w.page()
	switch w.rng.IntN(9) {
	case 0, 1:
		return w.update(ctx, c, p)
	case 2:
		change := confluence.AddLabels{ID: p, Kind: confluence.Page, Labels: []confluence.Label{{Prefix: "global", Name: fmt.Sprint("l", w.rng.IntN(9))}}}
		_, err := c.Apply(ctx, change, confluence.Payload{})
		return "LB+", err
	case 3:
		return w.attach(ctx, c, p)
	case 4:
		return w.comment(ctx, c, p)
	case 5:
		q := confluence.Move{ID: p, Where: confluence.Append, Target: w.page()}
		if q.ID == q.Target {
			q.Target = w.home
		}
		_, err := c.Apply(ctx, q, confluence.Payload{})
		return "MV", err
	case 6:
		var to confluence.Restrictions
		if w.rng.IntN(2) == 0 {
			to.Update = []confluence.Principal{confluence.GroupPrincipal("workers")}
		}
		_, err := c.Apply(ctx, confluence.Restrict{ID: p, Kind: confluence.Page, Restrictions: to}, confluence.Payload{})
		return "RS", err
	case 7:
		_, err := c.Apply(ctx, confluence.SetProperty{ID: p, Key: fmt.Sprint("k", w.made), Value: []byte(`{"a":1}`)}, confluence.Payload{})
		return "PR", err
	}
	if len(w.pages) < 20 {
		return "none", nil
	}
	at := w.rng.IntN(len(w.pages))
	p = w.pages[at]
	w.pages = append(w.pages[:at], w.pages[at+1:]...)
	_, err := c.Apply(ctx, confluence.Trash{ID: p, Kind: confluence.Page}, confluence.Payload{})
	return "DEL", err
}

func (w *worker) update(ctx context.Context, c connector, p confluence.ID) (string, error) {
	now, err := c.Fetch(ctx, confluence.Page, []confluence.ID{p}, 0)
	if err != nil || len(now) == 0 {
		return "fetch", err
	}
	change := confluence.Update{ID: p, Kind: confluence.Page, Space: w.space, Title: now[0].Title, Expect: now[0].Version.Number, Message: "soaked"}
	_, err = c.Apply(ctx, change, bodyOf(fmt.Sprint(w.rng.Uint64())))
	return "PUT", err
}

func (w *worker) attach(ctx context.Context, c connector, p confluence.ID) (string, error) {
	text := strings.Repeat("x", 100+w.rng.IntN(5000))
	change := confluence.Attach{Container: p, Name: fmt.Sprintf("f%d.txt", w.rng.IntN(1e6)), MediaType: "text/plain", Size: int64(len(text))}
	r, err := c.Apply(ctx, change, confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}})
	if err == nil {
		if w.files == nil {
			w.files = map[confluence.ID]confluence.ID{}
		}
		w.files[r.ID] = p
	}
	return "AT+", err
}

func (w *worker) comment(ctx context.Context, c connector, p confluence.ID) (string, error) {
	if len(w.said) > 5 {
		id := w.said[0]
		w.said = w.said[1:]
		_, err := c.Apply(ctx, confluence.RemoveComment{ID: id}, confluence.Payload{})
		return "CM-", err
	}
	r, err := c.Apply(ctx, confluence.CreateComment{Container: p, ContainerKind: confluence.Page}, bodyOf("said"))
	if err == nil {
		w.said = append(w.said, r.ID)
	}
	return "CM+", err
}
