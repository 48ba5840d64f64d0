package emulator

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// conversion is a body on its way from one representation to another (register row LT-04).
type conversion struct {
	by    *user
	to    string
	value string
	err   string
	began stamp
	looks int
	again bool // asked for once more after its result had gone
}

// What a conversion takes, and how long its result is kept.
const (
	conversionTime = 500 * time.Millisecond
	conversionKept = 5 * time.Minute
)

// converts are the conversions there are, by source (cloud-v1.json, convert/async/{to}).
var converts = map[string][]string{
	"atlas_doc_format": {"editor", "export_view", "storage", "styled_view", "view"},
	"storage":          {"atlas_doc_format", "editor", "export_view", "styled_view", "view"},
	"editor":           {"storage"},
}

// conversionRequest is one conversion.
type conversionRequest struct {
	To      string `json:"to"`
	Space   string `json:"spaceKeyContext"`
	Content string `json:"contentIdContext"`
	Cache   bool   `json:"allowCache"`
	Body    struct {
		Value          string `json:"value"`
		Representation string `json:"representation"`
	} `json:"body"`

	cache bool
}

// check refuses conversions that there are not; only narrows the targets.
func (q *conversionRequest) check(only ...string) error {
	if !slices.Contains(converts[q.Body.Representation], q.To) || len(only) > 0 && !slices.Contains(only, q.To) {
		return invalid("Conversion from " + q.Body.Representation + " to " + q.To + " is not supported")
	}
	return nil
}

func prepareConversion(c *call) (any, error) {
	q := conversionRequest{
		To: c.params[0], Space: c.query.Get("spaceKeyContext"), Content: c.query.Get("contentIdContext"), cache: c.flag("allowCache", false),
	}
	return &q, c.decode(&q.Body)
}

// contextOf finds the space and the content that references of a body are resolved in.
func (c *call) contextOf(q *conversionRequest) (*space, *content, error) {
	if q.Content != "" {
		p, err := c.any(q.Content)
		if err != nil {
			return nil, nil, err
		}
		return p.space, p, nil
	}
	if q.Space == "" {
		return nil, nil, nil
	}
	s, err := c.spaceByKey(q.Space)
	return s, nil, err
}

// convertLater begins a conversion and returns its id.
func (c *call) convertLater(q *conversionRequest, in *space, on *content) string {
	all := c.world.annex.conversions
	parts := []string{"conversion", q.To, q.Body.Representation, q.Body.Value, q.Space, q.Content, c.user.id}
	if !q.cache && !q.Cache {
		parts = append(parts, text(c.world.newID()))
	}
	id := c.uuid(parts...)
	old := all[id]
	now := c.stamp()
	if old != nil && now-old.began < stamp((conversionTime+conversionKept).Milliseconds()) {
		return id
	}
	for key, done := range all {
		if now-done.began > stamp(2*(conversionTime+conversionKept).Milliseconds()) {
			delete(all, key)
		}
	}
	made := &conversion{by: c.user, to: q.To, began: now, again: old != nil}
	var err error
	if made.value, err = c.converted(q.Body.Value, q.Body.Representation, q.To, in, on); err != nil {
		made.err = err.Error()
	}
	all[id] = made
	return id
}

func convertBody(c *call) (answer, error) {
	q := c.prepared.(*conversionRequest)
	if err := q.check(); err != nil {
		return answer{}, err
	}
	in, on, err := c.contextOf(q)
	if err != nil {
		return answer{}, err
	}
	if _, err := c.converted(q.Body.Value, q.Body.Representation, q.To, in, on); err != nil {
		return answer{}, err
	}
	return ok(object{"asyncId": c.convertLater(q, in, on)})
}

type bulkConversion struct {
	Inputs []conversionRequest `json:"conversionInputs"`
}

func prepareConversions(c *call) (any, error) {
	var q bulkConversion
	return &q, c.decode(&q)
}

// convertBodies begins up to ten conversions; one that cannot be begun has a word in the place of its id.
func convertBodies(c *call) (answer, error) {
	q := c.prepared.(*bulkConversion)
	if len(q.Inputs) > 10 {
		return answer{}, invalid("At most 10 conversions in one request")
	}
	rows := []object{}
	for i := range q.Inputs {
		in, on, err := c.contextOf(&q.Inputs[i])
		if err != nil || q.Inputs[i].check() != nil {
			rows = append(rows, object{"asyncId": "FAILED_TO_QUEUE"})
			continue
		}
		rows = append(rows, object{"asyncId": c.convertLater(&q.Inputs[i], in, on)})
	}
	return ok(rows)
}

var asyncID = regexp.MustCompile(`^[0-9a-f-]{36}$`)

// conversion returns the answer to a look at a conversion.
func (c *call) conversion(id string) (object, error) {
	if !asyncID.MatchString(id) {
		return nil, invalid("Invalid async id: " + id)
	}
	made := c.world.annex.conversions[id]
	if made == nil || c.stamp()-made.began > stamp((conversionTime+conversionKept).Milliseconds()) {
		return nil, fail(http.StatusNotFound, "NOT_FOUND", "No conversion task with id "+id)
	}
	if made.by != c.user {
		return nil, fail(http.StatusForbidden, "FORBIDDEN", "The conversion was asked for by another user")
	}
	made.looks++
	links := object{"base": c.base(), "context": "/wiki"}
	switch since := c.stamp() - made.began; {
	case since >= stamp(conversionTime.Milliseconds()) || made.looks > 2:
		if made.err != "" {
			return object{"status": "FAILED", "error": made.err, "_links": links}, nil
		}
		return object{
			"value": made.value, "representation": made.to, "renderTaskId": id, "status": "COMPLETED", "embeddedContent": []object{},
			"_expandable": object{"content": "", "webresource": "", "mediaToken": ""}, "_links": links,
		}, nil
	case made.again:
		return object{"status": "RERUNNING", "renderTaskId": id, "_links": links}, nil
	case made.looks == 1:
		return object{"status": "QUEUED", "renderTaskId": id, "_links": links}, nil
	}
	return object{"status": "WORKING", "renderTaskId": id, "_links": links}, nil
}

func getConversion(c *call) (answer, error) {
	o, err := c.conversion(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(o)
}

// getConversions looks at up to 50 conversions; in the place of one that is not there stands why.
func getConversions(c *call) (answer, error) {
	ids := c.list("ids")
	if len(ids) == 0 || len(ids) > 50 {
		return answer{}, invalid("1 to 50 ids, not " + strconv.Itoa(len(ids)))
	}
	rows := []object{}
	for _, id := range ids {
		o, err := c.conversion(id)
		if err != nil {
			o = object{"status": "FAILED", "error": err.Error(), "_links": object{}}
		}
		rows = append(rows, o)
	}
	return ok(rows)
}
