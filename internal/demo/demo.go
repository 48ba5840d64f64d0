// Package demo shows tandem on a sample company: an emulated Data Center that holds the company's wiki, or an export of
// it, an emulated Cloud, and the whole way from one to the other by calls of the API.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/demo/company"
	"github.com/tandem-sync/tandem/internal/emulator"
)

// API is tandem as the demo uses it.
type API interface {
	// Call makes one call of the API.
	Call(ctx context.Context, method, path string, in, out any) error
	// Follow returns how a run stands once it is final or paused.
	Follow(ctx context.Context, run string) (api.Progress, error)
}

// Options say how the demo is set up.
type Options struct {
	Dir    string // where the export is written and the emulators keep their state
	Seed   uint64
	Export bool      // the wiki comes as an export, and no Data Center runs
	Listen [2]string // addresses of the Data Center and of the Cloud; empty: a free port of loopback
	Faults []byte    // fault rules of the emulators, YAML
	Now    func() time.Time
	Say    func(format string, args ...any) // one line for each step
}

// Names of what the demo makes.
const (
	DataCenterName = "dc"
	CloudName      = "cloud"
	PlanName       = "demo"
)

// Places of the two sites in whatever comes in twos.
const (
	sideA = iota // the Data Center
	sideB        // the Cloud
)

const (
	personalityDC    = "dc"
	personalityCloud = "cloud"
)

// Stage is the emulated sites with the company's accounts, and the export of the old wiki. Close ends it.
type Stage struct {
	Sites  [2]*Site // the Data Center, nil where the wiki is an export, and the Cloud
	Export string   // path of the export

	opt      Options
	people   []byte
	accounts [2]map[string]string // of the company's people by log-in name, on each site
}

// Open starts the emulated sites, gives the Cloud the company's accounts and groups and the Data Center its wiki.
func Open(ctx context.Context, opt Options) (*Stage, error) {
	s := &Stage{opt: opt}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.populate()
	if dc := s.Sites[sideA]; dc != nil {
		if err := dc.letIn(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

func (s *Stage) open(ctx context.Context) (err error) {
	for i, name := range [2]string{DataCenterName, CloudName} {
		o := emulator.Options{
			Personality: [2]string{personalityDC, personalityCloud}[i], Seed: s.opt.Seed + uint64(1-i)<<32, Now: s.opt.Now,
			StateDir: filepath.Join(s.opt.Dir, name), Faults: s.opt.Faults,
		}
		var finish func(*emulator.Options) error
		if o.Personality == personalityDC {
			if s.opt.Export {
				s.Export, err = s.writeExport(company.OldSite)
				if err != nil {
					return err
				}
				continue
			}
			finish = func(o *emulator.Options) (err error) {
				s.Export, err = s.writeExport(o.BaseURL)
				o.Import = s.Export
				return err
			}
		}
		listen := s.opt.Listen[i]
		if listen == "" {
			listen = "127.0.0.1:0"
		}
		if s.Sites[i], err = openSite(ctx, name, listen, o, finish); err != nil {
			return err
		}
	}
	return nil
}

// writeExport writes the wiki as a backup of a site at that address.
func (s *Stage) writeExport(address string) (string, error) {
	return writeFile(s.opt.Dir, "company-export.zip", func(f *os.File) error { return company.WriteAt(f, s.opt.Seed, address) })
}

// populate gives the Cloud the accounts of all who still work for the company, and its groups.
func (s *Stage) populate() {
	accounts, ids := map[string]string{}, map[string]string{} // by e-mail address and by log-in name
	s.accounts = [2]map[string]string{{}, ids}
	cloud := s.Sites[sideB].emulated
	for i, u := range company.Users() {
		if u.Former {
			continue
		}
		id := fmt.Sprintf("557058:%08x-demo-4000-8000-%012x", i+1, i+1)
		cloud.AddUser(id, u.FullName, u.Email)
		accounts[u.Email], ids[u.Name] = id, id
		s.accounts[sideA][u.Name] = u.Name
	}
	for _, g := range company.Groups() {
		var members []string
		for _, name := range g.Members {
			members = append(members, ids[name])
		}
		cloud.AddGroup(g.Name, members...)
	}
	s.people = company.People(accounts)
}

// Close ends the emulated sites.
func (s *Stage) Close() error {
	return errors.Join(s.Sites[sideA].close(), s.Sites[sideB].close())
}

// Spaces are the keys of the company's spaces, in order of work.
func Spaces() []string {
	keys := make([]string, 0, len(company.ExpectedSpaces))
	for key := range company.ExpectedSpaces {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
