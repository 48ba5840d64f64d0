package simulation

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// violations break a world at rest, each in a way that one invariant forbids.
var violations = []struct {
	name, invariant string
	do              func(*life, *picture) error
}{
	{"nothing", "", func(*life, *picture) error { return nil }},
	{"a label on one side", "I1", func(l *life, p *picture) error { return l.act(p, "label", "add", "l9") }},
	{"a label on one side of a page with a conflict about its text", "I17", func(l *life, p *picture) error {
		for side := range l.w.sites {
			there, err := l.w.look(confluence.Side(side), spaceKey)
			if err != nil {
				return err
			}
			if err := l.crowd.appendWord(there, there.byOrigin()[p.some(nil).origin][0]); err != nil {
				return err
			}
		}
		if err := l.sync(); err != nil {
			return err
		}
		return l.act(p, "label", "add", "l9")
	}},
	{"a word gone", "I3", func(l *life, p *picture) error {
		origin := p.some(func(i *item) bool { return len(words(i.Body)) > 1 }).origin
		for side := range l.w.sites {
			there, err := l.w.look(confluence.Side(side), spaceKey)
			if err != nil {
				return err
			}
			page := there.byOrigin()[origin][0]
			if _, err := l.w.Act(confluence.Side(side), "alice", map[string]any{"body": map[string]any{"page": page.ID, "text": "<p>" + origin + "</p>"}}); err != nil {
				return err
			}
		}
		return nil
	}},
	{"a page below one that only one side may have", "", func(l *life, p *picture) error {
		return l.moveBelowLone(p, func(_, home *item) *item { return home })
	}},
	{"a page below one that only one side may have, and elsewhere", "I1", func(l *life, p *picture) error {
		return l.moveBelowLone(p, func(page, home *item) *item {
			return p.some(func(i *item) bool { return i.Parent == home.ID && i.Kind == "page" && i != page })
		})
	}},
	{"a page moved below a hidden one and deleted on the other side", "", func(l *life, p *picture) error {
		return l.moveAndTrash(p, l.crowd.createHidden)
	}},
	{"a page moved below another and deleted on the other side", "I1", func(l *life, p *picture) error {
		return l.moveAndTrash(p, func(p *picture, page *item) error {
			return l.crowd.createClosed(p.side, page.ID, []string{tandem, "user:alice"}, false)
		})
	}},
	{"a page in the trash", "I4", func(l *life, p *picture) error {
		_, err := l.w.Act(p.side, "alice", map[string]any{"trash": p.some(func(i *item) bool { return i.ID != p.home }).ID})
		return err
	}},
	{"a page twice", "I5", func(l *life, p *picture) error {
		l.crowd.titles["again"] = true
		return l.create(p, "again", p.some(nil).origin)
	}},
	{"a comment made twice", "I5", func(l *life, _ *picture) error {
		l.crowd.written["c9"] = &word{page: "o2"}
		l.called(http.MethodPost, "/rest/api/content", "<p>c9</p>", confluence.VerbComment)
		l.called(http.MethodPost, "/rest/api/content", "<p>c9</p>", confluence.VerbComment)
		return nil
	}},
	{"a refused write", "I6", func(l *life, _ *picture) error {
		l.called(http.MethodPut, "/rest/api/content/1", "", confluence.VerbPut).Status = 409
		return nil
	}},
	{"a title that nobody gave", "I7", func(l *life, p *picture) error {
		_, err := l.w.Act(p.side, "alice", map[string]any{"rename": map[string]any{"page": p.some(nil).ID, "to": "T2 ~abcdefgh"}})
		return err
	}},
	{"a delete without a look", "I9", func(l *life, _ *picture) error {
		l.called(http.MethodDelete, "/rest/api/content/77", "", confluence.VerbTrash)
		return nil
	}},
	{"a page of another space", "I10", func(l *life, _ *picture) error {
		l.called(http.MethodGet, "/rest/api/content/"+l.outside[0][0], "", "")
		return nil
	}},
	{"a page opened for all", "I11", func(l *life, p *picture) error {
		other, err := l.w.look(confluence.B, spaceKey)
		if err != nil {
			return err
		}
		page := other.some(func(i *item) bool { return l.crowd.guarded[i.origin] })
		for _, act := range []map[string]any{
			{"restrict": map[string]any{"page": page.ID, "read": []string{}, "update": []string{}}}, {"resave": page.ID},
		} {
			if _, err := l.w.Act(confluence.B, "alice", act); err != nil {
				return err
			}
		}
		return nil
	}},
	{"labels written twice", "I12", func(l *life, p *picture) error {
		if err := l.act(p, "label", "add", "l9"); err != nil {
			return err
		}
		l.crowd.acts = append(l.crowd.acts, act{Side: p.side, Kind: "label", Page: p.some(nil).origin})
		for range 2 {
			l.called(http.MethodPost, "/rest/api/content/"+p.some(nil).ID+"/label", "", confluence.VerbLabel)
		}
		return nil
	}},
	{"a page read by itself in a sweep without news", "I12", func(l *life, p *picture) error {
		l.called(http.MethodGet, "/rest/api/content/"+p.some(nil).ID, "", "")
		return l.judgeSweep(0)
	}},
	{"a baseline that says what never was", "I13", func(l *life, p *picture) error {
		if err := l.witness(); err != nil {
			return err
		}
		delete(l.past[p.side][p.some(nil).ID], "title "+p.some(nil).Title)
		return l.judgeBase()
	}},
	{"a baseline that says what was", "", func(l *life, p *picture) error {
		if err := l.witness(); err != nil {
			return err
		}
		if err := l.act(p, "rename", "to", l.crowd.title()); err != nil {
			return err
		}
		if err := l.sync(); err != nil {
			return err
		}
		return l.judgeBase()
	}},
	{"a page that tandem cannot see", "I11", func(l *life, p *picture) error {
		l.crowd.hidden[p.some(nil).origin] = true
		return nil
	}},
}

