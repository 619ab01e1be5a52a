"""A share by coverage lifetime (United States agreements): theoretical amount x own quarters / quarters of a lifetime.

Due only where own quarters open no right, and never on fewer than the least number of own quarters.
"""

from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import BenefitResult, Step
from portability.agreements.national.us_old_age import TotalizedBenefit, totalized_benefit
from portability.agreements.national.us_scheme import UsOldAge, record_of
from portability.agreements.national.us_steps import age_step, amount_steps, dollars, paid_step, position_step
from portability.agreements.rules import ProRataOverCoverageLifetime
from portability.agreements.shares import Calculation, independent_benefit
from portability.agreements.values import Citation, Money

__all__ = ["pro_rata_over_coverage_lifetime"]


def pro_rata_over_coverage_lifetime(case: Calculation, rule: ProRataOverCoverageLifetime) -> BenefitResult:
    """The regular benefit where own quarters open it, otherwise the share (20 CFR 404.1918; 42 USC 433(c)(1)).

    `pro_rata` is the share before age; `award` what is paid a month. UnmodelledProvisionError for a scheme whose law
    knows no coverage lifetime.
    """
    if case.alone:
        return independent_benefit(case, rule.independent_cite)
    scheme = case.scheme
    if not isinstance(scheme, UsOldAge):
        raise UnmodelledProvisionError(
            f"Scheme '{scheme.id}' has no coverage lifetime: determine it by hand.", citation=rule.pro_rata_cite
        )
    least = _least_own_quarters(case, rule)
    if case.time.own < rule.minimum_own.amount:
        return BenefitResult(scheme.id, None, None, None, None, None, (least,))
    record = record_of(scheme, case.facts)
    benefit = totalized_benefit(record, scheme.parameters)
    instruments = case.legislation.content.instruments
    theoretical = dollars(scheme, benefit.theoretical.at_benefit)
    steps = (
        least,
        Step(
            "us_theoretical_amount",
            Citation.of(rule.theoretical_cite),
            (("scheme", scheme.name),),
            theoretical,
            (position_step(scheme, benefit), *amount_steps(scheme, record, benefit.theoretical, instruments)),
        ),
        _share_step(scheme, benefit, rule),
        age_step(scheme, benefit.adjustment, benefit.program, instruments),
        paid_step(scheme, benefit.program),
        *_beyond_the_program(scheme, benefit, rule),
    )
    pro_rata = Money(benefit.pro_rata, scheme.currency)
    due = dollars(scheme, benefit.regulation.monthly)
    return BenefitResult(scheme.id, None, theoretical, pro_rata, benefit.fraction, due, steps)


def _least_own_quarters(case: Calculation, rule: ProRataOverCoverageLifetime) -> Step:
    values = (("scheme", case.scheme.name), ("needed", rule.minimum_own.amount), ("counted", case.time.own),
              ("unit", case.scheme.unit))  # fmt: skip
    met = "met" if case.time.own >= rule.minimum_own.amount else "not_met"
    return Step("least_own_quarters", Citation.of(rule.minimum_cite), values, met)


def _share_step(scheme: UsOldAge, benefit: TotalizedBenefit, rule: ProRataOverCoverageLifetime) -> Step:
    values = (
        ("theoretical", dollars(scheme, benefit.theoretical.at_benefit)),
        ("own", benefit.own_quarters),
        ("lifetime", benefit.lifetime_quarters),
        ("unit", scheme.unit),
    )
    return Step("us_coverage_lifetime", Citation.of(rule.pro_rata_cite), values, dollars(scheme, benefit.pro_rata))


def _beyond_the_program(
    scheme: UsOldAge, benefit: TotalizedBenefit, rule: ProRataOverCoverageLifetime
) -> tuple[Step, ...]:
    """What the regulation says and the agency's own program leaves out; each step says both numbers."""
    steps = []
    if benefit.regulation.amount < benefit.pro_rata:
        values = (
            ("program", dollars(scheme, benefit.program.monthly)),
            ("pro_rata", dollars(scheme, benefit.pro_rata)),
            ("regular", dollars(scheme, benefit.regular.at_benefit)),
        )
        due = dollars(scheme, benefit.regulation.monthly)
        steps.append(Step("us_reduced_to_regular", Citation.of(rule.reduction_cite), values, due))
    if benefit.regulation.accumulates and rule.small_amounts_cite is not None:
        exact = dollars(scheme, benefit.regulation.dime)
        steps.append(Step("us_small_amount", Citation.of(rule.small_amounts_cite), (("exact", exact),), exact))
    return tuple(steps)
