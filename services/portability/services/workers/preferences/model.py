"""What a worker chooses of the way news reaches her, as plain values. Pure."""

from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from uuid import UUID

from portability.agreements.errors import InputError
from portability.services.workers.model import Contact

__all__ = ["Chosen", "NewsWay", "Preferences", "chosen"]


class NewsWay(StrEnum):
    NOWHERE = "nowhere"  # she looks herself
    CONTACT = "contact"  # by which she signs in
    ADDRESS = "address"  # another, which she has shown to be hers


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """`quiet_from` and `quiet_until` alike: news may come at any hour. `is_protected`: none is ever sent."""

    worker_id: UUID
    contact: Contact
    address: Contact | None  # it signs nobody in
    wanted: bool
    language: str  # BCP 47 tag; empty: not told
    quiet_from: time
    quiet_until: time
    is_protected: bool = False

    @property
    def way(self) -> NewsWay:
        if not self.wanted:
            return NewsWay.NOWHERE
        return NewsWay.ADDRESS if self.address else NewsWay.CONTACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to change; None stays as it was."""

    way: NewsWay | None = None
    language: str | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None


def chosen(before: Preferences, what: Chosen) -> Preferences:
    """Raises InputError where news is to go to an address that there is none of."""
    if what.way is NewsWay.ADDRESS and before.address is None:
        raise InputError("There is no other address: give one and confirm it by its code.", field="way")
    return replace(
        before,
        wanted=before.wanted if what.way is None else what.way is not NewsWay.NOWHERE,
        # What is not needed is not kept.
        address=None if what.way is NewsWay.CONTACT else before.address,
        language=before.language if what.language is None else what.language,
        quiet_from=_minute(before.quiet_from if what.quiet_from is None else what.quiet_from),
        quiet_until=_minute(before.quiet_until if what.quiet_until is None else what.quiet_until),
    )


def _minute(at: time) -> time:
    return at.replace(second=0, microsecond=0)
