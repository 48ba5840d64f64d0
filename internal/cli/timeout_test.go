package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// TestRequestTimeout reads the time that a request to a site may take from the environment.
func TestRequestTimeout(t *testing.T) {
	for value, want := range map[string]time.Duration{"": time.Minute, "100ms": 100 * time.Millisecond, "2s": 2 * time.Second} {
		a := &app{env: Env{Getenv: func(name string) string {
			if name == "TANDEM_REQUEST_TIMEOUT" {
				return value
			}
			return ""
		}}}
		cmd := &cobra.Command{}
		a.globalFlags(cmd)
		if err := a.configure(cmd); err != nil || a.settings.RequestTimeout != want {
			t.Errorf("%q: %s, %v", value, a.settings.RequestTimeout, err)
		}
	}
	for _, value := range []string{"1ms", "-2s", "soon"} {
		env := map[string]string{"TANDEM_DATA_DIR": t.TempDir(), "TANDEM_REQUEST_TIMEOUT": value}
		code, _, stderr := runCommand(t.Context(), env, "", "site", "list")
		if code != 2 || !strings.Contains(stderr, "T-1001") {
			t.Errorf("%q: exit code %d\n%s", value, code, stderr)
		}
	}
}
