package simulation

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// recipe is what people do on both sides so that a certain row of the decision table decides; what else happens in the
// meantime may make another row of it. Side one is side 1 of the table.
type recipe struct {
	row  int
	name string // where several recipes lead to a row, or none
	do   func(*scene) error
}

// scene is where recipes are acted: both sides as they stand, and the pages that no other recipe of this round is about.
type scene struct {
	c    *crowd
	one  confluence.Side
	p    [2]*picture
	used map[string]bool
	// without is a row of which no recipe is acted; 0: none.
	without int
}

// twin is a page as it is on both sides.
type twin [2]*item

func (s *scene) two() confluence.Side { return s.one.Other() }

// act lets recipes be acted until one could be, beginning with that of a number, and returns which.
func (s *scene) act(first int) (*recipe, error) {
	for i := range recipes {
		r := &recipes[(first+i)%len(recipes)]
		if r.row == s.without && r.row != 0 {
			continue
		}
		if err := s.look(); err != nil {
			return nil, err
		}
		before := len(s.c.acts)
		if err := r.do(s); err != nil {
			return nil, err
		}
		if len(s.c.acts) > before {
			return r, nil
		}
	}
	return nil, nil
}

// look looks at both sides as they stand now.
func (s *scene) look() error {
	for side := range s.p {
		var err error
		if s.p[side], err = s.c.w.look(confluence.Side(side), s.c.key); err != nil {
			return err
		}
	}
	return nil
}

// twins draws a page that stands on both sides under twins, and that no recipe has used.
func (s *scene) twins(fits ...func(*scene, twin) bool) (twin, bool) {
	pages := [2]map[string][]*item{s.p[0].byOrigin(), s.p[1].byOrigin()}
	var fit []twin
	for _, a := range s.p[0].pages {
		if a.Kind != "page" || !a.live() || a.origin == "" || s.used[a.origin] || len(pages[0][a.origin]) != 1 || len(pages[1][a.origin]) != 1 {
			continue
		}
		t := twin{a, pages[1][a.origin][0]}
		if !t[1].live() || t[1].Kind != "page" || a.ID == s.p[0].home || t[1].ID == s.p[1].home || s.c.gone[a.origin] || s.c.hidden[a.origin] {
			continue
		}
		if !slices.ContainsFunc(fits, func(f func(*scene, twin) bool) bool { return !f(s, t) }) {
			fit = append(fit, t)
		}
	}
	if len(fit) == 0 {
		return twin{}, false
	}
	t := fit[s.c.rand.IntN(len(fit))]
	s.used[t[0].origin] = true
	return t, true
}

// leaf: nothing stands below it on either side.
func leaf(s *scene, t twin) bool {
	for side, p := range s.p {
		for _, c := range p.pages {
			if c.Parent == t[side].ID && c.Status != "trashed" {
				return false
			}
		}
	}
	return true
}

// free: nobody is kept from it.
func free(_ *scene, t twin) bool {
	return len(t[0].Restrictions.Read)+len(t[0].Restrictions.Update)+len(t[1].Restrictions.Read)+len(t[1].Restrictions.Update) == 0
}

func withFile(s *scene, t twin) bool {
	return len(s.p[0].below(t[0].ID, "attachment")) > 0 && len(s.p[1].below(t[1].ID, "attachment")) > 0
}

func withComment(s *scene, t twin) bool {
	return len(s.p[0].below(t[0].ID, "comment")) > 0 && len(s.p[1].below(t[1].ID, "comment")) > 0
}

// doing is one thing that people do to a page of a side.
type doing func(c *crowd, p *picture, page *item) error

// alone does something to one page, on side 1 or 2.
func alone(side int, do doing, fits ...func(*scene, twin) bool) func(*scene) error {
	return func(s *scene) error {
		t, ok := s.twins(fits...)
		if !ok {
			return nil
		}
		return s.at(side, t, do)
	}
}

// both does something to one page on both sides; what is done on side 1 comes first.
func both(one, two doing, fits ...func(*scene, twin) bool) func(*scene) error {
	return func(s *scene) error {
		t, ok := s.twins(fits...)
		if !ok {
			return nil
		}
		before := len(s.c.acts)
		if err := s.at(1, t, one); err != nil || len(s.c.acts) == before {
			return err
		}
		return s.at(2, t, two)
	}
}

func (s *scene) at(side int, t twin, do doing) error {
	on := s.one
	if side == 2 {
		on = s.two()
	}
	return do(s.c, s.p[on], t[on])
}

