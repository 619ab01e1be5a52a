"""Own time, others' time, and all of it together, in the unit of one national scheme.

Two ways lead from another state's period to own time: conversion of units (987/2009 Art. 13), and the credits of a
bilateral agreement ("13 weeks in a calendar year count as a year"). The agreement says which.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from portability.agreements.conversion import convert, units_per_year
from portability.agreements.credits import credited_time
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.legislation import Scheme
from portability.agreements.overlap import CountedPeriod, SetAside
from portability.agreements.periods import Duration, InsurancePeriod, PeriodUnit
from portability.agreements.rules import Aggregation, PeriodConversion, PeriodCredit
from portability.agreements.spans import Span, amount_of, days_of, shared, without, years_of
from portability.agreements.values import Citation, Money, StateCode

__all__ = ["InsuredTime", "aggregate_periods", "counted_duration", "own_national_time", "periods_before_risk"]


@dataclass(frozen=True, slots=True)
class InsuredTime:
    """Insured time in one scheme's unit: own, by other state, and the steps that led there."""

    own: Fraction
    others: tuple[tuple[StateCode, Fraction], ...]
    steps: tuple[Step, ...]

    @property
    def total(self) -> Fraction:
        return self.own + sum((amount for _, amount in self.others), Fraction(0))


def own_national_time(scheme: Scheme, facts: DeterminationFacts, *, rule: PeriodConversion | None) -> Fraction:
    """Time under national law alone: every own period before the risk, no day twice, whatever others did meanwhile."""
    own = [
        period for period in periods_before_risk(facts) if period.state == facts.state and period.scheme == scheme.id
    ]
    kept = [CountedPeriod(one, ((one.start, one.end),) if one.start and one.end else ()) for one in own]
    return _in_unit(kept, scheme, rule)


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

    `counted` holds the days that count after overlaps. A state for which neither conversion nor a credit stands
    adds nothing, and the step says so.
    """
    steps = [_overlap_step(entry) for entry in aside]
    own = _in_unit([entry for entry in counted if _is_own(entry, facts, scheme)], scheme, conversion)
    others: list[tuple[StateCode, Fraction]] = []
    for state in sorted({entry.period.state for entry in counted} - {facts.state}):
        foreign = [entry for entry in counted if entry.period.state == state]
        applicable = [credit for credit in credit_rules if credit.from_state == state and credit.to_scheme == scheme.id]
        if applicable:
            amount, step = credited_time(
                applicable, foreign, own=_spans(counted, facts), scheme=scheme, born_on=facts.birth_date
            )
        elif conversion is not None:
            amount = _in_unit(foreign, scheme, conversion)
            step = _conversion_step(state, amount, foreign, scheme, conversion)
        else:
            continue
        others.append((state, amount))
        steps.append(step)
    result = InsuredTime(own, tuple(others), ())
    said = " + ".join(
        [f"{facts.state} {for_people(own)}", *(f"{state} {for_people(amount)}" for state, amount in others)]
    )
    steps.append(
        Step(
            "aggregation",
            rule.citation,
            f"{said} = {for_people(result.total)} {scheme.unit}, as though completed under the legislation applied.",
            tuple((state, str(amount)) for state, amount in ((facts.state, own), *others)),
            str(result.total),
            f"We add up your time in all countries: {for_people(result.total)} {scheme.unit}.",
        )
    )
    return InsuredTime(own, tuple(others), tuple(steps))


def counted_duration(entry: CountedPeriod) -> Duration:
    """The communicated time of a period, less what was set aside.

    987/2009 Art. 13(1)(a) starts from what the institution communicated. Where only part of a period counts, its
    time is apportioned by calendar days: the articles are silent on this. Dates alone count as calendar months.
    """
    period = entry.period
    if period.duration is None:
        return Duration(amount_of(entry.spans, PeriodUnit.MONTHS), PeriodUnit.MONTHS)
    if period.start is None or period.end is None:
        return period.duration
    share = Fraction(days_of(entry.spans), (period.end - period.start).days)
    return Duration(period.duration.amount * share, period.duration.unit, period.duration.day_regime)


def _in_unit(entries: Iterable[CountedPeriod], scheme: Scheme, rule: PeriodConversion | None) -> Fraction:
    """One conversion for all that was communicated in one unit (987/2009 Art. 13(3)), then the sum.

    Days that two schemes of one state both cover count once.
    """
    groups: dict[tuple[str, str, str], list[CountedPeriod]] = {}
    for entry in _each_day_once(entries):
        duration = counted_duration(entry)
        groups.setdefault((entry.period.state, duration.unit, duration.day_regime or ""), []).append(entry)
    return sum((_group(group, scheme, rule) for group in groups.values()), Fraction(0))


def _each_day_once(entries: Iterable[CountedPeriod]) -> list[CountedPeriod]:
    kept: list[CountedPeriod] = []
    taken: list[Span] = []
    for entry in sorted(entries, key=lambda one: (one.spans, one.period.period_id)):
        spans = without(entry.spans, taken)
        if spans or not entry.spans:
            kept.append(CountedPeriod(entry.period, tuple(spans)))
            taken += spans
    return kept


def _group(entries: list[CountedPeriod], scheme: Scheme, rule: PeriodConversion | None) -> Fraction:
    unit = counted_duration(entries[0])
    if (unit.unit, unit.day_regime) == (scheme.unit, scheme.day_regime):
        return _sum(entries).amount
    if rule is None:
        return amount_of([span for entry in entries for span in entry.spans], scheme.unit)
    return sum((_converted(part, scheme, rule) for part in _year_by_year(entries)), Fraction(0))


def _year_by_year(entries: list[CountedPeriod]) -> list[list[CountedPeriod]]:
    """Each year apart where every period lies in one calendar year, else all at once (987/2009 Art. 13(3)).

    How the institution communicated is read from the periods themselves: an aggregate spans years.
    """
    years: dict[int, list[CountedPeriod]] = {}
    for entry in entries:
        touched = years_of(((entry.period.start, entry.period.end),)) if entry.period.start and entry.period.end else ()
        if len(touched) != 1:
            return [entries]
        years.setdefault(next(iter(touched)), []).append(entry)
    return [years[year] for year in sorted(years)]


def _converted(entries: list[CountedPeriod], scheme: Scheme, rule: PeriodConversion) -> Fraction:
    total = _sum(entries)
    spans = [span for entry in entries for span in entry.spans]
    years = None if any(entry.period.start is None for entry in entries) else _years_with_room(total, spans, rule)
    return convert(total, to=scheme.unit, day_regime=scheme.day_regime, rule=rule, calendar_years=years).amount


def _sum(entries: list[CountedPeriod]) -> Duration:
    durations = [counted_duration(entry) for entry in entries]
    return Duration(sum((one.amount for one in durations), Fraction(0)), durations[0].unit, durations[0].day_regime)


def _years_with_room(total: Duration, spans: list[Span], rule: PeriodConversion) -> int:
    """Calendar years touched; never fewer than the time itself fills, lest a full year be cut."""
    return max(len(years_of(spans)), ceil(total.amount / units_per_year(total.unit, total.day_regime, rule)))


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
    from_to = ", ".join(f"{start} to {end}" for start, end in entry.spans)
    return Step(
        "overlap",
        Citation.of(entry.cite),
        f"{entry.period.state} {entry.period.kind} period {entry.period.period_id} gives way to {entry.because_of}"
        + (f" ({from_to}, last day excluded)." if from_to else "."),
        (("period", entry.period.period_id), ("gives_way_to", entry.because_of), ("days", days_of(entry.spans))),
        "set aside",
        "Two of your periods fall on the same days. The same days count only once.",
    )


def _conversion_step(
    state: StateCode, amount: Fraction, foreign: list[CountedPeriod], scheme: Scheme, rule: PeriodConversion
) -> Step:
    sums: dict[str, Fraction] = {}
    for entry in foreign:
        duration = counted_duration(entry)
        sums[duration.unit] = sums.get(duration.unit, Fraction(0)) + duration.amount
    given = " and ".join(f"{for_people(value)} {unit}" for unit, value in sorted(sums.items()))
    return Step(
        "period_conversion",
        rule.citation,
        f"{state}: {given} are {for_people(amount)} {scheme.unit} here.",
        tuple((unit, str(value)) for unit, value in sorted(sums.items())),
        str(amount),
    )


def for_people(value: Fraction) -> str:
    """A whole number as it is; anything else to two decimals and marked as such: the exact value is in the inputs."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"about {Money(value, '').shown().strip()}"
