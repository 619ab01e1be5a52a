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

__all__ = ["Calculation", "independent_benefit", "pro_rata_share", "shown"]

ShareRule = HigherOfIndependentAndProRata | ProRataWithoutIndependentRight | ProRataWithSupplement


@dataclass(frozen=True, slots=True)
class Calculation:
    """All that the amounts of one scheme turn on.

    `national` is the time under national law alone; `alone` says that it opens the right, `together` that all
    periods do. `denominator` is all periods without those that Art. 57(2) keeps out of the ratio.
    `voluntary_gave_way` says that own voluntary periods coincide with compulsory ones elsewhere.
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
        f"Independent benefit of {case.scheme.name}: {shown(outcome.amount)}.",
        (("own", str(case.national)),),
        shown(outcome.amount),
        f"From this country's time alone you would get {shown(outcome.amount)} a month.",
        outcome.steps,
    )
    return BenefitResult(case.scheme.id, outcome.amount, None, None, None, outcome.amount, (step,))


def pro_rata_share(case: Calculation, rule: ShareRule) -> BenefitResult:
    """Theoretical amount, then its share by periods (883/2004 Art. 52(1)(b); Canada-Italy Art. 19(2))."""
    if case.time.own == 0:
        return _no_own_time(case, rule)
    maximum = case.scheme.full_after.time.amount if case.scheme.full_after and rule.maximum_cite else None
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
        f"As if all {counted} {case.scheme.unit} were completed under {case.scheme.name}: {outcome.amount.shown()}.",
        (("own", str(case.time.own)), ("counted", str(counted))),
        outcome.amount.shown(),
        f"If you had completed all your time there, you would get {outcome.amount.shown()} a month.",
        outcome.steps,
    )
    share, rounding = rounded(
        case.scheme, pro_rata_benefit(outcome.amount, own=case.time.own, total=total), case.legislation
    )
    pro_rata = Step(
        "pro_rata_benefit",
        Citation.of(rule.pro_rata_cite),
        f"{outcome.amount.shown()} x {case.time.own}/{total} = {share.shown()}.",
        (("own", str(case.time.own)), ("total", str(total)), ("theoretical", str(outcome.amount.amount))),
        share.shown(),
        f"You completed {case.time.own} of {total} {case.scheme.unit} there, so your share is {share.shown()} a month.",
        rounding,
    )
    capped = _cap_step(case, rule.maximum_cite, maximum)
    due, added = _with_displaced_voluntary(case, rule, share)
    return BenefitResult(
        scheme=case.scheme.id,
        independent=None,
        theoretical=outcome.amount,
        pro_rata=share,
        ratio=Fraction(case.time.own, total),
        award=due,
        steps=(*capped, theoretical, pro_rata, *added),
    )


def _no_own_time(case: Calculation, rule: ShareRule) -> BenefitResult:
    """Every own period gave way: the share is nothing, and voluntary insurance alone is still paid for."""
    nothing = Money.of(0, case.scheme.currency)
    said = f"Every period under {case.scheme.name} gave way to another state's: the share by periods is nothing."
    step = Step("pro_rata_benefit", Citation.of(rule.pro_rata_cite), said, (("own", "0"),), nothing.shown())
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
    said = f"{share.shown()} plus {extra.shown()} for the voluntary periods that gave way = {due.shown()}."
    plain = f"The voluntary contributions that were left out still add {extra.shown()} a month."
    step = Step("displaced_voluntary", Citation.of(cite), said, (("amount", str(amount)),), due.shown(), plain)
    return due, (step,)


def _cap_step(case: Calculation, cite: str | None, maximum: Fraction | None) -> tuple[Step, ...]:
    if cite is None or maximum is None or case.time.total <= maximum:
        return ()
    said = f"All periods together ({case.time.total}) are longer than a full benefit needs: {maximum} are taken."
    return (Step("maximum_period", Citation.of(cite), said, (("maximum", str(maximum)),), str(maximum)),)


def shown(amount: Money | None) -> str:
    """For sentences: the amount, or that there is none."""
    return amount.shown() if amount is not None else "nothing"