// recipes are one or more for each row that people can bring about, and for each verb that rows do not tell apart.
var recipes = []recipe{
	{2, "", alone(1, (*crowd).appendWord)},
	{3, "", alone(2, (*crowd).appendWord)},
	{4, "", alone(1, (*crowd).rename)},
	{5, "", alone(2, (*crowd).rename)},
	{6, "", alone(1, (*crowd).move)},
	{7, "", alone(2, (*crowd).move)},
	{8, "", alone(1, (*crowd).trash, leaf)},
	{9, "", alone(2, (*crowd).trash, leaf)},
	{10, "", both((*crowd).appendWord, (*crowd).appendWord)},
	{11, "", both((*crowd).appendWord, (*crowd).rename)},
	{12, "", both((*crowd).appendWord, (*crowd).move)},
	{13, "", both((*crowd).appendWord, (*crowd).trash, leaf)},
	{14, "", both((*crowd).trash, (*crowd).appendWord, leaf)},
	{15, "", both((*crowd).rename, (*crowd).rename)},
	{16, "", both((*crowd).rename, (*crowd).move)},
	{17, "", both((*crowd).rename, (*crowd).trash, leaf)},
	{18, "", both((*crowd).trash, (*crowd).rename, leaf)},
	{19, "", both((*crowd).move, (*crowd).move)},
	{20, "", mutualMove},
	{21, "", both((*crowd).move, (*crowd).trash, leaf)},
	{22, "", both((*crowd).trash, (*crowd).move, leaf)},
	{23, "", both((*crowd).trash, (*crowd).trash, leaf)},
	{24, "", both((*crowd).label, (*crowd).label)},
	{25, "", both((*crowd).overwrite, (*crowd).overwrite, withFile)},
	{26, "", both((*crowd).restrict, (*crowd).restrict)},
	{27, "", archiveAndEdit},
	{28, "", func(s *scene) error { return s.c.restore(s.p[s.one], nil) }},
	{29, "", alone(1, (*crowd).moveOut, leaf)},
	{30, "", both((*crowd).moveOut, (*crowd).appendWord, leaf)},
	{31, "", alone(1, (*crowd).create)},
	{31, "at side 2", alone(2, (*crowd).create)},
	{32, "", createBoth(true)},
	{33, "", createBoth(false)},
	{34, "", createAndRename},
	{35, "", both((*crowd).create, (*crowd).trash, leaf, free)},
	{36, "", both((*crowd).create, (*crowd).move, free)},
	{37, "", both((*crowd).create, (*crowd).rename, free)},
	{38, "", alone(1, (*crowd).createHidden)},
	{0, "file", alone(1, (*crowd).attach)},
	{0, "file at side 2", alone(2, (*crowd).attach)},
	{0, "new version of a file", alone(1, (*crowd).overwrite, withFile)},
	{0, "file deleted", alone(1, (*crowd).detach, withFile)},
	{0, "file deleted at side 2", alone(2, (*crowd).detach, withFile)},
	{0, "comment", alone(1, (*crowd).comment)},
	{0, "comment at side 2", alone(2, (*crowd).comment)},
	{0, "comment edited", alone(1, (*crowd).editComment, withComment)},
	{0, "comment deleted", alone(1, (*crowd).dropComment, withComment)},
	{0, "comment deleted at side 2", alone(2, (*crowd).dropComment, withComment)},
	{0, "titles swapped", alone(1, (*crowd).swap)},
	{0, "titles swapped at side 2", alone(2, (*crowd).swap)},
	{0, "order", alone(1, (*crowd).order)},
	{0, "restricted", alone(1, (*crowd).restrict)},
	{0, "restricted at side 2", alone(2, (*crowd).restrict)},
	{0, "restricted for somebody whom only one side knows", alone(1, (*crowd).restrictStranger)},
	{0, "new and restricted", alone(1, (*crowd).createRestricted, free)},
	{0, "restricted and edited", alone(1, (*crowd).closeAndWrite, free)},
	{0, "edited where few may read", alone(1, (*crowd).appendWord, func(_ *scene, t twin) bool { return len(t[0].Restrictions.Read) > 0 })},
	{0, "label", alone(1, (*crowd).label)},
	{0, "label taken away", alone(1, (*crowd).unlabel, func(_ *scene, t twin) bool { return len(t[0].Labels) > 0 && len(t[1].Labels) > 0 })},
	{0, "label at side 2", alone(2, (*crowd).label)},
	{0, "saved again", alone(1, (*crowd).resave)},
	{0, "there and back", alone(1, (*crowd).thereAndBack)},
	{0, "the same on both sides", sameEdit},
	{0, "purged and made anew", alone(1, (*crowd).renew, leaf, free)},
}

