package cli

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// TestNoSecretIsWrittenOrShown runs a migration from a site backup, as talkative as can be, and looks for the backup's
// secrets and for the site's token in everything that was printed and in every file that was left.
func TestNoSecretIsWrittenOrShown(t *testing.T) {
	t.Parallel()
	const secret = "canary-7f3a-of-the-backup"
	s := newStory(t)
	_, token := s.cloud.Account()
	var out bytes.Buffer
	w, err := backup.Create(&out, backup.Options{Site: true, Canary: secret})
	if err != nil {
		t.Fatal(err)
	}
	w.User(backup.User{Key: "aaaa0001", Name: "anna", FullName: "Anna Berg", Email: "anna@example.com"})
	w.Space(backup.Space{Key: "HR", Name: "People", Home: 1000, Creator: "aaaa0001"})
	w.Page(backup.Content{ID: 1000, Space: "HR", Title: "Home", Body: backup.Storage("<p>hello</p>"), Creator: "aaaa0001"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.write("backup.zip", out.Bytes())
	if !bytes.Contains(entities(t, out.Bytes()), []byte(secret)) {
		t.Fatal("the backup holds no secret: the test would see nothing")
	}
	var shown strings.Builder
	for _, step := range []string{
		"tandem --verbose site add cloud --url $CLOUD --email $EMAIL --secret-file token",
		"tandem --verbose plan create HR --from backup.zip --to cloud --space HR",
		"tandem --verbose run start HR",
		"tandem run report HR --format html",
		"tandem run log HR",
		"tandem site list --output json",
		"tandem export inspect backup.zip --output json",
		"exits 2 tandem --verbose site add cloud --url $CLOUD --email $EMAIL --secret-file token",
	} {
		s.play(step)
		shown.WriteString(s.shown)
	}
	if !strings.Contains(shown.String(), "method=POST") {
		t.Fatal("nothing was logged: the test would see nothing")
	}
	for _, hidden := range []string{secret, token} {
		if strings.Contains(shown.String(), hidden) {
			t.Errorf("%q was printed", hidden)
		}
	}
	found := 0
	err = filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		if name != "token" && bytes.Contains(b, []byte(token)) {
			t.Errorf("%s holds the site's token in the clear", path)
		}
		if name != "backup.zip" && bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s holds a secret of the backup", path)
		}
		if strings.HasPrefix(name, "tandem.db") {
			found++
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("no database was looked into: %v", err)
	}
}

// entities unpacks entities.xml of an export.
func entities(t *testing.T, export []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(export), int64(len(export)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("entities.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
