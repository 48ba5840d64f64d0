package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// keeper collects the body of a request that is about to change the site, for the journal.
type keeper struct{ body bytes.Buffer }

// keeps begins to collect, where the site has a journal.
func (s *Site) keeps(c *call) *keeper {
	if s.folder == nil || s.replaying || !c.route.writes() {
		return nil
	}
	k := &keeper{}
	if c.r.Body != nil {
		c.r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(c.r.Body, &k.body), c.r.Body}
	}
	return k
}

// keep puts the request into the journal. The write lock must be held, after the handler.
func (s *Site) keep(c *call, k *keeper) {
	if k == nil {
		return
	}
	e := &entry{
		At: c.now, Method: c.r.Method, URL: c.r.URL.RequestURI(), Host: c.r.Host, Header: c.r.Header, Skew: c.fault.skew, Hide: c.fault.hide,
		Noise: c.fault.noise, FailBackup: c.fault.failBackup, Defects: c.fault.defects, K: c.fault.k, Body: k.body.Bytes(),
	}
	if c.user != nil {
		e.User = c.user.id
	}
	s.folder.add(e)
}

// did puts a deed into the journal: a change by a method of the Site of that name. The write lock must be held.
func (s *Site) did(deed string, args ...any) {
	if s.folder == nil || s.replaying {
		return
	}
	s.folder.add(&entry{At: s.clock.Now(), Deed: deed, Args: args})
}

// replay makes the changes of a journal again, those after until left out where it is set.
func (s *Site) replay(entries []*entry, until time.Time) error {
	s.replaying, s.books.silent = true, true
	defer func() {
		s.replaying, s.books.silent = false, false
		s.clock.again(time.Time{})
	}()
	for _, e := range entries {
		if !until.IsZero() && e.At.After(until) {
			break
		}
		s.clock.again(e.At)
		if err := s.redo(e); err != nil {
			return fmt.Errorf("emulator: the journal cannot be followed: %s%s: %w", e.Deed, e.URL, err)
		}
	}
	return nil
}

func (s *Site) redo(e *entry) error {
	if e.Deed != "" {
		again, known := deeds()[e.Deed]
		if !known {
			return fmt.Errorf("no such deed")
		}
		return again(s, deed{e.At, e.Args})
	}
	r, err := http.NewRequest(e.Method, "http://"+e.Host+e.URL, bytes.NewReader(e.Body))
	if err != nil {
		return err
	}
	r.Host, r.RequestURI, r.Header = e.Host, e.URL, e.Header
	c := &call{Site: s, r: r, arrived: time.Now(), now: e.At}
	if _, answered := s.match(c); answered {
		return fmt.Errorf("no such route")
	}
	c.fault = disturbance{effect: effect{hide: e.Hide, noise: e.Noise, failBackup: e.FailBackup, defects: e.Defects}, seed: s.opts.Seed, skew: e.Skew, k: e.K}
	if e.User != "" {
		c.user = s.people.byID[e.User]
	}
	s.run(c) // whoever was to hear the answer has heard it
	return nil
}

// deed is one deed to be done again.
type deed struct {
	at   time.Time
	args []any
}

func (d deed) text(i int) string {
	s, _ := d.args[i].(string) // what a deed was called with is what its method wrote
	return s
}

func (d deed) texts(from int) []string {
	var out []string
	for i := from; i < len(d.args); i++ {
		out = append(out, d.text(i))
	}
	return out
}

// read reads an argument that is no text.
func (d deed) read(i int, v any) error { return json.Unmarshal(encode(d.args[i]), v) }

func quietly[T any](_ T, err error) error { return err }

// deeds are the changes that come by methods of the Site and not by requests.
func deeds() map[string]func(*Site, deed) error {
	return map[string]func(*Site, deed) error{
		"settle": func(s *Site, d deed) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.settle(stampOf(d.at))
			return nil
		},
		"act": func(s *Site, d deed) error {
			_, _ = s.Act(d.text(0), json.RawMessage(d.text(1))) // an act that was refused is refused again
			return nil
		},
		"user":        func(s *Site, d deed) error { s.AddUser(d.text(0), d.text(1), d.text(2)); return nil },
		"group":       func(s *Site, d deed) error { s.AddGroup(d.text(0), d.texts(1)...); return nil },
		"nest":        func(s *Site, d deed) error { s.NestGroup(d.text(0), d.text(1)); return nil },
		"rename user": func(s *Site, d deed) error { s.RenameUser(d.text(0), d.text(1)); return nil },
		"active":      func(s *Site, d deed) error { s.SetActive(d.text(0), d.args[1] == true); return nil },
		"revoke":      func(s *Site, d deed) error { s.Revoke(d.text(0)); return nil },
		"renew":       func(s *Site, d deed) error { s.Renew(d.text(0)); return nil },
		"withdraw":    func(s *Site, d deed) error { s.Withdraw(d.text(0)); return nil },
		"unposition":  func(s *Site, d deed) error { s.Unposition(d.text(0)); return nil },
		"faults":      func(s *Site, d deed) error { return s.SetFaults([]byte(d.text(0))) },
		"options": func(s *Site, d deed) error {
			var options map[string]string
			if err := d.read(0, &options); err != nil {
				return err
			}
			return s.SetOptions(options)
		},
		"issue": func(s *Site, d deed) error {
			var q Credential
			if err := d.read(0, &q); err != nil {
				return err
			}
			return quietly(s.Issue(q))
		},
		"clock": func(s *Site, d deed) error {
			var offset int64
			var frozen time.Time
			if err := d.read(0, &offset); err != nil {
				return err
			}
			if err := d.read(1, &frozen); err != nil {
				return err
			}
			s.clock.offset, s.clock.frozen = time.Duration(offset), frozen
			return nil
		},
		"expire": func(s *Site, d deed) error {
			var header http.Header
			if err := d.read(0, &header); err != nil {
				return err
			}
			c := &call{Site: s, r: &http.Request{Header: header}, now: d.at}
			address, err := url.Parse(d.text(1))
			if err != nil {
				return err
			}
			c.r.URL = address
			s.product.identify(c)
			c.expire()
			return nil
		},
		"body": func(s *Site, d deed) error {
			return s.MutateBody(d.text(0), func(string) string { return d.text(1) })
		},
		"file": func(s *Site, d deed) error {
			var bytes []byte
			if err := d.read(1, &bytes); err != nil {
				return err
			}
			return s.MutateFile(d.text(0), func([]byte) []byte { return bytes })
		},
	}
}
