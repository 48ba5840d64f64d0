package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/migration"
)

// pairFlags are the flags that describe a pair; each stands for a field of the pair file.
type pairFlags struct {
	file, a, b string
	brakes     []string
	unset      []string
	pair       migration.PairSpec // values of the simple flags
}

func (f *pairFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVarP(&f.file, "file", "f", "", "pair file, YAML; other flags change what it says")
	fl.StringVar(&f.pair.Direction, "direction", "both", "both, or to:SITE")
	fl.StringVar(&f.pair.Strict, "strict", "safe", "in one direction: safe, or mirror (edits of the other side are taken back)")
	fl.StringVar(&f.pair.Mode, "mode", "continuous", "continuous or on-demand")
	fl.StringSliceVar(&f.pair.Facets, "facets", migration.PairFacets, "what is kept equal")
	fl.StringVar(&f.pair.Deletes, "deletes", "propagate", "propagate, archive or ignore")
	fl.StringVar(&f.pair.Conflicts, "conflicts", "merge", "hold, merge, prefer:SITE, newer or copy")
	fl.StringArrayVar(&f.brakes, "brake", nil, "NAME=VALUE, the limit of a brake, such as deletes=20% (repeatable)")
	fl.StringVar(&f.pair.Feed, "feed", migration.DefaultFeed.String(), "how often both sites are asked what was edited")
	fl.StringVar(&f.pair.Sweep, "sweep", migration.DefaultSweep.String(), "how often a quiet pair is compared as a whole")
	fl.StringVar(&f.pair.Owner, "owner", "", "who looks after the pair")
	fl.StringVar(&f.pair.Review, "review", "", "day on which the pair is to be looked at, such as 2027-02-01")
	fl.StringVar(&f.pair.End, "end", "", "day on which the pair is to end")
}

// pairField is one field of a pair that a flag sets and --unset puts back.
type pairField func(to, from *migration.PairSpec)

var pairFieldTable = map[string]pairField{
	"direction": func(to, from *migration.PairSpec) { to.Direction = from.Direction },
	"strict":    func(to, from *migration.PairSpec) { to.Strict = from.Strict },
	"mode":      func(to, from *migration.PairSpec) { to.Mode = from.Mode },
	"facets":    func(to, from *migration.PairSpec) { to.Facets = from.Facets },
	"deletes":   func(to, from *migration.PairSpec) { to.Deletes = from.Deletes },
	"conflicts": func(to, from *migration.PairSpec) { to.Conflicts = from.Conflicts },
	"feed":      func(to, from *migration.PairSpec) { to.Feed = from.Feed },
	"sweep":     func(to, from *migration.PairSpec) { to.Sweep = from.Sweep },
	"owner":     func(to, from *migration.PairSpec) { to.Owner = from.Owner },
	"review":    func(to, from *migration.PairSpec) { to.Review = from.Review },
	"end":       func(to, from *migration.PairSpec) { to.End = from.End },
	"brake":     func(to, from *migration.PairSpec) { to.Brakes = from.Brakes },
}

// pairFields are the names of the fields, sorted.
func pairFields() []string { return slices.Sorted(maps.Keys(pairFieldTable)) }

// composePair makes a pair from a file, if one is named, or from base, and the flags that were given.
func (a *app) composePair(cmd *cobra.Command, f *pairFlags, args []string, base migration.PairSpec) (migration.PairSpec, error) {
	p := base
	if f.file != "" {
		text, err := a.readFile(f.file)
		if err != nil {
			return p, err
		}
		if p, err = migration.ParsePair(text, f.file); err != nil {
			return p, err
		}
	}
	if len(args) > 0 {
		p.Name = args[0]
	}
	if p.Name == "" {
		return p, usage("the pair needs a name")
	}
	for flag, end := range map[string]*migration.PairEnd{f.a: &p.A, f.b: &p.B} {
		if flag == "" {
			continue
		}
		site, key, ok := strings.Cut(flag, ":")
		if !ok || site == "" || key == "" {
			return p, usage("%q is no side of a pair: SITE:KEY", flag)
		}
		*end = migration.PairEnd{Site: site, Space: key}
	}
	if f.pair.Adopt != "" {
		p.Adopt = f.pair.Adopt
	}
	p.Brakes = maps.Clone(p.Brakes)
	for _, name := range pairFields() {
		if fl := cmd.Flags().Lookup(name); name != "brake" && fl != nil && fl.Changed {
			pairFieldTable[name](&p, &f.pair)
		}
	}
	fresh := migration.NewPair()
	for _, name := range f.unset {
		put, ok := pairFieldTable[name]
		if !ok {
			return p, usage("--unset %q: there are %s", name, strings.Join(pairFields(), ", "))
		}
		put(&p, &fresh)
	}
	for _, b := range f.brakes {
		name, value, ok := strings.Cut(b, "=")
		if !ok {
			return p, usage("--brake %q is not NAME=VALUE", b)
		}
		if p.Brakes == nil {
			p.Brakes = map[string]string{}
		}
		p.Brakes[name] = value
	}
	return p, p.Validate()
}
