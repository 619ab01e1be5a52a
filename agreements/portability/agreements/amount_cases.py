"""Examples on amounts of several states: family benefits, overlapping, supplements, rates, and silence."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from portability.agreements.applicable_rules import LawOn
from portability.agreements.benefit_overlap import AffectedBenefit, ForeignBenefit, counted_against, mutual_reductions
from portability.agreements.currencies import Rate, exchange, rate_day
from portability.agreements.errors import InputError
from portability.agreements.family_benefits import FamilyRight, family_benefits
from portability.agreements.instalments import a_month
from portability.agreements.loading import Agreement
from portability.agreements.minimum_supplement import minimum_supplement
from portability.agreements.rules import (
    Amount,
    Basis,
    BenefitOverlap,
    CurrencyConversion,
    Day,
    Entry,
    FamilyPriority,
    MinimumSupplement,
    MutualReductions,
    Silence,
    State,
)
from portability.agreements.silence import silence_result
from portability.agreements.values import Money

__all__ = [
    "FamilyGiven", "InstalmentGiven", "OverlapOfBenefitsGiven", "RateDayGiven", "SilenceGiven", "SupplementGiven",
    "evaluate_family", "evaluate_instalment", "evaluate_overlap", "evaluate_rate_day", "evaluate_silence",
    "evaluate_supplement",
]  # fmt: skip

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class RateGiven(Entry):
    """One unit of `base` is `value` of `quoted`, as published for a day."""

    base: Currency
    quoted: Currency
    value: Amount
    published_on: Day


class RightGiven(Entry):
    """A right to family benefits in one state, a month."""

    state: State
    basis: Basis
    amount: Amount
    currency: Currency = "EUR"
    insured: Amount | None = None


class FamilyGiven(Entry):
    """Rights for the same children; amounts in several currencies need a rate, and come out in `currency`."""

    on: Day
    children_residence: State
    rights: tuple[RightGiven, ...] = Field(min_length=1)
    currency: Currency = "EUR"
    rate: RateGiven | None = None


def evaluate_family(given: FamilyGiven, agreement: Agreement) -> dict[str, Any]:
    """The state that pays first, every payment by state, and what is repaid to it."""
    rule = LawOn(agreement, given.on).rule(FamilyPriority)
    rights = [
        FamilyRight(one.state, one.basis, _in(given.currency, one.amount, one.currency, given.rate), one.insured)
        for one in given.rights
    ]
    result = family_benefits(rights, rule=rule, children_residence=given.children_residence)
    return {
        "priority": result.priority,
        "citation": str(result.citation),
        "payments": {one.state: one.amount.amount for one in result.payments},
        "citations": {one.state: str(one.citation) for one in result.payments},
        "repaid": {result.repaid.state: result.repaid.amount.amount} if result.repaid else {},
    }


class AffectedGiven(Entry):
    """A benefit that national law would reduce."""

    id: str
    nature: Literal["independent", "pro_rata"]
    ratio: Amount | None = None
    counts_by_ratio: bool = False
    scheme: str = ""


class OverlapOfBenefitsGiven(Entry):
    """A foreign benefit or income and the benefits it may lower; or reductions that several states make mutually."""

    on: Day
    benefits_of: Literal["same_kind", "different_kind"] = "different_kind"
    gross: Amount = Fraction(0)
    net: Amount | None = None
    voluntary: Amount | None = None
    national_law_counts_foreign: bool = True
    benefits: tuple[AffectedGiven, ...] = ()
    mutual: dict[str, Amount] = Field(default_factory=dict)
    currency: Currency = "EUR"


def evaluate_overlap(given: OverlapOfBenefitsGiven, agreement: Agreement) -> dict[str, Any]:
    """What may be taken into account against each benefit, and by which citation."""
    law = LawOn(agreement, given.on)
    if given.mutual:
        reductions = {name: Money(amount, given.currency) for name, amount in given.mutual.items()}
        rule = law.rule(MutualReductions)
        return {"reductions": _amounts(mutual_reductions(reductions, rule=rule)), "citation": str(rule.citation)}
    foreign = ForeignBenefit(
        gross=Money(given.gross, given.currency),
        voluntary=Money(given.voluntary, given.currency) if given.voluntary is not None else None,
        net=Money(given.net, given.currency) if given.net is not None else None,
        national_law_counts_foreign=given.national_law_counts_foreign,
    )
    benefits = [AffectedBenefit(**dict(one)) for one in given.benefits]
    counted = counted_against(foreign, benefits, rule=law.rule(BenefitOverlap, subject=given.benefits_of))
    return {
        "counted_amounts": {one.id: one.amount.amount for one in counted},
        "citations": {one.id: str(one.citation) for one in counted},
    }


class SupplementGiven(Entry):
    """All benefits due, a month, and the minimum of the state that is asked for a supplement."""

    on: Day
    residence_state: State
    paying_state: State
    due: tuple[Amount, ...] = Field(min_length=1)
    minimum: Amount
    currency: Currency = "EUR"


def evaluate_supplement(given: SupplementGiven, agreement: Agreement) -> dict[str, Any]:
    """The supplement and its citation."""
    result = minimum_supplement(
        [Money(amount, given.currency) for amount in given.due],
        minimum=Money(given.minimum, given.currency),
        paying_state=given.paying_state,
        residence_state=given.residence_state,
        rule=LawOn(agreement, given.on).rule(MinimumSupplement),
    )
    return {"supplement": result.amount.amount, "citation": str(result.citation)}


class RateDayGiven(Entry):
    """For which purpose an amount is converted, and the day that the rule starts from."""

    on: Day
    purpose: str
    reference: Day


def evaluate_rate_day(given: RateDayGiven, agreement: Agreement) -> dict[str, Any]:
    """The day whose rate counts."""
    rule = LawOn(agreement, given.on).rule(CurrencyConversion, subject=given.purpose)
    return {"day": rate_day(given.reference, rule=rule), "citation": str(rule.citation), "status": rule.status}


class InstalmentGiven(Entry):
    """One instalment, and how many there are in a year."""

    instalment: Amount
    instalments_a_year: int
    currency: Currency = "EUR"


def evaluate_instalment(given: InstalmentGiven, agreement: Agreement) -> dict[str, Any]:
    """The amount a month."""
    _ = agreement  # no rule of it is applied
    money = Money(given.instalment, given.currency)
    return {"a_month": a_month(money, instalments_a_year=given.instalments_a_year).amount}


class SilenceGiven(Entry):
    """When an institution was informed, and when, if ever, it answered."""

    on: Day
    about: str
    informed_on: Day
    answered_on: Day | None = None


def evaluate_silence(given: SilenceGiven, agreement: Agreement) -> dict[str, Any]:
    """The last day for an answer, and what follows from having none."""
    rule = LawOn(agreement, given.on).rule(Silence, subject=given.about)
    result = silence_result(rule, informed_on=given.informed_on, answered_on=given.answered_on, on=given.on)
    return {"last_day": result.last_day, "effect": result.effect or "none", "citation": str(result.citation)}


def _in(wanted: str, amount: Fraction, currency: str, rate: RateGiven | None) -> Money:
    money = Money(amount, currency)
    if currency == wanted:
        return money
    if rate is None:
        raise InputError(f"{currency} beside {wanted}: state a rate.", field="rate")
    return exchange(money, to=wanted, rate=Rate(**dict(rate)))


Key = TypeVar("Key")


def _amounts(values: Mapping[Key, Money]) -> dict[Key, Fraction]:
    return {key: money.amount for key, money in values.items()}
