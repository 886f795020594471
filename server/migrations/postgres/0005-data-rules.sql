-- What a project wants done to its data at the door (privacy §6): one document each, of names, values to look for and
-- what to do then. It is written by admins and names no person: properties that say who an event is about are refused.
CREATE TABLE data_rules (
    project_id integer PRIMARY KEY REFERENCES project (id),
    version    integer NOT NULL,
    rules      jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- 0: there are none. Caches of rules made under another number are void.
ALTER TABLE project ADD COLUMN data_rules_version integer NOT NULL DEFAULT 0;
