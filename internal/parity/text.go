package parity

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Text returns a proof for a terminal: one line of summary, then one line for each difference and each exception.
func Text(p Proof) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  depth %s  leaves %d/%d  exceptions %d\n",
		p.Space, verdict(p), p.Depth, p.Leaves[confluence.A], p.Leaves[confluence.B], len(p.Exceptions))
	fmt.Fprintf(&b, "  root A %s\n  root B %s\n", p.Roots[confluence.A], p.Roots[confluence.B])
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	if len(p.Differences) > 0 {
		fmt.Fprintln(w, "\n  CONTENT\tTWIN\tFIELD\tA\tB")
	}
	for _, d := range p.Differences {
		a, v := shown(d)
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", printable(d.Title), d.Twin, printable(fieldName(d)), printable(a), printable(v))
	}
	if len(p.Exceptions) > 0 {
		fmt.Fprintln(w, "\n  EXCEPTION\tTWIN\tFIELD")
	}
	for _, e := range p.Exceptions {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", e.Reason, e.Twin, printable(e.Field))
	}
	w.Flush()
	return b.String()
}

func verdict(p Proof) string {
	switch {
	case p.Equal:
		return "equal"
	case len(p.Differences) == 1:
		return "1 difference"
	}
	return fmt.Sprintf("%d differences", len(p.Differences))
}

func fieldName(d Difference) string {
	if d.Field == FieldWhole {
		return "the " + kindWord(d.Kind)
	}
	return d.Field
}

func kindWord(k confluence.Kind) string {
	switch k {
	case confluence.BlogPost:
		return "blog post"
	case "":
		return "content"
	}
	return string(k)
}

// shown returns what to show for the two sides of a difference.
func shown(d Difference) (a, b string) {
	var out [2]string
	for _, side := range confluence.Sides {
		switch {
		case d.Missing[side]:
			out[side] = "missing"
		case d.Field == FieldWhole:
			out[side] = "there"
		case d.Values[side] == "":
			out[side] = "none"
		default:
			out[side] = d.Values[side]
		}
	}
	return out[confluence.A], out[confluence.B]
}

// printable keeps titles and names of a site from acting on a terminal or breaking a table.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
