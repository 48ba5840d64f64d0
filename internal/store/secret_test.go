package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

const canary = "canary-2f9a7c-secret"

func sealed(t *testing.T) (dir, key string) {
	t.Helper()
	dir = dataDir(t)
	s := openAt(t, store.Options{Dir: dir})
	if _, err := os.Stat(dir + ".key"); err == nil {
		t.Error("a key without a secret")
	}
	commit(t, s, func(tx *store.Tx) error {
		_ = tx.Seal("cloud", []byte("old"))
		_ = tx.Seal("dc", []byte{})
		return tx.Seal("cloud", []byte(canary))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, dir + ".key"
}

func TestSecretsAreSealed(t *testing.T) {
	dir, key := sealed(t)
	info, err := os.Stat(key)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	s := openAt(t, store.Options{Dir: dir})
	if got := must[[]byte](t)(s.Unseal(ctx, "cloud")); string(got) != canary {
		t.Errorf("got %q", got)
	}
	if got := must[[]byte](t)(s.Unseal(ctx, "dc")); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	_, err = s.Unseal(ctx, "none")
	wantCode(t, err, confluence.CodeNoSuchName)
	commit(t, s, func(tx *store.Tx) error { return tx.Erase("dc") })
	_, err = s.Unseal(ctx, "dc")
	wantCode(t, err, confluence.CodeNoSuchName)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path := range tree(t, filepath.Dir(dir)) {
		b, err := os.ReadFile(path)
		if err != nil || bytes.Contains(b, []byte(canary)) {
			t.Errorf("%s holds the secret (%v)", path, err)
		}
	}
}

func TestKeyFileGiven(t *testing.T) {
	dir, key := dataDir(t), filepath.Join(t.TempDir(), "my.key")
	for range 2 {
		s := openAt(t, store.Options{Dir: dir, KeyFile: key})
		commit(t, s, func(tx *store.Tx) error { return tx.Seal("a", []byte("x")) })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir + ".key"); err == nil {
		t.Error("the default key file was made too")
	}
	wantCode(t, tryOpen(dir, ""), confluence.CodeKeyFile)
}

func TestKeyFileRefused(t *testing.T) {
	_, other := sealed(t)
	for name, spoil := range map[string]func(key string) error{
		"missing": os.Remove,
		"empty":   func(key string) error { return os.WriteFile(key, nil, 0o600) },
		"another": func(key string) error {
			b, err := os.ReadFile(other)
			if err != nil {
				return err
			}
			return os.WriteFile(key, b, 0o600)
		},
		"misspelt": func(key string) error {
			b, err := os.ReadFile(key)
			if err != nil {
				return err
			}
			return os.WriteFile(key, bytes.Replace(b, []byte("AGE-SECRET-KEY-1"), []byte("AGE-SECRET-KEY-1Q"), 1), 0o600)
		},
		"readable by the group": func(key string) error { return os.Chmod(key, 0o640) },
		"readable by others":    func(key string) error { return os.Chmod(key, 0o604) },
		"a directory":           func(key string) error { _ = os.Remove(key); return os.Mkdir(key, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasPrefix(name, "readable") {
				t.Skip("modes mean nothing on Windows")
			}
			dir, key := sealed(t)
			b, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(key); err != nil {
				t.Fatal(err)
			}
			e := wantCode(t, tryOpen(dir, ""), confluence.CodeKeyFile)
			if e.Where.File != key {
				t.Errorf("names %q", e.Where.File)
			}
			for line := range strings.Lines(string(b)) {
				if secret := strings.TrimSpace(line); strings.HasPrefix(secret, "AGE") && strings.Contains(e.Error()+e.Help(), secret[16:]) {
					t.Errorf("the error holds the key: %v", e)
				}
			}
		})
	}
}

// Without secrets there is nothing that a key must fit.
func TestKeyFileMayGoWithTheLastSecret(t *testing.T) {
	dir, key := sealed(t)
	s := openAt(t, store.Options{Dir: dir})
	commit(t, s, func(tx *store.Tx) error { _ = tx.Erase("dc"); return tx.Erase("cloud") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, store.Options{Dir: dir})
	defer s.Close()
	commit(t, s, func(tx *store.Tx) error { return tx.Seal("new", []byte("x")) })
	if got := must[[]byte](t)(s.Unseal(ctx, "new")); string(got) != "x" {
		t.Errorf("got %q", got)
	}
}

// A key file that cannot be written fails the commit, so no secret is ever sealed to a key that is lost.
func TestKeyFileCannotBeWritten(t *testing.T) {
	dir := dataDir(t)
	s := openAt(t, store.Options{Dir: dir, KeyFile: filepath.Join(dir, "no", "such", "key")})
	defer s.Close()
	err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { _ = tx.Seal("a", []byte(canary)); return nil })
	if e := wantCode(t, err, confluence.CodeKeyFile); strings.Contains(e.Error(), canary) {
		t.Errorf("the error holds the secret: %v", e)
	}
	_, err = s.Unseal(ctx, "a")
	wantCode(t, err, confluence.CodeNoSuchName)
}
