-- Schema version 8, why runs are blocked. docs/format/schema.md says what it is for.

ALTER TABLE troubles ADD COLUMN code TEXT;
