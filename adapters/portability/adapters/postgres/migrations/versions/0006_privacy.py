"""Legal holds, protected persons, erasures, and who looked at whose record."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE legal_holds (
    hold_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    citation bytea NOT NULL,  -- sealed by the case's key
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    lifted_at timestamptz
);
CREATE INDEX legal_holds_in_force ON legal_holds (case_id) WHERE lifted_at IS NULL;

-- Cases, accounts and workers on file of persons whom only cleared staff may see.
CREATE TABLE protected_scopes (scope uuid PRIMARY KEY);

-- Random ids only; kept for ever, since a restored backup is erased again by them.
CREATE TABLE erasures (
    erasure_id uuid PRIMARY KEY,
    scopes uuid[] NOT NULL,
    erased_at timestamptz NOT NULL,
    erased_by text NOT NULL,
    basis text NOT NULL,
    salt bytea NOT NULL,  -- of the act's commitment in the log
    digest bytea NOT NULL  -- the commitment
);

-- What administrators and clerks do. Rows stay when their case is erased: no key opens them then, and the log has them.
CREATE TABLE acts (
    act_id uuid PRIMARY KEY,
    scope uuid NOT NULL,
    content bytea NOT NULL,  -- the salt of its log entry, and the act itself; sealed
    digest bytea NOT NULL  -- its commitment, as in the log
);

CREATE TABLE looks (
    look_id uuid PRIMARY KEY,
    scope uuid NOT NULL,
    content bytea NOT NULL,  -- the salt of its log entry, and the look itself; sealed
    digest bytea NOT NULL  -- its commitment, as in the log
);
CREATE INDEX looks_by_scope ON looks (scope, look_id);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE looks, acts, erasures, protected_scopes, legal_holds")
