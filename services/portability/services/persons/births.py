"""Birth dates of which a month or a day may be unknown, and how far two of them agree."""

import calendar
import re
from dataclasses import dataclass
from enum import StrEnum

from portability.agreements.errors import InputError

__all__ = ["UNKNOWN_BIRTH", "BirthAgreement", "BirthDate", "compare_births"]

_WRITTEN = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
NEAR_YEARS = 1


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date as far as it is known. Zero: this part is not known, as passports and registers write it."""

    year: int = 0
    month: int = 0
    day: int = 0

    @classmethod
    def read(cls, text: str) -> "BirthDate":
        """Read "1958-03-10", "1958-03", "1958-00-00", "1958" or "". Raises InputError for what is no date."""
        if not text:
            return cls()
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise InputError(f"'{text}' is no birth date: write 1958-03-10, or 1958-03 or 1958.", field="birth_date")
        year, month, day = (int(part or 0) for part in written.groups())
        if month > 12 or day > (calendar.monthrange(year or 2000, month)[1] if month else 0):
            raise InputError(f"There is no day {text}: correct it, or leave out what is not known.", field="birth_date")
        return cls(year, month, day)

    @property
    def is_whole(self) -> bool:
        """Whether the day is known."""
        return bool(self.year and self.month and self.day)

    @property
    def parts(self) -> tuple[int, int, int]:
        return self.year, self.month, self.day


UNKNOWN_BIRTH = BirthDate()


class BirthAgreement(StrEnum):
    """From the strongest to the weakest; UNKNOWN where one side knows no year."""

    SAME = "same"  # the same day
    TO_THE_MONTH = "to_the_month"  # nothing differs, and the month is known on both sides
    TO_THE_YEAR = "to_the_year"  # nothing differs, and only the year is known on both sides
    SWAPPED = "swapped"  # day and month the other way round
    NEAR = "near"  # one part differs, the other two are the same
    DIFFERENT = "different"
    UNKNOWN = "unknown"


def compare_births(one: BirthDate, other: BirthDate) -> BirthAgreement:
    """Compare what both sides know. 1 January is often an unknown day written as a known one, so it is only near."""
    if not one.year or not other.year:
        return BirthAgreement.UNKNOWN
    known = [(a, b) for a, b in zip(one.parts, other.parts, strict=True) if a and b]
    if all(a == b for a, b in known):
        return (BirthAgreement.TO_THE_YEAR, BirthAgreement.TO_THE_MONTH, BirthAgreement.SAME)[len(known) - 1]
    if len(known) < 3:
        return BirthAgreement.DIFFERENT
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return BirthAgreement.SWAPPED
    return BirthAgreement.NEAR if _is_slip(one, other) else BirthAgreement.DIFFERENT


def _is_slip(one: BirthDate, other: BirthDate) -> bool:
    """One part differs, a year by one or by a decade; or one side has 1 January of the same year."""
    differing = [abs(a - b) for a, b in zip(one.parts, other.parts, strict=True) if a != b]
    if one.year == other.year:
        return len(differing) == 1 or (1, 1) in (one.parts[1:], other.parts[1:])
    return len(differing) == 1 and (differing[0] <= NEAR_YEARS or differing[0] % 10 == 0)
