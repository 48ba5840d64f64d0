package emulator

import (
	"net/http"
	"net/url"
	"slices"
)

// relation is a bond that an account, content or space has with another; favourite is the one that the product knows.
type relation struct {
	name           string
	source, target end
	by             *user
	at             stamp
}

// end is one side of a relation.
type end struct {
	kind string // user, content or space
	key  string // account id, content id or space key
}

// endV1 finds one side of a relation, if the caller sees it.
func (c *call) endV1(kind, key string) (end, error) {
	switch kind {
	case "user":
		if key == "current" {
			key = c.user.id
		}
		if c.people.byID[key] == nil {
			return end{}, fail(http.StatusNotFound, "NOT_FOUND", "No user found with key: "+key)
		}
		return end{kind, key}, nil
	case "content":
		p, err := c.any(key)
		if err != nil {
			return end{}, err
		}
		return end{kind, p.idText()}, nil
	case "space":
		s, err := c.spaceByKey(key)
		if err != nil {
			return end{}, err
		}
		return end{kind, s.key}, nil
	}
	return end{}, invalid("Invalid entity type: " + kind)
}

// path is the address of one side below the context path.
func (e end) path() string {
	switch e.kind {
	case "user":
		return "/rest/api/user?accountId=" + url.QueryEscape(e.key)
	case "space":
		return "/rest/api/space/" + e.key
	}
	return "/rest/api/content/" + e.key
}

// whole is one side as an object; nil where it is gone.
func (c *call) endWhole(e end) any {
	switch e.kind {
	case "user":
		return c.userV1(c.people.byID[e.key])
	case "space":
		if s, err := c.spaceByKey(e.key); err == nil {
			return c.spaceV1(s, false)
		}
		return nil
	}
	if p, err := c.any(e.key); err == nil {
		return c.contentV1(p, nil)
	}
	return nil
}

// relationV1 is a relation as REST v1 shows it. Of favourites the target is never expanded (live suite of
// confluence.js).
func (c *call) relationV1(r *relation, e expansions) object {
	expandable := object{"relationData": "", "source": r.source.path(), "target": r.target.path()}
	o := object{"name": r.name, "_expandable": expandable, "_links": object{
		"self": c.base() + "/rest/api/relation/" + r.name + "/from/" + r.source.kind + "/" + r.source.key + "/to/" + r.target.kind + "/" + r.target.key,
	}}
	if e["relationData"] {
		o["relationData"] = object{
			"createdBy": c.userV1(r.by), "createdDate": r.at.String(), "friendlyCreatedDate": r.at.time().Format("Jan 02, 2006"),
		}
		delete(expandable, "relationData")
	}
	for name, side := range map[string]end{"source": r.source, "target": r.target} {
		if e[name] && (name == "source" || r.name != favourite) {
			if whole := c.endWhole(side); whole != nil {
				o[name] = whole
				delete(expandable, name)
			}
		}
	}
	return o
}

const favourite = "favourite"

// related reads both sides of a call and finds the relation between them, -1 where there is none.
func (c *call) related() (relation, int, error) {
	r := relation{name: c.params[0]}
	var err error
	if r.source, err = c.endV1(c.params[1], c.params[2]); err != nil {
		return r, 0, err
	}
	if r.target, err = c.endV1(c.params[3], c.params[4]); err != nil {
		return r, 0, err
	}
	if r.name == favourite && (r.source.kind != "user" || r.target.kind == "user") {
		return r, 0, invalid("A favourite goes from a user to a space or a content")
	}
	return r, c.relationIndex(r), nil
}

func (s *Site) relationIndex(r relation) int {
	return slices.IndexFunc(s.world.annex.relations, func(o *relation) bool {
		return o.name == r.name && o.source == r.source && o.target == r.target
	})
}

func getRelation(c *call) (answer, error) {
	r, at, err := c.related()
	if err != nil {
		return answer{}, err
	}
	if at < 0 {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No relation "+r.name+" between these")
	}
	return ok(c.whole(c.relationV1(c.world.annex.relations[at], c.expand())))
}

func createRelation(c *call) (answer, error) {
	r, at, err := c.related()
	if err != nil {
		return answer{}, err
	}
	if r.name == favourite && r.source.key != c.user.id {
		return answer{}, c.forbidden("user", r.source.key)
	}
	if at < 0 {
		r.by, r.at = c.user, c.stamp()
		c.world.annex.relations = append(c.world.annex.relations, &r)
		at = len(c.world.annex.relations) - 1
	}
	return ok(c.whole(c.relationV1(c.world.annex.relations[at], c.expand())))
}

// deleteRelation also answers 204 where there was none.
func deleteRelation(c *call) (answer, error) {
	r, at, err := c.related()
	if err != nil {
		return answer{}, err
	}
	if r.name == favourite && r.source.key != c.user.id && !c.user.admin {
		return answer{}, c.forbidden("user", r.source.key)
	}
	if at >= 0 {
		c.world.annex.relations = slices.Delete(slices.Clone(c.world.annex.relations), at, at+1)
	}
	return status204()
}

// findRelated lists the relations of one side; favourites cannot be listed (live suite of confluence.js: 501).
func findRelated(fromSource bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		one, err := c.endV1(c.params[1], c.params[2])
		if err != nil {
			return answer{}, err
		}
		name, kind := c.params[0], c.params[3]
		if !slices.Contains([]string{"user", "content", "space"}, kind) {
			return answer{}, invalid("Invalid entity type: " + kind)
		}
		if name == favourite {
			return answer{}, fail(http.StatusNotImplemented, "NOT_IMPLEMENTED",
				"com.atlassian.confluence.api.service.exceptions.NotImplementedServiceException: find relations not implemented for Favourites")
		}
		start, limit, err := c.offset(25)
		if err != nil {
			return answer{}, err
		}
		var hits []*relation
		for _, r := range c.world.annex.relations {
			from, to := r.source, r.target
			if !fromSource {
				from, to = to, from
			}
			if r.name == name && from == one && to.kind == kind && c.endWhole(to) != nil {
				hits = append(hits, r)
			}
		}
		picked, more := slicePage(hits, start, limit)
		rows := []object{}
		for _, r := range picked {
			rows = append(rows, c.relationV1(r, c.expand()))
		}
		return c.rowsV1(rows, start, limit, more)
	}
}
