package body

import "slices"

// edit replaces the bytes of the raw body between from and to.
type edit struct {
	from, to int32
	text     string
}

// Rewrite returns the body with references replaced. sub gets every slot, those of dropped fallbacks included, in the
// order of their places, and returns what it is to become and true to replace it. Every byte outside the values of
// replaced slots stays.
//
// In an address any field may change, its Kind among SlotPageID, SlotTitleURL, SlotShortLink and SlotAttachment too. In
// an element the fields that it has may change, SpaceKey may come and go, and UserAttr renames the attribute; a change
// that the element has no place for is left out.
func (t *Tree) Rewrite(sub func(Slot) (Slot, bool)) string {
	var edits []edit
	for i := int32(1); i < int32(len(t.nodes)); {
		n := &t.nodes[i]
		switch {
		case n.kind != element || n.traits&(resource|link|plainText) == 0:
			i++
		case n.traits&plainText != 0:
			i = n.next
		case n.traits&resource != 0:
			if s, ok := t.resourceSlot(i); ok {
				if to, ok := sub(s); ok {
					edits = t.editResource(edits, i, s, to)
				}
				i = n.next
				continue
			}
			fallthrough
		default:
			edits = t.editAddresses(edits, i, sub)
			i++
		}
	}
	return t.apply(edits)
}

func (t *Tree) apply(edits []edit) string {
	if len(edits) == 0 {
		return t.raw
	}
	return string(t.applyWithin(0, int32(len(t.raw)), edits))
}

// applyWithin returns a part of raw with edits made.
func (t *Tree) applyWithin(from, to int32, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return int(a.from) - int(b.from) })
	b := make([]byte, 0, int(to-from)+64*len(edits))
	for _, e := range edits {
		b = append(b, t.raw[from:e.from]...)
		b = append(b, e.text...)
		from = e.to
	}
	return append(b, t.raw[from:to]...)
}

func (t *Tree) editAddresses(edits []edit, i int32, sub func(Slot) (Slot, bool)) []edit {
	as := t.attrsOf(i)
	for k := range as {
		a := &as[k]
		if a.fate != fateAddress {
			continue
		}
		s, ok := t.addressSlot(i, a)
		if !ok {
			continue
		}
		to, ok := sub(s)
		if !ok {
			continue
		}
		u, _ := parseAddress(t.value(a))
		if text := u.with(to); text != u.text {
			edits = append(edits, t.editValue(a, text))
		}
	}
	return edits
}

// editValue gives an attribute another value, between the quotes it has.
func (t *Tree) editValue(a *attr, value string) edit {
	return edit{a.value, a.valueEnd, string(appendValue(nil, value, t.raw[a.valueEnd]))}
}

func (t *Tree) editResource(edits []edit, i int32, old, to Slot) []edit {
	if old.Kind == SlotUser {
		return t.editUser(edits, i, old, to)
	}
	edits = t.set(edits, i, "ri:filename", old.File, to.File)
	named := i
	if old.Kind == SlotAttachment {
		if named, _ = t.holder(i); named == 0 {
			return edits
		}
	}
	edits = t.set(edits, named, "ri:content-title", old.Title, to.Title)
	edits = t.set(edits, named, "ri:posting-day", old.Day, to.Day)
	edits = t.set(edits, named, "ri:content-id", string(old.ID), string(to.ID))
	return t.set(edits, named, "ri:space-key", old.SpaceKey, to.SpaceKey)
}

// set changes one attribute. Only a space key comes and goes: without one the body's own space is meant.
func (t *Tree) set(edits []edit, i int32, name, old, to string) []edit {
	if old == to {
		return edits
	}
	a := t.attr(i, name)
	switch {
	case a != nil && to == "" && name == "ri:space-key":
		from := a.name
		for isSpace(t.raw[from-1]) {
			from--
		}
		return append(edits, edit{from: from, to: a.valueEnd + 1})
	case a != nil:
		return append(edits, t.editValue(a, to))
	case name == "ri:space-key" && t.attr(i, "ri:content-title") != nil:
		at := t.nodes[i].start + 1 + int32(t.nodes[i].name)
		return append(edits, edit{at, at, ` ri:space-key="` + string(appendValue(nil, to, '"')) + `"`})
	}
	return edits
}

func (t *Tree) editUser(edits []edit, i int32, old, to Slot) []edit {
	a := t.attr(i, "ri:"+old.UserAttr)
	if to.UserAttr != old.UserAttr && to.UserAttr != "" && t.attr(i, "ri:"+to.UserAttr) == nil {
		edits = append(edits, edit{a.name, a.nameEnd, "ri:" + to.UserAttr})
	}
	if to.User != old.User {
		edits = append(edits, t.editValue(a, string(to.User)))
	}
	return edits
}
