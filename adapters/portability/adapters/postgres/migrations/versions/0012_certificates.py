"""Certificates, the places of status lists, and offers to wallets."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A certificate is sealed by the key of its case. Its place in a status list outlives it and tells nothing of whose it
# was: what is revoked stays revoked after its erasure.
TABLES = """
CREATE TABLE certificate_statuses (
    status_list integer NOT NULL CHECK (status_list > 0),
    place integer NOT NULL CHECK (place >= 0),
    revoked_at timestamptz,
    PRIMARY KEY (status_list, place)
);
CREATE INDEX certificate_statuses_revoked ON certificate_statuses (status_list) WHERE revoked_at IS NOT NULL;

CREATE TABLE certificates (
    certificate_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    status_list integer NOT NULL,
    place integer NOT NULL,
    document bytea NOT NULL,
    FOREIGN KEY (status_list, place) REFERENCES certificate_statuses
);
CREATE INDEX certificates_by_case ON certificates (case_id, certificate_id);

-- Codes, tokens and nonces by their hashes, each used up once.
CREATE TABLE certificate_offers (
    kind text NOT NULL,
    key bytea NOT NULL CHECK (length(key) = 32),
    certificate_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX certificate_offers_by_end ON certificate_offers (expires_at);
"""
SEEN = "current_setting('portability.role', true) = 'node' OR portability_sees(case_id)"


def upgrade() -> None:
    op.execute(TABLES)
    op.execute("ALTER TABLE certificates ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY fence ON certificates USING ({SEEN}) WITH CHECK ({SEEN})")


def downgrade() -> None:
    op.execute("DROP TABLE certificate_offers, certificates, certificate_statuses")
