package dc

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// release is a version of the product.
type release struct{ major, minor, patch int }

func releaseOf(s string) release {
	var n [3]int
	for i, part := range strings.SplitN(s, ".", 3) {
		digits := part
		if at := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); at >= 0 {
			digits = part[:at]
		}
		n[i], _ = strconv.Atoi(digits)
	}
	return release{n[0], n[1], n[2]}
}

func (v release) before(major, minor, patch int) bool {
	w := release{major, minor, patch}
	if v.major != w.major {
		return v.major < w.major
	}
	if v.minor != w.minor {
		return v.minor < w.minor
	}
	return v.patch < w.patch
}

// manifest is what the site says of itself to everybody (ID-04).
type manifest struct {
	XMLName xml.Name `json:"-" xml:"manifest"`
	ID      string   `json:"id" xml:"id"`
	Name    string   `json:"name" xml:"name"`
	TypeID  string   `json:"typeId" xml:"typeId"`
	Version string   `json:"version" xml:"version"`
	URL     string   `json:"url" xml:"url"`
	release release
}

// Access modes of a site.
const (
	readWrite = "READ_WRITE"
	readOnly  = "READ_ONLY"
)

// probed is what a site offers to this account, found out once.
type probed struct {
	templates bool
	baseURL   string
}

// Identity asks the site who it is and who we are. T-2002 says that no Confluence answers at the address, T-2004 that the
// credential is refused, T-2005 that the site answers as to nobody or somebody else, T-2007 that the version is too old.
func (c *Connector) Identity(ctx context.Context) (confluence.Identity, error) {
	// An address that is no Confluence must not learn the credential: the manifest is asked for without it, and first.
	m, err := c.readManifest(ctx)
	if err != nil {
		return confluence.Identity{}, err
	}
	if m.release.before(7, 19, 0) {
		e := confluence.Errorf(confluence.CodeNotCapable, "Confluence %s is older than what tandem reads over the API (7.19)", m.Version)
		e.Remedy = "export the space as XML and name the file: tandem plan create NAME --from FILE.zip"
		return confluence.Identity{}, e
	}
	ans, err := c.whoAmI(ctx)
	if err != nil {
		return confluence.Identity{}, err
	}
	mode, err := c.accessMode(ctx)
	if err != nil {
		return confluence.Identity{}, err
	}
	p, err := c.probe(ctx)
	if err != nil {
		return confluence.Identity{}, err
	}
	c.mu.Lock()
	me := c.me
	c.mu.Unlock()
	out := confluence.Identity{
		Kind: confluence.DataCenter, Product: "Confluence Data Center " + m.Version, Version: m.Version, Fingerprint: m.ID,
		BaseURL: c.root, Me: me, Now: ans.Date, Caps: c.capabilities(m.release, mode, p),
	}
	for _, u := range []string{m.URL, p.baseURL} {
		if u = strings.TrimRight(u, "/"); u != "" && u != c.root && (len(out.OtherURLs) == 0 || out.OtherURLs[0] != u) {
			out.OtherURLs = append(out.OtherURLs, u)
		}
	}
	return out, nil
}

// Recognise asks, without the credential, whether a Confluence Data Center answers at the address: T-2002 if not.
func (c *Connector) Recognise(ctx context.Context) error {
	_, err := c.readManifest(ctx)
	return err
}

func (c *Connector) capabilities(v release, mode string, p *probed) confluence.Capabilities {
	return confluence.Capabilities{
		Write: mode != readOnly, Position: true, WikiBodies: true, RootPages: true, PositionBySet: true, PutReturnsBody: true,
		Listed:    confluence.FacetLabels | confluence.FacetRestrictions | confluence.FacetAttachments | confluence.FacetComments,
		Directory: true, Mention: "userkey", Drafts: true, Trash: true, Properties: true, Templates: p.templates,
		Permissions: !v.before(9, 1, 1), // dc-api.md section 0
		// 7.16 refuses inline comments whatever is sent, 8.5 takes them (OF-40).
		InlineComments: !v.before(8, 0, 0), Resolution: !v.before(8, 0, 0),
		FetchBatch: fetchBatch, MaxTitle: 255, Concurrent: c.fan,
	}
}

