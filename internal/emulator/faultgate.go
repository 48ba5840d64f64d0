package emulator

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"
	"strings"
)

// faultGate does what the fault rules say. It stands in front of the other gates.
type faultGate struct{}

func (faultGate) before(c *call) (answer, bool) {
	f := &c.fault
	if f.expire {
		c.expire()
	}
	if c.faults.haunted.Load() && c.lostFile() {
		return c.refusal(missing("attachment", c.params[0])), true
	}
	if f.instead != nil {
		if a, done := f.instead(c); done {
			c.drain()
			return a, true
		}
	}
	switch {
	case f.applyLate > 0:
		if err := c.postpone(f.applyLate); err != nil {
			return c.refusal(err), true
		}
		return answer{}, true
	case f.drop == "before-apply", f.standsIn() && !f.apply:
		c.drain()
		return answer{}, true
	}
	return answer{}, false
}

func (faultGate) after(c *call, a *answer) {
	f := &c.fault
	if f.ghost {
		c.bury(a)
	}
	if f.standsIn() {
		*a = c.standIn()
	}
	if f.list != nil {
		f.relist(a)
	}
	if f.alter != nil {
		f.alter(c, a)
	}
	if f.truncate != nil {
		a.truncate = f.truncate
	}
	a.dropped = f.drop != "" || f.applyLate > 0
	a.overlay = f.headers
	if f.slow != nil {
		f.delays += f.slow(c)
	}
	c.hold(f.delays)
}

func (e *effect) standsIn() bool { return e.status != 0 || e.html != "" }

// standIn is the answer in place of the handler's.
func (c *call) standIn() answer {
	f := &c.fault
	status := cmp.Or(f.status, http.StatusOK)
	switch {
	case f.html != "":
		return answer{status: status, raw: []byte(htmlPages[f.html]), form: "text/html;charset=UTF-8"}
	case f.body != nil:
		return answer{status: status, raw: []byte(*f.body), form: formOf(*f.body)}
	case status >= 400:
		code := strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
		return c.refusal(fail(status, code, http.StatusText(status)))
	}
	return answer{status: status}
}

// formOf guesses the content type of a body from its first character.
func formOf(body string) string {
	switch t := strings.TrimLeft(body, " \t\r\n"); {
	case t == "":
		return "text/plain;charset=UTF-8"
	case t[0] == '{' || t[0] == '[':
		return "application/json"
	case t[0] == '<':
		return "text/html;charset=UTF-8"
	}
	return "text/plain;charset=UTF-8"
}

// htmlPages are what stands between a client and the product.
var htmlPages = map[string]string{
	"login": `<!DOCTYPE html><html lang="en"><head><title>Log in to continue</title></head><body>` +
		`<form method="post" action="/login"><label>Email <input name="username"></label><button>Continue</button></form></body></html>`,
	"proxy": `<html><head><title>Bad gateway</title></head><body><center><h1>Bad gateway</h1></center><hr>` +
		`<center>proxy</center></body></html>`,
	"maintenance": `<!DOCTYPE html><html lang="en"><head><title>Under maintenance</title></head><body>` +
		`<h1>We are working on it</h1><p>The site is down for maintenance and will be back soon.</p></body></html>`,
}

// drain reads what the client sends, so that it gets to hear the answer.
func (c *call) drain() {
	if c.r.Body != nil {
		_, _ = io.Copy(io.Discard, c.r.Body)
	}
}

// expire makes the credential of the request invalid from now on.
func (c *call) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did("expire", c.r.Header, c.r.URL.RequestURI())
	c.withdraw()
	c.user, c.key, c.rejected = nil, nil, false
	c.product.identify(c)
}

// hides reports whether a content does not exist for this request.
func (c *call) hides(p *content) bool {
	if p.kind != attachment && c.faults.haunted.Load() && c.faults.isGhost(p.id) {
		return true
	}
	if c.fault.hide == 0 {
		return false
	}
	for {
		if c.fault.lot(p.idText()) < c.fault.hide {
			return true
		}
		if p.kind != comment && p.kind != attachment {
			return false
		}
		p = p.parent
	}
}

// relist doubles and leaves out rows of a listing, those with the smallest lots.
func (d *disturbance) relist(a *answer) {
	body, _ := a.json.(object)
	rows, ok := body["results"].([]object)
	if !ok {
		return
	}
	byLot := slices.SortedStableFunc(slices.Values(rows), func(x, y object) int {
		return cmp.Compare(d.lot(rowID(x)), d.lot(rowID(y)))
	})
	gone := map[string]bool{}
	for _, row := range byLot[:min(d.list.omit, len(byLot))] {
		gone[rowID(row)] = true
	}
	out := slices.DeleteFunc(slices.Clone(rows), func(row object) bool { return gone[rowID(row)] })
	for _, row := range byLot[min(d.list.omit, len(byLot)):min(d.list.omit+d.list.duplicate, len(byLot))] {
		out = append(out, row)
	}
	if d.list.empty {
		out = []object{}
		if links, ok := body["_links"].(object); ok {
			delete(links, "next")
		}
		a.header.Del("Link")
	}
	body["results"] = out
	if _, counted := body["size"]; counted {
		body["size"] = len(out)
	}
}

// rowID is what tells a row of a listing from others.
func rowID(row object) string {
	if of, ok := row["content"].(object); ok {
		row = of
	}
	for _, member := range []string{"id", "accountId"} {
		if id, ok := row[member]; ok {
			return string(bytes.Trim(encode(id), `"`))
		}
	}
	return string(encode(row))
}
