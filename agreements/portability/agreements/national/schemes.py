"""What each kind of national scheme gives: the age, the minimum, and the amount a month.

One function a law, cited in the file of the state. Amounts are exact until the law rounds them.
"""

from datetime import date
from fractions import Fraction
from math import floor

from portability.agreements.errors import DeterminationError
from portability.agreements.model import DeterminationFacts, SchemeOutcome, Step
from portability.agreements.national.legislation import (
    AnsweredByInstitution,
    EarningsPoints,
    Legislation,
    PensionAge,
    ResidenceFractions,
    Scheme,
    citation_of,
    in_force,
)
from portability.agreements.periods import PeriodUnit
from portability.agreements.rounding import half_up
from portability.agreements.spans import add_months
from portability.agreements.values import Money

__all__ = ["age_reached_on", "amount_for", "has_minimum", "pension_age", "rounded"]


def pension_age(scheme: Scheme, born_on: date) -> PensionAge:
    """The row of the scheme's age table for a birth date; DeterminationError for births before the table."""
    rows = [row for row in scheme.age if row.born_from <= born_on]
    if not rows:
        raise DeterminationError(
            f"Scheme '{scheme.id}' gives no pension age for births before {min(row.born_from for row in scheme.age)}."
        )
    return max(rows, key=lambda row: row.born_from)


def age_reached_on(scheme: Scheme, born_on: date) -> date:
    """The day on which the scheme's pension age is reached."""
    return add_months(born_on, pension_age(scheme, born_on).months)


def has_minimum(scheme: Scheme, time: Fraction, legislation: Legislation) -> tuple[bool, Step]:
    """Whether insured time (in the scheme's unit) opens the right, and the step that says so."""
    if scheme.minimum is None:
        return time > 0, Step("minimum_period", None, f"{scheme.name} has no minimum: any period opens the right.")
    needed = scheme.minimum.time.amount
    met = time >= needed
    return met, Step(
        rule="minimum_period",
        citation=citation_of(scheme.minimum.cite, legislation.content.instruments),
        said=f"{scheme.name} needs {needed} {scheme.unit}; counted: {_number(time)}. "
        + ("Met." if met else "Not met."),
        inputs=(("needed", str(needed)), ("counted", str(time)), ("unit", scheme.unit.value)),
        output="met" if met else "not met",
        plain=f"You need {needed} {scheme.unit}. We count {_number(time)}."
        + ("" if met else " That is not enough on its own."),
    )


def amount_for(
    scheme: Scheme, facts: DeterminationFacts, *, own: Fraction, counted: Fraction, legislation: Legislation
) -> SchemeOutcome:
    """The amount a month for `counted` time (own time, or own and others'), in the scheme's unit.

    With counted == own this is the independent amount, with more the theoretical amount of 883/2004
    Art. 52(1)(b)(i): other states' time is valued as the own time is (Art. 56(1)(c)).
    """
    match scheme:
        case EarningsPoints():
            return _earnings_points(scheme, facts, own=own, counted=counted, legislation=legislation)
        case ResidenceFractions():
            return _residence_fractions(scheme, facts, own=own, legislation=legislation)
        case AnsweredByInstitution():
            return _answered(scheme, facts, theoretical=counted != own)


def rounded(scheme: Scheme, amount: Money, legislation: Legislation) -> tuple[Money, tuple[Step, ...]]:
    """An amount rounded as the scheme's law rounds money; unchanged, without a step, where no such rule is encoded."""
    if isinstance(scheme, AnsweredByInstitution):
        return amount, ()
    result = Money(half_up(amount.amount, 2), amount.currency)
    citation = citation_of(scheme.rounding_cite, legislation.content.instruments)
    return result, (Step("rounding", citation, f"{amount.amount} is {result.shown()}.", output=result.shown()),)


