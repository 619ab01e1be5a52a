"""Repair: how the streams of senders stand, and what was reconciled with recipients."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE INDEX inbox_by_stream ON inbox (sender, stream_seq);

CREATE TABLE stream_watches (
    sender text PRIMARY KEY,
    complete_seq bigint NOT NULL DEFAULT 0,  -- all numbers up to this one are in the inbox
    missing_since timestamptz,
    next_ask_at timestamptz,
    asks integer NOT NULL DEFAULT 0,
    aside uuid  -- the entry of quarantine that shows the gap
);

CREATE TABLE digest_rounds (
    recipient text PRIMARY KEY,
    previous_seq bigint NOT NULL DEFAULT 0,  -- last number of the round before the last
    last_seq bigint NOT NULL DEFAULT 0,
    next_at timestamptz
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE digest_rounds, stream_watches; DROP INDEX inbox_by_stream")
