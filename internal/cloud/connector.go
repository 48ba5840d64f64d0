package cloud

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// Options say which site to speak to, and as whom.
type Options struct {
	// BaseURL is any address of the site: https://NAME.atlassian.net, with or without /wiki, or the gateway's
	// https://api.atlassian.com/ex/confluence/CLOUDID for scoped tokens.
	BaseURL string
	// Email and Token are the credential. Without Email the token is sent as a bearer token.
	Email, Token string
	// OAuth, where set, takes their place. BaseURL must then be the gateway's.
	OAuth *OAuth
	// Transport carries the requests; nil: one of its own, with the system's proxy and certificates.
	Transport http.RoundTripper
	// Budget is shared by all connectors of the site; nil: 8 requests at a time.
	Budget *rest.Budget
	Clock  rest.Clock
	Random func() float64 // in [0,1), for backoff; nil: math/rand
	// Timeout bounds one try of a request; 0 = 60 s.
	Timeout time.Duration
	// IndexWait bounds how long a batch of a Scan waits for the search index to show young contents before they are read
	// one by one; 0 = 60 s.
	IndexWait time.Duration
	UserAgent string
	Observe   func(rest.Exchange)
}

// Connector is one account's view of one site. It implements Reader, Writer, Directory and Calls of package confluence
// and is safe for concurrent use.
type Connector struct {
	root      string
	rest      *rest.Client
	clock     rest.Clock
	indexWait time.Duration
	fan       int // calls of one Scan or Fetch side by side
	tokens    *tokens

	mu     sync.Mutex
	me     confluence.User
	mode   string                   // of space roles, "" = not asked yet
	keys   map[confluence.ID]string // space id to key
	groups *groups
	apps   map[confluence.UserID]bool // accounts that were looked up: is it an app
	props  map[string]id              // property by owner and key

	proof  proof
	grants rest.Turn // role assignments are read, then written
}

// proof is the last confirmation of the credential; see confirm.
type proof struct {
	turn    rest.Turn
	started atomic.Int64
	done    bool // it came to an answer
	err     error
}

var (
	_ confluence.Reader    = (*Connector)(nil)
	_ confluence.Writer    = (*Connector)(nil)
	_ confluence.Directory = (*Connector)(nil)
	_ confluence.Calls     = (*Connector)(nil)
	_ confluence.Confirmer = (*Connector)(nil)
)

// Open makes a connector. It sends nothing: Identity is the first look at the site. Errors are T-2002 for an address
// that cannot be one and T-2003 for plain http.
func Open(_ context.Context, o Options) (*Connector, error) {
	root, err := normalise(o.BaseURL)
	if err != nil {
		return nil, err
	}
	auth := rest.Basic(o.Email, o.Token)
	if o.Email == "" {
		auth = rest.Bearer(o.Token)
	}
	var source rest.Credentials
	var tokens *tokens
	if o.OAuth != nil {
		if _, gateway := gatewayCloudID(root); !gateway {
			return nil, notGateway()
		}
		if tokens, err = newTokens(*o.OAuth, o.Transport, o.Clock); err != nil {
			return nil, err
		}
		auth, source = rest.Auth{}, tokens.auth
	}
	client, err := rest.New(rest.Options{
		Base: root, Auth: auth, Credentials: source, Transport: o.Transport, Budget: o.Budget, Clock: o.Clock, Random: o.Random,
		Timeout: o.Timeout, UserAgent: o.UserAgent, Observe: o.Observe,
	})
	if err != nil {
		return nil, notConfluence("", err)
	}
	if o.IndexWait == 0 {
		o.IndexWait = time.Minute
	}
	_, fan := client.Budget().Slots()
	return &Connector{
		proof: proof{turn: rest.NewTurn()}, grants: rest.NewTurn(),
		root: root, rest: client, clock: client.Clock(), indexWait: o.IndexWait, fan: fan, tokens: tokens,
		keys: map[confluence.ID]string{}, apps: map[confluence.UserID]bool{}, props: map[string]id{},
	}, nil
}

// Close frees idle connections.
func (c *Connector) Close() error {
	c.rest.Close()
	if c.tokens != nil {
		c.tokens.close()
	}
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
	v2 = "/api/v2"
	v1 = "/rest/api"
)

// call is one request, in the words of this package.
type call struct {
	method string
	route  string // template below /wiki, with {} for each of args
	args   []string
	query  url.Values
	body   any
	upload *rest.Upload
	repeat bool   // a write that sets a state
	past   bool   // read past restrictions, with the admin key that is on
	what   string // what could not be done, for a person: "the page could not be created"
	where  confluence.Where
}

func (k call) request() rest.Request {
	r := rest.Request{
		Method: k.method, Route: "/wiki" + k.route, Path: fill(k.route, k.args), Query: k.query,
		JSON: k.body, Upload: k.upload, Repeatable: k.repeat,
	}
	if k.method != http.MethodGet && len(k.route) > len(v1) && k.route[:len(v1)] == v1 {
		// v1 refuses forms and some other writes without it; the header with a hyphen is the one that is accepted.
		r.Header = http.Header{"X-Atlassian-Token": {"no-check"}}
	}
	if k.past {
		r.Header = http.Header{"Atl-Confluence-With-Admin-Key": {"true"}}
	}
	return r
}

// fill puts escaped arguments in place of the braces of a route.
func fill(route string, args []string) string {
	out, n := make([]byte, 0, len(route)+32), 0
	for i := 0; i < len(route); i++ {
		if route[i] != '{' {
			out = append(out, route[i])
			continue
		}
		for route[i] != '}' {
			i++
		}
		out = append(out, url.PathEscape(args[n])...)
		n++
	}
	return string(out)
}

func get(route, what string, args ...string) call {
	return call{method: http.MethodGet, route: route, args: args, what: what}
}

func (k call) with(pairs ...string) call {
	q := url.Values{}
	for key, vs := range k.query {
		q[key] = vs
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
