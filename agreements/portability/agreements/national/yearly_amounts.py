"""Figures of national laws by calendar year, each table with its citation."""

from fractions import Fraction
from typing import Literal

from pydantic import Field

from portability.agreements.errors import NoRuleInForceError
from portability.agreements.rules import Amount, Entry, Text

__all__ = ["YearlyAmounts"]


class YearlyAmounts(Entry):
    """One amount a calendar year."""

    cite: Text
    status: Literal["verified", "unverified"] = "verified"
    values: dict[int, Amount] = Field(min_length=1)

    def of(self, year: int) -> Fraction:
        """The amount of a year; NoRuleInForceError with the years covered where there is none."""
        if year not in self.values:
            raise NoRuleInForceError(
                f"No value for {year} ({self.cite}): the file covers {min(self.values)} to {max(self.values)}.",
                citation=self.cite,
            )
        return self.values[year]
