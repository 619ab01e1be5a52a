"""Versions of agreements and what states have signed about them: rows are added, and neither changed nor removed."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE agreement_versions (
    sha256 bytea PRIMARY KEY,
    agreement_id text NOT NULL,
    parties text[] NOT NULL CHECK (cardinality(parties) >= 2),
    file text NOT NULL,
    content bytea NOT NULL CHECK (length(content) <= 1048576),
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    -- The name of a version is its content: no row can hold other bytes than were signed.
    CHECK (sha256(content) = sha256)
);
CREATE INDEX agreement_versions_by_agreement ON agreement_versions (agreement_id, published_at);

CREATE TABLE agreement_statements (
    digest bytea PRIMARY KEY,
    place bigint GENERATED ALWAYS AS IDENTITY,
    agreement_id text NOT NULL,
    signed bytea NOT NULL,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    CHECK (sha256(signed) = digest)
);
CREATE INDEX agreement_statements_by_agreement ON agreement_statements (agreement_id, place);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to: publish another version, or sign another statement', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER agreement_versions_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON agreement_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER agreement_statements_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON agreement_statements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE agreement_statements, agreement_versions")
    op.execute("DROP FUNCTION refuse_change")
