package emulator

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dcAuditRoutes are the two ways to read the audit log (register row LT-03).
var dcAuditRoutes = []route{
	{method: "GET", template: "/rest/api/audit", api: dc, guard: forAdmin, handle: oldAudit, gap: "deprecated by the vendor; the members of a record are general knowledge"},
	{method: "GET", template: "/rest/auditing/1.0/events", api: dc, guard: forAdmin, handle: auditEvents, evidence: byDocumentation, gap: "scanLimit and outputFormat are not read; events of people reading pages are not recorded"},
}

// auditEvent is one record of the audit log.
type auditEvent struct {
	id               int64
	at               stamp
	by               *user
	category, action string
	on               []affected
	detailed         bool // recorded at the full coverage level only
}

// affected is an object that an audit record is about.
type affected struct{ kind, name, id string }

// audit records an event.
func (c *call) audit(category, action string, on ...affected) {
	c.record(category, action, false, on...)
}

// auditDetail records what end users do, which is kept at the full coverage level only.
func (c *call) auditDetail(category, action string, on ...affected) {
	c.record(category, action, true, on...)
}

func (c *call) record(category, action string, detailed bool, on ...affected) {
	if c.instance == nil || detailed && !c.set.fullAudit {
		return
	}
	on = slices.DeleteFunc(on, func(a affected) bool { return a == affected{} })
	c.instance.events = append(c.instance.events, auditEvent{
		id: int64(len(c.instance.events) + 1), at: c.stamp(), by: c.user, category: category, action: action, on: on, detailed: detailed,
	})
}

// auditEvents lists events, the latest first, with a cursor made of time and id.
func auditEvents(c *call) (answer, error) {
	limit := 200
	if v := c.query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100000 {
			return answer{}, invalid("Invalid limit: " + v)
		}
		limit = n
	}
	keep, err := c.auditFilter()
	if err != nil {
		return answer{}, err
	}
	offset, _ := strconv.Atoi(c.query.Get("offset"))
	var before int64
	if cursor := c.query.Get("pageCursor"); cursor != "" {
		var at int64
		if n, err := fmt.Sscanf(cursor, "%d,%d", &at, &before); n != 2 || err != nil {
			return answer{}, invalid("Invalid pageCursor: " + cursor)
		}
	}
	rows, last, more := []object{}, auditEvent{}, false
	for _, e := range slices.Backward(c.instance.events) {
		if before > 0 && e.id >= before || !keep(e) {
			continue
		}
		if offset > 0 {
			offset--
			continue
		}
		if len(rows) == limit {
			more = true
			break
		}
		rows, last = append(rows, c.auditEntity(e)), e
	}
	paging := object{"lastPage": !more, "size": len(rows)}
	if more {
		cursor := fmt.Sprintf("%d,%d", last.at, last.id)
		q := url.Values{}
		for name, values := range c.query {
			q[name] = values
		}
		q.Set("pageCursor", cursor)
		q.Del("offset")
		paging["nextPageCursor"], paging["nextPageLink"] = cursor, c.base()+strings.TrimPrefix(c.r.URL.Path, c.context)+"?"+q.Encode()
	}
	return ok(object{"entities": rows, "pagingInfo": paging})
}

// auditFilter reads the filters of the events.
func (c *call) auditFilter() (func(auditEvent) bool, error) {
	var from, to stamp
	for name, at := range map[string]*stamp{"from": &from, "to": &to} {
		if v := c.query.Get(name); v != "" {
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return nil, invalid("Invalid date for " + name + ": " + v)
			}
			*at = stampOf(t)
		}
	}
	users, categories, actions, search := c.list("userIds"), c.list("categories"), c.list("actions"), c.query.Get("search")
	var objects []string
	if v := c.query.Get("affectedObject"); v != "" {
		objects = strings.Split(v, ";")
	}
	return func(e auditEvent) bool {
		return (from == 0 || e.at >= from) && (to == 0 || e.at <= to) && (len(users) == 0 || e.by != nil && slices.Contains(users, e.by.key)) &&
			(len(categories) == 0 || slices.Contains(categories, e.category)) && (len(actions) == 0 || slices.Contains(actions, e.action)) &&
			(search == "" || containsFold(e.action, search)) && (len(objects) == 0 || slices.ContainsFunc(e.on, func(a affected) bool {
			return slices.Contains(objects, a.kind+","+a.id)
		}))
	}, nil
}

func (c *call) auditEntity(e auditEvent) object {
	author := object{"id": "-1", "name": "Anonymous", "type": "user"}
	if e.by != nil && e.by != c.people.nobody {
		author = object{"id": e.by.key, "name": e.by.name, "type": "user", "uri": c.base() + "/display/~" + e.by.username}
	}
	on := []object{}
	for _, a := range e.on {
		on = append(on, object{"name": a.name, "type": strings.ToUpper(a.kind), "id": a.id})
	}
	at := e.at.time()
	return object{
		"timestamp": object{"epochSecond": at.Unix(), "nano": at.Nanosecond()}, "author": author,
		"type":            object{"category": e.category, "action": e.action, "area": "USER_MANAGEMENT", "level": map[bool]string{true: "FULL", false: "BASE"}[e.detailed]},
		"affectedObjects": on, "changedValues": []object{}, "source": "10.0.0.2", "system": c.base(), "method": "Browser", "extraAttributes": []object{},
	}
}

// oldAudit is the deprecated resource.
func oldAudit(c *call) (answer, error) {
	rows := slices.Clone(c.instance.events)
	slices.Reverse(rows)
	return rowsDC(c, rows, 1000, 1000, nil, func(e auditEvent) object {
		author := object{"type": "user", "displayName": "Anonymous"}
		if e.by != nil {
			author = object{"type": "user", "displayName": e.by.name, "username": e.by.username, "userKey": e.by.key}
		}
		on := []object{}
		for _, a := range e.on {
			on = append(on, object{"name": a.name, "objectType": a.kind})
		}
		return object{
			"author": author, "remoteAddress": "10.0.0.2", "creationDate": int64(e.at), "summary": e.action, "description": "", "category": e.category,
			"sysAdmin": false, "associatedObjects": on, "changedValues": []object{},
		}
	})
}
