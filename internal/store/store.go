package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Options says where a store is and how it is opened.
type Options struct {
	// Dir is the data directory; it is made, for its owner alone, where it is missing. Empty: a store that lives as long
	// as the process and leaves nothing behind when it is closed.
	Dir string
	// KeyFile holds the key that credentials are sealed with. Empty: the name of the data directory with ".key", beside
	// it. It is made with the first secret.
	KeyFile string
	// Now is the clock of leases, slices and records; nil: time.Now.
	Now func() time.Time
	// Address is written into the lock file, for other processes to find this one. SetAddress changes it.
	Address string
	// Pass is called before every commit, and again, with done set, when it is durable and its caller does not know it
	// yet. It may wait; its error is that of the commit, which then has not begun, or has been kept all the same. Nil:
	// nothing happens. It is how a simulation owns the order of commits.
	Pass func(ctx context.Context, done bool) error
}

// Store is an open data directory. It is safe for concurrent use.
type Store struct {
	now       func() time.Time
	dir       string
	throwaway bool
	lock      *lockFile
	key       *key
	writeDB   *sql.DB
	reads     *reads
	writer    *writer
	bells     bells
	pass      func(ctx context.Context, done bool) error
	closing   sync.Once
	closed    error
}

// Open opens the data directory and becomes its owner until Close. Errors: T-1501 another process owns it, T-1502 it was
// written by a newer tandem, T-1503 it is damaged or cannot be written, T-1504 the key file is missing, wrong, or
// readable by others.
//
// As no other process can be at work on it any more, the leases and slices of the last owner are free at once, and
// intents of its journal without an outcome become unknown.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, dir: o.Dir}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.writer.loop()
	if err := s.adopt(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.pass = o.Pass
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) (err error) {
	if s.dir == "" {
		s.throwaway = true
		if s.dir, err = os.MkdirTemp("", "tandem-"); err != nil {
			return unusable(err)
		}
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return unusable(err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return unusable(err)
	}
	if s.lock, err = takeLock(ctx, s.dir, o.Address); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return coded(err)
	}
	keyFile := o.KeyFile
	if keyFile == "" && !s.throwaway {
		keyFile = s.dir + ".key"
	}
	s.key, err = loadKey(ctx, s, keyFile)
	return err
}

// connect opens the file, brings its schema up to date and prepares reading and writing connections.
func (s *Store) connect(ctx context.Context) error {
	synchronous := "FULL"
	if s.throwaway {
		synchronous = "OFF"
	}
	var err error
	// Checked before anything that could change the file.
	if err := s.checkFile(ctx); err != nil {
		return err
	}
	if s.writeDB, err = sql.Open("sqlite", s.dsn("journal_mode(WAL)", "synchronous("+synchronous+")", "cache_size(-6144)", "journal_size_limit(67108864)")); err != nil {
		return err
	}
	s.writeDB.SetMaxOpenConns(1)
	if err := migrate(ctx, s.writeDB); err != nil {
		return err
	}
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return err
	}
	s.writer = &writer{store: s, conn: conn, stmts: map[string]*sql.Stmt{}, queue: make(chan *request), stop: make(chan struct{}), dead: make(chan struct{})}
	db, err := sql.Open("sqlite", s.dsn("query_only(1)", "cache_size(-1024)"))
	if err != nil {
		return err
	}
	// No upper limit: a row being streamed holds its connection while the caller reads more.
	db.SetMaxIdleConns(8)
	s.reads = &reads{db: db, stmts: map[string]*sql.Stmt{}}
	return nil
}

func (s *Store) file() string { return filepath.Join(s.dir, "tandem.db") }

func (s *Store) dsn(pragmas ...string) string {
	path := filepath.ToSlash(s.file())
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	q := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "temp_store(MEMORY)"}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// adopt frees what the last owner held.
func (s *Store) adopt(ctx context.Context) error {
	return s.Commit(ctx, Lease{}, func(tx *Tx) error {
		tx.exec("UPDATE leases SET owner = '', until = 0 WHERE owner <> ''")
		tx.exec("UPDATE slices SET owner = '', lease_end = 0, due = 0, ready = 0, again_due = NULL, again_cursor = NULL WHERE owner <> ''")
		_, err := tx.exec("UPDATE journal SET state = 'unknown' WHERE state = 'intent'")
		return err
	})
}

// Now returns the time by the store's clock.
func (s *Store) Now() time.Time { return s.now() }

// Close waits for the commit in progress, closes the file and gives the data directory up. Commits that have not begun
// fail with ErrClosed. Reads must have ended. A second call does nothing and returns what the first one did.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.writer.stop)
		<-s.writer.dead
		s.closed = coded(s.release())
	})
	return s.closed
}

// release closes what open opened, as far as it came.
func (s *Store) release() error {
	var errs []error
	if s.reads != nil {
		errs = append(errs, s.reads.db.Close())
	}
	if s.writer != nil {
		for _, st := range s.writer.stmts {
			errs = append(errs, st.Close())
		}
		errs = append(errs, s.writer.conn.Close())
	}
	if s.writeDB != nil {
		errs = append(errs, s.writeDB.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	if s.throwaway && s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// SetAddress writes into the lock file where this process can be reached.
func (s *Store) SetAddress(address string) error { return unusable(s.lock.write(address)) }

// Check looks through the whole file for damage: T-1503 with the first finding. It takes about a second per gigabyte.
func (s *Store) Check(ctx context.Context) error {
	said, err := one(ctx, s, func(r scanner) (string, error) {
		var v string
		return v, r.Scan(&v)
	}, "answer", "quick_check", "PRAGMA quick_check(1)")
	if err == nil && said != "ok" {
		err = confluence.Errorf(confluence.CodeStateDamaged, "the state in the data directory is damaged").Because(errors.New(said))
	}
	return err
}

// unusable turns an error of the operating system about the data directory into T-1503.
func unusable(err error) error {
	if err == nil {
		return nil
	}
	var pe *fs.PathError
	file := ""
	if errors.As(err, &pe) {
		file = pe.Path
	}
	return confluence.Errorf(confluence.CodeStateDamaged, "the data directory cannot be used").Because(err).At(confluence.Where{File: file})
}
