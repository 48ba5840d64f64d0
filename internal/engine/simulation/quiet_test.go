package simulation

import (
	"strings"
	"testing"
)

// TestUnlike: what only one of two ends has is told, and how often.
func TestUnlike(t *testing.T) {
	for _, c := range []struct {
		a, b []string
		want string
	}{
		{[]string{"x", "y"}, []string{"x", "y"}, ""},
		{[]string{"x", "y"}, []string{"x"}, "+ y"},
		{[]string{"x"}, []string{"x", "z"}, "- z"},
		{[]string{"x", "x"}, []string{"x"}, "2 lines, and 1"},
	} {
		if got := unlike(c.a, c.b); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v and %v: %q, not %q", c.a, c.b, got, c.want)
		}
	}
}
