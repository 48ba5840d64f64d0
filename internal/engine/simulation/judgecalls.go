package simulation

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// judgeOnce: each comment stands once on its page (I5), and labels and files are those that people gave (I7).
func (l *life) judgeOnce(side confluence.Side, p *picture, page *item) {
	seen := map[string]int{}
	for _, m := range p.below(page.ID, "comment") {
		for _, t := range words(m.Body) {
			if seen[t]++; seen[t] == 2 {
				l.wrong("I5", "comment %s stands twice on %s of side %s", t, page.origin, letter(side))
			}
		}
	}
	files := map[string]bool{}
	for _, f := range p.below(page.ID, "attachment") {
		if files[f.File.Name] {
			l.wrong("I5", "file %s stands twice on %s of side %s", f.File.Name, page.origin, letter(side))
		}
		files[f.File.Name] = true
		if !strings.HasPrefix(stem(strings.TrimSuffix(f.File.Name, ".txt")), "f") {
			l.wrong("I7", "nobody uploaded %q to %s of side %s", f.File.Name, page.origin, letter(side))
		}
	}
	for _, label := range page.Labels {
		if !strings.HasPrefix(label, "global:l") {
			l.wrong("I7", "nobody gave %s the label %q on side %s", page.origin, label, letter(side))
		}
	}
}

// judgeGone: what somebody put in the trash and nobody touched otherwise is live nowhere (I4).
func (l *life) judgeGone(sides [2]*picture, open map[string]bool) {
	for o, at := range l.crowd.trashed {
		if at[0]+at[1] == 0 || open[o+" *"] || l.crowd.gone[o] || l.crowd.doubled[o] || l.crowd.others(o, "trash") > l.quietActs(o) {
			continue
		}
		for _, p := range sides {
			for _, c := range p.byOrigin()[o] {
				if c.live() && !l.parental(sides, o) {
					l.wrong("I4", "%s was put in the trash and is live on side %s", o, letter(p.side))
				}
			}
		}
	}
}

// quietActs counts what people did to a page before the life began: of a page of a prepared world that is all history.
func (l *life) quietActs(origin string) int {
	n := 0
	for _, a := range l.crowd.acts[:l.acted] {
		if a.Page == origin && a.Kind != "trash" {
			n++
		}
	}
	return n
}

// parental reports whether something stands below a page, on either side: what is kept there may keep it.
func (l *life) parental(sides [2]*picture, origin string) bool {
	for _, p := range sides {
		for _, c := range p.byOrigin()[origin] {
			if slices.ContainsFunc(p.pages, func(i *item) bool { return i.Parent == c.ID && i.Status != "trashed" }) {
				return true
			}
		}
	}
	return false
}

// judgeRefusals: with nobody acting no write is refused for a reason of structure (I6). That a page in the trash, which no
// listing shows, keeps its title from others is documented nowhere, and a refusal is how it is learned (A13, question 8: look
// at the trash after it): a title is refused once for that.
func (l *life) judgeRefusals(calm int, sides [2]*picture) {
	told := [2]map[string]bool{{}, {}}
	for _, c := range l.w.calls[calm:] {
		if c.Verb == confluence.VerbProperty && l.w.crashes > 0 {
			continue // a mark that a crash hid the writing of: the next one finds it newer
		}
		if !c.Writes() || c.Verb == "" || c.Fault != "" || c.Status < 400 || c.Status >= 500 {
			continue
		}
		if title := c.title(); c.Status == http.StatusBadRequest && sides[c.Side].onlyTrashed(title) && !told[c.Side][title] {
			told[c.Side][title] = true
			continue
		}
		l.wrong("I6", "refused, though nobody was in the way: %s %s", c, c.Body)
	}
}

// title is the one that a call would give; empty: none.
func (c *Call) title() string {
	var said struct{ Title string }
	if c.Verb != confluence.VerbPost && c.Verb != confluence.VerbPut || json.Unmarshal(c.Body, &said) != nil {
		return ""
	}
	return said.Title
}

// onlyTrashed reports whether a title is that of a page in the trash, and of no other.
func (p *picture) onlyTrashed(title string) bool {
	trashed := false
	for _, c := range p.pages {
		if c.Title == title && c.Status != "trashed" {
			return false
		}
		trashed = trashed || c.Title == title
	}
	return trashed
}

// judgeDeletes: nothing is deleted that was not read again in the cycle that deletes it (I9).
func (l *life) judgeDeletes() {
	for i, c := range l.w.calls {
		if c.Verb != confluence.VerbTrash || !c.Writes() {
			continue
		}
		id := c.Path[strings.LastIndexByte(c.Path, '/')+1:]
		if !slices.ContainsFunc(l.w.calls[max(0, i-reread):i], func(r *Call) bool { return !r.Writes() && r.Side == c.Side && r.names(id) }) {
			l.wrong("I9", "deleted without being looked at again: %s", c)
		}
	}
}

// reread is how many calls before it a delete must have been looked at.
const reread = 60

// names reports whether a call is about a content.
func (c *Call) names(id string) bool {
	for rest := c.Path + "?" + c.Query; ; {
		_, after, ok := strings.Cut(rest, id)
		if !ok {
			return false
		}
		before := rest[:len(rest)-len(after)-len(id)]
		if !digit(before, len(before)-1) && !digit(after, 0) {
			return true
		}
		rest = after
	}
}

func digit(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

// judgeScope: no call names what stands outside the pair's spaces (I10).
func (l *life) judgeScope() {
	for _, c := range l.w.calls {
		for _, id := range l.outside[c.Side] {
			if c.names(id) {
				l.wrong("I10", "names a page of another space: %s", c)
			}
		}
	}
}

// judgePosts: no comment is made twice, unless one of the two was made after its time: I5 promises one comment as long as
// no request is applied after its timeout, and then that at most one copy remains, which judgeOnce holds it to. That the
// next sweep would find one too many is no excuse otherwise.
func (l *life) judgePosts() {
	type made struct {
		side  confluence.Side
		token string
	}
	seen := map[made]*Call{}
	for _, c := range l.w.calls {
		if c.Verb != confluence.VerbComment || !c.Writes() {
			continue
		}
		for _, t := range c.words() {
			key := made{c.Side, t}
			if first := seen[key]; first != nil && c.made() && !c.late() && !l.again(t) {
				l.wrong("I5", "comment %s is made twice: %s, and %s", t, first, c)
			}
			if c.made() && !c.late() {
				seen[key] = c
			}
		}
	}
}

// made reports whether a call made something, whatever became of the answer: what is lost may have been a refusal, and what
// reads as a failure may hide what was done.
func (c *Call) made() bool {
	return c.said >= 200 && c.said < 300 || strings.Contains(c.Fault, "apply: true")
}

// words are the tokens that a call carries.
func (c *Call) words() []string {
	return words(unescaped.Replace(string(c.Body)))
}

// unescaped takes back how JSON writes what HTML is made of.
var unescaped = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// again reports whether a comment may have to be made a second time: somebody took it away, or the page that it was on.
func (l *life) again(token string) bool {
	w := l.crowd.written[token]
	return w == nil || w.dropped || l.crowd.everTrashed[w.page] > 0 || l.crowd.gone[w.page] || l.crowd.renewed[w.page]
}
