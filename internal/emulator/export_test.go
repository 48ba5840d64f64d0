package emulator

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// exportKinds are the products whose exports differ.
var exportKinds = []struct{ name, personality, version string }{
	{"new generation", "dc", "9.2"}, {"old generation", "dc", "7.19"}, {"cloud", "cloud", ""},
}

// furnished is a site with at least one of everything that an export holds.
func furnished(t *testing.T, personality, version string) *Site {
	t.Helper()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	site := keptSite(t, Options{
		Personality: personality, Version: version, Seed: 11, Size: 60, BaseURL: "https://emulated.example.test",
		Now: func() time.Time { return now },
	})
	site.AddUser("ann", "Ann Gärtner", "ann@example.test")
	site.AddGroup("diggers", "ann")
	home := site.world.spaces[0].home
	acts := []string{
		fmt.Sprintf(`{"create":{"title":"Garden","under":"%d","text":"<p>alpha beta gamma</p>"}}`, home.id),
		`{"create":{"title":"Beds","under":"Garden","text":"<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[a[b[0]] > 1 ]] x]]></ac:plain-text-body></ac:structured-macro>"}}`,
		`{"body":{"page":"Beds","text":"<p>second</p>"}}`, `{"rename":{"page":"Beds","to":"Borders"}}`,
		`{"create":{"title":"Unfinished","under":"Garden","text":"<p>not yet</p>","draft":true}}`,
		`{"create":{"title":"Thrown away","under":"Garden","text":"<p>old</p>"}}`, `{"trash":"Thrown away"}`,
		`{"create":{"title":"First frost","under":"Garden","kind":"blog","text":"<p>cold</p>"}}`,
		`{"label":{"page":"Garden","add":["plant","my:favourite"]}}`,
		`{"attach":{"page":"Garden","name":"plan.txt","bytes":"one"}}`, `{"attach":{"page":"Garden","name":"plan.txt","bytes":"two and more"}}`,
		`{"attach":{"page":"Garden","name":"gone.txt","bytes":"three"}}`,
		`{"comment":{"page":"Garden","as":"c1","text":"When?"}}`, `{"comment":{"page":"Garden","as":"c2","text":"May.","reply":"When"}}`,
		`{"comment":{"page":"Garden","as":"c3","text":"Here?","on":"p1"}}`,
		`{"restrict":{"page":"Borders","read":["group:diggers","user:svc-tandem"],"update":["user:ann"]}}`,
	}
	if personality == "cloud" {
		acts = append(acts, `{"create":{"title":"Put away","under":"Garden","text":"<p>2019</p>"}}`, `{"archive":"Put away"}`)
	}
	for _, a := range acts {
		now = now.Add(time.Second)
		if _, err := site.Act("ann", []byte(a)); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
	}
	return site
}

// exported writes the export of a site to a file.
func exportedTo(t *testing.T, s *Site, o exportOptions) string {
	t.Helper()
	var data bytes.Buffer
	s.mu.RLock()
	err := s.export(&data, o)
	s.mu.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "export.zip")
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestExportComesBack: what a site exports makes the same site, in every generation, as a backup of the site and of one
// space.
func TestExportComesBack(t *testing.T) {
	for _, k := range exportKinds {
		t.Run(k.name, func(t *testing.T) {
			site := furnished(t, k.personality, k.version)
			again := keptSite(t, Options{
				Personality: k.personality, Version: k.version, Seed: 12, Import: exportedTo(t, site, exportOptions{}), Now: site.clock.now,
			})
			for _, form := range []string{"neutral", "full"} {
				if want, got := site.Dump(form), again.Dump(form); !bytes.Equal(want, got) {
					t.Errorf("%s: the site came back as another:\n%s", form, firstDifference(got, want))
				}
			}
			key := site.world.spaces[0].key
			one := keptSite(t, Options{Personality: k.personality, Version: k.version, Import: exportedTo(t, site, exportOptions{keys: []string{key}})})
			equal(t, "spaces of a space export", one.Counts().Spaces, 1)
			equal(t, "pages of a space export", len(one.world.spaces[0].pages), len(site.world.spaces[0].pages))
		})
	}
}
