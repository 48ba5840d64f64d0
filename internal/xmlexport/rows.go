package xmlexport

import (
	"bytes"
	"regexp"
	"strings"
)

// key returns an id as it is bound: an int64 where it is written as one, else a string, nil where it is empty.
func key(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	if len(b) > 18 || b[0] == '0' && len(b) > 1 {
		return string(b)
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return string(b)
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// text returns a string, nil for an empty one.
func text(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return string(b)
}

func lower(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return strings.ToLower(string(b))
}

// first returns the first of its arguments that is not empty.
func first(all ...[]byte) []byte {
	for _, b := range all {
		if len(b) > 0 {
			return b
		}
	}
	return nil
}

// author remembers who wrote a content, to be compared with the users once all are known.
func (l *loader) author(o *object) {
	for _, slot := range []int{slotCreator, slotModifier} {
		if who := o.ref(slot); len(who) > 0 && !l.authors[string(who)] {
			l.authors[string(who)] = true
		}
	}
	for _, slot := range []int{slotCreatorName, slotModifierName} {
		if who := o.text(slot); len(who) > 0 {
			l.names[strings.ToLower(string(who))] = true
		}
	}
}

// titled adds a current content's title to those that are compared: within its space, and day, or page.
func (l *loader) titled(o *object, title, container []byte) error {
	space := o.ref(slotSpace)
	switch o.class.code {
	case classAttachment:
		return l.titles.add(hashOf([]byte("file"), container, bytes.ToLower(title)))
	case classPage, classBlogPost:
		day := o.text(slotCreated)
		if day = day[:min(10, len(day))]; o.class.code == classPage {
			day = nil
		}
		l.seen.unplaced = l.seen.unplaced || len(space) == 0
		l.seen.untitled = l.seen.untitled || len(title) == 0
		return l.titles.add(hashOf([]byte(o.name), space, day, bytes.ToLower(title)))
	}
	return nil
}

// titleKey is a hash under which equal titles meet whatever their case.
func titleKey(title []byte) int64 {
	return int64(hashOf(bytes.ToLower(title)))
}

// state follows the rules of the table of expectations: the status first, then whether it is a version of another.
func state(o *object) int64 {
	switch strings.ToLower(string(o.text(slotStatus))) {
	case "draft":
		return stateDraft
	case "deleted", "trashed":
		return stateTrashed
	case "archived":
		return stateArchived
	case "historical":
		return stateHistorical
	}
	if original(o) != nil {
		return stateHistorical
	}
	return stateCurrent
}

func original(o *object) []byte { return first(o.ref(slotOriginal), o.text(slotOriginalID)) }

func contentRow(l *loader, o *object) error {
	container := o.ref(slotContainer)
	if len(container) == 0 {
		container = o.ref(slotOldContainer)
	}
	title := o.text(slotTitle)
	if o.class.code == classAttachment {
		title = first(title, o.text(slotName))
	}
	version := first(o.text(slotVersion), o.text(slotOldVersion))
	l.author(o)
	now := state(o)
	l.seen.states[o.class.code][now]++
	l.add(tableContent, l.seq, o.class.code, key(o.bytes(o.id)), key(o.ref(slotSpace)), key(o.ref(slotParent)), key(original(o)),
		key(container), now, key(o.text(slotPosition)), text(title), titleKey(title),
		key(o.ref(slotCreator)), key(o.ref(slotModifier)), lower(o.text(slotCreatorName)), lower(o.text(slotModifierName)),
		text(o.text(slotCreated)), text(o.text(slotModified)), key(version),
		text(first(o.text(slotComment), o.text(slotOldComment))), text(o.text(slotMedia)), key(o.text(slotSize)), int64(1))
	if now != stateCurrent {
		return nil
	}
	return l.titled(o, title, container)
}

func bodyRow(l *loader, o *object) error {
	var flags int64
	if o.body.blank || !o.body.set {
		flags |= bodyBlank
	}
	if o.body.broken {
		flags |= bodyBroken
	}
	if o.body.tooLong {
		flags |= bodyTooLong
	}
	kind := key(o.text(slotType))
	l.seen.bodyFlags |= flags
	l.seen.untyped = l.seen.untyped || kind == nil
	l.seen.plain = l.seen.plain || kind == int64(1)
	if of := o.ref(slotContent); len(of) > 0 {
		l.seen.bodyPairs += pairHash(of, o.bytes(o.id))
	}
	l.add(tableBody, l.seq, key(o.bytes(o.id)), key(o.ref(slotContent)), kind, o.body.off, o.body.size, flags)
	return nil
}

func propertyRow(l *loader, o *object) error {
	name := o.text(slotName)
	if !wantedProperties[string(name)] {
		return nil
	}
	v := o.text(slotValue)
	if string(name) == "FILESIZE" {
		v = first(o.text(slotLong), v)
	}
	l.add(tableProperty, l.seq, key(o.bytes(o.id)), key(o.ref(slotContent)), string(name), text(v))
	return nil
}

func labelRow(l *loader, o *object) error {
	l.add(tableLabel, l.seq, key(o.bytes(o.id)), text(o.text(slotName)), text(o.text(slotNamespace)))
	return nil
}

func labellingRow(l *loader, o *object) error {
	l.add(tableLabelling, l.seq, key(o.bytes(o.id)), key(o.ref(slotLabel)), key(o.ref(slotContent)), key(o.ref(slotTemplate)))
	return nil
}

func permissionSetRow(l *loader, o *object) error {
	l.add(tablePermSet, l.seq, key(o.bytes(o.id)), key(o.ref(slotContent)), text(o.text(slotType)))
	return nil
}

func permissionRow(l *loader, o *object) error {
	l.add(tablePerm, l.seq, key(o.bytes(o.id)), key(o.ref(slotSet)), text(o.text(slotType)), key(o.ref(slotUser)),
		lower(o.text(slotUserName)), text(o.text(slotGroup)))
	return nil
}

func spacePermissionRow(l *loader, o *object) error {
	l.add(tableSpacePerm, l.seq, key(o.bytes(o.id)), text(o.text(slotType)), key(o.ref(slotSpace)), key(o.ref(slotUser)),
		lower(o.text(slotUserName)), text(o.text(slotGroup)), text(first(o.text(slotAll), o.ref(slotAll))))
	return nil
}

func spaceRow(l *loader, o *object) error {
	l.add(tableSpace, l.seq, key(o.bytes(o.id)), text(o.text(slotKey)), text(o.text(slotName)), text(o.text(slotType)),
		text(o.text(slotStatus)), key(o.ref(slotHome)), key(o.ref(slotDescription)), key(o.ref(slotCreator)),
		lower(o.text(slotCreatorName)), text(o.text(slotCreated)), int64(1))
	return nil
}

func templateRow(l *loader, o *object) error {
	l.add(tableTemplate, l.seq, key(o.bytes(o.id)), text(o.text(slotName)), key(o.ref(slotSpace)))
	return nil
}

func userRow(l *loader, o *object) error {
	l.add(tableUser, l.seq, key(o.bytes(o.id)), text(o.text(slotName)), lower(first(o.text(slotKey), o.text(slotName))),
		text(o.text(slotEmail)), text(o.text(slotValue)))
	return nil
}

func accountRow(l *loader, o *object) error {
	var active int64 = 1
	if v := strings.ToLower(string(o.text(slotActive))); v == "false" || v == "f" || v == "0" || v == "n" {
		active = 0
	}
	l.add(tableAccount, l.seq, o.class.group, key(o.bytes(o.id)), text(o.text(slotName)), lower(first(o.text(slotKey), o.text(slotName))),
		text(o.text(slotDisplay)), text(o.text(slotEmail)), active)
	return nil
}

func groupRow(l *loader, o *object) error {
	l.add(tableGroup, l.seq, o.class.group, key(o.bytes(o.id)), text(o.text(slotName)), lower(first(o.text(slotKey), o.text(slotName))))
	return nil
}

var baseURL = regexp.MustCompile(`<baseUrl>\s*(https?://[^<\s]{1,500}?)/?\s*</baseUrl>`)

// settingRow takes the base address out of the global settings and nothing else: they hold secrets too.
func settingRow(l *loader, o *object) error {
	if string(o.text(slotKey)) != "atlassian.confluence.settings" || l.baseURL != "" {
		return nil
	}
	if m := baseURL.FindSubmatch(o.text(slotValue)); m != nil {
		l.baseURL = string(m[1])
	}
	return nil
}
