package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object.
type object = map[string]any

// call is one request on its way.
type call struct {
	*Site
	r        *http.Request
	arrived  time.Time // by the system's clock
	now      time.Time // by the site's clock
	fault    disturbance
	route    *route
	params   []string
	query    url.Values
	key      *key     // Cloud: what was issued beside the accounts' own tokens, valid or not
	gateway  bool     // Cloud: the request came through the gateway
	quotas   []quota  // limits that the answer tells about
	leave    []func() // done when the answer has been written
	user     *user    // nil: credentials missing or refused, or the account deactivated
	rejected bool     // Data Center: basic credentials were given, and are wrong
	// What is asked before the lock is taken, or while an error is rendered, as it was when the request came: whether the
	// caller administers the site, and on Data Center the access mode and the form of errors.
	admin, readOnly, oldErrors bool
	context                    string // path of the product below the host
	prepared                   any
	touched                    []*content // changed by this call, for the log of readers
	open                       map[*space]bool
}

// answer is what goes back. Nothing is written before every gate has seen it.
type answer struct {
	status int
	header http.Header
	json   any           // encoded where set
	raw    []byte        // sent as it is where json is not set
	stream io.ReadSeeker // sent where neither is set
	form   string        // content type; default application/json

	overlay  []map[string]*string // headers set, or removed where nil, in the end
	truncate *int                 // bytes of the body after which the connection ends
	dropped  bool                 // the connection ends without an answer
}

func (a *answer) set(name, value string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
}

func ok(body any) (answer, error) { return answer{status: http.StatusOK, json: body}, nil }

func status204() (answer, error) { return answer{status: http.StatusNoContent}, nil }

// stamp is the time that the call writes: the site's, but for a skew.
func (c *call) stamp() stamp { return stampOf(c.now.Add(c.fault.skew)) }

// touch notes that the call changed a content.
func (c *call) touch(contents ...*content) { c.touched = append(c.touched, contents...) }

// serve is the way of every request of the product.
func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	s.settleLate()
	c := &call{Site: s, r: r, arrived: time.Now(), now: s.clock.Now()}
	defer func() {
		for _, leave := range c.leave {
			leave()
		}
	}()
	a := s.reply(c)
	a.encode() // before the answer is due, so that it leaves on time
	if err := s.answers.keep(c, &a); err != nil {
		panic("emulator: an answer cannot be kept: " + err.Error())
	}
	c.linger()
	if a.dropped {
		s.books.request(c, 0, 0)
		panic(http.ErrAbortHandler) // the way to end a connection without an answer
	}
	n, whole := c.write(w, a)
	s.books.request(c, a.status, n)
	if !whole {
		panic(http.ErrAbortHandler)
	}
}

// reply passes the gates and the handler. Each gate sees each answer on its way back.
func (s *Site) reply(c *call) answer {
	early, matched := s.match(c)
	c.fault = s.faults.choose(c)
	var a answer
	done := false
	for _, g := range s.gates {
		if a, done = g.before(c); done {
			break
		}
	}
	switch {
	case done:
	case matched:
		a = early
	default:
		a = s.run(c)
	}
	for _, g := range slices.Backward(s.gates) {
		g.after(c, &a)
	}
	return a
}

// match finds the route and the account. Where there is no route for the request it answers, and says true.
func (s *Site) match(c *call) (answer, bool) {
	path := c.r.URL.EscapedPath()
	if strings.Contains(strings.ToLower(path), "%2f") {
		return htmlAnswer(http.StatusBadRequest, "Bad Request"), true
	}
	s.mu.RLock()
	c.context = s.product.context(&s.set)
	c.readOnly, c.oldErrors = s.set.readOnly, s.set.oldErrors
	s.mu.RUnlock()
	path, ours := s.product.path(path, c.context)
	methods, params := s.product.routes.find(path)
	if methods == nil || !ours {
		return htmlAnswer(http.StatusNotFound, "Not Found"), true
	}
	c.params, c.query = params, c.r.URL.Query()
	if c.route = methods[c.r.Method]; c.route == nil {
		for _, other := range methods {
			c.route = other
		}
		a := s.product.misrouted(c)
		c.route = nil
		return a, true
	}
	s.mu.RLock()
	s.product.identify(c)
	c.admin = c.user != nil && c.user.admin
	s.mu.RUnlock()
	return answer{}, false
}

