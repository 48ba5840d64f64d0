package backup

import (
	"bytes"
	"strconv"
	"time"
)

// class is an entity class with its Java package, as the attributes of an object write them.
type class struct{ name, pkg string }

const confluencePackage = "com.atlassian.confluence."

var (
	classSpace           = class{"Space", confluencePackage + "spaces"}
	classDescription     = class{"SpaceDescription", confluencePackage + "spaces"}
	classPage            = class{"Page", confluencePackage + "pages"}
	classBlogPost        = class{"BlogPost", confluencePackage + "pages"}
	classComment         = class{"Comment", confluencePackage + "pages"}
	classAttachment      = class{"Attachment", confluencePackage + "pages"}
	classTemplate        = class{"PageTemplate", confluencePackage + "pages.templates"}
	classBody            = class{"BodyContent", confluencePackage + "core"}
	classProperty        = class{"ContentProperty", confluencePackage + "content"}
	classCustom          = class{"CustomContentEntityObject", confluencePackage + "content"}
	classLabel           = class{"Label", confluencePackage + "labels"}
	classLabelling       = class{"Labelling", confluencePackage + "labels"}
	classPermissionSet   = class{"ContentPermissionSet", confluencePackage + "security"}
	classPermission      = class{"ContentPermission", confluencePackage + "security"}
	classSpacePermission = class{"SpacePermission", confluencePackage + "security"}
	classUser            = class{"ConfluenceUserImpl", confluencePackage + "user"}
	classToken           = class{"ConfluenceRememberMeToken", confluencePackage + "user.persistence.dao"}
	classBandana         = class{"ConfluenceBandanaRecord", confluencePackage + "setup.bandana"}
	classNotification    = class{"Notification", confluencePackage + "mail.notification"}
	classLike            = class{"LikeEntity", confluencePackage + "like"}
	classAccount         = class{"InternalUser", "com.atlassian.crowd.model.user"}
	classGroup           = class{"InternalGroup", "com.atlassian.crowd.model.group"}
	classMembership      = class{"HibernateMembership", "com.atlassian.crowd.embedded.hibernate2"}
	classDirectory       = class{"DirectoryImpl", "com.atlassian.crowd.model.directory"}
	classMapping         = class{"DirectoryMapping", "com.atlassian.crowd.model.application"}
	classApplication     = class{"ApplicationImpl", "com.atlassian.crowd.model.application"}
)

// object is one object of Old and Ancient, kept until all references to it are known.
type object struct {
	class class
	id    int64
	text  []byte
}

type reference struct {
	class class
	id    int64
}

type collection struct {
	name     string
	elements []reference
}

func (w *Writer) open(c class) {
	w.at = len(w.buf)
	w.current = c
	w.currentID = 0
	w.buf = append(w.buf, `<object class="`...)
	w.buf = append(w.buf, c.name...)
	w.buf = append(w.buf, `" package="`...)
	w.buf = append(w.buf, c.pkg...)
	w.buf = append(w.buf, "\">\n"...)
}

func (w *Writer) begin(c class, id int64) {
	w.open(c)
	w.currentID = id
	w.buf = append(w.buf, `<id name="id">`...)
	w.buf = strconv.AppendInt(w.buf, id, 10)
	w.buf = append(w.buf, "</id>\n"...)
}

// end closes the object. New writes it; the older generations keep it, because children add to its collections.
func (w *Writer) end() {
	if w.o.Generation != New {
		w.kept = append(w.kept, object{w.current, w.currentID, bytes.Clone(w.buf[w.at:])})
		w.buf = w.buf[:w.at]
		return
	}
	w.buf = append(w.buf, "</object>\n"...)
	if len(w.buf) >= flushAt {
		w.flush()
	}
}

func (w *Writer) name(name string) {
	w.buf = append(w.buf, `<property name="`...)
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"')
}

// null writes a property without a value: an empty element in the older generations, nothing in New.
func (w *Writer) null(name string) {
	if w.o.Generation == New {
		return
	}
	w.name(name)
	w.buf = append(w.buf, "/>"...)
}

// plain writes a value that needs no escaping: a number, a date, a word of the product's own.
func (w *Writer) plain(name, value string) {
	if value == "" {
		w.null(name)
		return
	}
	w.name(name)
	w.buf = append(w.buf, '>')
	w.buf = append(w.buf, value...)
	w.buf = append(w.buf, "</property>\n"...)
}

func (w *Writer) number(name string, value int64) {
	w.name(name)
	w.buf = append(w.buf, '>')
	w.buf = strconv.AppendInt(w.buf, value, 10)
	w.buf = append(w.buf, "</property>\n"...)
}

