package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// groupMax bounds how many commits share one transaction, so that none waits for ever behind others.
const groupMax = 256

// writer is the one goroutine that writes.
type writer struct {
	store *Store
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	queue chan *request
	stop  chan struct{} // closed by Close: take no more
	dead  chan struct{} // closed when the goroutine has ended
}

// request is one call of Commit on its way through the writer.
type request struct {
	lease    Lease
	fn       func(*Tx) error
	done     chan struct{}
	err      error
	panicked any
	poke     bool // it changed slices
}

// Commit runs fn in a transaction and returns when what fn wrote is on the disk. If fn returns an error, or any write in
// it failed, nothing of it is kept and Commit returns that error, even where fn dropped it. With a lease, the fence is
// checked in the same transaction: ErrFenced if another owner has taken over, and fn is not called. The zero Lease
// checks nothing; intents, read-backs and the baseline cannot be written under it.
//
// fn runs on the one goroutine that writes for all: it must not wait, call a site, or call Commit. The Tx is dead when fn
// returns. If ctx ends before fn has begun, Commit returns its error and nothing is written; after that ctx has no
// effect. Commit is safe for concurrent use.
func (s *Store) Commit(ctx context.Context, lease Lease, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.pass != nil {
		if err := s.pass(ctx, false); err != nil {
			return err
		}
	}
	r := &request{lease: lease, fn: fn, done: make(chan struct{})}
	select {
	case s.writer.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.writer.stop:
		return ErrClosed
	case <-s.writer.dead:
		return ErrClosed
	}
	select {
	case <-r.done:
	case <-s.writer.dead:
		select {
		case <-r.done: // it was the last one
		default:
			return ErrClosed
		}
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	if s.pass != nil && r.err == nil {
		if err := s.pass(ctx, true); err != nil {
			return err
		}
	}
	return coded(r.err)
}

func (w *writer) loop() {
	defer close(w.dead)
	for {
		select {
		case r := <-w.queue:
			w.group(r)
		case <-w.stop:
			return
		}
	}
}

// next returns a request that waits already, nil if there is none.
func (w *writer) next(have int) *request {
	if have >= groupMax {
		return nil
	}
	for range 2 {
		select {
		case r := <-w.queue:
			return r
		default:
			runtime.Gosched() // callers that the last group woke up are about to queue
		}
	}
	return nil
}

// group runs first and all that wait with it in one transaction, and answers them when it is durable.
func (w *writer) group(first *request) {
	var batch []*request
	err := w.exec("BEGIN IMMEDIATE")
	if err != nil {
		first.err = err
		close(first.done)
		return
	}
	kept := false
	for r := first; r != nil; r = w.next(len(batch)) {
		batch = append(batch, r)
		var ok bool
		if ok, err = w.one(r); err != nil {
			break
		}
		kept = kept || ok
	}
	switch {
	case err == nil && kept:
		err = w.exec("COMMIT")
	case err == nil:
		err = w.exec("ROLLBACK")
	}
	if err != nil {
		// SQLite may have rolled back by itself (disk full); then this fails, which is as well.
		_ = w.exec("ROLLBACK")
	}
	poke := false
	for _, r := range batch {
		if err != nil && r.err == nil {
			r.err = err
		}
		poke = poke || (r.poke && r.err == nil)
		close(r.done)
	}
	if poke {
		w.store.bells.ring()
	}
}

// one runs a request in its savepoint and says if it was kept. An error is one of the whole transaction.
func (w *writer) one(r *request) (kept bool, err error) {
	if err := w.exec("SAVEPOINT one"); err != nil {
		return false, err
	}
	tx := &Tx{w: w, lease: r.lease}
	r.err = tx.run(r)
	r.poke = tx.poke
	tx.w = nil // whoever kept it gets no further
	if r.err != nil || r.panicked != nil {
		if err := w.exec("ROLLBACK TO one"); err != nil {
			// The transaction is gone with everything in it; the request's own error says why.
			return false, errors.Join(r.err, err)
		}
	}
	return r.err == nil && r.panicked == nil, w.exec("RELEASE one")
}

// run checks the fence and calls the function. A panic is kept, to be raised where Commit was called.
func (tx *Tx) run(r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	if r.lease != (Lease{}) {
		if err := tx.checkFence(r.lease); err != nil {
			return err
		}
	}
	if err := r.fn(tx); err != nil {
		return err
	}
	return tx.err
}

// stmt returns the prepared statement of a query, prepared once.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if st := w.stmts[query]; st != nil {
		return st, nil
	}
	// A context that never ends: no watcher goroutine per call, and a write is never cut in half.
	st, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = st
	return st, nil
}

func (w *writer) exec(query string, args ...any) error {
	st, err := w.stmt(query)
	if err != nil {
		return err
	}
	_, err = st.Exec(args...)
	return err
}
