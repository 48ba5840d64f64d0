package emulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// dcWebhookRoutes register and look at webhooks; they exist from 7.7 on (dc-api.md section 0).
var dcWebhookRoutes = []route{
	{method: "GET", template: "/rest/api/webhooks", api: dc, handle: listHooks, since: since77, guard: forAdmin401, gap: "the filter outcomes is not read"},
	{method: "POST", template: "/rest/api/webhooks", api: dc, prepare: prepareHook, handle: createHook, since: since77, guard: forAdmin401},
	{method: "POST", template: "/rest/api/webhooks/test", api: dc, handle: testHook, since: since77, guard: forAdmin401, gap: "the answer is that the test is under way; the receiver's own answer is not shown"},
	{method: "GET", template: "/rest/api/webhooks/{webhookId}", api: dc, handle: getHook, since: since77, guard: forAdmin401},
	{method: "PUT", template: "/rest/api/webhooks/{webhookId}", api: dc, prepare: prepareHook, handle: updateHook, since: since77, guard: forAdmin401},
	{method: "DELETE", template: "/rest/api/webhooks/{webhookId}", api: dc, handle: deleteHook, since: since77, guard: forAdmin401},
	{method: "GET", template: "/rest/api/webhooks/{webhookId}/latest", api: dc, handle: latestInvocation, since: since77, guard: forAdmin401},
	{method: "GET", template: "/rest/api/webhooks/{webhookId}/statistics", api: dc, handle: hookStatistics, since: since77, guard: forAdmin401, evidence: byMemory, gap: "the members are those of the shared library, not verified"},
	{method: "GET", template: "/rest/api/webhooks/{webhookId}/statistics/summary", api: dc, handle: hookStatistics, since: since77, guard: forAdmin401, evidence: byMemory, gap: "as statistics"},
}

// hook is a registered webhook, guarded by the Site's lock.
type hook struct {
	id               int64
	name, url        string
	events           []string
	active, sslCheck bool
	secret           string
	by               *user
	created, updated stamp
	past             []invocation // the latest of each event, oldest first
	successes        int
	failures         int
	errors           int
}

// invocation is one delivery and what became of it.
type invocation struct {
	id, event, url string
	body           []byte
	headers        map[string]string
	at             stamp
	outcome
}

// hookRequest is the body of create and update of a webhook.
type hookRequest struct {
	Name          string   `json:"name"`
	URL           string   `json:"url"`
	Active        *bool    `json:"active"`
	Events        []string `json:"events"`
	Configuration struct {
		Secret string `json:"secret"`
	} `json:"configuration"`
	SSLCheck *bool `json:"sslVerificationRequired"`
}

func prepareHook(c *call) (any, error) {
	var q hookRequest
	return &q, c.decode(&q)
}

// check refuses what cannot be a webhook.
func (q *hookRequest) check() error {
	target, err := url.Parse(q.URL)
	switch {
	case q.Name == "" || len(q.Name) > 255:
		return invalid("The webhook's name must have 1 to 255 characters")
	case err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "":
		return invalid("The webhook's URL is not valid: " + q.URL)
	case len(q.Configuration.Secret) > 255:
		return invalid("The secret must have at most 255 characters")
	case len(q.Events) == 0:
		return invalid("At least one event must be given")
	}
	for _, e := range q.Events {
		if !slices.Contains(hookEvents, e) {
			return invalid("There is no event " + e)
		}
	}
	return nil
}

// apply takes over what was sent.
func (h *hook) apply(q *hookRequest) {
	h.name, h.url, h.events = q.Name, q.URL, slices.Compact(slices.Sorted(slices.Values(q.Events)))
	h.active, h.sslCheck = q.Active == nil || *q.Active, q.SSLCheck == nil || *q.SSLCheck
	h.secret = cmp.Or(q.Configuration.Secret, h.secret)
}

// hookOf is a webhook as reads show it. The document of the vendor lacks its id, without which none could be changed.
func hookOf(h *hook, statistics bool) object {
	o := object{
		"id": h.id, "name": h.name, "url": h.url, "active": h.active, "events": h.events, "configuration": h.configuration(),
		"scopeType": "global", "sslVerificationRequired": h.sslCheck,
	}
	if statistics {
		o["statistics"] = h.statistics("")
	}
	return o
}

func (h *hook) configuration() object {
	o := object{"createdBy": h.by.key}
	if h.secret != "" {
		o["secret"] = h.secret
	}
	return o
}

// hook finds the webhook of the call.
func (c *call) hook() (*hook, error) {
	id, err := strconv.ParseInt(c.params[0], 10, 64)
	for _, h := range c.instance.hooks {
		if err == nil && h.id == id {
			return h, nil
		}
	}
	return nil, fail(http.StatusNotFound, "NOT_FOUND", "There is no webhook with id "+c.params[0])
}

func listHooks(c *call) (answer, error) {
	event := c.query.Get("event")
	rows := slices.DeleteFunc(slices.Clone(c.instance.hooks), func(h *hook) bool {
		return event != "" && !slices.Contains(h.events, event)
	})
	return rowsDC(c, rows, 100, 1000, nil, func(h *hook) object { return hookOf(h, c.flag("statistics", false)) })
}

