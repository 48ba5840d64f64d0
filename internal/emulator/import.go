package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// importing turns the rows of an export into the state of a site, as a restored server has it: the same ids, versions,
// authors and dates. What the state cannot hold is listed in gaps, by a sentence each.
type importing struct {
	*Site
	*exported
	users    map[string]*user // by key, and by "name:" and the lower-case name
	spaces   map[string]*space
	made     map[string]*content
	byOwner  map[string][]*exportedRow // ContentProperty by id of its content
	bodies   map[string]*exportedRow
	fresh    []*space // by id
	fallback *space   // where contents go that name no space
}

// bodyText is a stored body as the site keeps it: wiki markup is converted, as the upgrade to 4.0 did.
func bodyText(bodyType, text string) string {
	if (bodyType == "0" || bodyType == "") && text != "" {
		return markup.FromWiki(text)
	}
	return text
}

// importFile fills an empty site from the export at a path. The service account is given all permissions in every space,
// as whoever restores a site has them.
func (s *Site) importFile(path string) error {
	e, closeFiles, err := s.readExport(path)
	if err != nil {
		return fmt.Errorf("emulator: export %s: %w", path, err)
	}
	s.importRows(e)
	return closeFiles()
}

// importRows adds what an export holds to the site. Its contents and spaces must not be there already; accounts and groups
// that are stay as they are.
func (s *Site) importRows(e *exported) {
	im := &importing{
		Site: s, exported: e, users: map[string]*user{}, spaces: map[string]*space{}, made: map[string]*content{},
		byOwner: map[string][]*exportedRow{}, bodies: map[string]*exportedRow{},
	}
	im.importPeople()
	im.indexOwners()
	im.importSpaces()
	im.importContents()
	im.importAttachments()
	im.importComments()
	im.importLabels()
	im.importRestrictions()
	im.importProperties()
	im.importTemplates()
	im.importRelations()
	im.finish()
}

// importPeople imports accounts and groups: those that contents name and those of the directories, joined by name.
func (im *importing) importPeople() {
	directory := map[string]*exportedRow{}
	for _, class := range []string{"InternalUser", "DefaultHibernateUser"} {
		for _, r := range im.rows[class] {
			name := strings.ToLower(r.first("lowerName", "name"))
			if directory[name] == nil { // of one name in several directories the first
				directory[name] = r
			}
		}
	}
	for _, r := range im.rows["ConfluenceUserImpl"] {
		name := r.first("name", "lowerName")
		if u := im.people.byKey[r.id]; u != nil && im.dc() {
			im.users[r.id], im.users["name:"+strings.ToLower(name)] = u, u
			continue
		}
		id := cmp.Or(r.get("atlassianAccountId"), r.id)
		if im.dc() {
			id = cmp.Or(strings.ToLower(name), r.id)
		}
		u := im.account(id, name, r.get("email"), directory[strings.ToLower(name)])
		delete(im.people.byKey, u.key)
		u.key, im.people.byKey[r.id] = r.id, u
		im.users[r.id], im.users["name:"+strings.ToLower(name)] = u, u
	}
	for _, name := range sortedKeys(directory) {
		if im.users["name:"+name] == nil {
			im.users["name:"+name] = im.account("dir-"+name, directory[name].first("name", "lowerName"), "", directory[name])
		}
	}
	im.importGroups()
}

// account makes an account; the id is its key on Data Center and its account id on Cloud.
func (im *importing) account(id, name, email string, in *exportedRow) *user {
	shown, active := name, true
	if in != nil {
		shown = cmp.Or(in.first("displayName", "fullName"), name)
		email = cmp.Or(in.first("emailAddress", "email"), email)
		active = in.get("active") != "false"
	}
	if u := im.people.byID[id]; u != nil { // the service account, in an export of an emulated site
		return u
	}
	u := im.addUser(id, cmp.Or(shown, id), email)
	u.active = active
	if name != "" && im.people.byName[strings.ToLower(name)] == nil {
		delete(im.people.byName, strings.ToLower(u.username))
		u.username, im.people.byName[strings.ToLower(name)] = name, u
	}
	return u
}

