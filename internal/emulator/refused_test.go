package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRow_ER_01(t *testing.T) {
	b := newBench(t)
	g := b.do(404, "GET", "/wiki/rest/api/longtask/999", nil)
	equal(t, "status", g.num("statusCode"), 404)
	equal(t, "message", g.str("message") != "", true)
	equal(t, "translation", g.str("data.errors.0.message.translation"), g.str("message"))
	equal(t, "arguments", fmt.Sprint(g.at("data.errors.0.message.args")), "[]")
	equal(t, "data", fmt.Sprint(g.at("data.authorized"), g.at("data.valid"), g.at("data.successful")), "true true false")
	g = b.do(400, "GET", "/wiki/rest/api/search?cql=type", nil)
	equal(t, "malformed", fmt.Sprint(g.at("data.authorized"), g.at("data.valid")), "true false")
	b.site.Revoke(serviceID)
	g = b.do(403, "GET", "/wiki/rest/api/user/current", nil)
	equal(t, "refused", fmt.Sprint(g.at("data.authorized"), g.at("data.valid")), "false true")
}

// TestRow_SP_12: on Cloud a caller without credentials sees what all accounts see, and changes nothing; on Data Center what
// the anonymous may see.
func TestRow_SP_12(t *testing.T) {
	b := newBench(t)
	id, home := b.space("K")
	secret := b.page(id, home, "Secret", "<p>x</p>")
	b.do(200, "PUT", "/wiki/rest/api/content/"+secret+"/restriction", []object{
		{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}},
	})
	ask := func(on *bench, want int, method, path string, body any) {
		t.Helper()
		r := on.request(method, path, body)
		r.Header.Del("Authorization")
		if g, _ := (&lab{bench: on}).try(r); g.status != want {
			t.Errorf("%s %s: %d, want %d", method, path, g.status, want)
		}
	}
	ask(b, 404, "GET", "/wiki/api/v2/pages/"+home, nil)
	if err := b.site.SetOptions(map[string]string{"SP-12": "on"}); err != nil {
		t.Fatal(err)
	}
	ask(b, 200, "GET", "/wiki/api/v2/pages/"+home, nil)
	ask(b, 404, "GET", "/wiki/api/v2/pages/"+secret, nil)
	ask(b, 403, "GET", "/wiki/rest/api/user/current", nil)
	ask(b, 404, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "current", "title": "T"})

	d := newDC(t, "")
	ask(d, 401, "GET", "/rest/api/space", nil)
	if err := d.site.SetOptions(map[string]string{"SP-12": "on"}); err != nil {
		t.Fatal(err)
	}
	ask(d, 200, "GET", "/rest/api/space", nil)
}

// TestRow_WH_07: Cloud has no webhooks that an administrator registers.
func TestRow_WH_07(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/wiki/rest/api/webhooks", "/wiki/rest/webhooks/1.0/webhook", "/wiki/api/v2/webhooks"} {
		g := b.do(404, "POST", path, object{"name": "n", "url": "https://receiver.example.test", "events": []string{"page_created"}})
		equal(t, path, strings.Contains(string(g.raw), "HTTP Status 404"), true)
	}
}

func TestRow_US_09(t *testing.T) {
	for _, personality := range []string{"cloud", "dc"} {
		site, err := New(Options{Personality: personality, Seed: 7, Options: map[string]string{"US-09": "on"}})
		if err != nil {
			t.Fatal(err)
		}
		defer site.Close()
		byMail := map[string]int{}
		leavers, invalid := 0, 0
		for _, u := range site.people.users {
			byMail[strings.ToLower(u.email)]++
			if !u.active {
				leavers++
			}
			if u.email != "" && !validEmail(u.email) {
				invalid++
			}
		}
		equal(t, personality+": doubled", byMail["twice@example.test"], 2)
		equal(t, personality+": without", byMail[""], 1)
		equal(t, personality+": leavers", leavers, 2)
		equal(t, personality+": invalid", invalid, 1)
		equal(t, personality+": licensed", slices.ContainsFunc(site.people.group(everyone).members, func(u *user) bool { return u.id == "unlicensed" }), false)
	}
	b := newBench(t)
	equal(t, "off", len(b.site.people.users), 1)
	if err := b.site.SetOptions(map[string]string{"US-09": "on"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "later", b.do(200, "GET", "/wiki/rest/api/user?accountId=leaver", nil).str("email"), "")
}

// TestRow_US_12_Directories: whoever provisions accounts meets the limit too.
func TestRow_US_12_Directories(t *testing.T) {
	b := newBench(t, "US-12", "2", "US-05", "on")
	org, _ := b.site.Organization()
	whole := b.issue(Credential{Kind: "organization"}).Token
	invite := func(want int, email string) {
		t.Helper()
		b.sent(want, b.bearing(whole, "POST", "/admin/v2/orgs/"+org+"/users/invite", object{"emails": []string{email}}))
	}
	invite(200, "a@example.test")
	invite(400, "b@example.test")
	invite(200, "a@example.test")
	b.do(200, "POST", "/wiki/api/v2/user/access/invite-by-email", object{"emails": []string{"c@example.test"}})
	b.wait(time.Minute)
	equal(t, "accounts", fmt.Sprint(b.do(200, "POST", "/wiki/api/v2/user/access/check-access-by-email", object{"emails": []string{"a@example.test", "c@example.test"}}).at("emailsWithoutAccess")), "[c@example.test]")
}

// TestRow_US_04_Invitations: at most 100 addresses, nothing at once, no body.
func TestRow_US_04_Invitations(t *testing.T) {
	b := newBench(t)
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("p%d@example.test", i)
	}
	const invite, check = "/wiki/api/v2/user/access/invite-by-email", "/wiki/api/v2/user/access/check-access-by-email"
	b.do(400, "POST", invite, object{"emails": many})
	b.do(400, "POST", check, object{"emails": many})
	equal(t, "body", len(b.do(200, "POST", invite, object{"emails": []string{"p@example.test", "no address"}}).raw), 0)
	b.wait(time.Minute)
	g := b.do(200, "POST", check, object{"emails": []string{"p@example.test", "q@example.test", "no address"}})
	equal(t, "without", fmt.Sprint(g.at("emailsWithoutAccess"), g.at("invalidEmails")), "[q@example.test] [no address]")
}

// TestRow_ID_13_Strange: members and words that no document names.
func TestRow_ID_13_Strange(t *testing.T) {
	b := newBench(t)
	id, home := b.space("K")
	equal(t, "member", b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil).str("_links.edituiv2") != "", true)
	seen := string(b.do(200, "GET", "/wiki/api/v2/spaces/"+id+"/permissions?limit=250", nil).raw)
	for _, word := range []string{"access-class", "manage_users", "archive_space"} {
		if !strings.Contains(seen, word) {
			t.Errorf("no %s", word)
		}
	}
}

// TestRow_SP_04_Trash: a space that a person deleted keeps its key until it is purged.
func TestRow_SP_04_Trash(t *testing.T) {
	b := newBench(t)
	id, home := b.space("HR")
	b.mustAct(serviceID, `{"trashSpace": {"space": "HR"}}`)
	b.do(404, "GET", "/wiki/api/v2/spaces/"+id, nil)
	b.do(404, "GET", "/wiki/api/v2/pages/"+home, nil)
	b.do(400, "POST", "/wiki/rest/api/space", object{"key": "hr", "name": "taken"})
	b.mustAct(serviceID, `{"purgeSpace": {"space": "HR"}}`)
	b.do(200, "POST", "/wiki/rest/api/space", object{"key": "hr", "name": "free"})
}
