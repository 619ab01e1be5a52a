"""Whether an account is a person's: by exact identifiers, or by everything that is known of her.

A leaf module that services share; how two descriptions are compared is in `persons`. An account is found by a person's
description only where two independent strong keys agree and nothing speaks against it; everything else is shown to a
person, likest first, with the reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from portability.agreements.careers import InsuranceAccount
from portability.services.persons.births import BirthDate
from portability.services.persons.likeness import Candidate, Likeness, PersonFacts, Verdict, decide, likeness
from portability.services.persons.search_keys import search_keys

__all__ = ["Match", "MatchOutcome", "PersonIndex", "account_keys", "match_exactly", "match_person"]

WORDS_OF_A_NAME = 6
"""Of a name without a comma that are tried as family and given names, each way round."""


class MatchOutcome(StrEnum):
    FOUND = "found"  # exactly one account
    NONE = "none"  # no account comes into question
    SEVERAL = "several"  # more than one
    CONTRADICTION = "contradiction"  # one account, but its birth date, name, sex or number speaks against it
    LIKELY = "likely"  # one account, on fewer than two independent strong keys


class PersonIndex(Protocol):
    """Accounts by what is known of a person."""

    async def like(self, keys: frozenset[str]) -> Sequence[InsuranceAccount]:
        """Accounts filed under one of these keys (`persons.search_keys`), by account id, a hundred at most."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """How a search ended. `accounts` holds the one found, or the candidates for a person to look at.

    `likenesses`, where people were compared: how far each account agrees, in the order of the accounts.
    """

    outcome: MatchOutcome
    accounts: tuple[InsuranceAccount, ...]
    likenesses: tuple[Likeness, ...] = ()

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


async def match_person(sought: PersonFacts, *, people: PersonIndex) -> Match:
    """Look for a person by everything that is known of her."""
    known = {account.account_id: account for account in await people.like(search_keys(sought))}
    verdict, chosen = decide([Candidate(name, _likeness(sought, one)) for name, one in known.items()])
    accounts = tuple(known[one.person_id] for one in chosen)
    return Match(_outcome(verdict, chosen), accounts, tuple(one.likeness for one in chosen))


def account_keys(account: InsuranceAccount) -> frozenset[str]:
    """The keys under which an account is filed. They hold personal data: a store keeps a keyed hash of each."""
    return frozenset().union(*(search_keys(facts) for facts in _readings(account)))


def _outcome(verdict: Verdict, chosen: Sequence[Candidate]) -> MatchOutcome:
    if verdict is Verdict.MATCHED:
        return MatchOutcome.FOUND
    if not chosen:
        return MatchOutcome.NONE
    if len(chosen) > 1:
        return MatchOutcome.SEVERAL
    return MatchOutcome.CONTRADICTION if chosen[0].likeness.contradictions else MatchOutcome.LIKELY


def _likeness(sought: PersonFacts, account: InsuranceAccount) -> Likeness:
    return max((likeness(sought, facts) for facts in _readings(account)), key=lambda one: (one.strong_keys, one.score))


def _readings(account: InsuranceAccount) -> Sequence[PersonFacts]:
    """What an account says of its person. A name without a comma does not say where the family name ends."""
    born = account.birth_date
    birth = BirthDate(born.year, born.month, born.day)
    return [PersonFacts((family,), given, birth, account.identifiers) for family, given in _names(account.name)]


def _names(name: str) -> Sequence[tuple[str, str]]:
    family, comma, given = name.partition(",")
    words = name.split()
    if comma or not 1 < len(words) <= WORDS_OF_A_NAME:
        return [(family.strip(), given.strip())]
    cuts = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    return [*cuts, *((last, first) for first, last in cuts)]
