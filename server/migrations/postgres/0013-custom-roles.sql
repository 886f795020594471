-- AUTH-16. Roles of a project's own, beside the built-in ones. Names and permissions: nothing of people in the data.
CREATE TABLE custom_role (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  integer NOT NULL REFERENCES project (id),
    name        text NOT NULL,
    description text NOT NULL DEFAULT '',
    -- Names of the table in features/access; what a release does not know opens nothing.
    permissions text[] NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    -- For the keys below: a role is given in its own project only.
    UNIQUE (id, project_id)
);
CREATE UNIQUE INDEX custom_role_name ON custom_role (project_id, lower(name));

-- Who holds a custom role is a consumer below it: that is left when the role is deleted.
ALTER TABLE project_member
    ADD COLUMN custom_role_id integer,
    ADD FOREIGN KEY (custom_role_id, project_id) REFERENCES custom_role (id, project_id) ON DELETE SET NULL (custom_role_id),
    ADD CHECK (custom_role_id IS NULL OR role = 'consumer');
ALTER TABLE service_account_project
    ADD COLUMN custom_role_id integer,
    ADD FOREIGN KEY (custom_role_id, project_id) REFERENCES custom_role (id, project_id) ON DELETE SET NULL (custom_role_id),
    ADD CHECK (custom_role_id IS NULL OR role = 'consumer');
ALTER TABLE team_project
    ADD COLUMN custom_role_id integer,
    ADD FOREIGN KEY (custom_role_id, project_id) REFERENCES custom_role (id, project_id) ON DELETE SET NULL (custom_role_id),
    ADD CHECK (custom_role_id IS NULL OR role = 'consumer');
CREATE INDEX project_member_custom_role ON project_member (custom_role_id) WHERE custom_role_id IS NOT NULL;
CREATE INDEX service_account_project_custom_role ON service_account_project (custom_role_id) WHERE custom_role_id IS NOT NULL;
CREATE INDEX team_project_custom_role ON team_project (custom_role_id) WHERE custom_role_id IS NOT NULL;

-- PRIV-36. A team's people and service accounts see classified properties of the projects that the team is in.
ALTER TABLE team ADD COLUMN classified_access boolean NOT NULL DEFAULT false;
