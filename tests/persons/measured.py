"""Precision, recall and the share that goes to a person, over a made-up population."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from portability.agreements.careers import InsuranceAccount
from portability.services.matching import MatchOutcome, account_keys, match_person
from portability.services.persons.likeness import Candidate, Likeness, Verdict, decide, likeness
from portability.services.persons.search_keys import search_keys
from tests.persons.population import Person, Search, population, searches

__all__ = ["Figures", "Register", "measure", "measure_accounts"]


@dataclass(slots=True)
class Figures:
    """Counts of searches by how they ended."""

    right: int = 0  # matched by itself, and it is the person
    wrong: int = 0  # matched by itself, and it is another
    shown: int = 0  # to a person, the right one among the candidates
    shown_without: int = 0  # to a person, the right one not among them
    missed: int = 0  # nobody, though the person is there
    nobody: int = 0  # nobody, rightly
    stranger_shown: int = 0  # to a person, though nobody is there
    weak: int = 0  # matched by itself on fewer than two strong keys: must never be
    candidates: int = 0
    seconds: float = 0.0

    @property
    def searched(self) -> int:
        return (
            self.right + self.wrong + self.shown + self.shown_without + self.missed + self.nobody + self.stranger_shown
        )

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of the people who are there that were matched, or shown to a person."""
        there = self.right + self.wrong + self.shown + self.shown_without + self.missed
        return (self.right + self.shown) / max(1, there)

    @property
    def to_a_person(self) -> float:
        return (self.shown + self.shown_without + self.stranger_shown) / max(1, self.searched)

    def told(self) -> str:
        """The figures in one line each."""
        return (
            f"{self.searched:,} searches: {self.right:,} matched rightly, {self.wrong} wrongly "
            f"(precision {self.precision:.5f}), {self.weak} on fewer than two strong keys\n"
            f"recall {self.recall:.4f} (matched, or shown to a person with the right one among them); "
            f"{self.missed:,} missed, {self.shown_without:,} shown without the right one\n"
            f"to a person {self.to_a_person:.3f}, of them {self.stranger_shown:,} who are not there; "
            f"{self.nobody:,} strangers rightly nobody\n"
            f"{self.candidates / max(1, self.searched):.1f} candidates a search, "
            f"{1e6 * self.seconds / max(1, self.searched):.0f} microseconds"
        )


class Accounts:
    """The same people as accounts of a register: one name, a whole birth date, no sex; searched as a node searches."""

    def __init__(self, people: list[Person]) -> None:
        self._filed: dict[str, list[InsuranceAccount]] = defaultdict(list)
        for person in people:
            account = _account(person)
            for key in account_keys(account):
                self._filed[key].append(account)

    async def like(self, keys: frozenset[str]) -> list[InsuranceAccount]:
        found = {account.account_id: account for key in keys for account in self._filed.get(key, ())}
        return list(found.values())


def measure_accounts(people: int, count: int, *, seed: int) -> Figures:
    """Search `count` times in a register of accounts of `people`, by the way that FindRecords and cases go."""
    register_of = population(people, seed=seed)
    accounts = Accounts(register_of)
    figures = Figures()

    async def search_all() -> None:
        for search in searches(register_of, count, seed=seed + 1):
            before = time.perf_counter()
            match = await match_person(search.facts, people=accounts)
            figures.seconds += time.perf_counter() - before
            figures.candidates += len(match.accounts)
            found = match.outcome is MatchOutcome.FOUND
            verdict = Verdict.MATCHED if found else Verdict.TO_A_PERSON if match.accounts else Verdict.NOBODY
            _count(figures, search, verdict, [one.account_id for one in match.accounts])
            figures.weak += found and _weak(match.likenesses[0])

    asyncio.run(search_all())
    return figures


def _account(person: Person) -> InsuranceAccount:
    facts = person.facts
    born = date(facts.birth.year, facts.birth.month or 1, facts.birth.day or 1)
    name = f"{facts.family_names[0]}, {facts.given_names}"
    return InsuranceAccount(person.person_id, name, born, facts.identifiers, (), born)


class Register:
    """People filed under their search keys."""

    def __init__(self, people: list[Person]) -> None:
        self._filed: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            for key in search_keys(person.facts):
                self._filed[key].append(person)

    def candidates(self, search: Search) -> list[Candidate]:
        found = {person.person_id: person for key in search_keys(search.facts) for person in self._filed.get(key, ())}
        return [Candidate(name, likeness(search.facts, person.facts)) for name, person in found.items()]


def measure(people: int, count: int, *, seed: int) -> Figures:
    """Search `count` times in a register of `people`."""
    register_of = population(people, seed=seed)
    register = Register(register_of)
    figures = Figures()
    for search in searches(register_of, count, seed=seed + 1):
        before = time.perf_counter()
        candidates = register.candidates(search)
        verdict, chosen = decide(candidates)
        figures.seconds += time.perf_counter() - before
        figures.candidates += len(candidates)
        _count(figures, search, verdict, [one.person_id for one in chosen])
        figures.weak += verdict is Verdict.MATCHED and _weak(chosen[0].likeness)
    return figures


def _weak(found: Likeness) -> bool:
    return found.strong_keys < 2


def _count(figures: Figures, search: Search, verdict: Verdict, chosen: list[str]) -> None:
    if verdict is Verdict.MATCHED:
        figures.right += chosen == [search.person_id]
        figures.wrong += chosen != [search.person_id]
    elif verdict is Verdict.NOBODY:
        figures.missed += search.person_id is not None
        figures.nobody += search.person_id is None
    elif search.person_id is None:
        figures.stranger_shown += 1
    else:
        figures.shown += search.person_id in chosen
        figures.shown_without += search.person_id not in chosen
