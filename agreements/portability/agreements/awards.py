"""The amounts of one scheme by the agreement's way of calculating: four ways, one function each."""

from dataclasses import dataclass, replace
from fractions import Fraction

from portability.agreements.aggregation import InsuredTime
from portability.agreements.calculation import capped_total, flat_rate_part, higher_of, pro_rata_benefit
from portability.agreements.errors import NoRuleInForceError, UnmodelledProvisionError
from portability.agreements.loading import Agreement
from portability.agreements.lookup import find_rule
from portability.agreements.model import BenefitResult, DeterminationFacts, Step
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.residence import payable_abroad
from portability.agreements.national.schemes import amount_for, rounded
from portability.agreements.rules import (
    FlatRateFraction,
    HigherOfIndependentAndProRata,
    OwnPeriodsOnly,
    ProRataWithoutIndependentRight,
)
from portability.agreements.values import Citation, Money

__all__ = ["Calculation", "CalculationRule", "award", "calculation_rule"]

CalculationRule = HigherOfIndependentAndProRata | ProRataWithoutIndependentRight | OwnPeriodsOnly | FlatRateFraction
_KINDS = (HigherOfIndependentAndProRata, ProRataWithoutIndependentRight, OwnPeriodsOnly, FlatRateFraction)


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


def calculation_rule(agreement: Agreement, facts: DeterminationFacts, scheme: Scheme) -> CalculationRule:
    """The one way of calculating in force for a scheme; NoRuleInForceError where the agreement has none."""
    for kind in _KINDS:
        rule = find_rule(agreement, kind, branch=facts.branch, on=facts.award_on, state=facts.state, scheme=scheme.id)
        if isinstance(rule, _KINDS):
            return rule
    raise NoRuleInForceError(
        f"Agreement '{agreement.id}' has no rule for calculating '{scheme.id}' ({facts.branch}) in {facts.state} "
        f"on {facts.award_on}: see `not_modelled` in {agreement.file}."
    )


def award(case: Calculation, rule: CalculationRule) -> BenefitResult:
    """The amounts and the one to propose, with the steps."""
    if not case.together:
        step = Step("no_right", rule.citation, "All periods together do not open the right.", output="none")
        return BenefitResult(case.scheme.id, None, None, None, None, None, (step,))
    match rule:
        case HigherOfIndependentAndProRata():
            return _higher_of(case, rule)
        case ProRataWithoutIndependentRight():
            return _independent(case, rule.independent_cite) if case.alone else _pro_rata(case, rule)
        case OwnPeriodsOnly():
            return _own_periods_only(case, rule)
        case FlatRateFraction():
            return _flat_rate(case, rule)


def _higher_of(case: Calculation, rule: HigherOfIndependentAndProRata) -> BenefitResult:
    """Independent and pro rata benefit, the higher due (883/2004 Art. 52(1) and (3))."""
    pro_rata = _pro_rata(case, rule)
    if not case.alone:
        return pro_rata
    independent = _independent(case, rule.independent_cite)
    due = higher_of(independent.award, pro_rata.award)
    steps = (*independent.steps, *pro_rata.steps)
    if due is not None and independent.award is not None and pro_rata.award is not None:
        name = "independent" if independent.award.amount >= pro_rata.award.amount else "pro rata"
        said = f"Independent {independent.award.shown()}, pro rata {pro_rata.award.shown()}: the {name} benefit is due."
        plain = f"We compared two ways to work out your pension. You get the higher: {due.shown()} a month."
        steps = (*steps, Step("higher_of", Citation.of(rule.higher_cite), said, (), due.shown(), plain))
    return replace(pro_rata, independent=independent.award, award=due, steps=steps)


def _independent(case: Calculation, cite: str) -> BenefitResult:
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
        f"Independent benefit of {case.scheme.name}: {_shown(outcome.amount)}.",
        (("own", str(case.national)),),
        _shown(outcome.amount),
        f"From this country's time alone you would get {_shown(outcome.amount)} a month.",
        outcome.steps,
    )
    return BenefitResult(case.scheme.id, outcome.amount, None, None, None, outcome.amount, (step,))


