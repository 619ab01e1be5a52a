"""Values of repair: ranges of stream numbers, digests over them, and how the stream of one sender stands. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.voids import VoidNumber
from portability.services.merkle import root_of

__all__ = [
    "DIGEST_ENTRIES",
    "DIGEST_SPAN",
    "GAP_AGE",
    "GAP_STAYS",
    "PARTS",
    "PARTS_ASKED",
    "RESEND_RANGES",
    "Arrivals",
    "DigestRound",
    "RangeDigest",
    "SequenceRange",
    "StreamDigest",
    "StreamWatch",
    "digest_of",
    "parts_of",
    "spans",
    "watched",
]

RESEND_RANGES: Final = 256
"""Ranges in one request to send again."""
DIGEST_ENTRIES: Final = 512
"""Ranges in one digest."""
DIGEST_SPAN: Final = 65_536
"""Numbers in one range of a digest, and in all ranges of one list together: what a reader holds at once."""
PARTS: Final = 32
PARTS_ASKED: Final = PARTS * PARTS
"""Parts asked about because of one digest: those of as many ranges as a round states of a block. What is left over
stands in the report; asked about as well, a digest of a few kilobytes would lead to thirty times its size.
"""
GAP_AGE: Final = timedelta(minutes=15)
"""A gap is younger while what fills it may still be on its way."""
ASK_AGAIN: Final = timedelta(hours=1)
"""After the first time; then after twice as long each time."""
ASK_AT_LEAST: Final = timedelta(days=1)
GAP_STAYS: Final = timedelta(days=1)
"""A gap that is asked for in vain for so long is set aside, for a person to look at."""


@dataclass(frozen=True, slots=True, order=True)
class SequenceRange:
    """Consecutive stream numbers, both ends included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class RangeDigest:
    """What somebody has sent under the numbers of a range."""

    range: SequenceRange
    count: int
    root: bytes  # RFC 6962 over leaf hashes in the order of stream_seq


@dataclass(frozen=True, slots=True)
class StreamDigest:
    """One message of reconciliation."""

    stated: tuple[RangeDigest, ...] = ()
    asked: tuple[SequenceRange, ...] = ()
    void: tuple[VoidNumber, ...] = ()  # numbers of whoever says it, in ascending order


@dataclass(frozen=True, slots=True)
class StreamWatch:
    """How the stream of one sender stands at its recipient."""

    sender: InstitutionId
    complete_seq: int = 0  # all numbers up to this one are in the inbox, or void
    missing_since: datetime | None = None  # None: nothing is known to be missing
    next_ask_at: datetime | None = None
    asks: int = 0  # how often it was asked for what is missing
    aside: UUID | None = None  # entry under which the gap was set aside

    def stays(self, *, now: datetime) -> bool:
        """Whether the gap has been asked for in vain for long, and nobody was told."""
        return self.aside is None and self.missing_since is not None and now - self.missing_since >= GAP_STAYS


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What has come of a stream after its complete part."""

    highest: int
    missing: tuple[SequenceRange, ...]  # the lowest ones


@dataclass(frozen=True, slots=True)
class DigestRound:
    """The reconciliation of what was sent to one recipient that is due."""

    recipient: InstitutionId
    first_seq: int
    last_seq: int  # smaller than the first where nothing is to be said


def watched(watch: StreamWatch, came: Arrivals, *, now: datetime) -> tuple[StreamWatch, bool]:
    """How the stream stands now, and whether it is time to ask for what is missing."""
    if not came.missing:
        return StreamWatch(watch.sender, max(watch.complete_seq, came.highest)), False
    complete = came.missing[0].first - 1
    if watch.missing_since is None or watch.next_ask_at is None or complete != watch.complete_seq:
        return StreamWatch(watch.sender, complete, now, now + GAP_AGE), False
    if now < watch.next_ask_at:
        return watch, False
    wait = min(ASK_AGAIN * 2**watch.asks, ASK_AT_LEAST)
    return replace(watch, next_ask_at=now + wait, asks=watch.asks + 1), True


def digest_of(span: SequenceRange, leaves: Sequence[bytes]) -> RangeDigest:
    """Return the digest over the leaf hashes under the numbers of a range, in their order."""
    return RangeDigest(span, len(leaves), root_of(leaves))


def parts_of(whole: SequenceRange) -> tuple[SequenceRange, ...]:
    """Return a range as up to 32 parts of nearly equal length."""
    step = -(-len(whole) // PARTS)
    return tuple(spans(whole, step))


def spans(whole: SequenceRange, step: int) -> Iterator[SequenceRange]:
    """Return a range in pieces of `step` numbers; the last may be shorter."""
    for first in range(whole.first, whole.last + 1, step):
        yield SequenceRange(first, min(first + step - 1, whole.last))
