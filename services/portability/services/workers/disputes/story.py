"""What is said of a dispute: where it is, until when, and what came of it. Pure; words.py says it in a language."""

from collections.abc import Callable
from datetime import date, timedelta

from portability.services.workers.disputes.handlers import DisputeView
from portability.services.workers.disputes.model import Holds
from portability.services.workers.story import Phrase

__all__ = ["dispute_phrases"]


def dispute_phrases(view: DisputeView, *, name_of: Callable[[str], str], today: date) -> tuple[Phrase, ...]:
    """Sentences in the order in which she asks: where is it, until when, what was said, what happens now."""
    dispute, progress = view.dispute, view.progress
    holder = name_of(dispute.holder)
    said = [Phrase(f"dispute.{progress.standing}", {"institution": holder, "since": progress.since})]
    if progress.standing.is_open and progress.due_on is not None:
        if progress.is_late(today):
            said.append(Phrase("dispute.late", {"day": progress.due_on, "institution": holder}))
        else:
            said.append(Phrase("dispute.due_law" if progress.citation else "dispute.due", {"day": progress.due_on}))
    if progress.answer is not None and progress.answer.reason:
        said.append(Phrase("dispute.reason", {"reason": progress.answer.reason}))
    if progress.answer is not None:
        said += [_holds(one) for one in progress.answer.holds]
    if progress.answer is not None and progress.answer.remedy:
        said.append(Phrase("dispute.remedy", {"remedy": progress.answer.remedy}))
    if progress.to_review:
        names = tuple(name_of(one) for one in progress.to_review)
        said.append(Phrase("dispute.to_review", {"institutions": names}))
    if dispute.raised_by:
        said.append(Phrase("dispute.by", {"person": dispute.raised_by}))
    return tuple(said)


def _holds(holds: Holds) -> Phrase:
    if holds.start is not None and holds.end is not None:
        return Phrase("dispute.holds", {"first": holds.start, "last": holds.end - timedelta(days=1)})
    return Phrase("dispute.holds_words", {"words": holds.words}) if holds.words else Phrase("dispute.holds_nothing")
