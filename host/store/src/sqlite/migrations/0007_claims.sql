-- Schema version 7, what hosts have claimed, and the kind of what suspensions listen to. docs/format/schema.md says what it is for.

CREATE TABLE claims (
    id BLOB PRIMARY KEY,
    version INTEGER,
    owner BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE suspensions ADD COLUMN topic_kind INTEGER;
