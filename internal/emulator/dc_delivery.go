package emulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// deliveryTimeout is how long a receiver may take (general knowledge; dc-api.md section 11: short).
const deliveryTimeout = 10 * time.Second

// courier delivers webhooks, one after another, apart from the calls that raised them. What waits when the site is closed
// is lost, as on a restart. It is safe for concurrent use.
type courier struct {
	do     func(*http.Request) (*http.Response, error)
	clock  *clock
	ctx    context.Context // ends with the site
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu      sync.Mutex
	queue   []delivery
	working bool
	closed  bool
}

// delivery is one payload for one receiver.
type delivery struct {
	url, event, id string
	body           []byte
	secret         string
	prefixed       bool
	tries          int
	done           func(outcome)
}

// outcome is what became of a delivery.
type outcome struct {
	result      string // SUCCESS, FAILURE: the receiver refused; ERROR: it was not reached
	description string
	status      int
	took        time.Duration
}

func newCourier(do func(*http.Request) (*http.Response, error), c *clock) *courier {
	if do == nil {
		do = (&http.Client{Timeout: deliveryTimeout}).Do
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &courier{do: do, clock: c, ctx: ctx, cancel: cancel}
}

// send puts deliveries into the queue.
func (q *courier) send(list ...delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.queue = append(q.queue, list...)
	if !q.working {
		q.working = true
		q.ended.Add(1)
		go q.work()
	}
}

// work delivers until nothing waits.
func (q *courier) work() {
	defer q.ended.Done()
	for {
		q.mu.Lock()
		if len(q.queue) == 0 || q.closed {
			q.working = false
			q.mu.Unlock()
			return
		}
		next := q.queue[0]
		q.queue = q.queue[1:]
		q.mu.Unlock()
		var o outcome
		for range max(1, next.tries) {
			if o = q.deliver(next); o.result == "SUCCESS" {
				break
			}
		}
		if next.done != nil {
			next.done(o)
		}
	}
}

// deliver makes the request of one delivery.
func (q *courier) deliver(d delivery) outcome {
	start := q.clock.Now()
	r, err := http.NewRequestWithContext(q.ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		return outcome{result: "ERROR", description: err.Error()}
	}
	for name, value := range d.headers() {
		r.Header.Set(name, value)
	}
	answer, err := q.do(r)
	if err != nil {
		return outcome{result: "ERROR", description: err.Error(), took: q.clock.Now().Sub(start)}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // what the receiver says does not count
	answer.Body.Close()
	o := outcome{result: "SUCCESS", description: strconv.Itoa(answer.StatusCode), status: answer.StatusCode, took: q.clock.Now().Sub(start)}
	if answer.StatusCode >= 300 {
		o.result = "FAILURE"
	}
	return o
}

// headers are those of a delivery. The signature is over the body as it is sent (register row WH-04, open-facts OF-38).
func (d delivery) headers() map[string]string {
	h := map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "Atlassian HttpClient", "X-Event-Key": d.event, "X-Request-Id": d.id,
	}
	if d.secret != "" {
		mac := hmac.New(sha256.New, []byte(d.secret))
		mac.Write(d.body)
		sum := hex.EncodeToString(mac.Sum(nil))
		if d.prefixed {
			sum = "sha256=" + sum
		}
		h["X-Hub-Signature"] = sum
	}
	return h
}

// close gives up what waits and what is under way, and returns when nothing runs any more.
func (q *courier) close() {
	q.mu.Lock()
	q.closed = true
	q.queue = nil
	q.mu.Unlock()
	q.cancel()
	q.ended.Wait()
}
