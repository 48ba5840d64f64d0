package confluencetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Stand is a site that stands in for a real one, so that the live mode itself can be tried. It has a group "strangers".
type Stand struct {
	URL                    string
	Kind                   confluence.SiteKind
	User, Secret           string // of the administrator; User is empty for a token that goes alone
	Other                  confluence.UserID
	OtherUser, OtherSecret string
}

// LiveMode runs the live mode at a stand as an owner of a site would, through the environment: the mode leaves nothing behind,
// and removes what a run that was killed has left, but nothing that is not its own.
func LiveMode(t *testing.T, at Stand, open func(LiveSite) OpenLive) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ledger := file("ledger", "TDMLIVELEFT\n")
	for name, value := range map[string]string{
		"URL": at.URL, "KIND": string(at.Kind), "USER": at.User, "SECRET_FILE": file("secret", at.Secret+"\n"), "OTHER_ID": string(at.Other),
		"OTHER_USER": at.OtherUser, "OTHER_SECRET_FILE": file("other", at.OtherSecret), "GROUP": "strangers", "LEDGER": ledger, "SETTLE": "50ms",
		"HOSTILE": "", "LARGE": "",
	} {
		t.Setenv("TANDEM_LIVE_"+name, value)
	}
	l := Live(t, at.Kind)
	_, w := open(l)(t, l.User, l.Secret, nil)
	for _, key := range []string{"TDMLIVELEFT", "OTHERS"} {
		if _, err := w.Apply(t.Context(), confluence.CreateSpace{Key: key, Name: key}, confluence.Payload{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("suite", func(t *testing.T) { RunLive(t, l, open(l)) })
	r, _ := open(l)(t, l.User, l.Secret, nil)
	spaces, err := r.Spaces(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	others := false
	for _, s := range spaces {
		others = others || s.Key == "OTHERS"
		if strings.HasPrefix(s.Key, "TDMLIVE") {
			t.Errorf("the space %s is left behind", s.Key)
		}
	}
	if !others {
		t.Error("a space that is not ours was removed")
	}
	if left, err := os.ReadFile(ledger); err != nil || len(strings.TrimSpace(string(left))) > 0 {
		t.Errorf("the ledger says %q, %v", left, err)
	}
}
