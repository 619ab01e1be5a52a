"""Levels of messages: told as overdue up to which number, read by somebody here, accepted with something unchecked."""

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
CREATE TABLE accepted_blind (
    sender text NOT NULL,
    message_id uuid NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (sender, message_id)
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
    op.execute("DROP TABLE openings, accepted_blind, receipt_alarms")