// rare are rows that nothing but their own recipe leads to, or seldom does, and rarest those that it often misses.
var (
	rare   = []int{11, 12, 13, 14, 16, 18, 20, 21, 22, 25, 26, 27, 28, 29, 33, 35, 37}
	rarest = []int{17, 30, 32, 36, 38}
)

// Faults that are deeds of people, and edits whose verbs nothing else writes.
var (
	rareNames = []string{
		"new version of a file", "restricted and edited", "comment", "comment at side 2",
	}
	rarestNames = []string{
		"restricted for somebody whom only one side knows", "label", "label taken away", "comment deleted", "comment edited",
		"comment deleted at side 2", "purged and made anew", "file deleted", "file deleted at side 2",
	}
)

// deck are the numbers of the recipes, those of what is rare several times.
var deck = func() (deck []int) {
	for i, r := range recipes {
		times := 1
		switch {
		case slices.Contains(rarest, r.row) || slices.Contains(rarestNames, r.name):
			times = 6
		case slices.Contains(rare, r.row) || slices.Contains(rareNames, r.name):
			times = 4
		}
		for range times {
			deck = append(deck, i)
		}
	}
	return deck
}()

// mutualMove moves a page below another one on side 1, and that one below it on side 2 (row 20).
func mutualMove(s *scene) error {
	apart := func(other twin) func(*scene, twin) bool {
		return func(s *scene, t twin) bool {
			for side, p := range s.p {
				if other[side] != nil && (p.inside(t[side].ID, other[side].ID) || p.inside(other[side].ID, t[side].ID)) {
					return false
				}
			}
			return true
		}
	}
	x, ok := s.twins()
	if !ok {
		return nil
	}
	y, ok := s.twins(apart(x))
	if !ok {
		return nil
	}
	if err := s.c.moveBelow(s.p[s.one], x[s.one], y[s.one]); err != nil {
		return err
	}
	return s.c.moveBelow(s.p[s.two()], y[s.two()], x[s.two()])
}

// archiveAndEdit archives a page where a site can, and edits it on the other side or not (row 27).
func archiveAndEdit(s *scene) error {
	t, ok := s.twins(leaf)
	if !ok {
		return nil
	}
	for _, side := range []confluence.Side{s.two(), s.one} {
		if s.c.w.sites[side].Product() != "Cloud" {
			continue
		}
		if err := s.c.archive(s.p[side], t[side]); err != nil || s.c.rand.IntN(3) > 0 {
			return err
		}
		return s.c.appendWord(s.p[side.Other()], t[side.Other()])
	}
	return nil
}

// createBoth makes a page of the same title on both sides, with the same text or not (rows 32 and 33).
func createBoth(same bool) func(*scene) error {
	return func(s *scene) error {
		t, ok := s.twins(free)
		if !ok {
			return nil
		}
		title, origin := s.c.title(), ""
		for _, side := range []confluence.Side{s.one, s.two()} {
			if origin == "" || !same {
				origin = s.c.fresh('o', side, "")
				s.c.doubled[origin] = same
			}
			q := map[string]any{"title": title, "under": t[side].ID, "text": "<p>" + origin + "</p>"}
			if err := s.c.do(side, "create", origin, map[string]any{"create": q}); err != nil {
				return err
			}
		}
		return nil
	}
}

// createAndRename gives a new page on side 1 and another page on side 2 the same title (row 34).
func createAndRename(s *scene) error {
	t, ok := s.twins(free)
	if !ok {
		return nil
	}
	if err := s.c.create(s.p[s.one], t[s.one]); err != nil {
		return err
	}
	title := s.c.lastTitle
	return s.c.do(s.two(), "rename", t[0].origin, map[string]any{"rename": map[string]any{"page": t[s.two()].ID, "to": title}})
}

// sameEdit writes the same on both sides.
func sameEdit(s *scene) error {
	t, ok := s.twins(func(_ *scene, t twin) bool { return t[0].Body == t[1].Body })
	if !ok {
		return nil
	}
	w := s.c.fresh('w', s.one, t[0].origin)
	for side := range s.p {
		if err := s.c.setBody(confluence.Side(side), "append", t[side], t[side].Body+"<p>"+w+"</p>"); err != nil {
			return err
		}
	}
	return nil
}
