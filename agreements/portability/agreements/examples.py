"""Examples that stand in the files, run as tests: what came out beside what the source says.

Their shape is documented in docs/agreement-files.md; the same shape in a file of its own tests an agreement from
outside. A case marked `known_difference` is run, shown, and expected to differ.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from portability.agreements.aggregation import InsuredTime, aggregate_periods
from portability.agreements.calculation import flat_rate_part, higher_of, pro_rata_benefit, relieved_states
from portability.agreements.conversion import convert
from portability.agreements.errors import InputError, PortabilityError
from portability.agreements.example_inputs import (
    AggregateGiven,
    ConvertGiven,
    DetermineGiven,
    HigherOfGiven,
    OverlapGiven,
    ProRataGiven,
    SchemeGiven,
    ShortPeriodGiven,
    time_in,
)
from portability.agreements.explanation import trace_bytes
from portability.agreements.loading import Agreement
from portability.agreements.lookup import rule_in_force, rules_in_force
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.schemes import age_reached_on, amount_for, has_minimum
from portability.agreements.overlap import resolve_overlaps
from portability.agreements.periods import Duration
from portability.agreements.rules import (
    Aggregation,
    ExampleCase,
    Overlap,
    PeriodConversion,
    PeriodCredit,
    RuleBase,
    ShortPeriods,
)
from portability.agreements.spans import days_of
from portability.agreements.values import Branch, Money, StateCode

__all__ = ["ExampleResult", "run_agreement_examples", "run_legislation_examples"]

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One example that was run: `expected` and `actual` hold the same keys; `error` says why nothing came out."""

    case: ExampleCase
    passed: bool
    expected: Mapping[str, object]
    actual: Mapping[str, object]
    error: str = ""


def run_agreement_examples(
    cases: Iterable[ExampleCase], agreement: Agreement, legislations: Mapping[StateCode, Legislation]
) -> list[ExampleResult]:
    """Each case under an agreement; errors of the law become failed results with their message."""
    return [_run(case, partial(_agreement_case, case, agreement, legislations)) for case in cases]


def run_legislation_examples(legislation: Legislation) -> list[ExampleResult]:
    """Each case of a legislation file."""
    return [_run(case, partial(_scheme_case, case, legislation)) for case in legislation.content.examples]


def _run(case: ExampleCase, evaluate: Callable[[], Result]) -> ExampleResult:
    try:
        actual = evaluate()
    except (PortabilityError, ValidationError, ValueError) as exc:
        return ExampleResult(case, False, case.expect, {}, _one_line(exc))
    shown = {key: _text(actual.get(key)) for key in case.expect}
    passed = bool(case.expect) and all(_same(case.expect[key], actual.get(key)) for key in case.expect)
    return ExampleResult(case, passed, case.expect, shown)


def _agreement_case(case: ExampleCase, agreement: Agreement, legislations: Mapping[StateCode, Legislation]) -> Result:
    if case.kind == "determine":
        return _determine(TypeAdapter(DetermineGiven).validate_python(case.given), agreement, legislations)
    if case.kind == "aggregate":
        return _aggregate(TypeAdapter(AggregateGiven).validate_python(case.given), agreement, legislations)
    shape, evaluate = _BY_KIND[case.kind]
    return evaluate(TypeAdapter(shape).validate_python(case.given), agreement)


def _convert(given: ConvertGiven, agreement: Agreement) -> Result:
    rule = _rule(agreement, PeriodConversion, given.on)
    duration = Duration(given.amount, given.unit, given.day_regime)
    result = convert(
        duration, to=given.to, day_regime=given.to_day_regime, rule=rule, calendar_years=given.calendar_years
    )
    return {"amount": result.amount, "unit": result.unit.value}


