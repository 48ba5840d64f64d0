package body

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// address is an address that leads into a Confluence, taken apart. The places are those of its parts in text; one that
// the address does not have is empty at 0.
type address struct {
	Slot
	text                 string
	path                 int // where Confluence's own path begins
	key, title, id, file place
	action               string // of /pages/ACTION.action, or which kind of download
}

type place struct{ from, to int }

// maxContext is the number of path segments that may stand before Confluence's own path.
const maxContext = 2

// parseAddress recognises the addresses of contents and spaces of both products:
//
//	/pages/viewpage.action?pageId=ID          /pages/viewpage.action?spaceKey=KEY&title=TITLE
//	/display/KEY[/TITLE]                      /display/KEY/YYYY/MM/DD/TITLE
//	/spaces/KEY[/overview]                    /spaces/viewspace.action?key=KEY
//	/spaces/KEY/pages/ID[/TITLE]              /spaces/KEY/blog/YYYY/MM/DD/ID[/TITLE]
//	/x/SHORT                                  /download/attachments/ID/NAME
//
// each alone or behind a host and a context path. Any other is no reference. Whether the host is this site's is for the
// caller to say; Base tells it.
func parseAddress(text string) (address, bool) {
	start := hostEnd(text)
	if start < 0 {
		return address{}, false
	}
	u := address{text: text}
	rest, query, anchor := cutAddress(text)
	u.Anchor = anchor
	var few [16]place
	segments := segmentsOf(few[:0], rest, start)
	for k := 0; k < len(segments) && k <= maxContext; k++ {
		u.path = segments[k].from - 1
		if u.match(segments[k:], place{min(len(rest)+1, len(text)), min(len(rest)+1, len(text)) + len(query)}, k) {
			u.Base = strings.ToLower(text[:start]) + text[start:u.path]
			return u, true
		}
	}
	return address{}, false
}

// hostEnd returns where scheme and host end, 0 in an address relative to the site, -1 in any other.
func hostEnd(text string) int {
	if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") {
		return 0
	}
	i := strings.Index(text[:min(len(text), 8)], "//")
	if i < 0 || i > 0 && !strings.EqualFold(text[:i], "https:") && !strings.EqualFold(text[:i], "http:") {
		return -1
	}
	host := strings.IndexAny(text[i+2:], "/?#")
	if host <= 0 || text[i+2+host] != '/' {
		return -1
	}
	return i + 2 + host
}

// cutAddress separates what stands before '?', the query, and what follows '#'.
func cutAddress(text string) (rest, query, anchor string) {
	rest, anchor, _ = strings.Cut(text, "#")
	rest, query, _ = strings.Cut(rest, "?")
	return rest, query, anchor
}

// segmentsOf returns the places of the path segments behind start; a slash at the end adds none.
func segmentsOf(segments []place, rest string, start int) []place {
	for from := start + 1; from < len(rest); {
		to := strings.IndexByte(rest[from:], '/')
		if to < 0 {
			to = len(rest) - from
		}
		segments = append(segments, place{from, from + to})
		from += to + 1
	}
	return segments
}

func (u *address) at(p place) string { return u.text[p.from:p.to] }

func (u *address) match(path []place, query place, before int) bool {
	u.Query = u.at(query)
	switch first := u.at(path[0]); {
	case first == "pages" && len(path) == 2:
		return u.matchAction(u.at(path[1]), query)
	case first == "display" && len(path) >= 2:
		return u.matchDisplay(path[1:])
	case first == "spaces" && len(path) == 2 && u.at(path[1]) == "viewspace.action":
		u.Kind, u.key = SlotTitleURL, u.take(query, "key")
		return u.setKey(u.key)
	case first == "spaces" && len(path) >= 2:
		return u.matchSpaces(path[1:])
	case first == "x" && len(path) == 2 && before <= 1:
		id, ok := DecodeShortLink(u.at(path[1]))
		u.Kind, u.ID, u.id = SlotShortLink, id, path[1]
		return ok
	case first == "download" && len(path) == 4:
		u.action = u.at(path[1])
		u.Kind, u.File, u.file = SlotAttachment, decodePart(u.at(path[3])), path[3]
		return (u.action == "attachments" || u.action == "thumbnails") && u.setID(path[2])
	}
	return false
}

func (u *address) matchAction(name string, query place) bool {
	action, ok := strings.CutSuffix(name, ".action")
	if !ok || action == "" || strings.Trim(action, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return false
	}
	u.action = action
	if id := u.take(query, "pageId"); id.to > 0 {
		u.Kind = SlotPageID
		return u.setID(id)
	}
	if action != "viewpage" {
		return false
	}
	u.Kind, u.key, u.title = SlotTitleURL, u.take(query, "spaceKey"), u.take(query, "title")
	u.Title = decodePart(u.at(u.title))
	return u.Title != "" && u.setKey(u.key)
}

func (u *address) matchDisplay(path []place) bool {
	u.Kind = SlotTitleURL
	switch {
	case len(path) == 1:
	case len(path) == 2:
		u.title = path[1]
	case len(path) == 5 && isDay(u.text[path[1].from:path[3].to]):
		u.Day, u.title = u.text[path[1].from:path[3].to], path[4]
	default:
		return false
	}
	u.Title = decodePart(u.at(u.title))
	return u.setKey(path[0])
}

func (u *address) matchSpaces(path []place) bool {
	if !u.setKey(path[0]) {
		return false
	}
	switch {
	case len(path) == 1, len(path) == 2 && u.at(path[1]) == "overview":
		u.Kind = SlotTitleURL
		return true
	case (len(path) == 3 || len(path) == 4) && u.at(path[1]) == "pages":
		u.Kind = SlotPageID
		return u.setID(path[2])
	case (len(path) == 6 || len(path) == 7) && u.at(path[1]) == "blog" && isDay(u.text[path[2].from:path[4].to]):
		u.Kind = SlotPageID
		return u.setID(path[5])
	}
	return false
}