// person finds who an object names, by key or by name. Somebody who is nowhere in the export is an account that is gone.
func (im *importing) person(r *exportedRow, what string) *user {
	key, name := r.ref[what], strings.ToLower(r.get(what+"Name"))
	if key == "" && name == "" {
		if what != "creator" {
			return im.person(r, "creator")
		}
		key = "unknown"
	}
	id := cmp.Or(key, "name:"+name)
	u := im.users[id]
	if u == nil {
		u = im.account(strings.TrimPrefix(id, "name:"), strings.TrimPrefix(id, "name:"), "", nil)
		u.active, u.name = false, "Unknown User ("+strings.TrimPrefix(id, "name:")+")"
		im.users[id] = u
	}
	return u
}

func (im *importing) importGroups() {
	byRow, nested := map[string]*group{}, map[string][]string{}
	for _, class := range []string{"InternalGroup", "DefaultHibernateGroup"} {
		for _, r := range im.rows[class] {
			g := im.addGroup(r.first("name", "lowerName"))
			byRow[r.id] = g
			for _, id := range r.list["localMembers"] {
				if u := im.byID["InternalUser"][id]; u != nil {
					im.join(g, im.users["name:"+strings.ToLower(u.first("lowerName", "name"))])
				}
			}
		}
	}
	for _, r := range im.rows["HibernateMembership"] {
		above := r.ref["parentGroup"]
		if u := im.byID["InternalUser"][r.ref["userMember"]]; u != nil && byRow[above] != nil {
			im.join(byRow[above], im.users["name:"+strings.ToLower(u.first("lowerName", "name"))])
		} else if id := r.ref["groupMember"]; id != "" {
			nested[above] = append(nested[above], id)
		}
	}
	for _, above := range sortedKeys(nested) {
		for _, id := range nested[above] {
			if p, g := byRow[above], byRow[id]; p != nil && g != nil && p != g && !slices.Contains(p.groups, g) {
				p.groups, g.parents = append(p.groups, g), append(g.parents, p)
			}
		}
	}
	for _, g := range byRow {
		slices.SortFunc(g.members, func(a, b *user) int { return strings.Compare(a.id, b.id) })
	}
}

// indexOwners finds what bodies and facts belong to: by their own reference, else by the list of the owner.
func (im *importing) indexOwners() {
	listed := map[string]string{}
	for _, class := range []string{"Page", "BlogPost", "Comment", "Attachment", "SpaceDescription", "CustomContentEntityObject", "Draft"} {
		for _, r := range im.rows[class] {
			for _, id := range r.list["contentProperties"] {
				listed["property "+id] = r.id
			}
			for _, id := range r.list["bodyContents"] {
				listed["body "+id] = r.id
			}
		}
	}
	for _, r := range im.rows["ContentProperty"] {
		owner := cmp.Or(r.ref["content"], listed["property "+r.id])
		im.byOwner[owner] = append(im.byOwner[owner], r)
	}
	for _, r := range im.rows["BodyContent"] {
		if owner := cmp.Or(r.ref["content"], listed["body "+r.id]); im.bodies[owner] == nil {
			im.bodies[owner] = r
		}
	}
}

func (im *importing) bodyOf(id string) span {
	if b := im.bodies[id]; b != nil {
		return b.body
	}
	return 0
}

// fact is an internal fact of a content.
func (im *importing) fact(id, name string) string {
	for _, r := range im.byOwner[id] {
		if r.get("name") == name {
			return r.first("stringValue", "longValue")
		}
	}
	return ""
}

