package migration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	planVersion = "tandem/v1"
	planKind    = "MigrationPlan"
	// maxPlanBytes bounds a plan file: a plan of thousands of spaces is far below it.
	maxPlanBytes = 4 << 20
)

// The file's own form: pointers tell what is missing from what is false or empty.
type (
	planFile struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Name       string      `yaml:"name"`
		Stage      *string     `yaml:"stage"`
		From       endFile     `yaml:"from"`
		To         endFile     `yaml:"to"`
		Users      *string     `yaml:"users"`
		People     string      `yaml:"people"`
		Templates  bool        `yaml:"templates"`
		Spaces     []scopeFile `yaml:"spaces"`
		Select     selectFile  `yaml:"select"`
		NeverSend  []string    `yaml:"neverSend"`
		Options    optionsFile `yaml:"options"`
	}
	endFile struct {
		Site        string `yaml:"site"`
		Export      string `yaml:"export"`
		Fingerprint string `yaml:"fingerprint"`
	}
	scopeFile struct {
		Key              string  `yaml:"key"`
		Target           *string `yaml:"target"`
		What             *string `yaml:"what"`
		Existing         *string `yaml:"existing"`
		History          *string `yaml:"history"`
		Restrictions     *bool   `yaml:"restrictions"`
		Permissions      *bool   `yaml:"permissions"`
		AttachmentsFirst bool    `yaml:"attachmentsFirst"`
	}
	selectFile struct {
		CQL         string   `yaml:"cql"`
		Labels      []string `yaml:"labels"`
		Subtree     []string `yaml:"subtree"`
		EditedAfter string   `yaml:"editedAfter"`
	}
	optionsFile struct {
		QuietWrites *bool     `yaml:"quietWrites"`
		Concurrent  int       `yaml:"concurrent"`
		Editor      *string   `yaml:"editor"`
		Provenance  *[]string `yaml:"provenance"`
		Macros      string    `yaml:"macros"`
	}
)

// ParsePlan reads a plan file strictly and validates it. file is the name to show in errors (T-1003 with line and
// column, T-2007 for what this version cannot do).
func ParsePlan(data []byte, file string) (Plan, error) {
	var raw planFile
	if err := decodeOne(data, file, &raw); err != nil {
		return Plan{}, err
	}
	p := raw.plan()
	v := raw.violation()
	if v == nil {
		v = p.violation()
	}
	if v != nil {
		return Plan{}, placed(v, data, file)
	}
	return p, nil
}

// decodeOne reads the one document of a file strictly.
func decodeOne(data []byte, file string, into any) error {
	if len(data) > maxPlanBytes {
		return fileError(confluence.CodeBadFile, file, 0, 0, fmt.Sprintf("a file has at most %d bytes", maxPlanBytes))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := guarded(func() error { return decoder.Decode(into) }); err != nil {
		return decodeError(err, file)
	}
	if err := guarded(func() error { return decoder.Decode(new(any)) }); !errors.Is(err, io.EOF) {
		return fileError(confluence.CodeBadFile, file, 0, 0, "a file holds one document")
	}
	return nil
}

// placed is a broken rule with its place in the file.
func placed(v *violation, data []byte, file string) error {
	line, column := 1, 1
	_ = guarded(func() error {
		line, column = position(data, v.path)
		return nil
	})
	return fileError(v.code, file, line, column, v.what)
}

func (f *planFile) violation() *violation {
	switch {
	case f.APIVersion != planVersion:
		return broken("apiVersion", "apiVersion must be %q, is %q", planVersion, f.APIVersion)
	case f.Kind == "SpacePair":
		return broken("kind", "this is the file of a pair: give it to tandem pair create")
	case f.Kind != planKind:
		return broken("kind", "kind must be %q, is %q", planKind, f.Kind)
	}
	return nil
}

func (f *planFile) plan() Plan {
	p := NewPlan()
	p.Name, p.People, p.Templates, p.NeverSend = f.Name, f.People, f.Templates, f.NeverSend
	p.From, p.To = Endpoint(f.From), Endpoint(f.To)
	set(&p.Stage, f.Stage)
	set(&p.Users, f.Users)
	for _, raw := range f.Spaces {
		s := NewScope(raw.Key, "")
		set(&s.Target, raw.Target)
		set(&s.What, raw.What)
		set(&s.Existing, raw.Existing)
		set(&s.History, raw.History)
		set(&s.Restrictions, raw.Restrictions)
		set(&s.Permissions, raw.Permissions)
		s.AttachmentsFirst = raw.AttachmentsFirst
		p.Spaces = append(p.Spaces, s)
	}
	p.Select = Selection(f.Select)
	set(&p.Options.QuietWrites, f.Options.QuietWrites)
	set(&p.Options.Editor, f.Options.Editor)
	set(&p.Options.Provenance, f.Options.Provenance)
	p.Options.Concurrent, p.Options.Macros = f.Options.Concurrent, f.Options.Macros
	return p
}

// guarded turns a panic into an error: the YAML package panics on some malformed input.
func guarded(read func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("this is no YAML that can be read")
		}
	}()
	return read()
}

func set[T any](into, from *T) {
	if from != nil {
		*into = *from
	}
}

// decodeError keeps message and place of what the YAML package found, without its picture of the source.
func decodeError(err error, file string) error {
	var at yaml.Error
	if !errors.As(err, &at) {
		what := err.Error()
		if errors.Is(err, io.EOF) {
			what = "the file is empty"
		}
		return fileError(confluence.CodeBadFile, file, 0, 0, what)
	}
	line, column := 0, 0
	if token := at.GetToken(); token != nil && token.Position != nil {
		line, column = token.Position.Line, token.Position.Column
	}
	return fileError(confluence.CodeBadFile, file, line, column, at.GetMessage())
}

func fileError(code confluence.Code, file string, line, column int, what string) error {
	at := ""
	if line > 0 {
		at = fmt.Sprintf(" (line %d, column %d)", line, column)
	}
	return confluence.Errorf(code, "%s%s: %s", file, at, what).At(confluence.Where{File: file, Line: line})
}

// position finds where a path stands in a file; of what is missing, where the nearest thing around it stands.
func position(data []byte, path string) (line, column int) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil || len(file.Docs) == 0 {
		return 1, 1
	}
	for {
		if p, err := yaml.PathString("$." + path); err == nil {
			if node, err := p.FilterFile(file); err == nil && node != nil && node.GetToken() != nil {
				at := node.GetToken().Position
				return at.Line, at.Column
			}
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return 1, 1
		}
		path = path[:cut]
	}
}
