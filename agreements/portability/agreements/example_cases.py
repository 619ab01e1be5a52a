"""What comes out of one example: one function for each kind of case. Comparing is left to `examples`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter

from portability.agreements.aggregation import InsuredTime, aggregate_periods
from portability.agreements.calculation import (
    capped_total,
    flat_rate_part,
    higher_of,
    minimum_period_share,
    pro_rata_benefit,
    relieved_states,
)
from portability.agreements.conversion import convert
from portability.agreements.coordination_cases import COORDINATION_CASES
from portability.agreements.determination import determine
from portability.agreements.errors import InputError
from portability.agreements.example_inputs import (
    AggregateGiven,
    ConvertGiven,
    DetermineGiven,
    HigherOfGiven,
    OverlapGiven,
    ProRataGiven,
    SchemeGiven,
    ShortPeriodGiven,
    TimeGiven,
    time_in,
)
from portability.agreements.explanation import trace_bytes
from portability.agreements.loading import Agreement
from portability.agreements.lookup import rule_in_force, rules_in_force
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.base import age_reached_on
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.schemes import amount_for, has_minimum
from portability.agreements.overlap import resolve_overlaps
from portability.agreements.periods import Duration
from portability.agreements.residence_cases import RESIDENCE_CASES
from portability.agreements.rules import (
    Aggregation,
    ExampleCase,
    Overlap,
    PeriodConversion,
    PeriodCredit,
    RuleBase,
    ShortPeriods,
)
from portability.agreements.selection_cases import SelectGiven, evaluate_select
from portability.agreements.spans import Span, days_of
from portability.agreements.us_cases import UsGiven, evaluate_us_case
from portability.agreements.values import Branch, Money, StateCode

__all__ = ["Result", "evaluate_agreement_case", "evaluate_scheme_case"]

Result = dict[str, Any]


def evaluate_agreement_case(
    case: ExampleCase, agreement: Agreement, legislations: Mapping[StateCode, Legislation]
) -> Result:
    """What comes out of a case under an agreement, by the keys that `expect` may name."""
    if case.kind == "determine":
        return _determine(TypeAdapter(DetermineGiven).validate_python(case.given), agreement, legislations)
    if case.kind == "select":
        return evaluate_select(TypeAdapter(SelectGiven).validate_python(case.given), agreement, legislations)
    if case.kind == "aggregate":
        return _aggregate(TypeAdapter(AggregateGiven).validate_python(case.given), agreement, legislations)
    shape, evaluate = _BY_KIND[case.kind]
    return evaluate(TypeAdapter(shape).validate_python(case.given), agreement)


def _convert(given: ConvertGiven, agreement: Agreement) -> Result:
    rule = _rule(agreement, PeriodConversion, given.on)
    if (given.amount is None) == (not given.yearly):
        raise InputError("a convert case gives `amount` or `yearly`, and not both")
    years = 1 if given.yearly else given.calendar_years
    results = [
        convert(
            Duration(amount, given.unit, given.day_regime),
            to=given.to,
            day_regime=given.to_day_regime,
            rule=rule,
            calendar_years=years,
        ).amount
        for amount in (given.yearly or (given.amount or Fraction(0),))
    ]
    return {"amount": sum(results, Fraction(0)), "unit": given.to.value, "by_year": results}


def _overlap(given: OverlapGiven, agreement: Agreement) -> Result:
    rule = _rule(agreement, Overlap, given.on, given.applying_state)
    periods = [period.period() for period in given.periods]
    counted, aside = resolve_overlaps(periods, rule=rule, applying_state=given.applying_state)
    lost: dict[str, int] = {}
    for entry in aside:
        lost[entry.period.period_id] = lost.get(entry.period.period_id, 0) + days_of(entry.spans)
    return {
        "counted": {entry.period.period_id: days_of(entry.spans) for entry in counted},
        "counted_days": {entry.period.period_id: _first_and_last(entry.spans) for entry in counted},
        "set_aside": lost,
        "reasons": sorted({entry.cite for entry in aside}),
    }


def _aggregate(given: AggregateGiven, agreement: Agreement, legislations: Mapping[StateCode, Legislation]) -> Result:
    if given.scheme is not None:
        time = _aggregate_periods(given, agreement, legislations)
        return {"own": time.own, "credited": dict(time.others), "total": time.total}
    if given.own is None:
        raise InputError("an aggregate case gives `own` and `others`, or `scheme` and `periods`")
    rule = _rule(agreement, PeriodConversion, given.on)
    unit = given.own.unit
    others = sum((time_in(unit, other, rule) for other in given.others), Fraction(0))
    total = given.own.amount + others
    required = time_in(unit, given.required, rule) if given.required else None
    return {
        "total": total,
        "qualifies": required is None or total >= required,
        "qualifies_alone": required is None or given.own.amount >= required,
        "ratio": given.own.amount / total if total else None,
    }


def _aggregate_periods(
    given: AggregateGiven, agreement: Agreement, legislations: Mapping[StateCode, Legislation]
) -> InsuredTime:
    state, scheme = _scheme(given.scheme or "", legislations)
    on = given.on or _latest(agreement)
    rule = rule_in_force(agreement, Overlap, branch=Branch.OLD_AGE, on=on, state=state)
    periods = tuple(period.period() for period in given.periods)
    counted, aside = resolve_overlaps(periods, rule=rule, applying_state=state)
    facts = DeterminationFacts(
        state, Branch.OLD_AGE, given.birth_date, state, date.max - timedelta(days=1), on, periods
    )
    conversions = rules_in_force(agreement, PeriodConversion, branch=Branch.OLD_AGE, on=on, state=state)
    return aggregate_periods(
        scheme,
        facts,
        counted=counted,
        aside=aside,
        rule=rule_in_force(agreement, Aggregation, branch=Branch.OLD_AGE, on=on, state=state),
        conversion=conversions[0] if conversions else None,
        credit_rules=rules_in_force(agreement, PeriodCredit, branch=Branch.OLD_AGE, on=on, state=state),
    )


def _pro_rata(given: ProRataGiven, agreement: Agreement) -> Result:
    if given.flat_rate is not None and given.minimum is not None:
        full = Money(given.flat_rate, given.currency)
        return {"flat_rate": flat_rate_part(full, own=given.own.amount, minimum=given.minimum.amount).amount}
    if given.theoretical is not None and given.minimum is not None:
        whole = Money(given.theoretical, given.currency)
        own, minimum = given.own.amount, given.minimum.amount
        share = minimum_period_share(whole, own=own, minimum=minimum)
        return {"pro_rata": share.amount, "ratio": min(Fraction(own, minimum), Fraction(1))}
    if given.theoretical is None or given.total is None:
        raise InputError("a pro_rata case gives `theoretical`, `own` and `total` (or `flat_rate` and `minimum`)")
    total = _total(given, agreement)
    amount = pro_rata_benefit(Money(given.theoretical, given.currency), own=given.own.amount, total=total)
    return {"pro_rata": amount.amount, "ratio": Fraction(given.own.amount, total)}


def _higher_of(given: HigherOfGiven, agreement: Agreement) -> Result:
    total = _total(given, agreement)
    share = pro_rata_benefit(Money(given.theoretical, given.currency), own=given.own.amount, total=total)
    alone = Money(given.independent, given.currency) if given.independent is not None else None
    due = higher_of(alone, share)
    return {"pro_rata": share.amount, "award": due.amount if due else None, "ratio": Fraction(given.own.amount, total)}


def _short_period(given: ShortPeriodGiven, agreement: Agreement) -> Result:
    rule = _rule(agreement, ShortPeriods, given.on, given.applying_state or "")
    own = given.own.amount
    others = [(other.state or "??", _same_unit(given.own, other, agreement, given.on)) for other in given.others]
    limit = TimeGiven(amount=rule.less_than.amount, unit=rule.less_than.unit, day_regime=rule.less_than.day_regime)
    less_than = _same_unit(given.own, limit, agreement, given.on)
    relieved = relieved_states((("own", own), *others), less_than=less_than)
    outside = relieved if rule.others_count_for == "theoretical_amount" else ()
    total = own + sum((amount for state, amount in others if state not in outside), Fraction(0))
    result: Result = {"relieved": list(relieved), "ratio": Fraction(own, total)}
    if given.theoretical is not None:
        result["pro_rata"] = given.theoretical * own / total
    return result


def _determine(given: DetermineGiven, agreement: Agreement, legislations: Mapping[StateCode, Legislation]) -> Result:
    if given.state not in legislations:
        raise InputError(f"no legislation of {given.state} is encoded", field="state")
    facts = given.facts(_latest(agreement))
    result = determine(facts, agreement=agreement, legislation=legislations[given.state])
    again = determine(facts, agreement=agreement, legislation=legislations[given.state])
    if trace_bytes(result) != trace_bytes(again):
        raise InputError("the same facts gave two traces")
    return {
        benefit.scheme: {
            "independent": _amount(benefit.independent),
            "theoretical": _amount(benefit.theoretical),
            "pro_rata": _amount(benefit.pro_rata),
            "ratio": benefit.ratio,
            "award": _amount(benefit.award),
        }
        for benefit in result.benefits
    }


def evaluate_scheme_case(case: ExampleCase, legislation: Legislation) -> Result:
    """What comes out of a case under one scheme of a legislation."""
    if case.kind == "us_old_age":
        return evaluate_us_case(TypeAdapter(UsGiven).validate_python(case.given), legislation)
    given = TypeAdapter(SchemeGiven).validate_python(case.given)
    scheme = next((one for one in legislation.content.schemes if one.id == given.scheme), None)
    if scheme is None:
        raise InputError(f"the file has no scheme '{given.scheme}'")
    facts = DeterminationFacts(
        legislation.content.state,
        scheme.branch,
        given.birth_date,
        legislation.content.state,
        given.award_on,
        given.award_on,
        (),
        scheme_facts={given.scheme: given.facts},
        yearly_facts={given.scheme: given.yearly},
        scheme_dates={given.scheme: given.dates},
    )
    of_age = age_reached_on(scheme, given.birth_date) <= given.award_on
    entitled = of_age and has_minimum(scheme, given.total or given.own, legislation)[0]
    if not entitled:
        return {"entitled": False, "amount": None}
    outcome = amount_for(scheme, facts, own=given.own, counted=given.own, legislation=legislation)
    return {"entitled": outcome.entitled, "amount": _amount(outcome.amount), "currency": scheme.currency}


def _rule(agreement: Agreement, kind: type[Any], on: date | None, state: StateCode = "") -> Any:
    return rule_in_force(agreement, kind, branch=Branch.OLD_AGE, on=on or _latest(agreement), state=state)


def _latest(agreement: Agreement) -> date:
    """The day on which the newest rule of the file starts: the day of cases that name none."""
    rules: Iterable[RuleBase] = agreement.content.rules
    return max(rule.valid_from for rule in rules)


def _total(given: ProRataGiven | HigherOfGiven, agreement: Agreement) -> Fraction:
    """All periods in the unit of the own ones, at most what a full benefit needs (883/2004 Art. 56(1)(a))."""
    total = _same_unit(given.own, given.total, agreement, given.on)
    maximum = _same_unit(given.own, given.maximum, agreement, given.on) if given.maximum else None
    return capped_total(total, own=given.own.amount, maximum=maximum)


def _same_unit(own: TimeGiven, other: TimeGiven | None, agreement: Agreement, on: date | None) -> Fraction:
    if other is None:
        return Fraction(0)
    if (own.unit, own.day_regime) == (other.unit, other.day_regime):
        return other.amount
    rule = _rule(agreement, PeriodConversion, on)
    time = Duration(other.amount, other.unit, other.day_regime)
    return convert(time, to=own.unit, day_regime=own.day_regime, rule=rule).amount


def _first_and_last(spans: Iterable[Span]) -> list[str]:
    return [f"{start} to {end - timedelta(days=1)}" for start, end in spans]


def _scheme(scheme_id: str, legislations: Mapping[StateCode, Legislation]) -> tuple[StateCode, Scheme]:
    for state, legislation in legislations.items():
        for scheme in legislation.content.schemes:
            if scheme.id == scheme_id:
                return state, scheme
    raise InputError(f"no legislation has a scheme '{scheme_id}'", field="scheme")


def _amount(money: Money | None) -> Fraction | None:
    return money.amount if money is not None else None


_BY_KIND: Mapping[str, tuple[Any, Callable[[Any, Agreement], Result]]] = {
    "convert": (ConvertGiven, _convert),
    "overlap": (OverlapGiven, _overlap),
    "pro_rata": (ProRataGiven, _pro_rata),
    "higher_of": (HigherOfGiven, _higher_of),
    "short_period": (ShortPeriodGiven, _short_period),
    **COORDINATION_CASES,
    **RESIDENCE_CASES,
}
