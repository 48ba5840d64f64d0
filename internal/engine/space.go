package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// stepSpace makes the destination's space, private, and gives its home page to the source's.
func (s *spaceRun) stepSpace(ctx context.Context) error {
	if err := s.settleUnknown(ctx); err != nil {
		return err
	}
	if err := s.reloadPair(ctx); err != nil {
		return err
	}
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	if s.pair.Spaces[confluence.B] == "" {
		if err := s.createSpace(ctx); err != nil {
			return err
		}
	}
	if err := s.takeHome(ctx, v); err != nil {
		return err
	}
	// Of what a view shows, only the home pages can have changed.
	s.rebuild(v)
	return s.enter(ctx, migration.PhaseContent)
}

func (s *spaceRun) reloadPair(ctx context.Context) error {
	p, err := s.e.store.Pair(ctx, s.pair.ID)
	if err == nil {
		s.pair = p
	}
	return err
}

func (s *spaceRun) createSpace(ctx context.Context) error {
	list, err := s.sites[confluence.B].reader.Spaces(ctx, []string{s.pair.Keys[confluence.B]})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		// It may be ours: made by a call that ended after it was looked for. Then the site refuses, and its maker decides.
		tried, err := s.e.store.Journal(ctx, store.JournalFilter{Pair: s.pair.ID, Verbs: []confluence.Verb{confluence.VerbSpace}, Limit: 1})
		if err != nil || len(tried) == 0 {
			return errors.Join(err, keyTaken(s.pair, s.sites[confluence.B]))
		}
	}
	name := s.sourceSpace.Name
	if name == "" {
		name = s.pair.Keys[confluence.B]
	}
	w := &write{
		side:   confluence.B,
		change: confluence.CreateSpace{Key: s.pair.Keys[confluence.B], Name: name, Description: s.sourceSpace.Description, Private: true},
		twin:   spaceTwin(s.pair), key: naturalKey("space", s.pair.Keys[confluence.B]),
	}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	w.also = s.madeSpace
	_, err = s.perform(ctx, w, nil)
	return err
}

// madeSpace records the space that was made for this pair.
func (s *work) madeSpace(tx *store.Tx, res confluence.Result) error {
	s.pair.Spaces[confluence.B], s.pair.Homes[confluence.B], s.pair.Mine, s.fresh = res.ID, res.HomeID, true, true
	return tx.PutPair(&s.pair)
}

// spaceTwin names the two spaces of a pair in the journal.
func spaceTwin(p store.Pair) confluence.TwinID { return mintTwin(p, confluence.A, "space") }

// takeHome makes the page that the server put into the new space the twin of the source's home page, so that there is
// one home page and not two. A source of blog posts alone has none: then the server's empty page goes to the trash.
func (s *spaceRun) takeHome(ctx context.Context, v *view) error {
	id := s.pair.Homes[confluence.B]
	if id == "" || !s.pair.Mine || s.homeTaken(v, id) {
		return nil
	}
	seen, err := s.sites[confluence.B].reader.Fetch(ctx, confluence.Page, []confluence.ID{id}, 0)
	if err != nil {
		return err
	}
	if len(seen) == 0 {
		return s.homeUnseen(ctx, id)
	}
	if v.home == "" {
		return s.trashHome(ctx, seen[0])
	}
	src := v.seen[confluence.A].get(v.home)
	row := store.AgreedRow{Agreed: reconcile.Agreed{Twin: v.home, Kind: confluence.Page}}
	row.ID = [2]confluence.ID{src.Content.ID, id}
	row.Version = [2]int{src.Content.Version.Number, seen[0].Version.Number}
	row.Title = [2]string{src.Content.Title, seen[0].Title}
	if err := s.putAgreed(ctx, []store.AgreedRow{row}); err != nil {
		return err
	}
	v.agreed.put(row.Twin, &row)
	v.addUnread(&row, confluence.B, s.pair.Keys[confluence.B])
	return nil
}

