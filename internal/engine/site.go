package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// site is an opened site.
type site struct {
	row    store.Site
	reader confluence.Reader
	writer confluence.Writer
	calls  *callCount
	who    *whoIsIt
	names  *nameList
}

// exportPrefix marks the names under which export files stand beside the named sites.
const exportPrefix = "export:"

// EndpointName returns the name under which the site of a plan's endpoint is known: the site's own, or that of a file.
func EndpointName(p migration.Endpoint) string {
	if p.Export != "" {
		return exportPrefix + p.Export
	}
	return p.Site
}

// open returns the site of that name, opening it on first use.
func (e *Engine) open(ctx context.Context, name string) (*site, error) {
	e.mu.Lock()
	s := e.sites[name]
	e.mu.Unlock()
	if s != nil {
		return e.refreshRow(ctx, s)
	}
	row, secret, err := e.siteRow(ctx, name)
	if err != nil {
		return nil, err
	}
	r, w, err := e.opt.Connect(ctx, row, secret)
	if err != nil {
		return nil, err
	}
	s = &site{row: row, reader: r, writer: w, calls: &callCount{}, who: newWhoIsIt(), names: newNameList()}
	e.mu.Lock()
	defer e.mu.Unlock()
	if other := e.sites[name]; other != nil {
		closeReader(r)
		return other, nil
	}
	e.sites[name] = s
	return s, nil
}

// refreshRow picks up a changed read-only switch without opening the site again.
func (e *Engine) refreshRow(ctx context.Context, s *site) (*site, error) {
	if strings.HasPrefix(s.row.Name, exportPrefix) {
		return s, nil
	}
	row, err := e.store.Site(ctx, s.row.Name)
	if err != nil {
		return nil, err
	}
	return &site{row: row, reader: s.reader, writer: s.writer, calls: s.calls, who: s.who, names: s.names}, nil
}

func (e *Engine) siteRow(ctx context.Context, name string) (store.Site, []byte, error) {
	if path, ok := strings.CutPrefix(name, exportPrefix); ok {
		return store.Site{Name: name, Kind: confluence.Export, URL: path}, nil, nil
	}
	row, err := e.store.Site(ctx, name)
	if err != nil {
		return row, nil, err
	}
	secret, err := e.store.Unseal(ctx, secretName(name))
	return row, secret, err
}

func secretName(site string) string { return "site/" + site }

// forget lets a site's next use open it afresh. It is closed when no chain is at work that may be reading it.
func (e *Engine) forget(name string) {
	e.mu.Lock()
	if s := e.sites[name]; s != nil {
		e.retired = append(e.retired, s.reader)
	}
	delete(e.sites, name)
	e.mu.Unlock()
	e.closeRetired()
}

func (e *Engine) closeRetired() {
	e.mu.Lock()
	var idle []confluence.Reader
	if len(e.working) == 0 {
		idle, e.retired = e.retired, nil
	}
	e.mu.Unlock()
	for _, r := range idle {
		closeReader(r)
	}
}

func closeReader(r confluence.Reader) {
	if c, ok := r.(io.Closer); ok {
		_ = c.Close() // a reader that cannot close has nothing of ours to lose
	}
}

// SiteReport is what a test of a site found.
type SiteReport struct {
	Name     string              `json:"name"`
	Identity confluence.Identity `json:"identity"`
	Spaces   int                 `json:"spaces"`
	Skew     time.Duration       `json:"skew"` // the site's clock minus ours
	Latency  time.Duration       `json:"latency"`
	Lines    []SiteLine          `json:"lines"`
}

// SiteLine is one line of a test: Level is ok, warn, fail or info.
type SiteLine struct {
	Level, Name, Text string
	Code              confluence.Code `json:",omitempty"`
}