def _overlap(given: OverlapGiven, agreement: Agreement) -> Result:
    rule = _rule(agreement, Overlap, given.on, given.applying_state)
    periods = [period.period() for period in given.periods]
    counted, aside = resolve_overlaps(periods, rule=rule, applying_state=given.applying_state)
    lost: dict[str, int] = {}
    for entry in aside:
        lost[entry.period.period_id] = lost.get(entry.period.period_id, 0) + days_of(entry.spans)
    return {
        "counted": {entry.period.period_id: days_of(entry.spans) for entry in counted},
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
    if given.theoretical is None or given.total is None:
        raise InputError("a pro_rata case gives `theoretical`, `own` and `total` (or `flat_rate` and `minimum`)")
    total = _total(given.own, given.total, agreement, given.on)
    amount = pro_rata_benefit(Money(given.theoretical, given.currency), own=given.own.amount, total=total)
    return {"pro_rata": amount.amount, "ratio": Fraction(given.own.amount, total)}


def _higher_of(given: HigherOfGiven, agreement: Agreement) -> Result:
    total = _total(given.own, given.total, agreement, given.on)
    share = pro_rata_benefit(Money(given.theoretical, given.currency), own=given.own.amount, total=total)
    alone = Money(given.independent, given.currency) if given.independent is not None else None
    due = higher_of(alone, share)
    return {"pro_rata": share.amount, "award": due.amount if due else None, "ratio": Fraction(given.own.amount, total)}


def _short_period(given: ShortPeriodGiven, agreement: Agreement) -> Result:
    rule = _rule(agreement, ShortPeriods, given.on)
    conversion = _rule(agreement, PeriodConversion, given.on)
    unit = given.own.unit
    others = [(other.state or "??", time_in(unit, other, conversion)) for other in given.others]
    limit = convert(Duration(rule.less_than.amount, rule.less_than.unit), to=unit, rule=conversion).amount
    relieved = relieved_states((("own", given.own.amount), *others), less_than=limit)
    total = given.own.amount + sum((amount for state, amount in others if state not in relieved), Fraction(0))
    result: Result = {"relieved": list(relieved), "ratio": Fraction(given.own.amount, total)}
    if given.theoretical is not None:
        result["pro_rata"] = given.theoretical * given.own.amount / total
    return result


def _determine(given: DetermineGiven, agreement: Agreement, legislations: Mapping[StateCode, Legislation]) -> Result:
    from portability.agreements.determination import determine  # noqa: PLC0415 - the one case that needs all of it

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


def _scheme_case(case: ExampleCase, legislation: Legislation) -> Result:
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


def _total(own: Any, total: Any, agreement: Agreement, on: date | None) -> Fraction:
    if own.unit == total.unit:
        return Fraction(total.amount)
    return time_in(own.unit, total, _rule(agreement, PeriodConversion, on))


def _scheme(scheme_id: str, legislations: Mapping[StateCode, Legislation]) -> tuple[StateCode, Scheme]:
    for state, legislation in legislations.items():
        for scheme in legislation.content.schemes:
            if scheme.id == scheme_id:
                return state, scheme
    raise InputError(f"no legislation has a scheme '{scheme_id}'", field="scheme")


def _amount(money: Money | None) -> Fraction | None:
    return money.amount if money is not None else None


def _same(expected: object, actual: object) -> bool:
    """Numbers are compared as exact numbers, whatever way they are written; everything else as text."""
    if isinstance(expected, dict):
        return isinstance(actual, Mapping) and all(_same(value, actual.get(key)) for key, value in expected.items())
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(_same(one, other) for one, other in zip(expected, actual, strict=True))
        )
    if isinstance(actual, Fraction) or (isinstance(actual, int) and not isinstance(actual, bool)):
        try:
            return Fraction(str(expected)) == actual
        except (ValueError, ZeroDivisionError):
            return False
    return _text(expected) == _text(actual)


def _text(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _text(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_text(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return _exact(value)
    return "none" if value is None else str(value)


def _exact(value: Fraction) -> str:
    """Decimal text where the fraction has one, the fraction elsewhere."""
    try:
        return f"{Money(value, '').decimal():f}"
    except ValueError:
        return str(value)


def _one_line(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        return "; ".join(f"given.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors())
    return str(exc)


_BY_KIND: Mapping[str, tuple[Any, Callable[[Any, Agreement], Result]]] = {
    "convert": (ConvertGiven, _convert),
    "overlap": (OverlapGiven, _overlap),
    "pro_rata": (ProRataGiven, _pro_rata),
    "higher_of": (HigherOfGiven, _higher_of),
    "short_period": (ShortPeriodGiven, _short_period),
}
