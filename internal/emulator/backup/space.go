package backup

import (
	"strings"
	"time"
)

// Space is a space with its description and permissions.
type Space struct {
	ID                int64 // 0 = the next automatic one
	Key, Name         string
	Type              string // global (default), personal, collaboration
	Status            string // CURRENT (default), ARCHIVED
	Home              int64  // content id of the home page; 0 = none
	Description       string
	Categories        []Label
	Creator           string
	Created, Modified time.Time
	Permissions       []Permission
}

// Permission is a space permission, or a global one where the space is none. An empty principal is everybody, anonymous
// readers included.
type Permission struct {
	Type string // VIEWSPACE, EDITSPACE, COMMENT, ...
	Principal
}

// Principal is one user, by key, or one group.
type Principal struct{ User, Group string }

// Space writes a space, its description, its categories and its permissions. Contents come after their space.
func (w *Writer) Space(s Space) {
	id, description := s.ID, w.content(0)
	if id == 0 {
		id = w.other(classSpace)
	}
	w.spaces[s.Key] = space{id, s.Home}
	w.keys = append(w.keys, s.Key)
	if !w.take(DefectNoSpaceObject, s.Key, id) {
		w.spaceObject(s, id, description)
	}
	w.description(s, id, description)
	for _, p := range s.Permissions {
		w.permission(id, p, s)
	}
}

func (w *Writer) spaceObject(s Space, id, description int64) {
	home := s.Home
	if home != 0 && w.take(DefectNoHomePage, s.Key, id) {
		home = 0
	}
	if home != 0 && w.take(DefectMissingHomePage, s.Key, id) {
		home = w.content(0)
	}
	w.begin(classSpace, id)
	w.text("name", s.Name)
	w.text("key", s.Key)
	if w.o.Generation != Ancient {
		w.text("lowerKey", strings.ToLower(s.Key))
	}
	w.date("creationDate", w.when(s.Created))
	w.date("lastModificationDate", w.when(s.Modified))
	w.plain("spaceType", or(s.Type, "global"))
	w.enum("spaceStatus", "SpaceStatus", classSpace.pkg, or(s.Status, "CURRENT"))
	w.ref("description", classDescription, description)
	w.ref("homePage", classPage, home)
	w.user("creator", s.Creator)
	w.user("lastModifier", s.Creator)
	w.end()
}

func (w *Writer) description(s Space, id, description int64) {
	w.begin(classDescription, description)
	w.null("title")
	w.number("version", 1)
	w.dates(s.Creator, s.Creator, s.Created, s.Modified)
	w.text("versionComment", "")
	w.plain("contentStatus", "current")
	w.ref("space", classSpace, id)
	w.end()
	w.body(classDescription, description, Body{Type: BodyRaw, Text: []byte(s.Description)})
	w.labelled(classDescription, description, s.Categories, s.Creator)
}

func (w *Writer) permission(space int64, p Permission, s Space) {
	id := w.other(classSpacePermission)
	w.begin(classSpacePermission, id)
	w.plain("type", p.Type)
	w.text("group", p.Group)
	w.date("creationDate", w.when(s.Created))
	w.date("lastModificationDate", w.when(s.Created))
	w.ref("space", classSpace, space)
	w.user("userSubject", p.User)
	w.user("creator", s.Creator)
	w.user("lastModifier", s.Creator)
	w.end()
	w.child(classSpace, space, "permissions", classSpacePermission, id)
}

// GlobalPermission writes a permission of the whole site.
func (w *Writer) GlobalPermission(p Permission) { w.permission(0, p, Space{}) }

// dates writes who made and last changed an object, and when.
func (w *Writer) dates(creator, modifier string, created, modified time.Time) {
	w.user("creator", creator)
	w.date("creationDate", w.when(created))
	w.user("lastModifier", or(modifier, creator))
	if modified.IsZero() {
		modified = created
	}
	w.date("lastModificationDate", w.when(modified))
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
