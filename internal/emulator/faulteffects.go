package emulator

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func writing(c *call) bool { return c.r.Method != http.MethodGet && c.r.Method != http.MethodHead }

func searching(c *call) bool {
	return strings.HasSuffix(c.route.template, "/rest/api/search") || strings.HasSuffix(c.route.template, "/content/search")
}

// creating are calls that make a page or blog post.
func creating(c *call) bool {
	return c.r.Method == http.MethodPost && (strings.HasSuffix(c.route.template, "/pages") || strings.HasSuffix(c.route.template, "/blogposts"))
}

func uploading(c *call) bool { return c.route.multipart }

// downloading are calls for a file, or for the way to one.
func downloading(c *call) bool {
	return c.r.Method == http.MethodGet && (strings.HasSuffix(c.route.template, "/download") || streaming(c))
}

// streaming are calls whose answer is a file.
func streaming(c *call) bool {
	return c.r.Method == http.MethodGet && (strings.HasPrefix(c.route.template, "/media/file/") || strings.HasPrefix(c.route.template, "/download/"))
}

func startingBackup(c *call) bool {
	return c.r.Method == http.MethodPost && strings.Contains(c.route.template, "/backup-restore/backup/")
}

func ofRoute(end string) func(*call) bool {
	return func(c *call) bool { return strings.HasSuffix(c.route.template, end) }
}

func refuseCredential(c *call, a *answer) {
	if c.dc() {
		*a = c.refusal(fail(http.StatusUnauthorized, "", "Client must be authenticated to access this resource."))
		return
	}
	*a = c.refusal(c.noCredentials())
}

// lockedOut answers what an account gets that must solve a CAPTCHA, after so many wrong passwords in a row.
func lockedOut(after int) func(*call) (answer, bool) {
	return func(c *call) (answer, bool) {
		name, _, basic := c.r.BasicAuth()
		if !basic || c.faults.wrongPasswords(name, c.rejected, after) < after {
			return answer{}, false
		}
		a := c.refusal(fail(http.StatusForbidden, "", "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED"))
		a.set("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")
		a.set("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url="+c.base()+"/login.action")
		return a, true
	}
}

// wrongPasswords counts the wrong passwords of an account in a row; a right one begins anew as long as there are fewer
// than enough.
func (f *faults) wrongPasswords(name string, wrong bool, enough int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.wrong[name]
	switch {
	case wrong:
		f.wrong[name]++ // counts from the next request on
	case n < enough:
		f.wrong[name] = 0
	}
	return n
}

// toLogin sends the caller to the login page.
func toLogin(c *call, a *answer) {
	*a = answer{status: http.StatusFound}
	a.set("Location", c.base()+"/login.action?os_destination="+url.QueryEscape(strings.TrimPrefix(c.r.URL.RequestURI(), c.context)))
}

func loginInsteadOf401(_ *call, a *answer) {
	if a.status == http.StatusUnauthorized {
		*a = answer{status: http.StatusOK, raw: []byte(htmlPages["login"]), form: "text/html;charset=UTF-8"}
	}
}

// otherCase reports whether a request names a space in other letters than the space's own.
func otherCase(c *call) bool {
	given := c.query["spaceKey"]
	for i, name := range routeParams(c.route.template) {
		if name == "spaceKey" && i < len(c.params) {
			given = append(given, c.params[i])
		}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.ContainsFunc(given, func(key string) bool {
		s := c.world.keys[foldKey(key)]
		return s != nil && s.key != key
	})
}

// routeParams are the names of the parameters of a template, in order.
func routeParams(template string) []string {
	var out []string
	for part := range strings.SplitSeq(template, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, strings.TrimSuffix(name, "}"))
		}
	}
	return out
}

// depth is what RL-08 makes of a listing by start.
func depth(c *call) time.Duration {
	if c.route == nil || c.r.Method != http.MethodGet {
		return 0
	}
	start, err := strconv.Atoi(c.query.Get("start"))
	if err != nil || start < 0 {
		return 0
	}
	return time.Duration(min(start, 1e6)) * 700 * time.Microsecond
}

