"""What a worker says of a closed case, and how it is counted, as plain values. Pure.

A score stands with its case until enough others have come; then it goes into the count of its group and is forgotten.
So what is published changes by that many answers at a time, and no two readings differ by one person's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError
from portability.services.workers.disputes.model import clean_text

__all__ = [
    "MINIMUM",
    "WORDS_LENGTH",
    "Figure",
    "Group",
    "MyCase",
    "Score",
    "Voice",
    "check_closed",
    "counted",
    "words_of",
]

MINIMUM: Final = 10  # answers that are counted together, where the settings say nothing else
WORDS_LENGTH: Final = 1000


class Score(StrEnum):
    """How it went; in the order of the scale."""

    VERY_BAD = "very_bad"
    BAD = "bad"
    FAIR = "fair"
    GOOD = "good"
    VERY_GOOD = "very_good"


@dataclass(frozen=True, slots=True)
class Group:
    """Answers that are counted together: the agreements of the case in alphabetical order, and what case it was.

    A case under several agreements is in the one group of all of them, so that no group tells of another.
    """

    agreements: tuple[str, ...]
    flow: str


@dataclass(frozen=True, slots=True)
class MyCase:
    """A case of hers; `title` is the key of its words."""

    case_id: UUID
    title: str
    group: Group
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """What she said of one case. `score` is None once it is counted, `words` empty where nobody may read any."""

    case_id: UUID
    group: Group
    given_at: datetime
    score: Score | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """How cases of a group went: a number for each score, in the order of the scale."""

    group: Group
    answers: tuple[int, ...] = (0,) * len(Score)

    def with_more(self, voices: Sequence[Voice]) -> "Figure":
        """The figure with these counted in."""
        found = [one.score for one in voices]
        return replace(
            self, answers=tuple(known + found.count(score) for known, score in zip(self.answers, Score, strict=True))
        )


def check_closed(case: MyCase) -> None:
    """Raise CaseStateError where a case is not closed yet."""
    if not case.is_closed:
        raise CaseStateError(
            "This case is not closed yet: say how it went once it is.", state="open", allowed_actions=()
        )


def words_of(text: str, *, may_read: bool) -> str:
    """The words as they are kept; InputError where there are words that nobody may read: those are not kept."""
    if not text.strip():
        return ""
    kept = clean_text(text, field="words", most=WORDS_LENGTH)
    if not may_read:
        raise InputError("Say that the institution may read the words, or leave them out.", field="may_read")
    return kept


def counted(voice: Voice) -> Voice:
    """The voice without its score."""
    return replace(voice, score=None)
