-- CONN-01…10. Warehouses and buckets that a project imports from. Names of tables and columns are here, and instants; what
-- the rows hold is not.
CREATE TABLE warehouse_source (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id integer NOT NULL REFERENCES project (id),
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('postgres', 'clickhouse')),
    -- Host, database, user: what may be shown again.
    params     jsonb NOT NULL,
    -- Sealed with a key that is in no database (kernel/seal.ts).
    secrets    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, name)
);

CREATE TABLE warehouse_import (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id      integer NOT NULL REFERENCES project (id),
    region          text NOT NULL,
    -- Null: the connection was removed.
    source_id       integer REFERENCES warehouse_source (id) ON DELETE SET NULL,
    import_type     text NOT NULL CHECK (import_type IN ('event_stream', 'people', 'groups', 'lookup_table')),
    sync_mode       text NOT NULL CHECK (sync_mode IN ('time_based', 'full_sync', 'one_time')),
    -- As asked for: columns, event name, mappings.
    definition      jsonb NOT NULL,
    run_every_ns    bigint NOT NULL,
    paused          boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL,
    creator_id      integer NOT NULL,
    creator_name    text NOT NULL,
    creator_email   text NOT NULL,
    last_dispatch   timestamptz,
    -- Append: the newest insert time that a finished run has read, as text of the source.
    read_until      text,
    -- Of an import of a lookup table.
    lookup_table_id uuid,
    -- Of the last hour (CONN-07).
    manual_syncs    timestamptz[] NOT NULL DEFAULT '{}',
    -- ASKED: its events are still to be deleted.
    data_deletion   text CHECK (data_deletion IN ('ASKED', 'DONE')),
    deleted_at      timestamptz
);
CREATE INDEX warehouse_import_project ON warehouse_import (project_id, id);

CREATE TABLE warehouse_run (
    id            uuid PRIMARY KEY,
    import_id     integer NOT NULL REFERENCES warehouse_import (id) ON DELETE CASCADE,
    project_id    integer NOT NULL REFERENCES project (id),
    region        text NOT NULL,
    state         text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    queued_at     timestamptz NOT NULL,
    started_at    timestamptz,
    ended_at      timestamptz,
    imported_count bigint NOT NULL DEFAULT 0,
    failed_count   bigint NOT NULL DEFAULT 0,
    -- Append: everything before this insert time is stored, so that a run that was cut off goes on there.
    resume_at     text,
    -- Our own words: what a warehouse says can hold rows.
    error         text
);
CREATE INDEX warehouse_run_import ON warehouse_run (import_id, queued_at);
-- One at a time, and quickly found.
CREATE UNIQUE INDEX warehouse_run_open ON warehouse_run (import_id) WHERE state IN ('QUEUED', 'RUNNING');

-- Deletions of the events of an import do not count among the ten of a month.
ALTER TABLE event_deletion ADD COLUMN import_id integer;
