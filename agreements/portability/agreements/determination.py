"""One institution's determination under one agreement: the rules in force, in the order of the law.

1. The rules in force on the day of the award; a provision that is not modelled stops here.
2. Periods before the risk materialised; coinciding ones are resolved.
3. For each national scheme: the age, the right on own periods alone, all periods together.
4. Short periods.
5. The amounts by the agreement's way of calculating, and the one to propose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from portability.agreements.aggregation import InsuredTime, aggregate_periods, own_national_time, periods_before_risk
from portability.agreements.awards import Calculation, award, calculation_rule
from portability.agreements.careers import check_period
from portability.agreements.errors import (
    DeterminationError,
    InputError,
    NoRuleInForceError,
    UnmodelledProvisionError,
)
from portability.agreements.loading import Agreement
from portability.agreements.lookup import find_rule, refuse_unmodelled, rule_in_force, rules_in_force
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, Step
from portability.agreements.national.answered import AnsweredByInstitution, answered_right, asks_for_conditions
from portability.agreements.national.base import age_reached_on, citation_of, pension_age
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.schemes import has_minimum
from portability.agreements.national.us_scheme import UsOldAge
from portability.agreements.overlap import CountedPeriod, SetAside, resolve_overlaps
from portability.agreements.parties import is_bound, parties_on
from portability.agreements.quarter_time import aggregate_quarters, own_quarter_time
from portability.agreements.rules import (
    Aggregation,
    LegislationsNotSatisfied,
    Overlap,
    PeriodConversion,
    PeriodCredit,
    ProRataWaived,
    QuarterCredit,
    ShortPeriods,
)
from portability.agreements.scope import periods_outside, scope_steps
from portability.agreements.short_periods import relief
from portability.agreements.values import Citation

__all__ = ["determine"]

_WEAKEST_FIRST = ("unverified", "drafted", "reviewed")


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The agreement's rules on the day of the award, found once."""

    aggregation: Aggregation
    overlap: Overlap
    conversion: PeriodConversion | None
    credit_rules: Sequence[PeriodCredit]
    quarter_rules: Sequence[QuarterCredit]
    not_satisfied: LegislationsNotSatisfied | None


def determine(facts: DeterminationFacts, *, agreement: Agreement, legislation: Legislation) -> Determination:
    """What the institution of `facts.state` would award under `agreement`, every step cited; a proposal.

    Raises NoRuleInForceError, ConflictingRulesError or UnmodelledProvisionError where the law as encoded gives no
    answer, DeterminationError where a figure of the institution is missing, InputError on facts that do not fit.
    """
    _check(facts, agreement, legislation)
    rules = _rules(facts, agreement)  # (1)
    parties = set(parties_on(agreement, facts.award_on))
    periods = [period for period in periods_before_risk(facts) if period.state in parties]
    counted, aside = resolve_overlaps(periods, rule=rules.overlap, applying_state=facts.state)  # (2)
    benefits = tuple(
        _benefit(scheme, facts, rules=rules, counted=counted, aside=aside, agreement=agreement, legislation=legislation)
        for scheme in legislation.schemes_of(facts.branch)
    )
    return Determination(
        agreement_id=agreement.id,
        state=facts.state,
        branch=facts.branch,
        review_status=min((agreement.content.status, legislation.content.status), key=_WEAKEST_FIRST.index),
        files=((agreement.file, agreement.sha256), *agreement.incorporated, (legislation.file, legislation.sha256)),
        benefits=benefits,
        steps=scope_steps(facts, agreement),
    )


