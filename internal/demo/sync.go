package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/api"
)

// PairName is the name of the pair of a space.
func PairName(key string) string { return strings.ToLower(key) }

// sync pairs all spaces by what the migration left, lets people edit on both sites, syncs, and proves parity anew.
func (s *Stage) sync(ctx context.Context, tandem API, doc *Document, run string) error {
	before := [2]int{s.Sites[sideA].writes(), s.Sites[sideB].writes()}
	doc.Sync.Sides = s.sides()
	for _, key := range Spaces() {
		if err := s.pair(ctx, tandem, key, run); err != nil {
			return err
		}
	}
	// The first sweep looks at what the migration left, and has nothing to do.
	first := Sync{Sides: s.sides()}
	if err := s.syncAll(ctx, tandem, &first); err != nil {
		return err
	}
	if first.Propagated != 0 {
		return fmt.Errorf("the first sweep after the migration wrote %d changes", first.Propagated)
	}
	for _, round := range append(rounds[:len(rounds):len(rounds)], nil) {
		if err := s.edit(round); err != nil {
			return err
		}
		if err := s.syncAll(ctx, tandem, &doc.Sync); err != nil {
			return err
		}
	}
	for i, site := range s.Sites {
		doc.Sync.Sides[i].Writes = site.writes() - before[i]
	}
	parity, err := s.prove(ctx, tandem, run)
	doc.Sync.Parity = &parity
	if doc.Parity.Equal { // what differed before the sync stays said
		doc.Parity = parity
	}
	return err
}

func (s *Stage) sides() []Side {
	return []Side{{Site: s.Sites[sideA].Name}, {Site: s.Sites[sideB].Name}}
}

// pair makes the pair of a space, and takes over what the migration knows as its baseline. Cycles run on demand for now:
// the tour counts them.
func (s *Stage) pair(ctx context.Context, tandem API, key, run string) error {
	name := PairName(key)
	file := fmt.Sprintf("apiVersion: tandem/v1\nkind: SpacePair\nname: %s\na: {site: %s, space: %s}\nb: {site: %s, space: %s}\nadopt: %q\nmode: on-demand\n",
		name, DataCenterName, key, CloudName, key, run)
	if err := tandem.Call(ctx, http.MethodPost, "/pairs", api.PairFile{File: file, Name: name + ".yaml"}, nil); err != nil {
		return err
	}
	var b api.Baseline
	if err := tandem.Call(ctx, http.MethodPost, "/pairs/"+name+"/baseline", nil, &b); err != nil {
		return err
	}
	if err := tandem.Call(ctx, http.MethodPost, "/pairs/"+name+"/baseline?planDigest="+b.Digest, nil, &b); err != nil {
		return err
	}
	s.opt.Say("pair        %-4s %s:%s and %s:%s, %d contents taken over from %s", name, DataCenterName, key, CloudName, key, b.ByMap, b.Adopted)
	return nil
}

// syncAll runs one cycle of every pair and adds up what they did.
func (s *Stage) syncAll(ctx context.Context, tandem API, sum *Sync) error {
	sum.Cycles++
	for _, key := range Spaces() {
		var c api.Cycle
		if err := tandem.Call(ctx, http.MethodPost, "/pairs/"+PairName(key)+"/sync", struct{}{}, &c); err != nil {
			return err
		}
		if c.Halt != nil {
			return fmt.Errorf("pair %s is halted: %s", c.Pair, c.Halt.What)
		}
		for i, side := range c.Sides {
			sum.Sides[i].Carried += side.Written
			sum.Propagated += side.Written
		}
		sum.Merged += c.Merged
		sum.Conflicts += c.Opened
		sum.Failed += c.Failed
		s.opt.Say("sync        %s", CycleLine(c))
	}
	return nil
}

// CycleLine says in one line what a cycle did.
func CycleLine(c api.Cycle) string {
	line := fmt.Sprintf("%-4s cycle %d (%s): to %s %d%s, to %s %d%s", c.Pair, c.Number, c.Kind,
		c.Sides[sideB].Site, c.Sides[sideB].Written, verbs(c.Sides[sideB]), c.Sides[sideA].Site, c.Sides[sideA].Written, verbs(c.Sides[sideA]))
	if c.Open > 0 {
		line += fmt.Sprintf(", %d conflicts open", c.Open)
	}
	if c.Failed > 0 {
		line += fmt.Sprintf(", %d failed", c.Failed)
	}
	if c.Ended != nil {
		line += fmt.Sprintf(", %.1f s", c.Ended.Sub(c.Started).Seconds())
	}
	return line
}

// verbs names what was written: " (PUT, LB+)".
func verbs(s api.CycleSide) string {
	if s.Written == 0 {
		return ""
	}
	var parts []string
	for _, verb := range sortedKeys(s.Writes) {
		if n := s.Writes[verb]; n > 1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verb))
		} else {
			parts = append(parts, verb)
		}
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
