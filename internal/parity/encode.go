package parity

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	leafTag      = "tandem leaf 1"
	exceptionTag = "tandem exception 1"
)

// encoder appends the length-prefixed fields of leaves to a buffer.
type encoder struct{ buf []byte }

func (e *encoder) count(n int) { e.buf = binary.BigEndian.AppendUint64(e.buf, uint64(n)) }

func (e *encoder) text(s string) {
	e.count(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) number(n int64) { e.text(strconv.FormatInt(n, 10)) }

func (e *encoder) texts(list []string) {
	e.count(len(list))
	for _, s := range list {
		e.text(s)
	}
}

// field writes what an exception of the field says, or else the field.
func (e *encoder) field(x *exempt, name string, write func()) {
	if reason, ok := x.reason(name); ok {
		e.text("!" + reason)
		return
	}
	write()
}

func (e *encoder) leaf(depth Depth, l *leaf) {
	e.text(leafTag)
	e.text(string(depth))
	e.field(l.exempt, FieldKind, func() { e.text(string(l.Kind)) })
	e.text(string(l.Twin))
	e.field(l.exempt, FieldTitle, func() { e.text(l.Title) })
	e.field(l.exempt, FieldParent, func() { e.text(string(l.Parent)) })
	e.field(l.exempt, FieldRank, func() { e.text(l.placeText()) })
	e.field(l.exempt, FieldContent, func() { e.text(l.Content.String()) })
	e.field(l.exempt, FieldFiles, func() {
		e.count(len(l.Files))
		for _, f := range l.Files {
			e.text(f.Name)
			e.text(f.SHA256)
			e.number(f.Size)
		}
	})
	e.field(l.exempt, FieldLabels, func() { e.texts(l.Labels) })
	e.field(l.exempt, FieldComments, func() { e.comments(l.Comments) })
	e.field(l.exempt, FieldReaders, func() { e.principals(l.Restricted[0], l.Readers) })
	e.field(l.exempt, FieldEditors, func() { e.principals(l.Restricted[1], l.Editors) })
}

func (e *encoder) comments(list []Comment) {
	e.count(len(list))
	for i := range list {
		e.comment(&list[i])
	}
}

func (e *encoder) comment(c *Comment) {
	e.text(string(c.Twin))
	e.text(string(c.Kind))
	e.text(c.Content.String())
	e.text(c.Resolution)
	e.comments(c.Replies)
}

func (e *encoder) principals(restricted bool, list []string) {
	e.text(openOrSet(restricted))
	e.texts(list)
}

func openOrSet(restricted bool) string {
	if restricted {
		return "set"
	}
	return "open"
}

// exceptionLeaves returns one leaf for each reason, sorted by bytes. The list must be sorted and free of repetitions.
func exceptionLeaves(space string, list []Exception) [][]byte {
	var leaves [][]byte
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Reason == list[0].Reason {
			n++
		}
		var e encoder
		e.text(exceptionTag)
		e.text(space)
		e.text(list[0].Reason)
		e.count(n)
		for _, x := range list[:n] {
			e.text(string(x.Twin))
			e.text(x.Field)
		}
		leaves = append(leaves, e.buf)
		list = list[n:]
	}
	slices.SortFunc(leaves, slices.Compare[[]byte])
	return leaves
}

func compareExceptions(a, b Exception) int {
	return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Twin, b.Twin), cmp.Compare(a.Field, b.Field))
}

func compareComments(a, b Comment) int {
	if c := cmp.Compare(a.Twin, b.Twin); c != 0 {
		return c
	}
	// Two comments of one twin are a fault of the caller; the order of the input must not show all the same.
	var ea, eb encoder
	ea.comment(&a)
	eb.comment(&b)
	return slices.Compare(ea.buf, eb.buf)
}

func compareFiles(a, b File) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Size, b.Size))
}

// described is the part of a comment that is its own, for comparison and for people.
func described(c *Comment, under confluence.TwinID) string {
	s := string(c.Kind) + " " + c.Content.String()
	if c.Resolution != "" {
		s += " " + c.Resolution
	}
	if under != "" {
		s += " under " + string(under)
	}
	return s
}
