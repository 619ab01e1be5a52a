"""Workers on file, their one-time codes, sessions and attempts to sign in."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Contact and numbers stand as keyed hashes, to be found by; what is on file is sealed by the worker's key.
TABLES = """
CREATE TABLE workers (
    worker_id uuid PRIMARY KEY,
    contact bytea NOT NULL CHECK (length(contact) = 32),
    insurance_numbers bytea[] NOT NULL,
    document bytea NOT NULL
);
-- Not unique: a family may share one phone.
CREATE INDEX workers_by_contact ON workers (contact);
CREATE INDEX workers_by_number ON workers USING gin (insurance_numbers);

-- No reference to the table of cases: that one is another service's own.
CREATE TABLE worker_cases (
    case_id uuid PRIMARY KEY,
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE
);
CREATE INDEX worker_cases_by_worker ON worker_cases (worker_id, case_id);

-- Who acts for a worker, or sat beside her (then without a contact); sealed by the worker's key.
CREATE TABLE mandates (
    mandate_id uuid PRIMARY KEY,
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    contact bytea CHECK (length(contact) = 32),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    revoked_at timestamptz,
    document bytea NOT NULL
);
CREATE INDEX mandates_by_worker ON mandates (worker_id, mandate_id);
CREATE INDEX mandates_by_contact ON mandates (contact) WHERE revoked_at IS NULL;

CREATE TABLE worker_sign_in_codes (
    challenge_hash bytea PRIMARY KEY CHECK (length(challenge_hash) = 32),
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    worker_id uuid REFERENCES workers ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    mandate_id uuid REFERENCES mandates ON DELETE CASCADE,
    used_at timestamptz
);
CREATE INDEX worker_sign_in_codes_by_end ON worker_sign_in_codes (expires_at);

CREATE TABLE worker_sessions (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL CHECK (last_seen_at >= created_at),
    mandate_id uuid REFERENCES mandates ON DELETE CASCADE
);
CREATE INDEX worker_sessions_by_last_use ON worker_sessions (last_seen_at);

CREATE TABLE worker_sign_in_attempts (
    key bytea PRIMARY KEY CHECK (length(key) = 32),
    ends_at timestamptz NOT NULL,
    spent integer NOT NULL CHECK (spent > 0)
);
CREATE INDEX worker_sign_in_attempts_by_end ON worker_sign_in_attempts (ends_at);

-- What workers dispute; sealed by the key of the case.
CREATE TABLE disputes (
    dispute_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    waits_for_us boolean NOT NULL,
    document bytea NOT NULL
);
CREATE INDEX disputes_by_case ON disputes (case_id, dispute_id);
CREATE INDEX disputes_that_wait ON disputes (dispute_id) WHERE waits_for_us;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE disputes")
    op.execute(
        "DROP TABLE worker_sign_in_attempts, worker_sessions, worker_sign_in_codes, mandates, worker_cases, workers"
    )