def _pro_rata(case: Calculation, rule: HigherOfIndependentAndProRata | ProRataWithoutIndependentRight) -> BenefitResult:
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


def _no_own_time(
    case: Calculation, rule: HigherOfIndependentAndProRata | ProRataWithoutIndependentRight
) -> BenefitResult:
    """Every own period gave way: the share is nothing, and voluntary insurance alone is still paid for."""
    nothing = Money.of(0, case.scheme.currency)
    said = f"Every period under {case.scheme.name} gave way to another state's: the share by periods is nothing."
    step = Step("pro_rata_benefit", Citation.of(rule.pro_rata_cite), said, (("own", "0"),), nothing.shown())
    due, added = _with_displaced_voluntary(case, rule, nothing)
    return BenefitResult(case.scheme.id, None, None, nothing, Fraction(0), due, (step, *added))


def _with_displaced_voluntary(
    case: Calculation, rule: HigherOfIndependentAndProRata | ProRataWithoutIndependentRight, share: Money
) -> tuple[Money, tuple[Step, ...]]:
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


def _own_periods_only(case: Calculation, rule: OwnPeriodsOnly) -> BenefitResult:
    """All periods open the right, own periods alone make the amount (Canada-Germany Art. 13(c), 14(b))."""
    outcome = amount_for(
        case.scheme,
        case.facts,
        own=case.national,
        counted=case.national,
        theoretical=False,
        legislation=case.legislation,
    )
    how = "Own periods alone open the right" if case.alone else f"All periods open the right ({rule.eligibility_cite})"
    step = Step(
        "own_periods_only",
        rule.citation,
        f"{how}; the amount comes from own periods only: {_shown(outcome.amount)}.",
        (("own", str(case.national)), ("total", str(case.time.total))),
        _shown(outcome.amount),
        f"Only your time in this country makes the amount: {_shown(outcome.amount)} a month.",
        outcome.steps,
    )
    abroad = payable_abroad(case.scheme, case.facts, own=case.national, total=case.time.total, rule=rule,
                            legislation=case.legislation)  # fmt: skip
    amount = outcome.amount if all(step.output != "not payable abroad" for step in abroad) else None
    independent = outcome.amount if case.alone else None
    return BenefitResult(case.scheme.id, independent, None, None, None, amount, (step, *abroad))


def _flat_rate(case: Calculation, rule: FlatRateFraction) -> BenefitResult:
    """Earnings part + flat part x own periods / minimum period, at most one (Canada-Italy Art. 18).

    A right on own periods alone is paid under national law. Both parts are the institution's own answer, because
    the Canada Pension Plan is not encoded; UnmodelledProvisionError where it has given none.
    """
    if case.alone:
        return _independent(case, rule.earnings_cite)
    answer, minimum = case.facts.national_answers.get(case.scheme.id), case.scheme.minimum
    if answer is None or answer.earnings_amount is None or answer.flat_rate_amount is None or minimum is None:
        raise UnmodelledProvisionError(
            f"The right to '{case.scheme.id}' is opened by all periods together: its institution must answer the "
            "earnings-related part and the full flat-rate part.",
            citation=rule.flat_cite,
        )
    flat = flat_rate_part(answer.flat_rate_amount, own=case.national, minimum=minimum.time.amount)
    due = answer.earnings_amount + flat
    said = (
        f"Earnings part {answer.earnings_amount.shown()} ({rule.earnings_cite}) + flat-rate part "
        f"{answer.flat_rate_amount.shown()} x {case.national}/{minimum.time.amount}, at most all of it"
        f"{f' ({rule.cap_cite})' if rule.cap_cite else ''} = {due.shown()}; answered by {answer.answered_by}."
    )
    inputs = (("own", str(case.national)), ("minimum", str(minimum.time.amount)), ("flat", str(flat.amount)))
    plain = f"From this plan you get {due.shown()} a month."
    step = Step("flat_rate_fraction", Citation.of(rule.flat_cite), said, inputs, due.shown(), plain)
    return BenefitResult(case.scheme.id, None, None, None, None, due, (step,))


def _shown(amount: Money | None) -> str:
    return amount.shown() if amount is not None else "nothing"
