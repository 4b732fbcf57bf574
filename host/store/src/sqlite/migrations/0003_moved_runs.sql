-- Schema version 3. docs/format/schema.md says what every table, column and index is for.

-- Written only when a run moves to another definition, so that nothing is added to what is written at each answer.
ALTER TABLE savepoints ADD COLUMN workflow BLOB;
CREATE INDEX savepoints_moved ON savepoints (workflow, run) WHERE workflow IS NOT NULL;
