"""What is said of a claim: what counts, where it is, until when, and what a person said. Pure; words.py says it."""

from collections.abc import Callable

from portability.services.workers.claims.handlers import ClaimView
from portability.services.workers.claims.model import Standing
from portability.services.workers.story import Phrase, Value

__all__ = ["claim_phrases"]


def claim_phrases(view: ClaimView, *, me: str, name_of: Callable[[str], str]) -> tuple[Phrase, ...]:
    """Sentences in the order in which she asks: where is it, why, what counts, what was said, who did it."""
    claim = view.claim
    values: dict[str, Value] = {"institution": name_of(me), "since": claim.since, "due": claim.due_on}
    said = [Phrase(f"claim.is.{claim.standing}", values)]
    if claim.standing is Standing.WAITING:
        said.append(Phrase(f"claim.waits.{claim.hindrance}", values))
    if claim.standing is not Standing.WITHDRAWN:
        said.append(Phrase("claim.counts", {"day": claim.claimed_on}))
    if claim.answer is not None and not view.hidden:
        said.append(Phrase("dispute.reason", {"reason": claim.answer.reason}))
    if claim.sent_by:
        said.append(Phrase("dispute.by", {"person": claim.sent_by}))
    return tuple(said)