// run checks what holds for every route, and runs the handler under the site's lock.
func (s *Site) run(c *call) answer {
	if a, refused := s.product.admit(c); refused {
		return a
	}
	kept := s.keeps(c)
	if c.route.prepare != nil {
		var err error
		if c.prepared, err = c.route.prepare(c); err != nil {
			return c.refusal(err)
		}
	}
	if c.fault.noise {
		c.disturbBody()
	}
	s.settleDue(c.now)
	if c.route.writes() {
		defer s.change(c.now)()
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if c.fault.stale > 0 {
			c.now = c.now.Add(-c.fault.stale)
			c.Site = s.asOf(c.now)
			defer func() { c.Site, c.now = s, c.now.Add(c.fault.stale) }()
		}
	}
	a, err := c.route.handle(c)
	s.keep(c, kept) // refused or not: ids may have been given
	if err != nil {
		return c.refusal(err)
	}
	c.dispatch()
	for _, changed := range c.touched {
		s.books.readers(changed, s.readers(changed.root()))
	}
	return a
}

// defaultLimit is the largest request body of routes that state no other limit.
const defaultLimit = 64 << 20

// decode reads the request's JSON into v.
func (c *call) decode(v any) error {
	limit := c.route.limit
	if limit == 0 {
		limit = defaultLimit
	}
	data, err := io.ReadAll(io.LimitReader(c.r.Body, limit+1))
	if err != nil {
		return invalid("Could not read request body")
	}
	if int64(len(data)) > limit {
		return fail(http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", "Request body is too large")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return invalid("Invalid JSON in request body: " + err.Error())
	}
	return nil
}

// write sends the answer and returns the number of bytes of its body, and whether that is all of them.
func (c *call) write(w http.ResponseWriter, a answer) (int64, bool) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Date", c.now.Add(c.fault.skew).Format(http.TimeFormat))
	var body io.Reader = a.stream
	size := int64(0)
	if a.stream == nil {
		body, size = bytes.NewReader(a.raw), int64(len(a.raw))
		if size > 0 && a.form == "" {
			a.form = "application/json"
		}
		if a.status != http.StatusNoContent {
			w.Header().Set("Content-Length", text(size))
		}
	} else {
		size, _ = strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	}
	if size > 0 || a.stream != nil {
		w.Header().Set("Content-Type", a.form)
	}
	for _, overlay := range a.overlay {
		for name, value := range overlay {
			if value == nil {
				w.Header()[name] = nil // also keeps the server from adding its own
			} else {
				w.Header().Set(name, *value)
			}
		}
	}
	w.WriteHeader(a.status)
	if a.truncate == nil || int64(*a.truncate) >= size {
		n, _ := io.Copy(w, body)
		return n, true
	}
	n, _ := io.CopyN(w, body, int64(*a.truncate))
	_ = http.NewResponseController(w).Flush() // what was written must leave before the connection ends
	return n, false
}

// encode turns the JSON of an answer into its bytes.
func (a *answer) encode() {
	if a.stream == nil && a.json != nil {
		a.raw, a.json = encode(a.json), nil
	}
}

// base is the address of the site with its context path.
func (c *call) base() string {
	if c.opts.BaseURL != "" {
		return c.opts.BaseURL + c.context
	}
	scheme := "http://"
	if c.r.TLS != nil {
		scheme = "https://"
	}
	return scheme + c.r.Host + c.context
}
