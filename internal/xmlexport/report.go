package xmlexport

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Report says what an export holds.
type Report struct {
	Path        string         `json:"path"`
	Form        string         `json:"form"` // zip or folder
	Fingerprint string         `json:"fingerprint"`
	Product     string         `json:"product"`
	BaseURL     string         `json:"baseUrl"`
	Descriptor  Descriptor     `json:"descriptor"`
	Generation  string         `json:"generation"` // old: relations named on both sides; new: by the child alone
	SpaceKeys   []string       `json:"spaceKeys"`  // in scope, sorted
	Spaces      []SpaceReport  `json:"spaces"`
	Counts      Counts         `json:"counts"`
	Classes     map[string]int `json:"classes"` // objects of entities.xml by class
	Repairs     Repairs        `json:"repairs"`
	IllFormed   bool           `json:"illFormedXml10"` // no XML 1.0 before the repairs
	Defects     map[string]int `json:"defects"`        // how many of each name
	Problems    []Problem      `json:"problems"`       // the first of them, in the order of the file
	People      []Person       `json:"people"`
	Sizes       Sizes          `json:"sizes"`
	Verdict     string         `json:"verdict"` // migrate, or refuse: and the reason
}

// Counts are the columns of the table of expectations, by its names and rules.
type Counts struct {
	CurrentPages          int `json:"currentPages"`
	BlogPosts             int `json:"blogPosts"`
	FooterComments        int `json:"footerComments"`
	InlineComments        int `json:"inlineComments"`
	Replies               int `json:"replies"`
	AttachmentsCurrent    int `json:"attachmentsCurrent"`
	AttachmentsWithBinary int `json:"attachmentsWithBinary"`
	Labels                int `json:"labels"`
	RestrictedPages       int `json:"restrictedPages"`
	TemplatesGlobal       int `json:"templatesGlobal"`
	TemplatesSpace        int `json:"templatesSpace"`
	Users                 int `json:"users"`
	Groups                int `json:"groups"`
	HistoricalVersions    int `json:"historicalVersions"`
	Drafts                int `json:"drafts"`
	Trashed               int `json:"trashed"`
	BodiesWiki            int `json:"bodiesWiki"`
	BodiesStorage         int `json:"bodiesStorage"`
	Archived              int `json:"archived"` // no column: archived pages, which are a defect there
}

// SpaceReport is one space of an export.
type SpaceReport struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Status      string `json:"status"`
	Pages       int    `json:"pages"` // current pages and blog posts
	Attachments int    `json:"attachments"`
	Comments    int    `json:"comments"`
	MadeUp      bool   `json:"madeUp"` // the export refers to it and does not hold it
}

