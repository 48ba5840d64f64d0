package emulator

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// A state folder keeps a site between runs: the heap with bodies and files, a record of the whole state (state-N), and
// a journal of what has changed it since (journal-N). A change is in the journal before it is answered, so that the end
// of the process, however sudden, loses nothing that was acknowledged: the next start makes the same changes again, in
// the same order, at the same times on the site's clock. What the operating system has not written when the machine
// itself fails is not promised. An end in good order writes a new record; long tasks under way keep the old one and its
// journal. One process at a time may use a folder. Logs, counters, limits that are used up and effects that were still
// to come late (applyLate) belong to the process and end with it.
type stateFolder struct {
	dir     string
	number  int
	journal *os.File
}

// savedState is all that a site is, but for the bytes in the heap.
type savedState struct {
	Personality, Version string
	Seed                 uint64
	CloudID              string
	At                   time.Time // of the record, on the site's clock
	HeapEnd              int64
	Offset               time.Duration // of the clock
	Frozen               time.Time
	Options              map[string]string
	Faults               []byte
	Answered             int64
	World                *world
	People               people
	Instance             *instance
}

// save gathers the state. The lock must be held.
func (s *Site) save() *savedState {
	now := s.clock.Now()
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	return &savedState{
		At: now, Personality: s.product.name, Version: s.opts.Version, Seed: s.opts.Seed, CloudID: s.cloudID, HeapEnd: s.heap.size(),
		Offset: s.clock.offset, Frozen: s.clock.frozen, Options: s.set.chosen, Faults: s.Faults(), Answered: s.answered.Load(),
		World: s.world, People: s.people, Instance: s.instance,
	}
}

// quiet reports whether no long task is under way: what such a task still has to do cannot be written down.
func (w *world) quiet() bool {
	for _, t := range w.tasks {
		if !t.finished {
			return false
		}
	}
	return true
}

// use makes the site what was saved. Long tasks that were under way are gone, as on a server that was stopped.
func (s *Site) use(saved *savedState) error {
	s.world, s.people, s.heap.end = saved.World, saved.People, saved.HeapEnd
	if saved.Instance != nil {
		s.instance = saved.Instance
	}
	s.clock.offset, s.clock.frozen = saved.Offset, saved.Frozen
	s.answered.Store(saved.Answered)
	left := s.world.tasks[:0]
	for _, t := range s.world.tasks {
		if t.finished {
			left = append(left, t)
		}
	}
	s.world.tasks = left
	return s.set.apply(saved.Options)
}

// openState finds the newest record of a folder. Without one, saved is nil.
func openState(dir string) (f *stateFolder, saved *savedState, err error) {
	f = &stateFolder{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("emulator: state folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("emulator: state folder: %w", err)
	}
	for _, e := range entries {
		if n, isState := strings.CutPrefix(e.Name(), "state-"); isState {
			if n, err := strconv.Atoi(n); err == nil {
				f.number = max(f.number, n)
			}
		}
	}
	if f.number == 0 {
		return f, nil, nil
	}
	in, err := os.Open(f.path("state"))
	if err != nil {
		return nil, nil, fmt.Errorf("emulator: state folder: %w", err)
	}
	saved = &savedState{}
	err = errors.Join(readState(in, saved), in.Close())
	if err != nil {
		return nil, nil, fmt.Errorf("emulator: %s: %w", f.path("state"), err)
	}
	return f, saved, nil
}

func (f *stateFolder) path(what string) string {
	return filepath.Join(f.dir, what+"-"+strconv.Itoa(f.number))
}

// write makes a new record, beside which the old one and its journal are void.
func (f *stateFolder) write(saved *savedState) error {
	if f.journal != nil {
		if err := f.journal.Close(); err != nil {
			return err
		}
		f.journal = nil
	}
	old := *f
	f.number++
	draft := f.path("state") + ".tmp"
	out, err := os.OpenFile(draft, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = writeState(out, saved)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	if err := os.Rename(draft, f.path("state")); err != nil {
		return err
	}
	for _, name := range []string{old.path("state"), old.path("journal")} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// entry is one change in the journal: a request, or a deed of the control plane or a test.
type entry struct {
	At   time.Time // on the site's clock
	Deed string    `json:",omitempty"`
	Args []any     `json:",omitempty"`

	Method, URL, Host, User string              `json:",omitempty"`
	Header                  map[string][]string `json:",omitempty"`
	Gone                    bool                `json:",omitempty"` // a request that came late, after its client
	Skew                    time.Duration       `json:",omitempty"`
	Hide                    float64             `json:",omitempty"`
	Noise                   bool                `json:",omitempty"`
	FailBackup              bool                `json:",omitempty"`
	Defects                 []backup.Defect     `json:",omitempty"`
	K                       uint64              `json:",omitempty"`
	Body                    []byte              `json:"-"`
}

// add appends an entry. The site's write lock must be held, so that the order of entries is that of the changes.
func (f *stateFolder) add(e *entry) {
	if f == nil {
		return
	}
	if err := f.append(e); err != nil {
		panic(fmt.Sprintf("emulator: cannot keep state: %v", err)) // a full disk; nothing sensible can be answered
	}
}

func (f *stateFolder) append(e *entry) error {
	if f.journal == nil {
		out, err := os.OpenFile(f.path("journal"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		f.journal = out
	}
	head, err := json.Marshal(e)
	if err != nil {
		return err
	}
	b := make([]byte, 12, 12+len(head)+len(e.Body))
	b = append(append(b, head...), e.Body...)
	binary.BigEndian.PutUint32(b, uint32(len(head)))
	binary.BigEndian.PutUint32(b[4:], uint32(len(e.Body)))
	binary.BigEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[12:]))
	_, err = f.journal.Write(b)
	return err
}

// entries reads the journal up to where it is whole, and cuts off what follows: it was never acknowledged.
func (f *stateFolder) entries() ([]*entry, error) {
	data, err := os.ReadFile(f.path("journal"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []*entry
	rest := bytes.NewReader(data)
	for whole := int64(0); ; whole = int64(len(data) - rest.Len()) {
		e, err := nextEntry(rest)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, os.Truncate(f.path("journal"), whole)
		}
		out = append(out, e)
	}
}

func nextEntry(from *bytes.Reader) (*entry, error) {
	var sizes [12]byte
	if _, err := io.ReadFull(from, sizes[:]); err != nil {
		return nil, err
	}
	head, body := int(binary.BigEndian.Uint32(sizes[:])), int(binary.BigEndian.Uint32(sizes[4:]))
	if head+body > from.Len() {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, head+body)
	if _, err := io.ReadFull(from, b); err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(b) != binary.BigEndian.Uint32(sizes[8:]) {
		return nil, errors.New("an entry is damaged")
	}
	e := &entry{Body: b[head:]}
	return e, json.Unmarshal(b[:head], e)
}

// close writes a new record if it can, and gives the files back.
func (s *Site) closeState() error {
	f := s.folder
	if f == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.world.quiet() {
		return f.write(s.save())
	}
	if f.journal == nil {
		return nil
	}
	return f.journal.Close()
}
