-- +goose Up

-- Writes of a pair that a site refused, and how often in a row.
CREATE TABLE refusals (
	pair    INTEGER NOT NULL,
	twin    TEXT NOT NULL,
	side    INTEGER NOT NULL,
	verb    TEXT NOT NULL,
	facet   INTEGER NOT NULL,
	about   BLOB NOT NULL,
	streak  INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	code    TEXT NOT NULL,
	what    TEXT NOT NULL,
	PRIMARY KEY (pair, twin, side, verb)
) WITHOUT ROWID;
-- What a fuse saw written last.
ALTER TABLE fuses ADD COLUMN value BLOB;
