-- +goose Up

-- A content is looked for by its id in all spaces at once: what a feed shows, what a body names.
DROP INDEX agreed_id_a;
DROP INDEX agreed_id_b;
CREATE INDEX agreed_id_a ON agreed (id_a, pair) WHERE id_a <> '';
CREATE INDEX agreed_id_b ON agreed (id_b, pair) WHERE id_b <> '';
CREATE INDEX observed_id ON observed (id, pair, side);
