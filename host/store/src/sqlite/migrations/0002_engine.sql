-- Schema version 2. docs/format/schema.md says what every table, column and index is for.

CREATE INDEX runs_ended ON runs (workflow, updated_at) WHERE status IN (4, 5, 6);

-- What a step does was told otherwise, last in its record: that it holds others, and what it waits for. Nothing else in the text
-- changes. The id makes sure that no text of a guest's is taken for the record's own.
UPDATE steps SET record = substr(record, 1, length(record) - 18) || '"doing":{"holding":"scope"}}'
    WHERE active = 1 AND substr(record, -18) = '"doing":"holding"}';
WITH waiting (seq, start, image) AS (
    SELECT seq, instr(record, '"doing":{"waiting":{"id":"' || (record ->> '$.doing.waiting.id') || '"'),
        record ->> '$.doing.waiting.image'
    FROM steps WHERE active = 1 AND json_valid(record) AND record ->> '$.doing.waiting.id' IS NOT NULL
)
UPDATE steps SET record = substr(record, 1, start - 1)
        || '"doing":{"waiting":{' || coalesce('"image":"' || image || '",', '') || '"wake":"any"}},"suspensions":['
        || substr(record, start + 19, length(record) - start - 20) || ']}'
    FROM waiting WHERE waiting.seq = steps.seq AND start > 0;
ALTER TABLE steps ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN payload TEXT;

CREATE TABLE payloads (
    step INTEGER PRIMARY KEY,
    data TEXT NOT NULL
) STRICT;

CREATE TABLE old_steps (
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    version INTEGER NOT NULL,
    until INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    record TEXT NOT NULL,
    payload TEXT,
    PRIMARY KEY (run, path, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE forks (
    run INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX forks_of_parent ON forks (parent, version);

CREATE TABLE hidden_steps (
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;

ALTER TABLE suspensions ADD COLUMN event TEXT;
ALTER TABLE suspensions ADD COLUMN event_key TEXT;
CREATE INDEX suspensions_by_event ON suspensions (tenant, event, event_key, id)
    WHERE ended IS NULL AND event IS NOT NULL;

-- Beside the images, so that sharing one does not write it again.
CREATE TABLE image_shares (
    image BLOB PRIMARY KEY,
    more INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE savepoints (
    seq INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    suspension BLOB,
    at INTEGER NOT NULL,
    images BLOB NOT NULL,
    state TEXT NOT NULL,
    UNIQUE (run, version)
) STRICT;

CREATE TABLE log (
    run INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    entries TEXT NOT NULL,
    PRIMARY KEY (run, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    run BLOB NOT NULL,
    answer TEXT,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_of_run ON requests (run);

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT,
    sent_at INTEGER NOT NULL,
    dedup TEXT,
    expires_at INTEGER,
    taken_at INTEGER,
    payload TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_dedup ON messages (tenant, dedup) WHERE dedup IS NOT NULL;
CREATE INDEX messages_by_name ON messages (tenant, name) WHERE taken_at IS NULL;
CREATE INDEX messages_by_key ON messages (tenant, name, key) WHERE taken_at IS NULL AND key IS NOT NULL;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE taken_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX messages_taken ON messages (taken_at) WHERE taken_at IS NOT NULL;

CREATE TABLE workflow_components (
    workflow BLOB NOT NULL,
    component BLOB NOT NULL,
    PRIMARY KEY (workflow, component)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflows_of_component ON workflow_components (component);
-- Definitions of version 1 name their components in the members of that name, at any depth.
INSERT OR IGNORE INTO workflow_components (workflow, component)
    SELECT workflows.digest, unhex(substr(member.value, 8))
    FROM workflows, json_tree(workflows.definition) AS member
    WHERE member.key = 'component' AND member.type = 'text' AND member.value LIKE 'sha256:%'
        AND length(member.value) = 71;

CREATE TABLE applied (
    tenant TEXT NOT NULL,
    workflow BLOB NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    current INTEGER NOT NULL,
    PRIMARY KEY (tenant, workflow)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX applied_current ON applied (tenant, id) WHERE current = 1;
CREATE INDEX applied_by_workflow ON applied (workflow);
