package engine_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/store"
)

// secondSite stores another emulated Cloud under a name and returns its row.
func (w *world) secondSite(name string, site *emulator.Site) (store.Site, []byte) {
	w.t.Helper()
	server := httptest.NewServer(site.Handler())
	w.t.Cleanup(func() {
		w.close()
		server.Close()
		site.Close()
	})
	email, token := site.Account()
	row := store.Site{Name: name, Kind: confluence.Cloud, URL: server.URL + "/wiki", Auth: "token", Email: email}
	if _, err := w.engine.AddSite(context.Background(), row, []byte(token), true); err != nil {
		w.t.Fatal(err)
	}
	return row, []byte(token)
}

// seed makes a space with a number of pages on a site.
func (w *world) seed(row store.Site, token []byte, key string, pages int) {
	w.t.Helper()
	ctx := context.Background()
	_, writer, err := w.connect(ctx, row, token)
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := writer.Apply(ctx, confluence.CreateSpace{Key: key, Name: "Source"}, confluence.Payload{})
	if err != nil {
		w.t.Fatal(err)
	}
	sp := confluence.Space{ID: made.ID, Key: key, HomeID: made.HomeID}
	for i := range pages {
		_, err := writer.Apply(ctx, confluence.Create{Space: sp, Kind: confluence.Page, Parent: sp.HomeID, Title: fmt.Sprintf("Page %03d", i)},
			confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: fmt.Sprintf("<p>text %d</p>", i)}})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
