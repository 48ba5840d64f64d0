package migration

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

var peopleColumns = []string{"source_key", "source_name", "source_email", "match", "account_id", "used"}

var matches = []string{"email", "alias", "name", "manual", "placeholder", "none"}

// Person is one row of a people file.
type Person struct {
	SourceKey   string // user key, user name where there is no key, account id, or "group:NAME"
	SourceName  string
	SourceEmail string
	Match       string // email, alias, name, manual, placeholder or none
	Account     string // account id or "group:NAME" at the destination; empty for placeholder and none
	Used        int    // number of uses, for people only
}

// People maps the users and groups of the source to those of the destination. The zero value maps no user, and each
// group to the group of equal name.
type People struct {
	Rows []Person // in file order
	// Indexes into Rows by key and by user name; -1 for a name that several rows have.
	byKey, byName map[string]int
}

// ParsePeople reads a people file. Its error, T-1003, lists every wrong row.
func ParsePeople(data []byte, file string) (People, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return People{}, fileError(confluence.CodeBadFile, file, 1, 1, "no header: "+readable(err))
	}
	if !slices.Equal(header, peopleColumns) {
		return People{}, fileError(confluence.CodeBadFile, file, 1, 1,
			fmt.Sprintf("the header is %q, it must be %q", strings.Join(header, ","), strings.Join(peopleColumns, ",")))
	}
	p := People{byKey: map[string]int{}, byName: map[string]int{}}
	var wrong []wrongRow
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			wrong = append(wrong, wrongRow{lineOf(err), readable(err)})
			continue
		}
		line, _ := r.FieldPos(0)
		if what := p.add(cells); what != "" {
			wrong = append(wrong, wrongRow{line, what})
		}
	}
	if len(wrong) > 0 {
		return People{}, wrongRows(wrong, file)
	}
	return p, nil
}

type wrongRow struct {
	line int
	what string
}

func wrongRows(rows []wrongRow, file string) error {
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = fmt.Sprintf("line %d: %s", row.line, row.what)
	}
	noun := "rows are"
	if len(rows) == 1 {
		noun = "row is"
	}
	e := confluence.Errorf(confluence.CodeBadFile, "%s: %d %s wrong, nothing was taken over", file, len(rows), noun)
	e.Cause = strings.Join(lines, "; ")
	return e.At(confluence.Where{File: file, Line: rows[0].line})
}

func lineOf(err error) int {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return e.StartLine
	}
	return 0
}

func readable(err error) string {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	if errors.Is(err, io.EOF) {
		return "the file is empty"
	}
	return err.Error()
}

// add takes one row over, or says what is wrong with it.
func (p *People) add(cells []string) string {
	if len(cells) != len(peopleColumns) {
		return fmt.Sprintf("%d fields instead of %d", len(cells), len(peopleColumns))
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	row := Person{SourceKey: cells[0], SourceName: cells[1], SourceEmail: cells[2], Match: cells[3], Account: cells[4]}
	// The count is for people; what a spreadsheet made of it does not matter.
	row.Used, _ = strconv.Atoi(cells[5])
	if row.Match == "none" && row.Account != "" {
		row.Match = "manual"
	}
	if what := row.wrong(); what != "" {
		return what
	}
	if first, ok := p.byKey[row.SourceKey]; ok {
		return fmt.Sprintf("source_key %q stands in row %d as well", row.SourceKey, first+1)
	}
	p.byKey[row.SourceKey] = len(p.Rows)
	if row.SourceName != "" {
		name := strings.ToLower(row.SourceName)
		if _, ok := p.byName[name]; ok {
			p.byName[name] = -1
		} else {
			p.byName[name] = len(p.Rows)
		}
	}
	p.Rows = append(p.Rows, row)
	return ""
}

func (row Person) wrong() string {
	unmapped := row.Match == "placeholder" || row.Match == "none"
	source, destination := strings.HasPrefix(row.SourceKey, "group:"), strings.HasPrefix(row.Account, "group:")
	switch {
	case row.SourceKey == "" || row.SourceKey == "group:":
		return "source_key is empty"
	case !slices.Contains(matches, row.Match):
		return fmt.Sprintf("match %q is none of %s", row.Match, strings.Join(matches, ", "))
	case unmapped && row.Account != "":
		return fmt.Sprintf("match %s with an account_id", row.Match)
	case !unmapped && (row.Account == "" || row.Account == "group:"):
		return fmt.Sprintf("match %s without an account_id", row.Match)
	case row.Account != "" && source != destination:
		return "a group maps to a group and a user to a user"
	}
	return ""
}

// row returns the row of a key, else of a user name.
func (p People) row(key string) (Person, bool) {
	if i, ok := p.byKey[key]; ok {
		return p.Rows[i], true
	}
	if i, ok := p.byName[strings.ToLower(key)]; ok && i >= 0 {
		return p.Rows[i], true
	}
	return Person{}, false
}

// Account returns the account at the destination of a source user, given by key or by user name.
func (p People) Account(source confluence.UserID) (confluence.UserID, bool) {
	row, ok := p.row(string(source))
	if !ok || row.Account == "" || strings.HasPrefix(row.SourceKey, "group:") {
		return "", false
	}
	return confluence.UserID(row.Account), true
}

// Group returns the group at the destination for a source group: the one of its row, else the same name. It returns
// false for a group that is expressly mapped to nothing. Whether the group exists there is not known here.
func (p People) Group(name string) (string, bool) {
	i, ok := p.byKey["group:"+name]
	if !ok {
		return name, true
	}
	return strings.CutPrefix(p.Rows[i].Account, "group:")
}

// CSV returns the people file, header included.
func (p People) CSV() []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Write(peopleColumns)
	for _, r := range p.Rows {
		w.Write([]string{r.SourceKey, r.SourceName, r.SourceEmail, r.Match, r.Account, strconv.Itoa(r.Used)})
	}
	w.Flush()
	return buf.Bytes()
}
