package engine

import (
	"context"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// mend finds bodies that nobody changed and whose references no longer lead where those of the other side lead, because
// what they name has another title or has come later: a site need not rewrite the links to a page that is renamed. Such a
// body counts as changed on the side whose references lead right.
func (s *work) mend(v *view) {
	for _, to := range confluence.Sides {
		v.mended[to] = map[confluence.TwinID]bool{}
	}
	for _, to := range [2]confluence.Side{confluence.B, confluence.A} {
		if s.takes(to) {
			v.mendTo(to, s.takes(to.Other()))
		}
	}
}

// mendTo mends the references of one side. Where both receive, either may be the one whose references went astray.
func (v *view) mendTo(to confluence.Side, both bool) {
	from, i := to.Other(), reconcile.Body.Index()
	for twin, o := range v.seen[from].all() {
		if len(o.Form.Refs) == 0 || o.Content.Kind == confluence.Attachment || v.mended[from][twin] {
			continue
		}
		a := v.agreed.get(twin)
		if a == nil || !a.Facets.Has(reconcile.Body) || a.Pending != [2]reconcile.Facets{} {
			continue
		}
		here, ok := v.print(from, twin)
		if !ok || bodyDigest(a, from, here) != a.Digest[from][i] {
			continue
		}
		there, ok := v.print(to, twin)
		if !ok || bodyDigest(a, to, there) != a.Digest[to][i] {
			continue
		}
		if both && ledAway(a, from, here, there) {
			continue // the next one to be mended
		}
		if v.astray(to, here, there) {
			v.mended[to][twin] = true
		}
	}
}

// readAstray reads the bodies again that would be mended: what was read of them may be older than a rename, and sites
// rewrite the links to what is renamed, some of them without a version that a feed or a listing shows.
func (c *cycle) readAstray(ctx context.Context, v *view) (*view, error) {
	any := false
	for _, side := range confluence.Sides {
		for _, kind := range fetchOrder {
			var ids []confluence.ID
			for _, twin := range sortedKeys(v.mended[side]) {
				if a := v.agreed.get(twin); a.Kind == kind {
					ids = append(ids, a.ID[side])
				}
			}
			if len(ids) == 0 {
				continue
			}
			any = true
			if err := c.fetchAgain(ctx, side, kind, ids, confluence.AllFacets); err != nil {
				return nil, onSide(side, err)
			}
		}
	}
	if !any {
		return v, nil
	}
	return c.look(ctx)
}

// astray reports whether a reference of one body leads to something that is there on the side to, and the same one in
// the body of that side leads elsewhere or nowhere.
func (v *view) astray(to confluence.Side, here, there fingerprint) bool {
	if len(here.Refs) != len(there.Refs) {
		return false
	}
	for i, ref := range here.Refs {
		_, id, ok := referred(ref[1])
		if !ok {
			continue
		}
		want, arrived := v.arrived(to, v.index[to.Other()].twin(id))
		if _, got, _ := referred(there.Refs[i][1]); arrived && got != want {
			return true
		}
	}
	return false
}

// ledAway reports whether it is the references here that lead elsewhere than when both sides agreed, and not those there:
// the links of a site that rewrites them follow titles that are swapped.
func ledAway(a *store.AgreedRow, from confluence.Side, here, there fingerprint) bool {
	return strayed(a.Refs[from], here) && !strayed(a.Refs[from.Other()], there)
}

// strayed reports whether a reference leads elsewhere than it was agreed to.
func strayed(agreed []byte, now fingerprint) bool {
	was, ok := decodeFingerprint(agreed)
	if !ok || len(was.Refs) != len(now.Refs) {
		return false
	}
	for i, ref := range now.Refs {
		if was.Refs[i][1] != "" && was.Refs[i][1] != ref[1] {
			return true
		}
	}
	return false
}

// arrived returns the id on a side of a twin of this or another space.
func (v *view) arrived(side confluence.Side, twin confluence.TwinID) (confluence.ID, bool) {
	if a := v.agreed.get(twin); a != nil && !a.Tomb && a.ID[side] != "" {
		return a.ID[side], true
	}
	id, ok := v.elsewhere[side][twin]
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
