"""Conversations with workers by SMS and USSD, and their PINs."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A conversation stands under a keyed hash of its phone's number; the session behind it is made from a key elsewhere.
TABLES = """
CREATE TABLE worker_conversations (
    key bytea PRIMARY KEY CHECK (length(key) = 32),
    nonce bytea NOT NULL,
    place text NOT NULL,
    page integer NOT NULL CHECK (page >= -1),
    language text NOT NULL,
    used_at timestamptz NOT NULL
);
CREATE INDEX worker_conversations_by_last_use ON worker_conversations (used_at);

CREATE TABLE worker_pins (
    worker_id uuid PRIMARY KEY REFERENCES workers ON DELETE CASCADE,
    pin_hash bytea NOT NULL CHECK (length(pin_hash) = 32),
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE worker_pins, worker_conversations")