func (im *importing) importSpaces() {
	wanted := map[string]bool{}
	for key := range strings.SplitSeq(im.descriptor["spaceKey"], ",") {
		if key = strings.TrimSpace(key); key != "" {
			wanted[key] = true
		}
	}
	rows := slices.Clone(im.rows["Space"])
	slices.SortFunc(rows, func(a, b *exportedRow) int { return cmp.Compare(number(a.id), number(b.id)) })
	for _, r := range rows {
		key := r.get("key")
		im.spaces[r.id] = nil // known, and out of what was asked for unless made now
		if len(wanted) > 0 && !wanted[key] || key == "" || im.world.keys[foldKey(key)] != nil {
			continue
		}
		in := im.newImportedSpace(number(r.id), key, cmp.Or(r.get("name"), key))
		in.kind = cmp.Or(r.get("spaceType"), "global")
		in.status = strings.ToLower(cmp.Or(r.get("spaceStatus"), "current"))
		in.creator, in.created = im.person(r, "creator"), im.date(r, "creationDate")
		if d := im.content(r.ref["description"]); d != nil {
			in.description = im.heap.text(im.bodyOf(d.id))
		}
		im.spaces[r.id] = in
		im.permit(in, r)
	}
	if len(im.fresh) == 0 { // an export without its Space objects
		key := "IMPORTED"
		for k := range wanted {
			key = k
		}
		im.permit(im.newImportedSpace(im.world.newID(), key, key), nil)
	}
	im.fallback = im.fresh[0]
}

func (im *importing) newImportedSpace(id int64, key, name string) *space {
	in := &space{id: id, key: key, name: name, kind: "global", status: "current", creator: im.people.byID[serviceID], created: stampOf(im.clock.Now())}
	at, _ := slices.BinarySearchFunc(im.world.spaces, id, func(s *space, id int64) int { return cmp.Compare(s.id, id) })
	im.world.spaces = slices.Insert(im.world.spaces, at, in)
	im.world.keys[foldKey(key)] = in
	im.fresh = append(im.fresh, in)
	return in
}

// grantNames are the permissions of an export in the words of the site, key and target; others have no effect on it.
func (s *Site) grantNames() map[string][2]string {
	if !s.dc() {
		return cloudGrantNames
	}
	out := map[string][2]string{}
	for _, k := range spacePermissionKinds {
		out[k.name] = [2]string{k.key, k.target}
	}
	return out
}

var cloudGrantNames = map[string][2]string{
	"VIEWSPACE": {"read", "space"}, "EDITSPACE": {"create", "page"}, "EDITBLOG": {"create", "blogpost"}, "COMMENT": {"create", "comment"},
	"CREATEATTACHMENT": {"create", "attachment"}, "REMOVEPAGE": {"delete", "page"}, "REMOVEBLOG": {"delete", "blogpost"},
	"REMOVECOMMENT": {"delete", "comment"}, "REMOVEATTACHMENT": {"delete", "attachment"}, "SETPAGEPERMISSIONS": {"restrict_content", "space"},
	"SETSPACEPERMISSIONS": {"administer", "space"}, "EXPORTSPACE": {"export", "space"}, "ARCHIVEPAGE": {"archive", "page"},
}

// permit gives a space its permissions; one of which the export tells none is open to everyone.
func (im *importing) permit(in *space, r *exportedRow) {
	grantTo := func(principal, key, target string) {
		if !slices.ContainsFunc(in.grants, func(g *grant) bool { return g.principal == principal && g.key == key && g.target == target }) {
			in.grants = append(in.grants, &grant{im.world.newID(), principal, key, target})
		}
	}
	names := im.grantNames()
	told := false
	for _, p := range im.rows["SpacePermission"] {
		g, known := names[p.get("type")]
		if r == nil || !known || p.ref["space"] != r.id && !slices.Contains(r.list["permissions"], p.id) {
			continue
		}
		told = true
		if principal := im.principal(p, "group"); principal != "" {
			grantTo(principal, g[0], g[1])
		} else {
			grantTo(anonymousPrincipal, g[0], g[1])
		}
	}
	service := &call{Site: im.Site, user: im.people.byID[serviceID]}
	switch {
	case !told:
		service.openSpace(in)
	case im.dc():
		for _, k := range spacePermissionKinds {
			grantTo("user:"+serviceID, k.key, k.target)
		}
	default:
		for _, g := range fullGrants {
			grantTo("user:"+serviceID, g.key, g.target)
		}
	}
}

