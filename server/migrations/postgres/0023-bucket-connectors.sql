-- CONN-01. One scan of the files of a bucket; names of files are not kept, only how many are done, in the order of names.
CREATE TABLE bucket_connector (
    id              uuid PRIMARY KEY,
    project_id      integer NOT NULL REFERENCES project (id),
    region          text NOT NULL,
    connector_type  text NOT NULL CHECK (connector_type = 's3Import'),
    properties      jsonb NOT NULL,
    category        jsonb NOT NULL,
    secrets         text NOT NULL,
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    run_id          uuid NOT NULL,
    state           text NOT NULL CHECK (state IN ('queued', 'running', 'success', 'failed')),
    started_at      timestamptz,
    ended_at        timestamptz,
    file_count      integer,
    done_file_count integer NOT NULL DEFAULT 0,
    imported_count  bigint NOT NULL DEFAULT 0,
    dropped_count   bigint NOT NULL DEFAULT 0,
    imported_bytes  bigint NOT NULL DEFAULT 0,
    error           text,
    deleted_at      timestamptz
);
CREATE INDEX bucket_connector_project ON bucket_connector (project_id, created_at);
