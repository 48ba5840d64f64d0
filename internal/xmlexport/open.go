package xmlexport

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the scratch index's driver

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	indexName  = "index.sqlite"
	bodiesName = "bodies.s2"
	blocksName = "bodies.idx"
)

// Options say how an export is opened. The zero Options are fine.
type Options struct {
	// Scratch is the folder in which the scratch index gets a folder of its own; empty = the system's temporary folder.
	// It needs about a third of the size of entities.xml.
	Scratch string
	// Keep keeps the scratch index beside the export, as EXPORT.tandem-index, and uses it the next time if the export has
	// not changed. It holds the content of the export.
	Keep bool
	// Zone is the zone of the export's dates where its descriptor names none; nil = UTC.
	Zone *time.Location

	limits limits
}

// Reader is an export opened for reading. It implements confluence.Reader and confluence.Directory, is safe for
// concurrent use, and must be closed.
type Reader struct {
	path        string
	archive     *archive
	dir         string
	keep        bool
	db          *sql.DB
	bodies      *bodyFile
	desc        Descriptor
	zone        *time.Location
	fingerprint string
	facts       facts
}

// facts are what the load learned that is in no row. They lie in the index as JSON.
type facts struct {
	BaseURL   string         `json:"baseUrl"`
	Classes   map[string]int `json:"classes"`
	BothSides bool           `json:"bothSides"`
	Repairs   Repairs        `json:"repairs"`
	Entities  int64          `json:"entities"`
	Bodies    int64          `json:"bodies"`
}

var (
	_ confluence.Reader    = (*Reader)(nil)
	_ confluence.Directory = (*Reader)(nil)
)

// Open reads the export at path, a zip or the folder it was unpacked into, into a scratch index. Errors are T-7601 where
// it is no export or a hostile one, naming the rule, and T-1503 where the scratch folder cannot be written; nothing is
// left behind then.
func Open(ctx context.Context, path string, opts Options) (*Reader, error) {
	if opts.limits == (limits{}) {
		opts.limits = defaultLimits
	}
	a, err := openArchive(path, opts.limits)
	if err != nil {
		return nil, err
	}
	r := &Reader{path: path, archive: a, keep: opts.Keep, zone: opts.Zone}
	if err := r.open(ctx, opts); err != nil {
		r.abandon()
		e := confluence.AsError(err)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if e.Where.File == "" {
			e.Where.File = path
		}
		return nil, e
	}
	return r, nil
}

// abandon removes everything of a Reader that could not be opened.
func (r *Reader) abandon() {
	r.keep = false
	r.Close()
}

// Close ends reading and removes the scratch index unless it is kept.
func (r *Reader) Close() error {
	var errs []error
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	if r.bodies != nil {
		errs = append(errs, r.bodies.close())
	}
	r.archive.close()
	if r.dir != "" && !r.keep {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}

func (r *Reader) open(ctx context.Context, opts Options) error {
	if err := r.descriptor(); err != nil {
		return err
	}
	if opts.Keep {
		return r.openKept(ctx)
	}
	dir, err := os.MkdirTemp(opts.Scratch, "tandem-export-")
	if err != nil {
		return scratchError(err)
	}
	if r.dir, err = filepath.Abs(dir); err != nil {
		return scratchError(err)
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	return r.attach(ctx)
}

func (r *Reader) descriptor() error {
	r.desc = Descriptor{Source: "unknown"}
	if r.archive.has(descriptorName) {
		f, err := r.archive.open(descriptorName)
		if err != nil {
			return err
		}
		defer f.Close()
		if r.desc, err = parseDescriptor(f); err != nil {
			return confluence.Errorf(confluence.CodeNoExport, "the export's descriptor cannot be read").Because(err)
		}
	}
	if r.zone == nil || r.desc.Zone != "" {
		r.zone = r.desc.location()
	}
	return nil
}

// openKept takes the index that lies beside the export if it belongs to these bytes, and makes it anew otherwise.
func (r *Reader) openKept(ctx context.Context) error {
	abs, err := filepath.Abs(r.path)
	if err != nil {
		return scratchError(err)
	}
	dir := abs + keptSuffix
	sum, err := r.archive.fingerprint(ctx)
	if err != nil {
		return err
	}
	if kept(ctx, dir) == sum+" "+indexVersion {
		r.dir = dir
		return r.attach(ctx)
	}
	r.dir, err = os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+"-")
	if err != nil {
		return scratchError(err)
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	if err := replaceFolder(r.dir, dir); err != nil {
		return scratchError(err)
	}
	r.dir = dir
	return r.attach(ctx)
}

// replaceFolder puts a finished index in the place of an older one, and of nothing else.
func replaceFolder(from, to string) error {
	if _, err := os.Stat(filepath.Join(to, indexName)); err == nil {
		if err := os.RemoveAll(to); err != nil {
			return err
		}
	}
	return os.Rename(from, to)
}

// kept returns what the index in dir says it belongs to, empty if there is no complete one.
func kept(ctx context.Context, dir string) string {
	if _, err := os.Stat(filepath.Join(dir, indexName)); err != nil {
		return ""
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, indexName), "mode=ro"))
	if err != nil {
		return ""
	}
	defer db.Close()
	var of string
	if db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'complete'").Scan(&of) != nil {
		return ""
	}
	return of
}

// dsn returns the address of a database file for the driver. A drive letter goes behind a slash, as in file:///C:/x.
func dsn(path, params string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: params}
	return u.String()
}

// attach opens the finished index for reading.
func (r *Reader) attach(ctx context.Context) error {
	db, err := sql.Open("sqlite", dsn(filepath.Join(r.dir, indexName),
		"mode=ro&immutable=1&_pragma=cache_size(-8000)&_pragma=query_only(1)"))
	if err != nil {
		return scratchError(err)
	}
	db.SetMaxOpenConns(4)
	r.db = db
	if err := r.readFacts(ctx); err != nil {
		return scratchError(err)
	}
	r.bodies, err = openBodies(r.dir)
	return scratchError(err)
}

// parseTime reads a date of the export; the zero time where there is none.
func (r *Reader) parseTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, r.zone); err == nil {
			return t.UTC()
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 1e11 && ms < 1e14 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}
