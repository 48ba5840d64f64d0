package company

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed content
var texts embed.FS

var (
	founded  = time.Date(2019, 5, 6, 8, 0, 0, 0, time.UTC)
	exported = time.Date(2026, 10, 30, 18, 0, 0, 0, time.UTC)
)

type grant struct {
	group string
	kinds []string
}

type spaceFacts struct {
	id                             int64
	key, name, about, folder, home string
	owner, category                string
	team                           []string // authors of pages that name none
	grants                         []grant
}

var (
	mayRead  = []string{"VIEWSPACE"}
	mayWrite = []string{"VIEWSPACE", "EDITSPACE", "COMMENT", "CREATEATTACHMENT", "EDITBLOG", "REMOVEOWNCONTENT"}
	mayAll   = append(slices.Clone(mayWrite), "REMOVEPAGE", "REMOVEATTACHMENT", "REMOVECOMMENT", "SETPAGEPERMISSIONS", "SETSPACEPERMISSIONS", "EXPORTSPACE")
)

var spaces = []spaceFacts{
	{
		98305, "HR", "People & Culture", "Working at Lindgaard & Voss", "hr", "People & Culture", "annika.schroeder", "company",
		[]string{"annika.schroeder", "tomasz.zielinski", "leila.haddad"},
		[]grant{{"people-team", mayAll}, {"lindgaard-all", append(slices.Clone(mayRead), "COMMENT")}},
	},
	{
		98306, "ENG", "Engineering", "Drive controller, fleet portal, rider app and the bikes around them", "eng", "Engineering", "priya.raman", "product",
		[]string{"yuki.tanaka", "oksana.melnyk", "felix.brandt", "mehmet.yildiz", "bjorn.aasen", "daniel.okafor", "priya.raman"},
		[]grant{{"engineering", mayWrite}, {"leadership", mayAll}, {"operations", append(slices.Clone(mayRead), "COMMENT")}},
	},
	{
		98307, "OPS", "Operations", "Assembly, warehouse, IT and customer service", "ops", "Operations", "hanna.petersen", "company",
		[]string{"hanna.petersen", "ruben.devries", "ines.carvalho", "karim.benali", "emma.thomsen"},
		[]grant{{"operations", mayWrite}, {"leadership", mayAll}, {"engineering", mayRead}},
	},
}

// document is a page, a blog post or a template.
type document struct {
	space, title, kind, about string
	number                    int // place in the library; ids follow from it
	global                    bool
	parent                    *document
	parentTitle               string
	position                  int
	positioned, ordered       bool
	by, editor, message       string
	at, edited                time.Time
	versions                  int
	labels, readers, editors  []string
	watchers                  []string
	text                      string
	files                     []*attached
	comments                  []comment
	selections                map[int]string // of inline comments, by number
}

type comment struct {
	by     string
	at     time.Time
	reply  bool
	inline int
	text   string
}

// id of a content. Between two documents there is room for 19 attachments. The seed moves all of them.
func (d *document) id(seed uint64) int64 {
	return 1_310_721 + int64(seed%4096)*65536 + int64(d.number)*20
}

type library struct {
	documents []*document
	byTitle   map[string]*document // "KEY:title"
}

func load(files fs.FS) (*library, error) {
	l := &library{byTitle: map[string]*document{}}
	for _, s := range spaces {
		names, err := fs.Glob(files, "content/"+s.folder+"/*.txt")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, err
			}
			if err := l.read(s, name, string(text)); err != nil {
				return nil, err
			}
		}
	}
	return l, l.tree()
}

// read reads one file of texts: documents that begin with "=== Title".
func (l *library) read(s spaceFacts, name, text string) error {
	parts := strings.Split("\n"+text, "\n=== ")
	for _, part := range parts[1:] {
		d, err := parse(s, part)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.number = len(l.documents)
		key := d.space + ":" + d.title
		if d.kind != "page" {
			key = d.space + ":" + d.kind + ":" + d.title
		}
		if l.byTitle[key] != nil {
			return fmt.Errorf("%s: %q stands twice", name, d.title)
		}
		l.byTitle[key] = d
		l.documents = append(l.documents, d)
	}
	return nil
}

// marks are the places of inline comments in a text.
var marks = regexp.MustCompile(`\{mark:(\d+)\|([^}]*)\}`)

