package store

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Site is one Confluence, or an export of one, as its owner described it. Its credential is a secret, never here.
type Site struct {
	Name        string
	Kind        confluence.SiteKind
	URL         string // of an export: the path
	Auth        string // kind of credential
	Email       string
	CAFile      string
	Proxy       string
	ReadOnly    bool
	Fingerprint string
	Concurrent  int // calls in flight at most; 0: the site's polite default
	Created     time.Time
}

const siteCols = "name, kind, url, auth, email, ca_file, proxy, read_only, fingerprint, concurrent, created"

func scanSite(r scanner) (s Site, err error) {
	err = r.Scan(&s.Name, &s.Kind, &s.URL, &s.Auth, &s.Email, &s.CAFile, &s.Proxy, &s.ReadOnly, &s.Fingerprint, &s.Concurrent, timeCol{&s.Created})
	return s, err
}

// PutSite adds or replaces a site. Created is set to now where it is zero.
func (tx *Tx) PutSite(s Site) error {
	if s.Created.IsZero() {
		s.Created = tx.w.store.now()
	}
	_, err := tx.exec("INSERT OR REPLACE INTO sites ("+siteCols+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		s.Name, string(s.Kind), s.URL, s.Auth, s.Email, s.CAFile, s.Proxy, s.ReadOnly, s.Fingerprint, s.Concurrent, nanos(s.Created))
	return err
}

// RemoveSite forgets a site. Its pairs, with what was observed and agreed, stay.
func (tx *Tx) RemoveSite(name string) error {
	_, err := tx.exec("DELETE FROM sites WHERE name = ?", name)
	return err
}

// Site returns a site; T-1004 if there is none of that name.
func (s *Store) Site(ctx context.Context, name string) (Site, error) {
	return one(ctx, s, scanSite, "site", name, "SELECT "+siteCols+" FROM sites WHERE name = ?", name)
}

// Sites returns all sites by name.
func (s *Store) Sites(ctx context.Context) ([]Site, error) {
	return list(ctx, s, scanSite, "SELECT "+siteCols+" FROM sites ORDER BY name")
}
