package cloud

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
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
	met    map[confluence.UserID]string
	props  map[string]id // property by owner and key

	proof  *wire.Proof
	vouch  wire.Vouch
	grants rest.Turn // role assignments are read, then written
}

var (
	_ confluence.Reader     = (*Connector)(nil)
	_ confluence.Writer     = (*Connector)(nil)
	_ confluence.Directory  = (*Connector)(nil)
	_ confluence.Calls      = (*Connector)(nil)
	_ confluence.Confirmer  = (*Connector)(nil)
	_ confluence.Voucher    = (*Connector)(nil)
	_ confluence.NewsReader = (*Connector)(nil)
	_ confluence.Acquainted = (*Connector)(nil)
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
		proof: wire.NewProof(), grants: rest.NewTurn(),
		root: root, rest: client, clock: client.Clock(), indexWait: o.IndexWait, fan: fan, tokens: tokens,
		keys: map[confluence.ID]string{}, apps: map[confluence.UserID]bool{}, props: map[string]id{}, met: map[confluence.UserID]string{},
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

func request(k call) rest.Request {
	r := k.Request("/wiki")
	if k.Writes() && strings.HasPrefix(k.Route, v1+"/") {
		// v1 refuses forms and some other writes without it; the header with a hyphen is the one that is accepted.
		r.Header = http.Header{"X-Atlassian-Token": {"no-check"}}
	}
	if k.Past {
		r.Header = http.Header{"Atl-Confluence-With-Admin-Key": {"true"}}
	}
	return r
}
