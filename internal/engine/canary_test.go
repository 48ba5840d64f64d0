package engine_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

// TestSecretsOfASiteBackupGoNowhere migrates from a site backup that holds secrets wherever real ones do, and looks for
// them in everything that was written: the data directory, the log of the run, its findings, and the destination.
func TestSecretsOfASiteBackupGoNowhere(t *testing.T) {
	const canary = "Wj7-canary-Qx9"
	w := newWorld(t, nil)
	path := filepath.Join(t.TempDir(), "site.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	bw, err := backup.Create(f, backup.Options{Site: true, Canary: canary, Stored: true})
	if err != nil {
		t.Fatal(err)
	}
	writeSmall(bw, "")
	if err := bw.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if raw, err := os.ReadFile(path); err != nil || !bytes.Contains(raw, []byte(canary)) {
		t.Fatalf("the backup holds no secret to lose: %v", err)
	}
	w.open()
	w.addSite()
	w.plan("S", path, migration.NewScope("SMALL", ""))
	run := w.migrate("S")
	w.mustFinish(run)
	if strings.Contains(w.story(run.ID), canary) {
		t.Error("a secret stands in the findings of the run")
	}
	lines, err := w.store.Log(t.Context(), run.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if strings.Contains(l.Text, canary) {
			t.Errorf("a secret stands in the log: %s", l.Text)
		}
	}
	if bytes.Contains(w.site.Dump("full"), []byte(canary)) {
		t.Error("a secret reached the destination")
	}
	searched := 0
	err = filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		searched++
		raw, err := os.ReadFile(path)
		if err == nil && bytes.Contains(raw, []byte(canary)) {
			t.Errorf("a secret stands in %s", filepath.Base(path))
		}
		return err
	})
	if err != nil || searched < 3 {
		t.Errorf("searched %d files: %v", searched, err)
	}
}
