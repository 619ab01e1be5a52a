"""What the change feed calls that a document was said or came: kinds of events, which tell neither what nor of whom."""

from collections.abc import Mapping

from portability.services.flows.model import InstitutionId, KeptDocument

__all__ = ["change_kind"]

_KINDS: Mapping[str, tuple[str, str]] = {
    "claim.old_age": ("claim_sent", "claim_received"),
    "record.request": ("records_requested", "record_request_received"),
    "record.statement": ("statement_sent", "statement_received"),
    "decision.notify": ("decided", "decision_received"),
    "decision.summary": ("summary_sent", "summary_received"),
}
"""Of the messages of a claim for a pension: said by us, and received."""
_OTHER = ("message_sent", "message_received")


def change_kind(kept: KeptDocument, *, me: InstitutionId) -> str:
    """The kind of the event of a document: a type that could tell how sensitive its case is, is not named."""
    if kept.document.passed is not None:
        return "deadline_passed"
    ours, theirs = _KINDS.get(kept.type, _OTHER)
    return ours if kept.document.sender == me else theirs
