"""Who reads by text, and the making of a screen for her."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portability.services.workers.texting.ports import TextWork
from portability.services.workers.texting.screens import Screen
from portability.services.workers.words import Words

__all__ = ["Reader", "screen_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose facts are shown, in which words, on which day."""

    worker_id: UUID
    work: TextWork
    words: Words
    today: date


def screen_for(reader: Reader, lines: Sequence[str], ways: Sequence[tuple[str, str]], back: str) -> Screen:
    """A screen with the way back in her words."""
    return Screen(tuple(lines), tuple(ways), back=back, back_label=reader.words.text("text.back"))
