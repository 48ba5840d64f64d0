package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// personality is the product that a site is: its routes, how it tells who calls, what holds before every handler, and
// what its errors look like. World, heap, clock, faults and books are the same for all.
type personality struct {
	name    string
	release release // of Data Center; 0 on Cloud
	routes  *routeTree
	gateway string // prefix under which all routes answer a second time
	// context is the path of the product below the host, as the site's options are now. Route templates of Cloud have it
	// inside, those of Data Center begin below it.
	context func(*settings) string
	// identify sets the call's account. It runs with the site's lock held for reading.
	identify func(*call)
	// admit refuses what must not reach the handler of the route.
	admit func(*call) (answer, bool)
	// render is the body of an error.
	render func(*call, *refusal) answer
	// misrouted answers a known path with another method.
	misrouted func(*call) answer
}

// newPersonality finds the product of the options; its routes are those of its version.
func newPersonality(o Options, cloudID string) (*personality, error) {
	switch o.Personality {
	case "", "cloud":
		if o.Version != "" {
			return nil, fmt.Errorf("emulator: Cloud has no version %q", o.Version)
		}
		return &personality{
			name: "cloud", routes: newRouteTree(allRoutes()), gateway: "/ex/confluence/" + cloudID,
			context: func(*settings) string { return "/wiki" }, identify: identifyCloud, admit: admitCloud,
			render: renderCloud, misrouted: misroutedCloud,
		}, nil
	case "dc":
		r, err := parseRelease(o.Version)
		if err != nil {
			return nil, err
		}
		return &personality{
			name: "dc", release: r, routes: newRouteTree(dcRoutes(r)),
			context: func(s *settings) string { return s.contextPath }, identify: identifyDC, admit: admitDC,
			render: renderDC, misrouted: misroutedDC,
		}, nil
	}
	return nil, fmt.Errorf("emulator: no personality %q; there are cloud and dc", o.Personality)
}

// dc reports whether the site is a Data Center.
func (s *Site) dc() bool { return s.product.release != 0 }

// path returns the path of a request as templates have it, and whether it is the product's at all.
func (p *personality) path(escaped, context string) (string, bool) {
	if p.release == 0 {
		if rest, through := strings.CutPrefix(escaped, p.gateway); through && strings.HasPrefix(rest, "/wiki/") {
			return rest, true
		}
		return escaped, true
	}
	rest, ok := strings.CutPrefix(escaped, context)
	return rest, ok && strings.HasPrefix(rest, "/")
}

func xsrfPassed(token string) bool { return token == "no-check" || token == "nocheck" }

func xsrfFailed() answer {
	return answer{status: http.StatusForbidden, raw: []byte("XSRF check failed"), form: "text/plain;charset=UTF-8"}
}

func misroutedCloud(c *call) answer {
	return c.refusal(fail(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Method Not Allowed"))
}

// refusal renders an error as the product does.
func (c *call) refusal(err error) answer {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, code: "INTERNAL_SERVER_ERROR", title: err.Error()}
	}
	return c.product.render(c, r)
}

// release is a version of Data Center: major*10000 + minor*100 + patch.
type release int

func at(major, minor, patch int) release { return release(major*10000 + minor*100 + patch) }

// The releases in which groups of operations appeared (dc-api.md section 0).
var (
	since77   = at(7, 7, 0)   // webhooks
	since79   = at(7, 9, 0)   // personal access tokens
	since718  = at(7, 18, 0)  // content/scan
	since83   = at(8, 3, 0)   // backup and restore
	since9    = at(9, 0, 0)   // addresses /spaces/KEY/pages/ID, creators of spaces, e-mail of users
	since911  = at(9, 1, 1)   // space permissions
	since93   = at(9, 3, 0)   // global permissions, spaces of others, active users, cluster nodes
	since94   = at(9, 4, 0)   // group ancestors and parents
	since101  = at(10, 1, 0)  // index management
	since10   = at(10, 0, 0)  // position in answers and requests, moving of attachments
	since11   = at(11, 0, 0)  // no experimental version endpoints
	oldestDC  = at(7, 19, 0)  // the oldest profile
	defaultDC = at(9, 2, 17)  // the default profile
	newestDC  = at(11, 99, 0) // what is beyond is refused
)

// profiles are the versions that an instance is given by the first two numbers, with a build number of that line.
var profiles = []struct {
	line  string
	full  release
	build int
}{
	{"7.19", at(7, 19, 30), 8804}, {"8.5", at(8, 5, 30), 9012}, {"9.2", defaultDC, 21763}, {"10.2", at(10, 2, 19), 22802}, {"11.0", at(11, 0, 0), 23501},
}

// parseRelease reads a version of Data Center: one of the lines 7.19, 8.5, 9.2, 10.2, 11.0, or any full version.
func parseRelease(v string) (release, error) {
	if v == "" {
		return defaultDC, nil
	}
	for _, p := range profiles {
		if p.line == v {
			return p.full, nil
		}
	}
	var major, minor, patch int
	if n, err := fmt.Sscanf(v+".0", "%d.%d.%d", &major, &minor, &patch); n < 3 || err != nil || minor < 0 || minor > 99 || patch < 0 || patch > 99 {
		return 0, fmt.Errorf("emulator: no version %q of Data Center; there are 7.19, 8.5, 9.2, 10.2, 11.0", v)
	}
	r := at(major, minor, patch)
	if r < oldestDC || r > newestDC {
		return 0, fmt.Errorf("emulator: version %q is not emulated; there are 7.19 to 11", v)
	}
	return r, nil
}

func (r release) String() string {
	return fmt.Sprintf("%d.%d.%d", r/10000, r/100%100, r%100)
}

// build is the build number of the release.
func (r release) build() int {
	for _, p := range slices.Backward(profiles) {
		if r >= p.full || r/100 == p.full/100 {
			return p.build
		}
	}
	return profiles[0].build
}

// has reports whether the release has the route.
func (r release) has(x *route) bool { return r >= x.since && (x.until == 0 || r < x.until) }

// dcRoutes are the routes of a release of Data Center.
func dcRoutes(r release) []route {
	return slices.DeleteFunc(slices.Concat(dcTables...), func(x route) bool { return !r.has(&x) })
}