func (u *address) setKey(p place) bool {
	u.key, u.SpaceKey = p, decodePart(u.at(p))
	return u.SpaceKey != "" && !strings.HasSuffix(u.SpaceKey, ".action")
}

func (u *address) setID(p place) bool {
	u.id, u.ID = p, confluence.ID(u.at(p))
	return len(u.ID) > 0 && len(u.ID) < 20 && strings.Trim(string(u.ID), "0123456789") == ""
}

// take returns the place of a query parameter's value and takes the parameter out of Query.
func (u *address) take(query place, name string) place {
	others := strings.Split(u.Query, "&")
	i := slices.IndexFunc(others, func(p string) bool { return strings.HasPrefix(p, name+"=") })
	if i < 0 {
		return place{}
	}
	u.Query = strings.Join(slices.Delete(others, i, i+1), "&")
	for from := query.from; from < query.to; {
		to := from + len(u.text[from:query.to])
		if end := strings.IndexByte(u.text[from:query.to], '&'); end >= 0 {
			to = from + end
		}
		if strings.HasPrefix(u.text[from:to], name+"=") {
			return place{from + len(name) + 1, to}
		}
		from = to + 1
	}
	return place{}
}

// isDay reports whether s is yyyy/mm/dd.
func isDay(s string) bool {
	return len(s) == 10 && s[4] == '/' && s[7] == '/' && strings.Trim(s[:4]+s[5:7]+s[8:], "0123456789") == ""
}

// decodePart decodes a part of a path or query; one that is not well encoded stands for itself.
func decodePart(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// encodePart is the inverse of decodePart.
func encodePart(s string) string { return url.QueryEscape(s) }

// canonical returns the one form of all addresses of the same target at the same base.
func (u *address) canonical() string {
	s := u.Slot
	s.Title, s.SpaceKey, s.File = composed(s.Title), composed(s.SpaceKey), composed(s.File)
	switch u.Kind {
	case SlotPageID:
		query := "?pageId=" + string(s.ID)
		if s.Query != "" {
			query += "&" + s.Query
		}
		action := u.action
		if action == "" {
			action = "viewpage"
		}
		return s.Base + "/pages/" + action + ".action" + query + anchorOf(s)
	case SlotAttachment:
		return s.Base + "/download/" + u.action + "/" + string(s.ID) + "/" + encodePart(s.File) + queryOf(s) + anchorOf(s)
	case SlotShortLink:
		return s.Base + "/x/" + u.at(u.id) + queryOf(s) + anchorOf(s)
	}
	return addressOf(s)
}

// addressOf writes an address for a slot of any kind that can stand in one.
func addressOf(s Slot) string {
	tail := queryOf(s) + anchorOf(s)
	switch s.Kind {
	case SlotPageID:
		if s.SpaceKey != "" {
			return s.Base + "/spaces/" + encodePart(s.SpaceKey) + "/pages/" + string(s.ID) + tail
		}
		if s.Query != "" {
			return s.Base + "/pages/viewpage.action?pageId=" + string(s.ID) + "&" + tail[1:]
		}
		return s.Base + "/pages/viewpage.action?pageId=" + string(s.ID) + tail
	case SlotAttachment:
		return s.Base + "/download/attachments/" + string(s.ID) + "/" + encodePart(s.File) + tail
	case SlotShortLink:
		if short, ok := ShortLink(s.ID); ok {
			return s.Base + "/x/" + short + tail
		}
		s.Kind, s.SpaceKey = SlotPageID, ""
		return addressOf(s)
	}
	path := s.Base + "/display/" + encodePart(s.SpaceKey)
	if s.Day != "" {
		path += "/" + s.Day
	}
	if s.Title != "" {
		path += "/" + encodePart(s.Title)
	}
	return path + tail
}

func queryOf(s Slot) string {
	if s.Query == "" {
		return ""
	}
	return "?" + s.Query
}

func anchorOf(s Slot) string {
	if s.Anchor == "" {
		return ""
	}
	return "#" + s.Anchor
}

// with returns the address after its slot has become s. Where only parts changed, the others keep their bytes.
func (u *address) with(s Slot) string {
	old := u.Slot
	if s.Kind != old.Kind || s.Query != old.Query || s.Anchor != old.Anchor || s.Day != old.Day ||
		s.Title != old.Title && u.title.to == 0 || s.SpaceKey != old.SpaceKey && u.key.to == 0 && s.Kind != SlotPageID {
		return addressOf(s)
	}
	id := string(s.ID)
	if s.Kind == SlotShortLink && s.ID != old.ID {
		var ok bool
		if id, ok = ShortLink(s.ID); !ok {
			return addressOf(s)
		}
	}
	type edit struct {
		place
		text string
	}
	var edits []edit
	if s.Base != old.Base {
		edits = append(edits, edit{place{0, u.path}, s.Base})
	}
	if s.SpaceKey != old.SpaceKey && u.key.to > 0 {
		edits = append(edits, edit{u.key, encodePart(s.SpaceKey)})
	}
	if s.Title != old.Title {
		edits = append(edits, edit{u.title, encodePart(s.Title)})
	}
	if s.ID != old.ID {
		edits = append(edits, edit{u.id, id})
	}
	if s.File != old.File {
		edits = append(edits, edit{u.file, encodePart(s.File)})
	}
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	from := 0
	for _, e := range edits {
		b.WriteString(u.text[from:e.from] + e.text)
		from = e.to
	}
	return b.String() + u.text[from:]
}
