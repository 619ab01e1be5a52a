"""Days as people remember them: to the day, to the month, or the year alone. Pure."""

import calendar
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from portability.agreements.errors import InputError

__all__ = ["Precision", "RememberedDay"]

_OLDEST_YEAR: Final = 1900


class Precision(Enum):
    """How exactly she remembers a day."""

    DAY = 1
    MONTH = 2
    YEAR = 3


@dataclass(frozen=True, slots=True)
class RememberedDay:
    """A day as far as she remembers it: a month of 0 is not remembered, a day of 0 neither.

    Raises InputError where there is no such day.
    """

    year: int
    month: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        if self.year < _OLDEST_YEAR or (self.day and not self.month):
            raise InputError("Give a year, or year and month, or a full date.", field="day")
        try:
            date(self.year, self.month or 1, self.day or 1)
        except ValueError as error:
            raise InputError("There is no such day: give one that exists.", field="day") from error

    @property
    def precision(self) -> Precision:
        return Precision.DAY if self.day else Precision.MONTH if self.month else Precision.YEAR

    @property
    def earliest(self) -> date:
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @classmethod
    def of(cls, day: date) -> "RememberedDay":
        """A day that is known."""
        return cls(day.year, day.month, day.day)
