package emulator

import (
	"net/http"
	"strings"
)

// dcTables are the routes of the Data Center personality, a table for each subject. Templates begin below the context
// path.
var dcTables = [][]route{dcIdentityRoutes, dcContentRoutes,
	dcSpaceRoutes, dcPermissionRoutes, dcUserRoutes, dcUserAdminRoutes, dcAttachmentRoutes, dcCommentRoutes, dcLabelRoutes, dcPropertyRoutes,
	dcRestrictionRoutes, dcWatchRoutes, dcWebhookRoutes, dcBackupRoutes, dcLongTaskRoutes, dcAuditRoutes, dcTokenRoutes, dcAppRoutes, dcRPCRoutes, dcColourRoutes,
}

// guard says who a route of Data Center lets in.
type guard uint8

const (
	byContent   guard = iota // who may see what is asked for; anonymous callers where the site lets them in
	forAll                   // no login, whatever the site's settings
	forKnown                 // anonymous callers are answered 401
	forAdmin                 // others are answered 403
	forAdmin401              // others are answered 401 (webhooks, register row WH-01)
)

// pat is a personal access token (register row AU-13).
type pat struct {
	id      int64
	owner   *user
	name    string
	secret  string
	created stamp
	expires stamp // 0 = never
}

// nobody is the anonymous caller; logged-in users have its permissions too.
const anonymousPrincipal = "anonymous"

// identifyDC finds the account of a call. A wrong, expired or revoked personal access token is **no error** where the
// site lets anonymous callers in (register row AU-14, CONFSERVER-98199).
func identifyDC(c *call) {
	if name, password, basic := c.r.BasicAuth(); basic {
		u := c.people.named(name)
		if u == nil || !u.active || u.revoked || u.token != password {
			c.rejected = true
			return
		}
		c.user = u
		return
	}
	if secret, bearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); bearer && c.product.release >= since79 {
		t := c.people.pats[strings.TrimSpace(secret)]
		if t != nil && t.owner.active && (t.expires == 0 || t.expires > stampOf(c.now)) {
			c.user = t.owner
			return
		}
	}
	if c.set.anonymous {
		c.user = c.people.nobody
	}
}

// anonymous reports whether nobody is logged in.
func (c *call) anonymous() bool { return c.user == nil || c.user == c.people.nobody }

// admitDC refuses what must not reach a handler: wrong credentials, missing rights, forged requests, writes in
// read-only mode.
func admitDC(c *call) (answer, bool) {
	r := c.route
	known := !c.anonymous()
	switch {
	case r.guard == forAll:
	case c.rejected, c.user == nil, r.guard == forKnown && !known, r.guard == forAdmin401 && (!known || !c.admin), r.guard == forAdmin && !known:
		return c.refusal(fail(http.StatusUnauthorized, "", "Client must be authenticated to access this resource.")), true
	case r.guard == forAdmin && !c.admin:
		return c.refusal(fail(http.StatusForbidden, "", "Current user is not permitted to perform this operation: administrator rights are needed")), true
	}
	if forged(c) {
		return xsrfFailed(), true
	}
	if c.readOnly && r.method != "GET" && !r.inReadOnly {
		a := c.refusal(fail(http.StatusMethodNotAllowed, "", "Read-only mode is enabled; this operation is not allowed"))
		return a, true
	}
	return answer{}, false
}

// forged says whether the checks against forged requests refuse a call: multipart, .action and plugin-manager calls
// need X-Atlassian-Token: no-check, and only in this spelling (register row AU-15); calls that look like a browser's
// need it for every write (AU-16).
func forged(c *call) bool {
	if c.r.Header.Get("X-Atlassian-Token") == "no-check" {
		return false
	}
	browser := strings.HasPrefix(c.r.UserAgent(), "Mozilla/") || c.r.Header.Get("Origin") != ""
	return c.route.multipart || c.route.checked || c.route.method != "GET" && browser
}

// renderDC is an error of Data Center (register row ER-03).
func renderDC(c *call, r *refusal) answer {
	a := answer{status: r.status}
	if r.status == http.StatusUnauthorized {
		a.set("WWW-Authenticate", `Basic realm="Confluence"`)
	}
	if c.oldErrors {
		if r.status != http.StatusMethodNotAllowed {
			a.json = object{"statusCode": r.status, "message": r.title}
		}
		return a
	}
	errs := []object{}
	for _, key := range r.keys {
		errs = append(errs, object{"message": object{"key": key, "args": []string{}}})
	}
	a.json = object{
		"statusCode": r.status,
		"data": object{
			"authorized": r.status != http.StatusForbidden && r.status != http.StatusUnauthorized && !r.unauthorized,
			"valid":      r.status != http.StatusBadRequest || r.valid, "errors": errs, "successful": false,
			"allowedInReadOnlyMode": !c.readOnly || r.status != http.StatusMethodNotAllowed,
		},
		"message": r.title, "reason": http.StatusText(r.status),
	}
	return a
}

func misroutedDC(c *call) answer {
	return c.refusal(fail(http.StatusMethodNotAllowed, "", "HTTP 405 Method Not Allowed"))
}

// named returns the account with that username, whatever the case.
func (p *people) named(username string) *user {
	return p.byName[strings.ToLower(username)]
}

// keyed returns the account with that user key, the stable name of an account (register row US-07).
func (p *people) keyed(key string) *user {
	return p.byKey[key]
}

// userDC is an account as Data Center shows it inside other answers; nil is an account that was removed. expanded adds
// the status.
func (c *call) userDC(u *user, expanded bool) object {
	picture := object{"path": c.context + "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": true}
	switch u {
	case nil:
		return object{"type": "unknown", "displayName": "Unknown User", "profilePicture": picture}
	case c.people.nobody:
		return object{"type": "anonymous", "displayName": "Anonymous", "profilePicture": picture}
	}
	if u.removed {
		return object{
			"type": "unknown", "username": u.key, "userKey": u.key, "displayName": "Unknown User (" + u.username + ")", "profilePicture": picture,
			"_links": object{"self": c.base() + "/rest/api/user?key=" + u.key}, "_expandable": object{"status": ""},
		}
	}
	o := object{
		"type": "known", "username": u.username, "userKey": u.key, "displayName": u.name, "profilePicture": picture,
		"_links": object{"self": c.base() + "/rest/api/user?key=" + u.key}, "_expandable": object{"status": ""},
	}
	if expanded {
		state := "current"
		if !u.active {
			state = "deactivated"
		}
		o["status"], o["_expandable"] = state, object{}
	}
	return o
}
