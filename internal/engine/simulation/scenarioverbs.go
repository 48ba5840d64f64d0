package simulation

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// unknownVerb is counted for a mutating call that the tables do not know: no scenario expects it.
const unknownVerb confluence.Verb = "?"

// sent is a mutating call on the wire, told by what a site sees of it alone.
type sent struct {
	Side   confluence.Side
	Verb   confluence.Verb
	Method string
	Path   string
	Status int    // 0: no answer
	Cycle  int    // from 1
	On     string // content id, where the path names one
}

// refused reports whether the site answered that it did not do it.
func (c sent) refused() bool { return c.Status >= 400 && c.Status < 500 }

// wire is a route of a product with the verb of scenarios that a call of it is. An empty verb is a read.
type wire struct {
	method  string // or several, separated by |
	pattern *regexp.Regexp
	verb    confluence.Verb
}

func routes(lines ...[3]string) []wire {
	var out []wire
	for _, l := range lines {
		pattern := regexp.QuoteMeta(l[1])
		pattern = strings.ReplaceAll(pattern, `\*`, `[^/]+`)
		pattern = strings.ReplaceAll(pattern, "#", `([^/]+)`)
		out = append(out, wire{l[0], regexp.MustCompile("^" + pattern + "$"), confluence.Verb(l[2])})
	}
	return out
}

// The routes that change something, below the context path. # is the content that the call is about, * anything else.
// Where a route is used for more than one verb, narrower tells them apart.
var wires = map[bool][]wire{
	true: routes( // Cloud
		[3]string{"POST", "/api/v2/pages", "POST"}, [3]string{"POST", "/api/v2/blogposts", "POST"},
		[3]string{"PUT", "/api/v2/pages/#", "PUT"}, [3]string{"PUT", "/api/v2/blogposts/#", "PUT"}, [3]string{"PUT", "/api/v2/pages/#/title", "PUT"},
		[3]string{"DELETE", "/api/v2/pages/#", "DEL"}, [3]string{"DELETE", "/api/v2/blogposts/#", "DEL"},
		[3]string{"PUT", "/rest/api/content/#/move/*/*", "MV"}, [3]string{"POST", "/rest/api/content/archive", "ARC"},
		[3]string{"POST", "/rest/api/content/#/label", "LB+"}, [3]string{"DELETE", "/rest/api/content/#/label", "LB-"}, [3]string{"DELETE", "/rest/api/content/#/label/*", "LB-"},
		[3]string{"PUT|POST|DELETE", "/rest/api/content/#/restriction", "RS"},
		[3]string{"PUT|POST", "/rest/api/content/#/child/attachment", "AT+"}, [3]string{"POST", "/rest/api/content/*/child/attachment/#/data", "ATv"},
		[3]string{"PUT", "/rest/api/content/*/child/attachment/#", "ATv"}, [3]string{"DELETE", "/api/v2/attachments/#", "AT-"},
		[3]string{"POST", "/api/v2/footer-comments", "CM+"}, [3]string{"POST", "/api/v2/inline-comments", "CM+"},
		[3]string{"PUT", "/api/v2/footer-comments/#", "CMu"}, [3]string{"PUT", "/api/v2/inline-comments/#", "CMu"},
		[3]string{"DELETE", "/api/v2/footer-comments/#", "CM-"}, [3]string{"DELETE", "/api/v2/inline-comments/#", "CM-"},
		[3]string{"POST|PUT|DELETE", "/api/v2/pages/#/properties", "PR"}, [3]string{"PUT|DELETE", "/api/v2/pages/#/properties/*", "PR"},
		[3]string{"POST|PUT|DELETE", "/api/v2/blogposts/#/properties", "PR"}, [3]string{"PUT|DELETE", "/api/v2/blogposts/#/properties/*", "PR"},
		[3]string{"POST", "/api/v2/spaces/*/properties", "PR"}, [3]string{"PUT|DELETE", "/api/v2/spaces/*/properties/*", "PR"},
		[3]string{"POST|PUT|DELETE", "/rest/api/content/#/property/*", "PR"}, [3]string{"PUT|DELETE", "/rest/api/content/#/state", "CS"},
		[3]string{"POST", "/rest/api/space", "SP"}, [3]string{"POST", "/api/v2/spaces", "SP"}, [3]string{"PUT", "/rest/api/space/*", "HM"},
		[3]string{"POST", "/rest/api/space/*/permission", "PM"}, [3]string{"DELETE", "/rest/api/space/*/permission/*", "PM"},
		[3]string{"POST", "/api/v2/spaces/*/role-assignments", "PM"}, [3]string{"POST", "/api/v2/users-bulk", ""},
	),
	false: routes( // Data Center
		[3]string{"POST", "/rest/api/content", "POST"}, [3]string{"PUT", "/rest/api/content/#", "PUT"}, [3]string{"DELETE", "/rest/api/content/#", "DEL"},
		[3]string{"POST", "/pages/movepage.action", "MV"},
		[3]string{"POST", "/rest/api/content/#/label", "LB+"}, [3]string{"DELETE", "/rest/api/content/#/label", "LB-"}, [3]string{"DELETE", "/rest/api/content/#/label/*", "LB-"},
		[3]string{"PUT|POST|DELETE", "/rest/api/content/#/restriction", "RS"}, [3]string{"PUT|POST|DELETE", "/rest/experimental/content/#/restriction", "RS"},
		[3]string{"POST", "/rest/api/content/#/child/attachment", "AT+"}, [3]string{"POST", "/rest/api/content/*/child/attachment/#/data", "ATv"},
		[3]string{"PUT", "/rest/api/content/*/child/attachment/#", "ATv"},
		[3]string{"POST", "/rest/inlinecomments/1.0/comments", "CM+"}, [3]string{"PUT|PATCH|POST", "/rest/inlinecomments/1.0/comments/#/resolve/*/dangling/*", "CMr"},
		[3]string{"POST|PUT|DELETE", "/rest/api/content/#/property", "PR"}, [3]string{"POST|PUT|DELETE", "/rest/api/content/#/property/*", "PR"},
		[3]string{"POST|PUT|DELETE", "/rest/api/space/*/property", "PR"}, [3]string{"POST|PUT|DELETE", "/rest/api/space/*/property/*", "PR"},
		[3]string{"POST", "/rest/api/space", "SP"}, [3]string{"POST", "/rest/api/space/_private", "SP"}, [3]string{"PUT", "/rest/api/space/*", "HM"},
		[3]string{"PUT|DELETE", "/rest/api/space/*/permissions/anonymous/grant", "PM"}, [3]string{"PUT|DELETE", "/rest/api/space/*/permissions/*/*/grant", "PM"},
	),
}