func createHook(c *call) (answer, error) {
	q := c.prepared.(*hookRequest)
	if err := q.check(); err != nil {
		return answer{}, err
	}
	c.instance.lastHook++
	h := &hook{id: c.instance.lastHook, by: c.user, created: c.stamp(), updated: c.stamp()}
	h.apply(q)
	c.instance.hooks = append(c.instance.hooks, h)
	events := []object{}
	for _, e := range h.events {
		events = append(events, object{"id": e, "i18nKey": "webhook.event." + e})
	}
	return answer{status: http.StatusCreated, json: object{
		"id": h.id, "name": h.name, "url": h.url, "active": h.active, "events": events, "configuration": h.configuration(),
		"scope": object{"type": "global"}, "sslVerificationRequired": h.sslCheck, "createdDate": c.dateDC(h.created), "updatedDate": c.dateDC(h.updated),
	}}, nil
}

func getHook(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	return ok(hookOf(h, c.flag("statistics", false)))
}

func updateHook(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	q := c.prepared.(*hookRequest)
	if err := q.check(); err != nil {
		return answer{}, err
	}
	h.apply(q)
	h.updated = c.stamp()
	return ok(hookOf(h, false))
}

func deleteHook(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	c.instance.hooks = slices.DeleteFunc(slices.Clone(c.instance.hooks), func(o *hook) bool { return o == h })
	return status204()
}

// testHook sends an event that says it is a test to any address.
func testHook(c *call) (answer, error) {
	q := hookRequest{Name: "test", URL: c.query.Get("url"), Events: []string{"page_created"}}
	if err := q.check(); err != nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", err.Error())
	}
	id := c.uuid("delivery", "test", text(int64(c.stamp())))
	c.courier.send(delivery{url: q.URL, event: "diagnostics:ping", id: id, body: encode(object{"test": true})})
	return ok(object{"url": q.URL, "test": true})
}

// maxInvocations is how many past deliveries of a webhook are kept.
const maxInvocations = 100

// tell puts a payload for a webhook into the queue, as the fault rules leave it (register row WH-05). Who does not answer
// gets another try only where the option says so (open-facts OF-38).
func (c *call) tell(h *hook, event string, body []byte) {
	c.instance.lastDelivery++
	d := delivery{
		url: h.url, event: event, id: c.uuid("delivery", text(c.instance.lastDelivery)), body: body, secret: h.secret,
		prefixed: !c.set.bareSignature, tries: 1 + c.set.hookRetries,
	}
	site, at := c.Site, c.stamp()
	d.done = func(o outcome) { site.invoked(h, invocation{d.id, event, d.url, body, d.headers(), at, o}) }
	if c.replaying { // whoever was to be told has been told
		return
	}
	held := c.held
	c.held = nil
	switch c.fault.hook {
	case "lost":
	case "twice":
		c.courier.send(d, d)
	case "reordered":
		c.held = append(c.held, d)
	case "unreachable":
		d.done = nil
		h.record(invocation{d.id, event, d.url, body, d.headers(), at, outcome{result: "ERROR", description: "Connection refused"}})
	default:
		c.courier.send(d)
	}
	c.courier.send(held...)
}

// invoked notes what became of a delivery.
func (s *Site) invoked(h *hook, i invocation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.record(i)
}

func (h *hook) record(i invocation) {
	switch i.result {
	case "SUCCESS":
		h.successes++
	case "FAILURE":
		h.failures++
	default:
		h.errors++
	}
	h.past = append(h.past, i)
	if len(h.past) > maxInvocations {
		h.past = slices.Clone(h.past[1:])
	}
}

func latestInvocation(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	event, results := c.query.Get("event"), append(c.list("outcome"), c.list("outcomes")...)
	for _, i := range slices.Backward(h.past) {
		if (event == "" || i.event == event) && (len(results) == 0 || slices.Contains(results, i.result)) {
			return ok(c.invocation(i))
		}
	}
	return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "The webhook was not invoked yet")
}

func (c *call) invocation(i invocation) object {
	headers := object{}
	for name, value := range i.headers {
		headers[name] = value
	}
	return object{
		"id": i.id, "event": object{"id": i.event}, "start": c.dateDC(i.at), "finish": c.dateDC(i.at + stamp(i.took.Milliseconds())),
		"duration": object{"seconds": int64(i.took / time.Second), "nano": int(i.took % time.Second), "zero": i.took == 0, "negative": false},
		"request":  object{"method": http.MethodPost, "url": i.url, "body": string(i.body), "headers": headers},
		"result":   object{"outcome": i.result, "description": i.description},
	}
}

func hookStatistics(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	return ok(h.statistics(c.query.Get("event")))
}

// statistics are the counts of a webhook's deliveries, of one event or of all.
func (h *hook) statistics(event string) object {
	counts := map[string]int{"SUCCESS": h.successes, "FAILURE": h.failures, "ERROR": h.errors}
	if event != "" {
		clear(counts)
		for _, i := range h.past {
			if i.event == event {
				counts[i.result]++
			}
		}
	}
	o := object{"counts": object{"successes": counts["SUCCESS"], "failures": counts["FAILURE"], "errors": counts["ERROR"]}}
	for _, i := range h.past {
		if event == "" || i.event == event {
			name := map[string]string{"SUCCESS": "lastSuccess", "FAILURE": "lastFailure", "ERROR": "lastError"}[i.result]
			o[name] = object{"id": i.id, "event": i.event, "start": int64(i.at), "description": i.description}
		}
	}
	return o
}
