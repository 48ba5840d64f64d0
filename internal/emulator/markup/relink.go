package markup

import (
	"html"
	"regexp"
	"strings"
)

// Relocation says what became of the pages that a body may refer to.
type Relocation struct {
	// From and To are the keys of the space that the body itself is in, before and after.
	From, To string
	// Title returns the space and title that a page has now, by those it had, and whether it has others.
	Title func(key, title string) (newKey, newTitle string, ok bool)
	// Key returns the space that the page of that id is in now, for addresses that name another; may be nil.
	Key func(id string) (string, bool)
	// Bases are the beginnings of addresses of this site.
	Bases []string
}

var (
	titleWritten = regexp.MustCompile(`ri:content-title="([^"]*)"`)
	pageWritten  = regexp.MustCompile(`/spaces/[^/"?#]+/pages/(\d+)`)
)

// Links calls title for each page that a body refers to by title, and id for each that an address names by id. It reads
// the text as it stands, and may name what is no reference.
func Links(raw string, title, id func(string)) {
	if strings.Contains(raw, "ri:content-title") {
		for _, m := range titleWritten.FindAllStringSubmatch(raw, -1) {
			title(html.UnescapeString(m[1]))
		}
	}
	if strings.Contains(raw, "/pages/") {
		for _, m := range pageWritten.FindAllStringSubmatch(raw, -1) {
			id(m[1])
		}
	}
}

// Relink rewrites the references of a stored body to pages that were renamed or moved (register row PA-19; open-facts
// OF-29), and says whether there were any. A space key is written where it is needed or was written before. A body that
// is no storage format stays as it is.
func Relink(raw string, r Relocation) (string, bool) {
	root, err := Parse(raw)
	if err != nil {
		return raw, false
	}
	changed := false
	walk(root, func(n *Node) {
		switch n.Name {
		case "ri:page":
			changed = r.page(n) || changed
		case "a":
			changed = r.address(n) || changed
		}
	})
	if !changed {
		return raw, false
	}
	return root.String(), true
}

func (r *Relocation) page(n *Node) bool {
	title, ok := n.Attr("ri:content-title")
	if !ok || title == "" {
		return false
	}
	written, explicit := n.Attr("ri:space-key")
	key := written
	if !explicit {
		key = r.From
	}
	newKey, newTitle, moved := r.Title(key, title)
	if !moved {
		newKey, newTitle = key, title
	}
	changed := false
	if newTitle != title {
		n.Set("ri:content-title", newTitle)
		changed = true
	}
	if explicit && newKey != key || !explicit && newKey != r.To {
		n.Set("ri:space-key", newKey)
		sortAttrs(n)
		changed = true
	}
	return changed
}

// address rewrites the space key in the address of a page by its id.
func (r *Relocation) address(n *Node) bool {
	href, _ := n.Attr("href")
	if r.Key == nil || href == "" {
		return false
	}
	for _, base := range r.Bases {
		rest, ok := strings.CutPrefix(href, base)
		if !ok {
			continue
		}
		at := pageWritten.FindStringSubmatchIndex(rest)
		if at == nil || at[0] != 0 {
			continue
		}
		if key, moved := r.Key(rest[at[2]:at[3]]); moved {
			n.Set("href", base+"/spaces/"+key+"/pages/"+rest[at[2]:])
			return true
		}
	}
	return false
}