// homeUnseen decides about a home page that the site made and does not show: somebody has removed it, or the account
// does not see all of the space. Going on in the second case would make a second home page.
func (s *spaceRun) homeUnseen(ctx context.Context, id confluence.ID) error {
	list, err := s.sites[confluence.B].reader.Spaces(ctx, []string{s.pair.Keys[confluence.B]})
	if err != nil {
		return err
	}
	if len(list) == 1 && list[0].HomeID != id {
		return nil
	}
	return confluence.Errorf(confluence.CodeBlindAccount, "the home page %s of space %s, made with it, cannot be seen", id, s.pair.Keys[confluence.B])
}

func (s *spaceRun) homeTaken(v *view, id confluence.ID) bool {
	for _, a := range v.agreed.all() {
		if a.ID[confluence.B] == id {
			return true
		}
	}
	return v.home != "" && v.agreed.has(v.home)
}

// trashHome trashes the page that the server made and that nobody has touched since.
func (s *spaceRun) trashHome(ctx context.Context, home confluence.Content) error {
	if home.Version.Number > 1 || home.Creator != s.ids[confluence.B].Me.ID || home.Status == confluence.Trashed {
		return nil
	}
	w := &write{side: confluence.B, change: confluence.Trash{ID: home.ID, Kind: confluence.Page}, twin: strangerTwin(confluence.B, home.ID),
		kind: confluence.Page, target: home.ID, expect: home.Version.Number, key: naturalKey("server's home", string(home.ID))}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	f := s.finding(confluence.A, confluence.CodeExportDefect, confluence.Content{Kind: confluence.Page, Title: home.Title}, confluence.Changed, "home",
		"the source has no pages; the empty home page that the destination made is in its trash")
	f.Severity = migration.SeverityInfo
	// Said first: after a crash nobody comes back here for a page that is in the trash.
	if err := s.addFindings(ctx, []migration.Finding{f}); err != nil {
		return err
	}
	_, err := s.perform(ctx, w, nil)
	return err
}

// stepOpen gives the space its permissions, once parity is proved, and ends the task.
func (s *spaceRun) stepOpen(ctx context.Context) error {
	proof, err := s.e.store.Proof(ctx, s.run.ID, s.pair.ID)
	if err != nil {
		return err
	}
	if !proof.Equal {
		return s.endIncomplete(ctx, len(proof.Differences))
	}
	failures, err := s.failedTwins(ctx)
	if err != nil {
		return err
	}
	if s.scope.Permissions && !s.pair.Opened {
		if err := s.openSpace(ctx); err != nil {
			return err
		}
	}
	status := migration.TaskComplete
	if len(failures) > 0 {
		status = migration.TaskIncomplete
	}
	return s.end(ctx, status, nil)
}

func (s *spaceRun) endIncomplete(ctx context.Context, differences int) error {
	f := migration.FromError(confluence.Errorf(confluence.CodeParityDiffers, "space %s is not proved equal: %d differences", s.scope.Key, differences))
	f = s.stamp(f)
	f.Site = s.sites[confluence.B].row.Name
	if !s.pair.Opened {
		f.What += "; it stays private"
	}
	return s.end(ctx, migration.TaskIncomplete, &f)
}

// openSpace writes the source's permissions. A principal without a counterpart is left out and reported.
func (s *spaceRun) openSpace(ctx context.Context) error {
	if err := s.settleUnknown(ctx); err != nil {
		return err
	}
	if s.people == nil {
		if _, err := s.look(ctx); err != nil {
			return err
		}
	}
	perms, missing := s.mapPermissions()
	var refused []confluence.Permission
	have, err := s.existingPermissions(ctx)
	if err != nil {
		return err
	}
	for _, p := range perms {
		if have[p] {
			continue
		}
		w := &write{side: confluence.B, change: confluence.Grant{Space: s.spaceOf(confluence.B), Permission: p}, twin: spaceTwin(s.pair),
			key: naturalKey("grant", string(p.Principal), p.Operation)}
		w.learned = func(confluence.Result) *store.AgreedRow { return nil }
		if _, err := s.perform(ctx, w, nil); err != nil {
			if halts(err) || ctx.Err() != nil {
				return err
			}
			if confluence.AsError(err).Code == confluence.CodeReaderUnmapped {
				missing = append(missing, p)
			} else {
				refused = append(refused, p)
			}
		}
	}
	if err := s.reportPermissions(ctx, missing, refused); err != nil {
		return err
	}
	if len(s.sourceSpace.Permissions) == 0 {
		if err := s.reportShut(ctx); err != nil {
			return err
		}
	}
	return s.commit(ctx, func(tx *store.Tx) error {
		s.pair.Opened = true
		return tx.PutPair(&s.pair)
	})
}

