package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// What stands in the data directory is for its owner alone, even where the directory was made by somebody else.
func TestFilesAreForTheOwner(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing on Windows")
	}
	dir := dataDir(t)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, store.Options{Dir: dir})
	defer s.Close()
	commit(t, s, logLine("r", "x"))
	for path := range tree(t, dir) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

func tryOpen(dir, key string) error {
	s, err := store.Open(context.Background(), store.Options{Dir: dir, KeyFile: key})
	if err == nil {
		err = errors.Join(errors.New("opened"), s.Close())
	}
	return err
}

func TestOneOwner(t *testing.T) {
	dir := dataDir(t)
	if at, alive := store.Owner(dir); at != "" || alive {
		t.Errorf("a directory that is not there is owned by %q", at)
	}
	s := openAt(t, store.Options{Dir: dir, Address: "http://127.0.0.1:7001"})
	e := wantCode(t, tryOpen(dir, ""), confluence.CodeDataDirOwned)
	if !strings.Contains(e.What, "http://127.0.0.1:7001") || !strings.Contains(e.What, fmt.Sprint(os.Getpid())) {
		t.Errorf("says %q", e.What)
	}
	if err := s.SetAddress("http://127.0.0.1:7002"); err != nil {
		t.Fatal(err)
	}
	if at, alive := store.Owner(dir); at != "http://127.0.0.1:7002" || !alive {
		t.Errorf("Owner says %q %v", at, alive)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if at, alive := store.Owner(dir); at != "" || alive {
		t.Errorf("Owner says %q %v after Close", at, alive)
	}
	// What a dead owner left in the file counts for nothing.
	if err := os.WriteFile(filepath.Join(dir, "lock"), []byte("4711\nhttp://127.0.0.1:7003\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if at, alive := store.Owner(dir); at != "" || alive {
		t.Errorf("Owner says %q %v of a dead one", at, alive)
	}
	s = openAt(t, store.Options{Dir: dir})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDataDirCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantCode(t, tryOpen(filepath.Join(file, "data"), ""), confluence.CodeStateDamaged)
}

func TestThrowawayLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("TMP", tmp)
	s := openAt(t, store.Options{})
	commit(t, s, func(tx *store.Tx) error { return tx.Seal("a", []byte("b")) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v %v", left, err)
	}
}

func TestOddDirectoryNames(t *testing.T) {
	for _, name := range []string{"with space", "per%20cent", "q?mark&x=1", "hash#tag", "ünïcödé 日本"} {
		if runtime.GOOS == "windows" && strings.Contains(name, "?") {
			continue
		}
		dir := filepath.Join(t.TempDir(), name)
		s := openAt(t, store.Options{Dir: dir})
		commit(t, s, logLine("r", "x"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "tandem.db")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tree returns the digests of all files below a directory but the lock.
func tree(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func alter(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "tandem.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func filled(t *testing.T) (dir string) {
	t.Helper()
	dir = dataDir(t)
	s := openAt(t, store.Options{Dir: dir})
	commit(t, s, func(tx *store.Tx) error { return tx.PutObserved(samplePages(1, 500, 1)...) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	dir := filled(t)
	alter(t, dir, fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)", store.SchemaVersion()+1))
	before := tree(t, dir)
	wantCode(t, tryOpen(dir, ""), confluence.CodeSchemaNewer)
	equal(t, before, tree(t, dir))
	alter(t, dir, fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id = %d", store.SchemaVersion()+1))
	s := openAt(t, store.Options{Dir: dir})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedFiles(t *testing.T) {
	file := func(dir string) string { return filepath.Join(dir, "tandem.db") }
	for name, damage := range map[string]func(t *testing.T, dir string) error{
		"no database": func(_ *testing.T, dir string) error {
			return os.WriteFile(file(dir), []byte("hello, I am a text file"), 0o600)
		},
		"header":      func(_ *testing.T, dir string) error { return overwrite(file(dir), 0, 100) },
		"cut in half": func(_ *testing.T, dir string) error { return os.Truncate(file(dir), 4096*2) },
		"page two":    func(_ *testing.T, dir string) error { return overwrite(file(dir), 4096, 4096*3) },
		"foreign":     func(t *testing.T, dir string) error { alter(t, dir, "PRAGMA application_id = 7"); return nil },
		"no version":  func(t *testing.T, dir string) error { alter(t, dir, "DROP TABLE goose_db_version"); return nil },
		"a directory": func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(file(dir)), os.Mkdir(file(dir), 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			if err := damage(t, dir); err != nil {
				t.Fatal(err)
			}
			wantCode(t, tryOpen(dir, ""), confluence.CodeStateDamaged)
			if _, alive := store.Owner(dir); alive {
				t.Error("still locked")
			}
		})
	}
}

// Damage far from what Open looks at shows when it is read, and Check finds it.
func TestDamageInside(t *testing.T) {
	dir := filled(t)
	info, err := os.Stat(filepath.Join(dir, "tandem.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, store.Options{Dir: dir})
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	half := info.Size() / 2 / 4096 * 4096
	if err := overwrite(filepath.Join(dir, "tandem.db"), half, half+4096*8); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, store.Options{Dir: dir})
	defer s.Close()
	wantCode(t, s.Check(ctx), confluence.CodeStateDamaged)
	err = s.EachObserved(ctx, 1, confluence.A, func(store.Observed) error { return nil })
	wantCode(t, err, confluence.CodeStateDamaged)
}

func overwrite(path string, from, to int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, int(to-from)), from)
	return errors.Join(err, f.Close())
}
