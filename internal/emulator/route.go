package emulator

import (
	"net/url"
	"strings"
)

// api says in which family a route is: what its errors look like.
type api uint8

const (
	v1 api = iota
	v2
	edge // no credentials, no family
	dc   // Data Center
)

// route is one row of the routing table.
type route struct {
	method   string
	template string
	api      api
	scope    string // the OAuth scope the vendor's document asks for; for documentation and for a later scope gate
	// prepare, where set, runs before the site's lock is taken: reading and normalising what was sent.
	prepare func(*call) (any, error)
	handle  func(*call) (answer, error)
	// limit is the largest request body in bytes; 0 = defaultLimit.
	limit int64
	// multipart routes refuse calls without the XSRF header.
	multipart bool
	// checked routes, which are no multipart ones, refuse calls without the XSRF header too.
	checked bool
	// guard says who is let in, since and until in which releases there is the route, both of Data Center; until 0 = to
	// the newest.
	guard        guard
	since, until release
	// inReadOnly says that a write works in read-only mode.
	inReadOnly bool
	// changes says that a GET changes state nevertheless, so that it takes the write lock.
	changes bool
	// evidence is the best ground that the behaviour stands on, gap what is known not to be faithful; docs/fidelity.md
	// is made of both.
	evidence evidence
	gap      string
	// refuses says that by default the route has nothing but refusals (removed operations, wrong methods).
	refuses bool
}

// evidence says on what ground a behaviour stands, the best first.
type evidence uint8

const (
	bySpec          evidence = iota // the vendor's OpenAPI document, and the references that measured it
	byLiveSuite                     // a public live suite, written against real sites, passes
	byRecording                     // a recorded answer of a real site
	byDocumentation                 // a page of the vendor's documentation
	byClient                        // what a public client sends and reads
	byMemory                        // general knowledge, not verified
)

func (e evidence) String() string {
	return [...]string{"specification", "live suite", "recording", "documentation", "public client", "general knowledge"}[e]
}

func (r *route) writes() bool { return r.method != "GET" && r.method != "HEAD" || r.changes }

// routeTree finds the route of a path, literal segments before parameters.
type routeTree struct {
	literal map[string]*routeTree
	param   *routeTree
	methods map[string]*route
}

func newRouteTree(routes []route) *routeTree {
	root := &routeTree{}
	for i := range routes {
		at := root
		for seg := range strings.SplitSeq(strings.TrimPrefix(routes[i].template, "/"), "/") {
			at = at.child(seg)
		}
		if at.methods == nil {
			at.methods = map[string]*route{}
		}
		if at.methods[routes[i].method] != nil {
			panic("emulator: route twice: " + routes[i].method + " " + routes[i].template)
		}
		at.methods[routes[i].method] = &routes[i]
	}
	return root
}

func (t *routeTree) child(seg string) *routeTree {
	if strings.HasPrefix(seg, "{") {
		if t.param == nil {
			t.param = &routeTree{}
		}
		return t.param
	}
	if t.literal == nil {
		t.literal = map[string]*routeTree{}
	}
	if t.literal[seg] == nil {
		t.literal[seg] = &routeTree{}
	}
	return t.literal[seg]
}

// find returns the methods of the path and its parameters in order. The path is in escaped form.
func (t *routeTree) find(path string) (map[string]*route, []string) {
	return t.walk(strings.Split(strings.Trim(path, "/"), "/"), nil)
}

func (t *routeTree) walk(segs, params []string) (map[string]*route, []string) {
	if len(segs) == 0 {
		return t.methods, params
	}
	if next := t.literal[segs[0]]; next != nil {
		if m, p := next.walk(segs[1:], params); m != nil {
			return m, p
		}
	}
	if t.param == nil || segs[0] == "" {
		return nil, nil
	}
	value, err := url.PathUnescape(segs[0])
	if err != nil {
		return nil, nil
	}
	return t.param.walk(segs[1:], append(params[:len(params):len(params)], value))
}
