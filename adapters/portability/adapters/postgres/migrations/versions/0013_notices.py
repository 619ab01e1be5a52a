"""Notices to workers: once an event, and what they choose."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# An event stands as a hash: that something happened, and of which kind, is all that is kept here.
TABLES = """
CREATE TABLE worker_notices (
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    event bytea NOT NULL CHECK (length(event) = 32),
    kind text NOT NULL,
    noted_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    text_id uuid,  -- the text that it went into; null: it waits
    case_id uuid,  -- in which of her cases; null: in none, in several, or it is erased
    PRIMARY KEY (worker_id, event)
);
CREATE INDEX worker_notices_waiting ON worker_notices (due_at) WHERE text_id IS NULL;
CREATE INDEX worker_notices_urgent ON worker_notices (due_at) WHERE text_id IS NULL AND kind IN ('contact', 'moved');
CREATE INDEX worker_notices_by_text ON worker_notices (text_id) WHERE text_id IS NOT NULL;

CREATE TABLE worker_notice_texts (
    text_id uuid PRIMARY KEY,
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    taken_at timestamptz NOT NULL,
    outcome text NOT NULL DEFAULT 'taken',
    channel text,  -- null: none, or not known
    security text  -- the kind, of what concerns her safety and is told by itself; null: ordinary news
);
CREATE INDEX worker_notice_texts_by_worker ON worker_notice_texts (worker_id, taken_at);
CREATE INDEX worker_notice_texts_untold ON worker_notice_texts (taken_at) WHERE outcome IN ('taken', 'failed');

CREATE TABLE worker_notice_choices (
    worker_id uuid PRIMARY KEY REFERENCES workers ON DELETE CASCADE,
    wanted boolean NOT NULL,
    quiet_from time NOT NULL,
    quiet_until time NOT NULL
);

-- How far each table was read for what is new; a place is what orders it, as text.
CREATE TABLE notice_cursors (
    source text PRIMARY KEY,
    place text NOT NULL,
    place_before text NOT NULL  -- of the call before: from there on it is read again
);
INSERT INTO notice_cursors VALUES ('changes', '', ''), ('documents', '', ''), ('looks', '', '');  -- not begun
"""
NAMES = ("worker_notices", "worker_notice_texts", "worker_notice_choices")
SEEN = (
    "current_setting('portability.role', true) IN ('node', 'data-protection') OR "
    "(current_setting('portability.role', true) = 'worker' AND "
    "worker_id = nullif(current_setting('portability.worker', true), '')::uuid)"
)


def upgrade() -> None:
    op.execute(TABLES)
    for table in NAMES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY fence ON {table} USING ({SEEN}) WITH CHECK ({SEEN})")


def downgrade() -> None:
    op.execute(f"DROP TABLE notice_cursors, {', '.join(NAMES)}")
