package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator"
)

// ProbeSite makes an emulated site of so many generated pages, told in place of a path.
const ProbeSite = "generated-site"

// bodySize is the size of the bodies that are read and written, in bytes.
const bodySize = 8 << 10

// emulated measures the emulator: memory and start of a large generated site, page reads and writes over HTTP on
// loopback, and how exactly injected latency is what a client measures. The client runs in the same process, on the same
// cores.
func emulated(ctx context.Context, o Options) ([]Figure, error) {
	o.Say("emulator: making a site of %s pages", thousands(o.SitePages))
	made, err := o.probe(ctx, ProbeSite, strconv.Itoa(o.SitePages))
	if err != nil {
		return nil, err
	}
	against := thousands(o.SitePages) + " pages"
	raw := fmt.Sprintf("%d contents, %d bytes in use, peak %d MiB, ready after %s", made.Contents, made.Bytes, made.Resident>>20, seconds(made.Took))
	share := float64(o.SitePages) / 1e6 // the bounds are about a million pages
	figures := []Figure{
		figure("emulator", "bytes_per_page", float64(made.Bytes)/float64(o.SitePages), unitBytes, BytesPerPage, against, raw),
		figure("emulator", "ready", made.Took.Seconds()*1000/share, unitMS, Ready, against+", for a million"),
	}
	if made.Resident > 0 {
		figures = append(figures, figure("emulator", "site_resident", float64(made.Resident), unitBytes, SiteResident, against))
	}
	for _, product := range []string{"cloud", "dc"} {
		more, err := o.throughput(ctx, product)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", product, err)
		}
		figures = append(figures, more...)
	}
	late, err := o.lateness(ctx)
	return append(figures, late...), err
}

func probeSite(pages string, now func() time.Time) (p Probed, err error) {
	n, err := strconv.Atoi(pages)
	if err != nil {
		return p, err
	}
	inUse := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, began := inUse(), now()
	s, err := emulator.New(emulator.Options{Seed: 1, Size: n})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p.Took, p.Bytes = now().Sub(began), inUse()-before
	p.Contents = s.Counts().CurrentPages
	if p.Contents != n {
		return p, fmt.Errorf("%d pages were made", p.Contents)
	}
	p.Resident, err = resident()
	return p, err
}

// caller calls an emulated site over HTTP on loopback.
type caller struct {
	*emulator.Site
	url, product string
	server       *http.Server
	client       *http.Client
	login, token string
}

func startCaller(product string, seed uint64, latency time.Duration) (*caller, error) {
	socket, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &caller{url: "http://" + socket.Addr().String(), product: product, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	c.Site, err = emulator.New(emulator.Options{Personality: product, Seed: seed, BaseURL: c.url, Latency: latency})
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	c.login, c.token = c.Account()
	c.server = &http.Server{Handler: c.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.server.Serve(socket) }() // ends with close
	return c, nil
}

func (c *caller) close() error {
	c.client.CloseIdleConnections()
	return errors.Join(c.server.Close(), c.Site.Close())
}

// call sends a request and reads the answer to its end; anything but 200 is an error.
func (c *caller) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, sent)
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(c.login, c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.200s", method, path, answer.Status, text)
	}
	return text, err
}

// text is a body of about 8 kB that no two numbers share.
func text(n int64) string {
	return "<p>" + strconv.FormatInt(n, 10) + "</p>" + strings.Repeat("<p>Some text &mdash; with <strong>marks</strong> in it.</p>", bodySize/58)
}

// create makes a page and returns its id.
func (c *caller) create(ctx context.Context, space string, n int64) (string, error) {
	path, q := "/wiki/api/v2/pages", map[string]any{
		"spaceId": space, "title": fmt.Sprint("Page ", n), "body": map[string]any{"representation": "storage", "value": text(n)},
	}
	if c.product == "dc" {
		path, q = "/rest/api/content", map[string]any{
			"type": "page", "title": fmt.Sprint("Page ", n), "space": map[string]any{"key": "B"},
			"body": map[string]any{"storage": map[string]any{"representation": "storage", "value": text(n)}},
		}
	}
	answer, err := c.call(ctx, http.MethodPost, path, q)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	return made.ID, json.Unmarshal(answer, &made)
}

func (c *caller) readPath(id string) string {
	if c.product == "dc" {
		return "/rest/api/content/" + id + "?expand=body.storage,version,space,ancestors"
	}
	return "/wiki/api/v2/pages/" + id + "?body-format=storage"
}

