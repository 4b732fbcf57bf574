-- Schema version 6. docs/format/schema.md says what every table, column and index is for; decision 18 which tenant gets what.

CREATE TABLE workflow_holds (
    tenant TEXT NOT NULL,
    workflow BLOB NOT NULL,
    PRIMARY KEY (tenant, workflow)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_holds_by_workflow ON workflow_holds (workflow);

CREATE TABLE component_holds (
    seq INTEGER PRIMARY KEY,
    tenant TEXT,
    component BLOB NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (component, tenant)
) STRICT;
CREATE INDEX component_holds_by_name ON component_holds (tenant, name);
CREATE UNIQUE INDEX component_holds_published ON component_holds (component) WHERE tenant IS NULL;

CREATE TABLE called_workflows (
    run INTEGER NOT NULL,
    workflow BLOB NOT NULL,
    PRIMARY KEY (run, workflow)
) STRICT, WITHOUT ROWID;
CREATE INDEX called_workflows_by_workflow ON called_workflows (workflow);
INSERT INTO called_workflows (run, workflow)
    WITH heads (run, text, path) AS (
        SELECT seq, head, '$.called' FROM runs UNION ALL SELECT run, state, '$.head.called' FROM savepoints
    )
    SELECT DISTINCT heads.run, unhex(substr(called.value, 8))
    FROM heads, json_each(CASE WHEN json_valid(text) THEN text ELSE '{}' END, heads.path) AS called
    WHERE called.type = 'text' AND called.value LIKE 'sha256:%' AND length(called.value) = 71;

-- Definitions were everybody's: they become those of the tenants that have applied them or have runs that need them.
INSERT INTO workflow_holds (tenant, workflow)
    SELECT tenant, workflow FROM (
        SELECT tenant, workflow FROM applied
        UNION SELECT tenant, workflow FROM runs
        UNION SELECT runs.tenant, savepoints.workflow FROM savepoints JOIN runs ON runs.seq = savepoints.run
        UNION SELECT runs.tenant, called_workflows.workflow
            FROM called_workflows JOIN runs ON runs.seq = called_workflows.run
    ) WHERE workflow IN (SELECT digest FROM workflows);
INSERT INTO workflow_holds (tenant, workflow)
    SELECT 'default', digest FROM workflows WHERE digest NOT IN (SELECT workflow FROM workflow_holds);

-- And components those of the tenants that hold a definition with a step of them. In the order in which they were added, as the latest
-- of a name is the one that it means.
INSERT INTO component_holds (tenant, component, name, at)
    WITH used (tenant, component) AS (
        SELECT workflow_holds.tenant, workflow_components.component
        FROM workflow_holds JOIN workflow_components USING (workflow)
        UNION
        SELECT 'default', digest FROM components WHERE digest NOT IN (SELECT component FROM workflow_components)
    )
    SELECT used.tenant, components.digest, components.name, components.created_at
    FROM components JOIN used ON used.component = components.digest ORDER BY components.seq, used.tenant;
