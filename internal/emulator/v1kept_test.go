package emulator

import (
	"testing"
	"time"
)

// What REST v1 alone knows of survives a restart, whether the site was closed in good order or killed.
func TestAnnexIsKept(t *testing.T) {
	b := &bench{t: t, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), user: serviceID}
	opts := Options{
		Seed: 7, BaseURL: "https://emulated.example.test", Now: func() time.Time { return b.now }, StateDir: t.TempDir(),
		Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"},
	}
	b.site = keptSite(t, opts)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	template := b.v1(200, "POST", "/template", object{"name": "Form", "templateType": "page", "body": object{"storage": storage("<p>f</p>")}, "space": object{"key": "S"}}).str("templateId")
	b.v1(200, "PUT", "/content/"+p+"/state?status=current", object{"name": "Waiting", "color": "#123456"})
	b.v1(204, "DELETE", "/user/watch/content/"+p, nil)
	b.v1(200, "PUT", "/relation/favourite/from/user/current/to/content/"+p, nil)
	b.v1(201, "POST", "/user/"+serviceID+"/property/k", object{"value": object{"a": 1}})
	look := defaultLook()
	look["links"] = object{"color": "#00ff00"}
	b.v1(200, "POST", "/settings/lookandfeel/custom?spaceKey=S", look)
	b.v1(200, "PUT", "/space/S/settings", object{"routeOverrideEnabled": true})
	b.v1(200, "POST", "/audit", object{"remoteAddress": "127.0.0.1", "summary": "Noted"})
	task := b.v1(202, "DELETE", "/content/"+p+"/pageTree", nil).str("id")
	reads := []string{
		"/template/" + template + "?expand=body", "/content/" + p + "/state", "/content-states", "/user/watch/content/" + p,
		"/relation/favourite/from/user/current/to/content/" + p, "/user/" + serviceID + "/property/k",
		"/settings/lookandfeel?spaceKey=S", "/space/S/settings", "/audit",
	}
	want := map[string]string{}
	for _, path := range reads {
		want[path] = string(b.v1(200, "GET", path, nil).raw)
	}
	killed := opts
	killed.StateDir = copyFolder(t, opts.StateDir)
	site, err := New(killed)
	if err != nil {
		t.Fatal(err)
	}
	b.site = site
	for _, path := range reads {
		equal(t, path, string(b.v1(200, "GET", path, nil).raw), want[path])
	}
	b.wait(2 * time.Second)
	equal(t, "the task goes on", b.v1(200, "GET", "/longtask/"+task, nil).at("successful"), any(true))
	equal(t, "to its end", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).str("status"), "trashed")
	if err := site.Close(); err != nil {
		t.Error(err)
	}
	if site, err = New(killed); err != nil { // once more, now after a close in good order
		t.Fatal(err)
	}
	b.site = site
	for _, path := range []string{reads[0], reads[2], reads[5], reads[6], reads[7], reads[8]} {
		equal(t, path, string(b.v1(200, "GET", path, nil).raw), want[path])
	}
	if err := site.Close(); err != nil {
		t.Error(err)
	}
}
