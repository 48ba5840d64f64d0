package xmlexport

// indexVersion changes with everything that would make a kept index wrong.
const indexVersion = "1"

// keptSuffix begins the name of a scratch folder that is kept beside an export.
const keptSuffix = ".tandem-index"

// schema is the scratch index. Tables up to file hold what the export says, one row an object, seq its place in
// entities.xml; ids are integers where they are written as such. item holds what is to be migrated, defect what is wrong.
// No column has a type, so that an id keeps the one it was bound with.
const schema = `
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE content(seq INTEGER PRIMARY KEY, class, id, space, parent, original, container, state, position, title, tkey,
  creator, modifier, cname, mname, created, modified, version, comment, media, size, scope);
CREATE TABLE body(seq INTEGER PRIMARY KEY, id, content, type, off, size, flags);
CREATE TABLE listing(kind, owner, item);
CREATE TABLE property(seq INTEGER PRIMARY KEY, id, owner, name, value);
CREATE TABLE label(seq INTEGER PRIMARY KEY, id, name, namespace);
CREATE TABLE labelling(seq INTEGER PRIMARY KEY, id, label, content, template);
CREATE TABLE permset(seq INTEGER PRIMARY KEY, id, content, type);
CREATE TABLE perm(seq INTEGER PRIMARY KEY, id, owner, type, user, uname, grp);
CREATE TABLE spaceperm(seq INTEGER PRIMARY KEY, id, type, space, user, uname, grp, everyone);
CREATE TABLE space(seq INTEGER PRIMARY KEY, id, key, name, type, status, home, description, creator, cname, created, scope);
CREATE TABLE template(seq INTEGER PRIMARY KEY, id, name, space);
CREATE TABLE user(seq INTEGER PRIMARY KEY, id, name, lname, email, account);
CREATE TABLE account(seq INTEGER PRIMARY KEY, class, id, name, lname, display, email, active);
CREATE TABLE grp(seq INTEGER PRIMARY KEY, class, id, name, lname);
CREATE TABLE author(who, named);
CREATE TABLE file(container, id, version, size, path);
CREATE TABLE item(seq INTEGER PRIMARY KEY, kind, id, space, up, owner, title, untitled, inline, onfile, path, size);
CREATE TABLE defect(seq, space, kind, name, id, title, path, note);
`

// Codes of item.kind.
const (
	itemPage int64 = iota + 1
	itemBlogPost
	itemComment
	itemAttachment
)

// Codes of content.state.
const (
	stateCurrent int64 = iota + 1
	stateDraft
	stateTrashed
	stateArchived
	stateHistorical
)

// Bits of body.flags.
const (
	bodyBlank = 1 << iota
	bodyBroken
	bodyTooLong
)

// table is one of the tables that are filled while entities.xml is read.
type table int

const (
	tableContent table = iota
	tableBody
	tableListing
	tableProperty
	tableLabel
	tableLabelling
	tablePermSet
	tablePerm
	tableSpacePerm
	tableSpace
	tableTemplate
	tableUser
	tableAccount
	tableGroup
	tableAuthor
	tableFile
	tableDefect
	tables
)

// shape gives name and number of columns of each table.
var shape = [tables]struct {
	name    string
	columns int
}{
	{"content", 22}, {"body", 7}, {"listing", 3}, {"property", 5}, {"label", 4}, {"labelling", 5}, {"permset", 4}, {"perm", 7},
	{"spaceperm", 8}, {"space", 12}, {"template", 4}, {"user", 6}, {"account", 8}, {"grp", 5}, {"author", 2}, {"file", 5}, {"defect", 8},
}
