"""Row-level security: the second fence around what is personal, behind the checks of the services."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Who acts stands in settings of the transaction (portability.role, portability.worker); without them nothing is seen.
# 'node' is the node's own work (relay, consumer, effects), 'data-protection' the use cases of privacy. The role that
# serves is not the owner of the tables, so the policies bind it.
FUNCTION = """
CREATE FUNCTION portability_sees(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE current_setting('portability.role', true)
        WHEN 'node' THEN true
        WHEN 'data-protection' THEN true
        WHEN 'cleared-caseworker' THEN true
        WHEN 'caseworker' THEN NOT EXISTS (SELECT FROM protected_scopes WHERE scope = wanted)
        WHEN 'system' THEN NOT EXISTS (SELECT FROM protected_scopes WHERE scope = wanted)
        WHEN 'worker' THEN EXISTS (
            SELECT FROM worker_cases WHERE case_id = wanted
            AND worker_id = nullif(current_setting('portability.worker', true), '')::uuid)
        ELSE false
    END
$$;
"""
BY_CASE = (
    "case_identifiers",
    "case_careers",
    "record_reviews",
    "flow_cases",
    "flow_documents",
    "flow_shares",
    "case_steps",
    "case_changes",
    "disputes",
    "inbox",
    "outbox",
)
# The node's own work comes first: on its way a message costs one comparison.
NODE = "current_setting('portability.role', true) = 'node'"
STAFF = "current_setting('portability.role', true) IN ('node', 'data-protection', 'cleared-caseworker')"
WORKER = "current_setting('portability.role', true) = 'worker'"
HERSELF = "worker_id = nullif(current_setting('portability.worker', true), '')::uuid"
# Accounts are the institution's own register: no worker's channel comes near them.
NOT_BY_WORKERS = f"{NODE} OR (NOT coalesce({WORKER}, true) AND portability_sees(scope))"
POLICIES = {
    **dict.fromkeys(BY_CASE, f"{NODE} OR portability_sees(case_id)"),
    "quarantine": f"{STAFF} OR (case_id IS NOT NULL AND portability_sees(case_id))",
    "accounts": NOT_BY_WORKERS,
    "account_identifiers": NOT_BY_WORKERS,
    "account_search_keys": NOT_BY_WORKERS,
    # An import is the node's own work: it takes in also what is of protected persons, and reads nothing back.
    "account_periods": NOT_BY_WORKERS,
    "record_import_refusals": f"NOT coalesce({WORKER}, true)",
    "looks": f"{NODE} OR portability_sees(scope)",
    "acts": STAFF,
    "workers": f"{STAFF} OR ({WORKER} AND {HERSELF})",
    "mandates": f"{STAFF} OR ({WORKER} AND {HERSELF})",
    "worker_cases": f"{STAFF} OR ({WORKER} AND {HERSELF})",
}


def upgrade() -> None:
    op.execute(FUNCTION)
    for table, seen in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY fence ON {table} USING ({seen}) WITH CHECK ({seen})")


def downgrade() -> None:
    for table in POLICIES:
        op.execute(f"DROP POLICY fence ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION portability_sees")
