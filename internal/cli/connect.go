package cli

import (
	"context"
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
}

// open is an engine.Connect.
func (c connector) open(ctx context.Context, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	switch site.Kind {
	case confluence.Export:
		r, err := xmlexport.Open(ctx, site.URL, xmlexport.Options{Scratch: c.scratch})
		if err != nil {
			return nil, nil, err
		}
		return r, nil, nil
	case confluence.DataCenter:
		e := confluence.Errorf(confluence.CodeNotCapable, "a Data Center is not read over its API yet")
		e.Remedy = "export the space as XML and name the file: tandem plan create NAME --from FILE.zip"
		return nil, nil, e.At(confluence.Where{Site: site.Name})
	}
	return c.openCloud(ctx, site, secret)
}

func (c connector) openCloud(ctx context.Context, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	transport := c.transport
	if transport == nil {
		t, err := rest.NewTransport(rest.TransportOptions{Proxy: site.Proxy, CAFile: site.CAFile})
		if err != nil {
			return nil, nil, confluence.Errorf(confluence.CodeUnreachable, "the connection to %s cannot be set up", site.Name).Because(err)
		}
		transport = t
	}
	options := cloud.Options{
		BaseURL: site.URL, Email: site.Email, Token: string(secret), Transport: transport, UserAgent: "tandem/" + version, Timeout: c.timeout,
		Budget: rest.NewBudget(rest.BudgetOptions{Concurrent: site.Concurrent}),
		Observe: func(x rest.Exchange) {
			c.log.Debug("call", "site", site.Name, "method", x.Method, "route", x.Route, "status", x.Status, "took", x.Took, "try", x.Try)
		},
	}
	r, err := cloud.Open(ctx, options)
	if err != nil {
		var e *confluence.Error
		if errors.As(err, &e) {
			return nil, nil, e.At(confluence.Where{Site: site.Name})
		}
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

// siteKind says what an address is likely to be: the export kind for anything that is no http address.
func siteKind(address string) confluence.SiteKind {
	if u, err := url.Parse(address); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return confluence.Cloud
	}
	return confluence.Export
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
