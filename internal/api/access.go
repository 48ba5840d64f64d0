package api

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// requestIDHeader carries the id of a request; a caller may name its own.
const requestIDHeader = "X-Request-Id"

// withRequestID gives each request an id, in its answer and in the log. No query and no body is logged.
func withRequestID(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !plainID(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		start := now()
		next.ServeHTTP(w, r)
		log.DebugContext(r.Context(), "request", "id", id, "method", r.Method, "path", r.URL.Path, "took", now().Sub(start))
	})
}

// plainID reports whether a caller's id is fit for a header and a log line.
func plainID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return !(r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) < 0
}

// Protected guards a handler that listens on a socket: every request needs the token, and one that changes something is
// refused if a browser sent it for a page of another origin. What tells nothing of the state needs no token: the
// description of the API and the version.
func Protected(token string, next http.Handler) http.Handler {
	want := []byte(token)
	guarded := http.NewCrossOriginProtection()
	guarded.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, &confluence.Error{
			Code: confluence.CodeAPIToken, What: "the request comes from a page of another origin",
			Remedy: "call the API from a program, or from the address that tandem itself serves",
		})
	}))
	return guarded.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		open := r.URL.Path == Prefix+"/openapi.json" || r.URL.Path == Prefix+"/version"
		if !open && subtle.ConstantTimeCompare([]byte(got), want) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeProblem(w, http.StatusUnauthorized, confluence.Errorf(confluence.CodeAPIToken, "the token is missing or wrong"))
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func writeProblem(w http.ResponseWriter, status int, err error) {
	p := NewProblem(err)
	p.Status = status
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone if this fails
}
