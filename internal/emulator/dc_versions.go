package emulator

import (
	"net/http"
	"strconv"
)

func getHistoryDC(c *call) (answer, error) {
	p, err := c.findDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.wholeDC(c.historyDC(p.now(), c.expandDC("previousVersion,nextVersion,lastUpdated")), ""))
}

// servesVersions reports whether versions are listed under the path (register row DL-11, open-facts OF-39): under both
// before 11, from then on under the documented one only.
func (c *call) servesVersions(experimental bool) bool {
	switch c.set.versionLists {
	case "both":
		return true
	case "api":
		return !experimental
	case "experimental":
		return experimental
	case "neither":
		return false
	}
	return !experimental || c.product.release < since11
}

var noRoute = htmlAnswer(http.StatusNotFound, "Not Found")

// listVersionsDC lists versions, newest first; numbers may have holes where versions were deleted.
func listVersionsDC(experimental bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if !c.servesVersions(experimental) {
			return noRoute, nil
		}
		p, err := c.findDC(c.params[0])
		if err != nil {
			return answer{}, err
		}
		var rows []shown
		for n := p.number(); n >= int(p.firstAt); n-- {
			if v, found := p.then(n); found {
				rows = append(rows, v)
			}
		}
		e := c.expandDC("")
		o, err := c.spanDC(200, e)
		if err != nil {
			return answer{}, err
		}
		return ok(listDC(c, rows, o, func(shown) bool { return true }, func(v shown) object { return c.versionDC(v, e) }))
	}
}

func getVersionDC(experimental bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if !c.servesVersions(experimental) {
			return noRoute, nil
		}
		v, err := c.versionOf(c.params[0], c.params[1])
		if err != nil {
			return answer{}, err
		}
		o := c.versionDC(v, c.expandDC(""))
		if c.expandDC("")["collaborators"] {
			o["collaborators"] = object{"users": []object{c.userDC(v.version.by, false)}}
		}
		return ok(c.wholeDC(o, ""))
	}
}

// deleteVersionDC deletes a past version for good. The others keep their numbers (register row DL-10).
func deleteVersionDC(experimental bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if experimental && !c.servesVersions(true) {
			return noRoute, nil
		}
		v, err := c.versionOf(c.params[0], c.params[1])
		switch {
		case err != nil:
			return answer{}, err
		case !v.content.removes(c.user):
			return answer{}, notAllowed("Could not delete version " + c.params[1])
		case v.n == v.number():
			return answer{}, invalid("The current version cannot be deleted")
		}
		n, _ := strconv.Atoi(c.params[1])
		v.content.dropVersion(n)
		c.touch(v.content)
		return status204()
	}
}

// dropVersion leaves a hole where an older version was.
func (p *content) dropVersion(n int) {
	i := n - int(p.firstAt)
	title := p.older[i].title
	p.older[i] = version{gone: true, title: title, at: p.older[i].at, by: p.older[i].by}
}
