"""The register of insured persons, cases, what countries answered, and the commands that were carried out."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A document is sealed as a whole by the key of its case or account. Of what is searched for and would name a person,
# a keyed hash stands in a column; what names nobody (ids, instants, whether a case is closed) stands there as it is.
TABLES = """
CREATE TABLE commands (
    request_id uuid PRIMARY KEY,
    fingerprint bytea NOT NULL,
    answer text,
    begun_at timestamptz NOT NULL DEFAULT now()
);

-- The scope of an account is a keyed hash of its id. What hangs on one is deleted beside it and refers to it by no
-- constraint: to look an account up for each of the six rows of a person was most of what an import of her cost.
CREATE TABLE accounts (
    scope uuid PRIMARY KEY,
    birth uuid NOT NULL,  -- keyed hash of the account's id and the birth date
    as_of date NOT NULL,
    document bytea NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE account_identifiers (
    identifier bytea NOT NULL CHECK (length(identifier) = 32),
    scope uuid NOT NULL,
    PRIMARY KEY (identifier, scope)
);
CREATE INDEX account_identifiers_by_account ON account_identifiers (scope);

-- Under which keys a person is searched for: keyed hashes, of no use without the node's master key.
CREATE TABLE account_search_keys (
    key uuid NOT NULL,
    scope uuid NOT NULL,
    PRIMARY KEY (key, scope)
);
CREATE INDEX account_search_keys_by_account ON account_search_keys (scope);

-- Periods that were imported, each by the keyed hash of its id; one stands in place of one of that id in the document.
CREATE TABLE account_periods (
    scope uuid NOT NULL,
    period uuid NOT NULL,
    import_no bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (scope, period)
);
ALTER TABLE account_periods ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE record_imports (
    import_id uuid PRIMARY KEY,
    import_no bigint GENERATED ALWAYS AS IDENTITY,
    source bytea NOT NULL,
    as_of date NOT NULL,
    held_up_to bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE record_import_refusals (
    import_id uuid NOT NULL,
    item bigint NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (import_id, item)
);

-- By which numbers a case is found. Not hers: whom else it names.
CREATE TABLE case_identifiers (
    identifier bytea NOT NULL CHECK (length(identifier) = 32),
    case_id uuid NOT NULL,
    hers boolean NOT NULL,
    PRIMARY KEY (identifier, case_id)
);
CREATE INDEX case_identifiers_by_case ON case_identifiers (case_id);

CREATE TABLE case_careers (
    case_id uuid NOT NULL,
    state text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    known_at timestamptz NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (case_id, state, place)
);

-- Periods that a person has to look at, each by the keyed hash of its id.
CREATE TABLE record_reviews (
    case_id uuid NOT NULL,
    period bytea NOT NULL CHECK (length(period) = 16),
    since timestamptz NOT NULL,
    settled boolean NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (case_id, period)
);
CREATE INDEX record_reviews_waiting ON record_reviews (since, case_id, period) WHERE NOT settled;

-- Cases on flows. What stands in the clear names nobody: flows, institutions, instants, days, rules.
CREATE TABLE flow_cases (
    case_id uuid PRIMARY KEY,
    flow_id text NOT NULL,
    flow_version integer NOT NULL,
    known_since timestamptz NOT NULL,
    open boolean NOT NULL DEFAULT false,
    look_at timestamptz  -- when the clock has to look; null: nobody is awaited
) WITH (fillfactor = 80);
CREATE INDEX flow_cases_newest_first ON flow_cases (known_since DESC, case_id DESC);
CREATE INDEX flow_cases_open ON flow_cases (known_since DESC, case_id DESC) WHERE open;
CREATE INDEX flow_cases_by_clock ON flow_cases (look_at) WHERE look_at IS NOT NULL;

CREATE TABLE flow_documents (
    case_id uuid NOT NULL REFERENCES flow_cases ON DELETE CASCADE,
    document_id uuid NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    document bytea NOT NULL,
    PRIMARY KEY (case_id, document_id)
);
CREATE INDEX flow_documents_by_place ON flow_documents (place);

-- What this institution has determined in a case on a flow, and what of its own it rests on.
CREATE TABLE flow_shares (
    case_id uuid NOT NULL REFERENCES flow_cases ON DELETE CASCADE,
    place bigint GENERATED ALWAYS AS IDENTITY,
    document bytea NOT NULL,
    PRIMARY KEY (case_id, place)
);

-- Who has to act until when: a row for each institution that is awaited.
CREATE TABLE case_steps (
    case_id uuid NOT NULL,
    step_id text NOT NULL,
    holder text NOT NULL,
    flow_id text NOT NULL,
    since timestamptz NOT NULL,
    due_on date NOT NULL,
    rule_id text NOT NULL,
    PRIMARY KEY (case_id, step_id, holder)
);
CREATE INDEX case_steps_by_holder ON case_steps (holder, due_on, case_id);
CREATE INDEX case_steps_by_day ON case_steps (due_on, case_id);
-- Pointers to events for the institution's own systems: no word of what they say. `number` is given after the commit.
CREATE TABLE case_changes (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint,
    event_id uuid NOT NULL,
    case_id uuid NOT NULL,
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    institution text NOT NULL,
    message_id uuid
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX case_changes_by_number ON case_changes (number) WHERE number IS NOT NULL;
CREATE INDEX case_changes_without_number ON case_changes (place) WHERE number IS NULL;
CREATE TABLE change_cursors (
    reader text PRIMARY KEY,
    number bigint NOT NULL
);
-- 'forgotten': events up to it were kept long enough.
INSERT INTO change_cursors VALUES ('numbered', 0), ('kafka', 0), ('forgotten', 0);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE change_cursors, case_changes, case_steps, flow_shares, flow_documents, flow_cases,"
        " record_reviews, case_careers, case_identifiers, record_import_refusals, record_imports,"
        " account_periods, account_search_keys, account_identifiers, accounts, commands"
    )
