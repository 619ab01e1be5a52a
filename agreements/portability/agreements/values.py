"""Values that every part of the system shares: money, states, branches, citations.

Plain frozen data. What a rule does with them is in the modules of the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Self

__all__ = ["Branch", "Citation", "Money", "StateCode", "exact", "exact_sum"]

StateCode = str  # ISO 3166-1 alpha-2, upper case: "DE", "IT", "CA"


class Branch(StrEnum):
    """Branches of social security that an agreement can cover (883/2004 Art. 3(1), our names)."""

    OLD_AGE = "old_age"
    SURVIVORS = "survivors"
    INVALIDITY = "invalidity"
    SICKNESS = "sickness"
    MATERNITY = "maternity"
    ACCIDENTS = "accidents"
    DEATH_GRANT = "death_grant"
    UNEMPLOYMENT = "unemployment"
    PRE_RETIREMENT = "pre_retirement"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where the law says it: an instrument's short id in its file, and the place to the sub-paragraph."""

    instrument: str
    article: str

    @staticmethod
    @lru_cache(maxsize=8192)  # a determination cites some twenty places, and the next one mostly the same
    def of(text: str) -> "Citation":
        """`883/2004 Art. 6` split at the first blank: instrument ids of treaty files have none."""
        instrument, _, article = text.partition(" ")
        return Citation(instrument, article)

    def __str__(self) -> str:
        return f"{self.instrument} {self.article}"


@lru_cache(maxsize=8192)
def exact(number: Decimal) -> Fraction:
    """The decimal of a file as the fraction that it is: turned once, since every determination reads the same ones."""
    return Fraction(number)


def exact_sum(amounts: Sequence[Fraction]) -> Fraction:
    """The sum, over one denominator: fractions that are added one by one are reduced each time."""
    if len(amounts) <= 1:
        return amounts[0] if amounts else Fraction(0)
    below = lcm(*(amount.denominator for amount in amounts))
    return Fraction(sum(amount.numerator * (below // amount.denominator) for amount in amounts), below)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217).

    Between two cited roundings an amount may be a ratio that no decimal writes exactly, so the
    amount is a Fraction inside; `decimal()` gives it out once a rule has rounded it.
    """

    amount: Fraction
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str | int | Fraction, currency: str) -> Self:
        """Money from an exact number or its text; floats are refused."""
        if isinstance(amount, float):
            raise TypeError(f"Money from the float {amount!r}: give a Decimal, a Fraction or text")
        return cls(Fraction(amount), currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, ratio: Fraction | int | Decimal) -> "Money":
        return Money(self.amount * Fraction(ratio), self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        return not other < self

    def decimal(self) -> Decimal:
        """The exact decimal value; ValueError where none exists (a rule should have rounded first)."""
        numerator, denominator = self.amount.numerator, self.amount.denominator
        for prime in (2, 5):
            while denominator % prime == 0:
                denominator //= prime
        if denominator != 1:
            raise ValueError(f"{self.amount} {self.currency} has no exact decimal: round it by a cited rule first")
        return Decimal(numerator) / Decimal(self.amount.denominator)

    def shown(self) -> str:
        """For people and traces: cents by half-even where the amount is not yet rounded by a rule."""
        cents = (Decimal(self.amount.numerator) / Decimal(self.amount.denominator)).quantize(
            Decimal("0.01"), rounding=ROUND_HALF_EVEN
        )
        return f"{cents} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency} without a dated rate")
