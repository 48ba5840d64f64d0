package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Credential says what Issue hands out.
type Credential struct {
	// Kind is scoped (an API token with scopes), service-account (the same for an account of an app, made where it does
	// not exist), oauth (an app with the consent of the account), client-credentials (an app that acts for the account),
	// organization or directory (keys of /admin and /scim).
	Kind     string        `json:"kind"`
	User     string        `json:"user"`     // id of the account; empty = the service account
	Scopes   []string      `json:"scopes"`   // of an organization key: manage:org and nothing else makes a difference
	Lifetime time.Duration `json:"lifetime"` // on the site's clock; 0 = for ever, of an access token an hour
	App      string        `json:"app"`      // name of the app, which is made where it does not exist
}

// Issued is what a client needs to call.
type Issued struct {
	Token        string `json:"token"`             // as password beside the e-mail, or as a bearer token
	Refresh      string `json:"refresh,omitempty"` // where the scopes have offline_access
	ClientID     string `json:"clientId,omitempty"`
	ClientSecret string `json:"clientSecret,omitempty"`
}

// Issue hands out a credential. The error names what is unknown.
func (s *Site) Issue(q Credential) (Issued, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("issue", q)
	now := s.clock.Now()
	if q.User == "" {
		q.User = serviceID
	}
	owner := s.people.byID[q.User]
	if owner == nil && q.Kind == "service-account" {
		owner = s.addUser(q.User, q.User, q.User+"@serviceaccount.example.test")
	}
	if owner == nil {
		return Issued{}, fmt.Errorf("emulator: no user %q", q.User)
	}
	granted := slices.Compact(slices.Sorted(slices.Values(q.Scopes)))
	k := &key{owner: owner, scopes: granted}
	if q.Lifetime > 0 {
		k.expires = stampOf(now.Add(q.Lifetime))
	}
	switch q.Kind {
	case "scoped":
		k.kind, k.secret = scopedToken, s.secret("ATATT")
	case "service-account":
		k.kind, k.secret, owner.service = scopedToken, s.secret("ATSTT"), true
	case "organization":
		k.kind, k.secret, k.owner = organizationKey, s.secret("ATCTT"), nil
	case "directory":
		k.kind, k.secret, k.owner = directoryKey, s.secret("directory-"), nil
	case "oauth", "client-credentials":
		return s.issueApp(q, owner, granted, now), nil
	default:
		return Issued{}, fmt.Errorf("emulator: no kind of credential %q; there are client-credentials, directory, oauth, organization, scoped, service-account", q.Kind)
	}
	s.people.keys.bySecret[k.secret] = k
	return Issued{Token: k.secret}, nil
}

func (s *Site) issueApp(q Credential, owner *user, granted []string, now time.Time) Issued {
	ring := s.people.keys
	id := s.uuid("app", q.App)
	app := ring.apps[id]
	if app == nil {
		app = &oauthApp{id: id, name: q.App, secret: s.secret("ATOA")}
		ring.apps[id] = app
	}
	app.scopes = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(app.scopes), granted...))))
	lifetime := q.Lifetime
	if lifetime == 0 {
		lifetime = accessFor
	}
	out := Issued{ClientID: app.id, ClientSecret: app.secret}
	if q.Kind == "client-credentials" {
		app.owner = owner
	}
	out.Token = s.issueAccess(app, owner, granted, now.Add(lifetime))
	if slices.Contains(granted, offline) && q.Kind == "oauth" {
		out.Refresh = s.issueRefresh(app, owner, granted, now)
	}
	return out
}

// Withdraw makes a secret that was issued invalid from now on, and reports whether there was one.
func (s *Site) Withdraw(secret string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("withdraw", secret)
	ring := s.people.keys
	_, isKey := ring.bySecret[secret]
	_, isRefresh := ring.refresh[secret]
	delete(ring.bySecret, secret)
	delete(ring.refresh, secret)
	return isKey || isRefresh
}

// serveIssue hands out a credential over the control plane; lifetime is in seconds there.
func (s *Site) serveIssue(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Credential
		Lifetime int `json:"lifetime"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		complain(w, err)
		return
	}
	q.Credential.Lifetime = time.Duration(q.Lifetime) * time.Second
	issued, err := s.Issue(q.Credential)
	if err != nil {
		complain(w, err)
		return
	}
	reply(w, http.StatusOK, issued)
}

func (s *Site) serveWithdraw(w http.ResponseWriter, r *http.Request) {
	if !s.Withdraw(r.PathValue("secret")) {
		reply(w, http.StatusNotFound, object{"error": "no such credential"})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
