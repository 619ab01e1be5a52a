"""Another state's periods as calendar quarters of this one: how many, and which (United States agreements).

A quarter counts once, own quarters of coverage go before foreign ones, and a quarter that finds no place within its
period is lost. Which quarters own ones stand in before 1978 is a fact; later ones may stand anywhere in their year
and make room (42 USC 413(a)(2)(A)(ii)).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portability.agreements.errors import InputError
from portability.agreements.periods import InsurancePeriod
from portability.agreements.quarter_amounts import Claim, Quarter, claims_of
from portability.agreements.rules import QuarterCredit

__all__ = ["Grid", "QuarterCredits", "credited_quarters", "own_quarters"]

MOVABLE_SINCE = 1978
"""From this year on a quarter of coverage is assigned to a calendar quarter only where that matters."""


@dataclass(slots=True)
class Grid:
    """Calendar quarters while they are given out: own ones, and foreign ones."""

    own: set[Quarter]
    foreign: set[Quarter] = field(default_factory=set)

    def free(self, quarter: Quarter) -> bool:
        """Whether a foreign quarter may stand here; one may stand on another foreign one, and counts once."""
        return quarter not in self.own

    def make_room(self, quarter: Quarter) -> bool:
        """Move the own quarter here to a blank one of its year, where the law leaves its place open."""
        year, _ = quarter
        blanks = [(year, q) for q in range(1, 5) if (year, q) not in self.own | self.foreign and (year, q) != quarter]
        if year < MOVABLE_SINCE or not blanks:
            return False
        self.own.remove(quarter)
        self.own.add(blanks[-1])
        return True

    def rows(self) -> dict[str, str]:
        """Each year as four letters: C own, F foreign, N none."""
        years = sorted({year for year, _ in self.own | self.foreign})
        return {str(year): "".join(self._letter((year, q)) for q in range(1, 5)) for year in years}

    def _letter(self, quarter: Quarter) -> str:
        return "C" if quarter in self.own else "F" if quarter in self.foreign else "N"


@dataclass(frozen=True, slots=True)
class QuarterCredits:
    """The quarters credited, by period, and all of them together with the own ones."""

    grid: Grid
    by_period: tuple[tuple[str, int], ...]
    lost: int
    reviewed_up_to: int | None
    rules: tuple[QuarterCredit, ...]

    @property
    def foreign(self) -> int:
        return len(self.grid.foreign)


def credited_quarters(
    rules: Sequence[QuarterCredit], periods: Sequence[InsurancePeriod], *, own: set[Quarter]
) -> QuarterCredits:
    """Each period's quarters from its first calendar quarter on, consecutively, never after its last.

    Raises InputError where a period has no dates, or comes in a unit that no rule takes.
    """
    grid, by_period, lost = Grid(set(own)), [], 0
    claims = claims_of(rules, periods)
    for claim in claims:
        placed = _place(claim, grid)
        by_period.append((claim.name, placed))
        lost += claim.quarters - placed
    used = tuple(dict.fromkeys(claim.rule for claim in claims))
    return QuarterCredits(grid, tuple(by_period), lost, _reviewed(claims, grid), used)


def own_quarters(counts: Mapping[int, int]) -> set[Quarter]:
    """Own quarters of coverage known by year only, at the end of their year; InputError over four a year."""
    if any(not 0 <= count <= 4 for count in counts.values()):
        raise InputError("a calendar year has at most four quarters of coverage", field="quarters_of_coverage")
    return {(year, quarter) for year, count in counts.items() for quarter in range(5 - count, 5)}


def _place(claim: Claim, grid: Grid) -> int:
    """How many of a claim's quarters found a place: first on those free, then where own ones make room."""
    taken = [quarter for quarter in claim.places if grid.free(quarter)][: claim.quarters]
    grid.foreign.update(taken)
    for quarter in claim.places:
        if len(taken) >= claim.quarters:
            break
        if quarter in grid.own and grid.make_room(quarter):
            grid.foreign.add(quarter)
            taken.append(quarter)
    return len(taken)


def _reviewed(claims: Sequence[Claim], grid: Grid) -> int | None:
    """How many quarters a review may credit where periods of the very same days share quarters; None: no review.

    Weeks certified twice for the same days are different weeks, which the consecutive rule puts on one quarter
    (GN 01706.035).
    """
    for claim in claims:
        same = [one for one in claims if one.places == claim.places and one.rule.review_cite]
        if len(same) > 1:
            room = [quarter for quarter in claim.places if quarter not in grid.own]
            others = len(grid.foreign - set(claim.places))
            return others + min(sum(one.quarters for one in same), len(room))
    return None
