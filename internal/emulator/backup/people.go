package backup

import (
	"bytes"
	"strings"
)

// User is a person. Key is what references name; in Ancient references name the user by Name.
type User struct {
	Key       string // 32 hexadecimal digits; Cloud: the account id
	Name      string // login name
	FullName  string
	Email     string
	AccountID string // Cloud only
	Inactive  bool   // site backups only
	Directory string // site backups only; empty = the internal directory
}

// Group is a group with its members, by login name. Groups stand in site backups only.
type Group struct {
	Name, Description, Directory string
	Members                      []string // login names
	Groups                       []string // nested groups, written before
}

// Setting is a record of the product's settings. Value is XStream XML.
type Setting struct{ Context, Key, Value string }

const internalDirectory = "Confluence Internal Directory"

// User writes a user. In a site backup the account with its credential is written too. An account without a Key is an
// account of the directory that never touched a content.
func (w *Writer) User(u User) {
	w.userNames[u.Key] = u.Name
	if u.Key != "" && w.o.Generation != Ancient && !w.take(DefectMissingUser, u.Key, 0) {
		w.open(classUser)
		w.buf = append(w.buf, `<id name="key">`...)
		w.buf = append(w.buf, u.Key...)
		w.buf = append(w.buf, "</id>\n"...)
		w.text("name", u.Name)
		w.text("lowerName", strings.ToLower(u.Name))
		w.text("email", u.Email)
		w.text("atlassianAccountId", u.AccountID)
		w.end()
	}
	if w.o.Site {
		w.account(u)
	}
}

func (w *Writer) account(u User) {
	directory := w.Directory(u.Directory)
	id := w.other(classAccount)
	if _, ok := w.accounts[strings.ToLower(u.Name)]; !ok {
		w.accounts[strings.ToLower(u.Name)] = id
	}
	first, last, _ := strings.Cut(u.FullName, " ")
	active := "true"
	if u.Inactive {
		active = "false"
	}
	w.begin(classAccount, id)
	for _, p := range [][2]string{
		{"name", u.Name}, {"lowerName", strings.ToLower(u.Name)}, {"firstName", first}, {"lowerFirstName", strings.ToLower(first)},
		{"lastName", last}, {"lowerLastName", strings.ToLower(last)}, {"displayName", u.FullName},
		{"lowerDisplayName", strings.ToLower(u.FullName)}, {"emailAddress", u.Email}, {"lowerEmailAddress", strings.ToLower(u.Email)},
	} {
		w.text(p[0], p[1])
	}
	w.plain("active", active)
	w.date("createdDate", w.o.At)
	w.date("updatedDate", w.o.At)
	w.ref("directory", classDirectory, directory)
	w.buf = append(w.buf, `<component name="credential"><property name="credential" type="string"><![CDATA[{PKCS5S2}`...)
	w.buf = append(w.buf, w.o.Canary...)
	w.buf = append(w.buf, "]]></property>\n</component>\n"...)
	w.end()
	w.begin(classToken, w.other(classToken))
	w.text("username", u.Name)
	w.number("createdTime", w.o.At.UnixMilli())
	w.text("token", w.o.Canary)
	w.end()
}

// Directory writes a user directory, once per name, and gives its id. The order in which directories are written is the
// order in which the product asks them.
func (w *Writer) Directory(name string) int64 {
	if name == "" {
		name = internalDirectory
	}
	if id, ok := w.directories[name]; ok {
		return id
	}
	id := w.other(classDirectory)
	w.directories[name] = id
	w.begin(classDirectory, id)
	w.text("name", name)
	w.text("lowerName", strings.ToLower(name))
	w.date("createdDate", w.o.At)
	w.date("updatedDate", w.o.At)
	w.plain("active", "true")
	w.text("implementationClass", "com.atlassian.crowd.directory.InternalDirectory")
	w.enum("type", "DirectoryType", "com.atlassian.crowd.embedded.api", "INTERNAL")
	w.buf = append(w.buf, "<collection name=\"attributes\" class=\"java.util.Map\"><element name=\"ldap.password\" type=\"string\"><![CDATA["...)
	w.buf = append(w.buf, w.o.Canary...)
	w.buf = append(w.buf, "]]></element>\n</collection>\n"...)
	w.end()
	w.mapping(id)
	return id
}

// application is the id of the one application that directories are mapped to.
const application = 65537

func (w *Writer) mapping(directory int64) {
	id := w.other(classMapping)
	w.begin(classMapping, id)
	w.ref("application", classApplication, application)
	w.ref("directory", classDirectory, directory)
	w.plain("allowAllToAuthenticate", "true")
	w.end()
	w.mappings = append(w.mappings, reference{classMapping, id})
}

// finishSite writes what refers to all directories.
func (w *Writer) finishSite() {
	if len(w.mappings) == 0 {
		return
	}
	w.begin(classApplication, application)
	w.text("name", "crowd-embedded")
	w.text("lowerName", "crowd-embedded")
	w.plain("active", "true")
	w.buf = append(w.buf, `<component name="credential"><property name="credential" type="string"><![CDATA[`...)
	w.buf = append(w.buf, w.o.Canary...)
	w.buf = append(w.buf, "]]></property>\n</component>\n"...)
	list := appendList(nil, "directoryMappings", w.mappings)
	w.buf = append(w.buf, bytes.Replace(list, []byte("java.util.Collection"), []byte("java.util.List"), 1)...)
	w.end()
	w.Setting(Setting{"_GLOBAL", "atlassian.confluence.smtp.mail.server", "<password>" + w.o.Canary + "</password>"})
}

// Group writes a group and its memberships.
func (w *Writer) Group(g Group) {
	if !w.o.Site {
		w.fail("group %q: groups stand in site backups only", g.Name)
		return
	}
	directory := w.Directory(g.Directory)
	id := w.other(classGroup)
	w.groups[g.Name] = id
	w.begin(classGroup, id)
	w.text("name", g.Name)
	w.text("lowerName", strings.ToLower(g.Name))
	w.text("description", g.Description)
	w.plain("active", "true")
	w.plain("local", "false")
	w.enum("type", "GroupType", "com.atlassian.crowd.model.group", "GROUP")
	w.date("createdDate", w.o.At)
	w.date("updatedDate", w.o.At)
	w.ref("directory", classDirectory, directory)
	w.end()
	for _, m := range g.Members {
		w.member(id, "userMember", classAccount, w.accounts[strings.ToLower(m)], m)
	}
	for _, n := range g.Groups {
		w.member(id, "groupMember", classGroup, w.groups[n], n)
	}
}

func (w *Writer) member(group int64, property string, c class, id int64, name string) {
	if id == 0 {
		w.fail("member %q of a group was not written before", name)
		return
	}
	w.begin(classMembership, w.other(classMembership))
	w.ref("parentGroup", classGroup, group)
	w.ref(property, c, id)
	w.end()
}

// Setting writes a record of the settings.
func (w *Writer) Setting(s Setting) {
	w.begin(classBandana, w.other(classBandana))
	w.text("context", s.Context)
	w.text("key", s.Key)
	w.text("value", s.Value)
	w.end()
}
