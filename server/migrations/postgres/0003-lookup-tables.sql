-- ING-25. Names and counts only: the rows are in the region engine, under the version that is current here.
CREATE TABLE lookup_table (
    id         uuid PRIMARY KEY,
    project_id integer NOT NULL REFERENCES project (id),
    name       text NOT NULL,
    -- Null: nothing was uploaded yet.
    version    uuid,
    row_count  integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, name)
);

-- One row per PUT: counts them for a day, and remembers which rows of the engine are to go.
-- loading → current → retired → dropped; loading → retired when it failed or was given up; dropped → retired when more
-- of its rows may have come since.
CREATE TABLE lookup_upload (
    version    uuid PRIMARY KEY,
    project_id integer NOT NULL REFERENCES project (id),
    -- No reference: the upload is remembered until its rows are gone, longer than its table.
    table_id   uuid NOT NULL,
    state      text NOT NULL CHECK (state IN ('loading', 'current', 'retired', 'dropped')),
    started_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX lookup_upload_project ON lookup_upload (project_id, started_at);
CREATE INDEX lookup_upload_to_drop ON lookup_upload (state) WHERE state IN ('loading', 'retired');
