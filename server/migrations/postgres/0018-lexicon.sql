-- LEX-01…08. What operators say about events, event properties and profiles: names, descriptions and marks that somebody
-- typed or uploaded. Nothing is read out of events or profiles into it; names that were only ever sent stay in the region
-- engine (invariant 3).
CREATE TABLE lexicon_entry (
    project_id integer NOT NULL REFERENCES project (id),
    -- `event-property`: of every event. The Schemas API knows the other two.
    kind       text NOT NULL CHECK (kind IN ('event', 'profile', 'event-property')),
    name       text NOT NULL,
    -- As the Schemas API answers it.
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, kind, name)
);

-- LEX-07, LEX-10. What a schema has no place for; an upload that replaces all schemas leaves it as it is.
CREATE TABLE lexicon_mark (
    project_id  integer NOT NULL REFERENCES project (id),
    kind        text NOT NULL CHECK (kind IN ('event', 'event-property')),
    name        text NOT NULL,
    -- Questions read it as this one; never itself merged away.
    merged_into text,
    -- Who vouches for it.
    verified_by text,
    verified_at timestamptz,
    PRIMARY KEY (project_id, kind, name)
);

-- 0: nothing was ever said. Caches made under another number are void.
ALTER TABLE project ADD COLUMN lexicon_version integer NOT NULL DEFAULT 0;
