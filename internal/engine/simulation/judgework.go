package simulation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// toil is one kind of write and what people do that may call for it on the page that it is made to.
type toil struct {
	what  string
	verbs []confluence.Verb
	acts  []string
}

// afresh are acts after which all of a page is written: it is new to the other side, or comes back to it.
var afresh = []string{"create", "restore", "move out", "archive", "purge"}

// toils are the writes that are bounded page by page (I12: at most one write a change and facet). Bodies, titles and places
// are not among them: an edit of one page rewrites the links of others, a move makes room for others, and a ring of titles
// takes one more write for each, so that the sum of the design (algorithms A11, row I12) is too narrow for them, and no other
// is judged. Nor does it have a term for a write that nobody knows the end of, which is made again.
var toils = []toil{
	{"labels", []confluence.Verb{confluence.VerbLabel, confluence.VerbUnlabel}, []string{"label"}},
	{"restrictions", []confluence.Verb{confluence.VerbRestrict}, []string{"restrict"}},
	{"files", []confluence.Verb{confluence.VerbAttach, confluence.VerbReplace, confluence.VerbDetach}, []string{"attach", "overwrite", "detach"}},
	{"comments", []confluence.Verb{confluence.VerbComment, confluence.VerbRecomment, confluence.VerbUncomment}, []string{"comment", "edit comment", "drop comment"}},
	{"trash", []confluence.Verb{confluence.VerbTrash, confluence.VerbRestore, confluence.VerbArchive}, []string{"trash"}},
}

// judgeWork: what is written is bounded by what people changed (I12).
func (l *life) judgeWork(sides [2]*picture) {
	for _, side := range confluence.Sides {
		for _, t := range toils {
			l.judgeToil(side, sides[side], t)
		}
	}
}

func (l *life) judgeToil(side confluence.Side, p *picture, t toil) {
	type sum struct {
		wrote, doubts int
		last          *Call
	}
	sums := map[string]*sum{}
	for _, c := range l.w.calls[max(l.paired, 0):] {
		if c.Side != side || !c.Writes() || !slices.Contains(t.verbs, c.Verb) {
			continue
		}
		origin := p.about(c)
		s := sums[origin]
		if s == nil {
			s = &sum{}
			sums[origin] = s
		}
		s.wrote++
		if s.last = c; c.Fault != "" || c.Status < 200 || c.Status > 299 {
			s.doubts++
		}
	}
	for origin, s := range sums {
		if origin == "" {
			continue
		}
		acts := 0
		for _, a := range l.crowd.acts[l.acted:] {
			if a.Page == origin && (slices.Contains(t.acts, a.Kind) || slices.Contains(afresh, a.Kind)) {
				acts++
			}
		}
		// Nobody knows of a write that a crash, or an engine that slept, came after.
		if s.wrote-s.doubts-l.w.crashes-l.counts[fmt.Sprintf("F%d", faultSecond)] > acts {
			l.wrong("I12", "%s of %s are written %d times on side %s (%d of them in doubt) for %d acts: %s", t.what, origin, s.wrote, letter(side), s.doubts, acts, s.last)
		}
	}
}

// about is the token of the page that a call names; "" where it names none of the space.
func (p *picture) about(c *Call) string {
	for id, i := range p.items {
		if !c.names(id) {
			continue
		}
		if !i.page() {
			i = p.items[p.container(i)]
		}
		if i != nil {
			return i.origin
		}
	}
	return ""
}

// judgeIdle: where nothing happens nothing is written, and a feed asks no more than its product takes (I12): 4 calls of a
// Cloud, 2 of a Data Center, however many pairs stand behind it.
func (l *life) judgeIdle() error {
	before := len(l.w.calls)
	if err := l.w.Advance(5 * time.Minute); err != nil {
		return err
	}
	if state, _, err := l.standing(); err != nil || state != migration.PairActive {
		return err
	}
	l.still("I12", before)
	type moment struct {
		side confluence.Side
		at   time.Time
	}
	reads, sweeps := map[moment][]string{}, map[time.Time]bool{}
	for _, c := range l.w.calls[before:] {
		m := moment{c.Side, c.Time}
		reads[m] = append(reads[m], c.String())
		sweeps[c.Time] = sweeps[c.Time] || strings.Contains(c.Path, "/content/scan") || strings.Contains(c.Query, "sort=id")
	}
	for m, list := range reads {
		most := 2
		if l.w.sites[m.side].Product() == "Cloud" {
			most = 4
		}
		if len(list) > most && !sweeps[m.at] {
			l.wrong("I12", "a feed of side %s without news takes %d calls, more than %d:\n%s", letter(m.side), len(list), most, strings.Join(list, "\n"))
		}
	}
	return nil
}

// judgeSweep: a sweep that finds nothing new reads lists, and of the contents only those that the lists do not show,
// and those that somebody has changed in this life (I12).
func (l *life) judgeSweep(since int) error {
	for side := range l.w.sites {
		p, err := l.w.look(confluence.Side(side), spaceKey)
		if err != nil {
			return err
		}
		may := l.unseen([2]*picture{p})
		for _, a := range l.crowd.acts[l.acted:] {
			may[a.Page] = true
		}
		for _, c := range l.w.calls[max(l.paired, 0):since] {
			if c.Side == p.side && c.Writes() {
				may[p.about(c)] = true // what was written is read back
			}
		}
		lists := 0
		for _, c := range l.w.calls[since:] {
			switch {
			case c.Fault != "":
				return nil // what failed is read again
			case c.Side != p.side || c.Writes() || strings.Contains(c.Path, "/download") || strings.HasSuffix(c.Path, "/user/current"):
				// The bytes of a file that was changed on both sides are compared, and before a content that a list does
				// not show is believed to be gone, a site is asked who we are.
			case p.shows(c, may):
				l.wrong("I12", "nothing is new, and yet it is read by itself: %s", c)
			case !someID.MatchString(c.Path + "?" + c.Query):
				lists++
			}
		}
		if most := sweepLists + len(p.items)/200; lists > most {
			l.wrong("I12", "a sweep without news read %d lists of %d contents on side %s, more than %d", lists, len(p.items), letter(p.side), most)
		}
	}
	return nil
}

// sweepLists is how much a sweep reads of a small space, the lists of the kinds and the feed beside it included: the
// site, the space, its permissions and mark, pages, posts, files and comments, the trash.
const sweepLists = 18

var someID = regexp.MustCompile(`[0-9]{6,}`)

// shows reports whether a call names a content that the lists of the space show: not its home page, nothing below a page in
// the trash, and none of the pages that are left out. One call for many is the budget by which a Cloud's labels and restrictions
// are looked at by turns, because no list of a Cloud gives them.
func (p *picture) shows(c *Call, but map[string]bool) bool {
	for id, i := range p.items {
		if !i.live() || id == p.home || !c.names(id) {
			continue
		}
		above := i
		if !i.page() {
			above = p.items[p.container(i)]
		}
		if above != nil && above.live() && !but[above.origin] {
			return !strings.Contains(c.Query, "id+in+") && !strings.Contains(c.Query, "ids=")
		}
	}
	return false
}
