-- RPT-07. How a project's sessions are put together when a question is asked; a project without a row goes by a gap of
-- 30 minutes. Names of events and properties, no values.
CREATE TABLE session_settings (
    project_id integer PRIMARY KEY REFERENCES project (id),
    version    integer NOT NULL,
    settings   jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
