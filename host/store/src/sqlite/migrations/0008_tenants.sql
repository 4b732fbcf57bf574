-- Schema version 8, records of tenants. docs/format/schema.md says what it is for.

CREATE TABLE tenants (
    tenant TEXT NOT NULL PRIMARY KEY,
    state INTEGER NOT NULL,
    settings TEXT,
    added_at INTEGER
) STRICT, WITHOUT ROWID;
