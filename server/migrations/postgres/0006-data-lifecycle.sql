-- PRIV-33. How long events are kept, in days; null: for ever. A project without a row goes by the installation's default.
CREATE TABLE project_retention (
    project_id integer PRIMARY KEY REFERENCES project (id),
    days       integer CHECK (days > 0)
);
-- Projects from before this release keep everything until somebody says otherwise.
INSERT INTO project_retention (project_id, days) SELECT id, NULL FROM project;

-- Events of these names are kept longer or shorter than the others.
CREATE TABLE event_retention (
    project_id integer NOT NULL REFERENCES project (id),
    event      text NOT NULL,
    days       integer CHECK (days > 0),
    PRIMARY KEY (project_id, event)
);

-- Numbers the copies that the region engines read by: the highest one is the newest.
CREATE SEQUENCE event_retention_version;

-- PRIV-34. One request to delete events by a rule. Values of filters are in the region engine, while the rule is.
CREATE TABLE event_deletion (
    id                uuid PRIMARY KEY,
    project_id        integer NOT NULL REFERENCES project (id),
    region            text NOT NULL,
    event             text NOT NULL,
    from_date         date NOT NULL,
    -- Inclusive.
    to_date           date NOT NULL,
    filter_properties text[] NOT NULL,
    state             text NOT NULL CHECK (state IN ('PENDING', 'STARTED', 'SUCCESS', 'FAILURE', 'REVOKED')),
    -- Rows that the rule meant when it was made.
    event_count       bigint NOT NULL DEFAULT 0,
    requested_by      text NOT NULL,
    requested_at      timestamptz NOT NULL,
    -- When the time to undo is over (LETHE_EVENT_DELETION_GRACE_SECONDS).
    due_at            timestamptz NOT NULL,
    cutoff            text NOT NULL,
    finished_at       timestamptz,
    attempt_count     integer NOT NULL DEFAULT 0
);
CREATE INDEX event_deletion_project ON event_deletion (project_id, requested_at);
CREATE INDEX event_deletion_due ON event_deletion (region, due_at) WHERE state IN ('PENDING', 'STARTED');

-- PRIV-36. Properties that only those see who have classified access.
CREATE TABLE classified_property (
    project_id integer NOT NULL REFERENCES project (id),
    kind       text NOT NULL CHECK (kind IN ('event', 'profile')),
    name       text NOT NULL,
    PRIMARY KEY (project_id, kind, name)
);
ALTER TABLE service_account ADD COLUMN classified_access boolean NOT NULL DEFAULT false;
ALTER TABLE organization_member ADD COLUMN classified_access boolean NOT NULL DEFAULT false;
