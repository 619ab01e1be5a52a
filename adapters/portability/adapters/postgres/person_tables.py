"""What an erasure does with every table: rows that it deletes, and rows that stay, each with the reason.

A table that goes with another by a foreign key (ON DELETE CASCADE) stands in neither. A test holds the schema to it.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["ERASED", "OF_NOBODY", "STAYS"]

ERASED: Final = (
    ("case_identifiers", "case_id"),
    ("flow_cases", "case_id"),
    ("case_steps", "case_id"),
    ("case_careers", "case_id"),
    ("record_reviews", "case_id"),
    ("worker_cases", "case_id"),
    ("workers", "worker_id"),
    ("claims_sent", "claim_id"),
    ("declarations", "declaration_id"),
    ("case_changes", "case_id"),
    ("disputes", "case_id"),
    ("voices", "case_id"),
    ("accounts", "scope"),
    ("account_identifiers", "scope"),
    ("account_search_keys", "scope"),
    ("account_periods", "scope"),
    ("looks", "scope"),
)
"""Tables, and the column that holds the scope. What a worker sent names its own scope: it may outlive her file."""

_PROOF = "headers, hashes and ids prove what was sent and received; what is sealed beside them no key opens"
_BRIEF = "keyed hashes alone, deleted by themselves within a day; several people may share a phone"

STAYS: Final[Mapping[str, str]] = {
    "outbox": _PROOF,
    "inbox": _PROOF,
    "lanes": _PROOF,
    "lane_entries": _PROOF,
    "quarantine": _PROOF,
    "message_outcomes": _PROOF,
    "business_statuses": _PROOF,
    "openings": _PROOF,
    "accepted_blind": _PROOF,
    "stream_voids": _PROOF,
    "given_up": _PROOF,
    "acts": "their commitments are in the log, which is compared with them; what is sealed no key opens",
    "certificates": "the status list names their places, so that what is revoked stays so; what is sealed no key opens",
    "legal_holds": "an erasure waits for each to be released; the order is sealed, and no key opens it",
    "protected_scopes": "of erased scopes deleted, but for a worker of whom a claim or a declaration has to stay",
    "erasures": "random ids, instants and citations: a restored backup is erased again by them",
    "commands": "random ids, keyed hashes, and answers that name ids, days and citations: a request stays carried out",
    "record_import_refusals": "sealed by the import's key, found by no person",
    "worker_sign_in_attempts": _BRIEF,
    "worker_conversations": _BRIEF,
    "certificate_offers": "hashes of codes, used up or over within the day",
}
"""Tables that may say something of a person, and why an erasure leaves their rows."""

OF_NOBODY: Final = frozenset(
    {
        # the exchange: by institution and number in its stream
        *("exchange_sequences", "exchange_cursors", "exchange_settled", "stream_offsets", "consignments"),
        *("sent_bundles", "receipts", "inbox_bundles", "receipt_alarms", "stream_watches", "digest_rounds"),
        *("void_looks", "leases", "reconciliations", "reconciliation_findings", "silence_watches"),
        *("reconciliation_settlements", "gaps_given_up"),
        # what is public, and figures of many
        *("agreement_versions", "agreement_statements", "certificate_statuses", "voice_figures"),
        # the log, which holds commitments
        *("log_staged", "log_head", "log_entries", "log_tiles", "log_checkpoints", "log_cosignatures"),
        *("witnessed_logs", "witnessed_equivocations"),
        # how far something was read
        *("record_imports", "change_cursors", "notice_cursors"),
    }
)
"""Tables that say nothing of any person."""
