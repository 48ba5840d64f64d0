package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// kind says what a content is.
type kind uint8

const (
	page kind = iota
	blogPost
	folder
	comment
	attachment
	whiteboard
	database
	embed
	customContent
)

var kindNames = [...]string{
	"page", "blogpost", "folder", "comment", "attachment", "whiteboard", "database", "embed", "custom-content",
}

func (k kind) String() string { return kindNames[k] }

// titled reports whether a content of this kind reserves its title; whiteboards, databases, embeds and custom content
// may be called alike.
func (k kind) titled() bool { return k == page || k == blogPost || k == folder }

// tree reports whether a content of this kind has a place in the page tree.
func (k kind) tree() bool { return k == page || k == folder || k.opaque() }

// opaque reports whether the kind is a shell in the tree whose content no REST route shows (register row TR-10).
func (k kind) opaque() bool { return k == whiteboard || k == database || k == embed }

// status says where in its life a content is.
type status uint8

const (
	current status = iota
	draft
	archived
	trashed
)

var statusNames = [...]string{"current", "draft", "archived", "trashed"}

func (s status) String() string { return statusNames[s] }

// unset is the position of a content in a set that nobody ever ordered (open-facts OF-02).
const unset = -1 << 63

// content is a page, blog post, folder, comment or attachment. A page takes less than 500 bytes with all its indices;
// what few contents have stands in more, bodies in the heap.
type content struct {
	id       int64
	space    *space
	parent   *content   // page or folder above; of a comment or attachment what it belongs to
	kids     []*content // pages and folders below, in display order
	title    string
	creator  *user
	created  stamp
	position int64
	body     span
	last     version
	older    []version // oldest first
	labels   []*label
	more     *more
	kind     kind
	status   status
	firstAt  int32 // number of the first version kept
}

// version is one version of a content. Its body is kept in full.
type version struct {
	at      stamp
	by      *user
	message string
	minor   bool
	gone    bool   // an older version that was deleted and left a hole; Data Center only
	title   string // only where it differs from the title now; older versions only
	body    span
	file    *file // of an attachment
}

// more is what few contents have.
type more struct {
	files    []*content // attachments, oldest first
	comments []*content // comments and replies, oldest first
	read     []string   // principals, sorted; empty = not restricted
	update   []string
	props    []*property
	remark   *remark // of a comment
	file     *file   // of an attachment, its current version
	pending  *pending
	state    *stated
	owner    *user
	firstly  string     // the first title, where it is another now
	likes    []*user    // in order of time
	customs  []*content // custom contents that stand on it, by id
	former   *content   // above a trashed page of Data Center
	nature   *nature
}

// nature is what some kinds have besides a title and a body.
type nature struct {
	live     bool   // of a page: it is a live doc
	document span   // of a live doc: what its editor holds
	url      string // of an embed
	typeKey  string // of custom content
}

// remark is what a comment has besides its body.
type remark struct {
	replyTo    *content
	inline     bool
	marker     string
	selection  string
	resolution string // open, reopened or resolved; dangling follows from the body
	dangling   bool
	changedBy  *user // of the resolution
	changedAt  stamp
}

// file is one version of an attachment's bytes.
type file struct {
	stored
	missing   bool // the record is there and the bytes are not
	mediaType string
	comment   string
	uuid      string
}

// pending is a draft saved over a published page.
type pending struct {
	title string
	body  span
	base  span // what the draft was begun from
	at    stamp
	by    *user
}

// property is a content or space property.
type property struct {
	id      int64
	key     string
	value   []byte // JSON
	number  int
	message string
	at      stamp
	created stamp
	by      *user
}

type label struct {
	id           int64
	prefix, name string
}

