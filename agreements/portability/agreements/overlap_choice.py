"""Which of several states and kinds of coinciding periods counts (987/2009 Art. 12(2) to (5), Art. 43(1)). Pure.

The rules look at the state and the kind of a period, and for equivalent periods at where the person was insured before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.agreements.rules import Overlap
from portability.agreements.spans import Span
from portability.agreements.values import StateCode

__all__ = ["Choice", "CompulsoryHistory", "Group", "Order", "all_equivalent", "choose"]

Group = tuple[StateCode, PeriodKind]
Order = tuple[Group, ...]
Choice = tuple[Group, Mapping[Group, str]]
"""Who wins, and the provision by which each other loses."""


def choose(running: Order, rule: Overlap, applying_state: StateCode, beside: StateCode | None) -> Choice:
    """Which of the running states and kinds wins, and by which provision others lose.

    `beside` is where the person was compulsorily insured before or after, asked for equivalent periods only.
    """
    left: list[Group] = list(running)
    lost: dict[Group, str] = {}
    for giving_way, cite in (
        (_voluntary_beside_compulsory, rule.compulsory_before_voluntary),
        (_equivalent_beside_actual, rule.actual_before_equivalent),
    ):
        if cite:
            lost.update(dict.fromkeys(giving_way(left), cite))
            left = [group for group in left if group not in lost]
    if rule.equivalent_in_one_state and all_equivalent(left):
        state = beside or left[0][0]
        if any(one == state for one, _ in left):
            lost.update({group: rule.equivalent_in_one_state for group in left if group[0] != state})
            left = [group for group in left if group not in lost]
    # Art. 12(2): other states' periods are added provided that they do not overlap, so the own period stays.
    winner = min(left, key=lambda group: (group[0] != applying_state, group[1] != PeriodKind.COMPULSORY))
    lost.update({group: rule.cite for group in left if group[0] != winner[0]})
    return winner, lost


def all_equivalent(running: Iterable[Group]) -> bool:
    return all(kind == PeriodKind.EQUIVALENT for _, kind in running)


def _voluntary_beside_compulsory(running: list[Group]) -> list[Group]:
    """Voluntary periods beside a compulsory one of another state (987/2009 Art. 12(3))."""
    compulsory = {state for state, kind in running if kind in (PeriodKind.COMPULSORY, PeriodKind.RESIDENCE)}
    return [group for group in running if group[1] == PeriodKind.VOLUNTARY and compulsory - {group[0]}]


def _equivalent_beside_actual(running: list[Group]) -> list[Group]:
    """Equivalent periods beside another kind of another state (987/2009 Art. 12(4))."""
    actual = {state for state, kind in running if kind != PeriodKind.EQUIVALENT}
    return [group for group in running if group[1] == PeriodKind.EQUIVALENT and actual - {group[0]}]


class CompulsoryHistory:
    """Where a person was compulsorily insured before and after a day (987/2009 Art. 12(5))."""

    def __init__(self, dated: Sequence[InsurancePeriod]) -> None:
        compulsory = [one for one in dated if one.kind == PeriodKind.COMPULSORY and one.start and one.end]
        self._ends = sorted((one.end, one.state) for one in compulsory if one.end)
        self._starts = sorted((one.start, one.state) for one in compulsory if one.start)

    def state_beside(self, span: Span) -> StateCode | None:
        """The state of the last compulsory period before the days, else of the first after; None where none is."""
        before = bisect_right(self._ends, span[0], key=_day)
        if before:
            return self._ends[before - 1][1]
        after = bisect_left(self._starts, span[1], key=_day)
        return self._starts[after][1] if after < len(self._starts) else None


def _day(entry: tuple[date, StateCode]) -> date:
    return entry[0]
