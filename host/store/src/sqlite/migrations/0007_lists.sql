-- Schema version 7, filters of lists. docs/format/schema.md says what every table, column and index is for.

-- Lists of runs are in the order in which these were created, whatever they are filtered by.
DROP INDEX runs_of_tenant;
CREATE INDEX runs_of_tenant ON runs (tenant, created_at);
DROP INDEX runs_by_status;
CREATE INDEX runs_by_status ON runs (status, tenant, created_at);
CREATE INDEX runs_by_workflow ON runs (tenant, workflow_id, created_at);
CREATE INDEX runs_by_resource ON runs (tenant, resource_id, created_at) WHERE resource_id IS NOT NULL;

-- A number for the place where a run waits, as the text in an index would take more room than all else there.
CREATE TABLE spots (
    seq INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    step TEXT NOT NULL,
    UNIQUE (tenant, workflow_id, step)
) STRICT;

ALTER TABLE suspensions ADD COLUMN spot INTEGER;
ALTER TABLE suspensions ADD COLUMN assignees TEXT;

-- The paths of what is open, and the same without the indexes of repetitions, of which one goes at a time.
CREATE TABLE bare (path TEXT PRIMARY KEY, step TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO bare (path, step)
    WITH RECURSIVE fewer (path, step) AS (
        SELECT DISTINCT path, path FROM suspensions WHERE ended IS NULL
        UNION ALL
        SELECT path, substr(step, 1, instr(step, '[') - 1) || substr(step, instr(step, ']') + 1)
        FROM fewer WHERE instr(step, '[') BETWEEN 1 AND instr(step, ']')
    )
    SELECT path, step FROM fewer WHERE NOT instr(step, '[') BETWEEN 1 AND instr(step, ']');
INSERT INTO spots (tenant, workflow_id, step)
    SELECT DISTINCT suspensions.tenant, runs.workflow_id, bare.step
    FROM suspensions JOIN runs ON runs.seq = suspensions.run JOIN bare ON bare.path = suspensions.path
    WHERE suspensions.ended IS NULL;
UPDATE suspensions SET spot = (
        SELECT spots.seq FROM runs JOIN bare ON bare.path = suspensions.path JOIN spots
        ON spots.tenant = suspensions.tenant AND spots.workflow_id = runs.workflow_id AND spots.step = bare.step
        WHERE runs.seq = suspensions.run
    ) WHERE ended IS NULL;
DROP TABLE bare;

-- Who is asked was in the record of the step alone. Few questions say it, and only their records are read.
UPDATE suspensions SET assignees = found.assignees FROM (
        SELECT steps.run AS run, open.value ->> '$.id' AS id, open.value -> '$.wait.what.answer.assignees' AS assignees
        FROM steps, json_each(CASE WHEN json_valid(record) THEN record ELSE '{}' END, '$.suspensions') AS open
        WHERE steps.active = 1 AND instr(steps.record, '"assignees":[') > 0
    ) AS found
    WHERE suspensions.run = found.run AND suspensions.id = unhex(substr(found.id, 5)) AND suspensions.ended IS NULL;

CREATE TABLE suspension_names (
    tenant TEXT NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    id BLOB NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, name, id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO suspension_names (tenant, kind, name, id, run)
    WITH named (tenant, kind, names, id, run) AS (
        SELECT tenant, 0, labels, id, run FROM suspensions WHERE ended IS NULL AND labels IS NOT NULL
        UNION ALL
        SELECT tenant, 1, assignees, id, run FROM suspensions WHERE ended IS NULL AND assignees IS NOT NULL
    )
    SELECT named.tenant, named.kind, name.value, named.id, named.run
    FROM named, json_each(CASE WHEN json_valid(names) THEN names ELSE '[]' END) AS name
    WHERE name.type = 'text';

-- Waits for time and events stand in no inbox, and are as many as there are runs that sleep.
DROP INDEX suspensions_open;
CREATE INDEX suspensions_open ON suspensions (tenant, takes_answer, id) WHERE ended IS NULL;
CREATE INDEX suspensions_by_spot ON suspensions (spot, id) WHERE ended IS NULL;
CREATE INDEX suspensions_due ON suspensions (tenant, takes_answer, due_at, id) WHERE ended IS NULL AND due_at IS NOT NULL;
