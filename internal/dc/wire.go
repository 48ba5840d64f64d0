package dc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type (
	call  = wire.Call
	id    = wire.ID
	stamp = wire.Stamp
)

// Shapes of answers. They hold what is used; unknown members are ignored. Ids are taken as strings or numbers: content has
// strings, spaces have numbers.

// place among siblings: a number, or the text none.
type rank struct {
	n   int
	set bool
}

func (r *rank) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &r.n) == nil && !bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		r.set = r.n != -1 // unset at the top of a content (TR-04)
	}
	return nil
}

// word is a text, or the member status of an object: the resolution of a comment and the state of a user are met as both.
type word string

func (w *word) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*string)(w)) == nil {
		return nil
	}
	var m struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(b, &m) == nil {
		*w = word(m.Status)
	}
	return nil
}

type links struct {
	Next     string `json:"next"`
	Download string `json:"download"`
}

type listW[T any] struct {
	Results    []T    `json:"results"`
	Start      int    `json:"start"`
	Limit      int    `json:"limit"`
	Size       int    `json:"size"`
	NextCursor string `json:"nextCursor"`
	Links      links  `json:"_links"`
}

// whole reports whether a list inside an answer holds all there is.
func (l *listW[T]) whole() bool {
	return l != nil && l.Links.Next == "" && l.NextCursor == "" && (l.Limit == 0 || len(l.Results) < l.Limit)
}

type userW struct {
	Type        string `json:"type"` // known, anonymous, unknown
	Username    string `json:"username"`
	UserKey     string `json:"userKey"`
	DisplayName string `json:"displayName"`
	Email       string `json:"email"`
	Status      word   `json:"status"`
}

func (u userW) key() confluence.UserID { return confluence.UserID(wire.First(u.UserKey, u.Username)) }

func (u userW) user() confluence.User {
	off := u.Status != "" && !strings.EqualFold(string(u.Status), "current") && !strings.EqualFold(string(u.Status), "active")
	return confluence.User{ID: u.key(), Name: u.Username, DisplayName: u.DisplayName, Email: u.Email, Active: !off}
}

type versionW struct {
	Number    int    `json:"number"`
	When      stamp  `json:"when"`
	By        userW  `json:"by"`
	Message   string `json:"message"`
	MinorEdit bool   `json:"minorEdit"`
}

func (v versionW) version() confluence.Version {
	return confluence.Version{Number: v.Number, At: v.When.Time(), By: v.By.key(), Message: v.Message, Minor: v.MinorEdit, App: v.By.Type == "anonymous"}
}

type labelW struct {
	Prefix string `json:"prefix"`
	Name   string `json:"name"`
}

func (l labelW) label() confluence.Label {
	return confluence.Label{Prefix: cmp.Or(l.Prefix, "global"), Name: l.Name}
}

func labelsOf(rows []labelW) []confluence.Label {
	var out []confluence.Label
	for _, l := range rows {
		out = append(out, l.label())
	}
	slices.SortFunc(out, func(a, b confluence.Label) int {
		return cmp.Or(cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(out)
}

type groupW struct {
	Name string `json:"name"`
}

type restrictionW struct {
	Operation    string `json:"operation"`
	Restrictions struct {
		User  *listW[userW]  `json:"user"`
		Group *listW[groupW] `json:"group"`
	} `json:"restrictions"`
}

func (r *restrictionW) whole() bool {
	return r != nil && r.Restrictions.User.whole() && r.Restrictions.Group.whole()
}

func (r *restrictionW) principals() []confluence.Principal {
	var out []confluence.Principal
	if r == nil {
		return nil
	}
	if users := r.Restrictions.User; users != nil {
		for _, u := range users.Results {
			out = append(out, confluence.UserPrincipal(u.key()))
		}
	}
	if groups := r.Restrictions.Group; groups != nil {
		for _, g := range groups.Results {
			out = append(out, confluence.GroupPrincipal(g.Name))
		}
	}
	return out
}

// restrictionsW are the restrictions by operation: at the top in practice, inside a member in the document (LB-10).
type restrictionsW struct {
	Read    *restrictionW `json:"read"`
	Update  *restrictionW `json:"update"`
	Wrapped *struct {
		Read   *restrictionW `json:"read"`
		Update *restrictionW `json:"update"`
	} `json:"restrictions"`
}

func (r restrictionsW) both() (read, update *restrictionW) {
	if r.Wrapped != nil {
		return r.Wrapped.Read, r.Wrapped.Update
	}
	return r.Read, r.Update
}

type textW struct {
	Value          string `json:"value"`
	Representation string `json:"representation"`
}
