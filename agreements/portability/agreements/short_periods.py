"""Periods too short to oblige an institution (883/2004 Art. 57; Canada-Italy Art. 15).

Of other states it is known how long their periods are, not whether these alone open a right there: a period under
the limit is taken to open none, and the step says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from portability.agreements.aggregation import InsuredTime
from portability.agreements.calculation import relieved_states
from portability.agreements.conversion import convert
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.legislation import Scheme
from portability.agreements.overlap import CountedPeriod
from portability.agreements.periods import Duration
from portability.agreements.rules import PeriodConversion, ShortPeriods
from portability.agreements.values import Citation, StateCode

__all__ = ["Relief", "relief"]


@dataclass(frozen=True, slots=True)
class Relief:
    """Which states owe nothing for short periods.

    `outside_ratio` is others' time that raises the theoretical amount and stays out of the divisor. `pays_all` says
    that this institution, the last one, owes the benefit as if all periods were its own (883/2004 Art. 57(3)).
    """

    own_relieved: bool
    pays_all: bool
    outside_ratio: Fraction
    steps: tuple[Step, ...]


NONE = Relief(own_relieved=False, pays_all=False, outside_ratio=Fraction(0), steps=())


def relief(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    time: InsuredTime,
    alone: bool,
    rule: ShortPeriods | None,
    conversion: PeriodConversion | None,
    counted: Sequence[CountedPeriod],
) -> Relief:
    """The states relieved by the rule in force, and what follows for this one (883/2004 Art. 57(1) to (3))."""
    limit = _limit(scheme, rule, conversion)
    if rule is None or limit is None:
        return NONE
    by_state = ((facts.state, time.own), *time.others)
    relieved = [state for state in relieved_states(by_state, less_than=limit) if not (alone and state == facts.state)]
    steps = tuple(_step(state, rule, facts) for state in relieved)
    everyone = len(relieved) == sum(1 for _, amount in by_state if amount > 0)
    if relieved and everyone and rule.last_state_cite is not None:
        return _last_state(facts, relieved, counted=counted, cite=rule.last_state_cite, steps=steps)
    only_theoretical = rule.others_count_for == "theoretical_amount"
    outside = sum((amount for state, amount in time.others if state in relieved and only_theoretical), Fraction(0))
    return Relief(own_relieved=facts.state in relieved, pays_all=False, outside_ratio=outside, steps=steps)


def _limit(scheme: Scheme, rule: ShortPeriods | None, conversion: PeriodConversion | None) -> Fraction | None:
    """The limit in the scheme's unit; None where the agreement gives no way from one to the other."""
    if rule is None:
        return None
    limit = Duration(rule.less_than.amount, rule.less_than.unit, rule.less_than.day_regime)
    if conversion is not None:
        return convert(limit, to=scheme.unit, day_regime=scheme.day_regime, rule=conversion).amount
    return limit.amount if limit.unit == scheme.unit else None


def _last_state(
    facts: DeterminationFacts,
    relieved: list[StateCode],
    *,
    counted: Sequence[CountedPeriod],
    cite: str,
    steps: tuple[Step, ...],
) -> Relief:
    """The last of the states whose conditions are satisfied pays for all (883/2004 Art. 57(3))."""
    ends: dict[StateCode, date] = {}
    for entry in counted:
        end = entry.period.end or date.min
        ends[entry.period.state] = max(end, ends.get(entry.period.state, date.min))
    satisfied: Mapping[StateCode, date] = {
        state: end for state, end in ends.items() if state in relieved and state not in facts.unsatisfied_states
    }
    last = max(satisfied, key=lambda state: (satisfied[state], state)) if satisfied else ""
    own = last == facts.state
    values = (("ends", tuple(sorted(ends.items()))), ("last", last))
    output = "this_state" if own else "another_state" if last else "no_state"
    step = Step("last_state", Citation.of(cite), values, output)
    return Relief(own_relieved=not own, pays_all=own, outside_ratio=Fraction(0), steps=(*steps, step))


def _step(state: StateCode, rule: ShortPeriods, facts: DeterminationFacts) -> Step:
    limit = (("limit", rule.less_than.amount), ("unit", rule.less_than.unit))
    if state == facts.state:
        return Step("short_periods", rule.citation, (("state", state), *limit), "own_relieved")
    # Taken to open no right there alone: of other states only the length of the periods is known.
    values = (("state", state), *limit, ("count_for", rule.others_count_for), ("count_cite", rule.others_count_cite))
    return Step("short_periods", rule.citation, values, "relieved")
