package dc

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
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
	met     map[confluence.UserID]string // display names that were seen in passing

	proof *wire.Proof
	vouch wire.Vouch
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
	_ confluence.Voucher     = (*Connector)(nil)
	_ confluence.Unproved    = (*Connector)(nil)
	_ confluence.NewsReader  = (*Connector)(nil)
	_ confluence.Acquainted  = (*Connector)(nil)
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
		proof: wire.NewProof(),
		root:  root, rest: client, clock: client.Clock(), fan: fan, expect: o.Account,
		names: map[confluence.UserID]string{}, spaceID: map[confluence.ID]string{}, met: map[confluence.UserID]string{},
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

func request(k call) rest.Request {
	r := k.Request("")
	if k.Writes() {
		// Forms and .action calls are refused without it, and with the spelling nocheck of the document (AU-15).
		r.Header = http.Header{"X-Atlassian-Token": {"no-check"}}
	}
	return r
}

func itoa(n int) string { return strconv.Itoa(n) }
