package simulation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// enough is how often each row, fault and probe comes up in a simulation of so many seeds.
const (
	enough     = 50
	enoughFrom = 330
)

// unreached are rows, faults and probes that no life can bring about, with the reason.
var unreached = map[string]string{
	"probe ARC": "no connector says yet that its side can archive, so that nothing is archived",
	"probe HM":  "a space that is made has its home page already, so that none is set",
}

// probed are the verbs of writes that are looked for where their outcome is not known.
var probed = []confluence.Verb{
	confluence.VerbPost, confluence.VerbPut, confluence.VerbMove, confluence.VerbTrash, confluence.VerbRestore, confluence.VerbArchive,
	confluence.VerbLabel, confluence.VerbUnlabel, confluence.VerbAttach, confluence.VerbReplace, confluence.VerbDetach,
	confluence.VerbComment, confluence.VerbRecomment, confluence.VerbUncomment, confluence.VerbRestrict, confluence.VerbProperty,
	confluence.VerbSpace, confluence.VerbHome, confluence.VerbPermission,
}

// checkCoverage prints how often each row of the decision table, each fault and each probe came up, and fails where one
// came up too seldom.
func checkCoverage(t *testing.T, total map[string]int, seeds int) {
	t.Helper()
	var names []string
	for n := 1; n <= 38; n++ {
		names = append(names, fmt.Sprintf("row %d", n))
	}
	for n := 1; n <= lastFault; n++ {
		names = append(names, fmt.Sprintf("F%d", n))
	}
	for _, v := range probed {
		names = append(names, "probe "+string(v))
	}
	var table strings.Builder
	least, leastOf := 1<<30, ""
	for i, name := range names {
		n := total[name]
		fmt.Fprintf(&table, "%12s %6d", name, n)
		if i%6 == 5 {
			fmt.Fprintln(&table)
		}
		if unreached[name] != "" {
			continue
		}
		if n < least {
			least, leastOf = n, name
		}
		if seeds >= enoughFrom && n < enough {
			t.Errorf("%s came up %d times in %d seeds, not %d", name, n, seeds, enough)
		}
	}
	t.Logf("how often each came up in %d seeds; least: %s, %d times\n%s", seeds, leastOf, least, table.String())
	for _, name := range names {
		if why := unreached[name]; why != "" {
			t.Logf("%s does not come up: %s", name, why)
		}
	}
}
