package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/body"
)

// printConflict shows a conflict to a person: the places that clash, or with beside all of both bodies side by side.
func (a *app) printConflict(w io.Writer, x api.Conflict, beside bool) {
	fmt.Fprintf(w, "%s  %s %q of pair %s: %s\n", x.ID, x.Content, oneLine(x.Title), x.Pair, oneLine(x.What))
	for _, s := range x.Sides {
		if about := edit(s); about != "" {
			fmt.Fprintf(w, "  %s:%s\n", s.Site, oneLine(about))
		}
	}
	if x.State != "open" {
		fmt.Fprintf(w, "  %s: %s\n", x.State, oneLine(joined(filled(x.Decided, x.Who, x.Comment))))
	}
	rows, err := conflictRows(x)
	switch {
	case !x.Bodies:
		printTexts(w, x, "", x.Base, [2]string{x.Sides[0].Value, x.Sides[1].Value})
	case err != nil:
		fmt.Fprintf(w, "  a body cannot be read (%v); see --as files\n", err)
	case beside:
		printBeside(w, x, rows, a.width())
	default:
		printClashes(w, x, rows)
	}
	if x.State == "open" {
		fmt.Fprintf(w, "settle it: tandem conflict resolve %s --use %s, %s or file:PATH\n", x.ID, x.Sides[0].Site, x.Sides[1].Site)
	}
}

func filled(texts ...string) (out []string) {
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// conflictRows sets the bodies of a conflict side by side, in canonical form: what servers and editors rewrite by
// themselves does not show.
func conflictRows(x api.Conflict) ([]body.Row, error) {
	if !x.Bodies {
		return nil, nil
	}
	var base *body.Tree
	var sides [2]*body.Tree
	var err error
	if x.Base != "" {
		if base, err = body.Parse(x.Base); err != nil {
			return nil, err
		}
	}
	for i, s := range x.Sides {
		if sides[i], err = body.Parse(s.Value); err != nil {
			return nil, err
		}
	}
	return body.Beside(base, sides[0], sides[1]), nil
}

// printTexts prints what both sides hold at one place, and what they come from.
func printTexts(w io.Writer, x api.Conflict, place, base string, sides [2]string) {
	width := len("base")
	for _, s := range x.Sides {
		width = max(width, len(s.Site))
	}
	row := func(name, text string) {
		if text == "" {
			text = "(nothing)"
		}
		fmt.Fprintf(w, "%-9s %-*s %s\n", place, width+1, name+":", oneLine(text))
		place = ""
	}
	if x.Base != "" || !x.Bodies {
		row("base", base)
	}
	for i, s := range x.Sides {
		row(s.Site, sides[i])
	}
}

// printClashes prints the blocks that both sides changed, and counts those that one side changed.
func printClashes(w io.Writer, x api.Conflict, rows []body.Row) {
	var alone [2]int
	clashes := 0
	for i, r := range rows {
		switch {
		case r.Clash():
			clashes++
			printTexts(w, x, "block "+strconv.Itoa(i+1), r.Base, r.Sides)
		case r.Changed(0) && !r.Changed(1):
			alone[0]++
		case r.Changed(1) && !r.Changed(0):
			alone[1]++
		}
	}
	if clashes == 0 {
		fmt.Fprintln(w, "no block was changed by both sides; until bodies are merged, a person decides")
	}
	fmt.Fprintf(w, "other blocks: %d changed on %s only, %d on %s only\n", alone[0], x.Sides[0].Site, alone[1], x.Sides[1].Site)
}

// unchangedShown is how many unchanged blocks are shown around a changed one.
const unchangedShown = 1

// printBeside prints two bodies in two columns, block by block. The mark of a line says what is the case there: both
// changed it (!), the left (<) or the right (>) side did, or both did alike (=).
func printBeside(w io.Writer, x api.Conflict, rows []body.Row, width int) {
	column := max(20, (width-10)/2)
	line := func(mark, number, left, right string) {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%1s %4s  %s | %s", mark, number, padded(left, column), right), " "))
	}
	line("", "", x.Sides[0].Site, x.Sides[1].Site)
	line("", "", strings.Repeat("-", column), strings.Repeat("-", column))
	for i := 0; i < len(rows); {
		if n := quiet(rows, i); n > 0 {
			line("", strconv.Itoa(i+1), "... "+count(n, "block")+" alike", "")
			i += n
			continue
		}
		r := rows[i]
		cells := [2][]string{wrapped(r.Sides[0], column), wrapped(r.Sides[1], column)}
		mark, number := markOf(r), strconv.Itoa(i+1)
		for k := range max(len(cells[0]), len(cells[1])) {
			var texts [2]string
			for side := range cells {
				if k < len(cells[side]) {
					texts[side] = cells[side][k]
				}
			}
			line(mark, number, texts[0], texts[1])
			mark, number = "", ""
		}
		if r.Clash() && r.Base != "" {
			for k, text := range wrapped(r.Base, 2*column-6) {
				name := "base: "
				if k > 0 {
					name = "      "
				}
				fmt.Fprintf(w, "        %s%s\n", name, text)
			}
		}
		i++
	}
}

// quiet is the number of unchanged rows from i on that are not shown, because nothing near them was changed.
func quiet(rows []body.Row, i int) int {
	far := func(k int) bool {
		for near := max(0, k-unchangedShown); near <= min(len(rows)-1, k+unchangedShown); near++ {
			if rows[near].Sides[0] != rows[near].Sides[1] {
				return false
			}
		}
		return true
	}
	n := 0
	for i+n < len(rows) && far(i+n) {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

func markOf(r body.Row) string {
	switch {
	case r.Clash():
		return "!"
	case r.Changed(0) && r.Changed(1):
		return "="
	case r.Changed(0):
		return "<"
	case r.Changed(1):
		return ">"
	}
	return ""
}

// padded fills a text up to a number of characters.
func padded(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// wrapped cuts a text into lines of at most n characters, at blanks where there are any.
func wrapped(s string, n int) []string {
	var lines []string
	runes := []rune(oneLine(s))
	for len(runes) > n {
		cut := n
		for k := n; k > n/2; k-- {
			if runes[k] == ' ' {
				cut = k
				break
			}
		}
		lines = append(lines, string(runes[:cut]))
		runes = runes[cut:]
		for len(runes) > 0 && runes[0] == ' ' {
			runes = runes[1:]
		}
	}
	if len(runes) > 0 {
		lines = append(lines, string(runes))
	}
	return lines
}

// width is how many characters fit on a line of the screen.
func (a *app) width() int {
	if n, err := strconv.Atoi(a.env.Getenv("COLUMNS")); err == nil && n >= 50 {
		return n
	}
	return 120
}
