package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// Call is one request, in the words of a connector. It is a value: what adds to it returns another one.
type Call struct {
	Method string
	// Route is the template of the path below the connector's base, with {} for each of Args, which are escaped.
	Route  string
	Args   []string
	Query  url.Values
	Body   any // sent as JSON; nil: none
	Upload *rest.Upload
	// Repeat marks a write that sets a state, so that it may be sent again after a lost answer.
	Repeat bool
	// Past reads past restrictions, with the admin key that is on. Only Cloud has one.
	Past bool
	// What could not be done, for a person: "the page could not be created".
	What  string
	Where confluence.Where
}

// Get is a call that reads.
func Get(route, what string, args ...string) Call {
	return Call{Method: http.MethodGet, Route: route, Args: args, What: what}
}

// Write is a call that writes; body is sent as JSON, nil for none.
func Write(method, route, what string, body any, args ...string) Call {
	return Call{Method: method, Route: route, Args: args, Body: body, What: what}
}

// With adds query parameters, given as name and value in turn; empty values are left out.
func (k Call) With(pairs ...string) Call {
	q := url.Values{}
	for key, values := range k.Query {
		q[key] = slices.Clone(values)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Add(pairs[i], pairs[i+1])
		}
	}
	k.Query = q
	return k
}

// At says which content the call is about.
func (k Call) At(w confluence.Where) Call { k.Where = w; return k }

// Repeatable marks a write that sets a state.
func (k Call) Repeatable() Call { k.Repeat = true; return k }

// Writes reports whether the call may change the site.
func (k Call) Writes() bool { return k.Method != http.MethodGet }

// Request is the call as package rest sends it, its route below base.
func (k Call) Request(base string) rest.Request {
	return rest.Request{
		Method: k.Method, Route: base + k.Route, Path: fill(k.Route, k.Args), Query: k.Query,
		JSON: k.Body, Upload: k.Upload, Repeatable: k.Repeat,
	}
}

// File is the call with a file as its body, in the form that both products take: the field file, besides minorEdit, which
// keeps watchers from being told, and a comment where there is one.
func (k Call) File(name, media, comment string, size int64, p confluence.Payload) Call {
	fields := [][2]string{{"minorEdit", "true"}}
	if comment != "" {
		fields = append(fields, [2]string{"comment", comment})
	}
	k.Upload = &rest.Upload{Fields: fields, Field: "file", Name: name, MediaType: media, Size: size, Open: p.Open}
	return k
}

// fill puts escaped arguments in place of the braces of a route.
func fill(route string, args []string) string {
	var out strings.Builder
	for n := 0; ; n++ {
		before, after, found := strings.Cut(route, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		_, route, _ = strings.Cut(after, "}")
		out.WriteString(segment(args[n]))
	}
}

// segment escapes a piece of a path. A plus sign is escaped as well: servlets have read it as a blank.
func segment(s string) string { return strings.ReplaceAll(url.PathEscape(s), "+", "%2B") }