func (w *Writer) date(name string, t time.Time) {
	if t.IsZero() {
		w.null(name)
		return
	}
	w.name(name)
	w.buf = append(w.buf, '>')
	w.buf = t.In(w.o.Zone).AppendFormat(w.buf, "2006-01-02 15:04:05.000")
	w.buf = append(w.buf, "</property>\n"...)
}

// text writes a value that a person typed, as CDATA.
func (w *Writer) text(name, value string) {
	if value == "" {
		w.null(name)
		return
	}
	w.name(name)
	w.buf = append(w.buf, "><![CDATA["...)
	w.buf = w.appendCDATA(w.buf, []byte(value))
	w.buf = append(w.buf, "]]></property>\n"...)
}

func (w *Writer) cdata(name string, value []byte) {
	w.name(name)
	w.buf = append(w.buf, "><![CDATA["...)
	w.buf = w.appendCDATA(w.buf, value)
	w.buf = append(w.buf, "]]></property>\n"...)
}

var endCDATA = []byte("]]>")

// appendCDATA writes the end of an inner CDATA section as Confluence does: with a blank before the bracket.
// DefectBroadEscape writes the blank after every pair of brackets.
func (w *Writer) appendCDATA(to, text []byte) []byte {
	pattern := endCDATA
	if w.broad {
		pattern = endCDATA[:2]
	}
	for {
		i := bytes.Index(text, pattern)
		if i < 0 {
			return append(to, text...)
		}
		to = append(to, text[:i+2]...)
		to = append(to, ' ')
		text = text[i+2:]
	}
}

func (w *Writer) ref(name string, c class, id int64) {
	if id == 0 {
		w.null(name)
		return
	}
	w.refOpen(name, c)
	w.buf = append(w.buf, `<id name="id">`...)
	w.buf = strconv.AppendInt(w.buf, id, 10)
	w.buf = append(w.buf, "</id></property>\n"...)
}

func (w *Writer) refOpen(name string, c class) {
	w.name(name)
	w.buf = append(w.buf, ` class="`...)
	w.buf = append(w.buf, c.name...)
	w.buf = append(w.buf, `" package="`...)
	w.buf = append(w.buf, c.pkg...)
	w.buf = append(w.buf, `">`...)
}

// user refers to a user: by key, or in Ancient by name in a property that carries the word Name.
func (w *Writer) user(name, key string) {
	if w.o.Generation == Ancient {
		switch name {
		case "userSubject":
			name = "userName"
		case "receiver", "owningUser":
			name = "user"
		default:
			name += "Name"
		}
		w.text(name, w.userNames[key])
		return
	}
	if key == "" {
		w.null(name)
		return
	}
	w.refOpen(name, classUser)
	w.buf = append(w.buf, `<id name="key">`...)
	w.buf = append(w.buf, key...)
	w.buf = append(w.buf, "</id></property>\n"...)
}

func (w *Writer) enum(name, enum, pkg, value string) {
	w.name(name)
	w.buf = append(w.buf, ` enum-class="`...)
	w.buf = append(w.buf, enum...)
	w.buf = append(w.buf, `" package="`...)
	w.buf = append(w.buf, pkg...)
	w.buf = append(w.buf, `">`...)
	w.buf = append(w.buf, value...)
	w.buf = append(w.buf, "</property>\n"...)
}

// list writes a collection of one class.
func (w *Writer) list(name string, elements []reference) {
	w.buf = appendList(w.buf, name, elements)
}

func appendList(to []byte, name string, elements []reference) []byte {
	to = append(to, `<collection name="`...)
	to = append(to, name...)
	to = append(to, "\" class=\"java.util.Collection\">"...)
	for _, e := range elements {
		to = append(to, `<element class="`...)
		to = append(to, e.class.name...)
		to = append(to, `" package="`...)
		to = append(to, e.class.pkg...)
		to = append(to, `"><id name="id">`...)
		to = strconv.AppendInt(to, e.id, 10)
		to = append(to, "</id>\n</element>\n"...)
	}
	return append(to, "</collection>\n"...)
}

// child records that a parent's collection names a child. New has no such collections.
func (w *Writer) child(parent class, parentID int64, name string, c class, id int64) {
	if w.o.Generation == New || parentID == 0 {
		return
	}
	key := reference{parent, parentID}
	for i := range w.collections[key] {
		if w.collections[key][i].name == name {
			w.collections[key][i].elements = append(w.collections[key][i].elements, reference{c, id})
			return
		}
	}
	w.collections[key] = append(w.collections[key], collection{name, []reference{{c, id}}})
}
