package emulator

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"time"
)

// Control serves the control plane: logs, counters, clock, options, dump, and acts of people. It takes no credentials
// and belongs on a listener of its own, on loopback.
func (s *Site) Control() http.Handler {
	mux := http.NewServeMux()
	ndjson := func(write func(io.Writer) error) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-ndjson")
			_ = write(w) // the client went away, or the log is broken; nothing can be said any more
		}
	}
	mux.HandleFunc("GET /requests", ndjson(s.Requests))
	mux.HandleFunc("GET /readers", ndjson(s.Readers))
	mux.HandleFunc("GET /counters", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Counters()) })
	mux.HandleFunc("POST /counters/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetCounters()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /notifications", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Notifications()) })
	mux.HandleFunc("GET /dump", s.serveDump)
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.clockState()) })
	mux.HandleFunc("PUT /clock", s.setClock)
	mux.HandleFunc("GET /options", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, s.Options())
	})
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(s.Faults())
	})
	mux.HandleFunc("PUT /faults", s.putFaults)
	mux.HandleFunc("PUT /options", s.setOptions)
	mux.HandleFunc("POST /act", s.serveAct)
	mux.HandleFunc("POST /clone", s.serveClone)
	mux.HandleFunc("POST /credentials", s.serveIssue)
	mux.HandleFunc("DELETE /credentials/{secret}", s.serveWithdraw)
	return mux
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(encode(v), '\n'))
}

func complain(w http.ResponseWriter, err error) {
	reply(w, http.StatusBadRequest, object{"error": err.Error()})
}

func (s *Site) serveDump(w http.ResponseWriter, r *http.Request) {
	form := r.URL.Query().Get("form")
	if form == "" {
		form = "full"
	}
	if form != "full" && form != "neutral" {
		reply(w, http.StatusBadRequest, object{"error": "form is full or neutral"})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.Dump(form))
}

func (s *Site) clockState() object {
	rate := 0
	if s.clock.running() {
		rate = 1
	}
	return object{"now": s.clock.Now().Format(time.RFC3339Nano), "rate": rate}
}

func (s *Site) setClock(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Now  *time.Time `json:"now"`
		Rate *int       `json:"rate"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		complain(w, err)
		return
	}
	now, running := s.clock.Now(), s.clock.running()
	if q.Now != nil {
		now = *q.Now
	}
	if q.Rate != nil {
		running = *q.Rate != 0
	}
	s.setTime(now, running)
	s.settleLate()
	reply(w, http.StatusOK, s.clockState())
}

// setTime sets the site's clock.
func (s *Site) setTime(now time.Time, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.set(now, running)
	s.did("clock", int64(s.clock.offset), s.clock.frozen)
}

func (s *Site) setOptions(w http.ResponseWriter, r *http.Request) {
	var q map[string]string
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		complain(w, err)
		return
	}
	if err := s.SetOptions(q); err != nil {
		complain(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Site) putFaults(w http.ResponseWriter, r *http.Request) {
	rules, err := io.ReadAll(io.LimitReader(r.Body, maxRules+1))
	if err == nil {
		err = s.SetFaults(rules)
	}
	if err != nil {
		complain(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Options returns the value of every instance option.
func (s *Site) Options() map[string]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.set.chosen)
}

// SetOptions changes instance options of a running site; with an unknown name or value nothing changes.
func (s *Site) SetOptions(options map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.set
	if err := next.apply(options); err != nil {
		return err
	}
	s.set = next
	s.seedPeople()
	s.did("options", options)
	return nil
}

func (s *Site) serveAct(w http.ResponseWriter, r *http.Request) {
	var q struct {
		User   string          `json:"user"`
		Action json.RawMessage `json:"action"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		complain(w, err)
		return
	}
	result, err := s.Act(q.User, q.Action)
	if err != nil {
		complain(w, err)
		return
	}
	reply(w, http.StatusOK, object{"content": result})
}
