-- Schema version 5. docs/format/schema.md says what every table, column and index is for.

CREATE TABLE troubles (
    run INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
