package cli

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/store"
	"github.com/tandem-sync/tandem/internal/xmlexport"
)

// connector opens sites for the engine. What a site is decides who reads it; nothing else in tandem asks.
type connector struct {
	scratch   string // directory for the indexes of exports; empty: the system's
	log       *slog.Logger
	transport http.RoundTripper // nil: the network
	timeout   time.Duration     // of one try of a request; 0: the connector's own
	budgets   *budgets
	// keep stores a credential that a site has renewed. Nil: sites with such a credential cannot be opened.
	keep func(ctx context.Context, site string, secret []byte) error
}

// budgets are what all connections of a site share, by its address: tandem may be connected to one site more than once, as
// source and destination, in a test beside a run, or under two names, and is still one caller.
type budgets struct {
	mu sync.Mutex
	of map[string]*rest.Budget
}

// of one site; concurrent is how many calls may be in flight, 0 = other.
func (b *budgets) site(address string, concurrent, other int) *rest.Budget {
	if concurrent <= 0 {
		concurrent = other
	}
	if b == nil {
		return rest.NewBudget(rest.BudgetOptions{Concurrent: concurrent})
	}
	key := strings.ToLower(strings.TrimRight(address, "/"))
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		key = strings.ToLower(u.Host) + strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/wiki")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if held := b.of[key]; held != nil {
		held.Resize(concurrent)
		return held
	}
	if b.of == nil {
		b.of = map[string]*rest.Budget{}
	}
	b.of[key] = rest.NewBudget(rest.BudgetOptions{Concurrent: concurrent})
	return b.of[key]
}

// What sites are asked for at once where nobody says otherwise.
const (
	cloudCalls = 8
	dcCalls    = 4
)

// open is an engine.Connect.
func (c connector) open(ctx context.Context, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	if site.Kind == confluence.Export {
		r, err := xmlexport.Open(ctx, site.URL, xmlexport.Options{Scratch: c.scratch})
		if err != nil {
			return nil, nil, err
		}
		return r, nil, nil
	}
	transport := c.transport
	if transport == nil {
		t, err := rest.NewTransport(rest.TransportOptions{Proxy: site.Proxy, CAFile: site.CAFile})
		if err != nil {
			return nil, nil, confluence.Errorf(confluence.CodeUnreachable, "the connection to %s cannot be set up", site.Name).Because(err)
		}
		transport = t
	}
	r, w, err := c.over(ctx, transport, site, secret)
	var e *confluence.Error
	if errors.As(err, &e) {
		return nil, nil, e.At(confluence.Where{Site: site.Name})
	}
	return r, w, err
}

// over opens a site over a transport.
func (c connector) over(ctx context.Context, transport http.RoundTripper, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	if site.Kind == "" {
		var err error
		if site.Kind, err = c.recognise(ctx, transport, site); err != nil {
			return nil, nil, err
		}
	}
	if site.Kind == confluence.DataCenter {
		return c.openDC(ctx, transport, site, secret)
	}
	return c.openCloud(ctx, transport, site, secret)
}

func (c connector) observe(site string) func(rest.Exchange) {
	return func(x rest.Exchange) {
		c.log.Debug("call", "site", site, "method", x.Method, "route", x.Route, "status", x.Status, "took", x.Took, "try", x.Try)
	}
}

// recognise tells the products apart. Cloud has names of its own; everything else is asked, without a credential, for
// what only Data Center has.
func (c connector) recognise(ctx context.Context, transport http.RoundTripper, site store.Site) (confluence.SiteKind, error) {
	text := site.URL
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	if u, err := url.Parse(text); err == nil {
		for _, name := range []string{".atlassian.net", ".jira.com", "api.atlassian.com"} {
			if strings.HasSuffix(strings.ToLower(u.Hostname()), name) {
				return confluence.Cloud, nil
			}
		}
	}
	d, err := dc.Open(ctx, dc.Options{
		BaseURL: site.URL, Transport: transport, Timeout: c.timeout, UserAgent: "tandem/" + version,
		Budget: c.budgets.site(site.URL, site.Concurrent, dcCalls), Observe: c.observe(site.Name),
	})
	if err != nil {
		return "", err
	}
	err = d.Recognise(ctx)
	var e *confluence.Error
	switch {
	case err == nil:
		return confluence.DataCenter, nil
	case errors.As(err, &e) && e.Code == confluence.CodeNotConfluence:
		return confluence.Cloud, nil
	}
	return "", err
}

