package emulator

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// restoreFiles lists the zips that can be restored by name, as a bare array.
func restoreFiles(c *call) (answer, error) {
	scope := c.query.Get("jobScope")
	if scope != "" && scope != "SITE" && scope != "SPACE" {
		return answer{}, invalid("Invalid jobScope: " + scope)
	}
	rows := []object{}
	for _, j := range c.instance.jobs {
		if j.there(c.stamp()) && (scope == "" || scope == j.scope) {
			rows = append(rows, object{"name": j.fileName, "creationTime": c.dateDC(cmp.Or(j.ended, j.created)), "size": j.file.size, "jobScope": j.scope})
		}
	}
	return ok(rows)
}

// restoreNamed begins a restore from a file that a backup made or that was uploaded before.
func restoreNamed(scope string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*jobRequest)
		name := cmp.Or(q.FileName, q.OldFileName)
		for _, source := range c.instance.jobs {
			if name != "" && source.fileName == name && source.there(c.stamp()) {
				return c.restoring(scope, name, source.file, q)
			}
		}
		return answer{}, invalid("There is no file to restore of the name " + name)
	}
}

func restoreUploaded(scope string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u := c.prepared.(*uploadDC)
		up := u.files[0]
		return c.restoring(scope, up.name, &file{stored: up.stored, mediaType: up.mediaType}, &jobRequest{})
	}
}

func (c *call) restoring(scope, name string, from *file, q *jobRequest) (answer, error) {
	j := c.newJob("RESTORE", scope, q)
	j.fileName, j.file, j.settings = name, from, encode(object{"fileName": name, "skipReindex": q.SkipReindex})
	return ok(c.jobDC(j))
}

// restoreJob brings the contents of an export into the site.
func (c *call) restoreJob(j *job) error {
	z, err := zip.NewReader(c.heap.open(j.file.stored), j.file.size)
	if err != nil {
		return fmt.Errorf("the file is no export: %w", err)
	}
	e, err := c.Site.exportIn(z)
	if err != nil {
		return fmt.Errorf("the file is no export: %w", err)
	}
	for _, key := range strings.FieldsFunc(e.descriptor["spaceKey"], func(r rune) bool { return r == ',' || r == ' ' }) {
		if c.world.keys[foldKey(key)] != nil {
			return errors.New("a space with the key " + key + " exists already")
		}
		j.keys = append(j.keys, key)
	}
	if scope := e.descriptor["exportType"]; (scope == "all") != (j.scope == "SITE") {
		return errors.New("the file is of another scope: " + scope)
	}
	for _, class := range []string{"Page", "BlogPost", "Comment", "Attachment"} {
		for _, r := range e.rows[class] {
			if c.world.contents[number(r.id)] != nil {
				return errors.New("a content with the id " + r.id + " exists already")
			}
			j.objects++
		}
	}
	raised := c.happened
	c.Site.importRows(e)
	c.happened = raised // what comes by a restore is not told, but for the spaces
	for _, key := range j.keys {
		if s := c.world.keys[foldKey(key)]; s != nil {
			c.raise("space_created", spaceEvent(s), nil)
		}
	}
	c.world.next = max(c.world.next, slices.Max(append(highest(c.world), 0)))
	return nil
}

// highest are the ids that no new object may have.
func highest(w *world) []int64 {
	var out []int64
	for id := range w.contents {
		out = append(out, id)
	}
	for _, s := range w.spaces {
		out = append(out, s.id)
	}
	return out
}
