package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func (w *world) mint() twinID {
	w.next++
	return twinID(fmt.Sprintf("t%03d", w.next))
}

func (w *world) pick(list []twinID) twinID { return list[w.choose(len(list))] }

// grow adds random contents at the sender.
func (w *world) grow(n int) {
	for range n {
		a := w.side[confluence.A]
		twin := w.mint()
		t := &thing{kind: confluence.Page, title: "Page " + string(twin), body: "body " + string(twin), version: 1}
		holders := a.of(confluence.Page, confluence.BlogPost)
		switch w.choose(12) {
		case 0:
			t.kind = confluence.BlogPost
		case 1, 2:
			t.kind, t.parent, t.file, t.body = confluence.Attachment, w.pick(holders), "bytes "+string(twin), ""
		case 3, 4:
			t.kind, t.parent, t.title = confluence.Comment, w.pick(append(holders, a.of(confluence.Comment)...)), ""
		case 5:
			// stands at the root
		default:
			t.parent = w.pick(a.pages())
		}
		if t.kind != confluence.Comment && w.choose(4) == 0 {
			t.labels = "l" + string(twin)
		}
		if t.kind == confluence.Page && w.choose(6) == 0 {
			t.restrict = "r" + string(twin)
		}
		if t.kind != confluence.Attachment && w.choose(4) == 0 {
			t.late = []twinID{w.pick(append(a.of(confluence.Page, confluence.BlogPost, confluence.Attachment), twin))}
		}
		a.put(twin, t)
		if w.choose(3) == 0 {
			a.explicit[t.parent] = true
		}
	}
}

// perturb changes the sender as people do.
func (w *world) perturb(n int) {
	for range n {
		a := w.side[confluence.A]
		pages := a.pages()
		twin := w.pick(pages)
		t := a.things[twin]
		switch w.choose(12) {
		case 0:
			w.grow(1)
		case 1:
			w.next++
			t.title = fmt.Sprintf("Renamed %d", w.next)
		case 2:
			t.title = strings.ToUpper(t.title)
		case 3: // swap or rotate titles
			some := pages[:0:0]
			for range 2 + w.choose(3) {
				if p := w.pick(pages); !slices.Contains(some, p) {
					some = append(some, p)
				}
			}
			first := a.things[some[0]].title
			for i := range len(some) - 1 {
				a.things[some[i]].title = a.things[some[i+1]].title
			}
			a.things[some[len(some)-1]].title = first
		case 4, 5:
			to := w.pick(append(pages, ""))
			if !t.home && !a.inside(to, twin) {
				a.reparent(twin, to)
			}
		case 6:
			list := a.children[t.parent]
			i := w.choose(len(list))
			list[0], list[i] = list[i], list[0]
			a.explicit[t.parent] = true
		case 7:
			w.next++
			t.body = fmt.Sprintf("edited %d", w.next)
		case 8:
			t.labels = fmt.Sprint("labels", w.choose(3))
		case 9:
			t.restrict = []string{"", "readers", "others"}[w.choose(3)]
		case 10:
			if others := a.of(confluence.Attachment, confluence.Comment); len(others) > 0 {
				o := a.things[w.pick(others)]
				w.next++
				if o.kind == confluence.Attachment {
					o.file = fmt.Sprintf("bytes %d", w.next)
				} else {
					o.body = fmt.Sprintf("comment %d", w.next)
				}
			}
		case 11:
			if !t.home && len(pages) > 2 {
				a.remove(twin)
			}
		}
	}
}

// tidy renames, as people would, pages at the receiver that are gone at the sender and in the way of another's title, and
// removes some others.
func (w *world) tidy() {
	a, b := w.side[confluence.A], w.side[confluence.B]
	for _, twin := range b.pages() {
		if a.things[twin] != nil {
			continue
		}
		for _, s := range a.things {
			if s.kind == confluence.Page && strings.EqualFold(s.title, b.things[twin].title) {
				w.next++
				b.things[twin].title = fmt.Sprintf("Old %d", w.next)
			}
		}
		if len(b.children[twin]) == 0 && w.choose(3) == 0 {
			b.remove(twin)
		}
	}
}

// differences says where the receiver is not what the sender is, among what the sender has.
func (w *world) differences() []string {
	var out []string
	a, b := w.side[confluence.A], w.side[confluence.B]
	for _, twin := range a.of(confluence.Page, confluence.BlogPost, confluence.Attachment, confluence.Comment) {
		s, r := a.things[twin], b.things[twin]
		if r == nil {
			out = append(out, string(twin)+" is missing")
			continue
		}
		for _, f := range []struct{ name, want, got string }{
			{"title", s.title, r.title}, {"parent", string(s.parent), string(r.parent)}, {"body", s.body, r.body}, {"labels", s.labels, r.labels},
			{"restrictions", s.restrict, r.restrict}, {"file", s.file, r.file},
		} {
			if f.want != f.got {
				out = append(out, fmt.Sprintf("%s has %s %q instead of %q", twin, f.name, f.got, f.want))
			}
		}
	}
	for twin, s := range a.things {
		for _, late := range s.late {
			if r := b.things[twin]; r != nil && a.things[late] != nil && !strings.Contains(r.resolved, string(late)) {
				out = append(out, fmt.Sprintf("%s does not lead to %s", twin, late))
			}
		}
	}
	for parent, list := range a.children {
		if !a.explicit[parent] || parent == "" && !w.policy.RootPosition[confluence.B] {
			continue
		}
		got := slices.DeleteFunc(slices.Clone(b.children[parent]), func(c twinID) bool { return a.things[c] == nil })
		if !slices.Equal(got, list) {
			out = append(out, fmt.Sprintf("children of %q are %v instead of %v", parent, got, list))
		}
	}
	return out
}

// settle plans and carries out until there is nothing to do. It returns the last result.
func (w *world) settle() (Result, error) {
	for round := range 60 {
		if round > 15 {
			w.fail = 0
		}
		r := w.plan()
		if len(w.broken) == 0 {
			w.check(r)
		}
		w.carry(r)
		if len(w.broken) > 0 {
			return r, fmt.Errorf("%s", strings.Join(w.broken, "\n"))
		}
		if len(r.Changes) == 0 && len(r.Ordered) == 0 {
			return r, nil
		}
	}
	return Result{}, fmt.Errorf("no end after 60 rounds")
}

// check holds a result to what every result must be.
func (w *world) check(r Result) {
	for i, c := range r.Changes {
		if c.N != i {
			w.refuse("change %d has number %d", i, c.N)
		}
		for _, n := range append(slices.Clone(c.Needs), c.Waits...) {
			if n < 0 || n >= len(r.Changes) || n == i {
				w.refuse("change %d needs or waits for %d", i, n)
			}
		}
		if c.Verb == confluence.VerbPut && c.Title == "" {
			w.refuse("an update of %s without a title", c.Twin)
		}
		if c.Relink && c.Facets != Body {
			w.refuse("second pass over %s carries %v", c.Twin, c.Facets.Names())
		}
	}
}
