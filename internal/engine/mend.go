package engine

import (
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// mend finds bodies that nobody changed and whose references no longer lead where those of the source lead, because what
// they name has another title or has come later: a site need not rewrite the links to a page that is renamed. Such a body
// counts as changed at the source.
func (v *view) mend() {
	v.mended = map[confluence.TwinID]bool{}
	i := reconcile.Body.Index()
	for at := range v.nodes[confluence.A] {
		n := &v.nodes[confluence.A][at]
		a := v.agreed[n.Twin]
		if a == nil || !a.Facets.Has(reconcile.Body) || a.Pending != 0 || n.Digest[i] != a.Digest[confluence.A][i] {
			continue
		}
		there, ok := v.prints[confluence.B][n.Twin]
		if !ok || v.bodyDigest(confluence.B, n.Twin, there) != a.Digest[confluence.B][i] {
			continue
		}
		if v.astray(v.prints[confluence.A][n.Twin], there) {
			v.mended[n.Twin] = true
			was := n.Digest[i]
			n.Digest[i] = confluence.Sum(append([]byte("led astray\x00"), was[:]...))
		}
	}
}

// astray reports whether a reference of the source leads to something that has arrived, and the same one at the
// destination leads elsewhere or nowhere.
func (v *view) astray(here, there fingerprint) bool {
	if len(here.Refs) != len(there.Refs) {
		return false
	}
	for i, ref := range here.Refs {
		_, id, ok := referred(ref[1])
		if !ok {
			continue
		}
		want, arrived := v.arrived(v.index[confluence.A].ids[id].twin)
		if _, got, _ := referred(there.Refs[i][1]); arrived && got != want {
			return true
		}
	}
	return false
}

// arrived returns the destination's id of a twin of this or another space.
func (v *view) arrived(twin confluence.TwinID) (confluence.ID, bool) {
	if a := v.agreed[twin]; a != nil && !a.Tomb && a.ID[confluence.B] != "" {
		return a.ID[confluence.B], true
	}
	id, ok := v.elsewhere[twin]
	return id, ok
}

// referred takes apart what index.local says about a reference.
func referred(target string) (kind string, id confluence.ID, ok bool) {
	kind, rest, _ := strings.Cut(target, ":")
	if kind == "" || kind == "space" {
		return kind, "", false
	}
	text, _, _ := strings.Cut(rest, "/")
	return kind, confluence.ID(text), text != ""
}
