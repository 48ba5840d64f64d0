package store_test

import (
	"strings"
	"testing"
)

// TestByIDNeverScans holds that looking for a content by its id costs the same however much there is.
func TestByIDNeverScans(t *testing.T) {
	s, _ := open(t)
	steps, err := s.Steps()
	if err != nil || len(steps) != 3 {
		t.Fatal(steps, err)
	}
	for name, list := range steps {
		if len(list) == 0 || !strings.Contains(list[0], "USING INDEX agreed_id_") && !strings.Contains(list[0], "USING COVERING INDEX observed_id (id=?") && !strings.Contains(list[0], "USING INDEX observed_id (id=?") {
			t.Errorf("%s begins with %q", name, list)
		}
		for _, step := range list {
			if strings.HasPrefix(step, "SCAN") {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}
