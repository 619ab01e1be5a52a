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

-- What comparisons with a partner came to on a day. Kept for a year.
CREATE TABLE reconciliations (
    partner text NOT NULL,
    direction text NOT NULL,
    day date NOT NULL,
    first_seq bigint,  -- from the lowest to the highest number that was stated
    last_seq bigint,
    digests integer NOT NULL DEFAULT 0,  -- received and none: the partner was silent
    questions integer NOT NULL DEFAULT 0,
    first_at timestamptz,
    last_at timestamptz,
    PRIMARY KEY (partner, direction, day)
);
CREATE INDEX reconciliations_by_day ON reconciliations (day);
-- Where a partner states something else than is here. Whether it has come since, the inbox says.
CREATE TABLE reconciliation_findings (
    partner text NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    stated bigint NOT NULL,  -- messages, as the partner says
    root bytea NOT NULL,
    found_at timestamptz NOT NULL,
    asked_at timestamptz,
    is_judged boolean NOT NULL DEFAULT false,  -- it has stood for a day, and was told of if it was still open
    PRIMARY KEY (partner, day, kind, first_seq, last_seq)
);
CREATE INDEX reconciliation_findings_to_judge ON reconciliation_findings (found_at) WHERE NOT is_judged;
-- What people have settled of it, by what stood there then: another difference under the same numbers is open again.
CREATE TABLE reconciliation_settlements (
    request_id uuid NOT NULL,
    partner text NOT NULL,
    kind text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    stated bigint NOT NULL,
    root bytea NOT NULL,
    leaves bytea NOT NULL,  -- differing: the leaf hashes of what was here, in their order; otherwise empty
    asked_first bigint NOT NULL,  -- the numbers that the person named
    asked_last bigint NOT NULL,
    settled_by text NOT NULL,
    settled_at timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (request_id, kind, first_seq, last_seq, stated, root)
);
CREATE INDEX reconciliation_settlements_by_number ON reconciliation_settlements (partner, first_seq);
-- Up to which day is known whether a sender was silent.
CREATE TABLE silence_watches (sender text PRIMARY KEY, judged_on date NOT NULL);

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
-- Gaps of streams that a person here waits for no more. Who and when stands in the quarantine.
CREATE TABLE gaps_given_up (
    sender text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    entry_id uuid PRIMARY KEY,
    reason text NOT NULL
);
CREATE INDEX gaps_given_up_by_number ON gaps_given_up (sender, last_seq);
CREATE INDEX message_outcomes_expired ON message_outcomes (recipient, stream_seq) WHERE status = 'expired';
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE gaps_given_up, given_up, void_looks, stream_voids, silence_watches, reconciliation_settlements, "
        "reconciliation_findings, reconciliations, digest_rounds, stream_watches; "
        "DROP INDEX inbox_by_stream, message_outcomes_expired"
    )
