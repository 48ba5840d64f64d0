package emulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// dcBackupRoutes make exports and restore them, from 8.3 on (register row LT-02, dc-api.md section 12).
var dcBackupRoutes = backupRoutes([]route{
	{method: "POST", template: "/backup/space", prepare: prepareJob, handle: backupSpaces},
	{method: "POST", template: "/backup/site", guard: forAdmin, prepare: prepareJob, handle: backupSite},
	{method: "GET", template: "/jobs", handle: listJobs, changes: true},
	{method: "GET", template: "/jobs/{jobId}", handle: getJob, changes: true, gap: "a state lasts half a second, or until the next look"},
	{method: "GET", template: "/jobs/{jobId}/download", handle: downloadJob},
	{method: "PUT", template: "/jobs/{jobId}/cancel", handle: cancelJob},
	{method: "PUT", template: "/jobs/clear-queue", guard: forAdmin, handle: clearQueue},
	{method: "GET", template: "/restore/files", guard: forAdmin, handle: restoreFiles},
	{method: "POST", template: "/restore/space", guard: forAdmin, prepare: prepareJob, handle: restoreNamed("SPACE")},
	{method: "POST", template: "/restore/site", guard: forAdmin, prepare: prepareJob, handle: restoreNamed("SITE"), gap: "a site restore adds to what is there instead of replacing it"},
	{method: "POST", template: "/restore/space/upload", guard: forAdmin, multipart: true, prepare: prepareUploadDC, handle: restoreUploaded("SPACE")},
	{method: "POST", template: "/restore/site/upload", guard: forAdmin, multipart: true, prepare: prepareUploadDC, handle: restoreUploaded("SITE"), gap: "as restore/site"},
})

func backupRoutes(rows []route) []route {
	for i := range rows {
		rows[i].api, rows[i].since, rows[i].template = dc, since83, "/rest/api/backup-restore"+rows[i].template
		if rows[i].guard == byContent {
			rows[i].guard = forKnown
		}
	}
	return rows
}

// jobStates are the states of a job that ends well, in their order.
var jobStates = []string{"QUEUED", "PROCESSING", "COMPLETING", "FINISHED"}

const (
	jobStep  = 500 * time.Millisecond // how long a state lasts unless somebody looks
	keptFile = 72 * time.Hour         // how long a file stays that is not to be kept
)

// job is a backup or a restore.
type job struct {
	id               int64
	operation, scope string
	state            string
	keys             []string
	owner, cancelled *user
	created, started stamp
	ended            stamp
	fileName         string
	file             *file  // nil until a backup is finished
	settings         []byte // JSON
	keep             bool
	withoutFiles     bool
	failing          bool // a fault rule lets it fail
	defects          []backup.Defect
	message          string
	objects          int64
	looks            int
}

// jobRequest asks for a backup or a restore.
type jobRequest struct {
	SpaceKeys       []string `json:"spaceKeys"`
	KeepPermanently bool     `json:"keepPermanently"`
	FileNamePrefix  string   `json:"fileNamePrefix"`
	SkipAttachments bool     `json:"skipAttachments"`
	FileName        string   `json:"fileName"`
	OldFileName     string   `json:"filename"`
	SkipReindex     bool     `json:"skipReindex"`
}

func prepareJob(c *call) (any, error) {
	var raw json.RawMessage
	if err := c.decode(&raw); err != nil {
		return nil, err
	}
	var q jobRequest
	if err := json.Unmarshal(raw, &q); err != nil {
		return nil, invalid("Invalid settings: " + err.Error())
	}
	return &q, nil
}

// newJob puts a job into the queue.
func (c *call) newJob(operation, scope string, q *jobRequest) *job {
	c.instance.lastJob++
	j := &job{
		id: c.instance.lastJob, operation: operation, scope: scope, state: "QUEUED", owner: c.user, created: c.stamp(),
		keep: q.KeepPermanently, withoutFiles: q.SkipAttachments, failing: c.fault.failBackup, defects: c.fault.defects,
	}
	c.instance.jobs = append(c.instance.jobs, j)
	c.audit("Backup and restore", strings.ToLower(operation)+" of a "+strings.ToLower(scope)+" requested", affected{})
	return j
}

