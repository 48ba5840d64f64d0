package xmlexport

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// runLength is how many hashes are held in memory before they are sorted and written away.
const runLength = 2 << 20

// duplicates counts values that were added before, with bounded memory: sorted runs in files, merged at the end.
type duplicates struct {
	dir  string
	name string // of its files
	held []uint64
	runs []string
}

// hashOf returns a hash of its arguments in their order (FNV-1a).
func hashOf(parts ...[]byte) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for _, c := range p {
			h = (h ^ uint64(c)) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return h
}

// pairHash returns a hash whose sums tell sets of pairs apart.
func pairHash(owner, item []byte) uint64 {
	h := hashOf(owner, item)
	h = (h ^ h>>31) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func (d *duplicates) add(hash uint64) error {
	d.held = append(d.held, hash)
	if len(d.held) < runLength {
		return nil
	}
	return d.spill()
}

func (d *duplicates) spill() error {
	slices.Sort(d.held)
	name := filepath.Join(d.dir, d.name+strconv.Itoa(len(d.runs)))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	d.runs = append(d.runs, name)
	w := bufio.NewWriterSize(f, 256<<10)
	var b [8]byte
	for _, h := range d.held {
		binary.LittleEndian.PutUint64(b[:], h)
		w.Write(b[:])
	}
	d.held = d.held[:0]
	return errors.Join(w.Flush(), f.Close())
}

// count returns how many values were added that had been before, and removes the files.
func (d *duplicates) count() (int, error) {
	slices.Sort(d.held)
	var m merge
	defer func() {
		for _, r := range m {
			if r.file != nil {
				r.file.Close()
			}
		}
		for _, name := range d.runs {
			os.Remove(name)
		}
	}()
	m = append(m, &run{held: d.held})
	for _, name := range d.runs {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		m = append(m, &run{file: f, in: bufio.NewReaderSize(f, 256<<10)})
	}
	return m.surplus()
}

// run is one sorted run, in memory or in a file.
type run struct {
	head uint64
	held []uint64
	file *os.File
	in   *bufio.Reader
}

func (r *run) next() error {
	if r.in != nil {
		return binary.Read(r.in, binary.LittleEndian, &r.head)
	}
	if len(r.held) == 0 {
		return io.EOF
	}
	r.head, r.held = r.held[0], r.held[1:]
	return nil
}

// merge is a heap of runs by their heads.
type merge []*run

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return m[i].head < m[j].head }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(*run)) }
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// surplus counts the values that equal the one before.
func (m merge) surplus() (int, error) {
	live := merge{}
	for _, r := range m {
		switch err := r.next(); {
		case err == nil:
			live = append(live, r)
		case !errors.Is(err, io.EOF):
			return 0, err
		}
	}
	heap.Init(&live)
	n, last, started := 0, uint64(0), false
	for len(live) > 0 {
		r := live[0]
		if started && r.head == last {
			n++
		}
		last, started = r.head, true
		switch err := r.next(); {
		case err == nil:
			heap.Fix(&live, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&live)
		default:
			return 0, err
		}
	}
	return n, nil
}
