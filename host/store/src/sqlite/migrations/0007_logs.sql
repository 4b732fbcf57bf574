-- Schema version 7, what guests log. docs/format/schema.md says what every table, column and index is for.

CREATE TABLE call_logs (
    run INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    path TEXT NOT NULL,
    call INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    lines_before INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    bytes_before INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run, version)
) STRICT, WITHOUT ROWID;
