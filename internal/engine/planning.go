package engine

import (
	"context"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// PlanReport is a plan as it was stored, with what it holds.
type PlanReport struct {
	Plan   store.PlanRow          `json:"plan"`
	Spaces []migration.SpaceFacts `json:"spaces"`
}

// CreatePlan stores a plan, bound to the sites that its two ends are now.
func (e *Engine) CreatePlan(ctx context.Context, p migration.Plan) (PlanReport, error) {
	if _, err := e.store.Plan(ctx, p.Name); err == nil {
		return PlanReport{}, confluence.Errorf(confluence.CodeUsage, "a plan named %q exists", p.Name)
	}
	if err := p.Validate(); err != nil {
		return PlanReport{}, err
	}
	row := store.PlanRow{Plan: p, Status: migration.PlanSaved, Created: e.opt.Now().UTC()}
	return e.putPlan(ctx, row)
}

// EditPlan changes a stored plan. Naming another source or destination binds it anew.
func (e *Engine) EditPlan(ctx context.Context, name string, edit func(*migration.Plan) error) (PlanReport, error) {
	row, err := e.store.Plan(ctx, name)
	if err != nil {
		return PlanReport{}, err
	}
	if row.Status == migration.PlanRunning {
		return PlanReport{}, confluence.Errorf(confluence.CodeUsage, "plan %q is running", name)
	}
	was := row.Plan
	if err := edit(&row.Plan); err != nil {
		return PlanReport{}, err
	}
	row.Plan.Name = name
	if EndpointName(was.From) != EndpointName(row.Plan.From) && row.Plan.From.Fingerprint == was.From.Fingerprint {
		row.Plan.From.Fingerprint = ""
	}
	if EndpointName(was.To) != EndpointName(row.Plan.To) && row.Plan.To.Fingerprint == was.To.Fingerprint {
		row.Plan.To.Fingerprint = ""
	}
	if err := row.Plan.Validate(); err != nil {
		return PlanReport{}, err
	}
	e.forget(EndpointName(row.Plan.From)) // the file behind it may be another one now
	return e.putPlan(ctx, row)
}

// putPlan fills in the fingerprints and stores the row.
func (e *Engine) putPlan(ctx context.Context, row store.PlanRow) (PlanReport, error) {
	ends := [2]*migration.Endpoint{&row.Plan.From, &row.Plan.To}
	var report PlanReport
	for side, end := range ends {
		s, err := e.open(ctx, EndpointName(*end))
		if err != nil {
			return PlanReport{}, err
		}
		id, err := e.identify(ctx, s, end.Fingerprint)
		if err != nil {
			return PlanReport{}, err
		}
		end.Fingerprint = id.Fingerprint
		if confluence.Side(side) == confluence.A {
			if report.Spaces, err = e.listSpaces(ctx, s, row.Plan); err != nil {
				return PlanReport{}, err
			}
		}
	}
	row.Updated = e.opt.Now().UTC()
	report.Plan = row
	return report, e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutPlan(row) })
}

func (e *Engine) listSpaces(ctx context.Context, src *site, p migration.Plan) ([]migration.SpaceFacts, error) {
	var out []migration.SpaceFacts
	for _, sc := range p.Spaces {
		list, err := src.reader.Spaces(ctx, []string{sc.Key})
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			x := confluence.Errorf(confluence.CodeNoSuchName, "no space %q at the source", sc.Key)
			return nil, x.At(confluence.Where{Site: src.row.Name, Space: sc.Key})
		}
		if list[0].Pages == 0 {
			x := confluence.Errorf(confluence.CodeExportDefect, "space %s holds no current page or blog post: there is nothing to migrate", sc.Key)
			x.Remedy = "export the space again with its pages, or leave it out of the plan"
			return nil, x.At(confluence.Where{Site: src.row.Name, Space: sc.Key})
		}
		f := migration.SpaceFacts{Space: list[0], Target: targetOf(sc), Found: true}
		f.Counts.Pages.Total = max(0, list[0].Pages)
		out = append(out, f)
	}
	return out, nil
}