// readManifest reads the manifest of application links, in JSON or in the XML that it is by default.
func (c *Connector) readManifest(ctx context.Context) (*manifest, error) {
	const route = "/rest/applinks/1.0/manifest"
	k := wire.Get(route, "the site could not be asked for its identity")
	req := rest.Request{Method: http.MethodGet, Route: route, Path: route, Anonymous: true, Header: http.Header{"Accept": {"application/json"}}}
	s, err := c.rest.Stream(ctx, req)
	if err != nil {
		e := rest.As(err)
		if out := c.fail(ctx, k, e); e.Kind == rest.Unusable || e.Kind == rest.Status && e.Status < 500 {
			return nil, notConfluence(out.Cause, e)
		}
		return nil, c.fail(ctx, k, e)
	}
	text, err := io.ReadAll(io.LimitReader(s, 1<<20))
	_ = s.Close() // everything that is used has been read
	if err != nil {
		return nil, c.fail(ctx, k, rest.As(err))
	}
	var m manifest
	if text = bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("<")) {
		err = xml.Unmarshal(text, &m)
	} else {
		err = json.Unmarshal(text, &m)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, wire.Unusable(k, ctx.Err().Error()).Because(ctx.Err())
	case err != nil || m.ID == "" || m.Version == "":
		return nil, notConfluence("it does not tell an id and a version", err)
	case !strings.EqualFold(m.TypeID, "confluence"):
		return nil, notConfluence("it is of type "+wire.Line(m.TypeID), nil)
	}
	m.release = releaseOf(m.Version)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.about != nil && c.about.ID != m.ID {
		return nil, confluence.Errorf(confluence.CodeOtherSite, "the site is %s, and was %s before", m.ID, c.about.ID)
	}
	c.about = &m
	return &m, nil
}

// version returns the site's release, asking once.
func (c *Connector) version(ctx context.Context) (release, error) {
	c.mu.Lock()
	m := c.about
	c.mu.Unlock()
	if m == nil {
		var err error
		if m, err = c.readManifest(ctx); err != nil {
			return release{}, err
		}
	}
	return m.release, nil
}

// accessMode asks whether the site takes writes. A site that does not say so does.
func (c *Connector) accessMode(ctx context.Context) (string, error) {
	var mode string
	k := wire.Get(api+"/accessmode", "the site could not be asked whether it takes writes")
	_, err := c.rest.Do(ctx, request(k), &mode)
	if e := rest.As(err); e != nil {
		if e.Kind == rest.Status && e.Status < 500 {
			return readWrite, nil
		}
		return "", c.fail(ctx, k, e)
	}
	return mode, nil
}

// probe finds out once what the site offers beyond what its version tells.
func (c *Connector) probe(ctx context.Context) (*probed, error) {
	c.mu.Lock()
	p := c.probed
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p = &probed{}
	var info struct {
		BaseURL string `json:"baseUrl"`
	}
	ask := []struct {
		k   call
		out any
		has func()
	}{
		{wire.Get(api+"/server-information", "the site could not be asked about itself"), &info, func() { p.baseURL = info.BaseURL }},
		{wire.Get(experimental+"/template/page", "the site could not be asked for templates").With("limit", "1"), nil, func() { p.templates = true }},
	}
	for _, a := range ask {
		_, err := c.rest.Do(ctx, request(a.k), a.out)
		switch e := rest.As(err); {
		case err == nil:
			a.has()
		case e.Kind == rest.Status && e.Status < 500, e.Kind == rest.Unusable && e.HTML:
			// Not offered, or not to us.
		default:
			return nil, c.fail(ctx, a.k, e)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probed = p
	return p, nil
}
