package migration

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

const pairKind = "SpacePair"

// The file's own form: pointers tell what is missing from what is false or empty.
type (
	pairFile struct {
		APIVersion         string            `yaml:"apiVersion"`
		Kind               string            `yaml:"kind"`
		Name               string            `yaml:"name"`
		A                  pairEndFile       `yaml:"a"`
		B                  pairEndFile       `yaml:"b"`
		Adopt              string            `yaml:"adopt"`
		Direction          *string           `yaml:"direction"`
		Strict             *string           `yaml:"strict"`
		Mode               *string           `yaml:"mode"`
		Facets             *[]string         `yaml:"facets"`
		Deletes            *string           `yaml:"deletes"`
		Conflicts          *string           `yaml:"conflicts"`
		Choices            map[string]string `yaml:"choices"`
		DeleteVsEdit       *string           `yaml:"deleteVsEdit"`
		RenameProtects     bool              `yaml:"renameProtects"`
		ResurrectAncestors bool              `yaml:"resurrectAncestors"`
		Prune              bool              `yaml:"prune"`
		OutOfScope         *string           `yaml:"outOfScope"`
		Primary            string            `yaml:"primary"`
		Brakes             map[string]string `yaml:"brakes"`
		Feed               *string           `yaml:"feed"`
		Sweep              *string           `yaml:"sweep"`
		Owner              string            `yaml:"owner"`
		Review             string            `yaml:"review"`
		End                string            `yaml:"end"`
	}
	pairEndFile struct {
		Site        string `yaml:"site"`
		Space       string `yaml:"space"`
		Fingerprint string `yaml:"fingerprint"`
	}
)

// ParsePair reads the file of a pair strictly and validates it. file is the name to show in errors (T-1003 with line and
// column, T-2007 for what this version cannot do).
func ParsePair(data []byte, file string) (PairSpec, error) {
	var raw pairFile
	if err := decodeOne(data, file, &raw); err != nil {
		return PairSpec{}, err
	}
	p := raw.pair()
	v := raw.violation()
	if v == nil {
		v = p.violation()
	}
	if v != nil {
		return PairSpec{}, placed(v, data, file)
	}
	return p, nil
}

func (f *pairFile) violation() *violation {
	switch {
	case f.APIVersion != planVersion:
		return broken("apiVersion", "apiVersion must be %q, is %q", planVersion, f.APIVersion)
	case f.Kind != pairKind:
		return broken("kind", "kind must be %q, is %q", pairKind, f.Kind)
	}
	return nil
}

func (f *pairFile) pair() PairSpec {
	p := NewPair()
	p.Name, p.A, p.B, p.Adopt = f.Name, PairEnd(f.A), PairEnd(f.B), f.Adopt
	set(&p.Direction, f.Direction)
	set(&p.Strict, f.Strict)
	set(&p.Mode, f.Mode)
	set(&p.Facets, f.Facets)
	set(&p.Deletes, f.Deletes)
	set(&p.Conflicts, f.Conflicts)
	p.Choices, p.Brakes = f.Choices, f.Brakes
	set(&p.DeleteVsEdit, f.DeleteVsEdit)
	p.RenameProtects, p.ResurrectAncestors, p.Prune = f.RenameProtects, f.ResurrectAncestors, f.Prune
	set(&p.OutOfScope, f.OutOfScope)
	p.Primary, p.Owner, p.Review, p.End = f.Primary, f.Owner, f.Review, f.End
	set(&p.Feed, f.Feed)
	set(&p.Sweep, f.Sweep)
	return p
}

func (e PairEnd) yaml() string {
	pairs := []string{"site", scalar(e.Site), "space", scalar(e.Space)}
	if e.Fingerprint != "" {
		pairs = append(pairs, "fingerprint", scalar(e.Fingerprint))
	}
	return flow(pairs...)
}

func words(m map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, scalar(name), scalar(m[name]))
	}
	return flow(pairs...)
}

// YAML returns the file of the pair: every field, in the order of the format.
func (p PairSpec) YAML() []byte {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + ": " + value + "\n") }
	line("apiVersion", planVersion)
	line("kind", pairKind)
	line("name", scalar(p.Name))
	line("a", p.A.yaml())
	line("b", p.B.yaml())
	line("adopt", scalar(p.Adopt))
	line("direction", scalar(p.Direction))
	line("strict", scalar(p.Strict))
	line("mode", scalar(p.Mode))
	line("facets", list(p.Facets))
	line("deletes", scalar(p.Deletes))
	line("conflicts", scalar(p.Conflicts))
	line("choices", words(p.Choices))
	line("deleteVsEdit", scalar(p.DeleteVsEdit))
	line("renameProtects", strconv.FormatBool(p.RenameProtects))
	line("resurrectAncestors", strconv.FormatBool(p.ResurrectAncestors))
	line("prune", strconv.FormatBool(p.Prune))
	line("outOfScope", scalar(p.OutOfScope))
	line("primary", scalar(p.Primary))
	line("brakes", words(p.Brakes))
	line("feed", scalar(p.Feed))
	line("sweep", scalar(p.Sweep))
	line("owner", scalar(p.Owner))
	line("review", scalar(p.Review))
	line("end", scalar(p.End))
	return []byte(b.String())
}
