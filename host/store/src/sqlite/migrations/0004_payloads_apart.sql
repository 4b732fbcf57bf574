-- Schema version 4. docs/format/schema.md says what every table, column and index is for.

-- Large payloads are kept as images are: read only when they are needed, and once for all steps and savepoints that have them.
ALTER TABLE steps ADD COLUMN part BLOB;
ALTER TABLE old_steps ADD COLUMN part BLOB;
CREATE TABLE moved AS SELECT step, randomblob(16) AS id FROM payloads;
CREATE UNIQUE INDEX moved_by_step ON moved (step);
INSERT INTO images (id, data) SELECT moved.id, CAST(payloads.data AS BLOB) FROM moved JOIN payloads USING (step);
UPDATE steps SET part = moved.id FROM moved WHERE moved.step = steps.seq;
DROP TABLE moved;
DROP TABLE payloads;
