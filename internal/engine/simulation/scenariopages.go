package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// judgePage holds one page of a side against what is wanted of it.
func (p *play) judgePage(side confluence.Side, s *siteState, name string, now *content, w *pageWant) error {
	at := fmt.Sprintf("%s: page %q", siteNames[side], name)
	if w == nil {
		return p.check(now == nil, 0, "%s is there, and must be nowhere", at)
	}
	if err := p.check(now != nil, w.Line, "%s is nowhere", at); err != nil {
		return err
	}
	was := p.start[side].byID[p.cast.ids[side][called(name)]]
	if was != nil && p.begun[side][was.ID].Kind == "" {
		was = nil
	}
	if w.SameID {
		if err := p.check(was != nil && was.ID == now.ID, w.Line, "%s has not the id that it had at the start", at); err != nil {
			return err
		}
	}
	for _, step := range []func() error{
		func() error { return p.judgePlace(side, s, now, w, at) },
		func() error { return p.judgeBody(side, s, now, was, w, at) },
		func() error { return p.judgeSets(side, s, now, w, at) },
		func() error { return p.judgeRest(side, s, name, now, was, w, at) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if w.Version < 0 {
		return nil
	}
	if err := p.check(was != nil, w.Line, "%s was not there at the start: its versions cannot be counted", at); err != nil {
		return err
	}
	return p.check(now.Version-was.Version == w.Version, w.Line, "%s has %d versions more than at the start, not %d", at, now.Version-was.Version, w.Version)
}

// judgePlace is about title, status and place.
func (p *play) judgePlace(side confluence.Side, s *siteState, now *content, w *pageWant, at string) error {
	if w.Title != nil {
		if err := p.check(now.Title == *w.Title, w.Line, "%s is titled %q, not %q", at, now.Title, *w.Title); err != nil {
			return err
		}
	}
	status := "current"
	if w.Status != nil {
		status = *w.Status
	}
	if err := p.check(now.Status == status, w.Line, "%s is %s, not %s", at, now.Status, status); err != nil {
		return err
	}
	parent := s.byID[now.Parent]
	if w.Under != nil {
		is := ""
		if parent != nil {
			is = p.cast.nameOf(side, parent)
		}
		if err := p.check(is == called(*w.Under), w.Line, "%s stands under %q, not under %q", at, is, *w.Under); err != nil {
			return err
		}
	}
	if w.After == nil {
		return nil
	}
	before := ""
	if parent != nil {
		list, _ := s.under(parent)
		for i, c := range list {
			if c == now && i > 0 {
				before = p.cast.nameOf(side, list[i-1])
			}
		}
	}
	return p.check(before == called(*w.After), w.Line, "%s stands after %q, not after %q", at, before, *w.After)
}

func called(name string) string {
	if name == "Home" {
		return homeName
	}
	return name
}

// judgeBody is about blocks and bodies. What is not named is as at the start, unless people changed the body.
func (p *play) judgeBody(side confluence.Side, s *siteState, now, was *content, w *pageWant, at string) error {
	for _, block := range slices.Sorted(maps.Keys(w.Blocks)) {
		text, err := markup.BlockText(now.Body, block)
		if err := p.check(err == nil, w.Line, "%s has no block %q", at, block); err != nil {
			return err
		}
		want := strings.Join(strings.Fields(w.Blocks[block]), " ")
		if err := p.check(text == want, w.Line, "%s: block %s reads %q, not %q", at, block, text, want); err != nil {
			return err
		}
	}
	for _, block := range w.Without {
		text, err := markup.BlockText(now.Body, block)
		// A paragraph is found by its number where none is named so; it must be the one that is meant.
		there := err == nil && strings.Contains(" "+text+" ", " "+strings.NewReplacer(".", " ", ",", " ").Replace(block)+" ")
		if err := p.check(!there, w.Line, "%s has block %q", at, block); err != nil {
			return err
		}
	}
	if w.Body != "" {
		raw, err := p.sc.named(w.Body)
		if err != nil {
			return err
		}
		return p.check(p.cast.digest(side, s, now, raw) == p.cast.digest(side, s, now, now.Body), w.Line, "%s has not the body %s: %q", at, w.Body, plain(now.Body))
	}
	if was == nil || len(w.Blocks)+len(w.Without) == 0 {
		return nil
	}
	return p.judgeLines(side, now, was, w, at)
}

// judgeLines finds text that a page had at the start and lost, in blocks that nobody speaks of.
func (p *play) judgeLines(side confluence.Side, now, was *content, w *pageWant, at string) error {
	free := map[string]bool{}
	for _, block := range slices.Concat(slices.Collect(maps.Keys(w.Blocks)), w.Without) {
		if text, err := markup.BlockText(was.Body, block); err == nil {
			free[text] = true
		}
	}
	if p.whole[p.cast.names[side][was.ID]] {
		return nil
	}
	have := map[string]int{}
	for _, text := range lines(now.Body) {
		have[text]++
	}
	for _, text := range lines(was.Body) {
		if free[text] || p.edited[text] {
			continue
		}
		have[text]--
		if err := p.check(have[text] >= 0, w.Line, "%s has lost the text %q", at, text); err != nil {
			return err
		}
	}
	return nil
}

// lines are the texts of a body's blocks.
func lines(raw string) []string {
	text, err := markup.Text(raw)
	if err != nil {
		return []string{raw}
	}
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// judgeSets is about labels, files, comments and restrictions.
func (p *play) judgeSets(side confluence.Side, s *siteState, now *content, w *pageWant, at string) error {
	is := p.cast.neutralOf(side, s, now)
	sets := []struct {
		name     string
		want     *[]string
		is, text []string
	}{
		{name: "labels", want: w.Labels, is: is.Labels}, {name: "comments", want: w.Comments, is: s.texts(now)},
		{name: "readers", want: w.Read, is: is.Read}, {name: "editors", want: w.Update, is: is.Update},
	}
	for _, set := range sets {
		if set.want == nil {
			continue
		}
		want := slices.Clone(*set.want)
		for i := range want {
			if set.name == "labels" && !strings.Contains(want[i], ":") {
				want[i] = "global:" + want[i]
			}
			want[i] = strings.Join(strings.Fields(want[i]), " ")
		}
		slices.Sort(want)
		if err := p.check(slices.Equal(want, set.is) || len(want)+len(set.is) == 0, w.Line, "%s has the %s %q, not %q", at, set.name, set.is, want); err != nil {
			return err
		}
	}
	if w.Files == nil {
		return nil
	}
	want := map[string]string{}
	for name, bytes := range *w.Files {
		sum := sha256.Sum256([]byte(p.fileBytes(bytes)))
		want[name] = hex.EncodeToString(sum[:])
	}
	return p.check(maps.Equal(want, is.Files), w.Line, "%s has the files %v, not %v", at, is.Files, want)
}

// fileBytes are the bytes that want.yaml names: a part files/NAME, or the text itself.
func (p *play) fileBytes(text string) string {
	if strings.HasPrefix(text, "files/") {
		if part, err := p.sc.named(text); err == nil {
			return part
		}
	}
	return text
}

// judgeRest holds what is not named of a page against the start, as far as people did not change it.
func (p *play) judgeRest(side confluence.Side, s *siteState, name string, now, was *content, w *pageWant, at string) error {
	if was == nil || w.Status != nil && *w.Status == "trashed" {
		return nil
	}
	before, after := p.begun[side][was.ID], p.cast.neutralOf(side, s, now)
	changed := p.touched[name]
	free := func(facet string, named bool) bool { return named || changed[facet] }
	if free("title", w.Title != nil) {
		before.Title = after.Title
	}
	if free("parent", w.Under != nil) || changed["status"] {
		before.Parent = after.Parent
	}
	before.Status = after.Status
	if free("body", w.Body != "" || len(w.Blocks)+len(w.Without) > 0) {
		before.Body = after.Body
	}
	if free("labels", w.Labels != nil) {
		before.Labels = after.Labels
	}
	if free("comments", w.Comments != nil) {
		before.Comments = after.Comments
	}
	if free("files", w.Files != nil) {
		before.Files = after.Files
	}
	if free("restrictions", w.Read != nil) {
		before.Read = after.Read
	}
	if free("restrictions", w.Update != nil) {
		before.Update = after.Update
	}
	return p.check(same(before, after), w.Line, "%s is otherwise not as at the start: %s", at, difference(before, after))
}

func same(a, b neutral) bool { return difference(a, b) == "" }

// difference says what two pages differ in; empty if in nothing.
func difference(a, b neutral) string {
	var out []string
	one := func(what string, a, b any) {
		va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
		if (va.Kind() == reflect.Slice || va.Kind() == reflect.Map) && va.Len() == 0 && vb.Len() == 0 {
			return
		}
		if !reflect.DeepEqual(a, b) {
			out = append(out, fmt.Sprintf("%s %q, now %q", what, fmt.Sprint(a), fmt.Sprint(b)))
		}
	}
	one("kind", a.Kind, b.Kind)
	one("title", a.Title, b.Title)
	one("parent", a.Parent, b.Parent)
	one("status", a.Status, b.Status)
	if a.Body != b.Body {
		out = append(out, "another body")
	}
	one("labels", a.Labels, b.Labels)
	one("comments", a.Comments, b.Comments)
	one("files", a.Files, b.Files)
	one("readers", a.Read, b.Read)
	one("editors", a.Update, b.Update)
	return strings.Join(out, "; ")
}
