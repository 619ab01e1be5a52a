"""The two amounts of 883/2004 Art. 52(1): the independent benefit, and the share by periods of a theoretical amount."""

from dataclasses import dataclass
from fractions import Fraction

from portability.agreements.aggregation import InsuredTime
from portability.agreements.calculation import capped_total, pro_rata_benefit
from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import BenefitResult, DeterminationFacts, Step
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.schemes import amount_for, rounded
from portability.agreements.rules import (
    HigherOfIndependentAndProRata,
    ProRataWithoutIndependentRight,
    ProRataWithSupplement,
)
from portability.agreements.values import Citation, Money

__all__ = ["Calculation", "independent_benefit", "pro_rata_share"]

ShareRule = HigherOfIndependentAndProRata | ProRataWithoutIndependentRight | ProRataWithSupplement


@dataclass(frozen=True, slots=True)
class Calculation:
    """All that the amounts of one scheme turn on.

    `national` is the time under national law alone; `alone` says that it opens the right, `together` that all
    periods do. `denominator` is all periods without those that Art. 57(2) keeps out of the ratio.
    `voluntary_gave_way` says that own voluntary periods coincide with compulsory ones elsewhere; `waived` is where the
    law waives the share for the scheme where a right stands on own periods alone.
    """

    scheme: Scheme
    facts: DeterminationFacts
    legislation: Legislation
    national: Fraction
    alone: bool
    together: bool
    time: InsuredTime
    denominator: Fraction
    voluntary_gave_way: bool = False
    waived: Citation | None = None


def independent_benefit(case: Calculation, cite: str) -> BenefitResult:
    """The amount under national law alone (883/2004 Art. 52(1)(a))."""
    outcome = amount_for(
        case.scheme,
        case.facts,
        own=case.national,
        counted=case.national,
        theoretical=False,
        legislation=case.legislation,
    )
    step = Step(
        "independent_benefit",
        Citation.of(cite),
        (("scheme", case.scheme.name), ("own", case.national), ("unit", case.scheme.unit)),
        outcome.amount,
        outcome.steps,
    )
    return BenefitResult(case.scheme.id, outcome.amount, None, None, None, outcome.amount, (step,))


def pro_rata_share(case: Calculation, rule: ShareRule) -> BenefitResult:
    """Theoretical amount, then its share by periods (883/2004 Art. 52(1)(b); Canada-Italy Art. 19(2))."""
    if case.time.own == 0:
        return _no_own_time(case, rule)
    maximum = _maximum(case, rule)
    counted = capped_total(case.time.total, own=case.time.own, maximum=maximum)
    total = capped_total(case.denominator, own=case.time.own, maximum=maximum)
    outcome = amount_for(
        case.scheme,
        case.facts,
        own=case.national,
        counted=counted,
        # Own periods alone have no theoretical amount but the independent one.
        theoretical=case.time.total != case.time.own,
        legislation=case.legislation,
    )
    if outcome.amount is None:
        raise UnmodelledProvisionError(
            f"Scheme '{case.scheme.id}' gives no theoretical amount: determine it by hand.",
            citation=rule.theoretical_cite,
        )
    theoretical = Step(
        "theoretical_amount",
        Citation.of(rule.theoretical_cite),
        (("scheme", case.scheme.name), ("own", case.time.own), ("counted", counted), ("unit", case.scheme.unit)),
        outcome.amount,
        outcome.steps,
    )
    share, rounding = rounded(
        case.scheme, pro_rata_benefit(outcome.amount, own=case.time.own, total=total), case.legislation
    )
    pro_rata = Step(
        "pro_rata_benefit",
        Citation.of(rule.pro_rata_cite),
        (("theoretical", outcome.amount), ("own", case.time.own), ("total", total), ("unit", case.scheme.unit)),
        share,
        rounding,
    )
    capped = _cap_step(case, rule.maximum_cite, maximum)
    due, added = _with_displaced_voluntary(case, rule, share)
    return BenefitResult(
        scheme=case.scheme.id,
        independent=None,
        theoretical=outcome.amount,
        pro_rata=share,
        ratio=case.time.own / total,
        award=due,
        steps=(*capped, theoretical, pro_rata, *added),
    )


def _maximum(case: Calculation, rule: ShareRule) -> Fraction | None:
    """The period of a full benefit, where the agreement caps the divisor by it and it is known.

    Where the scheme's file does not say it, its institution may (the figure `full_period`).
    """
    if rule.maximum_cite is None:
        return None
    if case.scheme.full_after is not None:
        return case.scheme.full_after.time.amount
    return case.facts.scheme_facts.get(case.scheme.id, {}).get("full_period")


def _no_own_time(case: Calculation, rule: ShareRule) -> BenefitResult:
    """Every own period gave way: the share is nothing, and voluntary insurance alone is still paid for."""
    nothing = Money.of(0, case.scheme.currency)
    step = Step("no_own_time", Citation.of(rule.pro_rata_cite), (("scheme", case.scheme.name),), nothing)
    due, added = _with_displaced_voluntary(case, rule, nothing)
    return BenefitResult(case.scheme.id, None, None, nothing, Fraction(0), due, (step, *added))


def _with_displaced_voluntary(case: Calculation, rule: ShareRule, share: Money) -> tuple[Money, tuple[Step, ...]]:
    """Plus the amount for voluntary periods that gave way (987/2009 Art. 43(2)); the institution gives that amount."""
    cite = rule.displaced_voluntary_cite if isinstance(rule, HigherOfIndependentAndProRata) else None
    if not case.voluntary_gave_way or cite is None:
        return share, ()
    amount = case.facts.scheme_facts.get(case.scheme.id, {}).get("displaced_voluntary_amount")
    if amount is None:
        raise UnmodelledProvisionError(
            f"Voluntary periods of '{case.scheme.id}' gave way to compulsory ones elsewhere; what they are worth a "
            "month is not modelled: give the figure 'displaced_voluntary_amount' (0 where nothing is due for them).",
            citation=cite,
        )
    extra = Money(amount, share.currency)
    due = share + extra
    return due, (Step("displaced_voluntary", Citation.of(cite), (("share", share), ("extra", extra)), due),)


def _cap_step(case: Calculation, cite: str | None, maximum: Fraction | None) -> tuple[Step, ...]:
    if cite is None or maximum is None or case.time.total <= maximum:
        return ()
    values = (("total", case.time.total), ("unit", case.scheme.unit))
    return (Step("maximum_period", Citation.of(cite), values, maximum),)
