package body

import (
	"github.com/tandem-sync/tandem/internal/confluence"
)

// SlotKind says how a reference names its target.
type SlotKind string

// The kinds of slots.
const (
	SlotPage       SlotKind = "page"       // by space and title
	SlotBlogPost   SlotKind = "blogpost"   // by space, day and title
	SlotAttachment SlotKind = "attachment" // by file name, of this content or of the one named; by id of the holder in an address
	SlotUser       SlotKind = "user"
	SlotSpace      SlotKind = "space"
	SlotPageID     SlotKind = "page id"    // by the id of a page or post, in an address or as a content entity
	SlotTitleURL   SlotKind = "title url"  // an address with space and title; without a title the space itself
	SlotShortLink  SlotKind = "short link" // an address /x/…
)

// Slot is a reference to something else of a site: a page, a user, a file, a space.
type Slot struct {
	Kind SlotKind
	// Written is the canonical written form: an element or an address. It is equal whatever a server makes of the
	// reference when it stores it.
	Written string

	SpaceKey string // empty: the space of the body itself
	Title    string // decoded, as written
	Day      string // of a blog post, yyyy/mm/dd
	File     string // name of an attachment

	User     confluence.UserID
	UserAttr string // "userkey", "username" or "account-id"

	// ID is the content named in an address or a content entity, or what a short link stands for.
	ID confluence.ID
	// Base is what stands before Confluence's own path in an address: scheme, host and context path, or only the
	// context path ("/wiki"), or nothing. It tells if the address leads to this site at all.
	Base string
	// Query is the rest of an address's query, Anchor what follows '#', both as written.
	Query, Anchor string

	// Start and End bound, in Raw, the element, or the value that is an address.
	Start, End int
}

// resourceSlot returns the slot of a resource identifier (ri:…) other than ri:url. ok is false where there is nothing
// to resolve.
func (t *Tree) resourceSlot(i int32) (s Slot, ok bool) {
	n := &t.nodes[i]
	holder, simple := t.holder(i)
	if !simple {
		return Slot{}, false
	}
	s = Slot{Start: int(n.start), End: int(n.end), SpaceKey: t.get(i, "ri:space-key"), Title: t.get(i, "ri:content-title")}
	switch t.name(i) {
	case "ri:page":
		s.Kind, ok = SlotPage, s.Title != ""
		if id := t.get(i, "ri:content-id"); !ok && id != "" {
			s.Kind, s.ID, ok = SlotPageID, confluence.ID(id), true
		}
	case "ri:blog-post":
		s.Kind, s.Day, ok = SlotBlogPost, t.get(i, "ri:posting-day"), s.Title != ""
	case "ri:attachment":
		s.Kind, s.File = SlotAttachment, t.get(i, "ri:filename")
		ok = s.File != ""
		if holder > 0 {
			s.SpaceKey, s.Title = t.get(holder, "ri:space-key"), t.get(holder, "ri:content-title")
			s.Day, s.ID = t.get(holder, "ri:posting-day"), confluence.ID(t.get(holder, "ri:content-id"))
		}
	case "ri:content-entity":
		s.Kind, s.ID = SlotPageID, confluence.ID(t.get(i, "ri:content-id"))
		ok = s.ID != ""
	case "ri:space":
		s.Kind, ok = SlotSpace, s.SpaceKey != ""
	case "ri:user":
		s.Kind = SlotUser
		s.UserAttr, s.User = t.user(i)
		ok = s.User != ""
	}
	if ok {
		s.Written = t.writtenResource(i, holder)
	}
	return s, ok
}

// user returns how a ri:user names its user. A migrated body can hold more than one name; the newest counts.
func (t *Tree) user(i int32) (attr string, id confluence.UserID) {
	for _, attr := range [...]string{"account-id", "userkey", "username"} {
		if id := t.get(i, "ri:"+attr); id != "" {
			return attr, confluence.UserID(id)
		}
	}
	return "", ""
}

// holder returns the content inside an attachment identifier that holds the file, 0 if it is this content. simple is
// false where the element holds anything else, so that it cannot be taken as one reference.
func (t *Tree) holder(i int32) (holder int32, simple bool) {
	attachment := t.name(i) == "ri:attachment"
	for c := i + 1; c < t.nodes[i].next; c = t.nodes[c].next {
		n := &t.nodes[c]
		switch {
		case n.kind == comment:
		case n.kind == text && isBlank(t.chars(c)):
		case n.kind == element && attachment && holder == 0 && t.holds(c):
			holder = c
		default:
			return 0, false
		}
	}
	return holder, true
}

// holds reports whether an element names a content and nothing more.
func (t *Tree) holds(i int32) bool {
	switch t.name(i) {
	case "ri:page", "ri:blog-post", "ri:content-entity":
	default:
		return false
	}
	for _, a := range t.attrsOf(i) {
		if a.fate != fateIdentifies && a.fate != fateIdentity && a.fate != fateBookkeeping {
			return false
		}
	}
	for c := i + 1; c < t.nodes[i].next; c++ {
		if n := &t.nodes[c]; n.kind != comment && (n.kind != text || !isBlank(t.chars(c))) {
			return false
		}
	}
	return true
}

// writtenResource returns the canonical written form of a resource identifier: what identifies, and nothing else.
func (t *Tree) writtenResource(i, holder int32) string {
	var buffer [192]byte
	b := append(append(buffer[:0], '<'), t.name(i)...)
	if t.name(i) == "ri:user" {
		attr, id := t.user(i)
		b = append(append(append(b, " ri:"...), attr...), '=', '"')
		b = append(appendValue(b, composed(string(id)), '"'), '"')
		return string(append(b, "/>"...))
	}
	for _, name := range [...]string{"ri:content-id", "ri:content-title", "ri:filename", "ri:posting-day", "ri:space-key"} {
		if a := t.attr(i, name); a != nil {
			b = append(append(append(b, ' '), name...), '=', '"')
			if a.marks == 0 {
				b = append(append(b, t.raw[a.value:a.valueEnd]...), '"')
				continue
			}
			b = append(appendValue(b, composed(t.value(a)), '"'), '"')
		}
	}
	if holder == 0 {
		return string(append(b, "/>"...))
	}
	b = append(append(b, '>'), t.writtenResource(holder, 0)...)
	return string(append(append(append(b, "</"...), t.name(i)...), '>'))
}

// addressSlot returns the slot of an attribute that holds an address.
func (t *Tree) addressSlot(i int32, a *attr) (Slot, bool) {
	if t.nodes[i].traits&(link|resource) == 0 {
		return Slot{}, false
	}
	if raw := t.raw[a.value:a.valueEnd]; raw == "" || raw[0] != '/' && raw[0]|0x20 != 'h' && a.marks&hasReference == 0 {
		return Slot{}, false
	}
	u, ok := parseAddress(t.value(a))
	if !ok {
		return Slot{}, false
	}
	s := u.Slot
	s.Written = composed(u.canonical())
	s.Start, s.End = int(a.value), int(a.valueEnd)
	return s, true
}

// slot writes a resource identifier as a slot; false if it is none.
func (w *writer) slot(i int32) bool {
	s, ok := w.t.resourceSlot(i)
	if !ok {
		return false
	}
	w.slots = append(w.slots, s)
	w.out = append(append(w.out, '<'), w.t.name(i)...)
	w.out = w.attributes(w.out, i, 0, true)
	w.out = append(w.out, " "+slotMark+"/>"...)
	return true
}
