"""How much of the law the files hold and how well: counts, shares, gaps and states. Pure.

A share counts provisions: each rule, and each age, minimum or value of a legislation. One is cited where its citation
names a place in the text, and verified where the file says that the text was read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import floor

from portability.agreements.citations import Provision, names_a_place, place_in, provisions
from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import Legislation
from portability.agreements.rule_words import kind_of
from portability.agreements.rules import ExampleCase, ExampleFile, Instrument, NotModelled
from portability.agreements.values import StateCode

__all__ = ["Coverage", "FileCoverage", "Share", "Tally", "coverage", "of_agreement", "of_legislation", "with_sets"]

ANSWERED = "answered_by_institution"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, both counted."""

    part: int
    whole: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing; also where there is nothing."""
        return self.part == self.whole

    def __str__(self) -> str:
        """In per cent, rounded down to a tenth: 100 % is said of the whole alone."""
        if not self.whole:
            return "none"
        tenths = floor(Fraction(self.part * 1000, self.whole))
        return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"

    def __add__(self, other: "Share") -> "Share":
        return Share(self.part + other.part, self.whole + other.whole)


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One agreement or legislation. `uncited` names the provisions whose citation names no place in a text."""

    id: str
    title: str
    status: str
    states: tuple[StateCode, ...]
    branches: tuple[str, ...]
    kinds: Mapping[str, int]
    cited: Share
    uncited: tuple[str, ...]
    verified: Share
    examples: tuple[ExampleCase, ...]
    gaps: tuple[NotModelled, ...]
    superseded_by: str = ""

    @property
    def known_differences(self) -> tuple[tuple[str, str], ...]:
        """Id and reason of each example that is known to come out otherwise."""
        return tuple((case.id, case.known_difference) for case in self.examples if case.known_difference)


@dataclass(frozen=True, slots=True)
class Tally:
    """Several files counted together; each mapping counts in the order of its keys."""

    kinds: Mapping[str, int]
    cited: Share
    verified: Share
    trust: Mapping[str, int]
    example_kinds: Mapping[str, int]
    differences: int
    stops: Mapping[str, int]

    @classmethod
    def of(cls, files: Iterable[FileCoverage]) -> "Tally":
        """The sums over some files."""
        found = list(files)
        examples = [case for one in found for case in one.examples]
        return cls(
            _counted(kind for one in found for kind, number in one.kinds.items() for _ in range(number)),
            sum((one.cited for one in found), Share(0, 0)),
            sum((one.verified for one in found), Share(0, 0)),
            _counted(case.trust for case in examples),
            _counted(case.kind for case in examples),
            sum(case.known_difference is not None for case in examples),
            _counted(gap.stops for one in found for gap in one.gaps),
        )


@dataclass(frozen=True, slots=True)
class Coverage:
    """All files together."""

    agreements: tuple[FileCoverage, ...]
    legislations: tuple[FileCoverage, ...]

    @property
    def tally(self) -> Tally:
        """All files counted together."""
        return Tally.of((*self.agreements, *self.legislations))

    @property
    def statuses(self) -> Mapping[str, int]:
        """How many agreements have which status of review."""
        return _counted(one.status for one in self.agreements)

    @property
    def states(self) -> tuple[StateCode, ...]:
        """States that are party to any agreement."""
        return tuple(sorted({state for one in self.agreements for state in one.states}))

    @property
    def pairs(self) -> int:
        """Pairs of states that an agreement binds or bound to each other."""
        return len({pair for one in self.agreements for pair in combinations(sorted(one.states), 2)})

    @property
    def computed(self) -> tuple[StateCode, ...]:
        """States of which at least one scheme's amount is computed here; of the others the institution answers it."""
        return tuple(sorted({one.states[0] for one in self.legislations if set(one.kinds) - {ANSWERED}}))


def coverage(
    agreements: Iterable[Agreement], legislations: Iterable[Legislation], sets: Iterable[ExampleFile] = ()
) -> Coverage:
    """Of all files, by id. Agreements as their files state them: rules taken over are counted where they stand.

    `sets` are examples in files of their own; they count where the agreement or legislation stands that they are of.
    """
    more = tuple(sets)
    return Coverage(
        tuple(sorted((with_sets(of_agreement(one), more) for one in agreements), key=lambda one: one.id)),
        tuple(sorted((with_sets(of_legislation(one), more) for one in legislations), key=lambda one: one.id)),
    )


def with_sets(found: FileCoverage, sets: Iterable[ExampleFile]) -> FileCoverage:
    """With the examples that stand for this file in files of their own."""
    more = (case for one in sets if one.agreement == found.id for case in one.examples)
    return replace(found, examples=(*found.examples, *more))


def of_agreement(agreement: Agreement) -> FileCoverage:
    """Of one treaty file."""
    content = agreement.content
    found = [one for index, rule in enumerate(content.rules) for one in provisions(rule, ("rules", index))]
    cited, uncited = _cited(found, content.instruments)
    kinds = _counted(kind_of(rule) for rule in content.rules)
    return FileCoverage(
        content.id, content.title, content.status, content.parties, tuple(content.branches), kinds, cited, uncited,
        _verified(found), content.examples, content.not_modelled, content.superseded_by or "",
    )  # fmt: skip


def of_legislation(legislation: Legislation) -> FileCoverage:
    """Of one legislation file; its kinds are the laws of its schemes."""
    content = legislation.content
    found = [one for index, scheme in enumerate(content.schemes) for one in provisions(scheme, ("schemes", index))]
    cited, uncited = _cited(found, content.instruments)
    branches = tuple(sorted({scheme.branch.value for scheme in content.schemes}))
    kinds = _counted(str(scheme.law) for scheme in content.schemes)
    return FileCoverage(
        content.id, content.title, content.status, (content.state,), branches, kinds, cited, uncited,
        _verified(found), content.examples, content.not_modelled,
    )  # fmt: skip


def _counted(words: Iterable[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(words).items()))


def _cited(found: list[Provision], instruments: Iterable[Instrument]) -> tuple[Share, tuple[str, ...]]:
    without = tuple(one.name for one in found if not names_a_place(place_in(one.cite, instruments)))
    return Share(len(found) - len(without), len(found)), without


def _verified(found: list[Provision]) -> Share:
    return Share(sum(one.verified for one in found), len(found))
