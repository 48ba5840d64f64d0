package reconciletest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Names that are used often, made once.
var (
	labelNames     = []string{"global:a", "global:b", "global:c", "global:d", "global:e", "global:f"}
	principalNames = []string{"group:g0", "group:g1", "user:u0", "user:u1"}
	twinNames      = numbered("t%08d", 2048)
	idNames        = numbered("id-%d", 2048)
	pageTitles     = numbered("Page %d", 2048)
	fileNames      = numbered("file%d.png", 2048)
	labelSets      = sets(labelNames)
	principalSets  = principalTable()
)

func numbered(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

// sets lists the members of each set that can be made of all.
func sets(all []string) [][]string {
	out := make([][]string, 1<<len(all))
	for s := range out {
		out[s] = Set(s).names(all)
	}
	return out
}

func principalTable() [][]confluence.Principal {
	var out [][]confluence.Principal
	for _, names := range sets(principalNames) {
		var list []confluence.Principal
		for _, n := range names {
			list = append(list, confluence.Principal(n))
		}
		out = append(out, list)
	}
	return out
}

// LabelsOf and PrincipalsOf list a set as nodes do; LabelSet and PrincipalSet read such a list.
func LabelsOf(s Set) []string                    { return labelSets[s] }
func PrincipalsOf(s Set) []confluence.Principal  { return principalSets[s] }
func LabelSet(list []string) (s Set, known bool) { return setOf(list, labelNames) }
func PrincipalSet(list []confluence.Principal) (s Set, known bool) {
	return setOf(list, principalNames)
}

func setOf[T ~string](list []T, all []string) (s Set, known bool) {
	for _, name := range list {
		i := slices.Index(all, string(name))
		if i < 0 {
			return s, false
		}
		s |= 1 << i
	}
	return s, true
}

// TwinOf names a twin by its number, which is the birth of the content that it was minted from.
func TwinOf(n int) confluence.TwinID {
	if n < 0 {
		return ""
	}
	return confluence.TwinID(twinNames[n])
}

// IDOf names a server id.
func IDOf(n int) confluence.ID { return confluence.ID(idNames[n]) }

// numberOf reads what TwinOf made.
func numberOf(t confluence.TwinID) (int, bool) {
	digits, ok := strings.CutPrefix(string(t), "t")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n < len(twinNames) && twinNames[n] == string(t)
}

// digest is what a side shows of a token. Each side has a dialect of its own.
func digest(side confluence.Side, facet int, value uint32) (d confluence.Digest) {
	if value == 0 {
		return d
	}
	d[0], d[1] = byte(side)+1, byte(facet)
	binary.BigEndian.PutUint32(d[4:], value)
	return d
}