// AddSite stores a site with its secret sealed, after testing it if test is set. A site that fails the test is not
// stored.
func (e *Engine) AddSite(ctx context.Context, row store.Site, secret []byte, test bool) (SiteReport, error) {
	if _, err := e.store.Site(ctx, row.Name); err == nil {
		return SiteReport{}, confluence.Errorf(confluence.CodeUsage, "a site named %q exists", row.Name)
	}
	report := SiteReport{Name: row.Name}
	if test {
		var err error
		if report, secret, err = e.try(ctx, row, secret); err != nil {
			return report, err
		}
		row.Fingerprint = report.Identity.Fingerprint
		row.Kind = report.Identity.Kind
	}
	row.Created = e.opt.Now()
	return report, e.putSite(ctx, row, secret)
}

func (e *Engine) putSite(ctx context.Context, row store.Site, secret []byte) error {
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if err := tx.PutSite(row); err != nil {
			return err
		}
		return tx.Seal(secretName(row.Name), secret)
	})
}

// aside marks a context in which a site is only tried: a credential that it renews is the trial's, not the stored one's.
type aside struct {
	mu     sync.Mutex
	secret []byte
}

type asideKey struct{}

// KeepSecret stores a credential that a site has renewed. It returns when the credential is durable.
func (e *Engine) KeepSecret(ctx context.Context, name string, secret []byte) error {
	if a, ok := ctx.Value(asideKey{}).(*aside); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.secret = secret
		return nil
	}
	if _, err := e.store.Site(ctx, name); err != nil {
		return err
	}
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.Seal(secretName(name), secret) })
}

// try opens a site aside from the known ones and asks who it is. It returns the credential as it is after that: the site
// may have renewed it.
func (e *Engine) try(ctx context.Context, row store.Site, secret []byte) (SiteReport, []byte, error) {
	a := &aside{secret: secret}
	ctx = context.WithValue(ctx, asideKey{}, a)
	r, w, err := e.opt.Connect(ctx, row, secret)
	if err != nil {
		return SiteReport{Name: row.Name}, secret, err
	}
	defer closeReader(r)
	report, err := e.examine(ctx, &site{row: row, reader: r, writer: w})
	a.mu.Lock()
	defer a.mu.Unlock()
	return report, a.secret, err
}

// examine asks a site the questions of `tandem site test`. The error is that of the first line that fails.
func (e *Engine) examine(ctx context.Context, s *site) (SiteReport, error) {
	report := SiteReport{Name: s.row.Name}
	line := func(level, name, format string, args ...any) {
		report.Lines = append(report.Lines, SiteLine{Level: level, Name: name, Text: fmt.Sprintf(format, args...)})
	}
	start := e.opt.Now()
	id, err := s.reader.Identity(ctx)
	if err != nil {
		ce := confluence.AsError(err)
		report.Lines = append(report.Lines, SiteLine{Level: "fail", Name: "reachable", Text: ce.Error(), Code: ce.Code})
		return report, err
	}
	report.Identity, report.Latency = id, e.opt.Now().Sub(start)
	line("ok", "reachable", "%d ms", report.Latency.Milliseconds())
	line("ok", "product", "%s", id.Product)
	if id.Anonymous {
		err := confluence.Errorf(confluence.CodeWrongUser, "the site answers as to nobody").At(confluence.Where{Site: s.row.Name})
		report.Lines = append(report.Lines, SiteLine{Level: "fail", Name: "who am I", Text: err.Error(), Code: err.Code})
		return report, err
	}
	line("ok", "who am I", "%s (%s)", id.Me.DisplayName, id.Me.ID)
	spaces, err := s.reader.Spaces(ctx, nil)
	if err != nil {
		ce := confluence.AsError(err)
		report.Lines = append(report.Lines, SiteLine{Level: "fail", Name: "permissions", Text: ce.Error(), Code: ce.Code})
		return report, err
	}
	report.Spaces = len(spaces)
	line("ok", "permissions", "%d spaces visible", len(spaces))
	for _, l := range abilities(id.Caps) {
		line(l.Level, l.Name, "%s", l.Text)
	}
	if !id.Now.IsZero() {
		report.Skew = id.Now.Sub(e.opt.Now()).Round(time.Second)
		line("ok", "clock skew", "%+.0f s", report.Skew.Seconds())
	}
	return report, nil
}