def _benefit(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    rules: RulesInForce,
    counted: Sequence[CountedPeriod],
    aside: Sequence[SetAside],
    agreement: Agreement,
    legislation: Legislation,
) -> BenefitResult:
    """(3) to (5) for one scheme."""
    national = _national_time(scheme, facts, rules)
    if national == 0:
        return _nothing(scheme, Step("no_own_periods", None, (("scheme", scheme.name),)))
    of_age, age_step = _age(scheme, facts, legislation)
    if not of_age:
        return _nothing(scheme, age_step)
    alone, alone_step = _own_right(scheme, national, facts, legislation)
    time = _aggregate(scheme, facts, rules=rules, counted=counted, aside=aside)
    short = relief(  # (4)
        scheme,
        facts,
        time=time,
        alone=alone,
        rule=find_rule(
            agreement, ShortPeriods, branch=facts.branch, on=facts.award_on, state=facts.state, scheme=scheme.id
        ),
        conversion=rules.conversion,
        counted=counted,
    )
    opened = (age_step, _of_own_time(alone_step), *time.steps, *short.steps)
    if short.own_relieved:
        return replace(_nothing(scheme), steps=opened)
    together, together_step = _right_of_all(scheme, time.total, facts, legislation)
    if not together:
        _refuse_third_states(facts, agreement, rules.aggregation)
    case = Calculation(
        scheme=scheme,
        facts=facts,
        legislation=legislation,
        national=national,
        alone=alone,
        together=alone or together,
        time=time,
        denominator=time.own if short.pays_all else time.total - short.outside_ratio,
        voluntary_gave_way=_voluntary_gave_way(scheme, facts, aside, rules.overlap),
        waived=None if short.outside_ratio else _waived(scheme, facts, agreement),
    )
    result = award(case, calculation_rule(agreement, facts, scheme))  # (5)
    result = _leaving_out_unsatisfied(result, scheme, facts, rules=rules, agreement=agreement, legislation=legislation)
    steps = (*opened, *(() if alone else (together_step,)), *result.steps)
    return replace(result, steps=steps)


def _national_time(scheme: Scheme, facts: DeterminationFacts, rules: RulesInForce) -> Fraction:
    if isinstance(scheme, UsOldAge):
        return own_quarter_time(scheme, facts)
    return own_national_time(scheme, facts, rule=rules.conversion)


def _own_right(
    scheme: Scheme, time: Fraction, facts: DeterminationFacts, legislation: Legislation
) -> tuple[bool, Step]:
    if asks_for_conditions(scheme):
        return answered_right(scheme, facts, own_time_alone=True)
    abroad = facts.residence_state != facts.state
    return has_minimum(scheme, time, legislation, abroad=abroad, born_on=facts.birth_date)


def _right_of_all(
    scheme: Scheme, time: Fraction, facts: DeterminationFacts, legislation: Legislation
) -> tuple[bool, Step]:
    if asks_for_conditions(scheme):
        return answered_right(scheme, facts, own_time_alone=False)
    return has_minimum(scheme, time, legislation, born_on=facts.birth_date)


def _waived(scheme: Scheme, facts: DeterminationFacts, agreement: Agreement) -> Citation | None:
    """Where the share by periods is waived for a scheme; not beside periods under a year (883/2004 Art. 52(4)(iii))."""
    listed = rules_in_force(agreement, ProRataWaived, branch=facts.branch, on=facts.award_on, state=facts.state,
                            scheme=scheme.id)  # fmt: skip
    return listed[0].citation if listed else None


def _voluntary_gave_way(scheme: Scheme, facts: DeterminationFacts, aside: Sequence[SetAside], rule: Overlap) -> bool:
    """Whether own voluntary periods gave way to compulsory ones elsewhere (987/2009 Art. 12(3))."""
    return any(
        entry.period.state == facts.state
        and entry.period.scheme == scheme.id
        and entry.cite == rule.compulsory_before_voluntary
        for entry in aside
    )


def _refuse_third_states(facts: DeterminationFacts, agreement: Agreement, rule: Aggregation) -> None:
    known = facts.third_states
    states = [state for state in periods_outside(facts, agreement) if known is None or state in known]
    if rule.third_states_cite is not None and states:
        raise UnmodelledProvisionError(
            f"The periods of the parties open no right, and those in {', '.join(states)} may count too "
            f"({rule.third_states_cite}): how is not modelled. Determine it by hand.",
            citation=rule.third_states_cite,
        )


def _check(facts: DeterminationFacts, agreement: Agreement, legislation: Legislation) -> None:
    if facts.state != legislation.content.state:
        raise InputError(f"The legislation is of {legislation.content.state}, the facts are of {facts.state}.")
    if facts.state not in agreement.content.parties:
        raise InputError(
            f"{facts.state} is not a party to '{agreement.id}' ({', '.join(agreement.content.parties)}): "
            "choose an agreement between states in which the person was insured."
        )
    if not is_bound(agreement, facts.state, on=facts.award_on):
        raise NoRuleInForceError(
            f"Agreement '{agreement.id}' does not bind {facts.state} on {facts.award_on}: see `bound` in "
            f"{agreement.file}."
        )
    for index, period in enumerate(facts.periods):
        check_period(period, field=f"periods[{index}]")
    if not legislation.schemes_of(facts.branch):
        raise NoRuleInForceError(
            f"The legislation of {facts.state} ({legislation.file}) encodes no scheme for {facts.branch}: determine it "
            "by hand."
        )


