package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
)

// operationsGap is what listings of permitted operations leave out.
const operationsGap = "names the operations that the site's permissions decide, not every operation that a real answer may name"

// likers are those who like a content, in order of time. REST v2 cannot add a like (register row LB-13).
func (c *content) likers() []*user {
	if c.more == nil {
		return nil
	}
	return c.more.likes
}

func likesV2(likers []*user) []object {
	var out []object
	for _, u := range likers {
		out = append(out, object{"accountId": u.id})
	}
	return out
}

// finder returns the content that a call is about.
type finder func(*call) (*content, error)

func ofKind(k kind) finder {
	return func(c *call) (*content, error) { return c.visible(numeric(c.params[0]), k) }
}

func ofComments(inline bool) finder {
	return func(c *call) (*content, error) { return c.comment(inline) }
}

func countLikes(find finder) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := find(c)
		if err != nil {
			return answer{}, err
		}
		return ok(object{"count": len(p.likers())})
	}
}

func listLikes(find finder) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := find(c)
		if err != nil {
			return answer{}, err
		}
		w, err := c.window(25)
		if err != nil {
			return answer{}, err
		}
		likers := p.likers()
		rows, cursor := pick(likers, func(*user) bool { return true }, order[*user]{
			key: func(u *user) sortKey { return sortKey{N: int64(slices.Index(likers, u) + 1)} },
		}, w)
		return c.listing(likesV2(rows), cursor)
	}
}

func listOperations(k kind) func(*call) (answer, error) { return operationsOf(ofKind(k)) }

func operationsOf(find finder) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := find(c)
		if err != nil {
			return answer{}, err
		}
		return ok(object{"operations": c.operations(p)})
	}
}

// spaceOperations are what the caller may do in a space.
func (c *call) spaceOperations(s *space) []object {
	var out []object
	for _, g := range fullGrants {
		if s.allowed(c.user, g.key, g.target) {
			out = append(out, object{"operation": g.key, "targetType": g.target})
		}
	}
	return out
}

func listSpaceOperations(c *call) (answer, error) {
	s, err := c.spaceByID(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(object{"operations": c.spaceOperations(s)})
}

// actLike lets a person like a page, blog post or comment, or not like it any more.
func actLike(likes bool) func(*call, json.RawMessage) error {
	return withPage(func(c *call, p *content, q actRequest) error {
		if q.Comment != "" {
			m, err := c.commentNamed(p, q.Comment)
			if err != nil {
				return err
			}
			p = m
		}
		has := slices.Contains(p.likers(), c.user)
		switch {
		case likes == has:
			return fmt.Errorf("%q is liked already, or not liked", p.title)
		case likes:
			p.extra().likes = append(slices.Clone(p.more.likes), c.user)
		default:
			p.more.likes = slices.DeleteFunc(slices.Clone(p.more.likes), func(u *user) bool { return u == c.user })
		}
		return nil
	})
}
