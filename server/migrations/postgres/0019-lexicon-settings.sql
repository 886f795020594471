-- LEX-09, LEX-10, LEX-11. How a project governs its names: whether new events wait for approval, standards, and whether
-- volumes are watched. What was found is in the region engine.
CREATE TABLE lexicon_settings (
    project_id     integer PRIMARY KEY REFERENCES project (id),
    version        integer NOT NULL,
    settings       jsonb NOT NULL,
    -- The engine's clock when approval was switched on: events of names from before are approved. Null: it is off.
    approval_since text,
    updated_at     timestamptz NOT NULL DEFAULT now()
);