// misreport doubles the rows of a listing whose lot is in the first tenth, and leaves out those of the second.
func misreport(c *call, a *answer) {
	body, rows, ok := listed(a)
	if !ok {
		return
	}
	out := []object{}
	for _, row := range rows {
		switch lot := c.fault.lot(rowID(row)); {
		case lot < 0.1:
			out = append(out, row, row)
		case lot >= 0.2:
			out = append(out, row)
		}
	}
	body["results"] = out
	if _, counted := body["size"]; counted {
		body["size"] = len(out)
	}
}

// listed are the rows of an answer that is a listing.
func listed(a *answer) (body object, rows []object, ok bool) {
	body, _ = a.json.(object)
	rows, ok = body["results"].([]object)
	return body, rows, ok
}

func shuffle(c *call, a *answer) {
	body, rows, ok := listed(a)
	if !ok {
		return
	}
	body["results"] = slices.SortedStableFunc(slices.Values(rows), func(x, y object) int {
		return cmp.Compare(c.fault.lot(rowID(x)), c.fault.lot(rowID(y)))
	})
}

// flap refuses a valid call as the product does, or as what stands in front of it.
func flap(c *call, a *answer) {
	if c.fault.lot(fmt.Sprint("flap ", c.fault.k)) < 0.5 {
		*a = c.refusal(fail(http.StatusForbidden, "FORBIDDEN", "Current user not permitted to use Confluence"))
		return
	}
	*a = answer{status: http.StatusNotFound, raw: []byte(htmlPages["proxy"]), form: "text/html;charset=UTF-8"}
	a.set("X-Cache", "Error from cloudfront")
}

// bury makes what the answer says was created unreadable.
func (c *call) bury(a *answer) {
	if a.status >= 300 {
		return
	}
	body, rows, listing := listed(a)
	if !listing {
		rows = []object{body}
	}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	for _, row := range rows {
		if id, err := strconv.ParseInt(numeric(scalar(row["id"])), 10, 64); err == nil {
			c.faults.ghosts[id] = true
			c.faults.haunted.Store(true)
		}
	}
}

// lostFile reports whether the request is for the file of an attachment that a fault left without one.
func (c *call) lostFile() bool {
	return c.route != nil && downloading(c) && slices.ContainsFunc(c.params, func(param string) bool {
		id, err := strconv.ParseInt(numeric(param), 10, 64)
		return err == nil && c.faults.isGhost(id)
	})
}

func (f *faults) isGhost(id int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ghosts[id]
}

func lockFailed(c *call, a *answer) {
	*a = c.refusal(fail(http.StatusConflict, "CONFLICT", "com.atlassian.confluence.api.service.exceptions.ConflictException: "+
		"Could not update the content: org.springframework.orm.ObjectOptimisticLockingFailureException: OptimisticLockException"))
}

func miscount(c *call, a *answer) {
	body, _ := a.json.(object)
	for _, member := range []string{"totalSize", "pages", "spaces", "users"} {
		if n, ok := body[member].(int); ok {
			body[member] = n + 1 + int(c.fault.lot(fmt.Sprint("total ", c.fault.k))*9)
		}
	}
}

// fileBytes reads the file that an answer streams; nothing where it streams none.
func fileBytes(a *answer) []byte {
	if a.stream == nil {
		return nil
	}
	data, err := io.ReadAll(a.stream)
	if _, err2 := a.stream.Seek(0, io.SeekStart); errors.Join(err, err2) != nil {
		panic(fmt.Sprintf("emulator: cannot read state: %v", errors.Join(err, err2)))
	}
	return data
}

// give puts other bytes in the place of a file.
func give(a *answer, data []byte) {
	if a.stream != nil {
		a.stream = bytes.NewReader(data)
		a.set("Content-Length", text(int64(len(data))))
	}
}

func flipped(data []byte) []byte {
	if len(data) > 0 {
		data[len(data)/2] ^= 1
	}
	return data
}
