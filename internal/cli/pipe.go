package cli

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// inProcess is a RoundTripper that hands requests to a handler of this process, without a socket. Answers stream: the
// body can be read while the handler still writes it.
type inProcess struct {
	handler http.Handler
	calls   *sync.WaitGroup // handlers that are at work
}

// RoundTrip starts the handler and returns when it has written its header.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body, sink := io.Pipe()
	w := &pipeWriter{header: http.Header{}, sink: sink, started: make(chan struct{})}
	request := r.Clone(r.Context())
	request.RequestURI = r.URL.RequestURI()
	if request.Body == nil {
		request.Body = http.NoBody
	}
	t.calls.Go(func() {
		defer request.Body.Close()
		t.handler.ServeHTTP(w, request)
		w.WriteHeader(http.StatusOK)
		_ = sink.Close() // never fails
	})
	select {
	case <-w.started:
	case <-r.Context().Done():
		_ = body.CloseWithError(r.Context().Err()) // never fails
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: -1, Request: r,
	}, nil
}

// pipeWriter is the ResponseWriter of one request. Only the handler's goroutine writes to it; status and sent may be
// read once started is closed.
type pipeWriter struct {
	header  http.Header
	sink    *io.PipeWriter
	started chan struct{}
	status  int
	sent    http.Header
}

// Header returns the header to be sent.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader sends the header; later calls change nothing.
func (w *pipeWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status, w.sent = status, w.header.Clone()
	close(w.started)
}

// Write sends a part of the body and waits until it is read. For a caller that has gone it does nothing: the handler
// learns that from the request's context, as it would behind a socket with room in its buffers.
func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	_, _ = w.sink.Write(b)
	return len(b), nil
}

// Flush does nothing: nothing is held back.
func (w *pipeWriter) Flush() {}

// SetWriteDeadline does nothing: the reader is in this process.
func (w *pipeWriter) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing: the request's body is in memory.
func (w *pipeWriter) SetReadDeadline(time.Time) error { return nil }
