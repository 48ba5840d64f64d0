-- +goose Up

-- What was written to side A and not read back yet, as "pending" is of side B; "sent" is of side B too.
ALTER TABLE agreed ADD COLUMN pending_a INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agreed ADD COLUMN sent_a BLOB;
-- Sets element by element, and what waits: see agreedDoc. NULL: nothing of it.
ALTER TABLE agreed ADD COLUMN doc BLOB;
