-- PIPE-01…06. What operators set up and what was written where: names, counts and hashes of files. Ids and property values
-- are only in the files themselves (invariant 3).
CREATE TABLE pipeline (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  integer NOT NULL REFERENCES project (id),
    region      text NOT NULL,
    name        text NOT NULL,
    frequency   text NOT NULL CHECK (frequency IN ('daily', 'hourly')),
    -- Bucket, prefix, events, where: no secret.
    settings    jsonb NOT NULL,
    -- Sealed by a key that is not in this store.
    credentials text NOT NULL,
    -- Start of the next window that is to be written, and where windows end; null: never.
    next_from   timestamptz NOT NULL,
    ends_at     timestamptz,
    paused      boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, name)
);

-- One window of one pipeline: the manifest of what is in the bucket.
CREATE TABLE pipeline_step (
    pipeline_id   bigint NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
    from_time     timestamptz NOT NULL,
    to_time       timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('running', 'retried', 'succeeded')),
    attempt_count integer NOT NULL DEFAULT 1,
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    -- Null until it is written, as the three below.
    file_key      text,
    row_count     bigint,
    byte_count    bigint,
    -- Of the bytes of the file.
    sha256        text,
    PRIMARY KEY (pipeline_id, from_time)
);
