package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/engine"
)

// Event is something that happened, as GET /api/v1/events sends it.
type Event struct {
	ID    int64     `json:"id" doc:"grows by one; a stream is resumed after it with Last-Event-ID"`
	Kind  string    `json:"kind" enum:"status,progress,log,pair,cycle,conflict,reset" doc:"reset: events were missed, ask for the state anew"`
	Run   string    `json:"run,omitempty"`
	Pair  string    `json:"pair,omitempty" doc:"name"`
	Space string    `json:"space,omitempty"`
	Text  string    `json:"text,omitempty"`
	At    time.Time `json:"at"`
}

// eventReset tells a subscriber that the events it missed are no longer held.
const eventReset = "reset"

// history is how many events are held for those who come back.
const history = 4096

// keepAlive is how often a silent stream shows that it lives; proxies cut connections that are silent for longer.
const keepAlive = 15 * time.Second

// feed numbers the engine's events, holds the last of them, and wakes whoever follows. It never waits for a follower:
// one that is too slow finds a reset. Safe for concurrent use.
type feed struct {
	mu     sync.Mutex
	events []Event // the newest len(events) of all, ids without a gap
	last   int64
	woken  chan struct{} // closed and replaced when an event arrives
}

// newFeed makes a feed whose ids start above those of every earlier process, so that an id of one of them is known to be
// no longer held.
func newFeed(start time.Time) *feed {
	return &feed{woken: make(chan struct{}), last: start.UnixMilli()}
}

// collect takes the engine's events until ended is closed.
func (f *feed) collect(events <-chan engine.Event, ended <-chan struct{}) {
	for {
		select {
		case e := <-events:
			f.add(Event{Kind: string(e.Kind), Run: e.Run, Pair: e.Pair, Space: e.Space, Text: e.Text, At: e.At})
		case <-ended:
			return
		}
	}
}

func (f *feed) add(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	e.ID = f.last
	if len(f.events) == history {
		f.events = append(f.events[:0:0], f.events[history/4:]...)
	}
	f.events = append(f.events, e)
	close(f.woken)
	f.woken = make(chan struct{})
}

// after returns the events that follow id, and a channel that is closed when there are more. An id that this process
// never gave, or that is no longer held, is answered with a reset.
func (f *feed) after(id int64, now time.Time) ([]Event, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := f.last - int64(len(f.events)) + 1
	if id > f.last || id+1 < first {
		return []Event{{ID: f.last, Kind: eventReset, At: now}}, f.woken
	}
	return append([]Event(nil), f.events[id+1-first:]...), f.woken
}

// newest returns the id of the last event.
func (f *feed) newest() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

type eventsIn struct {
	Run         string `query:"run" doc:"events of this run only (PLAN#n)"`
	Pair        string `query:"pair" doc:"events of this pair only"`
	LastEventID string `header:"Last-Event-ID" doc:"go on after this event; without it the stream starts now"`
}

func (s *Server) registerEvents(api huma.API) {
	op := operation(http.MethodGet, "/events", "events", "Events as they happen", "A stream of server-sent events. Each has an id; "+
		"a client that comes back with Last-Event-ID gets what it missed, or one event of kind reset if that is no longer held.")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "A stream that ends only with the connection",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema: api.OpenAPI().Components.Schemas.Schema(typeOf[Event](), true, "Event"),
		}},
	}}
	huma.Register(api, op, func(ctx context.Context, in *eventsIn) (*huma.StreamResponse, error) {
		from := s.feed.newest()
		if in.LastEventID != "" {
			id, err := strconv.ParseInt(in.LastEventID, 10, 64)
			if err != nil || id < 0 {
				return nil, fail(usage("Last-Event-ID %q is no id of an event", in.LastEventID))
			}
			from = id
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", "text/event-stream")
			hc.SetHeader("Cache-Control", "no-store")
			hc.SetStatus(http.StatusOK)
			s.stream(hc, from, func(e Event) bool { return (in.Run == "" || e.Run == in.Run) && (in.Pair == "" || e.Pair == in.Pair) })
		}}, nil
	})
}

// stream writes events until the caller has gone or the server ends.
func (s *Server) stream(hc huma.Context, from int64, wanted func(Event) bool) {
	w := bufio.NewWriter(hc.BodyWriter())
	flush := func() bool {
		if w.Flush() != nil {
			return false
		}
		if f, ok := hc.BodyWriter().(http.Flusher); ok {
			f.Flush()
		}
		return true
	}
	fmt.Fprint(w, ": tandem\n\n")
	if !flush() {
		return
	}
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for {
		events, more := s.feed.after(from, s.now())
		for _, e := range events {
			from = e.ID
			if e.Kind != eventReset && !wanted(e) {
				continue
			}
			data, err := json.Marshal(e)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data)
		}
		if len(events) > 0 && !flush() {
			return
		}
		select {
		case <-more:
		case <-alive.C:
			fmt.Fprint(w, ": alive\n\n")
			if !flush() {
				return
			}
		case <-hc.Context().Done():
			return
		case <-s.ended:
			return
		}
	}
}
