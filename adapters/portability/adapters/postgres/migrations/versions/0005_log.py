"""The log: entries on their way into it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Entries come in here without a lock; the sequencer gives them their positions and takes them away.
TABLES = """
CREATE TABLE log_staged (
    staged_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    digest bytea NOT NULL,
    at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE log_staged")
