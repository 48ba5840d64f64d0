package emulator

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// auditLog is what administrators look up: the site's own records and those that a client added.
type auditLog struct {
	records   []*auditRecord // oldest first
	retention retention
}

// retention is how long records are kept.
type retention struct {
	Number int    `json:"number"`
	Units  string `json:"units"`
}

// auditUnits are the units of a period and how long they are; months and longer ones by the calendar's mean.
var auditUnits = map[string]time.Duration{
	"NANOS": 1, "MICROS": time.Microsecond, "MILLIS": time.Millisecond, "SECONDS": time.Second, "MINUTES": time.Minute,
	"HOURS": time.Hour, "HALF_DAYS": 12 * time.Hour, "DAYS": day, "WEEKS": 7 * day, "MONTHS": 365 * day / 12, "YEARS": 365 * day,
	"DECADES": 3650 * day, "CENTURIES": 36500 * day,
}

const day = 24 * time.Hour

// auditRecord is one record.
type auditRecord struct {
	by                             *user
	at                             stamp
	address                        string
	summary, description, category string
	affected                       auditObject
	associated                     []auditObject
	changes                        []auditChange
}

type auditObject struct {
	Name string `json:"name"`
	Type string `json:"objectType"`
}

type auditChange struct {
	Name string `json:"name"`
	Old  string `json:"oldValue"`
	New  string `json:"newValue"`
}

// maxAudit is how many records are kept at most.
const maxAudit = 20_000

// ownAddress stands for where a request came from, which must not make two runs differ.
const ownAddress = "127.0.0.1"

// note adds a record of what the caller did.
func (c *call) note(category, summary string, affected auditObject, associated ...auditObject) {
	c.keep(&auditRecord{
		by: c.user, at: c.stamp(), address: ownAddress, summary: summary, category: category, affected: affected, associated: associated,
	})
}

func (c *call) keep(r *auditRecord) {
	log := &c.world.annex.audit
	log.records = append(log.records, r)
	if len(log.records) > maxAudit {
		log.records = slices.Clone(log.records[len(log.records)-maxAudit/2:])
	}
}

func (c *call) auditV1(r *auditRecord) object {
	changes, associated := []auditChange{}, []auditObject{}
	return object{
		"author": object{
			"type": "user", "displayName": r.by.name, "accountId": r.by.id, "accountType": "atlassian", "publicName": r.by.name,
			"externalCollaborator": false, "isExternalCollaborator": false, "isGuest": false, "operations": nil,
		},
		"remoteAddress": r.address, "creationDate": int64(r.at), "summary": r.summary, "description": r.description,
		"category": r.category, "sysAdmin": false, "superAdmin": false, "affectedObject": r.affected,
		"changedValues": append(changes, r.changes...), "associatedObjects": append(associated, r.associated...),
	}
}

// administrator refuses callers who do not administer the site.
func (c *call) administrator() error {
	if c.user.admin {
		return nil
	}
	return c.forbidden("site", "")
}

// audited are the records of a period that hold a word, newest first.
func (c *call) audited(from, to stamp) []*auditRecord {
	word := c.query.Get("searchString")
	var out []*auditRecord
	kept := auditUnits[c.world.annex.audit.retention.Units] * time.Duration(c.world.annex.audit.retention.Number)
	for _, r := range slices.Backward(c.world.annex.audit.records) {
		all := strings.Join([]string{r.summary, r.description, r.category, r.affected.Name, r.by.name, r.address}, "\n")
		if r.at >= from && r.at <= to && containsFold(all, word) && (kept <= 0 || c.stamp()-r.at <= stamp(kept.Milliseconds())) {
			out = append(out, r)
		}
	}
	return out
}

// auditPeriod reads startDate and endDate, in milliseconds since 1970.
func (c *call) auditPeriod() (from, to stamp, err error) {
	to = 1 << 62
	for name, into := range map[string]*stamp{"startDate": &from, "endDate": &to} {
		if v := c.query.Get(name); v != "" {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return 0, 0, invalid("Invalid " + name + ": " + v)
			}
			*into = stamp(n)
		}
	}
	return from, to, nil
}

func (c *call) auditRows(records []*auditRecord) (answer, error) {
	start, limit, err := c.offsetTo(1000, 1000)
	if err != nil {
		return answer{}, err
	}
	picked, more := slicePage(records, start, limit)
	rows := []object{}
	for _, r := range picked {
		rows = append(rows, c.auditV1(r))
	}
	return c.rowsV1(rows, start, limit, more)
}

