"""What a national scheme gives, whichever its law is: the minimum, and the amount a month.

Each law has a module of its own: the shape of its scheme beside the function that computes it.
"""

from datetime import date
from fractions import Fraction

from portability.agreements.errors import UnmodelledProvisionError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.answered import AnsweredByInstitution, answered_amount
from portability.agreements.national.base import citation_of
from portability.agreements.national.canada_pension_plan import CanadaPensionPlan, canada_pension_plan
from portability.agreements.national.earnings_points import EarningsPoints, earnings_points
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.national.missing_years import MissingYears, missing_years
from portability.agreements.national.residence_fractions import ResidenceFractions, residence_fraction
from portability.agreements.national.us_scheme import UsOldAge, needed_quarters, record_of
from portability.agreements.national.us_steps import regular_outcome
from portability.agreements.national.yearly_average import YearlyAverage, yearly_average
from portability.agreements.rounding import half_up
from portability.agreements.values import Money

__all__ = ["amount_for", "has_minimum", "rounded"]


def has_minimum(
    scheme: Scheme, time: Fraction, legislation: Legislation, *, abroad: bool = False, born_on: date | None = None
) -> tuple[bool, Step]:
    """Whether insured time (in the scheme's unit) opens the right, and the step that says so.

    `abroad`: the person does not live in the state; only laws that ask for more then make a difference. `born_on`:
    the birth date, where the law asks less of older people.
    """
    minimum = scheme.abroad_minimum if abroad and isinstance(scheme, ResidenceFractions) else scheme.minimum
    if minimum is None:
        return time > 0, Step("no_minimum", None, (("scheme", scheme.name),))
    needed, where = minimum.time.amount, minimum.cite
    if isinstance(scheme, UsOldAge) and born_on is not None:
        needed, where = needed_quarters(scheme, born_on)
    met = time >= needed
    values = (
        ("scheme", scheme.name),
        ("needed", needed),
        ("counted", time),
        ("unit", scheme.unit),
        ("of", "everybody" if minimum is scheme.minimum else "residents_abroad"),
        ("source", minimum.status),
    )
    cite = citation_of(where, legislation.content.instruments)
    return met, Step("minimum_period", cite, values, "met" if met else "not_met")


def amount_for(
    scheme: Scheme,
    facts: DeterminationFacts,
    *,
    own: Fraction,
    counted: Fraction,
    legislation: Legislation,
    theoretical: bool | None = None,
) -> SchemeOutcome:
    """The amount a month for `counted` time, in the scheme's unit; `own` is all time under national law.

    With counted == own this is the independent amount, with more the theoretical amount of 883/2004
    Art. 52(1)(b)(i): other states' time is valued as the own time is (Art. 56(1)(c)). `theoretical` says which an
    institution is to have answered, where own time gave way and the two lengths happen to agree.
    """
    instruments = legislation.content.instruments
    match scheme:
        case EarningsPoints():
            outcome = earnings_points(scheme, facts, own=own, counted=counted, instruments=instruments)
        case ResidenceFractions():
            outcome = residence_fraction(scheme, facts, own=own, instruments=instruments)
        case MissingYears():
            outcome = missing_years(scheme, facts, counted=counted, instruments=instruments)
        case YearlyAverage():
            outcome = yearly_average(scheme, facts, counted=counted, instruments=instruments)
        case CanadaPensionPlan():
            other = counted != own if theoretical is None else theoretical
            outcome = canada_pension_plan(scheme, facts, theoretical=other, instruments=instruments)
        case UsOldAge():
            outcome = _us_regular(scheme, facts, own=own, counted=counted, legislation=legislation)
        case AnsweredByInstitution():
            outcome = answered_amount(scheme, facts, theoretical=counted != own if theoretical is None else theoretical)
    return outcome


def rounded(scheme: Scheme, amount: Money, legislation: Legislation) -> tuple[Money, tuple[Step, ...]]:
    """An amount rounded as the scheme's law rounds money; unchanged, without a step, where no such rule is encoded."""
    if isinstance(scheme, AnsweredByInstitution | CanadaPensionPlan | MissingYears | YearlyAverage | UsOldAge):
        return amount, ()
    result = Money(half_up(amount.amount, 2), amount.currency)
    citation = citation_of(scheme.rounding_cite, legislation.content.instruments)
    return result, (Step("rounding", citation, (("exact", amount.amount),), result),)


def _us_regular(
    scheme: UsOldAge, facts: DeterminationFacts, *, own: Fraction, counted: Fraction, legislation: Legislation
) -> SchemeOutcome:
    """The benefit on own quarters; a theoretical amount has a rule of its own (`coverage_lifetime`)."""
    if counted != own:
        raise UnmodelledProvisionError(
            f"A theoretical amount of '{scheme.id}' is a share by coverage lifetime: the agreement needs that rule.",
            citation="20CFR 404.1918(a)",
        )
    return regular_outcome(scheme, record_of(scheme, facts), legislation.content.instruments)
