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
    complete_seq bigint NOT NULL DEFAULT 0,  -- all numbers up to this one are in the inbox, or void
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

-- Numbers of senders under which nothing will come, for they have erased what stood there, as they say.
CREATE TABLE stream_voids (
    sender text NOT NULL,
    stream_seq bigint NOT NULL,
    message_id uuid NOT NULL,
    leaf_hash bytea NOT NULL,
    case_id uuid NOT NULL,
    case_seq bigint NOT NULL,
    reason text NOT NULL,
    said_at timestamptz NOT NULL,
    belied_at timestamptz,  -- when its message was found to have come all the same
    PRIMARY KEY (sender, stream_seq)
);
CREATE INDEX stream_voids_to_look_at ON stream_voids (sender, stream_seq)
    WHERE belied_at IS NULL AND reason = 'erased_before_sent';
-- One row: the void number that was looked at last; after the last one it begins anew.
CREATE TABLE void_looks (sender text NOT NULL, stream_seq bigint NOT NULL);
INSERT INTO void_looks VALUES ('', 0);
CREATE INDEX stream_voids_by_case ON stream_voids (case_id, sender, case_seq);

-- Numbers of cases that a person here waits for no more. Who and why stands in the quarantine.
CREATE TABLE given_up (
    sender text NOT NULL,
    case_id uuid NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    entry_id uuid NOT NULL,
    reasons text[] NOT NULL,  -- as the sender is told
    given_up_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, sender, first_seq)
);
CREATE INDEX message_outcomes_expired ON message_outcomes (recipient, stream_seq) WHERE status = 'expired';
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE given_up, void_looks, stream_voids, digest_rounds, stream_watches; "
        "DROP INDEX inbox_by_stream, message_outcomes_expired"
    )