// openSpace gives a space that comes from nowhere the permissions of one that the caller creates.
func (c *call) openSpace(in *space) {
	if !c.dc() {
		c.openTo(in, false, nil)
		return
	}
	creator := in.creator
	in.creator = c.user
	c.openDC(in, false)
	in.creator = creator
}

// principal is whom a permission or restriction is for; empty where it names nobody.
func (im *importing) principal(r *exportedRow, groupName string) string {
	if name := r.get(groupName); name != "" {
		im.addGroup(name)
		return "group:" + name
	}
	if r.ref["userSubject"] != "" {
		return "user:" + im.person(r, "userSubject").id
	}
	if r.get("userName") != "" {
		return "user:" + im.person(r, "user").id
	}
	return ""
}

// date reads a date of the export, which is without a zone (register row XM-15).
func (im *importing) date(r *exportedRow, name string) stamp {
	t, err := time.ParseInLocation("2006-01-02 15:04:05.999", r.get(name), im.zone)
	if err != nil {
		return stampOf(im.clock.start)
	}
	return stampOf(t)
}

func number(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64) // an id that is none sorts first
	return n
}

// importProperties imports what apps stored on contents by REST (register row XM-13).
func (im *importing) importProperties() {
	for _, r := range im.rows["CustomContentEntityObject"] {
		on := im.made[r.first("containerContent")]
		if on == nil || !strings.HasSuffix(r.get("pluginModuleKey"), ":content-property") || r.first("originalVersion", "originalVersionId") != "" {
			continue
		}
		value := bytes.TrimSpace([]byte(im.heap.text(im.bodyOf(r.id))))
		if !json.Valid(value) { // apps wrote what they liked, before REST looked
			value = encode(string(value))
		}
		p := &property{
			id: number(r.id), key: r.get("title"), value: value,
			number: int(max(1, number(r.get("version")))), at: im.date(r, "lastModificationDate"), created: im.date(r, "creationDate"),
			by: im.person(r, "lastModifier"),
		}
		on.extra().props = append(on.extra().props, p)
	}
}

// importTemplates imports the templates of the spaces and of the site.
func (im *importing) importTemplates() {
	for _, r := range im.rows["PageTemplate"] {
		t := &template{id: number(r.id), name: r.get("name"), description: r.get("description"), body: r.body}
		if id := r.ref["space"]; id != "" {
			in := im.spaces[id]
			if in == nil {
				continue
			}
			t.space = in.id
		}
		for _, l := range im.rows["Labelling"] {
			if row := im.byID["Label"][l.ref["label"]]; row != nil && l.ref["pageTemplate"] == r.id {
				t.labels = append(t.labels, im.label(cmp.Or(row.get("namespace"), "global"), row.get("name")))
			}
		}
		im.world.next = max(im.world.next, t.id)
		im.world.annex.templates = append(im.world.annex.templates, t)
	}
}

// importRelations imports who likes and who watches contents.
func (im *importing) importRelations() {
	for _, r := range im.rows["LikeEntity"] {
		if p := im.made[r.ref["content"]]; p != nil {
			if u := im.person(r, "user"); !slices.Contains(p.likers(), u) {
				p.extra().likes = append(p.more.likes, u)
			}
		}
	}
	for _, r := range im.rows["Notification"] {
		if p := im.made[r.first("content", "page")]; p != nil {
			im.watch(watched{"content", p.id}, im.person(r, "receiver"), true)
		}
	}
}
