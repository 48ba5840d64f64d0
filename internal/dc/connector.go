package dc

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// polite is the number of calls in flight where nobody says otherwise: a Data Center is often one machine.
const polite = 4

// Options say which site to speak to, and as whom.
type Options struct {
	// BaseURL is the address of the site with its context path, or of any page in it.
	BaseURL string
	// User and Token are the credential: a name and its password, or a personal access token alone.
	User, Token string
	// Account is who we must be; empty: whoever we are at first.
	Account confluence.UserID
	// Transport carries the requests; nil: one of its own, with the system's proxy and certificates.
	Transport http.RoundTripper
	// Budget is shared by all connectors of the site; nil: 4 requests at a time.
	Budget *rest.Budget
	Clock  rest.Clock
	Random func() float64 // in [0,1), for backoff; nil: math/rand
	// Timeout bounds one try of a request; 0 = 60 s.
	Timeout   time.Duration
	UserAgent string
	Observe   func(rest.Exchange)
}

// Connector is one account's view of one site. It implements Reader, Writer, Directory, TrashReader, Properties,
// Templates and Calls of package confluence and is safe for concurrent use.
type Connector struct {
	root  string
	rest  *rest.Client
	clock rest.Clock
	fan   int // calls of one Scan or Fetch side by side

	mu      sync.Mutex
	me      confluence.User
	expect  confluence.UserID
	about   *manifest
	probed  *probed
	names   map[confluence.UserID]string // user key to the name that writes take
	spaceID map[confluence.ID]string     // space id to key
	mine    []string                     // groups of ours
	noScan  bool                         // the site has no content/scan
	noIDs   bool                         // the content listing takes no ids
	oldPath bool                         // restrictions are written under rest/experimental

	proof proof
}

// proof is the last confirmation of the account; see confirm.
type proof struct {
	turn    rest.Turn
	started atomic.Int64
	done    bool // it came to an answer
	err     error
}

var (
	_ confluence.Reader      = (*Connector)(nil)
	_ confluence.Writer      = (*Connector)(nil)
	_ confluence.Directory   = (*Connector)(nil)
	_ confluence.TrashReader = (*Connector)(nil)
	_ confluence.Properties  = (*Connector)(nil)
	_ confluence.Templates   = (*Connector)(nil)
	_ confluence.Calls       = (*Connector)(nil)
	_ confluence.Confirmer   = (*Connector)(nil)
)

// Open makes a connector. It sends nothing: Identity is the first look at the site. Errors are T-2002 for an address
// that cannot be one and T-2003 for plain http.
func Open(_ context.Context, o Options) (*Connector, error) {
	root, err := normalise(o.BaseURL)
	if err != nil {
		return nil, err
	}
	auth := rest.Bearer(o.Token)
	if o.User != "" {
		auth = rest.Basic(o.User, o.Token)
	}
	if o.Budget == nil {
		o.Budget = rest.NewBudget(rest.BudgetOptions{Concurrent: polite, Clock: o.Clock})
	}
	client, err := rest.New(rest.Options{
		Base: root, Auth: auth, Transport: o.Transport, Budget: o.Budget, Clock: o.Clock, Random: o.Random,
		Timeout: o.Timeout, UserAgent: o.UserAgent, Observe: o.Observe,
	})
	if err != nil {
		return nil, notConfluence("", err)
	}
	_, fan := client.Budget().Slots()
	return &Connector{
		proof: proof{turn: rest.NewTurn()},
		root:  root, rest: client, clock: client.Clock(), fan: fan, expect: o.Account,
		names: map[confluence.UserID]string{}, spaceID: map[confluence.ID]string{},
	}, nil
}

// Close frees idle connections.
func (c *Connector) Close() error {
	c.rest.Close()
	return nil
}

// Calls returns the requests sent so far, and how many of them were answered 429.
func (c *Connector) Calls() (sent, limited int64) {
	t := c.rest.Total()
	return t.Requests, t.Limited
}

// Counters returns the cost by "METHOD route".
func (c *Connector) Counters() map[string]rest.Count { return c.rest.Counters() }

const (
	api          = "/rest/api"
	experimental = "/rest/experimental"
)

// call is one request, in the words of this package.
type call struct {
	method string
	route  string // template below the base address, with {} for each of args
	args   []string
	query  url.Values
	body   any
	upload *rest.Upload
	repeat bool   // a write that sets a state
	what   string // what could not be done, for a person: "the page could not be created"
	where  confluence.Where
}

func (k call) request() rest.Request {
	r := rest.Request{
		Method: k.method, Route: k.route, Path: fill(k.route, k.args), Query: k.query,
		JSON: k.body, Upload: k.upload, Repeatable: k.repeat,
	}
	if k.method != http.MethodGet {
		// Forms and .action calls are refused without it, and with the spelling nocheck of the document (AU-15).
		r.Header = http.Header{"X-Atlassian-Token": {"no-check"}}
	}
	return r
}

// fill puts escaped arguments in place of the braces of a route.
func fill(route string, args []string) string {
	var out strings.Builder
	for n := 0; ; n++ {
		before, rest, found := strings.Cut(route, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		_, route, _ = strings.Cut(rest, "}")
		out.WriteString(segment(args[n]))
	}
}

// segment escapes a piece of a path. A plus sign is escaped as well: servlets have read it as a blank.
func segment(s string) string { return strings.ReplaceAll(url.PathEscape(s), "+", "%2B") }

func get(route, what string, args ...string) call {
	return call{method: http.MethodGet, route: route, args: args, what: what}
}

func write(method, route, what string, body any, args ...string) call {
	return call{method: method, route: route, args: args, body: body, what: what}
}

// with adds query parameters; empty values are left out.
func (k call) with(pairs ...string) call {
	q := url.Values{}
	for key, vs := range k.query {
		q[key] = append([]string(nil), vs...)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Add(pairs[i], pairs[i+1])
		}
	}
	k.query = q
	return k
}

func (k call) at(w confluence.Where) call { k.where = w; return k }

// repeatable marks a write that sets a state, so that it may be sent again after a lost answer.
func (k call) repeatable() call { k.repeat = true; return k }

func (k call) writes() bool { return k.method != http.MethodGet }

func itoa(n int) string { return strconv.Itoa(n) }
