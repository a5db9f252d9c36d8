-- Accounts, their sessions with the refresh tokens of each, and what is remembered for recommendations.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL CONSTRAINT users_email_key UNIQUE,  -- Lower case: the service folds it.
    password_hash text,                                     -- Null: signs in through an identity provider alone.
    first_name text NOT NULL,
    last_name text NOT NULL,
    categories text[] NOT NULL DEFAULT '{}',
    newsletter boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who an identity provider says someone is.
CREATE TABLE identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

-- A sign-in and all refresh tokens that came from it.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Used ones stay as long as their session, so that a second use is noticed. The token itself is nowhere, only its SHA-256.
CREATE TABLE refresh_tokens (
    digest text PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- The products that someone looked at last, each once.
CREATE TABLE history (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    product_id uuid NOT NULL,
    category text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, product_id)
);
