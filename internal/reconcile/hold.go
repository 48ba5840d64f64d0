package reconcile

// holdContended keeps new content from pages that the sender restricts and whose restrictions somebody changed at the
// receiver: until a person has decided, it might be shown to somebody whom the sender shuts out.
func (p *planner) holdContended() {
	contended := map[*item]bool{}
	for _, c := range p.result.Clashes {
		if it := p.byTwin[c.Twin]; c.Facet == Restrictions && p.restricts(it) {
			contended[it] = true
		}
	}
	if len(contended) == 0 {
		return
	}
	held := map[*item]bool{}
	for _, it := range p.items {
		if content := it.send &^ (Restrictions | Labels); (it.fresh || content != 0) && p.under(it, contended, held) {
			it.fresh, it.clashed = false, true
			it.send &^= content
		}
	}
}

// under reports whether one of the marked contents is the content itself or above it on the sender.
func (p *planner) under(it *item, marked, known map[*item]bool) bool {
	var walked []*item
	answer := false
	for at := it; at != nil; at = p.above(at) {
		if a, ok := known[at]; ok {
			answer = a
			break
		}
		known[at] = false // ends a ring as well
		walked = append(walked, at)
		if marked[at] {
			answer = true
			break
		}
	}
	for _, at := range walked {
		known[at] = answer
	}
	return answer
}

// restricts reports whether the sender restricts a content by itself.
func (p *planner) restricts(it *item) bool {
	n := it.live(p.from)
	return n != nil && p.policy.Facets.Has(Restrictions) && !n.Digest[Restrictions.Index()].IsZero()
}

// holdExposed keeps new content from places at the receiver where a page that shuts people out at the sender would not
// stand above it: because the content was moved there, or the page is missing. It reports whether it held anything.
func (p *planner) holdExposed() bool {
	held := false
	for _, it := range p.items {
		content := it.send &^ (Restrictions | Labels)
		if !it.fresh && content == 0 || !p.exposed(it) {
			continue
		}
		it.fresh, held = false, true
		it.send &^= content
		p.clash(it, Restrictions, "held back: a page that restricts it at the source does not stand above it at the destination")
	}
	return held
}

func (p *planner) exposed(it *item) bool {
	page := p.page(it)
	if page == nil {
		return false
	}
	var shields []*item
	for up := p.above(page); up != nil; up = p.above(up) {
		if p.restricts(up) {
			shields = append(shields, up)
		}
	}
	for at := page.dest; at != nil && len(shields) > 0; at = at.dest {
		if at == shields[0] {
			shields = shields[1:]
		}
	}
	return len(shields) > 0
}