func backupSpaces(c *call) (answer, error) {
	q := c.prepared.(*jobRequest)
	if len(q.SpaceKeys) == 0 {
		return answer{}, invalid("At least one space must be named")
	}
	var keys []string
	for _, key := range q.SpaceKeys {
		s, err := c.spaceKeyed(key)
		if err != nil {
			return answer{}, invalid(err.Error())
		}
		if !c.user.admin && !s.allowed(c.user, "export", "space") {
			return answer{}, notAllowed("You do not have permission to export the space " + key)
		}
		keys = append(keys, s.key)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, other := range c.instance.jobs {
		if other.state == "QUEUED" && other.operation == "BACKUP" && slices.Equal(other.keys, keys) {
			return answer{}, fail(http.StatusConflict, "", "A backup of the same spaces is queued already")
		}
	}
	j := c.newJob("BACKUP", "SPACE", q)
	j.keys, j.fileName = keys, c.fileName(q, "Confluence-space-export-"+strings.Join(keys, "-"))
	j.settings = encode(object{"spaceKeys": keys, "keepPermanently": q.KeepPermanently, "fileNamePrefix": q.FileNamePrefix})
	return ok(c.jobDC(j))
}

func backupSite(c *call) (answer, error) {
	q := c.prepared.(*jobRequest)
	j := c.newJob("BACKUP", "SITE", q)
	j.fileName = c.fileName(q, "Confluence-site-export")
	j.settings = encode(object{"skipAttachments": q.SkipAttachments, "keepPermanently": q.KeepPermanently, "fileNamePrefix": q.FileNamePrefix})
	return ok(c.jobDC(j))
}

func (c *call) fileName(q *jobRequest, usual string) string {
	return cmp.Or(q.FileNamePrefix, usual) + "-" + c.now.Format("2006-01-02-15-04-05") + "-" + text(c.instance.lastJob) + ".zip"
}

// jobDC is a job as it is answered.
func (c *call) jobDC(j *job) object {
	o := object{
		"id": j.id, "jobOperation": j.operation, "jobScope": j.scope, "jobState": j.state, "createTime": c.dateDC(j.created),
		"owner": j.owner.username, "fileName": j.fileName, "fileExists": j.there(c.stamp()), "jobSettings": json.RawMessage(j.settings),
		"jobStatistics": object{
			"totalObjectsCount": j.objects, "processedObjectsCount": j.objects, "persistedObjectsCount": j.objects, "skippedObjectsCount": 0,
			"reusedObjectsCount": 0,
		},
	}
	for name, at := range map[string]stamp{"startProcessingTime": j.started, "finishProcessingTime": j.ended} {
		if at != 0 {
			o[name] = c.dateDC(at)
		}
	}
	if len(j.keys) > 0 {
		o["spaceKeys"] = strings.Join(j.keys, ",")
	}
	if j.message != "" {
		o["errorMessage"] = j.message
	}
	if j.cancelled != nil {
		o["cancelledBy"], o["cancelTime"] = j.cancelled.username, c.dateDC(j.ended)
	}
	if j.file != nil && !j.keep && j.operation == "BACKUP" {
		o["fileDeleteTime"] = c.dateDC(j.ended + stamp(keptFile.Milliseconds()))
	}
	return o
}

// there reports whether the file of a job can still be had.
func (j *job) there(now stamp) bool {
	return j.file != nil && (j.keep || j.operation == "RESTORE" || now < j.ended+stamp(keptFile.Milliseconds()))
}

// ended states change no more.
func (j *job) over() bool {
	return j.state == "FINISHED" || j.state == "FAILED" || j.state == "CANCELLED"
}

// advance moves the jobs on: one is worked on at a time, the others wait. A state ends after a time, or when somebody
// looked at it.
func (c *call) advance(looked *job) {
	for _, j := range c.instance.jobs {
		if j.over() {
			continue
		}
		if j == looked {
			j.looks++
		}
		since := j.created
		if j.started != 0 {
			since = j.started
		}
		steps := int((c.stamp() - since) / stamp(jobStep.Milliseconds()))
		for range max(steps, j.looks) {
			c.step(j)
		}
		j.looks = 0
		if !j.over() {
			return // the next one waits
		}
	}
}

// step moves a job to its next state.
func (c *call) step(j *job) {
	switch {
	case j.over():
	case j.state == "CANCELLING":
		j.state, j.ended = "CANCELLED", c.stamp()
	case j.state == "PROCESSING":
		if err := c.process(j); err != nil {
			j.state, j.message, j.ended = "FAILED", err.Error(), c.stamp()
			return
		}
		j.state = "COMPLETING"
	case j.state == "COMPLETING":
		j.state, j.ended = "FINISHED", c.stamp()
	default:
		j.state, j.started = "PROCESSING", c.stamp()
	}
}

// process does the work of a job, all at once.
func (c *call) process(j *job) error {
	if j.failing {
		return errors.New("There is not enough space on the disk")
	}
	if j.operation == "RESTORE" {
		return c.restoreJob(j)
	}
	kept, err := c.heap.putWritten(func(w *spool) error {
		return c.Site.export(w, exportOptions{keys: j.keys, withoutFiles: j.withoutFiles, defects: j.defects})
	})
	if err != nil {
		return err
	}
	j.file = &file{stored: kept, mediaType: "application/zip"}
	j.objects = int64(len(c.world.contents))
	return nil
}

// job finds a job that the caller may see: his own, or for an administrator each.
func (c *call) job() (*job, error) {
	id, err := strconv.ParseInt(c.params[0], 10, 64)
	if err != nil {
		return nil, invalid("Invalid job id: " + c.params[0])
	}
	for _, j := range c.instance.jobs {
		if j.id == id && c.seesJob(j) {
			return j, nil
		}
	}
	return nil, fail(http.StatusNotFound, "", "No job with id "+c.params[0])
}

// seesJob reports whether the caller sees a job: an administrator each, others their own and those of spaces that they may
// export.
func (c *call) seesJob(j *job) bool {
	return c.user.admin || j.owner == c.user || len(j.keys) > 0 && !slices.ContainsFunc(j.keys, func(key string) bool {
		s := c.world.keys[foldKey(key)]
		return s == nil || !s.allowed(c.user, "export", "space")
	})
}

func getJob(c *call) (answer, error) {
	j, err := c.job()
	if err != nil {
		return answer{}, err
	}
	c.advance(j)
	return ok(c.jobDC(j))
}

// listJobs is a bare array (register row PG-13), the latest first.
func listJobs(c *call) (answer, error) {
	c.advance(nil)
	limit := 25
	if v := c.query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return answer{}, invalid("Invalid limit: " + v)
		}
		limit = n
	}
	var from, to stamp
	for name, at := range map[string]*stamp{"fromDate": &from, "toDate": &to} {
		if v := c.query.Get(name); v != "" {
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return answer{}, invalid("Invalid date: " + v)
			}
			*at = stampOf(t)
		}
	}
	fits := func(name, value string) bool {
		wanted := c.list(name)
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, value) })
	}
	rows := []object{}
	for _, j := range slices.Backward(c.instance.jobs) {
		key := c.query.Get("spaceKey")
		if c.seesJob(j) && fits("jobScope", j.scope) && fits("jobOperation", j.operation) && fits("jobStates", j.state) &&
			fits("owner", j.owner.username) && (key == "" || slices.Contains(j.keys, key)) && (from == 0 || j.created >= from) &&
			(to == 0 || j.created <= to) && len(rows) < limit {
			rows = append(rows, c.jobDC(j))
		}
	}
	return ok(rows)
}

