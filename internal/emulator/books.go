package emulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Counter counts the calls of one route.
type Counter struct {
	Reads  int64 `json:"reads"`
	Writes int64 `json:"writes"`
}

// books are what the control plane tells about the past: the log of requests, the log of readers, the counters. The
// logs are files, so that a long run does not fill the memory. It is safe for concurrent use.
type books struct {
	mu       sync.Mutex
	counters map[string]Counter
	requests *lines
	access   *lines
	silent   bool // while a journal is followed, before anybody can ask
}

func newBooks(dir string) (*books, error) {
	requests, err := newLines(dir, "requests.ndjson")
	if err != nil {
		return nil, err
	}
	access, err := newLines(dir, "readers.ndjson")
	if err != nil {
		return nil, err
	}
	return &books{counters: map[string]Counter{}, requests: requests, access: access}, nil
}

// requestLine is one line of GET /requests.
type requestLine struct {
	N      int64  `json:"n"`
	Time   string `json:"time"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"`
	Status int    `json:"status"` // 0: the connection was ended without an answer
	Bytes  int64  `json:"bytes"`
	User   string `json:"user"`
	Rule   string `json:"rule"` // the names of the fault rules that hit
}

// request logs an answered request and counts it under its route template.
func (b *books) request(c *call, status int, size int64) {
	line := requestLine{Time: stampOf(c.now).String(), Method: c.r.Method, Path: c.r.URL.EscapedPath(), Query: c.r.URL.RawQuery, Status: status, Bytes: size, Rule: c.fault.rule()}
	if c.user != nil {
		line.User = c.user.id
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.route != nil {
		n := b.counters[c.route.template]
		if c.r.Method == "GET" || c.r.Method == "HEAD" {
			n.Reads++
		} else {
			n.Writes++
		}
		b.counters[c.route.template] = n
	}
	b.requests.add(func(n int64) any { line.N = n; return line })
}

// readers logs who can read a content after a write.
func (b *books) readers(c *content, who []string) {
	if b.silent {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.access.add(func(n int64) any {
		return object{"n": n, "content": c.idText(), "version": c.number(), "principals": who}
	})
}

// Counters returns the calls so far, by route template.
func (s *Site) Counters() map[string]Counter {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	out := make(map[string]Counter, len(s.books.counters))
	for k, v := range s.books.counters {
		out[k] = v
	}
	return out
}

// ResetCounters sets all counters to zero.
func (s *Site) ResetCounters() {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	clear(s.books.counters)
}

// Requests writes the log of requests so far, one JSON object a line.
func (s *Site) Requests(w io.Writer) error {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	return s.books.requests.copyTo(w)
}

// Readers writes, one JSON object a line, who could read each content after each committed write to it.
func (s *Site) Readers(w io.Writer) error {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	return s.books.access.copyTo(w)
}

func (b *books) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.requests.close()
	if err2 := b.access.close(); err == nil {
		err = err2
	}
	return err
}

// lines is a log in a file.
type lines struct {
	file *os.File
	out  *bufio.Writer
	n    int64
	name string
}

func newLines(dir, name string) (*lines, error) {
	var f *os.File
	var err error
	remove := ""
	if dir != "" {
		f, err = os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	} else if f, err = os.CreateTemp("", "confluence-emulator-*"); err == nil && os.Remove(f.Name()) != nil {
		remove = f.Name()
	}
	if err != nil {
		return nil, fmt.Errorf("emulator: log: %w", err)
	}
	return &lines{file: f, out: bufio.NewWriterSize(f, 64<<10), name: remove}, nil
}

func (l *lines) add(line func(n int64) any) {
	l.n++
	data, err := json.Marshal(line(l.n))
	if err == nil {
		_, err = l.out.Write(append(data, '\n'))
	}
	if err != nil {
		panic(fmt.Sprintf("emulator: cannot keep the log: %v", err))
	}
}

func (l *lines) copyTo(w io.Writer) error {
	if err := l.out.Flush(); err != nil {
		return err
	}
	size, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.NewSectionReader(l.file, 0, size))
	return err
}

func (l *lines) close() error {
	err := errors.Join(l.out.Flush(), l.file.Close())
	if l.name != "" {
		err = errors.Join(err, os.Remove(l.name))
	}
	return err
}
