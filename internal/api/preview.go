package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Write are the parameters of every call that changes something.
type Write struct {
	DryRun     bool   `query:"dryRun" doc:"only say what would be done; nothing is written anywhere"`
	PlanDigest string `query:"planDigest" doc:"refuse if what would be done no longer has this digest (at least 12 characters of it)"`
	Reason     string `query:"reason" doc:"why, for the record"`
}

// Preview is what a call would do.
type Preview struct {
	Does   []string `json:"does" doc:"one sentence for each effect"`
	Digest string   `json:"digest" doc:"digest of what would be done: SHA-256 over the effects and the state they start from"`
}

// minDigest is the shortest prefix of a digest that is accepted.
const minDigest = 12

// newPreview makes a preview of effects that start from state, which is anything that marshals to JSON in a fixed order.
func newPreview(state any, does ...string) (*Preview, error) {
	text, err := json.Marshal([]any{does, state})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return &Preview{Does: does, Digest: hex.EncodeToString(sum[:])}, nil
}

// gate says whether a call goes on after its preview: with a dry run it does not, and with another digest than the one
// reviewed it is refused.
func (w Write) gate(state any, does ...string) (stop *Preview, err error) {
	p, err := newPreview(state, does...)
	if err != nil {
		return nil, err
	}
	if w.PlanDigest != "" {
		if len(w.PlanDigest) < minDigest {
			return nil, confluence.Errorf(confluence.CodeUsage, "a digest of fewer than %d characters is too short", minDigest)
		}
		if !strings.HasPrefix(p.Digest, strings.ToLower(w.PlanDigest)) {
			e := confluence.Errorf(confluence.CodeStale, "what would be done is not what was reviewed")
			e.Cause = "reviewed " + w.PlanDigest + ", now " + p.Digest
			return nil, e
		}
	}
	if w.DryRun {
		return p, nil
	}
	return nil, nil
}
