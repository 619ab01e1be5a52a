"""Levels of receipts: up to which number an alarm was told, and which received messages somebody has read."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE receipt_alarms (
    recipient text NOT NULL,
    level text NOT NULL,
    told_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (recipient, level)
);
CREATE TABLE openings (
    sender text NOT NULL,
    message_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (sender, message_id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE openings, receipt_alarms")
