package parity

import (
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// exempt holds the exceptions of one content: reasons by whole field, and elements taken out of a field. A nil exempt
// has none.
type exempt struct {
	fields   map[string]string
	elements map[string]map[string]bool
}

func (x *exempt) reason(field string) (string, bool) {
	if x == nil {
		return "", false
	}
	reason, ok := x.fields[field]
	return reason, ok
}

// out reports whether an exception takes this element of a field out.
func (x *exempt) out(field, element string) bool {
	return x != nil && x.elements[field][element]
}

// exempts sorts exceptions by content. Where two reasons name one field, the first of the sorted list stands.
func exempts(list []Exception) map[confluence.TwinID]*exempt {
	byTwin := make(map[confluence.TwinID]*exempt)
	for _, e := range list {
		x := byTwin[e.Twin]
		if x == nil {
			x = &exempt{fields: map[string]string{}, elements: map[string]map[string]bool{}}
			byTwin[e.Twin] = x
		}
		field, element, one := strings.Cut(e.Field, "/")
		if !one {
			if _, ok := x.fields[field]; !ok {
				x.fields[field] = e.Reason
			}
			continue
		}
		if x.elements[field] == nil {
			x.elements[field] = map[string]bool{}
		}
		x.elements[field][element] = true
	}
	return byTwin
}

// kept returns the elements that no exception takes out, as a copy.
func kept[T any](list []T, x *exempt, field string, name func(T) string) []T {
	out := make([]T, 0, len(list))
	for _, v := range list {
		if !x.out(field, name(v)) {
			out = append(out, v)
		}
	}
	return out
}

func keptNames(list []string, x *exempt, field string) []string {
	out := kept(list, x, field, func(s string) string { return s })
	slices.Sort(out)
	return slices.Compact(out)
}

// keptComments returns the comments that no exception takes out, with what is left of their replies.
func keptComments(list []Comment, x *exempt) []Comment {
	out := kept(list, x, FieldComments, func(c Comment) string { return string(c.Twin) })
	for i := range out {
		out[i].Replies = keptComments(out[i].Replies, x)
	}
	slices.SortFunc(out, compareComments)
	return out
}
