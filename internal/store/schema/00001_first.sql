-- +goose Up

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  name TEXT PRIMARY KEY, owner TEXT NOT NULL, fence INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sites (
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, url TEXT NOT NULL, auth TEXT NOT NULL, email TEXT NOT NULL,
  ca_file TEXT NOT NULL, proxy TEXT NOT NULL, read_only INTEGER NOT NULL, fingerprint TEXT NOT NULL,
  concurrent INTEGER NOT NULL, created INTEGER NOT NULL
) STRICT;

CREATE TABLE secrets (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;

CREATE TABLE plans (
  name TEXT PRIMARY KEY, status TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  archived INTEGER NOT NULL, doc BLOB NOT NULL
) STRICT;

-- Outlives its plan, so that the number of a run is never used again: journal rows keep it.
CREATE TABLE run_numbers (plan TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id TEXT PRIMARY KEY, plan TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, want TEXT NOT NULL,
  error BLOB, started INTEGER NOT NULL, ended INTEGER NOT NULL, calls_a INTEGER NOT NULL, calls_b INTEGER NOT NULL,
  document BLOB
) STRICT;
CREATE UNIQUE INDEX runs_plan ON runs (plan, number);

CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY, run TEXT NOT NULL, space TEXT NOT NULL, pair INTEGER NOT NULL, status TEXT NOT NULL,
  doc BLOB NOT NULL, UNIQUE (run, space)
) STRICT;

CREATE TABLE pairs (
  id INTEGER PRIMARY KEY, site_a TEXT NOT NULL, site_b TEXT NOT NULL, key_a TEXT NOT NULL, key_b TEXT NOT NULL,
  space_a TEXT NOT NULL, space_b TEXT NOT NULL, home_a TEXT NOT NULL, home_b TEXT NOT NULL,
  fingerprint_a TEXT NOT NULL, fingerprint_b TEXT NOT NULL, opened INTEGER NOT NULL, mine INTEGER NOT NULL,
  pass_a INTEGER NOT NULL, pass_b INTEGER NOT NULL, UNIQUE (site_a, site_b, key_a, key_b)
) STRICT;
CREATE INDEX pairs_site_b ON pairs (site_b);

-- What a side showed when it was last read. Columns that are searched come first, doc holds the rest.
CREATE TABLE observed (
  pair INTEGER NOT NULL, side INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL,
  space TEXT NOT NULL, twin TEXT NOT NULL, pass INTEGER NOT NULL, skeleton BLOB, presentation BLOB, content BLOB,
  format TEXT NOT NULL, opaque INTEGER NOT NULL, raw BLOB, file_sum TEXT NOT NULL, late TEXT NOT NULL, refs BLOB,
  doc BLOB NOT NULL, UNIQUE (pair, side, kind, id)
) STRICT;

-- The baseline.
CREATE TABLE agreed (
  pair INTEGER NOT NULL, twin TEXT NOT NULL, kind TEXT NOT NULL, id_a TEXT NOT NULL, id_b TEXT NOT NULL,
  version_a INTEGER NOT NULL, version_b INTEGER NOT NULL, title_a TEXT NOT NULL, title_b TEXT NOT NULL,
  parent TEXT NOT NULL, facets INTEGER NOT NULL, tomb INTEGER NOT NULL, digests_a BLOB, digests_b BLOB,
  ancestor BLOB, raw_a BLOB, raw_b BLOB, refs_a BLOB, refs_b BLOB,
  pending INTEGER NOT NULL, sent BLOB, UNIQUE (pair, twin)
) STRICT;
CREATE INDEX agreed_id_a ON agreed (pair, id_a) WHERE id_a <> '';
CREATE INDEX agreed_id_b ON agreed (pair, id_b) WHERE id_b <> '';

CREATE TABLE blobs (digest BLOB PRIMARY KEY, size INTEGER NOT NULL, packed BLOB NOT NULL) STRICT;

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  op TEXT NOT NULL UNIQUE, run TEXT NOT NULL, pair INTEGER NOT NULL, slice TEXT NOT NULL, fence INTEGER NOT NULL,
  cycle INTEGER NOT NULL, twin TEXT NOT NULL, side INTEGER NOT NULL, site TEXT NOT NULL, verb TEXT NOT NULL,
  target_id TEXT NOT NULL, facets INTEGER NOT NULL, pre_version INTEGER NOT NULL, pre_digest BLOB, payload_digest BLOB,
  payload_blob BLOB, natural_key TEXT NOT NULL, needs TEXT NOT NULL, attempt INTEGER NOT NULL, retry_of TEXT NOT NULL,
  sent_at INTEGER NOT NULL, timeout_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'refused', 'unknown', 'absent', 'overtaken')),
  http_status INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '', new_id TEXT NOT NULL DEFAULT '',
  new_version INTEGER NOT NULL DEFAULT 0, ended_at INTEGER NOT NULL DEFAULT 0,
  content_digest BLOB, presentation_digest BLOB, raw_blob BLOB, read_version INTEGER NOT NULL DEFAULT 0,
  read_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX journal_open ON journal (twin, side, site, verb, natural_key) WHERE state IN ('intent', 'unknown');
CREATE INDEX journal_pair ON journal (pair, state);
CREATE INDEX journal_run ON journal (run, state);
CREATE INDEX journal_twin ON journal (twin);

-- Outcomes that came after their row was settled: news of an owner that had been shut out.
CREATE TABLE journal_late (
  id INTEGER PRIMARY KEY, op TEXT NOT NULL, state TEXT NOT NULL, http_status INTEGER NOT NULL, code TEXT NOT NULL,
  new_id TEXT NOT NULL, new_version INTEGER NOT NULL, ended_at INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_late_op ON journal_late (op);

CREATE TABLE findings (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, run TEXT NOT NULL, subject TEXT NOT NULL,
  space TEXT NOT NULL, severity TEXT NOT NULL, code TEXT NOT NULL, state TEXT NOT NULL, doc BLOB NOT NULL,
  UNIQUE (run, subject)
) STRICT;
CREATE UNIQUE INDEX findings_id ON findings (run, id);

CREATE TABLE proofs (
  run TEXT NOT NULL, pair INTEGER NOT NULL, space TEXT NOT NULL, depth TEXT NOT NULL, equal INTEGER NOT NULL,
  packed BLOB NOT NULL, PRIMARY KEY (run, pair)
) STRICT;

CREATE TABLE people (
  from_site TEXT NOT NULL, to_site TEXT NOT NULL, csv BLOB NOT NULL, PRIMARY KEY (from_site, to_site)
) STRICT;

-- ready is when the slice may be claimed: its due time, while it is owned the end of the lease.
CREATE TABLE slices (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, generation INTEGER NOT NULL, due INTEGER NOT NULL,
  ready INTEGER NOT NULL, priority INTEGER NOT NULL, attempt INTEGER NOT NULL, owner TEXT NOT NULL,
  fence INTEGER NOT NULL, lease_end INTEGER NOT NULL, cursor BLOB, parked INTEGER NOT NULL, error TEXT NOT NULL,
  again_due INTEGER, again_cursor BLOB, UNIQUE (kind, key)
) STRICT;
CREATE INDEX slices_ready ON slices (ready) WHERE parked = 0;

-- Fences outlive their slice, so that one that is finished and added again never repeats a number.
CREATE TABLE slice_fences (id TEXT PRIMARY KEY, fence INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, at INTEGER NOT NULL, level TEXT NOT NULL,
  code TEXT NOT NULL, space TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX log_run ON log (run, id);
