package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// CloneOptions say what a clone of a site is.
type CloneOptions struct {
	// At is the moment on the site's clock whose state the clone has; zero is now. An earlier moment takes a state
	// folder, and reaches back to the start of the process or to its last start in good order, whichever is later.
	At time.Time
	// Dir is the state folder of the clone, which must not hold one yet; empty: unnamed temporary files.
	Dir string
	// BaseURL is the address of the clone; empty: that of the site.
	BaseURL string
	// Tenant makes the clone of a Cloud site another tenant, with a cloud id of its own, as a sandbox is. Data Center
	// knows nothing like it: a staging copy says the same server id as its original.
	Tenant bool
	// Now and After are the clone's, as in Options; nil: the site's.
	Now   func() time.Time
	After func(time.Duration, func()) (stop func() bool)
}

// Clone makes another site with the state that this one has, or had: the same contents, ids, accounts and tokens. With
// the same identity and an earlier state it is a server restored from a backup; with another address a staging copy.
// Long tasks under way are not part of it. The clone is closed by whoever asked for it.
func (s *Site) Clone(o CloneOptions) (*Site, error) {
	clone, err := s.cloned(o)
	if err != nil {
		return nil, fmt.Errorf("emulator: clone: %w", err)
	}
	return clone, nil
}

func (s *Site) cloned(o CloneOptions) (*Site, error) {
	if !o.At.IsZero() && o.At.Before(s.clock.Now()) {
		return s.clonedAt(o)
	}
	opts := s.opts
	opts.StateDir, opts.Import, opts.Size, opts.Spaces, opts.Answers = o.Dir, "", 0, 0, ""
	if o.BaseURL != "" {
		opts.BaseURL = o.BaseURL
	}
	if o.Now != nil {
		opts.Now = o.Now
	}
	if o.After != nil {
		opts.After = o.After
	}
	var record bytes.Buffer
	s.mu.RLock()
	err := writeState(&record, s.save())
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	saved := &savedState{}
	if err := readState(&record, saved); err != nil {
		return nil, err
	}
	if o.Tenant && !s.dc() {
		saved.CloudID = s.uuid("clone of", s.cloudID, saved.At.String(), o.Dir, o.BaseURL)
	}
	if o.Dir == "" {
		clone, err := newSite(opts, saved, time.Time{})
		if err == nil {
			err = clone.heap.fill(s.heap, saved.HeapEnd)
		}
		return clone, err
	}
	f, there, err := openState(o.Dir)
	switch {
	case err != nil:
		return nil, err
	case there != nil:
		return nil, fmt.Errorf("%s holds a site already", o.Dir)
	}
	heap, err := newHeap(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(heap.fill(s.heap, saved.HeapEnd), heap.close(), f.write(saved)); err != nil {
		return nil, err
	}
	return newSite(opts, nil, time.Time{})
}

// clonedAt makes the site of an earlier moment in a folder that is gone afterwards, and clones that.
func (s *Site) clonedAt(o CloneOptions) (*Site, error) {
	if s.folder == nil {
		return nil, errors.New("an earlier state takes a site with a state folder")
	}
	dir, err := os.MkdirTemp("", "confluence-emulator-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := s.copyFolder(dir); err != nil {
		return nil, err
	}
	opts := s.opts
	opts.StateDir, opts.Answers = dir, ""
	then, err := newSite(opts, nil, o.At)
	if err != nil {
		return nil, err
	}
	o.At = time.Time{}
	clone, err := then.cloned(o)
	return clone, errors.Join(err, then.Close())
}

// copyFolder copies the state folder as it stands between two changes.
func (s *Site) copyFolder(to string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, name := range []string{s.folder.path("state"), s.folder.path("journal"), filepath.Join(s.folder.dir, "heap")} {
		in, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no change yet
		} else if err != nil {
			return err
		}
		out, err := os.OpenFile(filepath.Join(to, filepath.Base(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_, err = io.Copy(out, in)
			err = errors.Join(err, out.Close())
		}
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

// serveClone makes a clone in a state folder, where another process can serve it.
func (s *Site) serveClone(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Dir     string    `json:"dir"`
		At      time.Time `json:"at"`
		BaseURL string    `json:"baseUrl"`
		Tenant  bool      `json:"tenant"`
	}
	err := json.NewDecoder(r.Body).Decode(&q)
	if err == nil && q.Dir == "" {
		err = errors.New("emulator: clone: a folder (dir) is needed")
	}
	if err != nil {
		complain(w, err)
		return
	}
	clone, err := s.Clone(CloneOptions{At: q.At, Dir: q.Dir, BaseURL: q.BaseURL, Tenant: q.Tenant})
	if err == nil {
		err = clone.Close()
	}
	if err != nil {
		complain(w, err)
		return
	}
	reply(w, http.StatusCreated, object{"dir": q.Dir, "id": clone.CloudID()})
}