func (s *spaceRun) existingPermissions(ctx context.Context) (map[confluence.Permission]bool, error) {
	have := map[confluence.Permission]bool{}
	list, err := s.sites[confluence.B].reader.Spaces(ctx, []string{s.pair.Keys[confluence.B]})
	if err != nil {
		return nil, err
	}
	for _, sp := range list {
		for _, p := range sp.Permissions {
			have[p] = true
		}
	}
	return have, nil
}

// mapPermissions maps the source's permissions; reading comes first, because the others need it.
func (s *spaceRun) mapPermissions() (perms, missing []confluence.Permission) {
	seen := map[confluence.Permission]bool{}
	add := func(p confluence.Permission) {
		if !seen[p] {
			seen[p] = true
			perms = append(perms, p)
		}
	}
	for _, first := range []bool{true, false} {
		for _, p := range s.sourceSpace.Permissions {
			if (p.Operation == readSpace) != first {
				continue
			}
			t, ok := s.people.principal(confluence.B, p.Principal)
			if !ok || p.Principal == confluence.Anonymous {
				missing = append(missing, p)
				continue
			}
			add(confluence.Permission{Principal: t, Operation: readSpace})
			add(confluence.Permission{Principal: t, Operation: p.Operation})
		}
	}
	return perms, missing
}

const readSpace = "read/space"

// reportShut says that the source showed no permission of the space, so that nobody could be let in.
func (s *spaceRun) reportShut(ctx context.Context) error {
	f := s.finding(confluence.A, confluence.CodeNotCapable, confluence.Content{}, confluence.Lost, "permissions",
		fmt.Sprintf("the permissions of %s could not be read at the source: only tandem's account sees the space", s.scope.Key))
	f.Content = migration.FindingContent{}
	f.Severity = migration.SeverityWarning
	f.Cause, f.Remedy = "this version of the source has no way to read them, the account may not, or the export has none",
		"give people access to the space at the destination by hand"
	return s.addFindings(ctx, []migration.Finding{f})
}

// reportPermissions says which space permissions were not given: to whom nobody is known at the destination, and which the
// destination does not give.
func (s *spaceRun) reportPermissions(ctx context.Context, missing, refused []confluence.Permission) error {
	var list []migration.Finding
	add := func(code confluence.Code, perms []confluence.Permission, what string) *migration.Finding {
		names := make([]string, len(perms))
		for i, p := range perms {
			names[i] = fmt.Sprintf("%s %s", p.Principal, p.Operation)
		}
		f := s.finding(confluence.A, code, confluence.Content{}, confluence.Changed, "permissions", what)
		f.Content = migration.FindingContent{}
		f.Severity = migration.SeverityWarning
		f.Count = len(perms)
		f.Where.Detail = joinFew(names)
		list = append(list, f)
		return &list[len(list)-1]
	}
	if n := len(missing); n > 0 {
		add(confluence.CodeReaderUnmapped, missing, fmt.Sprintf("%d space permissions of %s were not given", n, s.scope.Key))
	}
	if n := len(refused); n > 0 {
		f := add(confluence.CodeNotCapable, refused, fmt.Sprintf("%d space permissions of %s were refused by the destination", n, s.scope.Key))
		f.Cause, f.Remedy = "the destination has no such permission, such as to delete one's own content alone, or does not let tandem's account give it",
			"give people a permission at the destination by hand that comes close"
	}
	return s.addFindings(ctx, list)
}