// TestJudges breaks worlds at rest, and demands that the invariant is named that forbids it.
func TestJudges(t *testing.T) {
	worlds := prepareAll(t, 0, 1)
	for _, v := range violations {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { violate(t, worlds[0], v.invariant, v.do) })
		})
	}
}

func violate(t *testing.T, from *Prepared, invariant string, do func(*life, *picture) error) {
	l := &life{Case: Case{Seed: 0, Quiet: synctest.Wait, From: from}, counts: map[string]int{}, rand: rand.New(rand.NewPCG(0, 7))}
	if err := l.goOn(from); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.w.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, err := l.w.look(confluence.A, spaceKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := do(l, p); err != nil {
		t.Fatal(err)
	}
	if err := l.judgeSides(); err != nil {
		t.Fatal(err)
	}
	l.judgeCalls(0)
	for _, broken := range l.broken {
		if invariant == "" || !strings.HasPrefix(broken, invariant+":") {
			continue
		}
		return
	}
	if invariant != "" || len(l.broken) > 0 {
		t.Errorf("%s is not named: %v", invariant, l.broken)
	}
}

// some returns a page of a person that fits.
func (p *picture) some(fits func(*item) bool) *item {
	for _, i := range p.pages {
		if i.live() && i.origin != "" && i.ID != p.home && (fits == nil || fits(i)) {
			return i
		}
	}
	return nil
}

// leaf returns a page right below the home page that nothing stands below.
func (p *picture) leaf() *item {
	return p.some(func(i *item) bool {
		return i.Kind == "page" && i.Parent == p.home && !slices.ContainsFunc(p.pages, func(c *item) bool { return c.Parent == i.ID && c.live() })
	})
}

// moveBelowLone moves a page that stands below the home page below one that was moved out of the space on the other side.
func (l *life) moveBelowLone(p *picture, above func(page, home *item) *item) error {
	page := p.leaf()
	fresh, err := l.moveBelowNew(p, page, func() error { return l.crowd.createBelow(p.side, above(page, p.items[p.home]).ID, "") })
	l.crowd.gone[fresh] = true
	return err
}

// moveAndTrash moves a page below one that is made for it, and deletes it on the other side.
func (l *life) moveAndTrash(p *picture, create func(*picture, *item) error) error {
	page := p.leaf()
	if _, err := l.moveBelowNew(p, page, func() error { return create(p, p.items[p.home]) }); err != nil {
		return err
	}
	other, err := l.w.look(p.side.Other(), spaceKey)
	if err != nil {
		return err
	}
	return l.crowd.trash(other, other.byOrigin()[page.origin][0])
}

// moveBelowNew moves a page below the one that is made, and returns the token of that.
func (l *life) moveBelowNew(p *picture, page *item, create func() error) (string, error) {
	if err := create(); err != nil {
		return "", err
	}
	now, err := l.w.look(p.side, spaceKey)
	if err != nil {
		return "", err
	}
	fresh := now.some(func(i *item) bool { return p.items[i.ID] == nil })
	return fresh.origin, l.crowd.moveBelow(now, now.items[page.ID], fresh)
}

func (l *life) act(p *picture, kind, key string, value any) error {
	_, err := l.w.Act(p.side, "alice", map[string]any{kind: map[string]any{"page": p.some(nil).ID, key: value}})
	return err
}

func (l *life) create(p *picture, title, origin string) error {
	_, err := l.w.Act(p.side, "alice", map[string]any{"create": map[string]any{"title": title, "under": p.home, "text": "<p>" + origin + "</p>"}})
	return err
}

// called writes a call of tandem's to side A down that was never made.
func (l *life) called(method, path, body string, verb confluence.Verb) *Call {
	c := &Call{N: len(l.w.calls) + 1, Side: confluence.A, Method: method, Path: path, Body: []byte(body), Verb: verb, Status: http.StatusOK, said: http.StatusOK}
	l.w.calls = append(l.w.calls, c)
	return c
}