// space is a space with an index of its contents.
type space struct {
	id          int64
	key, name   string
	alias       string // what addresses call the space now; empty = the key
	renamed     int    // how often the alias was changed
	kind        string
	status      string
	description string
	home        *content
	creator     *user
	created     stamp
	roots       []*content // pages and folders at the root, in display order
	changes     []moment   // of all its contents, by time and id (index.go)
	pages       []*content // by id, as blogs, whatever their status
	blogs       []*content
	folders     []*content // and all else in the space that is no page or blog post: whiteboards, custom content ...
	grants      []*grant
	roles       []assignment
	props       []*property
	labels      []*label
	settings    spaceSettings
}

// grant is one space permission.
type grant struct {
	id        int64
	principal string
	key       string
	target    string
}

// assignment gives a principal a role in a space: one of the product's by name, or a custom one.
type assignment struct {
	principalType, principal, role string
	custom                         *role
}

// world is the state of the site, guarded by the Site's lock.
type world struct {
	next     int64
	contents map[int64]*content
	titles   map[titleKey]*content
	spaces   []*space // by id
	keys     map[string]*space
	labels   map[string]*label
	labelIDs map[int64]*label
	files    []*content // all attachments by id
	comments []*content // all comments by id
	lagging  map[*content]treeLag
	tasks    []*longTask
	annex    *annex
	doubles  bool              // an export brought contents that share a title, which the index of titles does not know
	roles    []*role           // custom roles, in order of creation
	todos    map[int64][]*todo // by id of the page or blog post
}

func newWorld(seed uint64) *world {
	return &world{
		next: 1<<20 + int64(seed%4096)*8, contents: map[int64]*content{}, titles: map[titleKey]*content{},
		keys: map[string]*space{}, labels: map[string]*label{}, labelIDs: map[int64]*label{}, lagging: map[*content]treeLag{},
		annex: newAnnex(),
		todos: map[int64][]*todo{},
	}
}

// newID returns a fresh id; all objects share one rising sequence with gaps.
func (w *world) newID() int64 {
	w.next += 1 + (w.next*2654435761>>7)&31
	return w.next
}

func (c *content) number() int { return int(c.firstAt) + len(c.older) }

func (c *content) idText() string {
	if c.kind == attachment {
		return "att" + strconv.FormatInt(c.id, 10)
	}
	return strconv.FormatInt(c.id, 10)
}

// extra returns the rare part, making it where it lacks.
func (c *content) extra() *more {
	if c.more == nil {
		c.more = &more{}
	}
	return c.more
}

func (c *content) files() []*content {
	if c.more == nil {
		return nil
	}
	return c.more.files
}

func (c *content) comments() []*content {
	if c.more == nil {
		return nil
	}
	return c.more.comments
}

func (c *content) restricted() (read, update []string) {
	if c.more == nil {
		return nil, nil
	}
	return c.more.read, c.more.update
}

// root returns the page or blog post that a comment or attachment finally belongs to; else the content itself.
func (c *content) root() *content {
	for c.kind == comment || c.kind == attachment {
		c = c.parent
	}
	return c
}

// tree reports whether the content has a place in the page tree.
func (c *content) tree() bool { return c.kind.tree() }

// titleKey stands for what must be unique: kind, space, folded title, and of blog posts the day.
type titleKey [16]byte

func keyOf(k kind, s *space, title string, created stamp) titleKey {
	day := ""
	if k == blogPost {
		day = created.time().Format("2006-01-02")
	}
	sum := sha256.Sum256([]byte(kindNames[k] + "\x00" + strconv.FormatInt(s.id, 10) + "\x00" + day + "\x00" + fold(title)))
	return titleKey(sum[:16])
}

// fold is how titles are compared (open-facts OF-05).
func fold(title string) string { return strings.ToLower(strings.TrimSpace(title)) }

// holds reports whether a content in this status reserves its title (open-facts OF-04).
func (s *settings) holds(c *content) bool {
	return c.status == current || c.status == archived || c.status == trashed && s.trashHolds
}

