"""Own time, others' time, and all of it together, in the unit of one national scheme.

Two ways lead from another state's period to own time: conversion of units (987/2009 Art. 13), and the credits of a
bilateral agreement ("13 weeks in a calendar year count as a year"). The agreement says which.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from portability.agreements.conversion import convert
from portability.agreements.counted_time import counted_duration, time_in_unit
from portability.agreements.credits import credited_time
from portability.agreements.errors import DeterminationError, NoRuleInForceError
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.legislation import Scheme
from portability.agreements.overlap import CountedPeriod, SetAside
from portability.agreements.periods import Duration, InsurancePeriod
from portability.agreements.rules import Aggregation, PeriodConversion, PeriodCredit
from portability.agreements.spans import Span, shared
from portability.agreements.values import Citation, StateCode, exact_sum

__all__ = ["InsuredTime", "aggregate_periods", "own_national_time", "periods_before_risk"]


@dataclass(frozen=True, slots=True)
class InsuredTime:
    """Insured time in one scheme's unit: own, by other state, and the steps that led there."""

    own: Fraction
    others: tuple[tuple[StateCode, Fraction], ...]
    steps: tuple[Step, ...]
    total: Fraction = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", exact_sum([self.own, *(amount for _, amount in self.others)]))


def own_national_time(scheme: Scheme, facts: DeterminationFacts, *, rule: PeriodConversion | None) -> Fraction:
    """Time under national law alone: every own period before the risk, no day twice, whatever others did meanwhile."""
    own = [
        period for period in periods_before_risk(facts) if period.state == facts.state and period.scheme == scheme.id
    ]
    kept = [CountedPeriod(one, ((one.start, one.end),) if one.start and one.end else ()) for one in own]
    return time_in_unit(kept, scheme, rule)


def aggregate_periods(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    counted: Sequence[CountedPeriod],
    aside: Sequence[SetAside],
    rule: Aggregation,
    conversion: PeriodConversion | None,
    credit_rules: Sequence[PeriodCredit],
) -> InsuredTime:
    """All periods together, as though completed under the legislation applied (883/2004 Art. 6; 987/2009 Art. 12(2)).

    `counted` holds the days that count after overlaps. A state for which neither conversion nor a credit stands adds
    nothing, unless the agreement names no scale at all: then the calendar counts.
    """
    steps = [_overlap_step(entry) for entry in aside]
    own = time_in_unit([entry for entry in counted if _is_own(entry, facts, scheme)], scheme, conversion)
    too_short = _own_too_short(own, scheme, rule, conversion)
    if too_short is not None:
        return InsuredTime(own, (), (*steps, too_short))
    others: list[tuple[StateCode, Fraction]] = []
    for state in sorted({entry.period.state for entry in counted} - {facts.state}):
        foreign = [entry for entry in counted if entry.period.state == state]
        applicable = [credit for credit in credit_rules if credit.from_state == state and credit.to_scheme == scheme.id]
        if applicable:
            amount, step = credited_time(
                applicable, foreign, own=_spans(counted, facts), scheme=scheme, born_on=facts.birth_date
            )
        elif conversion is not None:
            amount = time_in_unit(foreign, scheme, conversion)
            step = _conversion_step(state, amount, foreign, scheme, conversion.citation)
        elif rule.without_scale == "calendar":
            amount = _by_calendar(foreign, scheme, rule)
            step = _conversion_step(state, amount, foreign, scheme, rule.citation)._replace(rule="counted_by_calendar")
        else:
            continue
        others.append((state, amount))
        steps.append(step)
    parts = ((facts.state, own), *others)
    total = exact_sum([amount for _, amount in parts])
    steps.append(Step("aggregation", rule.citation, (("parts", parts), ("unit", scheme.unit)), total))
    return InsuredTime(own, tuple(others), tuple(steps))


