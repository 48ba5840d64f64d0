package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"filippo.io/age"
	"github.com/tandem-sync/tandem/internal/confluence"
)

// key is the identity that secrets are sealed to. It comes into being with the first secret. Nothing of it, and nothing
// of what it seals, ever stands in an error.
type key struct {
	file string // empty: in memory only
	mu   sync.Mutex
	id   *age.X25519Identity // nil while there is none
}

// keyRecipient is where the public half of the key stands, by which a wrong key file is told.
const keyRecipient = "key_recipient"

func keyError(file, format string, args ...any) *confluence.Error {
	return confluence.Errorf(confluence.CodeKeyFile, format, args...).At(confluence.Where{File: file})
}

// loadKey reads the key file and holds it against the secrets there are.
func loadKey(ctx context.Context, s *Store, file string) (*key, error) {
	k := &key{file: file}
	var sealed int
	if err := s.reads.db.QueryRowContext(ctx, "SELECT count(*) FROM secrets").Scan(&sealed); err != nil {
		return nil, coded(err)
	}
	if file == "" {
		return k, nil
	}
	if err := k.read(); err != nil {
		return nil, err
	}
	if sealed == 0 {
		return k, nil
	}
	if k.id == nil {
		return nil, keyError(file, "the key file is missing, and %d secrets are sealed with it", sealed)
	}
	var recipient string
	if err := s.reads.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", keyRecipient).Scan(&recipient); err != nil {
		return nil, notFound(err, "record", keyRecipient)
	}
	if recipient != k.id.Recipient().String() {
		return nil, keyError(file, "the key file is another one than the secrets were sealed with")
	}
	return k, nil
}

// read reads the file, if it is there.
func (k *key) read() error {
	info, err := os.Stat(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return keyError(k.file, "the key file cannot be read").Because(err)
	}
	if readableByOthers(info.Mode()) {
		return keyError(k.file, "the key file can be read by others (mode %04o)", info.Mode().Perm())
	}
	b, err := os.ReadFile(k.file)
	if err != nil {
		return keyError(k.file, "the key file cannot be read").Because(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		// The parser's error may quote the line, which may be the secret key with a typing mistake.
		if k.id, err = age.ParseX25519Identity(line); err != nil {
			return keyError(k.file, "the key file holds no key")
		}
		return nil
	}
	return keyError(k.file, "the key file is empty")
}

// identity returns the key, made and written first if there is none.
func (k *key) identity() (*age.X25519Identity, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.id != nil {
		return k.id, nil
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, keyError(k.file, "no key could be made")
	}
	if k.file != "" {
		if err := writeKey(k.file, id); err != nil {
			return nil, keyError(k.file, "the key file cannot be written").Because(err)
		}
	}
	k.id = id
	return id, nil
}

// writeKey writes a new file that is on the disk, name and all, before any secret is.
func writeKey(file string, id *age.X25519Identity) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	text := "# key of tandem's sealed credentials, public half: " + id.Recipient().String() + "\n" + id.String() + "\n"
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// Seal stores a secret under a name, encrypted to the key of the data directory.
func (tx *Tx) Seal(name string, plaintext []byte) error {
	id, err := tx.w.store.key.identity()
	if err != nil {
		return tx.fail(err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, id.Recipient())
	if err == nil {
		_, err = w.Write(plaintext)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return tx.fail(keyError(tx.w.store.key.file, "a secret could not be sealed"))
	}
	if _, err := tx.exec("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", keyRecipient, id.Recipient().String()); err != nil {
		return err
	}
	_, err = tx.exec("INSERT INTO secrets (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed", name, sealed.Bytes())
	return err
}

// Erase removes a secret. One that is not there is no error.
func (tx *Tx) Erase(name string) error {
	_, err := tx.exec("DELETE FROM secrets WHERE name = ?", name)
	return err
}

// Unseal returns a secret. T-1004 if there is none of that name, T-1504 if the key does not open it.
func (s *Store) Unseal(ctx context.Context, name string) ([]byte, error) {
	sealed, err := one(ctx, s, func(r scanner) ([]byte, error) {
		var b []byte
		return b, r.Scan(&b)
	}, "secret", name, "SELECT sealed FROM secrets WHERE name = ?", name)
	if err != nil {
		return nil, err
	}
	s.key.mu.Lock()
	id := s.key.id
	s.key.mu.Unlock()
	if id == nil {
		return nil, keyError(s.key.file, "the key file is missing")
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		return nil, keyError(s.key.file, "the key does not open the secret %q", name)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, keyError(s.key.file, "the sealed secret %q is damaged", name)
	}
	return plain, nil
}
