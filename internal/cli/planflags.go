package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/migration"
)

// planFlags are the flags that describe a plan; each stands for a field of the plan file.
type planFlags struct {
	edit   bool // of plan edit: the plan is there already
	file   string
	ends   ends
	spaces []string
	people string
	unset  []string
	plan   migration.Plan // values of the simple flags
	scope  migration.SpaceScope
}

func (f *planFlags) add(cmd *cobra.Command) {
	f.ends.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&f.file, "file", "f", "", "plan file, YAML; other flags change what it says")
	fl.StringArrayVar(&f.spaces, "space", nil, "KEY[:TARGETKEY][=all|attachments|pages] (repeatable, in order of work)")
	fl.StringVar(&f.people, "people", "", "people file, CSV; it is stored for these two sites")
	fl.StringVar(&f.plan.Stage, "stage", "test", "test or production")
	fl.StringVar(&f.plan.Users, "users", "scoped", "all, scoped, referenced or none")
	fl.BoolVar(&f.plan.Templates, "templates", false, "global templates too")
	fl.StringVar(&f.plan.Select.CQL, "cql", "", "only contents that CQL finds")
	fl.StringArrayVar(&f.plan.Select.Labels, "label", nil, "only contents with this label (repeatable)")
	fl.StringArrayVar(&f.plan.Select.Subtree, "subtree", nil, "only the page of this id and what is below (repeatable)")
	fl.StringVar(&f.plan.Select.EditedAfter, "edited-after", "", "only contents edited after this date")
	fl.StringVar(&f.scope.Existing, "existing", "skip", "a space that is there: skip, adopt or replace")
	fl.StringVar(&f.scope.History, "history", "none", "earlier versions: none, a number or all")
	fl.StringVar(&f.plan.Options.Macros, "macros", "", "policy file for macros")
	fl.StringVar(&f.plan.Options.Editor, "editor", "keep", "keep or convert")
	fl.StringSliceVar(&f.plan.Options.Provenance, "provenance", []string{"message"}, "message, property, banner")
	fl.StringArrayVar(&f.plan.NeverSend, "never-send", nil, "label:L, space:KEY or pattern:GLOB (repeatable)")
	fl.BoolVar(&f.plan.Options.QuietWrites, "quiet-writes", true, "no notifications for what is written")
	fl.IntVar(&f.plan.Options.Concurrent, "concurrent", 0, "calls in flight (0: what the site declares)")
}

// composePlan makes a plan from a file, if one is named, or from base, and the flags that were given.
func (a *app) composePlan(cmd *cobra.Command, f *planFlags, args []string, base migration.Plan) (migration.Plan, error) {
	p := base
	if f.file != "" {
		text, err := a.readFile(f.file)
		if err != nil {
			return p, err
		}
		if p, err = migration.ParsePlan(text, f.file); err != nil {
			return p, err
		}
		f.resolvePaths(&p)
	}
	if len(args) > 0 {
		p.Name = args[0]
	}
	if p.Name == "" {
		return p, usage("the plan needs a name")
	}
	if err := f.applyEnds(&p); err != nil {
		return p, err
	}
	f.applySimple(cmd, &p)
	for _, u := range f.unset {
		if err := unset(&p, u); err != nil {
			return p, err
		}
	}
	if err := f.applySpaces(cmd, &p); err != nil {
		return p, err
	}
	if f.people != "" && f.people != "-" {
		path, err := filepath.Abs(f.people)
		if err != nil {
			return p, err
		}
		p.People = path
	}
	return p, p.Validate()
}

// resolvePaths makes the paths of a plan file, which are relative to the file, absolute: the server is elsewhere.
func (f *planFlags) resolvePaths(p *migration.Plan) {
	dir := filepath.Dir(f.file)
	for _, path := range []*string{&p.From.Export, &p.To.Export, &p.People, &p.Options.Macros} {
		if *path == "" || f.file == "-" {
			continue
		}
		if !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
		if abs, err := filepath.Abs(*path); err == nil {
			*path = abs
		}
	}
	if f.people == "" {
		f.people = p.People
	}
}

