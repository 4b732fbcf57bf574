-- Schema version 7, what was asked and answered. docs/format/schema.md says what every table, column and index is for.

-- What was asked and what came of it stays with the suspension. The longest come last, so that lists do not read past them.
ALTER TABLE suspensions ADD COLUMN version INTEGER;
ALTER TABLE suspensions ADD COLUMN ended_version INTEGER;
ALTER TABLE suspensions ADD COLUMN continues BLOB;
ALTER TABLE suspensions ADD COLUMN actor TEXT;
ALTER TABLE suspensions ADD COLUMN asserted INTEGER;
ALTER TABLE suspensions ADD COLUMN via TEXT;
ALTER TABLE suspensions ADD COLUMN channel TEXT;
ALTER TABLE suspensions ADD COLUMN dropped_refusals INTEGER;
ALTER TABLE suspensions ADD COLUMN dropped_late INTEGER;
ALTER TABLE suspensions ADD COLUMN question_part BLOB;
ALTER TABLE suspensions ADD COLUMN answer_part BLOB;
ALTER TABLE suspensions ADD COLUMN question TEXT;
ALTER TABLE suspensions ADD COLUMN answer TEXT;
ALTER TABLE suspensions ADD COLUMN comment TEXT;
CREATE INDEX suspensions_by_actor ON suspensions (tenant, actor, id) WHERE actor IS NOT NULL;

-- The commit that ended each of those that there are: the first one of that instant. One that began in the same instant may have ended in
-- a later commit.
CREATE INDEX log_by_time ON log (run, at);
UPDATE suspensions SET ended_version = (
        SELECT min(log.version) FROM log WHERE log.run = suspensions.run AND log.at = suspensions.ended_at
    ) WHERE ended IS NOT NULL AND since < ended_at;
DROP INDEX log_by_time;

CREATE TABLE tries (
    run INTEGER NOT NULL,
    suspension BLOB NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    refused_version INTEGER,
    refused_at INTEGER,
    bytes INTEGER NOT NULL,
    actor TEXT,
    asserted INTEGER,
    via TEXT,
    channel TEXT,
    part BLOB,
    message TEXT NOT NULL,
    answer TEXT,
    comment TEXT,
    PRIMARY KEY (run, suspension, seq)
) STRICT, WITHOUT ROWID;

-- Who sent an event is kept with the suspension that it ends.
ALTER TABLE messages ADD COLUMN sender TEXT;
