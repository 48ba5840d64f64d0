package simulation

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
)

// Scenario is a start state of two sites, what people, tandem and chance do, and what must hold afterwards.
// docs/scenarios.md has the format.
type Scenario struct {
	ID, Name string
	Start    startFile
	Policy   policyFile
	Steps    []scriptStep
	Faults   []byte // fault rules of both emulators, YAML
	Want     wantFile

	file  string
	parts map[string]*part
}

// startFile says what both sites hold before the baseline is taken.
type startFile struct {
	Use         string // S0 or empty
	Add, Change []deed
	Fill        int
}

// policyFile is a pair's policy as policy.yaml writes it. Empty members are defaults.
type policyFile struct {
	Mode, Strict, Primary            string
	Facets                           map[string]string // body, title, parent, order, labels, attachments, comments, restrictions
	Deletes, DeleteVsEdit            string
	OutOfScope                       string
	RenameProtects, Resurrect, Prune bool
	Brakes                           map[string]string
}

// deed is what a person does.
type deed struct {
	Name  string
	Pages []string          // what the action is about
	Args  map[string]string // single values
	Lists map[string][]string
	Line  int // in the scenario file
}

// scriptStep is one line of steps.yaml: exactly one member is set.
type scriptStep struct {
	Line int

	Act        *sideDeed
	Cycle      string // sweep or feed
	Wait       time.Duration
	Repeat     *repeatStep
	Crash      *crashStep
	During     *duringStep
	Engine     int
	Checkpoint *checkpointStep
	Allow      string // a brake
	Resolve    *resolveStep
	Order      string // pause, resume, retire
}

// sideDeed is an action on one side.
type sideDeed struct {
	Side confluence.Side
	deed
}

// repeatStep does steps N times.
type repeatStep struct {
	N     int
	Steps []scriptStep
}

// crashStep ends the engine at the N-th mutating call of the next cycle; 0 = a run of the scenario for each.
type crashStep struct {
	At string // before-call, after-call, after-outcome, in-commit
	N  int
}

// duringStep does a step at the N-th call of a verb in the next cycle.
type duringStep struct {
	Side confluence.Side
	Verb confluence.Verb
	N    int
	When string // before, after
	Do   scriptStep
}

// checkpointStep changes what a server's checkpoint property says.
type checkpointStep struct {
	Side confluence.Side
	Pair string // own, older, foreign, none
}

// resolveStep settles a conflict.
type resolveStep struct{ Page, Facet, Use string }

// Parse reads a scenario file strictly. file is the name to show in errors, which are T-1003 with part and line.
func Parse(data []byte, file string) (*Scenario, error) {
	s := &Scenario{file: file, parts: map[string]*part{}}
	archive := txtar.Parse(data)
	if err := s.heading(string(archive.Comment)); err != nil {
		return nil, err
	}
	if err := s.split(data, archive); err != nil {
		return nil, err
	}
	for _, name := range []string{"start.yaml", "steps.yaml", "want.yaml"} {
		if s.parts[name] == nil {
			return nil, s.bad(1, "the part %s is missing", name)
		}
	}
	reads := []struct {
		name string
		read func(*part) error
	}{
		{"start.yaml", s.readStart}, {"policy.yaml", s.readPolicy}, {"steps.yaml", s.readSteps}, {"faults.yaml", s.readFaults},
		{"want.yaml", s.readWant},
	}
	for _, r := range reads {
		if p := s.parts[r.name]; p != nil {
			if err := r.read(p); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *Scenario) bad(line int, format string, args ...any) error {
	return confluence.Errorf(confluence.CodeBadFile, "the scenario cannot be read").
		At(confluence.Where{File: s.file, Line: line}).Because(fmt.Errorf(format, args...))
}

var scenarioID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// heading reads the first line: id and name.
func (s *Scenario) heading(comment string) error {
	first, _, _ := strings.Cut(comment, "\n")
	id, name, _ := strings.Cut(strings.TrimSpace(first), " ")
	if !scenarioID.MatchString(id) || strings.TrimSpace(name) == "" {
		return s.bad(1, "the first line must be an id and a name, such as: S002 one-sided edit")
	}
	s.ID, s.Name = id, strings.TrimSpace(name)
	return nil
}

var known = []string{"start.yaml", "policy.yaml", "steps.yaml", "faults.yaml", "want.yaml"}

// split keeps the parts with the lines that they begin at.
func (s *Scenario) split(data []byte, archive *txtar.Archive) error {
	line := bytes.Count(archive.Comment, []byte("\n"))
	for _, f := range archive.Files {
		line++ // the part's own heading
		folder, name, nested := strings.Cut(f.Name, "/")
		switch {
		case slices.Contains(known, f.Name):
		case nested && (folder == "bodies" && strings.HasSuffix(name, ".xml") || folder == "files") && name != "":
		default:
			return s.bad(line, "there is no part %q; there are %s, bodies/NAME.xml and files/NAME", f.Name, strings.Join(known, ", "))
		}
		if s.parts[f.Name] != nil {
			return s.bad(line, "the part %s is there twice", f.Name)
		}
		s.parts[f.Name] = &part{file: s.file, name: f.Name, above: line, text: f.Data}
		line += bytes.Count(f.Data, []byte("\n"))
	}
	return nil
}

// named is the text of a part that another part names.
func (s *Scenario) named(name string) (string, error) {
	p := s.parts[name]
	if p == nil {
		return "", fmt.Errorf("there is no part %q", name)
	}
	text := string(p.text)
	if strings.HasPrefix(name, "bodies/") {
		text = strings.TrimSpace(text)
	}
	return text, nil
}

// readFaults takes over the rules as they are: the emulators read them, and name place and reason.
func (s *Scenario) readFaults(p *part) error {
	s.Faults = p.text
	site, err := emulator.New(emulator.Options{Faults: p.text})
	if err == nil {
		return site.Close()
	}
	line, column := 1, 1
	_, text, _ := strings.Cut(err.Error(), "line ")
	if n, _ := fmt.Sscanf(text, "%d, column %d:", &line, &column); n != 2 {
		return p.bad(1, 1, "%v", err)
	}
	_, text, _ = strings.Cut(text, ": ")
	return p.bad(line, column, "%s", text)
}
