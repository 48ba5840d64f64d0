package cloud

import (
	"context"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Identity asks the site for its cloud id and for the account. T-2002 says that no Confluence Cloud answers at the
// address, T-2004 that the credential is refused, T-2005 that the site answers as to nobody.
func (c *Connector) Identity(ctx context.Context) (confluence.Identity, error) {
	c.mu.Lock()
	known := c.me.ID != ""
	c.mu.Unlock()
	var cloudID string
	var ans rest.Answer
	ask := []func() error{
		func() (err error) { cloudID, err = c.tenant(ctx); return err },
		func() (err error) { ans, err = c.whoAmI(ctx); return err },
	}
	// An address that is no Confluence must not learn the credential: until it is known to be one, the second question
	// waits for the first answer.
	var err error
	if known {
		err = c.each(ctx, len(ask), func(_ context.Context, i int) error { return ask[i]() })
	} else if err = ask[0](); err == nil {
		err = ask[1]()
	}
	if err != nil {
		return confluence.Identity{}, err
	}
	c.mu.Lock()
	me := c.me
	c.mu.Unlock()
	return confluence.Identity{
		Kind: confluence.Cloud, Product: "Confluence Cloud", Fingerprint: cloudID, BaseURL: c.root, Me: me, Now: ans.Date,
		Caps: c.capabilities(),
	}, nil
}

func (c *Connector) capabilities() confluence.Capabilities {
	return confluence.Capabilities{
		Write: true, Position: true, BlogDate: true, WikiBodies: true, RootPages: true, FreshPageLast: true,
		InlineComments: true, Resolution: true, Drafts: true, Archive: true, Permissions: true,
		Trash: true, Templates: true, Properties: true, States: true,
		ArchivedList: true, Glanced: glanced, GlanceBatch: searchChunk, Probe: true,
		Directory: true, Mention: "account-id", FetchBatch: batchSize, MaxTitle: 255, MaxBody: 5 << 20, Concurrent: c.fan, ArchivedHolds: true,
	}
}

// tenant returns the cloud id. It is asked without the credential: an address that is no Confluence must not learn it.
func (c *Connector) tenant(ctx context.Context) (string, error) {
	if id, ok := gatewayCloudID(c.root); ok {
		return id, nil
	}
	var info struct {
		CloudID string `json:"cloudId"`
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Method: http.MethodGet, Route: "/_edge/tenant_info", Path: "/_edge/tenant_info", Origin: true, Anonymous: true,
	}, &info)
	k := wire.Get("/_edge/tenant_info", "the site could not be asked for its identity")
	switch e := rest.As(err); {
	case err == nil && info.CloudID != "":
		return info.CloudID, nil
	case err == nil:
		return "", notConfluence("it does not tell a cloud id", nil)
	case e.Kind == rest.Unusable, e.Kind == rest.Status && e.Status < 500:
		return "", notConfluence(c.fail(k, e).Cause, e)
	default:
		return "", c.fail(k, e)
	}
}

// roleMode returns how the site keeps space permissions: PRE_ROLES, ROLES_TRANSITION or ROLES.
func (c *Connector) roleMode(ctx context.Context) (string, error) {
	c.mu.Lock()
	mode := c.mode
	c.mu.Unlock()
	if mode != "" {
		return mode, nil
	}
	var answer struct {
		Mode string `json:"mode"`
	}
	_, err := c.do(ctx, wire.Get(v2+"/space-role-mode", "the site could not be asked how it keeps permissions"), &answer)
	switch {
	case confluence.ClassOf(err) == confluence.ClassNotFound, err == nil && answer.Mode == "":
		// Sites without roles have no such resource.
		answer.Mode = "PRE_ROLES"
	case err != nil:
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mode = answer.Mode
	return c.mode, nil
}
