package cli

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// say prints a message for people on standard error, unless --quiet.
func (a *app) say(format string, args ...any) {
	if !a.settings.Quiet {
		fmt.Fprintf(a.env.Stderr, format+"\n", args...)
	}
}

// human reports whether standard output is for people and not for a script.
func (a *app) human() bool { return a.settings.Output == "table" }

// result prints one document: for scripts as JSON, for people as text makes it.
func (a *app) result(document any, text func(w io.Writer)) error {
	switch a.settings.Output {
	case "json":
		return a.json(a.env.Stdout, document)
	case "jsonl":
		return json.NewEncoder(a.env.Stdout).Encode(document)
	case "csv":
		return usage("this command has no csv form; use --output json")
	}
	text(a.env.Stdout)
	return nil
}

// json prints one document, indented.
func (a *app) json(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// column is one column of a list. value returns a string, a number, a bool or a time.
type column[T any] struct {
	name  string // as in the table's header: upper case, spaces allowed
	value func(T) any
}

// key is a column's name for scripts.
func (c column[T]) key() string { return strings.ReplaceAll(strings.ToLower(c.name), " ", "_") }

// listFlags are the flags of every list.
type listFlags struct {
	filter  []string
	sort    string
	limit   int
	columns []string
}

func (f *listFlags) add(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringArrayVar(&f.filter, "filter", nil, "only rows with column=value (repeatable)")
	cmd.Flags().StringVar(&f.sort, "sort", "", "sort by this column, descending with a leading -")
	cmd.Flags().IntVar(&f.limit, "limit", 0, "at most so many rows (0 = all)")
	cmd.Flags().StringSliceVar(&f.columns, "columns", nil, "these columns only")
	return cmd
}

// printList prints rows as the output format asks, filtered, sorted and cut.
func printList[T any](a *app, f *listFlags, columns []column[T], rows []T) error {
	rows, err := arrange(f, columns, rows)
	if err != nil {
		return err
	}
	chosen, err := choose(columns, f.columns)
	if err != nil {
		return err
	}
	switch a.settings.Output {
	case "json", "jsonl":
		return printObjects(a, chosen, rows, len(f.columns) > 0)
	case "csv":
		w := csv.NewWriter(a.env.Stdout)
		w.UseCRLF = true
		_ = w.Write(headers(chosen, column[T].key)) // Error below reports it
		for _, r := range rows {
			_ = w.Write(cells(chosen, r, machineText))
		}
		w.Flush()
		return w.Error()
	}
	w := tabwriter.NewWriter(a.env.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(headers(chosen, func(c column[T]) string { return c.name }), "\t"))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(cells(chosen, r, tableText), "\t"))
	}
	return w.Flush()
}

func headers[T any](columns []column[T], name func(column[T]) string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = name(c)
	}
	return out
}

func cells[T any](columns []column[T], row T, text func(any) string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = text(c.value(row))
	}
	return out
}

// printObjects prints rows as JSON: whole objects, or only the chosen columns.
func printObjects[T any](a *app, columns []column[T], rows []T, chosen bool) error {
	objects := make([]any, len(rows))
	for i, r := range rows {
		objects[i] = r
		if chosen {
			o := make(map[string]any, len(columns))
			for _, c := range columns {
				o[c.key()] = c.value(r)
			}
			objects[i] = o
		}
	}
	if a.settings.Output == "json" {
		return a.json(a.env.Stdout, objects)
	}
	enc := json.NewEncoder(a.env.Stdout)
	enc.SetEscapeHTML(false)
	for _, o := range objects {
		if err := enc.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// find returns the column of that name, as in the header or as for scripts.
func find[T any](columns []column[T], name string) (column[T], error) {
	for _, c := range columns {
		if strings.EqualFold(c.name, name) || strings.EqualFold(c.key(), name) {
			return c, nil
		}
	}
	return column[T]{}, usage("there is no column %q; there are %s", name, strings.Join(headers(columns, column[T].key), ", "))
}

func choose[T any](columns []column[T], names []string) ([]column[T], error) {
	if len(names) == 0 {
		return columns, nil
	}
	var out []column[T]
	for _, name := range names {
		c, err := find(columns, name)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// arrange filters, sorts and cuts.
func arrange[T any](f *listFlags, columns []column[T], rows []T) ([]T, error) {
	rows = slices.Clone(rows)
	for _, filter := range f.filter {
		name, want, ok := strings.Cut(filter, "=")
		if !ok {
			return nil, usage("--filter %q is not column=value", filter)
		}
		c, err := find(columns, name)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r T) bool { return !strings.EqualFold(machineText(c.value(r)), want) })
	}
	if f.sort != "" {
		name, down := strings.CutPrefix(f.sort, "-")
		c, err := find(columns, name)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(rows, func(x, y T) int {
			order := compareValues(c.value(x), c.value(y))
			if down {
				return -order
			}
			return order
		})
	}
	if f.limit < 0 {
		return nil, usage("--limit %d is negative", f.limit)
	}
	if f.limit > 0 && len(rows) > f.limit {
		rows = rows[:f.limit]
	}
	return rows, nil
}

func compareValues(x, y any) int {
	if a, ok := x.(time.Time); ok {
		return a.Compare(y.(time.Time))
	}
	a, errA := strconv.ParseFloat(machineText(x), 64)
	b, errB := strconv.ParseFloat(machineText(y), 64)
	if errA == nil && errB == nil {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(machineText(x), machineText(y))
}

// machineText is a value in csv and in filters.
func machineText(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.Format(time.RFC3339)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// tableText is a value in a table.
func tableText(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return "-"
		}
		return v.Local().Format("2006-01-02 15:04")
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	if s := oneLine(fmt.Sprint(v)); s != "" {
		return s
	}
	return "-"
}

// oneLine keeps text of a site from breaking a table or acting on a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

func joined(parts []string) string { return strings.Join(parts, ", ") }

// count writes a number with its noun: "1 page", "2 pages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
