package emulator

import (
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator/vendorspec"
)

// TestEvidence holds that a route which claims the vendor's document is in it, and that one without says what it stands
// on instead.
func TestEvidence(t *testing.T) {
	if vendorspec.Shared() == "" {
		t.Skip("the vendor's documents are not there")
	}
	for _, r := range Routes() {
		documented := vendorspec.Operation(r.Personality, r.Method, r.Template) != nil
		if r.Evidence == bySpec.String() && !documented && !r.Refuses {
			t.Errorf("%s %s %s is in no document of the vendor: name its evidence", r.Personality, r.Method, r.Template)
		}
	}
}
