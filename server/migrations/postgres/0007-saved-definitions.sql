-- What analysts save: definitions of funnels, reports, cohorts, custom events and data views. They hold names, expressions
-- and labels as typed; nothing is read out of events or profiles into them, and members of a static cohort are in the
-- region engine (invariant 3).
CREATE TABLE saved_definition (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   integer NOT NULL REFERENCES project (id),
    kind         text NOT NULL CHECK (kind IN ('funnel', 'bookmark', 'cohort', 'custom-event', 'data-view')),
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    is_visible   boolean NOT NULL DEFAULT true,
    definition   jsonb NOT NULL,
    creator_type text NOT NULL CHECK (creator_type IN ('user', 'service_account')),
    creator_id   integer NOT NULL,
    creator_name text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX saved_definition_project ON saved_definition (project_id, kind, id);

-- RPT-06. How many the cohort had when it was last computed; which upload counts, for a static one.
CREATE TABLE cohort_state (
    cohort_id      integer PRIMARY KEY REFERENCES saved_definition (id) ON DELETE CASCADE,
    member_count   integer NOT NULL DEFAULT 0,
    counted_at     timestamptz,
    member_version uuid
);

-- RPT-12. `noted_for` is wall-clock time of the project's zone, kept as it was sent.
CREATE TABLE annotation (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   integer NOT NULL REFERENCES project (id),
    noted_for    timestamp NOT NULL,
    description  text NOT NULL,
    creator_type text NOT NULL CHECK (creator_type IN ('user', 'service_account', 'project_secret')),
    creator_id   integer NOT NULL,
    creator_name text NOT NULL
);
CREATE INDEX annotation_project ON annotation (project_id, noted_for);

CREATE TABLE annotation_tag (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id integer NOT NULL REFERENCES project (id),
    name       text NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE annotation_tag_use (
    annotation_id integer NOT NULL REFERENCES annotation (id) ON DELETE CASCADE,
    tag_id        integer NOT NULL REFERENCES annotation_tag (id) ON DELETE CASCADE,
    PRIMARY KEY (annotation_id, tag_id)
);

-- QRY-11. Pages of one engage query; the ids are in the region engine. Counts only: what was asked is not kept.
CREATE TABLE engage_session (
    session_id   text PRIMARY KEY,
    project_id   integer NOT NULL REFERENCES project (id),
    page_size    integer NOT NULL,
    total        integer NOT NULL,
    -- Whether ids without a profile are shown.
    has_bare_ids boolean NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX engage_session_age ON engage_session (created_at);
