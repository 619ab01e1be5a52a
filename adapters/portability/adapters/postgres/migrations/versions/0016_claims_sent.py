"""Claims that workers send on their page, from the day on which they were sent."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Each sealed by a key of its own. No reference to the worker: a claim may have to be kept when her file is erased.
TABLE = """
CREATE TABLE claims_sent (
    claim_id uuid PRIMARY KEY,
    worker_id uuid NOT NULL,
    case_id uuid,  -- which it led to, and with which it is erased; null: to none
    waits boolean NOT NULL,
    document bytea NOT NULL
);
CREATE INDEX claims_sent_by_case ON claims_sent (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX claims_sent_by_worker ON claims_sent (worker_id, claim_id);
CREATE INDEX claims_sent_that_wait ON claims_sent (claim_id) WHERE waits;
"""
ROLE = "current_setting('portability.role', true)"
SEEN = (
    f"{ROLE} = 'node' OR ({ROLE} = 'worker' AND "
    "worker_id = nullif(current_setting('portability.worker', true), '')::uuid) OR "
    f"(coalesce({ROLE}, '') <> 'worker' AND portability_sees(worker_id))"
)


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("ALTER TABLE claims_sent ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY fence ON claims_sent USING ({SEEN}) WITH CHECK ({SEEN})")


def downgrade() -> None:
    op.execute("DROP TABLE claims_sent")