// Person is a user of an export, for a mapping of people.
type Person struct {
	Key   string `json:"key"` // the user key; the name where there is none
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Problem is a defect as a report shows it.
type Problem struct {
	Code  confluence.Code `json:"code"`
	Name  string          `json:"name"`
	Space string          `json:"space"`
	ID    confluence.ID   `json:"id"`
	Title string          `json:"title"`
	Path  string          `json:"path"`
	What  string          `json:"what"`
}

// Sizes are bytes.
type Sizes struct {
	Entities    int64 `json:"entities"`    // of entities.xml, unpacked
	Attachments int64 `json:"attachments"` // of all files below attachments
	Scratch     int64 `json:"scratch"`     // of the bodies as they were kept while the export was read
}

// maxProblems and maxPeople bound the lists of a report; the counts are always complete.
const (
	maxProblems = 1000
	maxPeople   = 100_000
)

// Inspect opens an export, counts what it holds, and closes it. Errors are those of Open.
func Inspect(ctx context.Context, path string) (Report, error) {
	r, err := Open(ctx, path, Options{})
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	return r.Report(ctx)
}

// Report counts what the export holds.
func (r *Reader) Report(ctx context.Context) (Report, error) {
	rep := Report{Path: r.path, Form: r.archive.form, Fingerprint: r.fingerprint, Product: r.product(), BaseURL: r.facts.BaseURL,
		Descriptor: r.desc, Generation: "new", Classes: maps.Clone(r.facts.Classes), Repairs: r.facts.Repairs, Defects: map[string]int{},
		Sizes: Sizes{Entities: r.facts.Entities, Scratch: r.facts.Bodies}}
	rep.IllFormed = rep.Repairs.Controls > 0 || rep.Repairs.InvalidSeq > 0
	if r.facts.BothSides {
		rep.Generation = "old"
	}
	for _, e := range r.archive.entries {
		if strings.HasPrefix(e.name, "attachments/") {
			rep.Sizes.Attachments += e.size
		}
	}
	for _, step := range []func(context.Context, *Report) error{r.reportSpaces, r.reportCounts, r.reportDefects, r.reportPeople} {
		if err := step(ctx, &rep); err != nil {
			return Report{}, readError(err)
		}
	}
	return rep, nil
}

func (r *Reader) reportSpaces(ctx context.Context, rep *Report) error {
	rows, err := r.db.QueryContext(ctx, `SELECT s.scope, coalesce(s.key, ''), coalesce(s.name, ''), coalesce(s.type, ''), coalesce(s.status, ''),
		(SELECT count(*) FROM item i WHERE i.space = s.id AND i.kind IN (1, 2)), (SELECT count(*) FROM item i WHERE i.space = s.id AND i.kind = 4),
		(SELECT count(*) FROM item i WHERE i.space = s.id AND i.kind = 3) FROM space s WHERE s.scope > 0 ORDER BY s.key, s.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s SpaceReport
		var scope int
		if err := rows.Scan(&scope, &s.Key, &s.Name, &s.Type, &s.Status, &s.Pages, &s.Attachments, &s.Comments); err != nil {
			return err
		}
		s.MadeUp = scope == 2
		rep.Spaces = append(rep.Spaces, s)
		if !s.MadeUp && len(r.desc.SpaceKeys) == 0 {
			rep.SpaceKeys = append(rep.SpaceKeys, s.Key)
		}
	}
	rep.SpaceKeys = append(rep.SpaceKeys, r.desc.SpaceKeys...)
	slices.Sort(rep.SpaceKeys)
	rep.SpaceKeys = slices.Compact(rep.SpaceKeys)
	return rows.Err()
}

// counting are the columns of the table of expectations as queries.
func counting(c *Counts) []struct {
	into  *int
	query string
} {
	const (
		items    = "SELECT count(*) FROM item i JOIN content c ON c.seq = i.seq WHERE "
		contents = "SELECT count(*) FROM content WHERE class IN (1, 2) AND scope = 1 AND state = "
		bodies   = "SELECT count(*) FROM body b JOIN item i ON i.id = b.content WHERE i.kind IN (1, 2, 3) AND i.onfile = 0 AND "
	)
	return []struct {
		into  *int
		query string
	}{
		{&c.CurrentPages, items + "i.kind = 1"}, {&c.BlogPosts, items + "i.kind = 2"},
		{&c.FooterComments, items + "i.kind = 3 AND i.onfile = 0 AND c.parent IS NULL AND i.inline = 0"},
		{&c.InlineComments, items + "i.kind = 3 AND i.onfile = 0 AND c.parent IS NULL AND i.inline = 1"},
		{&c.Replies, items + "i.kind = 3 AND i.onfile = 0 AND c.parent IS NOT NULL"},
		{&c.AttachmentsCurrent, items + "i.kind = 4"}, {&c.AttachmentsWithBinary, items + "i.kind = 4 AND i.path IS NOT NULL"},
		{&c.Labels, "SELECT count(*) FROM labelling g JOIN item i ON i.id = g.content AND i.kind IN (1, 2)"},
		{&c.RestrictedPages, `SELECT count(DISTINCT s.content) FROM permset s JOIN item i ON i.id = s.content AND i.kind IN (1, 2)
			WHERE s.type IN ('View', 'Edit') AND EXISTS (SELECT 1 FROM perm p WHERE p.owner = s.id)`},
		{&c.TemplatesGlobal, "SELECT count(*) FROM template WHERE space IS NULL"},
		{&c.TemplatesSpace, "SELECT count(*) FROM template WHERE space IS NOT NULL AND space NOT IN (SELECT id FROM space WHERE scope = 0)"},
		{&c.Users, `SELECT (SELECT count(DISTINCT id) FROM user) + (SELECT count(DISTINCT lname) FROM account
			WHERE lname IS NOT NULL AND lname NOT IN (SELECT lname FROM user WHERE lname IS NOT NULL))`},
		{&c.Groups, "SELECT count(DISTINCT lname) FROM grp"},
		{&c.HistoricalVersions, contents + "5"}, {&c.Trashed, contents + "3"}, {&c.Archived, contents + "4"},
		{&c.Drafts, "SELECT (" + contents + "2) + (SELECT count(*) FROM content WHERE class = 6)"},
		{&c.BodiesWiki, bodies + "(b.type IS NULL OR b.type = 0)"}, {&c.BodiesStorage, bodies + "b.type = 2"},
	}
}

func (r *Reader) reportCounts(ctx context.Context, rep *Report) error {
	for _, c := range counting(&rep.Counts) {
		if err := r.db.QueryRowContext(ctx, c.query).Scan(c.into); err != nil {
			return err
		}
	}
	rep.Verdict = "migrate"
	if rep.Counts.CurrentPages+rep.Counts.BlogPosts == 0 {
		rep.Verdict = "refuse:no current page or blog post"
		var spaces int
		if err := r.db.QueryRowContext(ctx, "SELECT count(*) FROM space WHERE scope < 2").Scan(&spaces); err != nil {
			return err
		}
		if spaces == 0 {
			rep.Verdict = "refuse:no space, no current page or blog post"
		}
	}
	return nil
}

func (r *Reader) reportDefects(ctx context.Context, rep *Report) error {
	rows, err := r.db.QueryContext(ctx, "SELECT name, count(*) FROM defect GROUP BY name")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		rep.Defects[name] = n
	}
	rows.Close()
	found, err := r.defects(ctx, "d.rowid IN (SELECT rowid FROM defect ORDER BY seq LIMIT ?)", maxProblems)
	if err != nil {
		return err
	}
	for _, d := range found {
		rep.Problems = append(rep.Problems, Problem{d.Code, d.Name, d.Space, d.ID, d.Title, d.Path, d.What})
	}
	return nil
}

func (r *Reader) reportPeople(ctx context.Context, rep *Report) error {
	rows, err := r.db.QueryContext(ctx, `SELECT u.id, coalesce(u.name, ''), coalesce(u.email, (SELECT a.email FROM account a WHERE a.lname = u.lname AND a.email IS NOT NULL), '')
		FROM user u UNION SELECT a.lname, min(coalesce(a.name, '')), max(coalesce(a.email, '')) FROM account a
		WHERE a.lname IS NOT NULL AND a.lname NOT IN (SELECT lname FROM user WHERE lname IS NOT NULL) GROUP BY a.lname ORDER BY 1 LIMIT ?`, maxPeople)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p Person
		if err := rows.Scan(&p.Key, &p.Name, &p.Email); err != nil {
			return err
		}
		rep.People = append(rep.People, p)
	}
	return rows.Err()
}
