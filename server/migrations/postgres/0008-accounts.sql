-- Organizations, projects, members and service accounts as people change them by API (auth §2, §4, §6). Those who log in,
-- never people in the data.

-- AUTH-10. What the account is in its organization, and on projects it is added to without a role. Null: a member.
ALTER TABLE service_account
    ADD COLUMN role       text CHECK (role IN ('owner', 'admin', 'analyst', 'consumer')),
    -- Who made it: the id of an account, or of a service account. Null: provisioning.
    ADD COLUMN creator_id integer;
CREATE INDEX service_account_organization ON service_account (organization_id, id);
CREATE INDEX service_account_project_project ON service_account_project (project_id);

-- AUTH-19. Numbers of what is made by API; provisioning names its own.
CREATE SEQUENCE organization_number START 100001;
CREATE SEQUENCE project_number START 3000001;

-- Deleted: no door opens it any longer. Its data goes when `purge_due_at` is over, and `purged_at` says that no row was left.
ALTER TABLE project
    ADD COLUMN deleted_at    timestamptz,
    ADD COLUMN purge_due_at  timestamptz,
    ADD COLUMN purged_at     timestamptz,
    -- Rows found in each table of the region before and after: counts only.
    ADD COLUMN purge_proof   jsonb;
CREATE INDEX project_organization ON project (organization_id, id);
CREATE INDEX project_to_purge ON project (region, purge_due_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX project_member_account ON project_member (account_id);
CREATE INDEX organization_member_account ON organization_member (account_id);

-- AUTH-18. Shown once to the inviter; here is only the hash.
CREATE TABLE invitation (
    id              uuid PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organization (id),
    email           text NOT NULL,
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'billing_admin', 'member')),
    -- [{"id": project, "role": role}]
    projects        jsonb NOT NULL DEFAULT '[]',
    token_hash      text NOT NULL UNIQUE,
    inviter_id      integer REFERENCES account (id),
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    revoked_at      timestamptz
);
CREATE INDEX invitation_organization ON invitation (organization_id, created_at);

-- AUTH-17. A team's roles are its members', beside their own.
CREATE TABLE team (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organization (id),
    name            text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, name)
);
CREATE TABLE team_account (
    team_id    integer NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    account_id integer NOT NULL REFERENCES account (id),
    PRIMARY KEY (team_id, account_id)
);
CREATE INDEX team_account_account ON team_account (account_id);
CREATE TABLE team_service_account (
    team_id            integer NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    service_account_id integer NOT NULL REFERENCES service_account (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, service_account_id)
);
CREATE INDEX team_service_account_account ON team_service_account (service_account_id);
CREATE TABLE team_project (
    team_id    integer NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    project_id integer NOT NULL REFERENCES project (id),
    role       text NOT NULL CHECK (role IN ('owner', 'admin', 'analyst', 'consumer')),
    PRIMARY KEY (team_id, project_id)
);
CREATE INDEX team_project_project ON team_project (project_id);

-- First run: what the server printed for whoever started it. None is left once somebody can log in.
CREATE TABLE setup_code (
    code_hash  text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