def _own_too_short(
    own: Fraction, scheme: Scheme, rule: Aggregation, conversion: PeriodConversion | None
) -> Step | None:
    """The step that says so where own time stays under what the agreement asks before others' time counts.

    DeterminationError where no rule of the agreement turns that minimum into the scheme's unit.
    """
    if rule.minimum_own is None:
        return None
    least = Duration(rule.minimum_own.amount, rule.minimum_own.unit, rule.minimum_own.day_regime)
    if (least.unit, least.day_regime) != (scheme.unit, scheme.day_regime):
        if conversion is None:
            raise DeterminationError(
                f"{rule.minimum_own_cite or rule.cite} asks for {least.amount} {least.unit}, and no rule turns them "
                f"into {scheme.unit}: determine it by hand.",
                citation=rule.minimum_own_cite or rule.cite,
            )
        least = convert(least, to=scheme.unit, day_regime=scheme.day_regime, rule=conversion)
    if own >= least.amount:
        return None
    cite = Citation.of(rule.minimum_own_cite or rule.cite)
    return Step("own_time_too_short", cite, (("needed", least.amount), ("unit", scheme.unit)), own)


def _by_calendar(foreign: list[CountedPeriod], scheme: Scheme, rule: Aggregation) -> Fraction:
    """Time in one unit as it is, anything else by its days; NoRuleInForceError for a period without dates."""
    for entry in foreign:
        duration = counted_duration(entry)
        if entry.period.start is None and (duration.unit, duration.day_regime) != (scheme.unit, scheme.day_regime):
            raise NoRuleInForceError(
                f"{rule.cite} adds up periods, and no rule of the agreement turns {duration.unit} without dates into "
                f"{scheme.unit}: ask {entry.period.state} for the dates, or determine it by hand.",
                citation=rule.cite,
            )
    return time_in_unit(foreign, scheme, None)


def _is_own(entry: CountedPeriod, facts: DeterminationFacts, scheme: Scheme) -> bool:
    return entry.period.state == facts.state and entry.period.scheme == scheme.id


def _spans(counted: Sequence[CountedPeriod], facts: DeterminationFacts) -> list[Span]:
    return [span for entry in counted if entry.period.state == facts.state for span in entry.spans]


def _before_risk(period: InsurancePeriod, facts: DeterminationFacts) -> InsurancePeriod | None:
    """The part of a period before the risk materialised (883/2004 Art. 52(1)(b)(ii)), or None."""
    if period.start is None or period.end is None or period.end <= facts.risk_materialised_on:
        return period
    left = shared((period.start, period.end), (period.start, facts.risk_materialised_on))
    if left is None:
        return None
    duration = period.duration
    if duration is not None:
        share = Fraction((left[1] - left[0]).days, (period.end - period.start).days)
        duration = Duration(duration.amount * share, duration.unit, duration.day_regime)
    return InsurancePeriod(
        period.period_id, period.state, period.kind, period.scheme, left[0], left[1], duration, period.period_type
    )


def periods_before_risk(facts: DeterminationFacts) -> list[InsurancePeriod]:
    """Every period, cut at the day on which the risk materialised."""
    return [cut for period in facts.periods if (cut := _before_risk(period, facts)) is not None]


def _overlap_step(entry: SetAside) -> Step:
    period = entry.period
    values = (
        ("period", period.period_id),
        ("state", period.state),
        ("kind", period.kind),
        ("gives_way_to", entry.because_of),
        ("days", sum((end - start).days for start, end in entry.spans)),
    )
    return Step("overlap", Citation.of(entry.cite), values, "set_aside")


def _conversion_step(
    state: StateCode, amount: Fraction, foreign: list[CountedPeriod], scheme: Scheme, citation: Citation
) -> Step:
    amounts: dict[str, list[Fraction]] = {}
    for entry in foreign:
        duration = counted_duration(entry)
        amounts.setdefault(duration.unit, []).append(duration.amount)
    given = tuple((exact_sum(amounts[unit]), unit) for unit in sorted(amounts))
    return Step("period_conversion", citation, (("state", state), ("given", given), ("unit", scheme.unit)), amount)
