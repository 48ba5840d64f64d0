package cloud

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// TokenURL is where Atlassian exchanges refresh tokens.
const TokenURL = "https://auth.atlassian.com/oauth/token"

// earlier is how long before its end an access token counts as ended: a request must not outlive it.
const earlier = 2 * time.Minute

// Token is what an OAuth app holds for one account. Each refresh gives a new refresh token and ends the old one.
type Token struct {
	Access  string    `json:"access_token,omitempty"`
	Refresh string    `json:"refresh_token"`
	Expires time.Time `json:"expires,omitzero"`
}

// OAuth says how to come by access tokens: three-legged OAuth 2.0 of an app, with rotating refresh tokens.
type OAuth struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Token
	// URL is the token endpoint; empty: TokenURL. Plain http is for loopback only.
	URL string `json:"token_url,omitempty"`
	// Persist stores a new token. It is called before the token is used, because the one before it is dead then; while it
	// fails nothing is sent. Exactly one process may own a refresh token.
	Persist func(context.Context, Token) error `json:"-"`
}

// tokens is the source of credentials of one connector.
type tokens struct {
	o     OAuth
	path  string
	rest  *rest.Client
	clock rest.Clock

	turn   chan struct{} // held by who looks at or changes what follows
	now    Token
	stored bool // now has been persisted
}

func newTokens(o OAuth, transport http.RoundTripper, clock rest.Clock) (*tokens, error) {
	if o.URL == "" {
		o.URL = TokenURL
	}
	u, err := url.Parse(o.URL)
	if err != nil || o.Refresh == "" || o.ClientID == "" || o.Persist == nil {
		e := confluence.Errorf(confluence.CodeCredential, "the OAuth credential is not complete")
		e.Remedy = "give client_id, client_secret and refresh_token as JSON, and authorize the app with offline_access"
		return nil, e.Because(err)
	}
	client, err := rest.New(rest.Options{Base: u.Scheme + "://" + u.Host, Transport: transport, Clock: clock})
	if err != nil {
		return nil, notConfluence("the address of the token endpoint cannot be used", err)
	}
	return &tokens{
		o: o, path: u.EscapedPath(), rest: client, clock: clock.Or(), turn: make(chan struct{}, 1), now: o.Token, stored: true,
	}, nil
}

// auth is a rest.Credentials. The error is a *confluence.Error: T-2004 says that the grant has ended and the app must be
// authorized again.
func (s *tokens) auth(ctx context.Context) (rest.Auth, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return rest.Auth{}, ctx.Err()
	}
	if s.stored && (s.now.Access == "" || !s.clock.Now().Add(earlier).Before(s.now.Expires)) {
		// Who gives up in the middle of this would throw away the only token that works.
		if err := s.refresh(context.WithoutCancel(ctx)); err != nil {
			return rest.Auth{}, err
		}
	}
	if !s.stored {
		if err := s.o.Persist(context.WithoutCancel(ctx), s.now); err != nil {
			e := confluence.Errorf(confluence.CodeStateDamaged, "the new OAuth token could not be stored, so it is not used")
			return rest.Auth{}, e.Because(err)
		}
		s.stored = true
	}
	return rest.Bearer(s.now.Access), nil
}

// refused makes the next request refresh the token, if it is one that was there when the refused request was sent.
func (s *tokens) refused(access string) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.stored && s.now.Access == access {
		s.now.Access = ""
	}
}

// current returns the access token that would be sent now.
func (s *tokens) current() string {
	if s == nil {
		return ""
	}
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.now.Access
}

func (s *tokens) refresh(ctx context.Context) error {
	var got struct {
		Access  string      `json:"access_token"`
		Refresh string      `json:"refresh_token"`
		Seconds json.Number `json:"expires_in"`
	}
	req := rest.Request{
		Method: http.MethodPost, Route: "/oauth/token", Path: s.path,
		JSON: map[string]string{
			"grant_type": "refresh_token", "client_id": s.o.ClientID, "client_secret": s.o.ClientSecret, "refresh_token": s.now.Refresh,
		},
	}
	if _, err := s.rest.Do(ctx, req, &got); err != nil {
		return refreshFailed(rest.As(err))
	}
	seconds, err := got.Seconds.Int64()
	if got.Access == "" || err != nil || seconds <= 0 {
		e := confluence.Errorf(confluence.CodeUnusableAnswer, "the access token could not be refreshed")
		e.Cause = "the answer holds no access token"
		return e
	}
	next := Token{Access: got.Access, Refresh: got.Refresh, Expires: s.clock.Now().Add(time.Duration(seconds) * time.Second)}
	if next.Refresh == "" {
		next.Refresh = s.now.Refresh // a grant without rotation
	}
	s.now, s.stored = next, false
	return nil
}

// refreshFailed names what is behind a refresh that failed. A grant that has ended is answered 403 with unauthorized_client
// or invalid_grant, a wrong client secret 401 with access_denied (AU-04).
func refreshFailed(e *rest.Error) error {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(e.Body, &said) // a refusal need not be JSON
	out := confluence.Errorf(codeOf(e, call{Method: http.MethodPost}), "the access token could not be refreshed")
	out.Status, out.RetryAfter, out.Cause = e.Status, e.RetryAfter, wire.First(said.Description, said.Error, e.What)
	out.Err = &rest.Error{Kind: e.Kind, Status: e.Status, Method: e.Method, Route: e.Route} // bodies may hold tokens
	if e.Kind == rest.Status && e.Status < 500 {
		out.Code = confluence.CodeCredential
		out.Remedy = "authorize the app again and run tandem site rotate NAME with the new refresh token"
		if said.Error == "access_denied" {
			out.Remedy = "correct client_secret and run tandem site rotate NAME"
		}
	}
	return out
}

func (s *tokens) close() { s.rest.Close() }
