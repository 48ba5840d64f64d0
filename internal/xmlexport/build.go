package xmlexport

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
)

// build makes the scratch index in r.dir: fingerprint and load side by side, then the joining of the rows.
func (r *Reader) build(ctx context.Context) error {
	db, err := sql.Open("sqlite", dsn(filepath.Join(r.dir, indexName),
		"_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=locking_mode(exclusive)&_pragma=cache_size(-32000)"))
	if err != nil {
		return scratchError(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return scratchError(err)
	}
	defer conn.Close()
	for _, sentence := range []string{"PRAGMA page_size = 8192", schema, "BEGIN"} {
		if _, err := conn.ExecContext(ctx, sentence); err != nil {
			return scratchError(err)
		}
	}
	l := newLoader(ctx, r.dir, conn)
	if err := r.load(ctx, l); err != nil {
		return err
	}
	r.facts = facts{BaseURL: l.baseURL, Classes: l.classes, BothSides: l.seen.listed > 0, Repairs: l.repairs, Entities: l.size}
	if info, err := os.Stat(filepath.Join(r.dir, bodiesName)); err == nil {
		r.facts.Bodies = info.Size()
	}
	res := &resolver{ctx: ctx, conn: conn, reader: r, seen: l.seen}
	if err := res.run(); err != nil {
		return scratchError(err)
	}
	return scratchError(r.seal(ctx, conn))
}

// load reads entities.xml and the list of files, and digests the export meanwhile.
func (r *Reader) load(ctx context.Context, l *loader) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		r.fingerprint, err = r.archive.fingerprint(ctx)
		return err
	})
	g.Go(func() error {
		src, err := r.archive.open(entitiesName)
		if err != nil {
			return err
		}
		defer src.Close()
		l.ctx = ctx
		return l.run(src, r.archive.entries)
	})
	return g.Wait()
}

// seal writes down what the index belongs to, last of all.
func (r *Reader) seal(ctx context.Context, conn *sql.Conn) error {
	told, err := json.Marshal(r.facts)
	if err != nil {
		return err
	}
	for name, v := range map[string]string{"facts": string(told), "fingerprint": r.fingerprint} {
		if _, err := conn.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?)", name, v); err != nil {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, "INSERT INTO meta VALUES ('complete', ?)", r.fingerprint+" "+indexVersion); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}

func (r *Reader) readFacts(ctx context.Context) error {
	var told string
	if err := r.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'facts'").Scan(&told); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(told), &r.facts); err != nil {
		return err
	}
	return r.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'fingerprint'").Scan(&r.fingerprint)
}

// files queues a row for every file below attachments, and for every file of a copied attachment folder.
func (l *loader) files(entries []entry) {
	for _, e := range entries {
		parts := strings.Split(e.name, "/")
		n := len(parts)
		switch {
		case parts[0] == "attachments" && n == 4:
			l.add(tableFile, key([]byte(parts[1])), key([]byte(parts[2])), key([]byte(parts[3])), e.size, e.name)
		case parts[0] == "attachments" || parts[0] == "ver003" || parts[0] == "v4":
			id, version := "", parts[n-1]
			if n > 1 {
				id = parts[n-2]
			}
			// The layout keyed by attachment writes ID/ID.VERSION.
			if head, tail, ok := strings.Cut(version, "."); ok && head == id {
				version = tail
			}
			l.add(tableFile, nil, key([]byte(id)), key([]byte(version)), e.size, e.name)
		}
	}
}