func (f *planFlags) applyEnds(p *migration.Plan) error {
	for _, end := range []struct {
		flag string
		to   *migration.Endpoint
	}{{f.ends.from, &p.From}, {f.ends.to, &p.To}} {
		if end.flag == "" {
			continue
		}
		e, err := endpoint(end.flag)
		if err != nil {
			return err
		}
		*end.to = e
	}
	return nil
}

// applySimple takes over the flags that were given and are fields as they are.
func (f *planFlags) applySimple(cmd *cobra.Command, p *migration.Plan) {
	set := func(flag string, apply func()) {
		if cmd.Flags().Changed(flag) {
			apply()
		}
	}
	set("stage", func() { p.Stage = f.plan.Stage })
	set("users", func() { p.Users = f.plan.Users })
	set("templates", func() { p.Templates = f.plan.Templates })
	set("cql", func() { p.Select.CQL = f.plan.Select.CQL })
	set("label", func() { p.Select.Labels = f.plan.Select.Labels })
	set("subtree", func() { p.Select.Subtree = f.plan.Select.Subtree })
	set("edited-after", func() { p.Select.EditedAfter = f.plan.Select.EditedAfter })
	set("macros", func() { p.Options.Macros = f.plan.Options.Macros })
	set("editor", func() { p.Options.Editor = f.plan.Options.Editor })
	set("provenance", func() { p.Options.Provenance = f.plan.Options.Provenance })
	set("never-send", func() { p.NeverSend = f.plan.NeverSend })
	set("quiet-writes", func() { p.Options.QuietWrites = f.plan.Options.QuietWrites })
	set("concurrent", func() { p.Options.Concurrent = f.plan.Options.Concurrent })
}

// applySpaces adds the spaces of --space, or changes those that are there.
func (f *planFlags) applySpaces(cmd *cobra.Command, p *migration.Plan) error {
	p.Spaces = slices.Clone(p.Spaces)
	for _, spec := range f.spaces {
		keys, what, limited := strings.Cut(spec, "=")
		key, target, _ := strings.Cut(keys, ":")
		if key == "" {
			return usage("--space %q names no space", spec)
		}
		scope := migration.NewScope(key, target)
		if limited {
			scope.What = what
		}
		i := slices.IndexFunc(p.Spaces, func(s migration.SpaceScope) bool { return s.Key == key })
		if i < 0 {
			p.Spaces = append(p.Spaces, scope)
			continue
		}
		p.Spaces[i] = scope
	}
	for i := range p.Spaces {
		if cmd.Flags().Changed("existing") {
			p.Spaces[i].Existing = f.scope.Existing
		}
		if cmd.Flags().Changed("history") {
			p.Spaces[i].History = f.scope.History
		}
	}
	return nil
}

// unset puts a field back to its default.
func unset(p *migration.Plan, field string) error {
	if key, ok := strings.CutPrefix(field, "space:"); ok {
		n := len(p.Spaces)
		p.Spaces = slices.DeleteFunc(slices.Clone(p.Spaces), func(s migration.SpaceScope) bool { return s.Key == key })
		if len(p.Spaces) == n {
			return usage("the plan has no space %q", key)
		}
		return nil
	}
	switch field {
	case "people":
		p.People = ""
	case "cql":
		p.Select.CQL = ""
	case "label":
		p.Select.Labels = nil
	case "subtree":
		p.Select.Subtree = nil
	case "edited-after":
		p.Select.EditedAfter = ""
	case "never-send":
		p.NeverSend = nil
	case "macros":
		p.Options.Macros = ""
	case "concurrent":
		p.Options.Concurrent = 0
	default:
		return usage("--unset %q: there is no such field", field)
	}
	return nil
}
