-- Single sign-on (auth §8). Holds members' sign-in settings: nothing of people in the data (invariant 3).
CREATE TABLE sso_configuration (
    organization_id        integer PRIMARY KEY REFERENCES organization (id) ON DELETE CASCADE,
    -- One issuer, one organization: an answer that names no organization is found by it.
    issuer                 text NOT NULL UNIQUE,
    sign_in_url            text NOT NULL,
    -- PEM; two while the identity provider changes its key.
    certificates           text[] NOT NULL CHECK (cardinality(certificates) BETWEEN 1 AND 2),
    is_enabled             boolean NOT NULL,
    is_required            boolean NOT NULL,
    -- For assertions encrypted to us: the private key, sealed by the installation's key, and its certificate.
    sealed_key             text NOT NULL,
    encryption_certificate text NOT NULL,
    CHECK (is_enabled OR NOT is_required)
);

CREATE TABLE sso_domain (
    organization_id integer NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    domain          text NOT NULL,
    -- What the TXT record has to say; not a secret.
    token           text NOT NULL,
    claimed_at      timestamptz NOT NULL,
    checked_at      timestamptz,
    -- When the record was last seen.
    seen_at         timestamptz,
    verified_at     timestamptz,
    PRIMARY KEY (organization_id, domain)
);
-- Several may claim a domain; one proves it.
CREATE UNIQUE INDEX sso_domain_owner ON sso_domain (domain) WHERE verified_at IS NOT NULL;

-- Sign-ins that began here and wait for their answer.
CREATE TABLE sso_request (
    id              text PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    expires_at      timestamptz NOT NULL
);
CREATE INDEX sso_request_expiry ON sso_request (expires_at);

-- Every assertion opens one session. Kept for as long as its assertion could be shown again.
CREATE TABLE sso_used_assertion (
    organization_id integer NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    assertion_hash  text NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, assertion_hash)
);
CREATE INDEX sso_used_assertion_expiry ON sso_used_assertion (expires_at);

-- AUTH-28. One live token for each organization; the token itself is shown once and never stored.
CREATE TABLE scim_token (
    organization_id integer PRIMARY KEY REFERENCES organization (id) ON DELETE CASCADE,
    token_hash      text NOT NULL UNIQUE,
    created_at      timestamptz NOT NULL,
    last_used_at    timestamptz
);

-- A member as the identity provider knows them: also whom it has put aside, who is no member any more.
CREATE TABLE sso_member (
    organization_id integer NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    account_id      integer NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    scim_id         uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    external_id     text,
    first_name      text NOT NULL DEFAULT '',
    last_name       text NOT NULL DEFAULT '',
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, account_id)
);

-- A team as the identity provider knows it: groups and teams of one name are one thing (auth §8).
CREATE TABLE scim_group (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id     integer NOT NULL UNIQUE REFERENCES team (id) ON DELETE CASCADE,
    external_id text
);
