package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// Site is a site as a person sees it; its credential is never shown.
type Site struct {
	Name        string              `json:"name"`
	Kind        confluence.SiteKind `json:"kind" enum:"dc,cloud,export"`
	URL         string              `json:"url"`
	Auth        string              `json:"auth,omitempty" enum:"pat,basic,token,oauth"`
	Email       string              `json:"email,omitempty"`
	CAFile      string              `json:"caFile,omitempty" doc:"file with certificates to trust besides the system's"`
	Proxy       string              `json:"proxy,omitempty"`
	ReadOnly    bool                `json:"readOnly"`
	Fingerprint string              `json:"fingerprint,omitempty" doc:"of the site itself, whatever its address"`
	Concurrent  int                 `json:"concurrent" doc:"calls in flight; 0: what the site declares"`
	Created     time.Time           `json:"created"`
}

// Sites is a list of sites.
type Sites struct {
	Sites []Site `json:"sites"`
}

// SiteReport is what a test of a site found.
type SiteReport struct {
	Name        string      `json:"name"`
	Product     string      `json:"product,omitempty"`
	Fingerprint string      `json:"fingerprint,omitempty"`
	Account     string      `json:"account,omitempty" doc:"whom the site takes us for"`
	AccountID   string      `json:"accountId,omitempty"`
	Spaces      int         `json:"spaces"`
	Checks      []SiteCheck `json:"checks"`
	Error       *Problem    `json:"error,omitempty" doc:"of the first check that failed"`
	Preview     *Preview    `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// SiteCheck is one line of a test.
type SiteCheck struct {
	State string          `json:"state" enum:"ok,warn,fail,info"`
	Name  string          `json:"name"`
	Text  string          `json:"text"`
	Code  confluence.Code `json:"code,omitempty"`
}

// SiteResult is a site after a change.
type SiteResult struct {
	Site    Site     `json:"site"`
	Preview *Preview `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// Done is the answer to a call that leaves nothing to show.
type Done struct {
	Preview *Preview `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// NewSite describes a site to add.
type NewSite struct {
	Name     string `json:"name" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"what people call it"`
	URL      string `json:"url"`
	Kind     string `json:"kind,omitempty" enum:"dc,cloud,auto" default:"auto"`
	Auth     string `json:"auth,omitempty" enum:"pat,basic,token,oauth" default:"token"`
	Email    string `json:"email,omitempty" doc:"of the account, for Cloud with an API token"`
	Secret   string `json:"secret" doc:"the credential; sealed at once, never shown or logged"`
	CAFile   string `json:"caFile,omitempty"`
	Proxy    string `json:"proxy,omitempty"`
	ReadOnly bool   `json:"readOnly,omitempty"`
	NoTest   bool   `json:"noTest,omitempty" doc:"store it untested"`
}

type (
	none      struct{}
	siteIn    struct{ NameParam }
	NameParam struct {
		Name string `path:"name"`
	}
	addSiteIn struct {
		Write
		Body NewSite
	}
	rotateIn struct {
		NameParam
		Write
		Body struct {
			Secret string `json:"secret"`
		}
	}
	limitIn struct {
		NameParam
		Write
		Body Limits
	}
	readOnlyIn struct {
		NameParam
		Write
		Body struct {
			ReadOnly bool `json:"readOnly"`
		}
	}
	removeSiteIn struct {
		NameParam
		Write
	}
	recordIn struct {
		NameParam
		Body NewRecording
	}
)

// NewRecording says what to record of a site.
type NewRecording struct {
	Space string `json:"space" doc:"key of the space that is read"`
	To    string `json:"to" doc:"folder on the server's machine; it must be empty or not there yet"`
}

// Recording is what was recorded of a site.
type Recording struct {
	To        string `json:"to"`
	Exchanges int    `json:"exchanges" doc:"requests and answers, each a file"`
}

// Limits are what tandem allows itself at a site.
type Limits struct {
	Concurrent int `json:"concurrent" minimum:"0" maximum:"64" doc:"calls in flight; 0: what the site declares"`
}

func (s *Server) registerSites(h huma.API) {
	register(h, get("sites", "/sites", "The sites", ""), s.listSites)
	register(h, post("sites", "/sites", "Add a site", "Tests it first; a site that fails its test is not stored."), s.addSite)
	register(h, get("sites", "/sites/{name}", "One site", ""), s.showSite)
	register(h, post("sites", "/sites/{name}/test", "Test a site", "Reach, product, account, what it sees, its clock. A site that fails is no error of this call: see error in the answer."), s.testSite)
	register(h, put("sites", "/sites/{name}/credential", "Replace a site's credential", "The old one is kept until the new one has passed the test."), s.rotateSite)
	register(h, put("sites", "/sites/{name}/limits", "Set a site's limits", ""), s.limitSite)
	register(h, put("sites", "/sites/{name}/readonly", "Block or allow writes to a site", ""), s.readOnlySite)
	register(h, post("sites", "/sites/{name}/recording", "Record what a site answers", "Reads one space with everything in it and writes the answers into a folder, without what is private in them. Nothing is written to the site."), s.recordSite)
	register(h, del("sites", "/sites/{name}", "Remove a site", "Only when nothing refers to it. Its credential is erased."), s.removeSite)
}

func siteOf(r store.Site) Site {
	return Site{
		Name: r.Name, Kind: r.Kind, URL: r.URL, Auth: r.Auth, Email: r.Email, CAFile: r.CAFile, Proxy: r.Proxy,
		ReadOnly: r.ReadOnly, Fingerprint: r.Fingerprint, Concurrent: r.Concurrent, Created: r.Created,
	}
}

func reportOf(r engine.SiteReport, err error) SiteReport {
	out := SiteReport{
		Name: r.Name, Product: r.Identity.Product, Fingerprint: r.Identity.Fingerprint,
		Account: r.Identity.Me.DisplayName, AccountID: string(r.Identity.Me.ID), Spaces: r.Spaces, Checks: []SiteCheck{},
	}
	for _, l := range r.Lines {
		out.Checks = append(out.Checks, SiteCheck{State: l.Level, Name: l.Name, Text: l.Text, Code: l.Code})
	}
	if err != nil {
		out.Error = NewProblem(err)
	}
	return out
}

func (s *Server) listSites(ctx context.Context, _ *none) (*Sites, error) {
	rows, err := s.store.Sites(ctx)
	if err != nil {
		return nil, err
	}
	out := Sites{Sites: []Site{}}
	for _, r := range rows {
		out.Sites = append(out.Sites, siteOf(r))
	}
	return &out, nil
}

func (s *Server) showSite(ctx context.Context, in *siteIn) (*Site, error) {
	row, err := s.store.Site(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := siteOf(row)
	return &out, nil
}

func (s *Server) addSite(ctx context.Context, in *addSiteIn) (*SiteReport, error) {
	b := in.Body
	row := store.Site{
		Name: b.Name, Kind: confluence.SiteKind(b.Kind), URL: b.URL, Auth: b.Auth, Email: b.Email, CAFile: b.CAFile,
		Proxy: b.Proxy, ReadOnly: b.ReadOnly,
	}
	if b.Kind == "auto" {
		row.Kind = ""
	}
	if _, err := s.store.Site(ctx, b.Name); err == nil {
		return nil, usage("a site named %q exists", b.Name)
	}
	stop, err := in.gate(row, "add the site "+b.Name+" at "+b.URL)
	if err != nil {
		return nil, err
	}
	if stop != nil {
		return &SiteReport{Name: b.Name, Checks: []SiteCheck{}, Preview: stop}, nil
	}
	report, err := s.engine.AddSite(ctx, row, []byte(b.Secret), !b.NoTest)
	if err != nil {
		return nil, err
	}
	out := reportOf(report, nil)
	return &out, nil
}

func (s *Server) testSite(ctx context.Context, in *siteIn) (*SiteReport, error) {
	if _, err := s.store.Site(ctx, in.Name); err != nil {
		return nil, err
	}
	out := reportOf(s.engine.TestSite(ctx, in.Name))
	return &out, nil
}

func (s *Server) recordSite(ctx context.Context, in *recordIn) (*Recording, error) {
	if in.Body.Space == "" || in.Body.To == "" {
		return nil, usage("a recording needs a space and a folder")
	}
	n, err := s.engine.RecordSite(ctx, in.Name, in.Body.Space, in.Body.To)
	if err != nil {
		return nil, err
	}
	return &Recording{To: in.Body.To, Exchanges: n}, nil
}

func (s *Server) rotateSite(ctx context.Context, in *rotateIn) (*SiteReport, error) {
	row, err := s.store.Site(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate(row, "replace the credential of "+in.Name)
	if err != nil {
		return nil, err
	}
	if stop != nil {
		return &SiteReport{Name: in.Name, Checks: []SiteCheck{}, Preview: stop}, nil
	}
	report, err := s.engine.RotateSite(ctx, in.Name, []byte(in.Body.Secret))
	if err != nil {
		return nil, err
	}
	out := reportOf(report, nil)
	return &out, nil
}

// editSite changes a site's settings, unless it is a dry run.
func (s *Server) editSite(ctx context.Context, name string, w Write, does string, edit func(*store.Site)) (*SiteResult, error) {
	row, err := s.store.Site(ctx, name)
	if err != nil {
		return nil, err
	}
	stop, err := w.gate(row, does)
	if err != nil || stop != nil {
		return &SiteResult{Site: siteOf(row), Preview: stop}, err
	}
	row, err = s.engine.EditSite(ctx, name, func(r *store.Site) error {
		edit(r)
		return nil
	})
	return &SiteResult{Site: siteOf(row)}, err
}

func (s *Server) limitSite(ctx context.Context, in *limitIn) (*SiteResult, error) {
	return s.editSite(ctx, in.Name, in.Write, "set the limits of "+in.Name, func(r *store.Site) { r.Concurrent = in.Body.Concurrent })
}

func (s *Server) readOnlySite(ctx context.Context, in *readOnlyIn) (*SiteResult, error) {
	does := "allow writes to " + in.Name
	if in.Body.ReadOnly {
		does = "block every write to " + in.Name
	}
	if in.Reason == "" {
		return nil, usage("a reason is required: %s", does)
	}
	return s.editSite(ctx, in.Name, in.Write, does, func(r *store.Site) { r.ReadOnly = in.Body.ReadOnly })
}

func (s *Server) removeSite(ctx context.Context, in *removeSiteIn) (*Done, error) {
	row, err := s.store.Site(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if in.Reason == "" {
		return nil, usage("a reason is required to remove %q", in.Name)
	}
	stop, err := in.gate(row, "remove the site "+in.Name, "erase its credential")
	if err != nil || stop != nil {
		return &Done{Preview: stop}, err
	}
	return &Done{}, s.engine.RemoveSite(ctx, in.Name)
}
