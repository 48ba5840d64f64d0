package emulator

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// cqlTest compares a field of a content with one value.
type cqlTest func(c *call, p *content, op, value string) (bool, error)

func equals(get func(*content) string) cqlTest {
	return func(_ *call, p *content, _, value string) (bool, error) { return strings.EqualFold(get(p), value), nil }
}

func dated(get func(*call, *content) stamp) cqlTest {
	return func(c *call, p *content, op, value string) (bool, error) {
		t, err := cqlTime(value, c.zoneCQL(), c.now)
		if err != nil {
			return false, invalid("Could not parse cql : " + err.Error())
		}
		const minute = 60_000
		at, want := int64(get(c, p))/minute, t.UnixMilli()/minute
		switch op {
		case "<":
			return at < want, nil
		case "<=":
			return at <= want, nil
		case ">":
			return at > want, nil
		case ">=":
			return at >= want, nil
		}
		return at == want, nil
	}
}

// worded compares text word by word; an empty text breaks the server (register row ER-08).
func worded(get func(*call, *content) string) cqlTest {
	return func(c *call, p *content, op, value string) (bool, error) {
		if strings.TrimSpace(value) == "" && strings.HasSuffix(op, "~") {
			return false, fail(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "java.lang.NullPointerException")
		}
		if !strings.HasSuffix(op, "~") {
			return strings.EqualFold(get(c, p), value), nil
		}
		have := get(c, p)
		for word := range strings.FieldsSeq(value) {
			if !containsFold(have, strings.Trim(word, "*")) {
				return false, nil
			}
		}
		return true, nil
	}
}

// identified compares ids, of attachments with or without their prefix.
func identified(_ *call, p *content, _, value string) (bool, error) {
	return text(p.id) == numeric(value), nil
}

// favoured reports whether an account has the content among its favourites.
func favoured(c *call, p *content, _, value string) (bool, error) {
	r := relation{name: favourite, source: end{"user", value}, target: end{"content", p.idText()}}
	return c.relationIndex(r) >= 0, nil
}

// cqlFields are the fields of contents. There is none for the status.
var cqlFields = map[string]cqlTest{
	"space":     equals(func(p *content) string { return p.space.key }),
	"space.key": equals(func(p *content) string { return p.space.key }),
	"type":      equals(func(p *content) string { return p.typeKey() }),
	"id":        identified,
	"content":   identified,
	"container": func(_ *call, p *content, _, value string) (bool, error) {
		return !p.tree() && p.parent != nil && text(p.parent.id) == numeric(value), nil
	},
	"contributor": func(_ *call, p *content, _, value string) (bool, error) {
		by := func(u *user) bool { return u != nil && u.id == value }
		return by(p.creator) || by(p.last.by) || slices.ContainsFunc(p.older, func(v version) bool { return by(v.by) }), nil
	},
	"favourite": favoured, "favorite": favoured,
	"macro": func(c *call, p *content, _, value string) (bool, error) {
		return strings.Contains(c.heap.text(p.body), `<ac:structured-macro ac:name="`+markup.EscapeText(value)+`"`), nil
	},
	"mention": func(c *call, p *content, _, value string) (bool, error) {
		return strings.Contains(c.heap.text(p.body), `ri:account-id="`+markup.EscapeText(value)+`"`), nil
	},
	"watcher": func(c *call, p *content, _, value string) (bool, error) {
		u := c.people.byID[value]
		return u != nil && c.watching(watched{"content", p.id}, u), nil
	},
	"space.type":  equals(func(p *content) string { return p.space.kind }),
	"space.title": worded(func(_ *call, p *content) string { return p.space.name }),
	"space.category": func(_ *call, p *content, _, value string) (bool, error) {
		return slices.ContainsFunc(p.space.labels, func(l *label) bool { return l.prefix == "team" && strings.EqualFold(l.name, value) }), nil
	},
	"creator": equals(func(p *content) string { return p.creator.id }),
	"title":   worded(func(_ *call, p *content) string { return p.title }),
	"text":    worded(func(c *call, p *content) string { return c.plainText(p) }),
	"sitesearch": worded(func(c *call, p *content) string {
		return p.title + " " + c.plainText(p)
	}),
	"label": func(_ *call, p *content, _, value string) (bool, error) {
		return slices.ContainsFunc(p.labels, func(l *label) bool {
			return strings.EqualFold(l.name, value) || strings.EqualFold(l.prefix+":"+l.name, value)
		}), nil
	},
	"parent": func(_ *call, p *content, _, value string) (bool, error) {
		return p.tree() && p.parent != nil && text(p.parent.id) == value, nil
	},
	"ancestor": func(_ *call, p *content, _, value string) (bool, error) {
		for at := p.parent; at != nil; at = at.parent {
			if text(at.id) == value {
				return true, nil
			}
		}
		return false, nil
	},
	"created": dated(func(_ *call, p *content) stamp { return p.created }),
	"lastmodified": dated(func(c *call, p *content) stamp {
		v, _ := c.indexed(p)
		return v.at
	}),
}

func (c *call) plainText(p *content) string {
	plain, err := markup.Text(c.heap.text(p.body))
	if err != nil {
		return ""
	}
	return plain
}
