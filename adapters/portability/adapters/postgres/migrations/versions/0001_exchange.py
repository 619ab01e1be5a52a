"""The exchange: outbox, sealed bundles, inbox, receipts, offsets, quarantine."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Ids are time-ordered, so the indexes on them grow at their right end. Content is
# sealed by the key of its case (keys_at_rest, in a database of its own); what is beside it names nobody.
TABLES = """
-- Each of these three is changed by one part of the node: whoever submits, the relay, the consumer.
CREATE TABLE exchange_sequences (
    recipient text PRIMARY KEY,
    last_seq bigint NOT NULL DEFAULT 0,
    unreceipted bigint NOT NULL DEFAULT 0,  -- messages among them that want no receipt
    bytes bigint NOT NULL DEFAULT 0  -- headers and records of those that want one
) WITH (fillfactor = 50);
CREATE TABLE exchange_cursors (
    recipient text PRIMARY KEY,
    bundled_seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE exchange_settled (
    recipient text PRIMARY KEY,
    messages bigint NOT NULL,
    bytes bigint NOT NULL
) WITH (fillfactor = 50);

-- Rows are inserted and never changed: how far a message has come is said by its consignment or its outcome.
CREATE TABLE outbox (
    recipient text NOT NULL,
    stream_seq bigint NOT NULL,
    message_id uuid NOT NULL UNIQUE,
    idempotency_key text NOT NULL UNIQUE,
    case_id uuid NOT NULL,
    case_seq bigint NOT NULL,
    type text NOT NULL,
    wants_receipt boolean NOT NULL,
    submitted_at timestamptz NOT NULL,
    header bytea NOT NULL,
    leaf_hash bytea NOT NULL,
    record_bytes integer NOT NULL,
    content bytea NOT NULL,  -- salt and record, sealed
    PRIMARY KEY (recipient, stream_seq)
);
-- What is sealed does not compress.
ALTER TABLE outbox ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX outbox_by_case ON outbox (case_id, recipient, case_seq);

-- Consecutive messages to one recipient that are sent together until their receipt is here; they never overlap.
CREATE TABLE consignments (
    recipient text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    receiptable integer NOT NULL,
    receiptable_bytes bigint NOT NULL,
    unsettled integer NOT NULL,
    confirmation bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,  -- null: not due again
    again_at timestamptz,  -- when it was last sent because its recipient had asked
    settled_at timestamptz,  -- of all at once; null where outcomes say it one by one
    receipt_id uuid,
    value bytea,  -- the bytes sent, from the second sealing until all is settled
    PRIMARY KEY (recipient, first_seq)
);
CREATE INDEX consignments_due ON consignments (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX consignments_again ON consignments (recipient, again_at) WHERE again_at IS NOT NULL;
ALTER TABLE consignments ALTER COLUMN value SET STORAGE EXTERNAL;

-- What was signed for a consignment: once, or again for each time that it was sealed.
CREATE TABLE sent_bundles (
    bundle_id uuid PRIMARY KEY,
    recipient text NOT NULL,
    first_seq bigint NOT NULL,
    signed_head bytea NOT NULL,
    ed25519 bytea NOT NULL,
    mldsa65 bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    left_out bigint[] NOT NULL  -- sequences of the consignment that were erased before this sealing
);
CREATE INDEX sent_bundles_of ON sent_bundles (recipient, first_seq);

-- Where a receipt says something else than DELIVERED of a whole consignment.
CREATE TABLE message_outcomes (
    recipient text NOT NULL,
    stream_seq bigint NOT NULL,
    status text NOT NULL,
    settled_at timestamptz NOT NULL,  -- when the first receipt that counts came
    opened_at timestamptz,
    reason text NOT NULL,
    receipt_id uuid,  -- null: no receipt has come, its content was erased
    PRIMARY KEY (recipient, stream_seq)
);

CREATE TABLE receipts (
    signer text NOT NULL,
    receipt_id uuid NOT NULL,
    bundle_id uuid NOT NULL,
    evidence bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (signer, receipt_id)
);

CREATE TABLE inbox_bundles (
    sender text NOT NULL,
    bundle_id uuid NOT NULL,
    signed_head bytea NOT NULL,
    ed25519 bytea NOT NULL,
    mldsa65 bytea NOT NULL,
    received_at timestamptz NOT NULL,
    leaf_hashes bytea[] NOT NULL,  -- of all its items, also of those that are in no row of inbox
    PRIMARY KEY (sender, bundle_id)
);

CREATE TABLE inbox (
    sender text NOT NULL,
    message_id uuid NOT NULL,
    case_id uuid NOT NULL,
    case_seq bigint NOT NULL,
    type text NOT NULL,
    stream_seq bigint NOT NULL,
    received_at timestamptz NOT NULL,
    header bytea NOT NULL,
    leaf_hash bytea NOT NULL,
    bundle_id uuid NOT NULL,
    item integer NOT NULL,
    content bytea NOT NULL,  -- salt and record, sealed
    PRIMARY KEY (sender, message_id)
);
ALTER TABLE inbox ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX inbox_by_case ON inbox (case_id, sender, case_seq);

-- A lane has a row from the first time that something in it went out of turn; before that the inbox says where it is.
CREATE TABLE lanes (
    sender text NOT NULL,
    case_id uuid NOT NULL,
    next_seq bigint NOT NULL,
    PRIMARY KEY (sender, case_id)
);
CREATE TABLE lane_entries (
    sender text NOT NULL,
    case_id uuid NOT NULL,
    case_seq bigint NOT NULL,
    message_id uuid NOT NULL,
    state text NOT NULL,
    since timestamptz NOT NULL,
    replaces uuid,
    PRIMARY KEY (sender, case_id, case_seq)
);
CREATE INDEX lane_entries_waiting ON lane_entries (since);
CREATE INDEX lane_entries_not_plain ON lane_entries (sender, case_id) WHERE state = 'parked' OR replaces IS NOT NULL;

-- What recipients say that they have made of our messages, by ranges of at most 4,096 numbers.
CREATE TABLE business_statuses (
    recipient text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    status text NOT NULL,
    reasons text[] NOT NULL,
    report_id uuid NOT NULL,  -- the message of the recipient that says it
    PRIMARY KEY (recipient, first_seq, last_seq, decided_at)
);

CREATE TABLE stream_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    consumed bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE quarantine (
    entry_id uuid PRIMARY KEY,
    reason_code text NOT NULL,
    reason text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    stream_offset bigint NOT NULL,
    value bytea NOT NULL,
    set_aside_at timestamptz NOT NULL,
    sender text NOT NULL,
    message_id uuid,
    case_id uuid,
    state text NOT NULL,
    closed_at timestamptz,
    closed_by text NOT NULL,
    scope uuid NOT NULL  -- what the value is erased with
);
CREATE UNIQUE INDEX quarantine_once ON quarantine (topic, partition, stream_offset, message_id) NULLS NOT DISTINCT;
CREATE INDEX quarantine_by_case ON quarantine (case_id) WHERE case_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE quarantine, stream_offsets, business_statuses, lane_entries, lanes, inbox, inbox_bundles, "
        "receipts, message_outcomes, sent_bundles, "
        "consignments, outbox, exchange_settled, exchange_cursors, exchange_sequences"
    )