func (c connector) openDC(ctx context.Context, transport http.RoundTripper, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	options := dc.Options{
		BaseURL: site.URL, Token: string(secret), Transport: transport, UserAgent: "tandem/" + version, Timeout: c.timeout,
		Budget: c.budgets.site(site.URL, site.Concurrent, dcCalls), Observe: c.observe(site.Name),
	}
	switch site.Auth {
	case "oauth":
		return nil, nil, usage("a Data Center takes --auth pat or basic, not oauth")
	case "basic":
		options.User = site.Email
		if options.User == "" {
			user, password, ok := strings.Cut(string(secret), ":")
			if !ok {
				return nil, nil, usage("--auth basic needs USER:PASSWORD as the credential, or the user name in --email")
			}
			options.User, options.Token = user, password
		}
	}
	r, err := dc.Open(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	return r, r, nil
}

func (c connector) openCloud(ctx context.Context, transport http.RoundTripper, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	options := cloud.Options{
		BaseURL: site.URL, Email: site.Email, Token: string(secret), Transport: transport, UserAgent: "tandem/" + version, Timeout: c.timeout,
		Budget: c.budgets.site(site.URL, site.Concurrent, cloudCalls), Observe: c.observe(site.Name),
	}
	if site.Auth == "oauth" {
		var o cloud.OAuth
		if err := json.Unmarshal(secret, &o); err != nil {
			e := usage("--auth oauth needs a JSON object with client_id, client_secret and refresh_token as the credential")
			return nil, nil, e
		}
		if c.keep == nil {
			return nil, nil, confluence.Errorf(confluence.CodeInternal, "a renewed credential has nowhere to go")
		}
		o.Persist = func(ctx context.Context, t cloud.Token) error {
			renewed := o
			renewed.Token = t
			text, err := json.Marshal(renewed)
			if err != nil {
				return err
			}
			return c.keep(ctx, site.Name, text)
		}
		options.OAuth, options.Email, options.Token = &o, "", ""
	}
	r, err := cloud.Open(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	return r, r, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// failpoint reads TANDEM_FAILPOINT="VERB:point:n": the process kills itself the n-th time a write of that verb passes that
// point (before-call, after-call, after-outcome). VERB may be * for any. It exists for crash tests and does nothing when
// the variable is not set.
func failpoint(value string) (func(string, confluence.Verb), error) {
	if value == "" {
		return nil, nil
	}
	parts := strings.Split(value, ":")
	if len(parts) != 3 {
		return nil, usage("TANDEM_FAILPOINT %q is not VERB:point:n", value)
	}
	points := []string{"before-call", "after-call", "after-outcome"}
	n, err := strconv.Atoi(parts[2])
	if err != nil || n < 1 || !slices.Contains(points, parts[1]) {
		return nil, usage("TANDEM_FAILPOINT %q is not VERB:point:n with a point of %s", value, strings.Join(points, ", "))
	}
	var mu sync.Mutex
	return func(point string, verb confluence.Verb) {
		if point != parts[1] || parts[0] != "*" && string(verb) != parts[0] {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if n--; n == 0 {
			killSelf()
		}
	}, nil
}

// killSelf ends this process as kill -9 would, with nothing written or closed.
func killSelf() {
	if p, err := os.FindProcess(os.Getpid()); err == nil && p.Kill() == nil {
		select {} // the signal arrives while nothing happens here
	}
	os.Exit(137)
}
