"""Receipts that do not come in time: up to which number an alarm was told."""

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
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE receipt_alarms")