func listAudit(c *call) (answer, error) {
	if err := c.administrator(); err != nil {
		return answer{}, err
	}
	from, to, err := c.auditPeriod()
	if err != nil {
		return answer{}, err
	}
	return c.auditRows(c.audited(from, to))
}

// listAuditSince lists the records of the last so many units, by default three months.
func listAuditSince(c *call) (answer, error) {
	if err := c.administrator(); err != nil {
		return answer{}, err
	}
	number, unit := 3, auditUnits["MONTHS"]
	if v := c.query.Get("number"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return answer{}, invalid("Invalid number: " + v)
		}
		number = n
	}
	if v := c.query.Get("units"); v != "" {
		var valid bool
		if unit, valid = auditUnits[v]; !valid {
			return answer{}, invalid("Invalid units: " + v)
		}
	}
	ago := float64(number) * float64(unit.Nanoseconds()) / 1e6
	return c.auditRows(c.audited(stamp(max(float64(c.stamp())-ago, 0)), 1<<62))
}

// auditRequest is the body of POST audit.
type auditRequest struct {
	Address     *string       `json:"remoteAddress"`
	Created     int64         `json:"creationDate"`
	Summary     string        `json:"summary"`
	Description string        `json:"description"`
	Category    string        `json:"category"`
	Affected    auditObject   `json:"affectedObject"`
	Changes     []auditChange `json:"changedValues"`
	Associated  []auditObject `json:"associatedObjects"`
}

func prepareAudit(c *call) (any, error) {
	var q auditRequest
	return &q, c.decode(&q)
}

func createAudit(c *call) (answer, error) {
	q := c.prepared.(*auditRequest)
	if err := c.administrator(); err != nil {
		return answer{}, err
	}
	if q.Address == nil {
		return answer{}, invalid("remoteAddress is required")
	}
	r := &auditRecord{
		by: c.user, at: c.stamp(), address: *q.Address, summary: q.Summary, description: q.Description, category: q.Category,
		affected: q.Affected, changes: q.Changes, associated: q.Associated,
	}
	if q.Created != 0 {
		r.at = stamp(q.Created)
	}
	c.keep(r)
	return ok(c.auditV1(r))
}

// exportAudit writes the records as a table, as it is or in an archive.
func exportAudit(c *call) (answer, error) {
	if err := c.administrator(); err != nil {
		return answer{}, err
	}
	from, to, err := c.auditPeriod()
	if err != nil {
		return answer{}, err
	}
	var table bytes.Buffer
	w := csv.NewWriter(&table)
	rows := [][]string{{"Date", "Author", "Category", "Summary", "Description", "Affected object", "Address"}}
	for _, r := range c.audited(from, to) {
		rows = append(rows, []string{r.at.String(), r.by.name, r.category, r.summary, r.description, r.affected.Name, r.address})
	}
	if err := w.WriteAll(rows); err != nil {
		return answer{}, err
	}
	a := answer{status: http.StatusOK, raw: table.Bytes(), form: "text/csv"}
	switch c.query.Get("format") {
	case "", "csv":
	case "zip":
		var packed bytes.Buffer
		z := zip.NewWriter(&packed)
		f, err := z.Create("auditlog.csv")
		if err == nil {
			_, err = f.Write(table.Bytes())
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			return answer{}, err
		}
		a.raw, a.form = packed.Bytes(), "application/zip"
	default:
		return answer{}, invalid("Invalid format: " + c.query.Get("format"))
	}
	a.set("Content-Disposition", "attachment; filename=auditlog."+a.form[strings.LastIndexByte(a.form, '/')+1:])
	return a, nil
}

func getRetention(c *call) (answer, error) {
	if err := c.administrator(); err != nil {
		return answer{}, err
	}
	return ok(c.world.annex.audit.retention)
}

func prepareRetention(c *call) (any, error) {
	var q retention
	return &q, c.decode(&q)
}

// setRetention takes at most a year.
func setRetention(c *call) (answer, error) {
	q := c.prepared.(*retention)
	if err := c.administrator(); err != nil {
		return answer{}, err
	}
	unit, valid := auditUnits[q.Units]
	if !valid || q.Number < 1 || float64(q.Number)*float64(unit) > float64(366*day) {
		return answer{}, invalid("The retention period is at most a year")
	}
	c.world.annex.audit.retention = *q
	return ok(*q)
}
