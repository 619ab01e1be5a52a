"""What is said of declared time: what it is worth, who was asked, and what came of it. Pure; words.py says it."""

from collections.abc import Callable

from portability.services.workers.declarations.handlers import DeclarationView
from portability.services.workers.story import Phrase

__all__ = ["declaration_phrases"]


def declaration_phrases(view: DeclarationView, *, me: str, name_of: Callable[[str], str]) -> tuple[Phrase, ...]:
    """Sentences in the order in which she asks: where is it, what was said, who did it."""
    declaration, progress = view.declaration, view.progress
    holder = name_of(declaration.asked if progress.standing.is_abroad else me)
    said = [Phrase(f"declared.is.{progress.standing}", {"institution": holder, "since": progress.since})]
    if declaration.answer is not None and declaration.answer.reason:
        said.append(Phrase("dispute.reason", {"reason": declaration.answer.reason}))
    if declaration.declared_by:
        said.append(Phrase("dispute.by", {"person": declaration.declared_by}))
    return tuple(said)
