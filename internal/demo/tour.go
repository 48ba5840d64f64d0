package demo

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/tandem-sync/tandem/internal/api"
)

// Tour goes the whole way: the sites, the plan with the people, its run and the proof of parity; then, where the source
// lives, pairs, edits on both sites, syncs, and the proof anew.
func (s *Stage) Tour(ctx context.Context, tandem API) (Document, error) {
	doc := Document{Sync: Sync{Sides: []Side{}}}
	for _, site := range s.Sites {
		if site == nil {
			continue
		}
		if err := s.addSite(ctx, tandem, site); err != nil {
			return doc, err
		}
	}
	if err := s.createPlan(ctx, tandem); err != nil {
		return doc, err
	}
	run, err := s.migrate(ctx, tandem, &doc)
	if err != nil {
		return doc, err
	}
	if s.Sites[sideA] == nil {
		s.opt.Say("sync        left out: an export is a file that nobody edits")
	} else if err := s.sync(ctx, tandem, &doc, run); err != nil {
		return doc, err
	}
	s.opt.Say("left out    the merge of bodies that both sites edited; users and groups come from a people file")
	return doc, nil
}

func (s *Stage) addSite(ctx context.Context, tandem API, site *Site) error {
	login, secret := site.emulated.Account()
	in := api.NewSite{Name: site.Name, URL: site.URL, Kind: site.kind, Auth: "token", Email: login, Secret: secret}
	if site.kind == personalityDC {
		in.Auth, in.Email = "pat", ""
	}
	var report api.SiteReport
	if err := tandem.Call(ctx, http.MethodPost, "/sites", in, &report); err != nil {
		return err
	}
	s.opt.Say("site        %s at %s: %s, as %s", site.Name, site.URL, report.Product, report.Account)
	return nil
}

// createPlan creates one plan with all spaces, and stores who is who.
func (s *Stage) createPlan(ctx context.Context, tandem API) error {
	from, people, source := "site: "+DataCenterName, DataCenterName, DataCenterName
	if s.Sites[sideA] == nil {
		from, people, source = fmt.Sprintf("export: %q", s.Export), "export:"+PlanName, filepath.Base(s.Export)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: tandem/v1\nkind: MigrationPlan\nname: %s\nstage: test\nfrom: {%s}\nto: {site: %s}\nspaces:\n", PlanName, from, CloudName)
	for _, key := range Spaces() {
		fmt.Fprintf(&b, "  - {key: %s}\n", key)
	}
	var plan api.PlanResult
	if err := tandem.Call(ctx, http.MethodPost, "/plans", api.PlanFile{File: b.String(), Name: "demo.yaml"}, &plan); err != nil {
		return err
	}
	var stored api.People
	body := map[string]string{"file": string(s.people), "name": "people.csv"}
	if err := tandem.Call(ctx, http.MethodPut, "/people?from="+people+"&to="+CloudName, body, &stored); err != nil {
		return err
	}
	s.opt.Say("plan        %s: %d spaces from %s; %d of %d people mapped", PlanName, len(plan.Spaces), source, stored.Mapped, stored.Rows)
	return nil
}

// migrate runs the plan, proves what it did, and returns the run's name.
func (s *Stage) migrate(ctx context.Context, tandem API, doc *Document) (string, error) {
	var run api.Progress
	if err := tandem.Call(ctx, http.MethodPost, "/runs", map[string]string{"plan": PlanName}, &run); err != nil {
		return "", err
	}
	run, err := tandem.Follow(ctx, run.Run)
	if err != nil {
		return "", err
	}
	s.opt.Say("migration   run %s %s, %d of %d contents, %d failures", run.Run, run.Status, run.Done, run.Total, run.Failed)
	if run.Error != nil {
		s.opt.Say("            %s: %s", run.Error.Code, run.Error.What)
	}
	doc.Migration.Status, doc.Migration.Failures = string(run.Status), run.Failed
	if err := s.Sites[sideB].count(&doc.Migration); err != nil {
		return "", err
	}
	doc.Parity, err = s.prove(ctx, tandem, run.Run)
	return run.Run, err
}

// prove reads both sides of all spaces of a run anew and compares them.
func (s *Stage) prove(ctx context.Context, tandem API, run string) (Parity, error) {
	var proof api.Verification
	if err := tandem.Call(ctx, http.MethodPost, "/verifications", map[string]string{"run": run, "depth": "everything"}, &proof); err != nil {
		return Parity{}, err
	}
	for _, p := range proof.Proofs {
		result := "different"
		if p.Equal {
			result = "proved equal"
		}
		s.opt.Say("parity      %-4s %s: %d leaves, %d exceptions, %d differences, root %.8s", p.Space, result, p.Leaves[0], len(p.Exceptions), len(p.Differences), p.Roots[0])
		for _, d := range p.Differences {
			s.opt.Say("            %s %s: %s, %s", d.Title, d.Field, d.Values[0], d.Values[1])
		}
	}
	return Parity{Equal: proof.Equal, Differences: proof.Differences()}, nil
}
