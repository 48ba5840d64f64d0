package emulator

import "testing"

// TestRow_US_05: who gets where, and that accounts, groups and memberships can be provisioned.
func TestRow_US_05(t *testing.T) {
	b := newBench(t, "US-05", "on")
	org, directory := b.site.Organization()
	whole := b.issue(Credential{Kind: "organization"}).Token
	limited := b.issue(Credential{Kind: "organization", Scopes: []string{"read:directories:admin"}}).Token
	scim := b.issue(Credential{Kind: "directory"}).Token
	app := newApp(b, "app").token
	_, site := b.site.Account()
	users, provisioning := "/admin/v1/orgs/"+org+"/users", "/scim/directory/"+directory+"/Users"
	for name, row := range map[string]struct {
		token               string
		admin, scim, manage int
	}{
		"organization": {whole, 200, 401, 200}, "with scopes": {limited, 200, 401, 403}, "directory": {scim, 401, 200, 401},
		"app": {app, 401, 401, 401}, "site": {site, 401, 401, 401},
	} {
		for path, want := range map[string]int{users: row.admin, provisioning: row.scim, "/users/" + serviceID + "/manage/profile": row.manage} {
			g, _ := (&lab{bench: b}).try(b.bearing(row.token, "GET", path, nil))
			equal(t, name+" "+path, g.status, want)
		}
	}
	g, _ := (&lab{bench: b}).try(b.request("GET", users, nil)) // e-mail and API token
	equal(t, "basic", g.status, 401)
	b.sent(401, b.bearing(whole, "GET", b.gatewayed("/wiki/rest/api/user/current"), nil)) // an organization key opens no content

	groups := "/admin/v2/orgs/" + org + "/directories/" + directory + "/groups"
	staff := b.sent(201, b.bearing(whole, "POST", groups, object{"name": "staff"})).str("id")
	ann := b.sent(200, b.bearing(whole, "POST", "/admin/v2/orgs/"+org+"/users/invite", object{
		"emails": []string{"ann@example.test"}, "additionalGroups": []string{staff},
	})).str("data.0.id")
	same(t, "members", b.do(200, "GET", "/wiki/rest/api/group/"+staff+"/membersByGroupId", nil).col("accountId"), ann)
	b.sent(204, b.bearing(whole, "DELETE", groups+"/"+staff+"/memberships/"+ann, nil))
	same(t, "members", b.do(200, "GET", "/wiki/rest/api/group/"+staff+"/membersByGroupId", nil).col("accountId"))
	b.sent(204, b.bearing(whole, "POST", groups+"/"+staff+"/memberships", object{"accountId": ann}))
	b.sent(204, b.bearing(whole, "POST", "/users/"+ann+"/manage/lifecycle/disable", nil))
	equal(t, "disabled", b.do(200, "GET", "/wiki/rest/api/user?accountId="+ann, nil).str("accountStatus"), "inactive")
	b.sent(404, b.bearing(whole, "GET", "/admin/v1/orgs/other/users", nil))

	made, _ := (&lab{bench: b}).try(b.bearing(scim, "POST", provisioning, object{"userName": "bob@example.test", "displayName": "Bob", "active": true}))
	equal(t, "made", made.status, 201)
	g, _ = (&lab{bench: b}).try(b.bearing(scim, "POST", provisioning, object{"userName": "bob@example.test"}))
	equal(t, "twice", g.status, 409)
	bob := b.site.accountID("bob@example.test")
	for _, op := range []string{"add", "remove"} {
		g, _ = (&lab{bench: b}).try(b.bearing(scim, "PATCH", "/scim/directory/"+directory+"/Groups/"+staff, object{
			"Operations": []object{{"op": op, "path": "members", "value": []object{{"value": bob}}}},
		}))
		equal(t, op, g.status, 200)
		n := len(b.do(200, "GET", "/wiki/rest/api/group/"+staff+"/membersByGroupId", nil).col("accountId"))
		equal(t, op, n, map[string]int{"add": 2, "remove": 1}[op])
	}
	off := newBench(t)
	off.sent(404, off.bearing(whole, "GET", users, nil))
}

// TestProvisioning uses the rest of the organization's and the directory's endpoints: what they change shows on the site.
func TestProvisioning(t *testing.T) {
	b := newBench(t, "US-05", "on")
	org, directory := b.site.Organization()
	whole, key := b.issue(Credential{Kind: "organization"}).Token, b.issue(Credential{Kind: "directory"}).Token
	admin := func(want int, method, path string, body any) got {
		return b.sent(want, b.bearing(whole, method, path, body))
	}
	scim := func(want int, method, path string, body any) got {
		g, _ := (&lab{bench: b}).try(b.bearing(key, method, "/scim/directory/"+directory+path, body))
		equal(t, method+" "+path, g.status, want)
		return g
	}
	equal(t, "organization", admin(200, "GET", "/admin/v1/orgs", nil).str("data.0.id"), org)
	admin(200, "GET", "/admin/v2/orgs/"+org+"/directories", nil)
	admin(200, "GET", "/admin/v2/orgs/"+org+"/directories/"+directory+"/groups", nil)

	b.site.AddUser("ann", "Ann", "ann@example.test")
	state := func() string { return b.do(200, "GET", "/wiki/rest/api/user?accountId=ann", nil).str("accountStatus") }
	admin(204, "POST", "/users/ann/manage/lifecycle/disable", nil)
	equal(t, "disabled", state(), "inactive")
	admin(204, "POST", "/users/ann/manage/lifecycle/enable", nil)
	equal(t, "enabled", state(), "active")

	scim(200, "GET", "/Users/ann", nil)
	scim(404, "GET", "/Users/nobody", nil)
	scim(200, "PUT", "/Users/ann", object{"displayName": "Ann B.", "active": true})
	equal(t, "name", b.do(200, "GET", "/wiki/rest/api/user?accountId=ann", nil).str("displayName"), "Ann B.")
	scim(200, "PATCH", "/Users/ann", object{"Operations": []object{{"op": "replace", "path": "active", "value": false}}})
	equal(t, "patched", state(), "inactive")
	scim(200, "PATCH", "/Users/ann", object{"Operations": []object{{"op": "replace", "value": object{"active": true}}}})
	equal(t, "patched back", state(), "active")
	scim(201, "POST", "/Groups", object{"displayName": "writers", "members": []object{{"value": "ann"}}})
	scim(409, "POST", "/Groups", object{"displayName": "writers"})
	scim(200, "GET", "/Groups", nil)
	writers := b.site.people.group("writers").id
	scim(200, "GET", "/Groups/"+writers, nil)
	same(t, "members", b.do(200, "GET", "/wiki/rest/api/group/"+writers+"/membersByGroupId", nil).col("accountId"), "ann")
	scim(204, "DELETE", "/Users/ann", nil)
	equal(t, "deprovisioned", state(), "inactive")
}