def _earnings_points(
    scheme: EarningsPoints, facts: DeterminationFacts, *, own: Fraction, counted: Fraction, legislation: Legislation
) -> SchemeOutcome:
    """Points x access factor x pension type factor x current pension value (SGB VI § 64)."""
    instruments = legislation.content.instruments
    points = _fact(scheme, facts, "earnings_points") * (counted / own if own else 0)
    value = in_force(scheme.current_value, facts.award_on)
    late = max(_whole_months(age_reached_on(scheme, facts.birth_date), facts.award_on), 0)
    access = 1 + late * Fraction(scheme.later_claim_per_month.value)
    # Calculations to four decimals, the last raised from a following 5; money to two (SGB VI § 121(1), (2), § 123(1)).
    personal = half_up(half_up(points, 4) * access, 4)
    amount = half_up(personal * Fraction(scheme.pension_type_factor.value) * Fraction(value.value), 2)
    steps = (
        Step(
            "earnings_points",
            citation_of(scheme.amount_cite, instruments),
            f"{_number(points)} points x access factor {_number(access)} x {scheme.pension_type_factor.value} x "
            f"{value.value} {scheme.currency}.",
            (
                ("points", str(points)),
                ("access_factor", str(access)),
                ("months_after_pension_age", late),
                ("current_value", str(value.value)),
                ("current_value_source", f"{value.cite} ({value.status})"),
            ),
            str(amount),
            f"Your {_number(points)} pension points are worth {value.value} {scheme.currency} each a month.",
        ),
        Step(
            "rounding",
            citation_of(scheme.rounding_cite, instruments),
            "Points to four decimals, the amount to two, a following 5 raises.",
            output=f"{float_free(amount)} {scheme.currency}",
        ),
    )
    return SchemeOutcome(True, Money(amount, scheme.currency), steps)


def _residence_fractions(
    scheme: ResidenceFractions, facts: DeterminationFacts, *, own: Fraction, legislation: Legislation
) -> SchemeOutcome:
    """Full amount x whole years of residence / 40, years rounded down (OAS Act s. 3(3), (4)).

    Only own residence counts towards the amount, whatever opened the right.
    """
    instruments = legislation.content.instruments
    full = Money(_fact(scheme, facts, "full_monthly_amount"), scheme.currency)
    years = min(floor(own if scheme.unit == PeriodUnit.YEARS else own / 12), scheme.years_for_full)
    exact = full * Fraction(years, scheme.years_for_full)
    amount = Money(half_up(exact.amount, 2), scheme.currency)
    step = Step(
        "residence_fraction",
        citation_of(scheme.amount_cite, instruments),
        f"{years} whole years of residence of {scheme.years_for_full}: {years}/{scheme.years_for_full} of "
        f"{full.shown()}, paid to the cent.",
        (("years", years), ("years_for_full", scheme.years_for_full), ("full_amount", str(full.amount))),
        amount.shown(),
        f"You lived there {years} whole years, so you get {years}/{scheme.years_for_full} of the full amount.",
    )
    return SchemeOutcome(years > 0, amount, (step,))


def _answered(scheme: AnsweredByInstitution, facts: DeterminationFacts, *, theoretical: bool) -> SchemeOutcome:
    """The institution's own answer, and whose it is; DeterminationError where it has not answered."""
    answer = facts.national_answers.get(scheme.id)
    amount = None
    if answer is not None:
        amount = answer.theoretical_amount if theoretical else answer.independent_amount
    name = "theoretical" if theoretical else "independent"
    if answer is None or amount is None:
        raise DeterminationError(
            f"The law of scheme '{scheme.id}' is not encoded, and its institution has not answered the {name} amount: "
            "record the national answer, then determine again."
        )
    step = Step(
        "national_answer",
        None,
        f"{answer.answered_by} answered the {name} amount of {scheme.name}: its law is not encoded here.",
        (("scheme", scheme.id), ("answered_by", answer.answered_by), ("kind", name)),
        amount.shown(),
        "The institution itself worked out this amount under its own law.",
    )
    return SchemeOutcome(True, amount, (step,), answer.answered_by)


def _fact(scheme: Scheme, facts: DeterminationFacts, name: str) -> Fraction:
    value = facts.scheme_facts.get(scheme.id, {}).get(name)
    if value is None:
        raise DeterminationError(
            f"Scheme '{scheme.id}' needs the figure '{name}', which only its institution knows: give it with the facts."
        )
    return value


def _whole_months(start: date, end: date) -> int:
    """Calendar months after the month of `start` and before the month of `end` (SGB VI § 77(2))."""
    return (end.year - start.year) * 12 + end.month - start.month - 1


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else float_free(half_up(value, 4))


def float_free(value: Fraction) -> str:
    """A fraction with a finite decimal, as its decimal text."""
    return Money(value, "").decimal().__format__("f")
