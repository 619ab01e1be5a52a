"""The exchange: outbox, sealed bundles, inbox, receipts, offsets, quarantine."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Ids are time-ordered, so the indexes on them grow at their right end. Content is
# sealed by the key of its case (keys_at_rest, in a database of its own); what is beside it names nobody.
TABLES = """
CREATE TABLE exchange_sequences (
    recipient text PRIMARY KEY,
    last_seq bigint NOT NULL,
    open_messages bigint NOT NULL DEFAULT 0
);

CREATE TABLE outbox (
    message_id uuid PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    recipient text NOT NULL,
    stream_seq bigint NOT NULL,
    case_id uuid NOT NULL,
    type text NOT NULL,
    schema_version integer NOT NULL,
    agreement_id text NOT NULL,
    agreement_sha256 text NOT NULL,
    in_reply_to uuid,
    record bytea NOT NULL,
    content_sha256 bytea NOT NULL,
    submitted_at timestamptz NOT NULL,
    bundle_id uuid,
    item integer,
    leaf_hash bytea,
    status text NOT NULL,
    settled_at timestamptz,
    reason text NOT NULL DEFAULT '',
    receipt_id uuid,
    UNIQUE (recipient, stream_seq)
) WITH (fillfactor = 60, toast_tuple_target = 512);
-- A row changes twice, when it is bundled and when it is receipted; its record lies beside it and is not copied.
ALTER TABLE outbox ALTER COLUMN record SET STORAGE EXTERNAL;
CREATE INDEX outbox_unsent ON outbox (recipient, stream_seq) WHERE bundle_id IS NULL;
CREATE INDEX outbox_by_case ON outbox (case_id, message_id);

CREATE TABLE sent_bundles (
    bundle_id uuid PRIMARY KEY,
    recipient text NOT NULL,
    value bytea NOT NULL,
    opening bytea NOT NULL,
    message_ids uuid[] NOT NULL,
    leaf_hashes bytea[] NOT NULL,
    sealed_at timestamptz NOT NULL,
    expects_receipt boolean NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    unsettled integer NOT NULL,
    next_attempt_at timestamptz  -- null: not due again
);
CREATE INDEX sent_bundles_due ON sent_bundles (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
-- The bytes are sealed: compressing them again only costs time.
ALTER TABLE sent_bundles ALTER COLUMN value SET STORAGE EXTERNAL;
ALTER TABLE sent_bundles ALTER COLUMN opening SET STORAGE EXTERNAL;

CREATE TABLE receipts (
    receipt_id uuid NOT NULL,
    signer text NOT NULL,
    bundle_id uuid NOT NULL,
    message_ids uuid[] NOT NULL,
    leaf_hashes bytea[] NOT NULL,
    statuses text[] NOT NULL,
    reasons text[] NOT NULL,
    evidence bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (receipt_id, signer)
);

CREATE TABLE inbox_bundles (
    sender text NOT NULL,
    bundle_id uuid NOT NULL,
    signed_head bytea NOT NULL,
    ed25519 bytea NOT NULL,
    mldsa65 bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (sender, bundle_id)
);

CREATE TABLE inbox (
    sender text NOT NULL,
    message_id uuid NOT NULL,
    case_id uuid NOT NULL,
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
CREATE INDEX inbox_by_case ON inbox (case_id, message_id);

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
    case_id uuid
);
CREATE UNIQUE INDEX quarantine_once ON quarantine (topic, partition, stream_offset, message_id) NULLS NOT DISTINCT;
CREATE INDEX quarantine_by_case ON quarantine (case_id) WHERE case_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE quarantine, stream_offsets, inbox, inbox_bundles, receipts, sent_bundles, outbox, "
        "exchange_sequences"
    )
