package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// Verification is the proof of parity of a run: one proof for each space.
type Verification struct {
	Run     string         `json:"run"`
	Sites   [2]string      `json:"sites" doc:"what people call the two sides; the source first"`
	Equal   bool           `json:"equal" doc:"every space is proved equal"`
	Proofs  []parity.Proof `json:"proofs"`
	Preview *Preview       `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// Differences counts the fields that differ in all spaces.
func (v Verification) Differences() int {
	n := 0
	for _, p := range v.Proofs {
		n += len(p.Differences)
	}
	return n
}

type (
	verifyIn struct {
		Write
		Body struct {
			Run   string       `json:"run" doc:"PLAN#n; PLAN alone means its latest run"`
			Depth parity.Depth `json:"depth,omitempty" enum:"structure,content,everything" default:"everything"`
		}
	}
	verificationIn struct {
		RunParam
		Space string `query:"space" doc:"this space only"`
	}
	reportIn struct {
		RunParam
		Format string `query:"format" enum:"text,html,json" default:"text"`
	}
)

func (s *Server) registerVerifications(h huma.API) {
	verify := operation(http.MethodPost, "/verifications", "verifications", "Prove parity", "Reads both sides anew and compares them. "+
		"The call ends when the comparison has ended.")
	register(h, verify, s.verify)
	register(h, get("verifications", "/verifications/{run}", "The proof of parity of a run", ""), s.verification)
	huma.Register(h, fileOperation("/verifications/{run}/report", "verifications", "The proof of parity as a report", "",
		"text/plain", "text/html", "application/json"), s.verificationReport)
}

func (s *Server) verify(ctx context.Context, in *verifyIn) (*Verification, error) {
	run, err := s.findRun(ctx, in.Body.Run)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate([]any{run.ID, in.Body.Depth}, "read both sides of "+run.ID+" and compare them")
	if err != nil {
		return nil, err
	}
	if stop == nil {
		if err := s.engine.Verify(ctx, run.ID, in.Body.Depth); err != nil {
			return nil, err
		}
	}
	v, err := s.proofs(ctx, run)
	v.Preview = stop
	return &v, err
}

// proofs collects the proofs of a run.
func (s *Server) proofs(ctx context.Context, run store.Run) (Verification, error) {
	v := Verification{Run: run.ID, Sites: sitesOf(run), Proofs: []parity.Proof{}}
	rows, err := s.store.Proofs(ctx, run.ID)
	if err != nil {
		return v, err
	}
	for _, r := range rows {
		v.Proofs = append(v.Proofs, r.Proof)
	}
	v.Equal = parity.Report{Proofs: v.Proofs}.Equal()
	return v, nil
}

func (s *Server) verification(ctx context.Context, in *verificationIn) (*Verification, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	v, err := s.proofs(ctx, run)
	if err != nil || in.Space == "" {
		return &v, err
	}
	all := v.Proofs
	v.Proofs = []parity.Proof{}
	for _, p := range all {
		if p.Space == in.Space {
			v.Proofs = append(v.Proofs, p)
		}
	}
	if len(v.Proofs) == 0 {
		return nil, confluence.Errorf(confluence.CodeNoSuchName, "run %s has no proof of a space %q", run.ID, in.Space)
	}
	v.Equal = parity.Report{Proofs: v.Proofs}.Equal()
	return &v, nil
}

func (s *Server) verificationReport(ctx context.Context, in *reportIn) (*fileOut, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, fail(err)
	}
	v, err := s.proofs(ctx, run)
	if err != nil {
		return nil, fail(err)
	}
	report := parity.Report{Title: "Proof of parity", Run: run.ID, Sites: v.Sites, At: s.now().UTC(), Proofs: v.Proofs}
	switch in.Format {
	case "html":
		return &fileOut{ContentType: "text/html; charset=utf-8", Body: []byte(parity.HTML(report))}, nil
	case "json":
		out, err := json.MarshalIndent(report, "", "  ")
		return &fileOut{ContentType: "application/json", Body: append(out, '\n')}, fail(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "run %s, A = %s, B = %s\n", v.Run, v.Sites[0], v.Sites[1])
	for _, p := range v.Proofs {
		b.WriteString(parity.Text(p))
	}
	return &fileOut{ContentType: "text/plain; charset=utf-8", Body: []byte(b.String())}, nil
}