// TestSite tests a stored site.
func (e *Engine) TestSite(ctx context.Context, name string) (SiteReport, error) {
	s, err := e.open(ctx, name)
	if err != nil {
		ce := confluence.AsError(err)
		return SiteReport{Name: name, Lines: []SiteLine{{Level: "fail", Name: "reachable", Text: ce.Error(), Code: ce.Code}}}, err
	}
	return e.examine(ctx, s)
}

// RotateSite replaces a site's secret after the new one has passed the test.
func (e *Engine) RotateSite(ctx context.Context, name string, secret []byte) (SiteReport, error) {
	row, err := e.store.Site(ctx, name)
	if err != nil {
		return SiteReport{}, err
	}
	report, secret, err := e.try(ctx, row, secret)
	if err != nil {
		return report, err
	}
	if row.Fingerprint != "" && row.Fingerprint != report.Identity.Fingerprint {
		return report, otherSite(name, row.Fingerprint, report.Identity.Fingerprint)
	}
	if err := e.putSite(ctx, row, secret); err != nil {
		return report, err
	}
	e.forget(name)
	return report, nil
}

// EditSite changes a stored site's settings; its secret stays.
func (e *Engine) EditSite(ctx context.Context, name string, edit func(*store.Site) error) (store.Site, error) {
	row, err := e.store.Site(ctx, name)
	if err != nil {
		return row, err
	}
	if err := edit(&row); err != nil {
		return row, err
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutSite(row) })
	e.forget(name)
	return row, err
}

// RemoveSite removes a site that no plan refers to and erases its secret.
func (e *Engine) RemoveSite(ctx context.Context, name string) error {
	if _, err := e.store.Site(ctx, name); err != nil {
		return err
	}
	plans, err := e.store.Plans(ctx)
	if err != nil {
		return err
	}
	var users []string
	for _, p := range plans {
		if p.Plan.From.Site == name || p.Plan.To.Site == name {
			users = append(users, p.Plan.Name)
		}
	}
	if len(users) > 0 {
		return confluence.Errorf(confluence.CodeUsage, "site %q is used by: %s", name, strings.Join(users, ", "))
	}
	e.forget(name)
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		return errors.Join(tx.RemoveSite(name), tx.Erase(secretName(name)))
	})
}

func otherSite(name, want, got string) *confluence.Error {
	e := confluence.Errorf(confluence.CodeOtherSite, "site %q is not the one this is bound to", name)
	e.Cause = fmt.Sprintf("bound to %s, answers as %s", short(want), short(got))
	e.Where = confluence.Where{Site: name}
	return e
}

// short cuts a fingerprint for a message.
func short(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}

// identify asks a site who it is and refuses another one than fingerprint names, or an answer to another account.
func (e *Engine) identify(ctx context.Context, s *site, fingerprint string) (confluence.Identity, error) {
	id, err := s.who.ask(ctx, s.reader, e.opt.Now)
	return e.recognise(s, id, fingerprint, err)
}

// recognised is identify at the least cost; see whoIsIt.
func (e *Engine) recognised(ctx context.Context, s *site, fingerprint string) (confluence.Identity, error) {
	id, err := s.who.stands(ctx, s.reader, e.opt.Now)
	return e.recognise(s, id, fingerprint, err)
}

func (e *Engine) recognise(s *site, id confluence.Identity, fingerprint string, err error) (confluence.Identity, error) {
	if err != nil {
		return id, err
	}
	if fingerprint != "" && id.Fingerprint != fingerprint {
		return id, otherSite(s.row.Name, fingerprint, id.Fingerprint)
	}
	if id.Anonymous {
		return id, confluence.Errorf(confluence.CodeWrongUser, "the site answers as to nobody").At(confluence.Where{Site: s.row.Name})
	}
	return id, nil
}