// DeletePlan removes a plan that has no unfinished run.
func (e *Engine) DeletePlan(ctx context.Context, name string) error {
	if _, err := e.store.Plan(ctx, name); err != nil {
		return err
	}
	runs, err := e.store.Runs(ctx, name)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if !r.Status.Final() {
			return confluence.Errorf(confluence.CodeUsage, "run %s of this plan is %s", r.ID, r.Status)
		}
	}
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.DeletePlan(name) })
}

// ArchivePlan puts a plan out of sight, or back.
func (e *Engine) ArchivePlan(ctx context.Context, name string, archived bool) error {
	row, err := e.store.Plan(ctx, name)
	if err != nil {
		return err
	}
	row.Archived, row.Updated = archived, e.opt.Now().UTC()
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutPlan(row) })
}

// CheckPlan reads both ends and the plan's spaces, and says what stands in the way and what is better known before.
func (e *Engine) CheckPlan(ctx context.Context, name string) ([]migration.CheckResult, error) {
	return e.checks(ctx, name, true)
}

// checks gathers the facts of a plan and runs the checks over them. Without deep the contents are not read.
func (e *Engine) checks(ctx context.Context, name string, deep bool) ([]migration.CheckResult, error) {
	row, err := e.store.Plan(ctx, name)
	if err != nil {
		return nil, err
	}
	facts := migration.Facts{Plan: row.Plan, Now: e.opt.Now().UTC()}
	var sites [2]*site
	for side, end := range [2]migration.Endpoint{row.Plan.From, row.Plan.To} {
		if sites[side], err = e.open(ctx, EndpointName(end)); err != nil {
			return nil, err
		}
		id, err := e.identify(ctx, sites[side], end.Fingerprint)
		if err != nil {
			return nil, err
		}
		facts.Sites[side] = migration.SiteFacts{Name: sites[side].row.Name, Identity: id, ReadOnly: sites[side].row.ReadOnly}
	}
	for _, sc := range row.Plan.Spaces {
		f, err := e.spaceFacts(ctx, sc, sites[confluence.A], facts.Sites[confluence.B].Identity, deep)
		if err != nil {
			return nil, err
		}
		facts.Spaces = append(facts.Spaces, f)
	}
	// What is asked of the destination does not depend on each other.
	n := len(row.Plan.Spaces)
	keys := make([]migration.KeyState, n)
	err = e.spread(n+1, max(1, facts.Sites[confluence.B].Identity.Caps.Concurrent), func(i int) (err error) {
		if i == n {
			return e.peopleFacts(ctx, row.Plan, sites, &facts)
		}
		if facts.Spaces[i].Found {
			keys[i], err = e.keyState(ctx, row.Plan, row.Plan.Spaces[i], sites[confluence.B])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if facts.Spaces[i].Found {
			facts.Spaces[i].Key = key
		}
	}
	return migration.RunChecks(facts), nil
}

// spaceFacts reads one space of the source.
func (e *Engine) spaceFacts(ctx context.Context, sc migration.SpaceScope, src *site, to confluence.Identity, deep bool) (migration.SpaceFacts, error) {
	list, err := src.reader.Spaces(ctx, []string{sc.Key})
	if err != nil {
		return migration.SpaceFacts{}, err
	}
	if len(list) == 0 {
		f := migration.NewSurvey(confluence.Space{Key: sc.Key}, targetOf(sc), to.Caps).Facts()
		f.Found = false
		return f, nil
	}
	survey := migration.NewSurvey(list[0], targetOf(sc), to.Caps)
	if deep {
		if err := e.surveyContents(ctx, src, list[0], survey); err != nil {
			return migration.SpaceFacts{}, err
		}
	}
	return survey.Facts(), nil
}

func (e *Engine) keyState(ctx context.Context, p migration.Plan, sc migration.SpaceScope, dst *site) (migration.KeyState, error) {
	list, err := dst.reader.Spaces(ctx, []string{targetOf(sc)})
	if err != nil || len(list) == 0 {
		return migration.KeyFree, err
	}
	pair, err := e.store.PairOf(ctx, [2]string{sourceName(p), dst.row.Name}, [2]string{sc.Key, targetOf(sc)})
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		return migration.KeyTaken, nil
	}
	if err != nil {
		return "", err
	}
	if pair.Spaces[confluence.B] == list[0].ID || pair.Spaces[confluence.B] == "" {
		return migration.KeyOurs, nil // an interrupted creation is looked up before anything is written
	}
	return migration.KeyTaken, nil
}

func (e *Engine) surveyContents(ctx context.Context, src *site, sp confluence.Space, survey *migration.Survey) error {
	req := confluence.ScanRequest{Space: sp, Facets: confluence.AllFacets}
	kinds := map[confluence.ID]confluence.Kind{}
	for {
		batch, err := src.reader.Scan(ctx, req)
		if err != nil {
			return err
		}
		for _, c := range batch.Contents {
			kinds[c.ID] = c.Kind
			survey.Add(c)
			if c.Kind == confluence.Comment && kinds[c.Container] == confluence.Attachment {
				survey.CommentOnFile(c)
			}
			if c.Body.Format == confluence.Storage && strings.Contains(c.Body.Raw, "ri:user") {
				mentions(c.Body.Raw, survey)
			}
		}
		for _, d := range batch.Defects {
			survey.Defect(d)
		}
		if req.Cursor = batch.Next; batch.Next == "" {
			return nil
		}
	}
}

func mentions(raw string, survey *migration.Survey) {
	tree, err := body.Parse(raw)
	if err != nil {
		return // an ill-formed body is a finding of its own
	}
	for _, s := range tree.Form().Slots {
		if s.Kind == body.SlotUser {
			survey.Mention(s.User)
		}
	}
}

func (e *Engine) peopleFacts(ctx context.Context, p migration.Plan, sites [2]*site, f *migration.Facts) error {
	csv, err := e.storedPeople(ctx, sourceName(p), sites[confluence.B].row.Name)
	if err != nil {
		return err
	}
	if len(csv) > 0 {
		if f.People, err = migration.ParsePeople(csv, "people file"); err != nil {
			return err
		}
	}
	users, groups := map[confluence.UserID]bool{}, map[string]bool{}
	for _, s := range f.Spaces {
		for u := range s.Mentions {
			users[u] = true
		}
		for u := range s.Readers {
			users[u] = true
		}
		for g := range s.Groups {
			groups[g] = true
		}
	}
	if err := sourceUsers(ctx, sites[confluence.A], users, f); err != nil {
		return err
	}
	return targetGroups(ctx, sites[confluence.B], groups, f)
}

func sourceUsers(ctx context.Context, src *site, users map[confluence.UserID]bool, f *migration.Facts) error {
	dir, ok := src.reader.(confluence.Directory)
	if !ok || len(users) == 0 {
		return nil
	}
	list, err := dir.Users(ctx, keysOf(users))
	if err != nil {
		return err
	}
	f.Users = map[confluence.UserID]confluence.User{}
	for _, u := range list {
		f.Users[u.ID] = u
	}
	return nil
}

func targetGroups(ctx context.Context, dst *site, groups map[string]bool, f *migration.Facts) error {
	dir, ok := dst.reader.(confluence.Directory)
	if !ok || len(groups) == 0 {
		return nil
	}
	names := map[string]bool{}
	for g := range groups {
		if t, ok := f.People.Group(g); ok {
			g = t
		}
		names[g] = true
	}
	found, err := dir.Groups(ctx, keysOf(names))
	if err != nil {
		return err
	}
	f.Groups = map[string]bool{}
	for _, g := range found {
		f.Groups[g] = true
	}
	return nil
}

// ImportPeople stores the people file of a plan's source and destination after checking it as a whole. from is a site's
// name or "export:PLAN" as PeopleSource returns it.
func (e *Engine) ImportPeople(ctx context.Context, from, to string, csv []byte) (migration.People, error) {
	p, err := migration.ParsePeople(csv, "people file")
	if err != nil {
		return p, err
	}
	if _, err := e.store.Site(ctx, to); err != nil {
		return p, err
	}
	return p, e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutPeople(from, to, csv) })
}

// PeopleSource returns the name under which the people of a plan's source are kept.
func PeopleSource(p migration.Plan) string { return sourceName(p) }
