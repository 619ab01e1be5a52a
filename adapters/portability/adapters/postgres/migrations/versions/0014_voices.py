"""What workers said of closed cases, and the figures that are published."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# What one said is sealed by the key of her case; its score leaves the row when it is counted. A figure is of nobody:
# it outlives every case in it.
TABLES = """
CREATE TABLE voices (
    case_id uuid PRIMARY KEY,
    agreements text[] NOT NULL,
    flow text NOT NULL,
    waits boolean NOT NULL,
    has_words boolean NOT NULL,
    document bytea NOT NULL
);
CREATE INDEX voices_that_wait ON voices (agreements, flow) WHERE waits;
CREATE INDEX voices_with_words ON voices (case_id) WHERE has_words;

CREATE TABLE voice_figures (
    agreements text[] NOT NULL,
    flow text NOT NULL,
    answers integer[] NOT NULL CHECK (cardinality(answers) = 5),
    PRIMARY KEY (agreements, flow)
);
"""
SEEN = "current_setting('portability.role', true) = 'node' OR portability_sees(case_id)"


def upgrade() -> None:
    op.execute(TABLES)
    op.execute("ALTER TABLE voices ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY fence ON voices USING ({SEEN}) WITH CHECK ({SEEN})")


def downgrade() -> None:
    op.execute("DROP TABLE voice_figures, voices")
