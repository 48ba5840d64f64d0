package xmlexport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canary stands for a secret.
const canary = "CANARY-b7f3-secret"

// backup is a site backup full of secrets.
func backup() *fixture {
	f := newFixture()
	secret := func(name string) string { return prop(name, canary+" "+name) }
	f.object("InternalUser", "7", prop("name", "ann"), secret("passwordHash"), secret("token"), secret("externalId"),
		`<component class="PasswordCredential" name="credential">`+secret("credential")+`</component>`)
	f.object("DefaultHibernateUser", "8", prop("name", "old"), secret("password"))
	f.object("ConfluenceRememberMeToken", "9", secret("token"), prop("userName", canary))
	f.object("ConfluenceBandanaRecord", "12", prop("context", "_GLOBAL"), prop("key", "atlassian.confluence.settings"),
		prop("value", "<settings><baseUrl>https://wiki.example.invalid/</baseUrl><smtpPassword>"+canary+"</smtpPassword></settings>"))
	f.object("ConfluenceBandanaRecord", "13", prop("context", "_GLOBAL"), prop("key", "license"), secret("value"))
	f.object("DirectoryImpl", "14", prop("name", "LDAP"), secret("ldap.password"), `<map name="attributes"><element name="x">`+canary+`</element></map>`)
	f.object("ContentProperty", "15", prop("name", "api-token"), secret("stringValue"), ref("content", "Page", "10"))
	f.object("BucketPropertySetItem", "", `<composite-id><property name="key">`+canary+`</property></composite-id>`, secret("textVal"))
	f.object("KeyStore", "16", secret("privateKey"))
	f.descriptor = "exportType=all\nbuildNumber=9012\nsecret.thing=" + canary + "\n"
	return f
}

// holdsCanary looks through all files of a folder, and through its bodies unpacked.
func holdsCanary(t *testing.T, r *Reader) {
	t.Helper()
	err := filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(canary)) {
			t.Errorf("%s holds a secret", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(r.bodies.starts) - 1 {
		b, err := r.bodies.block(n)
		if err != nil || bytes.Contains(b, []byte(canary)) {
			t.Errorf("block %d of the bodies holds a secret (%v)", n, err)
		}
	}
}

// TestSecretsStayInTheExport plants a canary wherever a backup keeps secrets, and looks for it in the scratch index, in
// everything that is read, in the report, and in errors. A body with the canary shows that the search can find it.
func TestSecretsStayInTheExport(t *testing.T) {
	r := backup().open(t)
	holdsCanary(t, r)
	rep, err := r.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rep.BaseURL != "https://wiki.example.invalid" {
		t.Errorf("the base address: %q", rep.BaseURL)
	}
	told, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := r.Identity(t.Context())
	spaces, _ := r.Spaces(t.Context(), nil)
	if all := string(told) + fmt.Sprintf("%+v %+v %+v", id, spaces, scanAll(t, r)); strings.Contains(all, canary) {
		t.Error("a secret comes out")
	}
	doc := backup().entities()
	for cut := range len(doc) {
		if cut%37 != 0 {
			continue
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, entitiesName), []byte(doc[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir, Options{Scratch: dir}); err == nil || strings.Contains(fmt.Sprintf("%+v", err), canary) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

// TestCanaryIsFound proves that the search above is no test that cannot fail.
func TestCanaryIsFound(t *testing.T) {
	r := backup().child("20", "Told "+canary).open(t)
	if !strings.Contains(fmt.Sprint(scanAll(t, r)), canary) {
		t.Error("the canary of a body is not read")
	}
	b, err := r.bodies.block(0)
	if err != nil || !bytes.Contains(b, []byte(canary)) {
		t.Errorf("the canary is not in the bodies: %v", err)
	}
	index, err := os.ReadFile(filepath.Join(r.dir, indexName))
	if err != nil || !bytes.Contains(index, []byte(canary)) {
		t.Errorf("the canary is not in the index: %v", err)
	}
}
