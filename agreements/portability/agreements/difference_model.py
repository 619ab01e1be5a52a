"""What differs between two versions of an agreement, as data: changes, outcomes of examples, and who is affected."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from portability.agreements.values import Branch, StateCode

__all__ = ["Affected", "Change", "ChangeKind", "Difference", "OutcomeChange", "ResultChange"]


class ChangeKind(StrEnum):
    """What sort of change it is."""

    PARTY_ADDED = "party_added"
    PARTY_REMOVED = "party_removed"
    PARTY_DATES = "party_dates"
    BRANCH_ADDED = "branch_added"
    BRANCH_REMOVED = "branch_removed"
    RULE_ADDED = "rule_added"
    RULE_ENDED = "rule_ended"
    RULE_REMOVED = "rule_removed"
    PARAMETER = "parameter"
    GAP_OPENED = "gap_opened"
    GAP_CLOSED = "gap_closed"
    GAP_CHANGED = "gap_changed"
    RECORD = "record"
    """The file says more or other things of itself (sources, review, notes); the law is the same for everybody."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom a change concerns: states that apply it, branches, groups of persons, and days, both inclusive.

    `since` is None where the change has no first day, `until` where it has no last one.
    """

    states: tuple[StateCode, ...] = ()
    branches: tuple[Branch, ...] = ()
    groups: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `before` and `after` are empty where a thing was not there, and so are their citations.

    `about` is the id of the rule, the state, the branch or the citation of a gap; `rule_kind` and `parameter` are
    empty where the change is of neither. `said` is one sentence for people.
    """

    kind: ChangeKind
    about: str
    said: str
    affected: Affected
    rule_kind: str = ""
    parameter: str = ""
    before: str = ""
    after: str = ""
    old_cite: str = ""
    new_cite: str = ""


@dataclass(frozen=True, slots=True)
class ResultChange:
    """One result of an example that comes out otherwise; `by` is the difference where both are numbers."""

    name: str
    before: str
    after: str

    @property
    def by(self) -> Fraction | None:
        """After minus before; None where one of them is no number."""
        try:
            return Fraction(self.after) - Fraction(self.before)
        except (ValueError, ZeroDivisionError):
            return None


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """An example that comes out otherwise under the new version; `of` says which version's example it is."""

    case_id: str
    title: str
    source: str
    trust: str
    of: str
    results: tuple[ResultChange, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two versions; ids and SHA-256 say which two were compared."""

    old_id: str
    new_id: str
    old_sha256: str
    new_sha256: str
    changes: tuple[Change, ...]
    outcomes: tuple[OutcomeChange, ...]
    examples_run: int

    @property
    def of_the_law(self) -> tuple[Change, ...]:
        """The changes that can matter to a person."""
        return tuple(change for change in self.changes if change.kind is not ChangeKind.RECORD)

    @property
    def affected(self) -> Affected:
        """Everybody whom a change of the law concerns: the union over all of them."""
        found = [change.affected for change in self.of_the_law]
        starts, ends = [one.since for one in found], [one.until for one in found]
        return Affected(
            states=tuple(sorted({state for one in found for state in one.states})),
            branches=tuple(sorted({branch for one in found for branch in one.branches})),
            groups=tuple(sorted({group for one in found for group in one.groups})),
            since=None if None in starts or not starts else min(day for day in starts if day),
            until=None if None in ends or not ends else max(day for day in ends if day),
        )
