"""Leases: which process of a node reads which partition of its inbox."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE leases (name text PRIMARY KEY, holder uuid NOT NULL, epoch bigint NOT NULL, "
        "until timestamptz NOT NULL)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE leases")
