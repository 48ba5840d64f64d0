package emulator

import (
	"net/http"
	"strconv"
)

// wantedVersion puts the version that the call asks for into an answer for one content, and returns its body.
func (c *call) wantedVersion(p *content, o object) (body span, err error) {
	n := c.query.Get("version")
	if n == "" {
		return p.body, nil
	}
	number, err := strconv.Atoi(n)
	v, at, found := p.versionAt(number)
	if err != nil || !found {
		return body, failf(http.StatusNotFound, "NOT_FOUND", "Cannot find version [%s] of content with id [%s]", n, p.idText())
	}
	o["version"] = versionV2(number, v)
	if p.kind == page || p.kind == blogPost {
		o["version"] = c.pageVersion(number, v)
	}
	if number != p.number() && p.kind != comment && p.kind != attachment {
		o["status"] = "historical"
		if v.title != "" {
			o["title"] = v.title
		}
	}
	return at, nil
}

// singleVersion completes the answer for one content: the version asked for, its body, and what is to be included.
func (c *call) singleVersion(p *content, o object, forms []string) (answer, error) {
	at, err := c.wantedVersion(p, o)
	if err != nil {
		return answer{}, err
	}
	if forms != nil {
		if o["body"], err = c.bodyV2(p, at, forms...); err != nil {
			return answer{}, err
		}
	}
	if !c.flag("include-version", true) {
		delete(o, "version")
	}
	c.includes(p, o)
	return ok(o)
}

// includes adds what the include parameters of a single content ask for. An inline comment has members of its own beside
// the list of its properties.
func (c *call) includes(p *content, o object) {
	self := c.r.URL.Path + "/"
	add := func(name, member, path string, rows func() []object) {
		if !c.flag(name, false) {
			return
		}
		list := c.included(rows(), self+path)
		if there, _ := o[member].(object); there != nil {
			for k, v := range list {
				there[k] = v
			}
			return
		}
		o[member] = list
	}
	add("include-properties", "properties", "properties", func() []object { return c.propertiesV2(p) })
	add("include-operations", "operations", "operations", func() []object { return c.operations(p) })
	if p.tree() && c.flag("include-direct-children", false) {
		o["directChildren"] = c.included(c.childRows(p), self+"direct-children")
	}
	if p.kind == folder || p.kind.opaque() {
		return
	}
	if p.kind != comment {
		add("include-labels", "labels", "labels", func() []object { return labelsV2(p.labels) })
	}
	add("include-versions", "versions", "versions", func() []object { return p.versionsV2() })
	if p.kind != attachment && p.kind != customContent {
		add("include-likes", "likes", "likes/users", func() []object { return likesV2(p.likers()) })
	}
	if p.kind != comment && c.flag("include-favorited-by-current-user-status", false) {
		o["isFavoritedByCurrentUser"] = false
	}
}

// operations are what the caller may do with a content.
func (c *call) operations(p *content) []object {
	target := p.target()
	if p.kind.opaque() || p.kind == folder {
		target = p.kind.String()
	}
	out := []object{{"operation": "read", "targetType": target}}
	if p.edits(c.user) {
		out = append(out, object{"operation": "update", "targetType": target})
	}
	if p.removes(c.user) {
		out = append(out, object{"operation": "delete", "targetType": target})
	}
	if p.kind != page && p.kind != blogPost {
		return out
	}
	for _, sub := range []string{"comment", "attachment"} {
		if p.space.allowed(c.user, "create", sub) {
			out = append(out, object{"operation": "create", "targetType": sub})
		}
	}
	if p.edits(c.user) && p.space.allowed(c.user, "restrict_content", "space") {
		out = append(out, object{"operation": "restrict_content", "targetType": target})
	}
	return out
}