// verbOf says which verb a request is, by route and method; before is what the site held before it. It returns false for
// what changes nothing, and for the double checkpoint, which is not counted.
func verbOf(side confluence.Side, cloud bool, context string, call *Call, before *siteState) (sent, bool) {
	s := sent{Side: side, Method: call.Method, Path: call.Path, Verb: unknownVerb}
	if call.Method == http.MethodGet || call.Method == http.MethodHead || call.Method == http.MethodOptions {
		return s, false
	}
	path := strings.TrimPrefix(call.Path, context)
	for _, w := range wires[cloud] {
		m := w.pattern.FindStringSubmatch(path)
		if m == nil || !strings.Contains("|"+w.method+"|", "|"+call.Method+"|") {
			continue
		}
		s.Verb = w.verb
		if len(m) > 1 {
			s.On = m[1]
		}
		break
	}
	query, _ := url.ParseQuery(call.Query)
	s.narrow(cloud, query, call.Body, before)
	if s.Verb == confluence.VerbProperty && isCheckpoint(call) {
		return s, false
	}
	return s, s.Verb != ""
}

// narrow tells apart what goes over one route.
func (s *sent) narrow(cloud bool, query url.Values, body []byte, before *siteState) {
	row := before.byID[s.On]
	kind, status := "", ""
	if row != nil {
		kind, status = row.Kind, row.Status
	}
	var in struct {
		Type     string           `json:"type"`
		Status   string           `json:"status"`
		ID       any              `json:"id"`
		Resolved *bool            `json:"resolved"`
		Body     *json.RawMessage `json:"body"`
	}
	_ = json.Unmarshal(body, &in) // an upload or nothing: then the route says it all
	switch {
	case s.Verb == confluence.VerbPut && status == "trashed", s.Verb == confluence.VerbPut && query.Get("status") == "trashed":
		s.Verb = confluence.VerbRestore
	case s.Verb == confluence.VerbPut && kind == "comment":
		s.Verb = confluence.VerbRecomment
	case s.Verb == confluence.VerbPost && !cloud && in.Type == "comment":
		s.Verb = confluence.VerbComment
	case s.Verb == confluence.VerbPost && !cloud && in.ID != nil:
		s.Verb = confluence.VerbPut // a draft is published
	case s.Verb == confluence.VerbTrash && (query.Get("purge") == "true" || query.Get("draft") == "true" || query.Get("status") != "" && query.Get("status") != "current"):
		s.Verb = confluence.VerbPurge
	case s.Verb == confluence.VerbDetach && query.Get("purge") == "true":
		s.Verb = confluence.VerbPurge
	case s.Verb == confluence.VerbTrash && kind == "attachment":
		s.Verb = confluence.VerbDetach
	case s.Verb == confluence.VerbTrash && kind == "comment":
		s.Verb = confluence.VerbUncomment
	case s.Verb == confluence.VerbRecomment && in.Resolved != nil && in.Body == nil:
		s.Verb = confluence.VerbResolve
	}
}

func isCheckpoint(call *Call) bool {
	return strings.Contains(call.Path, checkpointKey) || bytes.Contains(call.Body, []byte(checkpointKey))
}
