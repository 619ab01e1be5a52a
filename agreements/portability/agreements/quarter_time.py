"""Own quarters of coverage and those that foreign periods count as, together (United States agreements)."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from portability.agreements.aggregation import InsuredTime, periods_before_risk
from portability.agreements.model import DeterminationFacts, Step
from portability.agreements.national.us_old_age import insured_quarters
from portability.agreements.national.us_record import UsRecord, counted_quarters
from portability.agreements.national.us_scheme import UsOldAge, record_of
from portability.agreements.quarter_credits import QuarterCredits, credited_quarters, own_quarters
from portability.agreements.rules import Aggregation, QuarterCredit
from portability.agreements.values import Citation, StateCode

__all__ = ["aggregate_quarters", "own_quarter_time"]


def own_quarter_time(scheme: UsOldAge, facts: DeterminationFacts) -> Fraction:
    """Own quarters of coverage up to that of entitlement (42 USC 414(a))."""
    return Fraction(insured_quarters(record_of(scheme, facts), scheme.parameters))


def aggregate_quarters(
    scheme: UsOldAge, facts: DeterminationFacts, *, rule: Aggregation, credits_: Sequence[QuarterCredit]
) -> InsuredTime:
    """Own quarters, and those that each other state's periods count as on quarters that are not own ones.

    20 CFR 404.1908 and the article of the agreement; own quarters of a year stand where they leave most room.
    """
    record = record_of(scheme, facts)
    own = insured_quarters(record, scheme.parameters)
    applicable = [credit for credit in credits_ if credit.to_scheme == scheme.id]
    others, steps = list[tuple[StateCode, Fraction]](), list[Step]()
    for state in sorted({credit.from_state for credit in applicable}):
        of_state = [credit for credit in applicable if credit.from_state == state]
        found = _credited(of_state, state, facts, record, scheme)
        if found is None:
            continue
        others.append((state, Fraction(found.foreign)))
        steps += _credit_steps(found, state, scheme)
    result = InsuredTime(Fraction(own), tuple(others), ())
    parts = ((facts.state, Fraction(own)), *others)
    steps.append(Step("aggregation", rule.citation, (("parts", parts), ("unit", scheme.unit)), result.total))
    return replace(result, steps=tuple(steps))


def _credited(
    rules: Sequence[QuarterCredit], state: StateCode, facts: DeterminationFacts, record: UsRecord, scheme: UsOldAge
) -> QuarterCredits | None:
    periods = [period for period in periods_before_risk(facts) if period.state == state]
    if not periods:
        return None
    return credited_quarters(rules, periods, own=own_quarters(counted_quarters(record, scheme.parameters)))


def _credit_steps(found: QuarterCredits, state: StateCode, scheme: UsOldAge) -> tuple[Step, ...]:
    rules = found.rules
    if not rules:
        return (Step("no_quarters_credited", None, (("state", state), ("scheme", scheme.name))),)
    values = (("state", state), ("scheme", scheme.name), ("by_period", found.by_period), ("unit", scheme.unit),
              ("grid", tuple(found.grid.rows().items())))  # fmt: skip
    steps = [Step("quarter_credit", rules[0].citation, values, Fraction(found.foreign))]
    if found.lost:
        cite = Citation.of(rules[0].own_first_cite)
        steps.append(Step("quarters_without_place", cite, (("state", state),), Fraction(found.lost)))
    review = next((rule.review_cite for rule in rules if rule.review_cite), None)
    if found.reviewed_up_to is not None and review is not None:
        steps.append(
            Step("quarters_reviewed", Citation.of(review), (("state", state),), Fraction(found.reviewed_up_to))
        )
    return tuple(steps)
