-- AUTH-29. Organizations whose people sign in by the settings and domains of another, their admin organization.
CREATE TABLE sso_link (
    organization_id       integer PRIMARY KEY REFERENCES organization (id) ON DELETE CASCADE,
    admin_organization_id integer NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    -- The SCIM group of the admin organization whose people are members here.
    scim_name             text NOT NULL,
    CHECK (organization_id <> admin_organization_id)
);
CREATE UNIQUE INDEX sso_link_scim_name ON sso_link (admin_organization_id, lower(scim_name));

CREATE TABLE sso_link_code (
    code_hash             text PRIMARY KEY,
    admin_organization_id integer NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    expires_at            timestamptz NOT NULL
);

-- Members that a SCIM group put into a linked organization: only they leave with it.
CREATE TABLE sso_link_member (
    organization_id integer NOT NULL REFERENCES sso_link (organization_id) ON DELETE CASCADE,
    account_id      integer NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (organization_id, account_id)
);

-- An admin organization has no projects: it only signs people in.
CREATE FUNCTION refuse_project_of_admin_organization() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM sso_link WHERE admin_organization_id = NEW.organization_id) THEN
        RAISE EXCEPTION 'other organizations sign in by this one: it has no projects' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER project_not_in_admin_organization BEFORE INSERT OR UPDATE OF organization_id ON project
    FOR EACH ROW EXECUTE FUNCTION refuse_project_of_admin_organization();

-- AUTH-19. A deleted organization works until `closes_at`; then nobody is in it, and its projects are purged.
ALTER TABLE organization
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN closes_at  timestamptz,
    ADD COLUMN closed_at  timestamptz,
    ADD CHECK ((deleted_at IS NULL) = (closes_at IS NULL));
CREATE INDEX organization_to_close ON organization (closes_at) WHERE closes_at IS NOT NULL AND closed_at IS NULL;