def _rules(facts: DeterminationFacts, agreement: Agreement) -> RulesInForce:
    for stage in ("aggregation", "calculation"):
        refuse_unmodelled(agreement, stage, state=facts.state, own_since=_own_since(facts))
    return RulesInForce(
        aggregation=rule_in_force(agreement, Aggregation, branch=facts.branch, on=facts.award_on, state=facts.state),
        overlap=rule_in_force(agreement, Overlap, branch=facts.branch, on=facts.award_on, state=facts.state),
        conversion=find_rule(agreement, PeriodConversion, branch=facts.branch, on=facts.award_on, state=facts.state),
        credit_rules=rules_in_force(agreement, PeriodCredit, branch=facts.branch, on=facts.award_on, state=facts.state),
        quarter_rules=rules_in_force(
            agreement, QuarterCredit, branch=facts.branch, on=facts.award_on, state=facts.state
        ),
        not_satisfied=find_rule(
            agreement, LegislationsNotSatisfied, branch=facts.branch, on=facts.award_on, state=facts.state
        ),
    )


def _own_since(facts: DeterminationFacts) -> date | None:
    """The first day of the state's own time; None where a period has no dates."""
    starts = [period.start for period in facts.periods if period.state == facts.state]
    return None if None in starts else min((day for day in starts if day is not None), default=date.max)


def _age(scheme: Scheme, facts: DeterminationFacts, legislation: Legislation) -> tuple[bool, Step]:
    if asks_for_conditions(scheme) and not scheme.age:
        return True, Step("pension_age", None, (("scheme", scheme.name),), "answered")
    row, reached = pension_age(scheme, facts.birth_date), age_reached_on(scheme, facts.birth_date)
    of_age = reached <= facts.award_on
    years, months = divmod(row.months, 12)
    values = (
        ("scheme", scheme.name),
        ("years", years),
        ("months", months),
        ("reached_on", reached),
        ("award_on", facts.award_on),
        ("source", row.status),
    )
    cite = citation_of(row.cite, legislation.content.instruments)
    return of_age, Step("pension_age", cite, values, "met" if of_age else "not_met")


def _aggregate(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    rules: RulesInForce,
    counted: Sequence[CountedPeriod],
    aside: Sequence[SetAside],
) -> InsuredTime:
    if isinstance(scheme, UsOldAge):
        return aggregate_quarters(scheme, facts, rule=rules.aggregation, credits_=rules.quarter_rules)
    return aggregate_periods(
        scheme,
        facts,
        counted=counted,
        aside=aside,
        rule=rules.aggregation,
        conversion=rules.conversion,
        credit_rules=rules.credit_rules,
    )


def _leaving_out_unsatisfied(
    result: BenefitResult,
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    rules: RulesInForce,
    agreement: Agreement,
    legislation: Legislation,
) -> BenefitResult:
    """Periods under unsatisfied legislations are left out where they lower the amount (883/2004 Art. 50(2))."""
    if rules.not_satisfied is None or not facts.unsatisfied_states:
        return result
    fewer = replace(
        facts,
        periods=tuple(period for period in facts.periods if period.state not in facts.unsatisfied_states),
        unsatisfied_states=frozenset(),
    )
    left = {period.state for period in fewer.periods} & set(parties_on(agreement, facts.award_on)) - {facts.state}
    if isinstance(scheme, AnsweredByInstitution) and left:
        raise DeterminationError(
            f"The conditions in {', '.join(sorted(facts.unsatisfied_states))} are not met: '{scheme.id}' needs "
            "the theoretical amount without those periods too, which its institution has not answered.",
            citation=rules.not_satisfied.cite,
        )
    try:
        other = determine(fewer, agreement=agreement, legislation=legislation)
    except DeterminationError:
        return result
    without = next(benefit for benefit in other.benefits if benefit.scheme == scheme.id)
    if without.award is None or (result.award is not None and without.award <= result.award):
        return result
    states = tuple(sorted(facts.unsatisfied_states))
    step = Step("legislations_not_satisfied", rules.not_satisfied.citation, (("states", states),), without.award)
    return replace(without, steps=(*without.steps, step))


def _of_own_time(step: Step) -> Step:
    """The step on the minimum period, told as what own time alone opens."""
    return step._replace(rule="own_right") if step.rule == "minimum_period" else step


def _nothing(scheme: Scheme, *steps: Step) -> BenefitResult:
    return BenefitResult(scheme.id, None, None, None, None, None, steps)