// space makes a space and returns its id.
func (c *caller) space(ctx context.Context) (string, error) {
	root, list := "/wiki", "/wiki/api/v2/spaces?keys=B"
	if c.product == "dc" {
		root, list = "", "/rest/api/space?spaceKey=B"
	}
	if _, err := c.call(ctx, http.MethodPost, root+"/rest/api/space", map[string]any{"key": "B", "name": "Bench"}); err != nil {
		return "", err
	}
	answer, err := c.call(ctx, http.MethodGet, list, nil)
	if err != nil {
		return "", err
	}
	var listed struct {
		Results []struct {
			ID json.RawMessage `json:"id"`
		} `json:"results"`
	}
	if err := json.Unmarshal(answer, &listed); err != nil || len(listed.Results) == 0 {
		return "", errors.Join(errors.New("the space that was made is not listed"), err)
	}
	return strings.Trim(string(listed.Results[0].ID), `"`), nil
}

// throughput measures page reads and page writes a second, both with bodies of 8 kB.
func (o Options) throughput(ctx context.Context, product string) (figures []Figure, err error) {
	c, err := startCaller(product, o.Seed, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	space, err := c.space(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for n := range int64(200) {
		id, err := c.create(ctx, space, -n-1)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	measure := func(name string, bound Bound, call func(n int64) error) error {
		var rates []float64
		var raw []string
		for i := range o.Repeat {
			o.Say("emulator: %s of %s, round %d of %d", name, product, i+1, o.Repeat)
			calls, took, err := o.hammer(call)
			if err != nil {
				return err
			}
			rates = append(rates, perSecond(float64(calls), took))
			raw = append(raw, fmt.Sprintf("%s %s: %d calls in %s by %d connections, %d cores", product, name, calls, seconds(took), o.Connections, runtime.GOMAXPROCS(0)))
		}
		figures = append(figures, figure("emulator", product+"_"+name, median(rates), unitPages, bound, "a second, bodies of 8 kB, no latency", raw...))
		return nil
	}
	if err := measure("page_reads", PageReads, func(n int64) error {
		_, err := c.call(ctx, http.MethodGet, c.readPath(ids[int(n)%len(ids)]), nil)
		return err
	}); err != nil {
		return nil, err
	}
	err = measure("page_writes", PageWrites, func(n int64) error {
		_, err := c.create(ctx, space, n)
		return err
	})
	return figures, err
}

// hammerFor is how long one round of calls takes.
const hammerFor = 3 * time.Second

// hammer calls on all connections at once and returns how many calls were made in what time. Numbers of calls are
// never used twice.
func (o Options) hammer(call func(n int64) error) (int64, time.Duration, error) {
	var calls atomic.Int64
	var failed atomic.Pointer[error]
	began := o.Now()
	var workers sync.WaitGroup
	for range o.Connections {
		workers.Go(func() {
			for o.Now().Sub(began) < hammerFor && failed.Load() == nil {
				if err := call(numbers.Add(1)); err != nil {
					failed.Store(&err)
					return
				}
				calls.Add(1)
			}
		})
	}
	workers.Wait()
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	return calls.Load(), o.Now().Sub(began), nil
}

// numbers gives each call a number of its own.
var numbers atomic.Int64

// lateness measures how far what a client waits is from the latency that was asked for.
func (o Options) lateness(ctx context.Context) ([]Figure, error) {
	worst := 0.0
	var raw []string
	for _, latency := range []time.Duration{20 * time.Millisecond, 50 * time.Millisecond, 150 * time.Millisecond} {
		c, err := startCaller("cloud", o.Seed, latency)
		if err != nil {
			return nil, err
		}
		var waits []float64
		for range 60 {
			began := o.Now()
			if _, err = c.call(ctx, http.MethodGet, "/wiki/api/v2/spaces", nil); err != nil {
				break
			}
			waits = append(waits, (o.Now().Sub(began)-latency).Seconds()*1000)
		}
		if err = errors.Join(err, c.close()); err != nil {
			return nil, err
		}
		slices.Sort(waits)
		worst = max(worst, median(waits), -median(waits))
		raw = append(raw, fmt.Sprintf("%v: off by %.2f ms (median), %.2f to %.2f ms", latency, median(waits), waits[0], waits[len(waits)-1]))
	}
	return []Figure{figure("emulator", "latency_error", worst, unitMS, LatencyError, "the latency injected: 20, 50 and 150 ms", raw...)}, nil
}
