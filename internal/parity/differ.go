package parity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// differences names what differs between paired leaves. moved holds the pages whose order is to be named.
func differences(pairs []pair, moved map[*leaf]bool) []Difference {
	var out []Difference
	for _, p := range pairs {
		a, b := p[confluence.A], p[confluence.B]
		switch {
		case a == nil:
			out = append(out, Difference{Twin: b.Twin, Kind: b.Kind, Title: b.Title, Missing: [2]bool{true, false}})
		case b == nil:
			out = append(out, Difference{Twin: a.Twin, Kind: a.Kind, Title: a.Title, Missing: [2]bool{false, true}})
		case a.digest != b.digest || moved[a]:
			d := differ{pair: p}
			d.fields(moved[a])
			out = append(out, d.found...)
		}
	}
	slices.SortStableFunc(out, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Twin, y.Twin), cmp.Compare(x.Field, y.Field))
	})
	return out
}

// differ gathers the differences of one pair.
type differ struct {
	pair  pair
	found []Difference
}

func (d *differ) add(field string, values [2]string, missing [2]bool) {
	a := d.pair[confluence.A]
	d.found = append(d.found, Difference{
		Twin: a.Twin, Kind: a.Kind, Title: a.Title, Field: field, Values: values, Missing: missing,
	})
}

// counts reports whether a field takes part at all.
func (d *differ) counts(field string) bool {
	_, excepted := d.pair[confluence.A].exempt.reason(field)
	return !excepted
}

func (d *differ) fields(moved bool) {
	d.value(FieldKind, func(l *leaf) string { return string(l.Kind) })
	d.value(FieldTitle, func(l *leaf) string { return l.Title })
	d.value(FieldParent, func(l *leaf) string { return string(l.Parent) })
	if moved {
		d.add(FieldRank, d.both(func(l *leaf) string { return l.placeText() }), [2]bool{})
	}
	d.value(FieldContent, func(l *leaf) string { return l.Content.String() })
	d.elements(FieldFiles, filesByName)
	d.elements(FieldLabels, func(l *leaf) map[string]string {
		labels := make(map[string]string, len(l.Labels))
		for _, label := range l.Labels {
			labels[label] = label
		}
		return labels
	})
	d.comments()
	d.value(FieldReaders, func(l *leaf) string { return listed(l.Restricted[0], l.Readers) })
	d.value(FieldEditors, func(l *leaf) string { return listed(l.Restricted[1], l.Editors) })
}

func (d *differ) both(value func(*leaf) string) [2]string {
	return [2]string{value(d.pair[confluence.A]), value(d.pair[confluence.B])}
}

func (d *differ) value(field string, value func(*leaf) string) {
	if v := d.both(value); v[0] != v[1] && d.counts(field) {
		d.add(field, v, [2]bool{})
	}
}

// elements compares a field that is a set of named values.
func (d *differ) elements(field string, of func(*leaf) map[string]string) {
	if !d.counts(field) {
		return
	}
	a, b := of(d.pair[confluence.A]), of(d.pair[confluence.B])
	for name, value := range a {
		other, ok := b[name]
		if !ok || other != value {
			d.add(field+"/"+name, [2]string{value, other}, [2]bool{false, !ok})
		}
	}
	for name, value := range b {
		if _, ok := a[name]; !ok {
			d.add(field+"/"+name, [2]string{"", value}, [2]bool{true, false})
		}
	}
}

func filesByName(l *leaf) map[string]string {
	files := make(map[string]string, len(l.Files))
	for _, f := range l.Files {
		text := fmt.Sprintf("%d bytes", f.Size)
		if f.SHA256 != "" {
			text += ", sha256 " + f.SHA256
		}
		if before, ok := files[f.Name]; ok {
			text = before + "; " + text
		}
		files[f.Name] = text
	}
	return files
}

// listed writes a restriction for people; equal restrictions give equal text.
func listed(restricted bool, principals []string) string {
	if !restricted && len(principals) == 0 {
		return openOrSet(false)
	}
	return openOrSet(restricted) + ": " + strings.Join(principals, ", ")
}

// said is what stands in a tree of comments under one twin.
type said struct {
	text  string
	under confluence.TwinID
}

func (d *differ) comments() {
	if !d.counts(FieldComments) {
		return
	}
	var sides [2]map[confluence.TwinID]said
	for _, side := range confluence.Sides {
		sides[side] = make(map[confluence.TwinID]said)
		flatten(sides[side], d.pair[side].Comments, "")
	}
	for _, side := range confluence.Sides {
		other := sides[side.Other()]
		for twin, here := range sides[side] {
			there, ok := other[twin]
			if ok && (side == confluence.B || there.text == here.text) {
				continue
			}
			if _, parentThere := other[here.under]; !ok && here.under != "" && !parentThere {
				continue // the comment it answers is missing as well, and named
			}
			var values [2]string
			var missing [2]bool
			values[side], values[side.Other()], missing[side.Other()] = here.text, there.text, !ok
			d.add(FieldComments+"/"+string(twin), values, missing)
		}
	}
}

func flatten(into map[confluence.TwinID]said, list []Comment, under confluence.TwinID) {
	for i := range list {
		c := &list[i]
		text := described(c, under)
		if before, ok := into[c.Twin]; ok {
			text = before.text + "; " + text
		}
		into[c.Twin] = said{text: text, under: under}
		flatten(into, c.Replies, c.Twin)
	}
}
