"""What workers declare, and the papers that they send with it."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Each sealed with its papers by a key of its own. The case is the one in which staff looks at them. No reference to the
# worker: what a case rests on may have to be kept when her file is erased.
TABLES = """
CREATE TABLE declarations (
    declaration_id uuid PRIMARY KEY,
    worker_id uuid NOT NULL,
    case_id uuid NOT NULL,
    waits_for_us boolean NOT NULL,
    document bytea NOT NULL
);
CREATE INDEX declarations_by_worker ON declarations (worker_id, declaration_id);
CREATE INDEX declarations_by_case ON declarations (case_id);
CREATE INDEX declarations_that_wait ON declarations (declaration_id) WHERE waits_for_us;

CREATE TABLE declared_documents (
    document_id uuid PRIMARY KEY,
    declaration_id uuid NOT NULL REFERENCES declarations ON DELETE CASCADE,
    worker_id uuid NOT NULL,
    case_id uuid NOT NULL,
    content bytea NOT NULL
);
CREATE INDEX declared_documents_by_declaration ON declared_documents (declaration_id);
-- A photo does not get smaller by being compressed again.
ALTER TABLE declared_documents ALTER COLUMN content SET STORAGE EXTERNAL;
"""
NAMES = ("declarations", "declared_documents")
ROLE = "current_setting('portability.role', true)"
SEEN = (
    f"{ROLE} = 'node' OR ({ROLE} = 'worker' AND "
    "worker_id = nullif(current_setting('portability.worker', true), '')::uuid) OR "
    f"(coalesce({ROLE}, '') <> 'worker' AND portability_sees(case_id) AND portability_sees(worker_id))"
)


def upgrade() -> None:
    op.execute(TABLES)
    for table in NAMES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY fence ON {table} USING ({SEEN}) WITH CHECK ({SEEN})")


def downgrade() -> None:
    op.execute("DROP TABLE declared_documents, declarations")