// parse reads one document: a title, lines of facts, an empty line, the text, then files ("%%% name") and comments
// (">>> who when").
func parse(s spaceFacts, part string) (*document, error) {
	head, rest, _ := strings.Cut(part, "\n\n")
	lines := strings.Split(head, "\n")
	d := &document{space: s.key, title: strings.TrimSpace(lines[0]), kind: "page", selections: map[int]string{}}
	h := sha256.Sum256([]byte(s.key + d.title))
	n := binary.BigEndian.Uint32(h[:])
	d.by = s.team[int(n)%len(s.team)]
	d.editor = s.team[int(n>>8)%len(s.team)]
	d.at = time.Date(2022, 1, 10, 7, int(n%600), int(n%59), 0, time.UTC).AddDate(0, 0, int(n%1500))
	d.edited = d.at.AddDate(0, 0, int(n>>4)%200)
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		if err := d.fact(name, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%q: %q: %w", d.title, line, err)
		}
	}
	rest, err := d.talk(rest)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", d.title, err)
	}
	d.text, err = d.inlineFiles(rest)
	for _, m := range marks.FindAllStringSubmatch(d.text, -1) {
		n, _ := strconv.Atoi(m[1])
		d.selections[n] = m[2]
	}
	return d, err
}

func (d *document) fact(name, value string) (err error) {
	list := func() []string {
		all := strings.Split(value, ",")
		for i := range all {
			all[i] = strings.TrimSpace(all[i])
		}
		return all
	}
	switch name {
	case "parent":
		d.parentTitle = value
	case "kind":
		d.kind = value
	case "about":
		d.about = value
	case "global":
		d.global = value == "yes"
	case "ordered":
		d.ordered = value == "yes"
	case "by":
		d.by, d.editor = value, value
	case "editor":
		d.editor = value
	case "message":
		d.message = value
	case "at":
		d.at, err = time.Parse("2006-01-02 15:04", value)
		d.edited = d.at
	case "edited":
		d.edited, err = time.Parse("2006-01-02 15:04", value)
	case "versions":
		d.versions, err = strconv.Atoi(value)
	case "labels":
		d.labels = list()
	case "read":
		d.readers = list()
	case "edit":
		d.editors = list()
	case "watch":
		d.watchers = list()
	case "file":
		d.files, err = appendFile(d.files, value)
	default:
		err = fmt.Errorf("no such fact")
	}
	return err
}

// talk takes the comments off the end of a text.
func (d *document) talk(text string) (string, error) {
	parts := strings.Split("\n"+text, "\n>>> ")
	for _, p := range parts[1:] {
		head, body, _ := strings.Cut(p, "\n")
		words := strings.Fields(head)
		var c comment
		for len(words) > 3 || len(words) > 0 && words[0] == "+" {
			switch {
			case words[0] == "+":
				c.reply = true
			case strings.HasPrefix(words[0], "inline"):
				c.inline, _ = strconv.Atoi(strings.TrimPrefix(words[0], "inline"))
			default:
				return "", fmt.Errorf("comment %q", head)
			}
			words = words[1:]
		}
		if len(words) != 3 {
			return "", fmt.Errorf("comment %q", head)
		}
		at, err := time.Parse("2006-01-02 15:04", words[1]+" "+words[2])
		if err != nil {
			return "", err
		}
		c.by, c.at, c.text = words[0], at, strings.TrimSpace(body)
		d.comments = append(d.comments, c)
	}
	return strings.TrimPrefix(parts[0], "\n"), nil
}

// inlineFiles takes text files that stand behind a text.
func (d *document) inlineFiles(text string) (string, error) {
	parts := strings.Split("\n"+text, "\n%%% ")
	for _, p := range parts[1:] {
		name, body, _ := strings.Cut(p, "\n")
		i := slices.IndexFunc(d.files, func(f *attached) bool { return f.name == strings.TrimSpace(name) })
		if i < 0 {
			return "", fmt.Errorf("%q: text of a file %q that is not attached", d.title, name)
		}
		d.files[i].text = strings.TrimSpace(body) + "\n"
	}
	return strings.TrimSpace(parts[0]), nil
}

// tree joins documents with their parents and counts out positions.
func (l *library) tree() error {
	next := map[*document]int{}
	for _, d := range l.documents {
		if d.parentTitle == "" {
			if home := l.home(d.space); d.kind == "page" && d != home {
				return fmt.Errorf("%q has no parent", d.title)
			}
			continue
		}
		d.parent = l.byTitle[d.space+":"+d.parentTitle]
		if d.parent == nil {
			return fmt.Errorf("%q: no parent %q", d.title, d.parentTitle)
		}
		if d.parent.ordered {
			d.position, d.positioned = next[d.parent], true
			next[d.parent]++
		}
	}
	return nil
}

func (l *library) home(space string) *document {
	i := slices.IndexFunc(spaces, func(s spaceFacts) bool { return s.key == space })
	return l.byTitle[space+":"+spaces[i].home]
}
