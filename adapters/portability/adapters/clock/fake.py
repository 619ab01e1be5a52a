"""Clocks that stand still or are moved by hand, and ids that count up: for tests and demonstrations."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

__all__ = ["FixedClock", "ManualClock", "counting_ids"]


class FixedClock:
    """Always the same instant."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        """Return the instant that it was made with."""
        return self._at


class ManualClock:
    """An instant that only `advance` and `set` move."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        """Return the instant it was last moved to."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` and return the new instant; a negative `by` moves back."""
        self._at += by
        return self._at

    def set(self, at: datetime) -> None:
        """Move to `at`."""
        self._at = _aware(at)


def counting_ids(start: int = 1) -> Callable[[], UUID]:
    """Return a function that gives ids in the form of UUID version 7 that count up from `start`."""
    count = start - 1

    def draw() -> UUID:
        nonlocal count
        count += 1
        return UUID(int=(count << 80) | (0x7 << 76) | (0b10 << 62))

    return draw


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"The instant {at} has no time zone: give one in UTC.")
    return at
