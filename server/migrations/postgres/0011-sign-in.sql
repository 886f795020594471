-- How members sign in (auth §7): sessions by device, mailed links, second factors, passkeys. Nothing of people in the data.

ALTER TABLE session
    ADD COLUMN last_seen_at      timestamptz,
    ADD COLUMN method            text NOT NULL DEFAULT 'password' CHECK (method IN ('password', 'magic-link', 'passkey', 'sso')),
    -- A second factor was shown, or a passkey that asks who holds it.
    ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false,
    -- Family of browser and system, such as `Firefox on Linux`; never what the browser sent.
    ADD COLUMN agent             text NOT NULL DEFAULT '';
CREATE INDEX session_account ON session (account_id);

-- Its last recovery code is used: a new second factor has to be set up before anything else.
ALTER TABLE account ADD COLUMN must_set_up_second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE organization ADD COLUMN two_factor_required boolean NOT NULL DEFAULT false;

-- Anything that is begun here and ended once by whoever holds the token: a mailed link, a password that waits for its
-- second factor, a passkey that is asked to sign.
CREATE TABLE sign_in_ticket (
    token_hash    text PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('magic-link', 'password-reset', 'second-factor', 'passkey-registration', 'passkey-sign-in')),
    -- Null: nobody is known yet.
    account_id    integer REFERENCES account (id) ON DELETE CASCADE,
    -- Region of the host that was asked; null: no region's host (single-host mode).
    region        text,
    -- How the first step was made, or what is to be signed.
    detail        text NOT NULL DEFAULT '',
    expires_at    timestamptz NOT NULL
);
CREATE INDEX sign_in_ticket_expiry ON sign_in_ticket (expires_at);
CREATE INDEX sign_in_ticket_account ON sign_in_ticket (account_id);

CREATE TABLE second_factor (
    account_id    integer PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    -- Sealed by a key that is not in this store.
    sealed_secret text NOT NULL,
    created_at    timestamptz NOT NULL,
    -- Null: set up has begun, and no code was shown yet.
    confirmed_at  timestamptz,
    -- The last time step whose code was taken: no code is taken twice.
    last_step     bigint NOT NULL DEFAULT 0
);

-- Guesses at second factors, counted for all servers.
CREATE TABLE second_factor_failure (
    account_id     integer PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    failure_count  integer NOT NULL,
    window_ends_at timestamptz NOT NULL
);

-- Keyed hashes: the store alone tells no code.
CREATE TABLE recovery_code (
    account_id integer NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    code_hash  text NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

CREATE TABLE passkey (
    id            uuid PRIMARY KEY,
    account_id    integer NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- As the authenticator says it, base64url.
    credential_id text NOT NULL UNIQUE,
    -- The host that it is for, and so its region.
    rp_id         text NOT NULL,
    name          text NOT NULL,
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL,
    transports    text[] NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz
);
CREATE INDEX passkey_account ON passkey (account_id);
