-- Schema version 1. docs/format/schema.md says what every table, column and index is for.

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    workflow BLOB NOT NULL,
    workflow_id TEXT NOT NULL,
    resource_id TEXT,
    status INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    head TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_tenant ON runs (tenant);
CREATE INDEX runs_by_status ON runs (status, tenant);

CREATE TABLE steps (
    seq INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    active INTEGER NOT NULL,
    owner BLOB,
    due_at INTEGER,
    record TEXT NOT NULL,
    UNIQUE (run, path)
) STRICT;
CREATE INDEX steps_active ON steps (run) WHERE active = 1;
CREATE INDEX steps_due ON steps (due_at, run) WHERE due_at IS NOT NULL;

CREATE TABLE suspensions (
    run INTEGER NOT NULL,
    id BLOB NOT NULL,
    tenant TEXT NOT NULL,
    path TEXT NOT NULL,
    labels TEXT,
    takes_answer INTEGER NOT NULL,
    since INTEGER NOT NULL,
    due_at INTEGER,
    ended INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX suspensions_open ON suspensions (tenant, id) WHERE ended IS NULL;

CREATE TABLE images (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    data BLOB NOT NULL
) STRICT;

-- The large columns come last, so that lists do not read past them.
CREATE TABLE components (
    seq INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    meta TEXT NOT NULL,
    base BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE workflows (
    seq INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    definition TEXT NOT NULL
) STRICT;
