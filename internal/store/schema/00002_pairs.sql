-- +goose Up

-- A pair as a person composed it, over a row of pairs. Columns that are searched come first, doc holds what was composed,
-- sync how its cycles stand.
CREATE TABLE kept (
  name TEXT PRIMARY KEY, pair INTEGER NOT NULL UNIQUE, state TEXT NOT NULL, want TEXT NOT NULL, created INTEGER NOT NULL,
  updated INTEGER NOT NULL, cycle INTEGER NOT NULL, next_sweep INTEGER NOT NULL, asked INTEGER NOT NULL,
  doc BLOB NOT NULL, sync BLOB NOT NULL, request BLOB
) STRICT;

CREATE TABLE cycles (
  pair INTEGER NOT NULL, number INTEGER NOT NULL, answers INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,
  doc BLOB NOT NULL, PRIMARY KEY (pair, number)
) STRICT, WITHOUT ROWID;

-- How far the feed of a site was read.
CREATE TABLE feeds (site TEXT PRIMARY KEY, doc BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- What a feed named and no cycle of the pair has looked at yet.
CREATE TABLE hints (
  pair INTEGER NOT NULL, side INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  container TEXT NOT NULL, at INTEGER NOT NULL, noted INTEGER NOT NULL, PRIMARY KEY (pair, side, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE conflicts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pair INTEGER NOT NULL, twin TEXT NOT NULL, facet INTEGER NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER NOT NULL, doc BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX conflicts_open ON conflicts (pair, twin, facet, kind) WHERE state = 'open';
CREATE INDEX conflicts_pair ON conflicts (pair, state);

-- The oscillation fuse: how many cycles in a row wrote a facet of a content, and if it is frozen.
CREATE TABLE fuses (
  pair INTEGER NOT NULL, twin TEXT NOT NULL, facet INTEGER NOT NULL, cycle INTEGER NOT NULL, streak INTEGER NOT NULL,
  frozen INTEGER NOT NULL, PRIMARY KEY (pair, twin, facet)
) STRICT, WITHOUT ROWID;

CREATE INDEX journal_cycle ON journal (pair, cycle) WHERE cycle > 0;
