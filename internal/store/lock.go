package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// lockFile is the file "lock" of a data directory: process id and address of the owner, one a line, under a lock of the
// operating system that ends with the process. What a dead owner wrote counts for nothing.
type lockFile struct{ f *os.File }

// lockPatience covers the moments in which Owner of another process probes the lock, or the last owner is just ending.
const lockPatience = 200 * time.Millisecond

var errLocked = errors.New("locked by another process")

func takeLock(ctx context.Context, dir, address string) (*lockFile, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unusable(err)
	}
	if err := lockWithin(ctx, f, lockPatience); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, unusable(err)
		}
		pid, at := readLock(f)
		e := confluence.Errorf(confluence.CodeDataDirOwned, "the data directory is owned by process %s", pid).At(confluence.Where{File: path})
		if at != "" {
			e.What += ", which answers at " + at
		}
		return nil, e
	}
	l := &lockFile{f: f}
	if err := l.write(address); err != nil {
		return nil, errors.Join(unusable(err), f.Close())
	}
	return l, nil
}

func lockWithin(ctx context.Context, f *os.File, patience time.Duration) error {
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := tryLock(f, true)
		if !errors.Is(err, errLocked) {
			return err
		}
		select {
		case <-again.C:
		case <-end.C:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write replaces what the file says.
func (l *lockFile) write(address string) error {
	text := fmt.Sprintf("%d\n%s\n", os.Getpid(), address)
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt([]byte(text), 0)
	return err
}

// release empties the file and unlocks it. It stays, because removing it would let two processes lock two files.
func (l *lockFile) release() error { return errors.Join(l.f.Truncate(0), unlock(l.f), l.f.Close()) }

func readLock(f *os.File) (pid, address string) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil {
		return "", ""
	}
	pid, rest, _ := strings.Cut(string(b), "\n")
	address, _, _ = strings.Cut(rest, "\n")
	return pid, address
}

// Owner returns the address that the owner of a data directory wrote, and whether there is a living owner. The address
// is empty for an owner that serves nobody.
func Owner(dir string) (address string, alive bool) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
	if err != nil {
		return "", false
	}
	defer f.Close()
	if err := tryLock(f, false); !errors.Is(err, errLocked) {
		_ = unlock(f)
		return "", false
	}
	_, address = readLock(f)
	return address, true
}
