"""Whether an account is a person's: exact identifiers only; everything else is for a person to look at.

A leaf module that services share. Not modelled: names, scripts, partial dates, scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portability.agreements.careers import InsuranceAccount

__all__ = ["Match", "MatchOutcome", "match_exactly"]


class MatchOutcome(StrEnum):
    FOUND = "found"  # exactly one account
    NONE = "none"  # no account has such an identifier
    SEVERAL = "several"  # more than one
    CONTRADICTION = "contradiction"  # one account, but another birth date


@dataclass(frozen=True, slots=True)
class Match:
    """How an exact search ended. `accounts` holds the one found, or the candidates for a person to look at."""

    outcome: MatchOutcome
    accounts: tuple[InsuranceAccount, ...]

    @property
    def needs_a_person(self) -> bool:
        return self.outcome is not MatchOutcome.FOUND


def match_exactly(accounts: Sequence[InsuranceAccount], *, birth_date: date | None) -> Match:
    """Judge what exact identifiers found; only one account with the same birth date is a match.

    `birth_date` None: the caller does not know it, and the identifier alone decides.
    """
    found = tuple(accounts)
    if not found:
        return Match(MatchOutcome.NONE, found)
    if len(found) > 1:
        return Match(MatchOutcome.SEVERAL, found)
    if birth_date is not None and found[0].birth_date != birth_date:
        return Match(MatchOutcome.CONTRADICTION, found)
    return Match(MatchOutcome.FOUND, found)
