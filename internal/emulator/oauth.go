package emulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The lifetimes of what OAuth hands out: access tokens about an hour [R], a grant that is not used 90 days (register
// rows AU-03, AU-04), an authorization code ten minutes.
const (
	accessFor = time.Hour
	grantFor  = 90 * 24 * time.Hour
	codeFor   = 10 * time.Minute
)

// oauthApp is an app that may act for people (3LO), or, with an owner, for a service account.
type oauthApp struct {
	id, secret, name string
	scopes           []string // what it may ask for; empty = anything
	owner            *user    // of client_credentials
}

type grantCode struct {
	app      *oauthApp
	owner    *user
	scopes   []string
	redirect string
	expires  stamp
}

// refreshToken is good for one use. Each use renews the grant.
type refreshToken struct {
	app     *oauthApp
	owner   *user
	scopes  []string
	expires stamp
}

// oauthRoutes are what a client finds at auth.atlassian.com and api.atlassian.com. The emulator is all hosts at once:
// a client takes its address for each of them, as the paths differ.
var oauthRoutes = []route{
	{method: "GET", template: "/authorize", api: edge, evidence: byDocumentation, gap: "no consent page: the account named by login_hint, else the service account, consents at once", handle: authorize, changes: true},
	{method: "POST", template: "/oauth/token", api: edge, evidence: byClient, prepare: prepareToken, handle: exchangeToken},
	{method: "GET", template: "/oauth/token/accessible-resources", api: edge, evidence: byDocumentation, handle: accessibleResources},
}

// oauthError is an error of the token endpoint.
func oauthError(status int, code, description string) (answer, error) {
	return answer{status: status, json: object{"error": code, "error_description": description}}, nil
}

func authorize(c *call) (answer, error) {
	q := c.query
	app := c.people.keys.apps[q.Get("client_id")]
	owner := c.people.byID[serviceID]
	for _, u := range c.people.users {
		if hint := q.Get("login_hint"); hint != "" && (u.id == hint || strings.EqualFold(u.email, hint)) {
			owner = u
		}
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	asked := scopeList(q.Get("scope"))
	switch {
	case app == nil || err != nil || back.Host == "" || q.Get("response_type") != "code":
		return oauthError(http.StatusBadRequest, "invalid_request", "client_id, redirect_uri and response_type=code are needed")
	case len(app.scopes) > 0 && slices.ContainsFunc(asked, func(s string) bool { return s != offline && !slices.Contains(app.scopes, s) }):
		return oauthError(http.StatusBadRequest, "invalid_scope", "the app does not have these scopes")
	}
	code := c.secret("code-")
	c.people.keys.codes[code] = &grantCode{app, owner, asked, back.String(), stampOf(c.now.Add(codeFor))}
	query := back.Query()
	query.Set("code", code)
	if state := q.Get("state"); state != "" {
		query.Set("state", state)
	}
	back.RawQuery = query.Encode()
	a := answer{status: http.StatusFound}
	a.set("Location", back.String())
	return a, nil
}

// offline is the scope that makes a grant come with a refresh token.
const offline = "offline_access"

type tokenRequest struct {
	GrantType    string `json:"grant_type"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Code         string `json:"code"`
	RedirectURI  string `json:"redirect_uri"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

// prepareToken reads JSON or a form. The error is the token endpoint's, so that it is left to the handler.
func prepareToken(c *call) (any, error) {
	data, err := io.ReadAll(io.LimitReader(c.r.Body, 1<<16))
	if err != nil {
		return (*tokenRequest)(nil), nil
	}
	var q tokenRequest
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return (*tokenRequest)(nil), nil
		}
		return &tokenRequest{
			form.Get("grant_type"), form.Get("client_id"), form.Get("client_secret"), form.Get("code"), form.Get("redirect_uri"),
			form.Get("refresh_token"), form.Get("scope"),
		}, nil
	}
	if json.Unmarshal(data, &q) != nil {
		return (*tokenRequest)(nil), nil
	}
	return &q, nil
}

func exchangeToken(c *call) (answer, error) {
	q := c.prepared.(*tokenRequest)
	if q == nil {
		return oauthError(http.StatusBadRequest, "invalid_request", "the body is neither JSON nor a form")
	}
	ring := c.people.keys
	app := ring.apps[q.ClientID]
	if app == nil || app.secret != q.ClientSecret {
		return oauthError(http.StatusUnauthorized, "access_denied", "Unauthorized")
	}
	switch q.GrantType {
	case "authorization_code":
		g := ring.codes[q.Code]
		delete(ring.codes, q.Code)
		if g == nil || g.app != app || g.redirect != q.RedirectURI || g.expires <= stampOf(c.now) {
			return oauthError(http.StatusForbidden, "invalid_grant", "Invalid authorization code")
		}
		return c.grant(app, g.owner, g.scopes)
	case "refresh_token":
		g := ring.refresh[q.RefreshToken]
		if g == nil || g.app != app || g.expires <= stampOf(c.now) || !g.owner.active {
			return oauthError(http.StatusForbidden, c.set.deadRefresh, "refresh_token is invalid")
		}
		delete(ring.refresh, q.RefreshToken)
		return c.grant(app, g.owner, g.scopes)
	case "client_credentials":
		if app.owner == nil {
			return oauthError(http.StatusForbidden, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.")
		}
		return c.grant(app, app.owner, app.scopes)
	}
	return oauthError(http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: "+q.GrantType)
}

// grant hands out an access token, and a new refresh token where the grant is for offline use.
func (c *call) grant(app *oauthApp, owner *user, granted []string) (answer, error) {
	out := object{
		"access_token": c.issueAccess(app, owner, granted, c.now.Add(accessFor)), "token_type": "Bearer",
		"expires_in": int(accessFor.Seconds()), "scope": strings.Join(granted, " "),
	}
	if slices.Contains(granted, offline) {
		out["refresh_token"] = c.issueRefresh(app, owner, granted, c.now)
	}
	a, err := ok(out)
	a.set("Cache-Control", "no-store")
	return a, err
}

func (s *Site) issueAccess(app *oauthApp, owner *user, scopes []string, expires time.Time) string {
	k := &key{kind: accessToken, secret: s.secret("eyJ"), owner: owner, scopes: scopes, app: app, expires: stampOf(expires)}
	s.people.keys.bySecret[k.secret] = k
	return k.secret
}

func (s *Site) issueRefresh(app *oauthApp, owner *user, scopes []string, now time.Time) string {
	secret := s.secret("refresh-")
	s.people.keys.refresh[secret] = &refreshToken{app, owner, scopes, stampOf(now.Add(grantFor))}
	return secret
}

// accessibleResources lists the sites that an access token is good for: this one.
func accessibleResources(c *call) (answer, error) {
	k := c.people.keys.bySecret[bearer(c.r)]
	if !k.valid(c.now) || k.kind != accessToken {
		return gatewayAnswer(http.StatusUnauthorized, "Unauthorized"), nil
	}
	granted := slices.DeleteFunc(slices.Clone(k.scopes), func(s string) bool { return s == offline })
	site := strings.TrimSuffix(c.base(), c.context)
	return answer{status: http.StatusOK, json: []object{{
		"id": c.cloudID, "url": site, "name": "emulated", "scopes": granted, "avatarUrl": site + "/avatar.png",
	}}}, nil
}
