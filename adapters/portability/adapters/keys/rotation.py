"""When keys of an institution begin, end and are destroyed: one plan, for the command line and for nodes.

Signing and log keys overlap for 30 days; encryption keys last an epoch of 7 days each, and two epochs ahead are
drawn, so that senders find the next one in the directory in time. Private parts of encryption keys are destroyed when
nothing sealed to them can arrive any more: 30 days of the broker's retention and 5 for late ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portability.services.registry.model import KeyPurpose, PublicKey

__all__ = ["Window", "ended_keys", "missing_keys"]

LIFE: Final = {KeyPurpose.SIGNING: timedelta(days=365), KeyPurpose.LOG: timedelta(days=730)}
OVERLAP: Final = timedelta(days=30)
LEAD: Final = timedelta(days=2)
"""How long a new signing key stands in the directory before it is used: longer than a freshness statement lives."""
EPOCH: Final = timedelta(days=7)
EPOCHS_AHEAD: Final = 2
LATE_ARRIVAL: Final = timedelta(days=35)
SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Window:
    """A key that is to be drawn: for what, and for when."""

    purpose: KeyPurpose
    not_before: datetime
    not_after: datetime


def missing_keys(kept: Sequence[PublicKey], *, at: datetime) -> tuple[Window, ...]:
    """What has to be drawn at `at` so that no key is missing before the next month."""
    return (
        *_next_long(kept, KeyPurpose.SIGNING, at=at),
        *_next_epochs(kept, at=at),
        *_next_long(kept, KeyPurpose.LOG, at=at),
    )


def ended_keys(kept: Sequence[PublicKey], *, at: datetime) -> tuple[PublicKey, ...]:
    """The keys whose private part has no use any more at `at`, and only does harm in other hands."""
    return tuple(key for key in kept if at >= key.not_after + _kept_after_end(key.purpose))


def _kept_after_end(purpose: KeyPurpose) -> timedelta:
    return LATE_ARRIVAL if purpose is KeyPurpose.ENCRYPTION else timedelta(0)


def _next_long(kept: Sequence[PublicKey], purpose: KeyPurpose, *, at: datetime) -> list[Window]:
    ends = [key.not_after for key in kept if key.purpose is purpose and key.not_after > at]
    if not ends:
        start = at - SKEW
    elif max(ends) - at > OVERLAP + LEAD:
        return []
    else:
        start = max(at + LEAD, max(ends) - OVERLAP)
    return [Window(purpose, start, start + LIFE[purpose])]


def _next_epochs(kept: Sequence[PublicKey], *, at: datetime) -> list[Window]:
    ends = [key.not_after for key in kept if key.purpose is KeyPurpose.ENCRYPTION and key.not_after > at]
    start = max(ends, default=at - SKEW)
    windows = []
    while start < at + EPOCHS_AHEAD * EPOCH:
        windows.append(Window(KeyPurpose.ENCRYPTION, start, start + EPOCH))
        start += EPOCH
    return windows
