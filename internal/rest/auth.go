package rest

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
)

// Auth is a credential. It prints as its kind only, so that it can stand in any structure without leaking.
type Auth struct {
	kind   string
	header string
	secret string
}

// Basic is a name and a password or token: for Cloud the e-mail address and an API token.
func Basic(name, secret string) Auth {
	plain := base64.StdEncoding.EncodeToString([]byte(name + ":" + secret))
	return Auth{kind: "basic", header: "Basic " + plain, secret: secret}
}

// Bearer is a token that stands alone: a personal access token or an OAuth access token.
func Bearer(token string) Auth { return Auth{kind: "bearer", header: "Bearer " + token, secret: token} }

// String returns the kind: basic, bearer or none.
func (a Auth) String() string {
	if a.kind == "" {
		return "none"
	}
	return a.kind
}

// GoString is String, so that %#v shows no secret either.
func (a Auth) GoString() string { return a.String() }

// LogValue is String, for structured logs.
func (a Auth) LogValue() slog.Value { return slog.StringValue(a.String()) }

func (a Auth) put(h http.Header) {
	if a.header != "" {
		h.Set("Authorization", a.header)
	}
}

// scrub replaces the secret, and its encoded form, wherever they occur in a text from outside.
func (a Auth) scrub(text string) string {
	if a.secret == "" {
		return text
	}
	_, encoded, _ := strings.Cut(a.header, " ")
	return strings.NewReplacer(encoded, "[secret]", a.secret, "[secret]").Replace(text)
}

// Credentials gives the credential of the next request, where that changes: an access token that runs out. It may make calls
// of its own, through another Client, and must be safe for concurrent use. What it returns is the only thing sent.
type Credentials func(ctx context.Context) (Auth, error)

// auth returns the credential to send now.
func (c *Client) auth(ctx context.Context) (Auth, error) {
	if c.o.Credentials == nil {
		return c.o.Auth, nil
	}
	a, err := c.o.Credentials(ctx)
	if err == nil {
		c.last.Store(&a)
	}
	return a, err
}

// scrub takes the credential out of a text from outside.
func (c *Client) scrub(text string) string {
	if a := c.last.Load(); a != nil {
		text = a.scrub(text)
	}
	return c.o.Auth.scrub(text)
}
