package resttest

import (
	"net/http"
	"net/http/httptest"
)

// Direct is a transport straight into a handler, which it asks for at every request, so that it may be another one by then.
// It is safe for concurrent use as far as the handler is.
type Direct func() http.Handler

// To is a transport straight into one handler.
func To(h http.Handler) Direct { return func() http.Handler { return h } }

// RoundTrip serves the request and returns the answer, whole. Its only errors are those of the request's context.
func (d Direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	w := httptest.NewRecorder()
	d().ServeHTTP(w, in)
	_ = in.Body.Close()
	answer := w.Result()
	answer.Request = r
	return answer, nil
}
