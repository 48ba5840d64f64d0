package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// Prefix stands before the path of every call.
const Prefix = "/api/v1"

// Options are what a Server is made of.
type Options struct {
	Store   *store.Store
	Engine  *engine.Engine
	Now     func() time.Time
	Log     *slog.Logger
	Version Version
}

// Version says which tandem this is.
type Version struct {
	Version    string `json:"version"`
	Commit     string `json:"commit"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Schema     int    `json:"schema" doc:"version of the state's schema"`
	PlanFormat string `json:"planFormat"`
}

// Server is the API. It is an http.Handler, safe for concurrent use, the same behind a socket and in process.
type Server struct {
	store   *store.Store
	engine  *engine.Engine
	now     func() time.Time
	version Version
	feed    *feed
	handler http.Handler
	spec    *huma.OpenAPI
	ended   chan struct{}
	close   func()
}

// New makes a server and starts to collect the engine's events. Close ends that.
func New(opt Options) *Server {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{store: opt.Store, engine: opt.Engine, now: opt.Now, version: opt.Version, ended: make(chan struct{})}
	s.feed = newFeed(opt.Now())
	mux := http.NewServeMux()
	s.spec = s.mount(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, http.StatusNotFound, confluence.Errorf(confluence.CodeNoSuchName, "there is no call %s %s", r.Method, r.URL.Path))
	})
	s.handler = withRequestID(opt.Log, opt.Now, mux)
	events, unsubscribe := opt.Engine.Subscribe()
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		s.feed.collect(events, s.ended)
	}()
	s.close = sync.OnceFunc(func() {
		close(s.ended)
		unsubscribe()
		<-collected
	})
	return s
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the event streams. Calls in flight go on.
func (s *Server) Close() { s.close() }

// Document returns the OpenAPI document of the API as indented JSON, and how many operations it describes.
func Document() (document []byte, operations int, err error) {
	s := &Server{}
	spec := s.mount(http.NewServeMux())
	for _, item := range spec.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch} {
			if op != nil {
				operations++
			}
		}
	}
	document, err = json.MarshalIndent(spec, "", "  ")
	return append(document, '\n'), operations, err
}

// mount registers every call on mux.
func (s *Server) mount(mux *http.ServeMux) *huma.OpenAPI {
	describeErrors()
	config := huma.DefaultConfig("tandem", "1")
	config.Info.Description = "Migrates Confluence spaces, proves that they arrived, and keeps pairs of them equal. Every verb of the command line is a call of this API."
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Servers = []*huma.Server{{URL: Prefix}}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "the token in the server's data directory"},
	}
	config.Security = []map[string][]string{{"token": {}}}
	h := humago.NewWithPrefix(mux, Prefix, config)
	s.registerSites(h)
	s.registerPeople(h)
	s.registerPlans(h)
	s.registerRuns(h)
	s.registerRunCommands(h)
	s.registerFindings(h)
	s.registerPairs(h)
	s.registerPairCommands(h)
	s.registerConflicts(h)
	s.registerVerifications(h)
	s.registerEvents(h)
	s.registerHelp(h)
	mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json")
		_ = json.NewEncoder(w).Encode(h.OpenAPI()) // the caller has gone if this fails
	})
	return h.OpenAPI()
}

// schemaName names the schema of a type: those of this package by their name, those of others with their package before
// it, so that migration's Plan is not taken for ours.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	if pkg := path.Base(t.PkgPath()); t.PkgPath() != "" && pkg != "api" {
		return strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	return name
}

// operation describes one call. id is unique: method and path make it.
func operation(method, path, tag, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path, Tags: []string{tag}, Summary: summary, Description: description,
	}
}

// get, post, put and del describe one call each.
func get(tag, path, summary, description string) huma.Operation {
	return operation(http.MethodGet, path, tag, summary, description)
}

func post(tag, path, summary, description string) huma.Operation {
	return operation(http.MethodPost, path, tag, summary, description)
}

func put(tag, path, summary, description string) huma.Operation {
	return operation(http.MethodPut, path, tag, summary, description)
}

func del(tag, path, summary, description string) huma.Operation {
	return operation(http.MethodDelete, path, tag, summary, description)
}

// answer wraps a JSON body.
type answer[T any] struct{ Body T }

// register adds one call. Errors of its handler become problems.
func register[I, O any](h huma.API, op huma.Operation, f func(context.Context, *I) (*O, error)) {
	huma.Register(h, op, func(ctx context.Context, in *I) (*answer[O], error) {
		out, err := f(ctx, in)
		if err != nil {
			return nil, fail(err)
		}
		return &answer[O]{*out}, nil
	})
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// operationID makes the id of an operation from method and path: GET /runs/{run}/tasks -> get-runs-run-tasks.
func operationID(method, path string) string {
	id := []byte(nil)
	for _, r := range method + path {
		switch {
		case r >= 'A' && r <= 'Z':
			id = append(id, byte(r-'A'+'a'))
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			id = append(id, byte(r))
		case r == '/' && len(id) > 0:
			id = append(id, '-')
		}
	}
	return string(id)
}

func usage(format string, args ...any) *confluence.Error {
	return confluence.Errorf(confluence.CodeUsage, format, args...)
}
