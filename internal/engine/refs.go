package engine

import (
	"encoding/json"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// where is one content as a reference can name it.
type where struct {
	twin confluence.TwinID
	id   confluence.ID
	kind confluence.Kind
	key  string // space key
}

type titleKey struct {
	space, title, day string
	kind              confluence.Kind
}

// index finds contents of one side by title and by id, over every space that takes part.
type index struct {
	titles map[titleKey]where
	ids    map[confluence.ID]where
	bases  map[string]bool // addresses under which this site is known, and their context paths
}

func newIndex(bases ...string) *index {
	x := &index{titles: map[titleKey]where{}, ids: map[confluence.ID]where{}, bases: map[string]bool{}}
	for _, b := range bases {
		if b = strings.TrimRight(b, "/"); b != "" {
			x.bases[b] = true
			x.bases[contextPath(b)] = true
		}
	}
	return x
}

// contextPath is the path of a base address: "/wiki", or nothing.
func contextPath(base string) string {
	_, rest, ok := strings.Cut(base, "://")
	if !ok {
		return base
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

// own reports whether an address with this base leads to the site itself. A site that does not tell its address owns
// every site-relative one.
func (x *index) own(base string) bool {
	if base == "" || x.bases[base] {
		return true
	}
	return len(x.bases) == 0 && strings.HasPrefix(base, "/")
}

func (x *index) add(w where, title, day string) {
	x.ids[w.id] = w
	if w.kind != confluence.Page && w.kind != confluence.BlogPost {
		return
	}
	if w.kind == confluence.Page {
		day = ""
	}
	k := titleKey{space: w.key, title: migration.FoldTitle(title), day: day, kind: w.kind}
	if _, taken := x.titles[k]; !taken {
		x.titles[k] = w
	}
}

// find returns the content a slot of a body in space own refers to. Attachments are found by their holder; holder is
// what holds the body.
func (x *index) find(s body.Slot, own string, holder where) (where, bool) {
	key := s.SpaceKey
	if key == "" {
		key = own
	}
	switch s.Kind {
	case body.SlotPage, body.SlotTitleURL:
		if s.Kind == body.SlotTitleURL && (!x.own(s.Base) || s.Title == "") {
			return where{}, false
		}
		w, ok := x.titles[titleKey{space: key, title: migration.FoldTitle(s.Title), kind: confluence.Page}]
		return w, ok
	case body.SlotBlogPost:
		return x.findPost(key, s)
	case body.SlotAttachment:
		return x.findHolder(key, s, holder)
	case body.SlotPageID, body.SlotShortLink:
		if !x.own(s.Base) {
			return where{}, false
		}
		w, ok := x.ids[s.ID]
		return w, ok
	}
	return where{}, false
}

func (x *index) findPost(key string, s body.Slot) (where, bool) {
	day := strings.ReplaceAll(s.Day, "/", "-")
	w, ok := x.titles[titleKey{space: key, title: migration.FoldTitle(s.Title), day: day, kind: confluence.BlogPost}]
	return w, ok
}

func (x *index) findHolder(key string, s body.Slot, holder where) (where, bool) {
	switch {
	case s.ID != "":
		if !x.own(s.Base) {
			return where{}, false
		}
		w, ok := x.ids[s.ID]
		return w, ok
	case s.Title == "":
		return holder, holder.id != ""
	case s.Day != "":
		return x.findPost(key, s)
	}
	w, ok := x.titles[titleKey{space: key, title: migration.FoldTitle(s.Title), kind: confluence.Page}]
	return w, ok
}

// local names what a slot refers to within its own side, for the digest of one side (decision D17).
func (x *index) local(s body.Slot, own string, holder where) string {
	switch s.Kind {
	case body.SlotUser:
		return ""
	case body.SlotSpace:
		return "space:" + s.SpaceKey
	}
	w, ok := x.find(s, own, holder)
	if !ok {
		return ""
	}
	if s.Kind == body.SlotAttachment {
		return "attachment:" + string(w.id) + "/" + s.File
	}
	return string(w.kind) + ":" + string(w.id)
}

// fingerprint is what one side's body was when both agreed: enough to tell a change of text from a reference that only
// became resolvable, and from a rename of its target.
type fingerprint struct {
	Canon    int               `json:"c"`
	Skeleton confluence.Digest `json:"k"`
	Refs     [][2]string       `json:"r,omitempty"` // written form, target within the side
}

func (f fingerprint) digest() confluence.Digest { return confluence.Sum(f.encode()) }

func (f fingerprint) encode() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings and digests always encode
	}
	return b
}

// same reports whether now is the agreed body: equal skeleton, and every reference either leads where it led or is
// written as it was.
func (f fingerprint) same(now fingerprint) bool {
	if f.Canon != now.Canon || f.Skeleton != now.Skeleton || len(f.Refs) != len(now.Refs) {
		return false
	}
	for i, was := range f.Refs {
		is := now.Refs[i]
		sameTarget := was[1] != "" && was[1] == is[1]
		if !sameTarget && was[0] != is[0] {
			return false
		}
	}
	return true
}

func decodeFingerprint(b []byte) (fingerprint, bool) {
	var f fingerprint
	if len(b) == 0 || json.Unmarshal(b, &f) != nil {
		return f, false
	}
	return f, true
}

// encodeSlots and decodeSlots keep a body's references beside its observation.
func encodeSlots(slots []body.Slot) []byte {
	if len(slots) == 0 {
		return nil
	}
	b, err := json.Marshal(slots)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return b
}

func decodeSlots(b []byte) ([]body.Slot, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var slots []body.Slot
	err := json.Unmarshal(b, &slots)
	return slots, err
}
