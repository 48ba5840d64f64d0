package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// A space permission that the destination does not have is reported as that, and not as one of somebody unknown.
func TestPermissionsThatTheDestinationDoesNotHave(t *testing.T) {
	w := newSync(t)
	w.fill()
	w.migrateOnce()
	list, err := w.store.Findings(context.Background(), store.FindingFilter{})
	if err != nil {
		t.Fatal(err)
	}
	refused := false
	for _, f := range list {
		if f.Where.Facet != "permissions" {
			continue
		}
		own := strings.Contains(f.Where.Detail, "delete_own") || strings.Contains(f.Where.Detail, "delete_mail")
		if own && (f.Code != confluence.CodeNotCapable || !strings.Contains(f.Cause, "no such permission")) {
			t.Errorf("%s %s: %s (%s)", f.Code, f.What, f.Where.Detail, f.Cause)
		}
		refused = refused || own
	}
	if !refused {
		t.Errorf("no permission was refused: %+v", list)
	}
}
