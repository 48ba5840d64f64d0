package emulator

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keyKind says what a secret opens (cloud-api.md section 2).
type keyKind uint8

const (
	apiToken        keyKind = iota // e-mail and token, everywhere; no scopes
	scopedToken                    // of a person or a service account: only through the gateway
	accessToken                    // OAuth: only through the gateway, counted against the app's points
	organizationKey                // /admin and nothing else
	directoryKey                   // /scim and nothing else
)

// key is a secret that was issued beside the accounts' own API tokens.
type key struct {
	kind    keyKind
	secret  string
	owner   *user
	scopes  []string
	expires stamp // 0 = never
	app     *oauthApp
}

// keyring holds what was issued, guarded by the Site's lock.
type keyring struct {
	serial   int
	bySecret map[string]*key
	apps     map[string]*oauthApp // by client id
	codes    map[string]*grantCode
	refresh  map[string]*refreshToken
	admin    map[*user]stamp // until when an admin key is on (register row AU-09)
}

func newKeyring() *keyring {
	return &keyring{
		bySecret: map[string]*key{}, apps: map[string]*oauthApp{}, codes: map[string]*grantCode{},
		refresh: map[string]*refreshToken{}, admin: map[*user]stamp{},
	}
}

// secret makes a fresh secret. Same seed and same calls, same secrets.
func (s *Site) secret(prefix string) string {
	s.people.keys.serial++
	d := s.digest("secret", prefix, strconv.Itoa(s.people.keys.serial))
	return prefix + hex.EncodeToString(d[:])
}

func (k *key) valid(now time.Time) bool {
	return k != nil && (k.owner == nil || k.owner.active) && (k.expires == 0 || k.expires > stampOf(now))
}

// bearer returns the secret of an Authorization header of that kind, or nothing.
func bearer(r *http.Request) string {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(secret)
}

// identifyCloud finds the account behind the credentials. A scoped token comes with the owner's e-mail or as a bearer
// token, an access token as a bearer token only.
func identifyCloud(c *call) {
	c.gateway = strings.HasPrefix(c.r.URL.EscapedPath(), c.product.gateway+"/")
	if email, token, basic := c.r.BasicAuth(); basic {
		if u := c.people.byLogin[login(email, token)]; u != nil && u.active {
			c.user = u
			return
		}
		if k := c.people.keys.bySecret[token]; k != nil && k.kind == scopedToken && strings.EqualFold(k.owner.email, email) {
			c.key = k
		}
	} else if k := c.people.keys.bySecret[bearer(c.r)]; k != nil {
		c.key = k
	}
	if c.set.anonymous && c.r.Header.Get("Authorization") == "" && !c.gateway && !c.route.writes() && !strings.HasSuffix(c.route.template, "/user/current") {
		// Register row SP-12: whoever comes by sees what all accounts see.
		c.user = &user{name: "Anonymous", groups: []*group{c.people.group(everyone)}, zone: time.UTC, active: true}
	}
	if c.key.valid(c.now) && c.gateway && (c.key.kind == scopedToken || c.key.kind == accessToken) {
		c.user = c.key.owner
	}
}

// oauth reports whether an app calls by OAuth.
func (c *call) oauth() bool { return c.key != nil && c.key.kind == accessToken }

// admitCloud refuses what must not reach a handler. The scope gate stands before everything that looks at ids.
func admitCloud(c *call) (answer, bool) {
	switch {
	case c.route.api == edge:
	case c.key != nil && !c.gateway:
		return htmlAnswer(http.StatusUnauthorized, "Unauthorized"), true // register row AU-02
	case c.user == nil && c.gateway:
		return gatewayAnswer(http.StatusUnauthorized, "Unauthorized"), true
	case c.user == nil:
		return c.refusal(c.noCredentials()), true
	case c.key != nil && !c.route.opens(c.key.scopes):
		return gatewayAnswer(http.StatusUnauthorized, "Unauthorized; scope does not match"), true // AU-05
	}
	if (c.route.multipart || c.route.checked) && !xsrfPassed(c.r.Header.Get("X-Atlassian-Token")) {
		return xsrfFailed(), true
	}
	return answer{}, false
}

// gatewayAnswer is what the gateway says before the product hears of a request (cloud-api.md sections 2 and 4).
func gatewayAnswer(status int, message string) answer {
	return answer{status: status, json: object{"code": status, "message": message}}
}

// renderEdge is an error of what stands beside the product: the authorization server, the directory, the gateway.
func renderEdge(c *call, r *refusal) answer {
	switch {
	case strings.HasPrefix(c.route.template, "/scim/"):
		a, _ := scimError(r.status, r.title)
		return a
	case strings.HasPrefix(c.route.template, "/oauth/"), c.route.template == "/authorize":
		a, _ := oauthError(r.status, "invalid_request", r.title)
		return a
	}
	return gatewayAnswer(r.status, r.title)
}

// withdraw makes whatever secret the request came with invalid.
func (c *call) withdraw() {
	if c.key != nil {
		delete(c.people.keys.bySecret, c.key.secret)
	}
	delete(c.people.pats, bearer(c.r))
	name, token, basic := c.r.BasicAuth()
	if !basic {
		return
	}
	delete(c.people.byLogin, login(name, token))
	if u := c.people.named(name); c.dc() && u != nil && u.token == token {
		u.revoked = true
	}
}

// withdrawAll makes all keys of an account invalid.
func (k *keyring) withdrawAll(u *user) {
	for secret, one := range k.bySecret {
		if one.owner == u {
			delete(k.bySecret, secret)
		}
	}
	for secret, one := range k.refresh {
		if one.owner == u {
			delete(k.refresh, secret)
		}
	}
}

// scopeList reads scopes as OAuth writes them, sorted and each once.
func scopeList(text string) []string {
	list := strings.Fields(text)
	slices.Sort(list)
	return slices.Compact(list)
}
