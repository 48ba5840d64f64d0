package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator"
)

// Site is one emulated site on sockets of this machine.
type Site struct {
	Name    string // what tandem and people call it
	URL     string // its address, context path included
	Control string // address of its control plane

	emulated *emulator.Site
	kind     string // personality
	servers  []*http.Server
}

// openSite starts an emulated site on the address, which may end with port 0. make may finish the options of a site whose
// own address is in BaseURL.
func openSite(ctx context.Context, name, listen string, o emulator.Options, finish func(*emulator.Options) error) (_ *Site, err error) {
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return nil, err
	}
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, err
	}
	o.BaseURL = "http://" + socket.Addr().String()
	if finish != nil {
		err = finish(&o)
	}
	s := &Site{Name: name, kind: o.Personality}
	if err == nil {
		s.emulated, err = emulator.New(o)
	}
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	s.URL = o.BaseURL + s.emulated.Context()
	s.serve(socket, s.emulated.Handler())
	control, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.Control = "http://" + control.Addr().String()
	s.serve(control, s.emulated.Control())
	return s, nil
}

func (s *Site) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(l) }() // ends with close; a socket that breaks shows as an unreachable site
}

func (s *Site) close() error {
	if s == nil {
		return nil
	}
	var failed error
	for _, server := range s.servers {
		failed = errors.Join(failed, server.Close())
	}
	return errors.Join(failed, s.emulated.Close())
}

// writeFile makes a file and lets write fill it.
func writeFile(dir, name string, write func(*os.File) error) (path string, err error) {
	path = filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return path, write(f)
}

// writes is how many requests have changed something at the site, as it counts them itself. What people do does not count.
func (s *Site) writes() int {
	n := 0
	for route, c := range s.emulated.Counters() {
		if !strings.HasSuffix(route, "/users-bulk") { // a question that is too long for an address
			n += int(c.Writes)
		}
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Product names what is emulated.
func (s *Site) Product() string { return "emulated " + s.emulated.Product() }

// Holds says what the site starts with.
func (s *Site) Holds() string {
	if s.kind == personalityDC {
		return "spaces " + strings.Join(Spaces(), ", ")
	}
	return "empty"
}

// letIn gives tandem's account a place in every restriction of pages. A Data Center shows restricted pages to nobody who is
// not named there, not even to its administrators: an owner has to do this before a migration.
func (s *Site) letIn() error {
	me, _ := s.emulated.Account()
	var dump struct {
		Content []struct {
			ID           string `json:"id"`
			Restrictions struct {
				Read   []string `json:"read,omitempty"`
				Update []string `json:"update,omitempty"`
			} `json:"restrictions"`
		} `json:"content"`
	}
	if err := json.Unmarshal(s.emulated.Dump("full"), &dump); err != nil {
		return fmt.Errorf("read the state dump: %w", err)
	}
	for _, c := range dump.Content {
		lists := [2][]string{c.Restrictions.Read, c.Restrictions.Update}
		for i, list := range lists {
			if len(list) > 0 {
				lists[i] = append(list, "user:"+me)
			}
		}
		if len(lists[0])+len(lists[1]) == 0 {
			continue
		}
		if _, err := s.act(me, "restrict", map[string]any{"page": c.ID, "read": lists[0], "update": lists[1]}); err != nil {
			return err
		}
	}
	return nil
}

// act lets a person do something on the site, and returns the ids of the contents that it was about.
func (s *Site) act(user, action string, what any) ([]string, error) {
	text, err := json.Marshal(map[string]any{action: what})
	if err != nil {
		return nil, err
	}
	return s.emulated.Act(user, text)
}

// count fills in what a site holds. It asks the emulator for its state dump, so nothing of tandem's reading or writing has
// a say in the numbers.
func (s *Site) count(m *Migration) error {
	var dump struct {
		Counts struct {
			CurrentPages          int `json:"currentPages"`
			BlogPosts             int `json:"blogPosts"`
			AttachmentsWithBinary int `json:"attachmentsWithBinary"`
		} `json:"counts"`
	}
	if err := json.Unmarshal(s.emulated.Dump("full"), &dump); err != nil {
		return fmt.Errorf("read the state dump: %w", err)
	}
	m.Pages, m.BlogPosts, m.Attachments = dump.Counts.CurrentPages, dump.Counts.BlogPosts, dump.Counts.AttachmentsWithBinary
	return nil
}