// add enters a content into all indices.
func (s *Site) add(c *content) {
	w := s.world
	w.contents[c.id] = c
	switch c.kind {
	case page:
		c.space.pages = append(c.space.pages, c)
	case blogPost:
		c.space.blogs = append(c.space.blogs, c)
	case folder, whiteboard, database, embed, customContent:
		c.space.folders = append(c.space.folders, c)
		if c.kind == customContent && c.parent != nil {
			c.parent.extra().customs = append(c.parent.extra().customs, c)
		}
	case attachment:
		w.files = append(w.files, c)
		c.parent.extra().files = append(c.parent.extra().files, c)
	case comment:
		w.comments = append(w.comments, c)
		c.parent.extra().comments = append(c.parent.extra().comments, c)
	}
	s.reserve(c)
	c.space.changed(c)
	s.happens(c, "created")
}

// reserve notes that a content holds its title, if it does and no other holds it already.
func (s *Site) reserve(c *content) {
	if !c.kind.titled() || c.title == "" || !s.set.holds(c) {
		return
	}
	key := keyOf(c.kind, c.space, c.title, c.created)
	if s.world.titles[key] == nil {
		s.world.titles[key] = c
	}
}

// release frees the title of a content.
func (s *Site) release(c *content) {
	if !c.kind.titled() {
		return
	}
	key := keyOf(c.kind, c.space, c.title, c.created)
	if s.world.titles[key] == c {
		delete(s.world.titles, key)
	}
}

// holder returns the content that reserves a title, or nil.
func (s *Site) holder(k kind, in *space, title string, created stamp) *content {
	return s.world.titles[keyOf(k, in, title, created)]
}

// erase removes a content with its comments and attachments for good. Its children must have been moved before.
func (s *Site) erase(c *content) {
	switch {
	case c.status == trashed:
		s.happens(c, "trashed") // the word of the webhooks for purged (register row WH-03)
	case c.kind == comment:
		s.happens(c, "removed")
	}
	s.wipe(c)
}

func (s *Site) wipe(c *content) {
	for _, sub := range slices.Concat(c.files(), c.comments(), c.customs()) {
		s.wipe(sub)
	}
	s.release(c)
	delete(s.world.contents, c.id)
	delete(s.world.todos, c.id)
	if c.space.home == c {
		c.space.home = nil
	}
	switch c.kind {
	case page:
		c.space.pages = without(c.space.pages, c)
	case blogPost:
		c.space.blogs = without(c.space.blogs, c)
	case folder, whiteboard, database, embed, customContent:
		c.space.folders = without(c.space.folders, c)
		if c.kind == customContent && c.parent != nil {
			c.parent.more.customs = without(c.parent.more.customs, c)
		}
	case attachment:
		s.world.files = without(s.world.files, c)
		c.parent.more.files = without(c.parent.more.files, c)
	case comment:
		s.world.comments = without(s.world.comments, c)
		c.parent.more.comments = without(c.parent.more.comments, c)
	}
	if c.tree() {
		s.unlink(c)
	}
}

// without returns the list, which may be shared, without c.
func without(list []*content, c *content) []*content {
	i := slices.Index(list, c)
	if i < 0 {
		return list
	}
	return slices.Concat(list[:i], list[i+1:])
}

// digest returns a hash of the seed and the parts, the source of everything that looks random.
func (s *Site) digest(parts ...string) [32]byte {
	h := sha256.New()
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], s.opts.Seed)
	h.Write(seed[:])
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return [32]byte(h.Sum(nil))
}

// uuid returns an identifier in the form of a random UUID, the same for the same parts.
func (s *Site) uuid(parts ...string) string {
	d := s.digest(parts...)
	d[6], d[8] = d[6]&0x0f|0x40, d[8]&0x3f|0x80
	const hexDigits = "0123456789abcdef"
	var out [36]byte
	at := 0
	for i, b := range d[:16] {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out[at] = '-'
			at++
		}
		out[at], out[at+1] = hexDigits[b>>4], hexDigits[b&15]
		at += 2
	}
	return string(out[:])
}
