"""The log: entries on their way into it, rows, tiles, checkpoints; and what this node keeps as a witness of others."""

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

-- One row, locked by whoever appends: its size and root are those of the rows and tiles.
CREATE TABLE log_head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    size bigint NOT NULL,
    root bytea NOT NULL
);
INSERT INTO log_head (size, root) VALUES (0, sha256(''));

CREATE TABLE log_entries (
    position bigint PRIMARY KEY,
    kind text NOT NULL,
    at_ms bigint NOT NULL,
    digest bytea NOT NULL
);
CREATE UNIQUE INDEX log_entries_once ON log_entries (digest, kind);

-- Tiles of 256 hashes of 32 bytes (C2SP tlog-tiles); the last one of a level grows at its end.
CREATE TABLE log_tiles (
    level integer NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (level, number)
);
ALTER TABLE log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE log_checkpoints (
    size bigint PRIMARY KEY,
    note bytea NOT NULL,
    signed_at timestamptz NOT NULL
);

CREATE TABLE log_cosignatures (
    size bigint NOT NULL REFERENCES log_checkpoints,
    witness text NOT NULL,
    lines text NOT NULL,
    PRIMARY KEY (size, witness)
);

CREATE TABLE witnessed_logs (
    origin text PRIMARY KEY,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note bytea NOT NULL
);

-- Two checkpoints that one log has signed and that no one history explains.
CREATE TABLE witnessed_equivocations (
    origin text NOT NULL,
    offered_text bytea NOT NULL,
    kept bytea NOT NULL,
    offered bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (origin, offered_text)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE witnessed_equivocations, witnessed_logs, log_cosignatures, log_checkpoints, log_tiles, "
        "log_entries, log_head, log_staged"
    )
