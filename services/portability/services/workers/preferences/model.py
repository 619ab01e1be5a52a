"""What a worker chooses of the way news reaches her, as plain values. Pure."""

from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from typing import Final
from uuid import UUID

from portability.agreements.errors import InputError
from portability.services.workers.model import Contact

__all__ = ["ZONES", "Chosen", "NewsWay", "Preferences", "chosen"]


# One city for each way in which people set their clocks; by gRPC any other of IANA's is taken.
ZONES: Final = (
    "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Africa/Tunis",
    "America/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver", "America/Halifax",
    "America/Havana", "America/La_Paz", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
    "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Asia/Dhaka", "Asia/Dubai",
    "Asia/Jakarta", "Asia/Jerusalem", "Asia/Kabul", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Manila",
    "Asia/Shanghai", "Asia/Tehran", "Asia/Tokyo", "Asia/Yangon", "Atlantic/Azores", "Australia/Adelaide",
    "Australia/Brisbane", "Australia/Sydney", "Europe/Athens", "Europe/Berlin", "Europe/Chisinau", "Europe/Istanbul",
    "Europe/Lisbon", "Europe/London", "Europe/Moscow", "Pacific/Auckland", "Pacific/Honolulu",
)  # fmt: skip


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
    zone: str = ""  # whose clock that is, an IANA name; empty: the institution's
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
    zone: str | None = None


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
        zone=before.zone if what.zone is None else what.zone,
    )


def _minute(at: time) -> time:
    return at.replace(second=0, microsecond=0)
