package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
)

// drain is how long a server waits for the calls in flight when it ends.
const drain = 30 * time.Second

type serveFlags struct {
	listen, cert, key string
	workers           int
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{Use: "serve", Short: "Run the API and the engine until interrupted", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:7070", "address to listen on; port 0 takes a free one")
	cmd.Flags().StringVar(&f.cert, "tls-cert", "", "certificate, PEM; needed for an address that is not loopback")
	cmd.Flags().StringVar(&f.key, "tls-key", "", "its key, PEM")
	cmd.Flags().IntVar(&f.workers, "workers", 4, "spaces at work side by side (0: the API only)")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		h, s, err := a.serve(ctx, f)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.env.Stdout, "tandem %s ready: %s%s, database sqlite, %s\n", version, s.address, api.Prefix, count(f.workers, "worker"))
		fmt.Fprintf(a.env.Stdout, "token in %s\n", filepath.Join(a.settings.DataDir, tokenName))
		select {
		case <-ctx.Done():
			err = nil
		case err = <-s.failed:
		case err = <-h.ended:
			h.ended <- err
		}
		a.say("ending after the step in progress ...")
		return errors.Join(err, s.shutdown(ctx), h.close())
	})
	return cmd
}

// listener serves one handler on one socket.
type listener struct {
	address string // scheme and host
	server  *http.Server
	failed  chan error
}

// serve opens the data directory and serves its API.
func (a *app) serve(ctx context.Context, f serveFlags) (*house, *listener, error) {
	l, err := openSocket(ctx, f.listen, f.cert != "")
	if err != nil {
		return nil, nil, err
	}
	scheme := "http"
	if f.cert != "" {
		scheme = "https"
	}
	address := scheme + "://" + l.Addr().String()
	h, err := a.open(ctx, houseOptions{address: address, drive: f.workers > 0, workers: f.workers})
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	token, err := a.makeToken()
	if err != nil {
		return nil, nil, errors.Join(err, h.close(), l.Close())
	}
	s := listen(l, address, api.Protected(token, h.api), f.cert, f.key)
	s.server.RegisterOnShutdown(h.api.Close)
	return h, s, nil
}

// openSocket listens, on loopback unless the connection is protected.
func openSocket(ctx context.Context, address string, protected bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage("%q is no address to listen on, for example 127.0.0.1:7070", address)
	}
	if !protected && !loopback(host) {
		e := confluence.Errorf(confluence.CodePlainHTTP, "%s is not loopback", address)
		e.Remedy = "give a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1"
		return nil, e
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, usage("cannot listen on %s", address).Because(err)
	}
	return l, nil
}

// listen serves handler on l until shutdown.
func listen(l net.Listener, address string, handler http.Handler, cert, key string) *listener {
	s := &listener{
		address: address, failed: make(chan error, 1),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute},
	}
	go func() {
		var err error
		if cert != "" {
			err = s.server.ServeTLS(l, cert, key)
		} else {
			err = s.server.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s
}

// shutdown ends the server after the calls in flight.
func (s *listener) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return s.server.Shutdown(ctx)
}

// makeToken writes a fresh token into the data directory, readable by its owner alone.
func (a *app) makeToken() (string, error) {
	token := rand.Text()
	path := filepath.Join(a.settings.DataDir, tokenName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return token, os.WriteFile(path, []byte(token+"\n"), 0o600)
}