// downloadJob streams the zip.
func downloadJob(c *call) (answer, error) {
	j, err := c.job()
	if err != nil {
		return answer{}, err
	}
	if j.state != "FINISHED" || j.operation != "BACKUP" || !j.there(c.stamp()) {
		return answer{}, fail(http.StatusNotFound, "", "The job has no file: "+c.params[0])
	}
	a := answer{status: http.StatusOK, stream: c.heap.open(j.file.stored), form: "application/zip"}
	a.set("Content-Length", text(j.file.size))
	a.set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(j.fileName))
	return a, nil
}

func cancelJob(c *call) (answer, error) {
	j, err := c.job()
	if err != nil {
		return answer{}, err
	}
	if !j.over() {
		j.cancelled, j.ended = c.user, c.stamp()
		if j.state == "QUEUED" {
			j.state = "CANCELLED"
		} else {
			j.state = "CANCELLING"
		}
	}
	return ok(c.jobDC(j))
}

// clearQueue cancels what waits and answers how many that were.
func clearQueue(c *call) (answer, error) {
	n := 0
	for _, j := range c.instance.jobs {
		if j.state == "QUEUED" {
			j.state, j.cancelled, j.ended = "CANCELLED", c.user, c.stamp()
			n++
		}
	}
	return ok(n)
}
